// The table library set to our rows: the order of values, cells that were written at build time.
import DataTable from "./lib/datatables.js";

// Missing values go last in both directions.
const empty = (value) => value === null || value === undefined;
const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a - b);
DataTable.type("value", {
  detect: () => false,
  order: {
    asc: (a, b) => (empty(a) ? (empty(b) ? 0 : 1) : empty(b) ? -1 : compare(a, b)),
    desc: (a, b) => (empty(a) ? (empty(b) ? 0 : 1) : empty(b) ? -1 : compare(b, a)),
  },
});

const FALLING_FIRST = new Set(["collapse", "labelslost", "mcs"]); // who lasted longest is best
const perPage = (rows) => (rows.length > 1000 ? 25 : 100); // short pages keep a big board quick

function fill(cell, row, hints, column) {
  const [style, tip] = hints[row.hints[column.place]];
  cell.innerHTML = row.html[column.place]; // escaped when the site was built
  if (style) cell.classList.add(style);
  if (tip) cell.title = tip;
  if (column.key === "method") cell.scope = "row";
  cell.dataset.label = column.name;
}

/** The order in which a first and a second click sort a column: the best first. */
export const directions = (column) =>
  (column.numeric && column.key !== "rank" && column.key !== "tokens") || FALLING_FIRST.has(column.key) ? ["desc", "asc"] : ["asc", "desc"];

/** A row outside the grid, with the same cells. */
export function plainRow(row, columns, hints, pickBox) {
  const made = document.createElement("tr");
  made.className = row.style;
  const pick = made.insertCell();
  pick.className = "pick";
  pick.append(pickBox(row));
  for (const column of columns) {
    const cell = made.appendChild(document.createElement(column.key === "method" ? "th" : "td"));
    cell.className = `${column.key}${column.numeric ? " num" : ""}`;
    fill(cell, row, hints, column);
  }
  return made;
}

/** Turn a table that reads well by itself into a grid; `pickBox` makes what stands in the first column of a row. */
export function makeGrid(table, { rows, columns, shown, hints }, { order, page, fits, pickBox }) {
  table.querySelector("tbody").replaceChildren();
  table.querySelector("thead tr").replaceChildren();
  const sorts = (type) => type === "sort" || type === "type";
  const first = { title: '<span class="hidden">Compare</span>', className: "pick", orderable: false, searchable: false, data: () => "" };
  const others = columns.map((column) => ({
    title: column.html,
    type: "value",
    className: `${column.key}${column.numeric ? " num" : ""}`,
    cellType: column.key === "method" ? "th" : "td",
    searchable: false,
    visible: shown.has(column),
    orderSequence: directions(column),
    data: (row, type) => (sorts(type) ? (row.order[column.place] ?? row.raw[column.start]) : ""),
    createdCell: (cell, _, row) => fill(cell, row, hints, column),
  }));
  const grid = new DataTable(table, {
    data: rows,
    columns: [first, ...others],
    deferRender: true,
    autoWidth: false,
    pageLength: perPage(rows),
    displayStart: (Math.max(1, page) - 1) * perPage(rows),
    layout: { topStart: null, topEnd: null, bottomStart: null, bottomEnd: null },
    language: { emptyTable: "No rows.", zeroRecords: "No method fits these filters." },
    orderMulti: false,
    order: [order],
    createdRow: (element, row) => {
      if (row.style) element.classList.add(row.style);
      element.firstElementChild.append(pickBox(row));
    },
  });
  grid.off("stateSaveParams"); // the address keeps the state; asked at each drawing, a plug-in would go through every cell
  grid.search.fixed("chosen", (_, row) => fits(row));
  return grid;
}
