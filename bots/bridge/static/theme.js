// Sets the chosen theme before the first paint, so that nothing flashes. Loaded without `defer` on purpose.
(() => {
  try {
    const chosen = localStorage.getItem("trinity-theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // A browser that keeps nothing follows the system.
  }
})();
