// Decides a hold in place; without this script the form does the same with a page of its own.

import { fromServer, send } from "./dom.js";

/** Sends a hold's form and puts the hold's new state in its place. */
async function decide(form, button) {
  const card = form.closest("[data-hold]");
  const body = new FormData(form);
  body.set(button.name, button.value);
  for (const each of form.querySelectorAll("button")) each.disabled = true;
  try {
    const answer = await send(form.action, { method: "POST", body, headers: { Accept: "text/plain" }, accept: [409] });
    const fresh = fromServer(await answer.text());
    card.replaceWith(fresh);
    fresh.tabIndex = -1;
    fresh.focus({ preventScroll: true });
  } catch (error) {
    let line = form.querySelector(".refused");
    if (!line) {
      line = document.createElement("p");
      line.className = "refused";
      line.setAttribute("role", "alert");
      form.append(line);
    }
    line.textContent = error.message;
    for (const each of form.querySelectorAll("button")) each.disabled = false;
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-decide]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  await decide(form, event.submitter);
});
