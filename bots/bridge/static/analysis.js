// An analysis as it comes: the quick scan on the left, the deep side's progress on the right, over a WebSocket.

import { all, csrf, one } from "./dom.js";

const ASKED = /^\W*(?:@?trinity\b[\s,:]*)?(?:please |bitte |por favor,? )?(?:analy[sz]e|analysier\w*|analiza\w*|analys\w*|analisa\w*|analizz\w*|scan|review)\b/i;
const ARCHIVE = /\.(?:zip|tar|tar\.gz|tgz|tar\.bz2|tbz2)$/i;

/** Whether what was sent asks for an analysis of an attached archive. */
export const asksForAnalysis = (words, files) => ASKED.test(words) && files.some((file) => ARCHIVE.test(file.name));

/** Shows the analysis of an exchange inside its pending answer until the answer takes its place. */
export function watchAnalysis(answer, id) {
  const box = document.createElement("div");
  box.className = "analysis";
  const scan = column(box, "Quick scan");
  const deep = column(box, "Deep analysis");
  answer.append(box);
  const url = `${location.origin.replace(/^http/, "ws")}/bridge/exchanges/${encodeURIComponent(id)}/analysis`;
  let tries = 0;
  const open = () => {
    const socket = new WebSocket(url);
    socket.addEventListener("open", () => {
      scan.list.replaceChildren();
      deep.list.replaceChildren();
      socket.send(JSON.stringify({ csrf: csrf() }));
    });
    socket.addEventListener("message", ({ data }) => show(JSON.parse(data), scan, deep));
    socket.addEventListener("close", ({ code }) => {
      // The exchange may not have begun, or the connection was cut: what was found is sent again from the first.
      if (box.isConnected && (code !== 1000 || !scan.list.children.length) && tries++ < 20) setTimeout(open, 500);
    });
  };
  open();
}

function column(box, title) {
  const part = document.createElement("section");
  const head = document.createElement("h3");
  const said = document.createElement("p");
  const list = document.createElement("ul");
  head.textContent = title;
  said.className = "faint";
  part.append(head, said, list);
  box.append(part);
  return { said, list };
}

function show(found, scan, deep) {
  if (found.kind === "file") {
    scan.said.textContent = `${found.number} of ${found.of} files`;
    const item = line(scan.list, found.name, found.findings.join("; "));
    if (found.findings.length === 0) item.classList.add("faint");
  } else if (found.kind === "note") {
    const item = all("li", scan.list).find((one) => one.dataset.name === found.name);
    if (item) one("small", item).textContent += ` ${found.text}`;
  } else if (found.kind === "no_notes") {
    scan.said.textContent += ", no local model for a sentence on each";
  } else if (found.kind === "picked") {
    deep.said.textContent = `${found.names.length} files picked`;
    for (const name of found.names) line(deep.list, name, "");
  } else if (found.kind === "deep") {
    deep.said.textContent = "judged; being sealed";
  }
}

function line(list, name, words) {
  const item = document.createElement("li");
  const code = document.createElement("code");
  const small = document.createElement("small");
  item.dataset.name = name;
  code.textContent = name;
  small.textContent = words;
  item.append(code, " ", small);
  list.append(item);
  list.scrollTop = list.scrollHeight;
  return item;
}
