// Reads server-sent events with fetch, because EventSource cannot send the page's secret as a header.

import { send } from "./dom.js";

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Calls `on(name, data)` for each event of one response. Returns the last event's id. */
export async function readEvents(answer, on, lastId = "") {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let event = { name: "message", data: [] };
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return lastId;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (event.data.length > 0) on(event.name, JSON.parse(event.data.join("\n")));
        event = { name: "message", data: [] };
      } else if (line.startsWith("id: ")) {
        lastId = line.slice(4);
      } else if (line.startsWith("event: ")) {
        event.name = line.slice(7);
      } else if (line.startsWith("data: ")) {
        event.data.push(line.slice(6));
      }
    }
  }
}

/**
 * Follows an exchange until its outcome, through cut connections and restarts of the server.
 * Resolves with the outcome's data; rejects when the exchange is refused or nobody answers for two minutes.
 */
export async function followExchange(id, onStage, signal) {
  let lastId = "";
  let quietSince = Date.now();
  for (let wait = 400; ; wait = Math.min(wait * 1.7, 8000)) {
    let outcome = null;
    try {
      const headers = { Accept: "text/event-stream", ...(lastId && { "Last-Event-ID": lastId }) };
      const answer = await send(`/bridge/exchanges/${encodeURIComponent(id)}/events`, { headers, signal });
      lastId = await readEvents(
        answer,
        (name, data) => {
          quietSince = Date.now();
          wait = 400;
          if (name === "stage") onStage(data);
          if (name === "outcome") outcome = data;
        },
        lastId,
      );
      if (outcome) return outcome;
      lastId = ""; // ended without an outcome: the next life of the server counts its stages anew
    } catch (error) {
      if (error.name === "AbortError" || (error.status && error.status < 500)) throw error;
      lastId = "";
    }
    if (Date.now() - quietSince > 120_000) {
      throw new Error("No answer has come for two minutes. Your message is kept; reload the page to look again.");
    }
    await pause(wait);
  }
}
