// What all pages do, after each has said what filter does.
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
