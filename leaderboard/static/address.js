// What the reader chose, in the address: a shared link gives the same view, and Back returns to the view before.
const tidy = (state) => state.toString().replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%2F", "/");
const PAUSE = 200; // ms; browsers refuse a page that changes its address at every letter
let waiting;
let later = () => {};

function now() {
  clearTimeout(waiting);
  later();
  later = () => {};
}

/** Write the choices: `kept` makes a new entry of the history at once, else the present one is changed at the next pause. */
export function write(state, kept) {
  clearTimeout(waiting);
  const query = tidy(state);
  const wanted = query ? `?${query}` : "";
  later = () => wanted === location.search || history[kept ? "pushState" : "replaceState"](null, "", wanted || location.pathname);
  if (kept) now();
  else waiting = setTimeout(now, PAUSE);
}

export const read = () => new URLSearchParams(location.search);

addEventListener("change", now); // a field is left, perhaps for a link
