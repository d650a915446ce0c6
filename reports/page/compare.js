"use strict";
const by = id => document.getElementById(id);
const form = by("filter");
// The text is taken once: it is searched at every key.
const claims = [...document.querySelectorAll(".claim")].map(e => ({e, text: e.textContent.toLowerCase()}));
form.hidden = false;
function filter() {
  const sought = by("search").value.trim().toLowerCase(), differ = by("differ").checked;
  let found = 0;
  for (const {e, text} of claims) {
    e.hidden = !(text.includes(sought) && (!differ || e.dataset.differs === "true"));
    if (!e.hidden) found++;
  }
  for (const s of document.querySelectorAll("section")) s.hidden = ![...s.querySelectorAll(".claim")].some(c => !c.hidden);
  by("found").textContent = found + " claims and invariants shown";
}
