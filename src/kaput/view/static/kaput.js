// What every page does beyond plain HTML: times in the reader's zone, copying, menus, keys. All works without it.
"use strict";

const UNITS = [["y", 31536000], ["d", 86400], ["h", 3600], ["m", 60]];

function ago(seconds) {
  for (const [unit, size] of UNITS) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  }
  return seconds >= 5 ? `${seconds} s` : "now";
}

function tellTimes() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const then = new Date(time.dateTime);
    if (Number.isNaN(then.getTime())) continue;
    time.title = then.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
    if ("exact" in time.dataset) continue;
    const text = ago(Math.max(0, Math.floor((Date.now() - then) / 1000)));
    time.textContent = !("words" in time.dataset) ? text : text === "now" ? "just now" : `${text} ago`;
  }
}

function enableCopying() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    const source = button.dataset.copy ? document.getElementById(button.dataset.copy) : button.parentElement.querySelector("pre");
    if (!source || !navigator.clipboard) continue;
    const label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(source);
        button.textContent = "Press Ctrl C";
      }
      setTimeout(() => { button.textContent = label; }, 1500);
    });
  }
}

function enableMenus() {
  const menus = [...document.querySelectorAll("details.menu")];
  document.addEventListener("click", (event) => {
    for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus.filter((one) => one.open)) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

function move(step) {
  const links = [...document.querySelectorAll(".issue .title")];
  if (!links.length) return;
  const row = document.activeElement.closest(".issue");
  const now = row ? links.indexOf(row.querySelector(".title")) : -1;
  const next = Math.min(links.length - 1, Math.max(0, now + step));
  links[next].focus({ focusVisible: true });
  links[next].closest(".issue").scrollIntoView({ block: "nearest" });
}

function inRow(act) {
  const row = document.activeElement.closest(".issue");
  if (row) act(row);
}

// With nothing selected the key is meant for the row that has the focus.
function setStatus(key) {
  inRow((row) => {
    const button = document.querySelector(`.bulk [data-key="${key}"]`);
    if (!button) return;
    row.querySelector(".pick").checked = true;
    button.click();
  });
}

const KEYS = {
  "?": () => document.getElementById("keys").showModal(),
  j: () => move(1),
  k: () => move(-1),
  o: () => inRow((row) => row.querySelector(".title").click()),
  Enter: () => inRow((row) => row.querySelector(".title").click()),
  x: () => inRow((row) => row.querySelector(".pick").click()),
  e: () => setStatus("e"),
  m: () => setStatus("m"),
  r: () => setStatus("r"),
};

function isTyping(target) {
  return target.isContentEditable || (target.matches("input, textarea, select") && target.type !== "checkbox");
}

// An element with data-key answers to that key: a field is focused, anything else is clicked. The page's own keys come after.
function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const element = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key && one.checkVisibility({ visibilityProperty: true }));
  const ownEnter = event.key === "Enter" && !event.target.matches(".pick"); // Enter in a checkbox would send the form
  if (ownEnter || (!element && !(event.key in KEYS))) return;
  event.preventDefault();
  if (!element) KEYS[event.key]();
  else if (element.matches("input, textarea, select")) { element.focus(); element.select(); }
  else element.click();
}

tellTimes();
setInterval(tellTimes, 30000);
enableCopying();
enableMenus();
document.addEventListener("keydown", press);
for (const button of document.querySelectorAll("[data-open]")) {
  button.hidden = false;
  button.addEventListener("click", () => document.getElementById(button.dataset.open).showModal());
}
