// The chat page: sending, live stages, the answer, attachments, keys.

import { all, fromServer, one, send } from "./dom.js";
import { asksForAnalysis, watchAnalysis } from "./analysis.js";
import "./holds.js";
import { followExchange } from "./stream.js";

const talk = one("[data-talk]");
const log = one("[data-log]");
const form = one("[data-composer]");
const text = one("textarea", form);
const sendButton = one("[data-send]", form);
const stopButton = one("[data-stop]", form);
const fileInput = one("[data-file-input]", form);
const fileList = one("[data-files]", form);
const errorLine = one("[data-error]", form);
const LIMIT = 1024 * 1024;
const MOST_FILES = 8;

let files = [];
let running = null; // { id, abort } while an answer is under way

// --- telling -------------------------------------------------------------------------------------------------

function announce(words) {
  one("[data-announce]").textContent = words;
}

function announceStage(words) {
  one("[data-announce-stage]").textContent = words;
}

function fail(words) {
  errorLine.textContent = words;
  errorLine.hidden = !words;
}

function setRunning(value) {
  running = value;
  sendButton.hidden = Boolean(value);
  stopButton.hidden = !value;
}

const nearEnd = () => document.documentElement.scrollHeight - innerHeight - scrollY < 240;
const toEnd = () => scrollTo({ top: document.documentElement.scrollHeight });

// --- one exchange --------------------------------------------------------------------------------------------

function light(answer, step) {
  const stage = one(`[data-stage="${CSS.escape(step.stage)}"]`, answer);
  if (!stage) return;
  stage.dataset.state = step.state;
  const name = one("em", stage).textContent;
  if (step.state === "started") {
    const words = step.note || name;
    one("[data-note]", answer).textContent = `${step.stage} ${words}`;
    announceStage(`Stage ${step.stage}, ${words}`);
  } else if (step.note) {
    one("[data-note]", answer).textContent = `${step.stage} ${step.note}`;
  }
}

async function watch(answer, id) {
  const abort = new AbortController();
  const began = performance.now();
  const clock = one("[data-clock]", answer);
  const timer = setInterval(() => {
    clock.textContent = `${((performance.now() - began) / 1000).toFixed(1)} s`;
  }, 100);
  answer.dataset.exchange = id;
  setRunning({ id, abort });
  try {
    const outcome = await followExchange(id, (step) => light(answer, step), abort.signal);
    const follow = nearEnd();
    const fresh = put(answer, outcome);
    announceStage("");
    if (follow) fresh.closest(".exchange")?.scrollIntoView({ block: "nearest" });
    return outcome;
  } catch (error) {
    one("[data-note]", answer).textContent = error.message;
    announce(error.message);
    return null;
  } finally {
    clearInterval(timer);
    setRunning(null);
  }
}

function put(old, outcome) {
  const fresh = fromServer(outcome.html);
  old.replaceWith(fresh);
  enliven(fresh);
  announce(outcome.spoken);
  awaitDecision(fresh);
  return fresh;
}

// What waits for a human goes on once somebody has decided, here or on another channel.
async function awaitDecision(answer) {
  if (answer.dataset.verdict !== "888_HOLD" || !one("[data-hold]", answer)) return;
  const url = `/bridge/exchanges/${encodeURIComponent(answer.dataset.exchange)}/decision`;
  while (answer.isConnected) {
    try {
      const reply = await send(url);
      if (reply.status === 200) {
        if (answer.isConnected) put(answer, await reply.json());
        return;
      }
    } catch (error) {
      if (error.status) return;
      await new Promise((done) => setTimeout(done, 5000));
    }
  }
}

function enliven(root) {
  for (const button of all("[data-copy]", root)) button.hidden = !navigator.clipboard;
}

async function copy(button) {
  const words = button.closest(".answer").querySelector(".prose").innerText;
  const label = one("span", button);
  try {
    await navigator.clipboard.writeText(words);
    label.textContent = "Copied";
    announce("Copied");
  } catch {
    label.textContent = "Not allowed here";
  }
  setTimeout(() => (label.textContent = "Copy"), 1600);
}

async function undo(undoForm) {
  const button = one("button", undoForm);
  button.disabled = true;
  try {
    const answer = await send(undoForm.action, { method: "POST", body: new FormData(undoForm) });
    const { message } = await answer.json();
    const line = document.createElement("p");
    line.className = "note";
    line.textContent = message;
    undoForm.closest(".foot").before(line);
    undoForm.remove();
    announce(message);
  } catch (error) {
    button.disabled = false;
    fail(error.message);
  }
}

// The last word counts: the other button lets go.
async function thumb(form) {
  const button = one("button", form);
  button.disabled = true;
  try {
    const answer = await send(form.action, { method: "POST", body: new FormData(form) });
    const { message } = await answer.json();
    for (const other of all("[data-thumb] button", form.parentElement)) other.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-pressed", "true");
    announce(message);
  } catch (error) {
    fail(error.message);
  } finally {
    button.disabled = false;
  }
}

// --- sending -------------------------------------------------------------------------------------------------

async function submit() {
  const words = text.value;
  if ((!words.trim() && files.length === 0) || running) return;
  fail("");
  const body = new FormData(form);
  body.delete("files");
  for (const file of files) body.append("files", file, file.name);
  const template = one("[data-pending-template]");
  const exchange = template.content.firstElementChild.cloneNode(true);
  one(".said p", exchange).textContent = words;
  if (files.length > 0) {
    const list = document.createElement("ul");
    list.className = "files";
    for (const file of files) list.append(chip(file, null));
    one(".said", exchange).append(list);
  }
  one("[data-welcome]")?.remove();
  log.append(exchange);
  const kept = { words, files };
  text.value = "";
  setFiles([]);
  grow();
  toEnd();
  sendButton.disabled = true;
  try {
    const answer = await send(form.action, { method: "POST", body });
    const { exchange_id: id, thread } = await answer.json();
    form.elements.event_id.value = freshId();
    adopt(thread, words);
    sendButton.disabled = false;
    const pending = one("[data-pending]", exchange);
    if (asksForAnalysis(kept.words, kept.files)) watchAnalysis(pending, id);
    await watch(pending, id);
    text.focus({ preventScroll: true });
  } catch (error) {
    exchange.remove();
    text.value = kept.words;
    setFiles(kept.files);
    grow();
    fail(error.message);
  } finally {
    sendButton.disabled = false;
  }
}

function freshId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function adopt(thread, words) {
  if (talk.dataset.thread === thread) return;
  talk.dataset.thread = thread;
  form.elements.thread.value = thread;
  history.replaceState(null, "", `/bridge/t/${thread}`);
  const item = document.createElement("li");
  const link = document.createElement("a");
  const title = document.createElement("span");
  link.href = `/bridge/t/${thread}`;
  link.setAttribute("aria-current", "page");
  title.textContent = words.trim().slice(0, 60) || "…";
  link.append(title);
  item.append(link);
  for (const old of all("[data-threads] [aria-current]")) old.removeAttribute("aria-current");
  one("[data-threads]").prepend(item);
}

async function stop() {
  if (!running) return;
  stopButton.disabled = true;
  announceStage("Stopping");
  try {
    await send(`/bridge/exchanges/${encodeURIComponent(running.id)}/cancel`, { method: "POST" });
  } catch (error) {
    fail(error.message);
  } finally {
    stopButton.disabled = false;
  }
}

// --- attachments ---------------------------------------------------------------------------------------------

function chip(file, onRemove) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.textContent = file.name;
  item.append(name);
  if (onRemove) {
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `Remove ${file.name}`);
    remove.addEventListener("click", onRemove);
    item.append(remove);
  }
  return item;
}

function setFiles(next) {
  files = next;
  fileList.replaceChildren(...files.map((file) => chip(file, () => setFiles(files.filter((f) => f !== file)))));
  fileList.hidden = files.length === 0;
  fileInput.value = "";
}

function addFiles(more) {
  const fit = more.filter((file) => file.size <= LIMIT);
  const next = [...files, ...fit];
  if (fit.length < more.length) fail("Attachments may have 1 MB each. The larger ones were left out.");
  else if (next.length > MOST_FILES) fail(`At most ${MOST_FILES} attachments at once. The rest was left out.`);
  else fail("");
  setFiles(next.slice(0, MOST_FILES));
}

fileInput.addEventListener("change", () => addFiles([...fileInput.files]));
text.addEventListener("paste", (event) => {
  const pasted = [...event.clipboardData.files];
  if (pasted.length > 0) {
    event.preventDefault();
    addFiles(pasted);
  }
});

const drop = one("[data-drop]");
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragenter", (event) => {
  if (carriesFiles(event)) drop.hidden = false;
});
addEventListener("dragover", (event) => {
  if (carriesFiles(event)) event.preventDefault();
});
addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) drop.hidden = true;
});
addEventListener("drop", (event) => {
  drop.hidden = true;
  if (!carriesFiles(event)) return;
  event.preventDefault();
  addFiles([...event.dataTransfer.files]);
});

// --- what comes unasked --------------------------------------------------------------------------------------

async function lookForNotices() {
  const thread = talk.dataset.thread;
  if (!thread || document.hidden) return;
  try {
    const answer = await send(`/bridge/t/${encodeURIComponent(thread)}/notices?seen=${talk.dataset.notices}`);
    const { html, spoken, seen } = await answer.json();
    if (talk.dataset.thread !== thread) return;
    const follow = nearEnd();
    talk.dataset.notices = seen;
    log.append(...html.map(fromServer));
    if (html.length > 0) announce(spoken);
    if (html.length > 0 && follow) toEnd();
  } catch {
    // Not reachable now: the next look will tell.
  }
}

setInterval(lookForNotices, 10_000);
document.addEventListener("visibilitychange", lookForNotices);

// --- keys and clicks -----------------------------------------------------------------------------------------

function grow() {
  if (CSS.supports("field-sizing", "content")) return;
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight}px`;
}

text.addEventListener("input", grow);
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    submit();
  }
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
stopButton.addEventListener("click", stop);
addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && running && !one(":popover-open")) stop();
  const writing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !writing) {
    event.preventDefault();
    text.focus();
  }
});

log.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
  const starter = event.target.closest("[data-starters] button");
  if (starter) {
    text.value = starter.textContent;
    text.focus();
    grow();
  }
});
log.addEventListener("submit", (event) => {
  const undoForm = event.target.closest("[data-undo]");
  if (undoForm) {
    event.preventDefault();
    undo(undoForm);
  }
  const thumbForm = event.target.closest("[data-thumb]");
  if (thumbForm) {
    event.preventDefault();
    thumb(thumbForm);
  }
});
const starters = one("[data-starters]");
if (starters) starters.hidden = false;
enliven(log);
for (const answer of all(".answer", log).slice(-20)) awaitDecision(answer);
setFiles([]);
const left = all("[data-pending]", log).at(-1);
if (left) watch(left, left.dataset.exchange);
if (all(".exchange", log).length > 0) toEnd();

// What was entered before this script listened (early.js) is sent now.
form.dataset.ready = "";
if ("entered" in form.dataset) submit();
