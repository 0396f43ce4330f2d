// The table library set to our rows: the order of values, pinned references, cells that were written at build time.
import DataTable from "./lib/datatables.js";

// Missing values go last in both directions; references stay on top through the fixed first order.
const empty = (value) => value === null || value === undefined;
const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a - b);
DataTable.type("value", {
  detect: () => false,
  order: {
    asc: (a, b) => (empty(a) ? (empty(b) ? 0 : 1) : empty(b) ? -1 : compare(a, b)),
    desc: (a, b) => (empty(a) ? (empty(b) ? 0 : 1) : empty(b) ? -1 : compare(b, a)),
  },
});

const pin = (row) => (row.method === "step 0" ? 0 : row.style === "reference" ? 1 : 2);
const perPage = (rows) => (rows.length > 1000 ? 25 : 100); // short pages keep a big board quick

function dress(cell, [style, tip], column) {
  if (style) cell.classList.add(style);
  if (tip) cell.title = tip;
  if (column.key === "method") cell.scope = "row";
}

/** Turn a table that reads well by itself into a grid; `pickBox` makes what stands in the first column of a row. */
export function makeGrid(table, { rows, columns, hints }, { order, page, fits, pickBox }) {
  table.querySelector("tbody").replaceChildren();
  table.querySelector("thead tr").replaceChildren();
  const sorts = (type) => type === "sort" || type === "type";
  const first = {
    title: '<span class="hidden">Compare</span>',
    className: "pick",
    orderable: false,
    searchable: false,
    data: (row, type) => (sorts(type) ? pin(row) : ""),
  };
  const others = columns.map((column, i) => ({
    title: column.name,
    type: "value",
    className: `${column.key}${column.numeric ? " num" : ""}`,
    cellType: column.key === "method" ? "th" : "td",
    searchable: false,
    orderSequence: column.numeric && column.key !== "rank" ? ["desc", "asc"] : ["asc", "desc"],
    data: (row, type) => (sorts(type) ? row.raw[column.start] : row.html[i]),
    createdCell: (cell, _, row) => dress(cell, hints[row.hints[i]], column),
  }));
  const grid = new DataTable(table, {
    data: rows,
    columns: [first, ...others],
    deferRender: true,
    autoWidth: false,
    pageLength: perPage(rows),
    displayStart: (Math.max(1, page) - 1) * perPage(rows),
    layout: { topStart: null, topEnd: null, bottomStart: null, bottomEnd: null },
    language: { emptyTable: "No rows.", zeroRecords: "No row fits these filters." },
    orderMulti: false,
    orderFixed: { pre: [0, "asc"] },
    order: [order],
    createdRow: (element, row) => {
      if (row.style) element.classList.add(row.style);
      element.firstElementChild.append(pickBox(row));
    },
  });
  columns.forEach((column, i) => (grid.column(i + 1).header().title = column.help));
  grid.search.fixed("chosen", (_, row) => fits(row));
  return grid;
}
