// "Verify" with its progress shown; without this script the button loads a page with the result.

import { one, send } from "./dom.js";
import { readEvents } from "./stream.js";

const form = one("[data-verify]");
const box = one("[data-verify-progress]");
const bar = one("progress", box);
const count = one("[data-verify-count]");
const line = one("[data-verify-result]");

function show(ok, sentence) {
  line.classList.toggle("is-good", ok);
  line.classList.toggle("is-bad", !ok);
  one("use", line).setAttribute("href", ok ? "#v-seal" : "#v-void");
  one("span", line).textContent = sentence;
  line.hidden = false;
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = one("button", form);
  button.disabled = true;
  line.hidden = true;
  box.hidden = false;
  bar.removeAttribute("value");
  count.textContent = "";
  let ended = false;
  try {
    const answer = await send("/bridge/ledger/verification", { method: "POST", headers: { Accept: "text/event-stream" } });
    await readEvents(answer, (name, data) => {
      if (name === "progress" && data.total > 0) {
        bar.max = data.total;
        bar.value = data.done;
        count.textContent = `${data.done.toLocaleString()} of ${data.total.toLocaleString()}`;
      }
      if (name === "result") {
        ended = true;
        show(data.ok, data.sentence);
      }
    });
    if (!ended) show(false, "The verification was cut off. Nothing was changed; press Verify again.");
  } catch (error) {
    show(false, error.message);
  } finally {
    box.hidden = true;
    button.disabled = false;
  }
});
