// The board: sort, filter, columns, downloads. Whatever the reader chooses is in the URL.
import { download } from "./download.js";
import { makeGrid } from "./grid.js";

const table = document.querySelector("#board");
const controls = document.querySelector("[data-controls]");
const pager = document.querySelector("[data-pager]");
const status = document.querySelector("[data-status]");
const FACETS = ["protocol", "model", "task", "judged"];
const DEFAULT_SORT = "rank:asc";
const picked = new Set();
let rows, columns, boards, grid, wish;

const initial = new URLSearchParams(location.search);
const field = (name) => controls.elements[name];

function readUrl(state) {
  for (const name of [...FACETS, "family", "q"]) {
    const input = field(name);
    if (!input) continue;
    const wanted = state.get(name) ?? (name === "q" ? "" : input.querySelector("[selected]")?.value ?? "*");
    input.value = wanted;
    if (input.value !== wanted) input.value = "*"; // a choice that this site does not have
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
    const usual = input?.querySelector("[selected]")?.value ?? "*";
    if (input && input.value !== usual) state.set(name, input.value);
  }
  if (field("q").value) state.set("q", field("q").value);
  const boxes = [...controls.querySelectorAll("[name=cols]")];
  if (boxes.some((box) => box.checked !== box.defaultChecked)) {
    state.set("cols", boxes.filter((box) => box.checked).map((box) => box.value).join(","));
  }
  if (sorting() !== DEFAULT_SORT) state.set("sort", sorting());
  if (grid.page()) state.set("page", grid.page() + 1);
  for (const id of picked) state.append("pick", id);
  const query = state.toString().replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%2F", "/");
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
}

function sorting() {
  const [index, direction] = grid.order().at(-1) ?? [];
  return index > 0 ? `${columns[index - 1].key}:${direction}` : DEFAULT_SORT;
}

function wanted(text) {
  const [key, direction] = text.split(":");
  const index = columns.findIndex((column) => column.key === key);
  return index < 0 ? wanted(DEFAULT_SORT) : [index + 1, direction === "desc" ? "desc" : "asc"];
}

const several = (name) => field(name)?.value === "*";
const visible = () => columns.filter((column, i) => grid.column(i + 1).visible());

/** What the controls ask for, read once per filtering. */
function asked() {
  const facets = FACETS.filter((name) => field(name) && !several(name)).map((name) => [name, field(name).value]);
  const family = field("family") && !several("family") ? field("family").value : null;
  return { facets, family, words: field("q").value.toLowerCase().split(/\s+/).filter(Boolean) };
}

/** Where no board has the choices together, keep the one just made and open the others. */
function reconcile(chosen) {
  const { facets } = asked();
  if (boards.some((board) => facets.every(([name, value]) => board[name] === value))) return;
  for (const [name] of facets) if (name !== chosen) field(name).value = "*";
}

function fits(row, { facets, family, words }) {
  if (facets.some(([name, value]) => row.facets[name] !== value)) return false;
  if (row.style === "reference") return true; // pinned: what the others are read against
  return (family === null || row.family === family) && words.every((word) => row.text.includes(word));
}

function apply() {
  columns.forEach((column, i) => {
    const box = controls.querySelector(`[name=cols][value="${column.key}"]`);
    const show = box.checked || (FACETS.includes(column.key) && several(column.key)); // what tells rows apart must be seen
    if (grid.column(i + 1).visible() !== show) grid.column(i + 1).visible(show, false);
  });
  wish = asked();
  grid.search(""); // filters without sorting again
  grid.draw("page");
}

function turnable() {
  const { page, pages } = grid.page.info();
  pager.hidden = pages < 2;
  pager.querySelector("[data-page]").textContent = `page ${page + 1} of ${pages}`;
  pager.querySelector("[data-step=previous]").disabled = page === 0;
  pager.querySelector("[data-step=next]").disabled = page >= pages - 1;
}

function report() {
  const { recordsDisplay: found, recordsTotal: all } = grid.page.info();
  status.textContent = found === all ? `${all} rows` : `${found} of ${all} rows`;
  const chosenBoards = FACETS.some(several) ? [] : boards.filter((board) => FACETS.every((name) => !field(name) || board[name] === field(name).value));
  table.classList.toggle("several", chosenBoards.length !== 1); // each board has a scale of its own
  document.querySelector("#board-title").textContent = chosenBoards.length === 1 ? chosenBoards[0].title : "Several boards";
  document.querySelector("[data-subtitle]").textContent = chosenBoards.length === 1 ? chosenBoards[0].subtitle : "ranks hold within a board";
  turnable();
  const link = controls.querySelector("[data-compare]");
  const chosen = rows.filter((row) => picked.has(row.id));
  link.hidden = chosen.length < 2;
  const board = chosen[0]?.facets.name;
  const names = chosen.filter((row) => row.facets.name === board).slice(0, 4).map((row) => row.method);
  link.textContent = `Compare ${names.length}`;
  link.href = `compare.html?${new URLSearchParams([["board", board], ...names.map((name) => ["m", name])])}`;
}

function pickBox(row) {
  if (row.method === "step 0") return "";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = picked.has(row.id);
  box.setAttribute("aria-label", `Compare ${row.method}`);
  box.addEventListener("change", () => {
    picked[box.checked ? "add" : "delete"](row.id);
    writeUrl();
    report();
  });
  return box;
}

function grow(data) {
  columns = data.columns;
  let start = 0;
  for (const column of columns) {
    column.start = start;
    start += column.fields.length;
  }
  data.rows.forEach((row) => {
    row.facets = data.boards[row.board];
    row.id = `${row.facets.name}/${row.method}`;
    row.text = [row.method, row.family, ...Object.values(row.facets), row.raw[columns.find((c) => c.key === "signals").start]].join(" ").toLowerCase();
  });
  ({ rows, boards } = data);
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
    reconcile(event.target.name);
    soon();
  });
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("reset", (event) => {
    event.preventDefault();
    readUrl(new URLSearchParams());
    grid.order([wanted(DEFAULT_SORT)]).draw();
    apply();
  });
  pager.addEventListener("click", (event) => {
    const { step } = event.target.dataset;
    if (step) grid.page(step).draw("page");
  });
  for (const button of controls.querySelectorAll("[data-download]")) {
    button.addEventListener("click", () => {
      const chosen = grid.rows({ order: "applied", search: "applied" }).data().toArray();
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

const answer = await fetch("data/rows.json");
if (!answer.ok) throw new Error(`data/rows.json: ${answer.status}`);
const data = await answer.json();
grow(data);
readUrl(initial);
grid = makeGrid(table, data, {
  order: wanted(initial.get("sort") ?? DEFAULT_SORT),
  page: Number(initial.get("page")) || 1,
  fits: (row) => fits(row, wish),
  pickBox,
});
grid.on("draw", () => {
  writeUrl();
  report();
  const [sorted, direction] = sorting().split(":"); // the library tells only of the fixed first order
  columns.forEach(({ key }, i) => {
    const head = grid.column(i + 1).header();
    if (key === sorted) head.setAttribute("aria-sort", `${direction}ending`);
    else head.removeAttribute("aria-sort");
  });
});
apply();
listen();
table.dataset.ready = "";
