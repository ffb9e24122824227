"""The connection: Socket Mode with a probe of its own, or signed HTTP on a listener that serves nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import socket as sockets
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import structlog
import uvicorn
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bots.slack.web import Web, quiet

log = structlog.get_logger("slack")

PATH = "/slack/events"
_PING_S = 5.0  # the library takes a connection for dead after four pings without an answer
_PROBE_S = 5.0
_SILENT_S = 30.0  # no answer to a ping for so long: a new connection, whatever the library thinks
_CLOSE_S = 3.0
_BODY = 1024 * 1024  # bytes of one request; Slack sends a few KB


class Link:
    """What both ways of connecting tell about themselves."""

    def __init__(self) -> None:
        self.last_event: float | None = None
        self.connects = 0

    def heard(self) -> None:
        """An event came in."""
        self.last_event = time.monotonic()

    @property
    def age_s(self) -> float | None:
        """Seconds since the last event; None before the first."""
        return None if self.last_event is None else time.monotonic() - self.last_event

    async def start(self) -> None:
        """Connect; returns once connected."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Disconnect."""
        raise NotImplementedError

    async def alive(self) -> bool:
        """Whether events can come in now."""
        raise NotImplementedError


class SocketLink(Link):
    """Socket Mode. `disconnect` messages are followed by the library; silent death is noticed by the probe."""

    def __init__(self, app: AsyncApp, app_token: str, web: Web) -> None:
        super().__init__()
        self._app = app
        self._client = SocketModeClient(app_token=app_token, web_client=web.ask, ping_interval=_PING_S, logger=quiet)
        self._client.socket_mode_request_listeners.append(self._handle)  # type: ignore[arg-type]
        self._probe: asyncio.Task[None] | None = None
        self._connecting: asyncio.Task[None] | None = None

    async def _handle(self, client: SocketModeClient, request: SocketModeRequest) -> None:
        answer = await run_async_bolt_app(self._app, request)
        # Without 200 nothing was kept: no acknowledgement, so that the platform delivers it again.
        await send_async_response(client, request, answer, time.time())

    async def start(self) -> None:
        await self._client.connect_to_new_endpoint(force=True)
        self.connects += 1
        self._probe = asyncio.create_task(self._watch(), name="slack-probe")

    async def stop(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)
        client = self._client
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_CLOSE_S):
                await client.close()  # type: ignore[no-untyped-call]
        for task in (client.message_processor, client.current_session_monitor, client.message_receiver):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if not client.aiohttp_client_session.closed:
            await client.aiohttp_client_session.close()

    async def alive(self) -> bool:
        return await self._client.is_connected()

    async def _watch(self) -> None:
        silent_since: float | None = None
        while True:
            await asyncio.sleep(_PROBE_S)
            try:
                if await self._answers():
                    silent_since = None
                    continue
                silent_since = silent_since or time.monotonic()
                if time.monotonic() - silent_since >= _SILENT_S - 4 * _PING_S:
                    log.warning("slack.silent")
                    silent_since = None
                    await self._client.connect_to_new_endpoint(force=True)
                    self.connects += 1
            except Exception as error:  # noqa: BLE001 - the probe must outlive whatever it finds
                log.warning("slack.probe", error=type(error).__name__)

    async def _answers(self) -> bool:
        last = self._client.last_ping_pong_time
        fresh = last is not None and time.time() - last < 4 * _PING_S
        return fresh and await self._client.is_connected()


class _QuietServer(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the process's wiring."""
        yield


class HttpLink(Link):
    """Signed HTTP: bolt checks the signature and the five-minute window before anything else looks at a request."""

    def __init__(self, app: AsyncApp, host: str, port: int) -> None:
        super().__init__()
        self._host, self._port = host, port
        handler = AsyncSlackRequestHandler(app, path=PATH)

        async def asgi(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                return
            length = dict(scope["headers"]).get(b"content-length", b"")
            # The signature is over the whole body: an unsigned sender must not make us keep a large one.
            if scope["method"] == "POST" and (not length.isdigit() or int(length) > _BODY):
                await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
                await send({"type": "http.response.body", "body": b""})
                return
            await handler(scope, receive, send)

        self._asgi: Callable[[Any, Any, Any], Awaitable[None]] = asgi
        self._server: _QuietServer | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        sock = sockets.socket(sockets.AF_INET6 if ":" in self._host else sockets.AF_INET)
        sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        sock.bind((self._host, self._port))
        sock.setblocking(False)
        self._port = int(sock.getsockname()[1])
        config = uvicorn.Config(
            self._asgi,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=2,
        )
        self._server = _QuietServer(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[sock]), name="slack-http")
        self.connects += 1

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    async def stop(self) -> None:
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await asyncio.gather(self._task, return_exceptions=True)

    async def alive(self) -> bool:
        return self._task is not None and not self._task.done()
