// The board: sort, filter, columns, downloads. Whatever the reader chooses is in the URL.
import * as address from "./address.js";
import { download } from "./download.js";
import * as figures from "./figures.js";
import { directions, makeGrid, plainRow } from "./grid.js";

const table = document.querySelector("#board");
const references = document.querySelector("#references");
const controls = document.querySelector("[data-controls]");
const pager = document.querySelector("[data-pager]");
const status = document.querySelector("[data-status]");
const tied = document.querySelector("[data-tied]") ?? status.parentElement.insertBefore(document.createElement("p"), status);
const FACETS = ["protocol", "model", "task", "judged"];
const DEFAULT_SORT = "rank:asc";
const SORTS = ["rank", "outcome", "avg", "gain", "collapse", "tokens", "method"];
const MOST = 4;
const picked = new Set();
let rows, columns, boards, hints, grid, wish;
let held; // the columns that the grid has: those shown and those it can be sorted by; few, as each costs in each row
let built; // the keys of those that it shows
let referred; // what the references now show: their boards and columns
let said = "";
let kept = false; // whether the next change of the address makes an entry of the history

const field = (name) => controls.elements[name];
const usual = (input) => input?.querySelector("[selected]")?.value ?? "*";

function readUrl(state) {
  said = "";
  for (const name of [...FACETS, "family", "q"]) {
    const input = field(name);
    if (!input) continue;
    const wanted = state.get(name) ?? (name === "q" ? "" : usual(input));
    input.value = wanted;
    if (input.value !== wanted) {
      input.value = usual(input);
      said = `This site has no ${name} ${wanted}.`;
    }
  }
  const shown = state.get("cols")?.split(",");
  for (const box of controls.querySelectorAll("[name=cols]")) {
    box.checked = box.disabled || (shown ? shown.includes(box.value) : box.defaultChecked);
  }
  picked.clear();
  for (const id of state.getAll("pick")) picked.add(id);
}

function writeUrl() {
  const state = new URLSearchParams();
  for (const name of [...FACETS, "family"]) {
    const input = field(name);
    if (input && input.value !== usual(input)) state.set(name, input.value);
  }
  if (field("q").value) state.set("q", field("q").value);
  const boxes = [...controls.querySelectorAll("[name=cols]")];
  if (boxes.some((box) => box.checked !== box.defaultChecked)) {
    state.set("cols", boxes.filter((box) => box.checked).map((box) => box.value).join(","));
  }
  if (sorting() !== DEFAULT_SORT) state.set("sort", sorting());
  if (grid.page()) state.set("page", grid.page() + 1);
  for (const id of picked) state.append("pick", id);
  address.write(state, kept);
  kept = false;
}

function sorting() {
  const [index, direction] = grid.order().at(-1) ?? [];
  return index > 0 ? `${held[index - 1].key}:${direction}` : DEFAULT_SORT;
}

function wanted(text) {
  const [key, direction] = text.split(":");
  const index = held?.findIndex((column) => column.key === key) ?? -1;
  return [index + 1, direction === "desc" ? "desc" : "asc"]; // place 0: not held
}

const several = (name) => field(name)?.value === "*";
const ticked = (column) => controls.querySelector(`[name=cols][value="${column.key}"]`).checked;
const needed = (column) => FACETS.includes(column.key) && several(column.key); // what tells rows apart must be seen
const visible = () => columns.filter((column) => ticked(column) || needed(column));

/** What the controls ask for, read once per filtering. */
function asked() {
  const facets = FACETS.filter((name) => field(name) && !several(name)).map((name) => [name, field(name).value]);
  const family = field("family") && !several("family") ? field("family").value : null;
  const on = new Set(boards.keys());
  boards.forEach((board, i) => facets.every(([name, value]) => board[name] === value) || on.delete(i));
  return { facets, on, family, words: field("q").value.toLowerCase().split(/\s+/).filter(Boolean) };
}

/** Where no board has the choices together, keep the one just made and open the others. */
function reconcile(chosen) {
  const { facets, on } = asked();
  if (on.size) return;
  for (const [name] of facets) if (name !== chosen) field(name).value = "*";
}

const onBoard = (row, { on }) => on.has(row.board);

function fits(row, asking) {
  const { family, words } = asking;
  return onBoard(row, asking) && (family === null || row.family === family) && words.every((word) => row.text.includes(word));
}

/** Sort the grid, built anew where it lacks a column that is now shown or sorted by. */
function arrange(sort, page = 1) {
  const shown = new Set(visible());
  const keys = [...shown].map((column) => column.key).join();
  if (built === keys && wanted(sort)[0] > 0) {
    if (sort !== sorting()) grid.order([wanted(sort)]).draw();
    return;
  }
  grid?.destroy();
  grid?.off(".dt"); // its listeners are kept by the table, and with them all of the old grid
  built = keys;
  held = columns.filter((column) => shown.has(column) || SORTS.includes(column.key) || sort.split(":")[0] === column.key);
  if (wanted(sort)[0] < 1) sort = DEFAULT_SORT; // an address may name what is no column
  grid = makeGrid(table, { rows, columns: held, shown, hints }, { order: wanted(sort), page, fits: (row) => fits(row, wish), pickBox });
  grid.on("draw", drawn);
}

function apply(sort = sorting()) {
  wish = asked();
  arrange(sort);
  grid.search(""); // filters without sorting again
  grid.draw("page");
}

function drawn() {
  writeUrl();
  report();
  const now = sorting();
  field("sort").value = now;
  const [sorted, direction] = now.split(":");
  const heads = grid.columns().header().toArray();
  heads.forEach((head, i) => {
    if (held[i - 1]?.key === sorted) head.setAttribute("aria-sort", `${direction}ending`);
    else head.removeAttribute("aria-sort");
  });
}

/** References stand in a table of their own, folded, whatever the filters are. */
function refer() {
  const shown = visible();
  const asking = JSON.stringify([[...wish.on], built]);
  if (asking === referred) return;
  referred = asking;
  const found = rows.references.filter((row) => onBoard(row, wish));
  const head = references.tHead.rows[0];
  head.replaceChildren(document.createElement("td"));
  for (const column of shown) {
    const cell = head.appendChild(document.createElement("th"));
    cell.scope = "col";
    cell.className = `${column.key}${column.numeric ? " num" : ""}`;
    cell.innerHTML = column.html;
  }
  references.tBodies[0].replaceChildren(...found.slice(0, 100).map((row) => plainRow(row, shown, hints, pickBox)));
  const average = columns.find((column) => column.key === "avg").start;
  const told = found.slice(0, 9).map((row) => `${row.method} ${(100 * row.raw[average]).toFixed(1)}`);
  document.querySelector("[data-references]").textContent = `${found.length} reference${found.length === 1 ? "" : "s"}: ${told.join(", ")}${found.length > 9 ? ", …" : ""}`;
}

function turnable() {
  const { page, pages } = grid.page.info();
  pager.hidden = pages < 2;
  pager.querySelector("[data-page]").textContent = `page ${page + 1} of ${pages}`;
  pager.querySelector("[data-step=previous]").disabled = page === 0;
  pager.querySelector("[data-step=next]").disabled = page >= pages - 1;
}

function report() {
  const { recordsDisplay: found } = grid.page.info();
  const all = [...wish.on].reduce((sum, i) => sum + boards[i].methods, 0);
  const compared = offerComparison();
  status.textContent = [said, found === all ? `${all} methods.` : `${found} of ${all} methods.`, compared].filter(Boolean).join(" ");
  const chosen = boards.filter((board) => FACETS.every((name) => !field(name) || board[name] === field(name).value));
  const board = chosen.length === 1 && !FACETS.some(several) ? chosen[0] : null;
  document.querySelector("#board-title").textContent = board?.title ?? "Several boards";
  document.title = `${board?.title ?? "Several boards"} · urlvr-bench`;
  if (!board) document.querySelector("[data-subtitle]").textContent = "Ranks hold within a board.";
  tied.hidden = !board;
  const filtered = wish.family !== null || wish.words.length > 0;
  const names = filtered ? new Set(grid.rows({ search: "applied" }).indexes().toArray().slice(0, 1000).map((i) => rows[i].method)) : null;
  figures.show(board?.name ?? null, tied).then(() => figures.keep(names));
  refer();
  for (const box of document.querySelectorAll("input[data-id]")) box.checked = picked.has(box.dataset.id);
  turnable();
}

/** Offer to compare what is picked; what cannot go along is told. */
function offerComparison() {
  const link = controls.querySelector("[data-compare]");
  const chosen = picked.size ? [...rows, ...rows.references].filter((row) => picked.has(row.id)) : [];
  const board = chosen[0]?.facets.name;
  const mine = chosen.filter((row) => row.facets.name === board);
  const names = mine.slice(0, MOST).map((row) => row.method);
  link.hidden = names.length < 2;
  link.textContent = `Compare ${names.length}`;
  link.href = `compare.html?${new URLSearchParams([["board", board], ...names.map((name) => ["m", name])])}`;
  const others = chosen.length - mine.length;
  const left = mine.slice(MOST).map((row) => row.method);
  return [
    left.length ? `${MOST} methods can be compared at once: ${left.join(", ")} ${left.length > 1 ? "are" : "is"} left out.` : "",
    others ? `${others} picked on another board cannot be compared with these.` : "",
  ].join(" ").trim();
}

function pickBox(row) {
  if (row.method === "step 0") return "";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = picked.has(row.id);
  box.dataset.id = row.id;
  box.setAttribute("aria-label", `Compare ${row.method}`);
  box.addEventListener("change", () => {
    picked[box.checked ? "add" : "delete"](row.id);
    writeUrl();
    report();
  });
  return box;
}

function grow(data) {
  ({ columns, boards, hints } = data);
  let start = 0;
  for (const [place, column] of columns.entries()) {
    column.place = place;
    column.start = start;
    start += column.fields.length;
  }
  const signals = columns.find((column) => column.key === "signals").start;
  for (const row of data.rows) {
    row.facets = boards[row.board];
    row.id = `${row.facets.name}/${row.method}`;
    row.text = [row.method, row.words, row.family, ...Object.values(row.facets), row.raw[signals]].join(" ").toLowerCase();
  }
  rows = data.rows.filter((row) => row.style !== "reference");
  for (const board of boards) board.methods = 0;
  for (const row of rows) row.facets.methods += 1;
  rows.references = data.rows.filter((row) => row.style === "reference");
  for (const key of SORTS) {
    const column = columns.find((one) => one.key === key);
    if (column) for (const way of directions(column)) field("sort").add(new Option(`${column.name}, ${way === directions(column)[0] ? "best first" : "worst first"}`, `${key}:${way}`));
  }
}

function listen() {
  let waiting;
  const soon = () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      grid.page("first");
      apply();
    });
  };
  controls.addEventListener("input", (event) => {
    said = "";
    kept ||= event.target.name !== "q"; // letters of a search are no steps to go back by
    if (event.target.name === "sort") return grid.order([wanted(event.target.value)]).draw();
    reconcile(event.target.name);
    soon();
  });
  table.addEventListener("click", (event) => (kept ||= event.target.closest("thead") !== null), true);
  controls.addEventListener("submit", (event) => event.preventDefault());
  const restore = (state) => {
    readUrl(state);
    grid.page("first");
    apply(state.get("sort") ?? DEFAULT_SORT);
  };
  controls.addEventListener("reset", (event) => {
    event.preventDefault();
    kept = true;
    restore(new URLSearchParams());
  });
  addEventListener("popstate", () => restore(address.read()));
  pager.addEventListener("click", (event) => {
    const { step } = event.target.dataset;
    if (step) grid.page(step).draw("page");
  });
  for (const button of controls.querySelectorAll("[data-download]")) {
    button.addEventListener("click", () => {
      const chosen = [...rows.references.filter((row) => onBoard(row, wish)), ...grid.rows({ order: "applied", search: "applied" }).data().toArray()];
      download(button.dataset.download, visible(), chosen, columns);
      button.closest("details").open = false;
    });
  }
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll(".menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

if (matchMedia("(max-width: 640px)").matches) controls.querySelector(".filters").open = false;
const answer = await fetch("data/rows.json");
if (!answer.ok) throw new Error(`data/rows.json: ${answer.status}`);
const data = await answer.json();
const initial = address.read();
grow(data);
readUrl(initial);
const home = boards.find((board) => FACETS.every((name) => !field(name) || board[name] === usual(field(name))));
figures.begin(home?.name ?? null);
wish = asked();
arrange(initial.get("sort") ?? DEFAULT_SORT, Number(initial.get("page")) || 1);
apply();
listen();
table.dataset.ready = "";
