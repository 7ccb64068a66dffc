"use strict";
const form = document.getElementById("filter");
const steps = [...document.querySelectorAll("[data-action]")];
function filter() {
  const wanted = new FormData(form);
  const text = wanted.get("text").toLowerCase();
  let shown = 0;
  for (const step of steps) {
    const { place, action, text: own } = step.dataset;
    const fits = (!wanted.get("place") || place === wanted.get("place"))
      && (!wanted.get("action") || action === wanted.get("action"))
      && own.toLowerCase().includes(text);
    step.hidden = !fits;
    shown += fits;
  }
  for (const section of document.querySelectorAll("section.steps")) {
    section.hidden = !section.querySelector("[data-action]:not([hidden])");
  }
  document.getElementById("shown").textContent = shown === steps.length ? "" : `${shown} of ${steps.length} shown`;
}
if (form) {
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
}
function open() {
  let place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let outer = place; outer; outer = outer.parentElement) {
    if (outer.tagName === "DETAILS") outer.open = true;
  }
  if (place) place.scrollIntoView();
}
window.addEventListener("hashchange", open);
open();
window.addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details")) part.open = true;
});
