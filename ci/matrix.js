"use strict";
const by = id => document.getElementById(id);
const form = by("filter"), fields = ["search", "claim", "verdict", "subtle"].map(by);
// The text is taken once: it is searched at every key.
const claims = [...document.querySelectorAll(".claim")].map(e => ({
  e, head: e.querySelector("h3").textContent.toLowerCase(),
  rows: [...e.querySelectorAll(".row")].map(e => ({e, text: e.textContent.toLowerCase()})),
}));
form.hidden = false;
function filter() {
  const [text, claim, verdict, subtle] = fields.map(f => f.value);
  const sought = text.trim().toLowerCase();
  const fits = ({state, subtle: kind}) => (!verdict || state === verdict) &&
    (!subtle || (subtle === "any" ? kind !== "" : subtle === "none" ? kind === "" : kind === subtle));
  const found = new Set();
  for (const {e, head, rows} of claims) {
    const here = !claim || e.dataset.id === claim, all = head.includes(sought);
    let any = false;
    for (const row of rows) {
      row.e.hidden = !(here && fits(row.e.dataset) && (all || row.text.includes(sought)));
      if (!row.e.hidden) { any = true; found.add(row.e.dataset.name); }
    }
    // What has no mutants at all is to be seen as well.
    e.hidden = !(any || here && all && !verdict && !subtle && rows.length === 0);
  }
  by("found").textContent = found.size + (found.size === 1 ? " mutant shown" : " mutants shown");
}
