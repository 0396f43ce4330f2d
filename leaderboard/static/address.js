// What the reader chose, in the address: a shared link gives the same view, and Back returns to the view before.
const tidy = (state) => state.toString().replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%2F", "/");

/** Write the choices; `kept` makes a new entry of the history, else the present one is changed. */
export function write(state, kept) {
  const query = tidy(state);
  const wanted = query ? `?${query}` : "";
  if (wanted === location.search) return;
  history[kept ? "pushState" : "replaceState"](null, "", wanted || location.pathname);
}

export const read = () => new URLSearchParams(location.search);
