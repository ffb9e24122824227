"""How every verb reaches Trinity: the running instance's socket, else an instance of its own for the moment.

Both ways speak the same HTTP API over the home's Unix socket, so that a verb exists once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import typer

from manifest.errors import ConfigError
from manifest.settings import Settings, load_settings
from trinity import home

T = TypeVar("T")
_BASE = "http://localhost"


class Failed(Exception):
    """What the verb asked for was not done; the message is for the person, the exit code is 1."""


class Client:
    """The HTTP API over the home's socket."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def get(self, path: str) -> Any:
        return self._checked(await self._http.get(path))

    async def get_bytes(self, path: str) -> bytes:
        response = await self._http.get(path)
        self._checked(response, parse=False)
        return response.content

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        # Escaped JSON: characters that are not valid UTF-8 travel as escapes.
        return self._checked(
            await self._http.post(
                path, content=json.dumps(body or {}), headers={"Content-Type": "application/json", "Origin": _BASE}
            )
        )

    async def events(self, method: str, path: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Server-sent events of a route as (name, data)."""
        async with self._http.stream(
            method, path, headers={"Origin": _BASE}, content="{}" if method == "POST" else None
        ) as response:
            if response.status_code >= 400:
                await response.aread()
                self._checked(response)
            name = "message"
            async for line in response.aiter_lines():
                if line.startswith("event:"):
                    name = line[6:].strip()
                elif line.startswith("data:"):
                    yield name, json.loads(line[5:])

    @staticmethod
    def _checked(response: httpx.Response, *, parse: bool = True) -> Any:
        if response.status_code >= 400:
            try:
                answer = response.json()
                sentence = answer.get("message") or answer.get("why")
            except ValueError:
                sentence = None
            sentence = sentence or f"The running Trinity refused (HTTP {response.status_code})."
            raise Failed(str(sentence))
        return response.json() if parse else None


async def _alive(socket: Path) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_unix_connection(str(socket)), 2)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Client]:
    """A client of the running instance, or of one that lives as long as this context."""
    home.prepare(settings.home)
    socket = home.socket_path(settings.home)
    own = None
    held = None
    if not await _alive(socket):
        from trinity.app import App

        held = home.lock(settings.home)
        held.__enter__()
        own = await App.start(settings, listen=False)
    try:
        transport = httpx.AsyncHTTPTransport(uds=str(socket))
        async with httpx.AsyncClient(
            transport=transport, base_url=_BASE, timeout=httpx.Timeout(200.0, connect=5.0)
        ) as http:
            yield Client(http)
    finally:
        if own is not None:
            await own.stop()
        if held is not None:
            held.__exit__(None, None, None)


def talk(use: Callable[[Client], Awaitable[T]], *, folder: Path | None = None) -> T:
    """Run one verb's work; failures become one plain line and an exit code (2 for a wrong setting)."""

    async def work() -> T:
        settings = load_settings(folder)
        async with connected(settings) as client:
            return await use(client)

    from bots.bridge.server import BridgeNotStarted
    from store.errors import StoreError
    from trinity import logs
    from vault.errors import VaultError

    logs.configure("error")
    try:
        return asyncio.run(work())
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except (Failed, home.HomeBusy, OSError, BridgeNotStarted, StoreError, VaultError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except httpx.HTTPError as error:
        typer.echo(
            f"The running Trinity did not answer ({type(error).__name__}). Nothing was changed; try again.", err=True
        )
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
