// The page of one issue: copying, showing every frame, and exact times in the reader's zone.
// Without it the page says the same; buttons that need it are hidden until it runs. Keys are in kaput.js.

const shows = document.querySelector("[data-show-all]");

async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // A page over plain http has no clipboard of its own: select the text and let the browser copy the selection.
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  area.setAttribute("aria-hidden", "true");
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("The browser did not let the page copy.");
}

for (const button of document.querySelectorAll("[data-copy-from]")) {
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await copy(document.getElementById(button.dataset.copyFrom).textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not copied";
    }
    setTimeout(() => { button.textContent = label; }, 1500);
  });
}

if (shows) {
  const frames = [...document.querySelectorAll(".trace .folded, .trace .call")].filter((one) => one.localName === "details");
  const before = new Map(frames.map((one) => [one, one.open]));
  shows.hidden = frames.every((one) => one.open);
  shows.addEventListener("click", () => {
    const all = shows.getAttribute("aria-pressed") !== "true";
    for (const one of frames) one.open = all || before.get(one);
    shows.setAttribute("aria-pressed", String(all));
    shows.textContent = all ? "Fold" : "Show all";
  });
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const moment = new Intl.DateTimeFormat(undefined, {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
for (const time of document.querySelectorAll("time[data-clock]")) time.textContent = clock.format(new Date(time.dateTime));
for (const time of document.querySelectorAll("time[data-moment]")) time.textContent = moment.format(new Date(time.dateTime));
