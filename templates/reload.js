// Listens for devserve: reloads when there is something newer than this page, swaps changed
// stylesheets in place, and says why there is nothing newer. Loaded by one tag from devserve
// itself.
(() => {
  "use strict";
  const version = new URL(document.currentScript.src).searchParams.get("v");
  const base = document.currentScript.src.replace(/reload\.js.*$/, "");
  const isBuildPage = document.currentScript.dataset.page === "build";
  let stream = null;
  let note = null;

  const reload = (event) => {
    // `hello` comes on each connection, so a page that slept or lost devserve catches up.
    if (event.data === version) return;
    stream.close();
    location.reload();
  };

  const restyle = (event) => {
    for (const link of document.querySelectorAll('link[rel~="stylesheet"]')) {
      const url = new URL(link.href);
      if (url.origin !== location.origin || !url.pathname.endsWith("/" + event.data)) continue;
      url.searchParams.set("devserve", Date.now());
      // The old sheet leaves when the new one has come: nothing is shown without style.
      const fresh = link.cloneNode();
      fresh.href = url.href;
      fresh.onload = fresh.onerror = () => link.remove();
      link.after(fresh);
    }
  };

  const broken = (event) => {
    // Of two failed builds only the newer one is worth a page. Not so for an app that died:
    // to ask again is to start it again.
    if (isBuildPage) {
      location.reload();
      return;
    }
    note ??= document.createElement("div");
    note.setAttribute("role", "status");
    note.textContent = event.data;
    Object.assign(note.style, {
      position: "fixed", inset: "auto 0 0 0", zIndex: 2147483647, padding: "0.6em 1em",
      font: "14px/1.4 system-ui, sans-serif", color: "#fff", background: "#a3152a",
    });
    document.body.append(note);
  };

  const listen = () => {
    stream = new EventSource(base + "events");
    stream.addEventListener("hello", reload);
    stream.addEventListener("reload", reload);
    stream.addEventListener("style", restyle);
    stream.addEventListener("broken", broken);
  };

  listen();
  // A page that the browser keeps for its back button must not hold one of the six connections
  // a host gets; when it is shown again, `hello` tells whether it is still the newest.
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => event.persisted && listen());
})();
