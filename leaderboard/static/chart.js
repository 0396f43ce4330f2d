// Readings under the pointer, or under the arrow keys, taken from the drawn paths and the axes beside them.
const SVG = "http://www.w3.org/2000/svg";
const GRID = 1000;
const MOST = 9;

const axis = (text) => (text ? text.split(" ").map(Number) : null);
const format = (value) => Number(value.toPrecision(3)).toString();

/** The points of a path such as "M0 500 5 480M20 400 25 390". */
function points(path) {
  const numbers = path.getAttribute("d").match(/\d+/g)?.map(Number) ?? [];
  return numbers.flatMap((number, i) => (i % 2 ? [] : [[number, numbers[i + 1]]]));
}

function nearest(curve, x) {
  let best = null;
  for (const point of curve) if (!best || Math.abs(point[0] - x) < Math.abs(best[0] - x)) best = point;
  return best;
}

/** Make a chart answer to pointer and keyboard; call it again when its paths have changed. */
export function enliven(plot) {
  const frame = plot.querySelector("svg.frame");
  const scales = { x: axis(plot.dataset.x), left: axis(plot.dataset.left), right: axis(plot.dataset.right) };
  const lines = [...plot.querySelectorAll("path.line:not(.faint)")].map((path) => ({ path, curve: points(path) }));
  plot.querySelector(".cursor")?.remove();
  plot.querySelector(".reading")?.remove();
  if (!lines.some((line) => line.curve.length)) return;
  const cursor = frame.appendChild(document.createElementNS(SVG, "line"));
  cursor.setAttribute("class", "cursor");
  cursor.setAttribute("y2", "100%");
  const reading = plot.appendChild(document.createElement("div"));
  reading.className = "reading";
  reading.setAttribute("role", "status");
  let at = GRID;

  const hide = () => {
    cursor.style.display = reading.style.display = "none";
    plot.classList.remove("dim");
  };
  const show = (x, y) => {
    at = Math.max(0, Math.min(GRID, x));
    const found = lines.map(({ path, curve }) => ({ path, point: nearest(curve, at) })).filter((line) => line.point);
    const anchor = found[0].point[0];
    cursor.style.display = reading.style.display = "";
    cursor.setAttribute("x1", `${anchor / 10}%`);
    cursor.setAttribute("x2", `${anchor / 10}%`);
    const [low, high] = scales.x;
    const rows = found.map(({ path, point }) => {
      const [bottom, top] = path.hasAttribute("data-right") ? scales.right : scales.left;
      return { path, name: path.dataset.name, high: point[1], value: bottom + (1 - point[1] / GRID) * (top - bottom) };
    });
    rows.sort((a, b) => a.high - b.high);
    reading.replaceChildren();
    const head = reading.appendChild(document.createElement("b"));
    head.textContent = `${plot.dataset.unit ?? "step"} ${format(low + (anchor / GRID) * (high - low))}`;
    for (const row of rows.slice(0, MOST)) {
      reading.append(document.createElement("br"), `${row.name} ${format(row.value)}`);
    }
    const right = anchor < GRID / 2;
    reading.style.left = right ? `calc(${anchor / 10}% + 10px)` : "";
    reading.style.right = right ? "" : `calc(${100 - anchor / 10}% + 10px)`;
    if (lines.length > 2 && y !== undefined) {
      const closest = rows.reduce((a, b) => (Math.abs(b.high - y) < Math.abs(a.high - y) ? b : a));
      plot.classList.add("dim");
      for (const row of rows) row.path.classList.toggle("lit", row === closest);
      head.textContent += ` · ${closest.name}`;
    }
  };
  const point = (event) => {
    const box = frame.getBoundingClientRect();
    show(((event.clientX - box.left) / box.width) * GRID, ((event.clientY - box.top) / box.height) * GRID);
  };
  hide();
  plot.tabIndex = 0;
  plot.setAttribute("role", "group");
  plot.setAttribute("aria-label", `${frame.querySelector("title").textContent}: arrow keys read values`);
  plot.onpointermove = plot.onpointerdown = point;
  plot.onpointerleave = plot.onblur = hide;
  plot.onkeydown = (event) => {
    const move = { ArrowLeft: -GRID / 40, ArrowRight: GRID / 40, Home: -GRID, End: GRID }[event.key];
    if (move === undefined) return;
    event.preventDefault();
    show(at + move);
  };
}

for (const plot of document.querySelectorAll("[data-chart]")) enliven(plot);
