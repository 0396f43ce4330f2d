// Help that a finger, a key and a pointer all reach: column names have buttons (in the page itself), cells and points
// of figures show what is known of them when they are clicked or touched.
const within = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);

// A header's help must not sort its column; the popover opens all the same, as it is what the button does.
for (const kind of ["click", "keydown", "keypress"]) {
  addEventListener(kind, (event) => within(event, "button.help") && event.stopPropagation(), true);
}

let bubble;
function tell(text) {
  if (!bubble) {
    bubble = document.createElement("div");
    bubble.className = "bubble";
    bubble.popover = "auto";
    bubble.setAttribute("role", "status");
    document.body.append(bubble);
  }
  bubble.textContent = text;
  bubble.showPopover();
}

addEventListener("click", (event) => {
  if (within(event, "a, button, input, select, summary, label")) return;
  const point = within(event, ".point");
  const titled = within(event, "[title]");
  const cell = within(event, "td, th[scope=row]");
  const text = point ? point.querySelector("title").textContent : [...new Set([titled?.title, cell?.title])].filter(Boolean).join(" ");
  if (text) tell(cell?.dataset.label ? `${cell.dataset.label}: ${text}` : text);
});
