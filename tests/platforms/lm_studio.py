"""A loopback chat server in LM Studio's form whose answers, and whose slowness, a test decides."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Chat:
    """What it says, and what it was asked."""

    url: str = ""
    answer: Callable[[list[dict[str, Any]]], str] = field(default=lambda messages: "It is so.")
    asked: list[list[dict[str, Any]]] = field(default_factory=list)
    waiting: threading.Event = field(default_factory=threading.Event)  # set while a call is held back
    hold: threading.Event | None = None  # answers wait for it

    def reply(self, messages: list[dict[str, Any]]) -> str:
        self.asked.append(messages)
        if self.hold is not None:
            self.waiting.set()
            self.hold.wait(60)
        return self.answer(messages)


@contextmanager
def lm_studio() -> Iterator[Chat]:
    """The server on a free loopback port; its one model is called `said`."""
    chat = Chat()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found = {"data": [{"id": "said", "object": "model"}]} if self.path == "/v1/models" else {"error": "unknown"}
            self._send("application/json", json.dumps(found).encode())

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            text = chat.reply(asked["messages"])
            pieces: list[dict[str, Any]] = [
                {"choices": [{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}]},
                {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
                {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10}},
            ]
            head = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "said"}
            lines = [f"data: {json.dumps(head | piece)}\n\n" for piece in pieces]
            self._send("text/event-stream", "".join([*lines, "data: [DONE]\n\n"]).encode())

        def _send(self, kind: str, body: bytes) -> None:
            try:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:  # the caller has gone, as a stopped exchange does
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    chat.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield chat
    finally:
        if chat.hold is not None:
            chat.hold.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
