// Up and down among what can be focused in a list; each stands in its own [data-item].
export function rove(selector, step) {
  const all = [...document.querySelectorAll(selector)].filter(each => each.checkVisibility());
  if (!all.length) return false;
  const active = document.activeElement;
  const near = active.closest(selector) ?? active.closest("[data-item]")?.querySelector(selector);
  const here = all.indexOf(near);
  const next = all[here < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, here + step))];
  next.focus();
  next.scrollIntoView({block: "nearest"});
  return true;
}

// A branch of a tree: right opens it, left closes it or goes to the one above.
export function unfold(open) {
  const branch = document.activeElement?.closest("summary")?.parentElement;
  if (!branch) return false;
  if (branch.open !== open) branch.open = open;
  else if (!open) branch.parentElement.closest("details")?.querySelector("summary").focus();
  return true;
}
