// Compare two to four methods of one board; the choice is in the URL, the differences were worked out at build time.
import * as address from "./address.js";
import { enliven } from "./chart.js";

const form = document.querySelector("[data-choose]");
const status = document.querySelector("[data-status]");
const STYLES = ["truth", "proxy", "reward", "label"];
const KEYS = ["truth", "proxy", "reward"];
const signed = (share) => (share === null ? "–" : `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(1)}`);
const pickers = [1, 2, 3, 4].map((n) => form.elements[`m${n}`]);
const loaded = new Map();

async function load(path) {
  if (!loaded.has(path)) {
    const answer = await fetch(path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    loaded.set(path, await answer.json());
  }
  return loaded.get(path);
}

function cell(row, kind, text, style = "") {
  const made = row.appendChild(document.createElement(kind));
  if (kind === "th") made.scope = row.parentElement.tagName === "THEAD" ? "col" : "row";
  made.className = style;
  made.textContent = text;
  return made;
}

function table(target, caption, heads) {
  target.replaceChildren();
  target.createCaption().textContent = caption;
  const head = target.createTHead().insertRow();
  for (const [text, style] of heads) cell(head, "th", text, style);
  return target.createTBody();
}

function offer(board, wanted) {
  const differ = wanted.length ? [] : board.differ.map((index) => board.entries[index].name);
  pickers.forEach((picker, i) => {
    picker.replaceChildren();
    if (i > 1) picker.add(new Option("–", ""));
    for (const { name } of board.entries) picker.add(new Option(name, name));
    picker.value = wanted[i] ?? differ[i] ?? (i > 1 ? "" : board.entries[i]?.name);
    if (picker.selectedIndex < 0) picker.selectedIndex = 0; // a method that this board does not have
  });
}

const chosen = (board) => {
  const names = pickers.map((picker) => picker.value).filter(Boolean);
  return [...new Set(names)].map((name) => board.entries.findIndex((entry) => entry.name === name));
};

/** Place of the pair i < j among all pairs of n in order. */
const place = (i, j, n) => i * n - (i * (i + 1)) / 2 + (j - i - 1);

function differences(board, chosen) {
  const body = table(document.querySelector("[data-differences]"), "Differences", [
    ["first less second", ""],
    [`difference in ${board.metric}, points`, "num"],
    ["95 % interval", "num"],
    ["reading", ""],
    ["collapse step, log-rank p (Holm)", "num"],
  ]);
  for (let a = 0; a < chosen.length; a++) {
    for (let b = a + 1; b < chosen.length; b++) {
      const turned = chosen[a] > chosen[b];
      const [i, j] = turned ? [chosen[b], chosen[a]] : [chosen[a], chosen[b]];
      const [mean, low, high, p] = board.pairs[place(i, j, board.entries.length)];
      const flip = (value) => (value === null || !turned ? value : -value);
      const ends = turned ? [flip(high), flip(low)] : [low, high];
      const row = body.insertRow();
      cell(row, "th", `${board.entries[chosen[a]].name} − ${board.entries[chosen[b]].name}`);
      cell(row, "td", signed(flip(mean)), "num");
      cell(row, "td", low === null ? "–" : `[${signed(ends[0])}, ${signed(ends[1])}]`, "num");
      const better = board.entries[flip(mean) > 0 ? chosen[a] : chosen[b]].name;
      cell(row, "td", reading(ends, better, board.alike));
      cell(row, "td", p === null ? "–" : p < 0.001 ? "< 0.001" : p.toPrecision(2), "num");
    }
  }
}

/** What an interval says: which is better, that the two are alike, or nothing. */
function reading([low, high], better, alike) {
  if (low === null) return "too few seeds";
  if (low > 0 || high < 0) return `${better} is better`;
  const widest = Math.max(-low, high);
  return widest <= alike ? `alike within ${(100 * widest).toFixed(1)} points` : "not decided";
}

function scores(all, slug, board, chosen) {
  const shown = all.columns.filter((column) => column.shown);
  const body = table(document.querySelector("[data-scores]"), "Scores", shown.map((c) => [c.name, `${c.key}${c.numeric ? " num" : ""}`]));
  for (const i of chosen) {
    const found = all.rows.find((row) => all.boards[row.board].name === slug && row.method === board.entries[i].name);
    const row = body.insertRow();
    for (const column of shown) {
      const at = all.columns.indexOf(column);
      const [style, tip] = all.hints[found.hints[at]];
      const made = cell(row, column.key === "method" ? "th" : "td", "", `${column.key}${column.numeric ? " num" : ""} ${style}`);
      made.innerHTML = found.html[at]; // escaped when the site was built
      made.title = tip;
      made.dataset.label = column.name;
    }
  }
}

function curves(board, chosen) {
  document.querySelectorAll("[data-chart]").forEach((plot, i) => {
    const area = plot.querySelector("svg svg");
    const legend = plot.closest("figure").querySelector(".legend");
    area.replaceChildren();
    legend.replaceChildren();
    plot.dataset.x = `0 ${board.steps}`;
    plot.querySelectorAll(".across").forEach((tick) => (tick.textContent = String(Math.round((Number.parseFloat(tick.getAttribute("x")) / 100) * board.steps))));
    const draw = (style, d, name) => {
      const path = area.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "path"));
      path.setAttribute("class", style);
      path.setAttribute("d", d);
      path.dataset.name = name;
    };
    const found = chosen.map((index) => board.entries[index]);
    found.forEach((entry, k) => draw(`band ${STYLES[k]}`, entry[KEYS[i]][1], entry.name));
    found.forEach((entry, k) => {
      draw(`line ${STYLES[k]}`, entry[KEYS[i]][0], entry.name);
      const item = legend.appendChild(document.createElement("li"));
      item.appendChild(document.createElement("i")).className = `swatch ${STYLES[k]}`;
      item.append(entry.name);
    });
    enliven(plot);
  });
}

async function show(wanted, kept = false) {
  const slug = form.elements.board.value;
  const board = await load(`data/compare/${encodeURIComponent(slug)}.json`);
  if (wanted) offer(board, wanted);
  const picked = chosen(board);
  address.write(new URLSearchParams([["board", slug], ...picked.map((i) => ["m", board.entries[i].name])]), kept);
  const enough = picked.length > 1;
  document.querySelectorAll("[data-result]").forEach((part) => (part.hidden = !enough));
  const left = board.left_out ? ` ${board.left_out} more methods of this board are not worked out here.` : "";
  status.textContent = (enough ? "" : "Choose two different methods.") + left;
  if (!enough) return;
  document.querySelector("[data-metric]").textContent = `${board.metric} at the last step, ${board.title}`;
  differences(board, picked);
  scores(await load("data/rows.json"), slug, board, picked);
  curves(board, picked);
}

async function open() {
  const state = address.read();
  form.elements.board.value = state.get("board") ?? form.elements.board.options[0].value;
  if (form.elements.board.selectedIndex < 0) form.elements.board.selectedIndex = 0;
  const wanted = state.getAll("m");
  await show(wanted.slice(0, pickers.length));
  if (wanted.length > pickers.length) status.textContent += ` Four methods can be compared at once: ${wanted.slice(pickers.length).join(", ")} left out.`;
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", (event) => show(event.target.name === "board" ? [] : null, true));
addEventListener("popstate", open);
await open();
form.dataset.ready = "";
