// Listens for devserve, in every page: loads the page again when there is something newer, and
// keeps what was typed and where one was; swaps changed stylesheets and pictures in place; shows
// what is wrong with a build over the page. Loaded by one tag from devserve itself.
(() => {
  "use strict";
  const tag = document.currentScript;
  const base = new URL("./", tag.src).href;
  // Of one of devserve's own pages: which.
  const own = tag.dataset.page;
  // What this page is, and the last problem it knows of.
  let version = new URL(tag.src).searchParams.get("v");
  let problem = new URL(tag.src).searchParams.get("p");

  // What outlives the page, for this tab. A sandboxed frame keeps nothing.
  const keep = (key, value) => {
    try {
      sessionStorage.setItem(`devserve-${key}`, JSON.stringify(value));
    } catch {}
  };
  const take = (key) => {
    try {
      const value = sessionStorage.getItem(`devserve-${key}`);
      sessionStorage.removeItem(`devserve-${key}`);
      return JSON.parse(value);
    } catch {
      return null;
    }
  };

  // ── Fields and scroll, over a reload ──

  const isSwitch = (field) => field.type === "checkbox" || field.type === "radio";
  // What the server said a field is at first, and what it is now.
  const first = (field) => {
    if (field.options) return [...field.options].map((it) => [it.value, it.defaultSelected]).join();
    return isSwitch(field) ? field.defaultChecked : field.defaultValue;
  };
  const now = (field) => {
    if (field.options) return [...field.options].map((it) => it.selected);
    return isSwitch(field) ? field.checked : field.value;
  };
  const set = (field, value) => {
    if (field.options) [...field.options].forEach((it, at) => { it.selected = value[at]; });
    else field[isSwitch(field) ? "checked" : "value"] = value;
  };
  // Fields by what they are called. What is secret, or is not the visitor's, is not among them.
  const fields = () => {
    const found = new Map();
    for (const field of document.querySelectorAll("input, select, textarea")) {
      const isKept = (field.id || field.name)
        && !/^(password|hidden|file|submit|reset|button|image)$/.test(field.type)
        && !/password|one-time-code|cc-/.test(field.autocomplete);
      if (!isKept) continue;
      const name = [field.form?.id, field.type, field.id, field.name, isSwitch(field) && field.value];
      let key = name.join(" ");
      while (found.has(key)) key += "+";
      found.set(key, field);
    }
    return found;
  };
  const place = () => location.pathname + location.search;
  const scrollers = () => [...document.querySelectorAll("body [id]")];

  const save = () => {
    const state = { place: place(), at: [scrollX, scrollY], fields: [], inner: [] };
    const focus = overlay?.before ?? document.activeElement;
    for (const [key, field] of fields()) {
      if (field === focus) state.focus = [key, field.selectionStart, field.selectionEnd];
      state.fields.push([key, first(field), now(field)]);
    }
    state.focus ??= focus?.id;
    for (const { id, scrollTop, scrollLeft } of scrollers()) {
      if (scrollTop || scrollLeft) state.inner.push([id, scrollLeft, scrollTop]);
    }
    keep("state", state);
  };

  const restore = () => {
    // A page of devserve's own keeps it for the page that comes after.
    const state = own ? null : take("state");
    if (state?.place !== place()) return;
    const there = fields();
    for (const [key, initial, value] of state.fields) {
      const field = there.get(key);
      // Where the server says something new, that holds.
      if (!field || first(field) !== initial || String(now(field)) === String(value)) continue;
      set(field, value);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const isField = Array.isArray(state.focus);
    const focus = isField ? there.get(state.focus[0]) : document.getElementById(state.focus);
    focus?.focus({ preventScroll: true });
    try {
      if (isField) focus.setSelectionRange(state.focus[1], state.focus[2]);
    } catch {} // a field without a caret
    for (const [id, left, top] of state.inner) {
      document.getElementById(id)?.scrollTo({ left, top, behavior: "instant" });
    }
    scrollTo({ left: state.at[0], top: state.at[1], behavior: "instant" });
  };

  const reload = (newest) => {
    if (newest === version) return;
    // A page that is kept elsewhere, as by a service worker, stays what it was, however often it
    // is asked for: once is enough.
    const asked = `${newest} ${location.href}`;
    const before = take("asked");
    keep("asked", asked);
    if (before === asked) return;
    if (!own) save();
    location.reload();
  };

  // ── Stylesheets and pictures, in place ──

  // Has everything that came from a file of this name come again; whether there was any.
  const refresh = (name, stamp) => {
    let found = false;
    const fresh = (address, from = document.baseURI) => {
      try {
        const url = new URL(address, from);
        const path = decodeURIComponent(url.pathname);
        if (url.origin !== location.origin || !path.endsWith(`/${name}`)) return address;
        url.searchParams.set("devserve", stamp);
        found = true;
        return url.href;
      } catch {
        return address; // no URL
      }
    };
    const freshAll = (text, from) => text.replace(/url\((["']?)(.*?)\1\)/g, (all, quote, url) => {
      const next = fresh(url, from);
      return next === url ? all : `url("${next}")`;
    });
    const redo = (element, attribute, renew) => {
      const old = element.getAttribute(attribute);
      const value = old && renew(old);
      if (value !== old) element.setAttribute(attribute, value);
    };

    for (const link of document.querySelectorAll('link[rel~="stylesheet"]')) {
      const href = fresh(link.href);
      if (href === link.href || link.dataset.devserveOld) continue;
      // The old sheet leaves when the new one has come: nothing is shown without style.
      const next = link.cloneNode();
      next.href = href;
      link.dataset.devserveOld = "";
      next.onload = next.onerror = () => link.remove();
      link.after(next);
    }
    const renewRules = (sheet, from) => {
      let rules;
      try {
        rules = sheet.cssRules;
      } catch {
        return; // of another origin
      }
      const home = sheet.href ?? from;
      for (let at = 0; at < rules.length; at++) {
        const rule = rules[at];
        if (rule.href && rule.styleSheet !== undefined) {
          const href = fresh(rule.href, home);
          if (href !== rule.href) {
            const text = rule.cssText.replace(/url\((["']?).*?\1\)/, `url("${href}")`);
            sheet.deleteRule(at);
            sheet.insertRule(text, at);
          } else if (rule.styleSheet) {
            renewRules(rule.styleSheet, home);
          }
        } else {
          for (const property of rule.style ?? []) {
            const value = rule.style.getPropertyValue(property);
            const renewed = freshAll(value, home);
            if (renewed !== value) {
              rule.style.setProperty(property, renewed, rule.style.getPropertyPriority(property));
            }
          }
          if (rule.cssRules) renewRules(rule, home);
        }
      }
    };
    for (const sheet of document.styleSheets) renewRules(sheet, document.baseURI);

    for (const image of document.querySelectorAll("img, source, video, input[type=image], link[rel~=icon]")) {
      for (const attribute of ["src", "poster", "href"]) redo(image, attribute, (url) => fresh(url));
      redo(image, "srcset", (set) => set.replace(/[^\s,]\S*[^\s,]/g, (url) => fresh(url)));
    }
    for (const image of document.querySelectorAll("svg image, svg use")) {
      for (const attribute of ["href", "xlink:href"]) redo(image, attribute, (url) => fresh(url));
    }
    for (const { style } of document.querySelectorAll('[style*="url("]')) {
      for (const property of style) {
        const value = style.getPropertyValue(property);
        const renewed = freshAll(value);
        if (renewed !== value) style.setProperty(property, renewed);
      }
    }
    return found;
  };

  const restyle = (data) => {
    const [newest, ...name] = data.split(" ");
    const isNext = Number(newest) === Number(version) + 1;
    // What knows the file by no address may have it inside, and asks for the whole.
    if (isNext && refresh(name.join(" "), newest)) version = newest;
    else reload(newest);
  };

  // ── What is wrong, over the page ──

  const STYLE = `
    :host { all: initial !important; color-scheme: light dark !important; }
    [hidden] { display: none !important; }
    p, button { font: 14px/1.4 system-ui, sans-serif; }
    button {
      flex: none; padding: 4px 12px; border: 1px solid currentColor; border-radius: 6px;
      background: none; color: inherit; cursor: pointer;
    }
    button:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
    .bar { display: flex; gap: 12px; align-items: center; padding: 8px 16px; }
    .bar p { flex: 1; min-width: 0; margin: 0; overflow-wrap: anywhere; }
    .note { position: fixed; inset: auto 0 0; z-index: 2147483647; background: #a3152a; color: #fff; }
    dialog {
      flex-direction: column; box-sizing: border-box; overflow: hidden; padding: 0; border: 0;
      width: 100%; height: 100%; max-width: 76rem; max-height: none; margin: auto;
      background: #faf9f7; color: #211f1c; box-shadow: 0 8px 48px #0006;
    }
    dialog[open] { display: flex; }
    dialog::backdrop { background: #0008; }
    .aloud { position: absolute; clip-path: inset(50%); }
    iframe { flex: 1; width: 100%; border: 0; }
    @media (min-width: 48rem) and (min-height: 30rem) {
      dialog { width: calc(100% - 4rem); height: calc(100% - 4rem); border-radius: 10px; }
    }
    @media (prefers-color-scheme: dark) {
      dialog { background: #151618; color: #e9e6e1; }
    }`;

  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  let overlay = null;

  // Builds it once, inside a shadow where the page's own style does not reach.
  const lay = () => {
    const said = make("p");
    said.setAttribute("role", "status");
    const open = make("button", { type: "button", textContent: "Show", hidden: true });
    const note = make("div", { className: "bar note" }, said, open);
    // Behind the dialog nothing is read aloud.
    const aloud = make("span", { className: "aloud" });
    aloud.setAttribute("role", "status");
    const about = make("p", { textContent: "Your page is behind this, and comes back with the next save that works." });
    const close = make("button", { type: "button", textContent: "Close" });
    const frame = make("iframe", { title: "What is wrong" });
    const dialog = make("dialog", {}, make("div", { className: "bar" }, aloud, about, close), frame);
    const host = make("devserve-problem");
    const shadow = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    shadow.adoptedStyleSheets = [sheet];
    shadow.append(note, dialog);
    document.documentElement.append(host);

    const result = { said, aloud, frame, dialog, before: null };
    const show = () => {
      if (dialog.open) return;
      result.before = document.activeElement;
      note.hidden = true;
      dialog.showModal();
      close.focus();
    };
    open.onclick = show;
    close.onclick = () => dialog.close();
    dialog.onclose = () => {
      note.hidden = false;
      result.before?.focus?.({ preventScroll: true });
      result.before = null;
    };
    frame.onload = () => {
      const page = frame.contentDocument;
      // Where the page's policy allows no frame, and where the problem is solved, the line is all.
      if (!page?.querySelector("h1")) return;
      for (const link of page.links) {
        if (link.origin !== location.origin) link.target = "_blank";
      }
      page.addEventListener("keydown", (event) => event.key === "Escape" && dialog.close());
      open.hidden = false;
      show();
    };
    return result;
  };

  // A frame in a page of the same site leaves it to that page.
  const isInner = () => {
    try {
      return top !== window && top.location.origin === location.origin;
    } catch {
      return false;
    }
  };

  const explain = (data) => {
    const [number, ...words] = data.split(" ");
    if (number === problem || isInner()) return;
    problem = number;
    // Of two failed builds only the newer one is worth a page. Not so for an app that died:
    // to ask again is to start it again.
    if (own === "build") {
      location.reload();
      return;
    }
    overlay ??= lay();
    const text = words.join(" ");
    overlay.said.textContent = overlay.aloud.textContent = text;
    overlay.dialog.setAttribute("aria-label", text);
    if (!own) overlay.frame.src = `${base}problem?${number}`;
  };

  // ── The stream ──

  const hear = { hello: reload, reload, style: restyle, broken: explain };
  let leave = null;

  const listen = () => {
    // One tab listens for all of them and passes on what it hears: a host gets six connections,
    // and each stream would hold one of them for as long as its page is open.
    const tabs = new BroadcastChannel("devserve");
    let known = {};
    let stream = null;
    let again = 0;
    let release = () => {};
    const leaving = new AbortController();

    const open = () => {
      if (stream || leaving.signal.aborted) return;
      stream = new EventSource(`${base}events`);
      for (const name of Object.keys(hear)) {
        stream.addEventListener(name, ({ data }) => {
          if (name === "broken") known.broken = data;
          else known = { hello: data.split(" ")[0], broken: name === "style" ? known.broken : undefined };
          tabs.postMessage([name, data]);
          hear[name](data);
        });
      }
      // A browser gives up where for a moment something else answered.
      stream.onerror = () => {
        if (stream?.readyState !== EventSource.CLOSED) return;
        stream = null;
        again = setTimeout(open, 1000);
      };
    };
    const shut = () => {
      clearTimeout(again);
      stream?.close();
      stream = null;
    };

    tabs.onmessage = ({ data: [name, data] }) => {
      if (name !== "join") hear[name]?.(data);
      else if (stream) {
        for (const [name, data] of Object.entries(known)) data && tabs.postMessage([name, data]);
      }
    };
    tabs.postMessage(["join"]);

    const watch = () => (document.hidden ? shut() : open());
    if (navigator.locks) {
      // Held by the tab that listens; when it goes, the next in line gets it.
      const hold = () => new Promise((done) => {
        release = done;
        open();
      });
      navigator.locks.request("devserve", { signal: leaving.signal }, hold).catch(() => {});
    } else {
      // Browsers have locks for localhost and HTTPS alone. Elsewhere the tab that is seen listens;
      // one that is shown again hears by `hello` what it missed.
      document.addEventListener("visibilitychange", watch, { signal: leaving.signal });
      watch();
    }
    return () => {
      leaving.abort();
      shut();
      tabs.close();
      release();
    };
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", restore);
  else restore();
  leave = listen();
  // A page that the browser keeps for its back button holds nothing; shown again, it listens anew.
  addEventListener("pagehide", () => leave());
  addEventListener("pageshow", (event) => {
    if (event.persisted) leave = listen();
  });
})();
