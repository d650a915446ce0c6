// What all pages do, after each has said what filter does.
// What is scrolled to, by a link or a key, stops below the filter, which is as high as the screen is narrow.
function makeRoom() { document.documentElement.style.scrollPaddingTop = form.offsetHeight + 8 + "px"; }
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
addEventListener("resize", makeRoom);
addEventListener("keydown", e => {
  if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey || /INPUT|SELECT/.test(e.target.tagName)) return;
  e.preventDefault();
  by("search").focus();
});
filter();
makeRoom();
open();
