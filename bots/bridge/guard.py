"""The bridge's outer wall: who may address it, how much they may send, and which headers every answer carries.

Pure ASGI, so that streams pass through untouched.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL = "trinity.local"  # scope key: the request came over the home's own socket
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
KIB = 1024
BODY_LIMIT = 64 * KIB  # forms and small JSON
DRAIN_LIMIT = 64 * KIB * KIB
DRAIN_S = 10.0
CHAT_LIMIT = 10 * KIB * KIB  # a message and its attachments (at most 8 of 1 MiB)

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types bridge",
    )
)
HEADERS = (
    ("Content-Security-Policy", CSP),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)

log = structlog.get_logger(__name__)

OnError = Callable[[Scope, int, str, str], Awaitable[tuple[bytes, bytes]]]


class Guard:
    """Outermost middleware: Host allow-list, body limits, headers, and no stack trace for anybody."""

    def __init__(self, app: ASGIApp, *, public_host: str | None, own_port: int | None = None) -> None:
        self._app = app
        self._public = public_host.lower() if public_host else None
        self.own_port = own_port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        if not scope.get(LOCAL):
            refusal = self._refuse_host(headers.getlist("host"))
            if refusal:
                await answer_error(scope, send, *refusal)
                return
        limit = CHAT_LIMIT if _takes_messages(scope["path"]) else BODY_LIMIT
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > limit:
            await _drain(receive)
            await answer_error(scope, send, *_too_large(limit))
            return

        started = False
        received = 0

        async def measured() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                await _drain(receive)
                _status, _code, sentence = _too_large(limit)
                raise HTTPException(413, sentence)
            return message

        async def with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                out = MutableHeaders(scope=message)
                for name, value in HEADERS:
                    out.setdefault(name, value)
                out.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, measured, with_headers)
        except Exception as error:  # noqa: BLE001  # the last line: uvicorn would drop the connection
            log.error("bridge.error", error=type(error).__name__, path_class=_path_class(scope["path"]))
            if not started:
                await answer_error(
                    scope,
                    send,
                    500,
                    "internal",
                    "Something went wrong on this side. What you sent may not have been "
                    "taken; look at the thread, then try again.",
                )

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A WebSocket is let in under our own names only; its route looks at the Origin and at who asks."""
        if not scope.get(LOCAL) and self._refuse_host(Headers(scope=scope).getlist("host")):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, send)

    def _refuse_host(self, hosts: list[str]) -> tuple[int, str, str] | None:
        if len(hosts) != 1:
            return 400, "no_host", "The request names no single host."
        name, port = split_host(hosts[0])
        if self._public is not None and name == self._public:
            return None
        if name in ("localhost", "127.0.0.1", "::1") and (self.own_port is None or port in (None, self.own_port)):
            return None
        return 421, "wrong_host", "This Trinity does not answer under that name. Open it as localhost."


def split_host(host: str) -> tuple[str, int | None]:
    """`localhost:3100` → ("localhost", 3100); what cannot be read gives an empty name, which is never allowed."""
    try:
        parts = urlsplit(f"//{host}")
        if parts.username is not None or parts.path or parts.query or parts.fragment:
            return "", None
        return (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "", None


def same_origin(request: HTTPConnection) -> bool:
    """Whether a browser sent this from a page of ours.

    The Origin must name the Host that was asked. A form under `Referrer-Policy: no-referrer` sends the Origin
    "null" (Fetch, "append a request Origin header"), then Sec-Fetch-Site, which no page can forge, must say so.
    """
    if len(request.headers.getlist("origin")) > 1:
        return False
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    if origin is not None and origin != "null":
        parts = urlsplit(origin)
        host = request.headers.get("host", "").lower()
        return parts.scheme in ("http", "https") and parts.netloc.lower() == host and site in (None, "same-origin")
    return site == "same-origin"


def csrf_matches(expected: str, given: str | None) -> bool:
    """Compare in constant time; an empty secret never matches."""
    return bool(expected) and given is not None and hmac.compare_digest(expected.encode(), given.encode())


def wants_html(scope: Scope) -> bool:
    """Whether the caller is a browser that reads pages: never below /api, and only where Accept names HTML."""
    return not scope["path"].startswith("/api/") and "text/html" in Headers(scope=scope).get("accept", "")


async def answer_error(scope: Scope, send: Send, status: int, code: str, sentence: str) -> None:
    """A refusal before any page code ran: JSON with a plain sentence, nothing of the request repeated."""
    body = json.dumps({"error": code, "message": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in HEADERS]
    headers += [(b"cache-control", b"no-store"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _too_large(limit: int) -> tuple[int, str, str]:
    size = f"{limit // KIB // KIB} MB" if limit >= KIB * KIB else f"{limit // KIB} KB"
    return 413, "too_large", f"That is more than {size} at once. Nothing was taken; send less, or in parts."


async def _drain(receive: Receive) -> None:
    """Read what is still coming, within reason: a sender who is cut off in mid-sentence never sees the answer."""
    left = DRAIN_LIMIT
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return


def _takes_messages(path: str) -> bool:
    return path in ("/api/trinity/chat", "/api/trinity/analyze", "/bridge/messages", "/mcp")


def _path_class(path: str) -> str:
    """The first two parts of a path: enough to find the route, too little to tell a thread."""
    return "/".join(path.split("/")[:3])
