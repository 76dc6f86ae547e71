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
