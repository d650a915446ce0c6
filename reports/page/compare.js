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
  by("found").textContent = found + " claims shown";
}
// A link shows what it leads to, whatever is filtered.
function open() {
  let id;
  try { id = decodeURIComponent(location.hash.slice(1)); } catch { return; }
  const target = by(id);
  if (!target) return;
  if (target.closest("[hidden]")) { form.reset(); filter(); }
  const row = target.closest("details.row");
  if (row) row.open = true;
  target.scrollIntoView();
}
form.addEventListener("input", filter);
form.addEventListener("submit", e => e.preventDefault());
addEventListener("hashchange", open);
addEventListener("keydown", e => {
  if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey || /INPUT|SELECT/.test(e.target.tagName)) return;
  e.preventDefault();
  by("search").focus();
});
filter();
open();
