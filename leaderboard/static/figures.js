// The figures of the board that is chosen, taken from that board's own page, without the methods that are filtered out.
import { enliven } from "./chart.js";

const PARTS = ["overview", "panels"];
const pages = new Map();
const part = (name, where = document) => where.querySelector(`[data-figure="${name}"]`);
let shown = null;

async function page(name) {
  if (!pages.has(name)) {
    const answer = await fetch(`board-${encodeURIComponent(name)}.html`);
    if (!answer.ok) throw new Error(`board-${name}.html: ${answer.status}`);
    pages.set(name, new DOMParser().parseFromString(await answer.text(), "text/html"));
  }
  return pages.get(name);
}

/** Say which board the page itself holds. */
export function begin(name) {
  shown = name;
}

/** Show the figures of a board, none where several are chosen. */
export async function show(board, tied) {
  document.querySelector("[data-nofigure]").hidden = board !== null;
  for (const name of PARTS) if (part(name)) part(name).hidden = board === null;
  if (board === null || board === shown) return;
  shown = board;
  const found = await page(board);
  if (shown !== board) return; // another one was chosen meanwhile
  for (const name of PARTS) {
    const fresh = part(name, found);
    if (part(name)) part(name).replaceChildren(...(fresh ? document.importNode(fresh, true).childNodes : []));
  }
  document.querySelector("[data-subtitle]").textContent = found.querySelector("[data-subtitle]").textContent;
  tied.textContent = found.querySelector("[data-tied]")?.textContent ?? "";
  for (const plot of document.querySelectorAll("[data-figure] [data-chart]")) enliven(plot);
}

/** Hide the methods that a filter left out; null keeps all. */
export function keep(methods) {
  for (const one of document.querySelectorAll("[data-figure] [data-method]")) {
    one.classList.toggle("out", methods !== null && !methods.has(one.dataset.method));
  }
  for (const name of document.querySelectorAll("[data-figure] text.name")) name.classList.toggle("out", methods !== null);
  const others = document.querySelector("[data-others]");
  if (others && methods !== null) others.open = true;
}
