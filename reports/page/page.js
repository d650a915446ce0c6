"use strict";
const by = id => document.getElementById(id);
const form = by("filter"), fields = ["search", "outcome", "level", "chapter"].map(by);
const claims = [...document.querySelectorAll(".claim")];
// The text is taken once: hundreds of scenarios are searched at every key.
const rows = new Map(claims.map(c => [c, [...c.querySelectorAll(".row")].map(e => ({e, text: e.textContent.toLowerCase()}))]));
const heads = new Map(claims.map(c => [c, c.querySelector("h3")?.textContent.toLowerCase() ?? ""]));
form.hidden = false;
function filter() {
  const [text, outcome, level, chapter] = fields.map(f => f.value);
  const sought = text.trim().toLowerCase();
  const fits = e => (!outcome || e.dataset.outcome === outcome) && (!level || e.dataset.level === level);
  let found = 0;
  for (const claim of claims) {
    const here = !chapter || claim.parentElement.dataset.chapter === chapter;
    const head = heads.get(claim).includes(sought);
    let any = false;
    for (const {e, text} of rows.get(claim)) {
      e.hidden = !(here && fits(e) && (head || text.includes(sought)));
      if (!e.hidden) { any = true; found++; }
    }
    claim.hidden = !(any || here && fits(claim) && head);
  }
  for (const s of document.querySelectorAll("section")) s.hidden = ![...s.querySelectorAll(".claim")].some(c => !c.hidden);
  by("found").textContent = found + " shown";
}
