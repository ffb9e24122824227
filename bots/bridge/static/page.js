// On every page: the reader's time zone, and the switch between light and dark.

import { localTimes, one } from "./dom.js";

localTimes();

const toggle = one("[data-theme-toggle]");
if (toggle) {
  const root = document.documentElement;
  const dark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const label = () => {
    toggle.setAttribute("aria-label", dark() ? "Switch to light" : "Switch to dark");
    toggle.title = toggle.getAttribute("aria-label");
  };
  toggle.hidden = false;
  label();
  toggle.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try {
      localStorage.setItem("trinity-theme", root.dataset.theme);
    } catch {
      // Kept for this page only.
    }
    label();
  });
}
