// A link from another site arrives without the strict cookie. Asking again from here carries it.

import { one } from "./dom.js";

const again = one("[data-again]");
if (again) {
  fetch(again.href, { method: "GET", credentials: "same-origin", headers: { Accept: "application/json" } })
    .then((answer) => {
      if (answer.ok) location.replace(again.href);
    })
    .catch(() => {});
}
