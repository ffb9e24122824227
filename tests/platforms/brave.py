"""A loopback server that speaks Brave's web search as its reference describes it, and counts what reaches it.

Source: Brave Search API, "Web search": GET /res/v1/web/search, header X-Subscription-Token, parameters q (at most 400
characters and 50 words) and count (1 to 20), answer WebSearchApiResponse, X-RateLimit headers, 401/422/429 errors.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "-".join(("brave", "test", "key"))

Answer = Callable[[str], list[dict[str, Any]]]


def page(
    title: str, url: str, text: str, *, day: str | None = "2026-11-03", more: tuple[str, ...] = ()
) -> dict[str, Any]:
    """One member of `web.results`, with the fields the reference names."""
    host = urlsplit(url).hostname or ""
    result: dict[str, Any] = {
        "type": "search_result",
        "title": title,
        "url": url,
        "description": text,
        "is_source_local": False,
        "is_source_both": False,
        "language": "en",
        "family_friendly": True,
        "profile": {"name": host, "url": url, "long_name": host, "img": ""},
        "meta_url": {"scheme": "https", "netloc": host, "hostname": host, "favicon": "", "path": ""},
    }
    if day is not None:
        result |= {"page_age": f"{day}T08:15:00", "age": day}
    if more:
        result["extra_snippets"] = list(more)
    return result


@dataclass
class Brave:
    """What the server answers with, and what it was asked."""

    url: str = ""
    results: Answer = field(default=lambda query: [])
    queue: list[tuple[int, dict[str, str], bytes | None]] = field(default_factory=list)  # answers before the usual one
    policy: str = "100;w=1, 15000;w=2592000"
    asked: list[str] = field(default_factory=list)  # every question that reached it
    paths: list[str] = field(default_factory=list)
    hold: threading.Event | None = None  # answers wait for it

    def respond(self, path: str, headers: Any) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(path)
        query = parse_qs(parts.query)
        text = query.get("q", [""])[0]
        self.paths.append(path)
        self.asked.append(text)
        if self.hold is not None:
            self.hold.wait(30)
        if parts.path != "/res/v1/web/search":
            return self._error(404, "NOT_FOUND")
        if headers.get("X-Subscription-Token") != KEY:
            return self._error(401, "SUBSCRIPTION_TOKEN_INVALID")
        count = query.get("count", ["20"])[0]
        if not text or len(text) > 400 or len(text.split()) > 50 or not 1 <= int(count) <= 20:
            return self._error(422, "VALIDATION")
        if self.queue:
            status, extra, body = self.queue.pop(0)
            return (status, extra, body) if body is not None else self._error(status, "FAULT", extra)
        answer = {
            "type": "search",
            "query": {"original": text, "show_strict_warning": False, "is_navigational": False, "country": "us"},
            "mixed": {"type": "mixed", "main": [], "top": [], "side": []},
            "web": {"type": "search", "results": self.results(text), "family_friendly": True},
        }
        limits = {
            "X-RateLimit-Limit": "100, 15000",
            "X-RateLimit-Policy": self.policy,
            "X-RateLimit-Remaining": "99, 14000",
            "X-RateLimit-Reset": "1, 1419704",
        }
        return 200, limits, json.dumps(answer).encode()

    @staticmethod
    def _error(status: int, code: str, extra: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        body = {"id": "0", "status": status, "type": "ErrorResponse", "error": {"code": code, "status": status}}
        return status, extra or {}, json.dumps(body).encode()


@contextmanager
def brave(results: Answer | None = None) -> Iterator[Brave]:
    """The server on a free loopback port."""
    told = Brave()
    if results is not None:
        told.results = results

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = told.respond(self.path, self.headers)
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        if told.hold is not None:
            told.hold.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
