"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(document.getElementById(button.dataset.copy)));
}

async function copy(source) {
  const said = document.getElementById("copied");
  try {
    await navigator.clipboard.writeText(source.textContent);
    said.textContent = "Copied";
  } catch {
    // Browsers keep the clipboard from pages that are neither local nor encrypted.
    source.closest("details")?.setAttribute("open", "");
    getSelection().selectAllChildren(source);
    source.focus();
    said.textContent = "Selected: copy it from there";
  }
}

// A list's times are those of whoever reads it.
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  time.title = at.toLocaleString();
  time.textContent = at.toLocaleString("sv", { dateStyle: "short", timeStyle: "short" });
}
for (const zone of document.querySelectorAll("[data-utc]")) zone.hidden = true;

// A waiting page goes on counting.
for (const elapsed of document.querySelectorAll("[data-elapsed]")) {
  const start = performance.now() - elapsed.dataset.elapsed;
  setInterval(() => {
    const seconds = Math.floor((performance.now() - start) / 1000);
    elapsed.textContent = seconds < 60
      ? `${seconds} s`
      : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  }, 1000);
}

// A waiting page asks for the head alone: that is safe to repeat and costs the app no work.
async function wait() {
  try {
    const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" });
    if (answer.headers.get("devserve-page") !== "waiting") {
      location.reload();
      return;
    }
  } catch {
    // The server is away for a moment; it is worth asking again.
  }
  setTimeout(wait, 400);
}

if (document.querySelector("[data-waiting]")) {
  setTimeout(wait, 400);
}

// Meanwhile it is told how far that is which it waits for.
function follow() {
  const by = (id) => document.getElementById(id);
  // Only what changed: a status that is written again is read out again.
  const say = (id, text) => {
    if (by(id).textContent !== text) by(id).textContent = text;
  };
  const bar = document.querySelector("progress");
  const stream = new EventSource("/__devserve__/progress");
  stream.addEventListener("message", (event) => {
    const news = JSON.parse(event.data);
    say("doing", news.title);
    say("now", news.now ?? "");
    say("tally", news.tally);
    if (news.count) {
      bar.max = news.count.total;
      bar.value = news.count.done;
    } else {
      bar.removeAttribute("value");
    }
    by("late").hidden = news.awaited === null;
    say("awaited", news.awaited ?? "");
    say("stderr", news.stderr ?? "");
    if (news.isAnew) by("found-list").replaceChildren();
    for (const error of news.errors) {
      by("found-list").insertAdjacentHTML("beforeend", error);
    }
    showOpeners(by("found-list"));
    by("found").hidden = by("found-list").children.length === 0;
  });
  // A page that is kept for the back button must not hold a connection.
  addEventListener("pagehide", () => stream.close());
}

if (document.querySelector("[data-progress]")) follow();

// Places in source, where the editor is started by whoever serves the page.
const opened = document.getElementById("opened");

function showOpeners(root) {
  if (!opened) return;
  for (const button of root.querySelectorAll("[data-open]")) button.hidden = false;
}

showOpeners(document);
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-open]");
  if (!button || !opened) return;
  const headers = {
    "devserve-token": opened.dataset.token,
    "devserve-place": encodeURIComponent(button.dataset.open),
  };
  try {
    const answer = await fetch("/__devserve__/open", { method: "POST", headers });
    opened.textContent = `${button.dataset.open}: ${(await answer.text()).trim()}`;
  } catch {
    opened.textContent = "devserve does not answer";
  }
});
