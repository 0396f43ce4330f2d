// The rows and columns that the reader sees, as a file: raw values in CSV and JSON, the text of the cells elsewhere.
const plain = (html) => {
  const cell = new DOMParser().parseFromString(html, "text/html").body;
  cell.querySelectorAll(".more, svg").forEach((part) => part.remove());
  return [...cell.childNodes].map((part) => part.textContent.trim()).filter(Boolean).join(" ");
};
const named = (columns, row) =>
  Object.fromEntries(columns.flatMap((c) => c.fields.map((name, i) => [name, row.raw[c.start + i]])));
const texts = (columns, all, row) => columns.map((c) => plain(row.html[all.indexOf(c)]));

const quoted = (value) => (/[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
const ALWAYS = ["protocol", "model", "task", "judged", "avg", "seeds"];
/** What a file holds: the columns shown, and those without which its rows could be of any board and say little. */
const whole = (columns, all) => [...all.filter((c) => ALWAYS.includes(c.key) && !columns.includes(c)), ...columns];
const csv = (columns, rows) => {
  const names = columns.flatMap((column) => column.fields);
  const lines = rows.map((row) => Object.values(named(columns, row)).map((value) => quoted(String(value ?? ""))));
  return [names.map(quoted), ...lines].map((line) => `${line.join(",")}\n`).join("");
};

const json = (columns, rows) => `${JSON.stringify(rows.map((row) => named(columns, row)), null, 1)}\n`;

const inert = (text) => text.replace(/[\\|`*_<>[\]]/g, "\\$&");
const markdown = (columns, rows) => {
  const line = (parts) => `| ${parts.join(" | ")} |\n`;
  const head = line(columns.map((c) => inert(c.name))) + line(columns.map((c) => (c.numeric ? "---:" : ":---")));
  return head + rows.map((row) => line(texts(columns, rows.columns, row).map(inert))).join("");
};

const TEX = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "–": "--", "−": "$-$" };
const tex = (text) => text.replace(/[\\~^–−&%$#_{}]/g, (letter) => TEX[letter] ?? `\\${letter}`);
const latex = (columns, rows) => {
  const line = (parts) => `${parts.map(tex).join(" & ")} \\\\\n`;
  const body = rows.map((row) => line(texts(columns, rows.columns, row))).join("");
  const shape = columns.map((column) => (column.numeric ? "r" : "l")).join("");
  return `\\begin{tabular}{${shape}}\n\\toprule\n${line(columns.map((c) => c.name))}\\midrule\n${body}\\bottomrule\n\\end{tabular}\n`;
};

const FORMS = {
  csv: [csv, "text/csv"],
  json: [json, "application/json"],
  md: [markdown, "text/markdown"],
  tex: [latex, "text/x-tex"],
};

/** The name of a file: the board that its rows are of. */
function fileName(kind, rows) {
  const found = [...new Set(rows.map((row) => row.facets.name))];
  return `urlvr-bench_${found.length === 1 ? found[0] : `${found.length}-boards`}.${kind}`;
}

/** Save `rows` with their `columns` as a file of a kind; `all` are the columns that a row's html belongs to. */
export function download(kind, columns, rows, all) {
  rows.columns = all;
  const [write, type] = FORMS[kind];
  const link = document.createElement("a");
  const chosen = kind === "csv" || kind === "json" ? whole(columns, all) : columns;
  link.href = URL.createObjectURL(new Blob([write(chosen, rows)], { type: `${type};charset=utf-8` }));
  link.download = fileName(kind, rows);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
