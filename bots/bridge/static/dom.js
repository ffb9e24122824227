// Small helpers shared by the pages: find, insert the server's own HTML, tell the time, send with the secret.

export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

export const csrf = () => one('meta[name="csrf"]')?.content ?? "";

// The page's policy allows HTML into the document only through this one door, and only the server's HTML uses it.
const policy = globalThis.trustedTypes?.createPolicy("bridge", { createHTML: (html) => html }) ?? {
  createHTML: (html) => html,
};

/** The first element of a piece of HTML that the bridge itself rendered. */
export function fromServer(html) {
  const template = document.createElement("template");
  template.innerHTML = policy.createHTML(html);
  localTimes(template.content);
  return template.content.firstElementChild;
}

/** Shows every moment in the reader's own time zone. */
export function localTimes(root = document) {
  const now = new Date();
  for (const element of all("time[datetime]", root)) {
    const moment = new Date(element.dateTime);
    const near = Math.abs(now - moment) < 20 * 3600 * 1000 && now.getDate() === moment.getDate();
    const options = near
      ? { hour: "2-digit", minute: "2-digit" }
      : { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
    element.textContent = moment.toLocaleString(undefined, options);
    element.title = moment.toLocaleString();
  }
}

/** fetch with the page's secret; a refusal becomes an Error whose message is the server's plain sentence. */
export async function send(url, options = {}) {
  const headers = { Accept: "application/json", "X-CSRF-Token": csrf(), ...options.headers };
  let answer;
  try {
    answer = await fetch(url, { ...options, headers, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("Trinity cannot be reached. Nothing was lost here; try again in a moment.", { cause: error });
  }
  if (answer.ok || options.accept?.includes(answer.status)) return answer;
  const said = await answer.json().catch(() => null);
  const failure = new Error(said?.message ?? "That did not work. Reload the page, then try again.");
  failure.status = answer.status;
  throw failure;
}
