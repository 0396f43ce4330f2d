// Runs before the first paint: says that scripts work and sets the theme that was chosen last.
document.documentElement.classList.add("js");
const stored = (value) => {
  try {
    if (value) localStorage.setItem("theme", value);
    return localStorage.getItem("theme");
  } catch {
    return null; // storage is off, or a sandboxed frame
  }
};
if (stored()) document.documentElement.dataset.theme = stored();
addEventListener("DOMContentLoaded", () => {
  document.querySelector("[data-theme-button]").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    stored(root.dataset.theme);
  });
});
