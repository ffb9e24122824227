"""Runs the bridge's application: on a TCP port for browsers and programs, on a Unix socket for the terminal verbs.

Signals belong to the process's wiring; this server never touches them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from bots.bridge.app import BridgeApp, build_app
from bots.bridge.guard import LOCAL
from bots.bridge.metrics import Metrics
from bots.bridge.services import BridgeServices

GRACE_S = 2  # how long open requests may take to end after stop(); streams are closed at once


class BridgeNotStarted(Exception):
    """The bridge could not listen; the message says where and why, and what to do."""


class _QuietServer(uvicorn.Server):
    """A uvicorn server that leaves signals alone and tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn would re-raise SIGTERM after serving and end the process before it has put things away."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class _OwnerOnlyProtocol(H11Protocol):
    """Refuses peers of another user, whatever the socket's file mode says (SO_PEERCRED, Linux)."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        peer = transport.get_extra_info("socket")
        wanted = getattr(socket, "SO_PEERCRED", None)
        if wanted is not None and peer is not None:
            _pid, uid, _gid = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, wanted, struct.calcsize("3i")))
            if uid not in (os.getuid(), 0):
                transport.abort()
                return
        super().connection_made(transport)


class Mounted(Protocol):
    """Another application at a path of the bridge's server."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    async def close(self) -> None:
        """End its streams; called once, before the server stops listening."""
        ...


class _Local:
    """Marks every request of the Unix socket as the home's owner's."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[LOCAL] = True
        await self._app(scope, receive, send)


class BridgeServer:
    """The bridge, started and stopped inside a running loop.

    `port` 0 takes a free one; `address` then tells which. `unix_socket` is made with mode 0600.
    """

    def __init__(
        self,
        services: BridgeServices,
        *,
        host: str = "127.0.0.1",
        port: int = 3100,
        unix_socket: Path | None = None,
        listen: bool = True,
        metrics: Metrics | None = None,
        mounts: Mapping[str, Mounted] | None = None,
    ) -> None:
        """`listen` false opens no port: a terminal verb's own short-lived instance needs the socket only."""
        self._host, self._port, self._unix, self._listen = host, port, unix_socket, listen
        self._mounts = dict(mounts or {})
        self.services = services
        self._bridge: BridgeApp = build_app(services, metrics, self._mounts)
        self._servers: list[_QuietServer] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._bound: tuple[str, int] | None = None

    @property
    def bridge(self) -> BridgeApp:
        """The application and what belongs to it (metrics, closing of streams)."""
        return self._bridge

    @property
    def address(self) -> str:
        """Where a browser finds it, without a final slash; raises RuntimeError before start()."""
        if self._bound is None:
            raise RuntimeError("the bridge is not started")
        host, port = self._bound
        shown = "localhost" if host in ("127.0.0.1", "::1", "0.0.0.0", "::") else host  # noqa: S104  # shown, not bound
        return f"http://{shown}:{port}"

    @property
    def port(self) -> int:
        """The port really bound."""
        if self._bound is None:
            raise RuntimeError("the bridge is not started")
        return self._bound[1]

    async def start(self, unix_socket: Path | None = None) -> None:
        """Listen, then return. Raises BridgeNotStarted where an address cannot be had."""
        unix = unix_socket or self._unix
        sockets: list[socket.socket] = []
        if self._listen:
            sockets.append(_tcp_socket(self._host, self._port))
            self._bound = (self._host, sockets[0].getsockname()[1])
            self._bridge.guard.own_port = self._bridge.state.port = self._bound[1]
        if unix is not None:
            self._unix = unix
            try:
                sockets.append(_unix_socket(unix))
            except BaseException:
                for opened in sockets:
                    opened.close()
                raise
        for sock in sockets:
            local = sock.family == socket.AF_UNIX
            config = uvicorn.Config(
                _Local(self._bridge.asgi) if local else self._bridge.asgi,
                http=_OwnerOnlyProtocol if local else "h11",
                ws="websockets-sansio",
                ws_max_size=64 * 1024,
                lifespan="off",
                log_config=None,
                access_log=False,  # a query string may hold a sign-in code
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=GRACE_S,
                timeout_keep_alive=30,
                h11_max_incomplete_event_size=32 * 1024,
            )
            server = _QuietServer(config)
            self._servers.append(server)
            self._tasks.append(asyncio.create_task(server.serve(sockets=[sock]), name="bridge"))
        waits = [asyncio.create_task(server.listening.wait()) for server in self._servers]
        try:
            for wait, task in zip(waits, self._tasks, strict=True):
                await asyncio.wait({wait, task}, return_when=asyncio.FIRST_COMPLETED)
                if task.done():
                    await task
                    raise BridgeNotStarted("The bridge stopped while it was starting. Nothing was lost; start again.")
        finally:
            for wait in waits:
                wait.cancel()

    async def stop(self) -> None:
        """Close event streams, finish open requests (at most GRACE_S seconds), stop listening."""
        self._bridge.closing.set()
        for mounted in self._mounts.values():
            await mounted.close()
        for server in self._servers:
            server.should_exit = True
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._servers.clear()
        self._tasks.clear()
        if self._unix is not None:
            await asyncio.to_thread(_remove_socket, self._unix)


def _tcp_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise BridgeNotStarted(
            f"The bridge cannot listen on {host}:{port} ({error.strerror}). "
            "Another program may use it: stop that one, or set TRINITY_PORT to a free port."
        ) from error
    sock.setblocking(False)
    return sock


def _unix_socket(path: Path) -> socket.socket:
    """Bind with mode 0600 from the first moment; a socket file that nobody listens on is replaced."""
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.connect(str(path))
    except FileNotFoundError:
        pass
    except OSError:
        _remove_socket(path)
    else:
        raise BridgeNotStarted(f"Another Trinity listens on {path}. Speak to it, or stop it first.")
    finally:
        probe.close()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        sock.bind(str(path))
    except OSError as error:
        sock.close()
        raise BridgeNotStarted(f"The bridge cannot make its socket {path} ({error.strerror}).") from error
    finally:
        os.umask(before)
    path.chmod(0o600)
    sock.setblocking(False)
    return sock


def _remove_socket(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(cast(Any, path.lstat()).st_mode):
            path.unlink()
