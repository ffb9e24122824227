"""`/mcp` in the bridge's server: who asks is proved first, then the protocol's own code is loaded and served."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from bots.bridge.auth import caller
from bots.bridge.errors import Refusal
from bots.mcp.services import Caller, McpServices

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

PATH = "/mcp"
_MAX_BODY = 4 * 1024 * 1024  # bytes of one message
_MAX_SESSIONS = 5_000
_IDLE_S = 1800.0


class McpMount:
    """An ASGI application. Nothing of the protocol is imported before the first request; `close` ends every session."""

    def __init__(self, services: McpServices) -> None:
        self._services = services
        self._opening = asyncio.Lock()
        self._manager: StreamableHTTPSessionManager | None = None
        self._running: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request. Raises the bridge's Refusal where nobody vouches for it, or past the pace."""
        request = Request(scope, receive)
        who = await caller(request)
        # A handshake opens a session, which is kept for a while: it counts as a call, so that nobody opens them all.
        if request.method == "POST" and not {"mcp-session-id", "mcp-protocol-version"} & set(request.headers):
            wait = self._services.limiter.allow(who.actor.person, "mcp")
            if wait is not None:
                raise Refusal(
                    429,
                    "rate_limited",
                    f"That was more than I may take a minute; try again in {max(1, round(wait))} s.",
                )
        app = await self._app(scope, Caller(who.actor, who.scopes))
        await app(scope, receive, send)

    async def close(self) -> None:
        """End every session and stream."""
        self._closing.set()
        if self._running is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._running

    async def _app(self, scope: Scope, who: Caller) -> ASGIApp:
        async with self._opening:
            if self._manager is None:
                await asyncio.to_thread(__import__, "bots.mcp.server")
                self._manager = await self._start()
        from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
        from mcp.server.auth.provider import AccessToken

        from bots.mcp.server import CALLER

        scope[CALLER] = who
        # A session answers only to who opened it: the library compares this between requests.
        scope["user"] = AuthenticatedUser(
            AccessToken(token="-", client_id=who.actor.person, scopes=sorted(who.scopes))  # noqa: S106  # no secret
        )
        return self._manager.asgi_app

    async def _start(self) -> StreamableHTTPSessionManager:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
        from mcp.server.transport_security import TransportSecuritySettings

        from bots.mcp.server import build

        manager = StreamableHTTPSessionManager(
            app=build(self._services)._lowlevel_server,
            # Host and Origin are checked by the bridge's guard and by `caller`, more strictly than here.
            security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
            max_request_body_size=_MAX_BODY,
            max_sessions=_MAX_SESSIONS,
            session_idle_timeout=_IDLE_S,
        )
        ready = asyncio.Event()

        async def run() -> None:
            async with manager.run():
                ready.set()
                await self._closing.wait()

        self._running = asyncio.create_task(run(), name="mcp")
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({waiting, self._running}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not ready.is_set():
            self._running.result()
        return manager
