// The one script of the HTML file: which step is shown in the panel. Text reaches the page as text only.

export const SCRIPT = `
"use strict";
const details = JSON.parse(document.getElementById("steps").textContent);
const groups = [...document.querySelectorAll("#lanes .step")];
const heading = document.querySelector("aside h2");
const list = document.querySelector("aside dl");
let chosen = -1;

function show(index) {
  const detail = details[index];
  if (detail === undefined) return;
  heading.textContent = "Step " + detail.n;
  list.replaceChildren(...detail.rows.flatMap(([name, text]) => {
    const dt = document.createElement("dt");
    dt.textContent = name;
    const dd = document.createElement("dd");
    dd.textContent = text;
    return [dt, dd];
  }));
}

function choose(index, focus) {
  if (groups.length === 0) return;
  const next = Math.min(Math.max(index, 0), groups.length - 1);
  const before = groups[chosen];
  if (before !== undefined) before.setAttribute("aria-selected", "false");
  for (const group of [groups[0], before]) if (group !== undefined) group.setAttribute("tabindex", "-1");
  chosen = next;
  groups[chosen].setAttribute("aria-selected", "true");
  groups[chosen].setAttribute("tabindex", "0");
  if (focus) groups[chosen].focus({ preventScroll: true });
  groups[chosen].scrollIntoView({ block: "nearest", inline: "nearest" });
  show(chosen);
}

for (const [index, group] of groups.entries()) {
  group.addEventListener("mouseenter", () => show(index));
  group.addEventListener("mouseleave", () => show(chosen));
  group.addEventListener("click", () => choose(index, true));
  group.addEventListener("focus", () => { if (chosen !== index) choose(index, false); });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const to = { ArrowDown: chosen + 1, ArrowRight: chosen + 1, ArrowUp: chosen - 1, ArrowLeft: chosen - 1, Home: 0, End: groups.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  choose(to, true);
});

function follow() {
  const index = groups.findIndex((group) => "#" + group.id === location.hash);
  if (index >= 0) choose(index, true);
}
addEventListener("hashchange", follow);
follow();
if (chosen < 0) {
  const first = groups.findIndex((group) => group.classList.contains("is-first"));
  if (first >= 0) { chosen = first; groups[first].setAttribute("aria-selected", "true"); show(first); }
}
`;
