// Holds an Enter that comes before chat.js is loaded, so that a quick hand is not answered with a line break.
// Loaded without `defer` on purpose: it has to listen before the text box can be typed in.
(() => {
  document.addEventListener("keydown", (event) => {
    const form = event.target.closest?.("[data-composer]");
    if (!form || "ready" in form.dataset || event.target.tagName !== "TEXTAREA") return;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.dataset.entered = "";
  });
})();
