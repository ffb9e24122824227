"""The Discord bot's life: begun after Trinity is up, beside it, and ended with it. Without a token there is none."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from bots.bridge.services import Part
from bots.discord.spots import CHANNEL, DIRECT
from holds.notices import Place
from holds.record import HoldRecord
from manifest.settings import Settings
from notifications.outbox import SendLater
from store.errors import StoreError
from store.outbox import OutboxMessage
from store.people import Person

if TYPE_CHECKING:
    from bots.discord.client import TrinityClient
    from bots.discord.service import DiscordServices

log = structlog.get_logger("discord.start")

_SILENT_S = 60.0  # without a connection for longer, Trinity says that Discord is not ready
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
_SWEEP_S = 60.0
_GRACE_S = 0.5  # whoever waits for Trinity to be ready is answered before the imports take the processor


class DiscordBot:
    """Started and stopped by the roof; says how it is. The library is imported only here, and only with a token."""

    def __init__(self, settings: Settings) -> None:
        token = settings.discord_bot_token
        named = settings.discord_guilds or ""
        self._guilds = frozenset(int(one) for one in named.split(",") if one.strip())
        self._token = "" if token is None else token.get_secret_value().strip()
        self._api = settings.discord_api_url
        self.client: TrinityClient | None = None
        self._task: asyncio.Task[None] | None = None
        self._trouble = ""
        self._lost_at = time.monotonic()

    def start(self, services: DiscordServices, *, after: asyncio.Task[None]) -> None:
        """Begin to connect once `after` is done, as a task: nothing else waits for Discord, or for its imports."""
        if self._token:
            self._lost_at = time.monotonic()
            services = replace(services, guilds=self._guilds)
            self._task = asyncio.create_task(self._run(services, after), name="discord")

    async def stop(self) -> None:
        """Leave Discord, within a few seconds."""
        task, self._task = self._task, None
        if self.client is not None:
            with contextlib.suppress(TimeoutError, Exception):
                async with asyncio.timeout(3.0):
                    await self.client.close()
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def parts(self) -> tuple[Part, ...]:
        """How Discord is, for /readyz and `trinity doctor`; silence is no fault where no token is set."""
        if not self._token:
            return (Part("discord", True, "Not set up: DISCORD_BOT_TOKEN is empty."),)
        return (self._part(),)

    def _part(self) -> Part:
        if self._trouble:
            return Part("discord", False, self._trouble)
        client = self.client
        if client is not None and client.lost_at is None and not client.is_closed():
            age = time.monotonic() - client.last_event
            return Part("discord", True, f"Connected to {len(client.guilds)} servers, last event {age:.0f} s ago.")
        since = self._lost_at if client is None or client.lost_at is None else client.lost_at
        waited = time.monotonic() - since
        return Part("discord", waited < _SILENT_S, f"Not connected for {waited:.0f} s; trying again.")

    async def _run(self, services: DiscordServices, after: asyncio.Task[None]) -> None:
        await asyncio.wait({after})
        await asyncio.sleep(_GRACE_S)
        logging.getLogger("discord").setLevel(logging.WARNING)  # its debug lines hold what people write
        await asyncio.to_thread(_load)
        import discord

        from bots.discord.client import TrinityClient

        if self._api:
            discord.http.Route.BASE = self._api
        wait, registered = _FIRST_WAIT_S, False
        while True:
            client = TrinityClient(services)
            sweeping: asyncio.Task[None] | None = None
            try:
                await client.login(self._token)
                await _gateway(client)
                self.client, self._trouble = client, ""
                if not registered:
                    _register(self, services)
                    registered = True
                sweeping = asyncio.create_task(_sweep(client), name="discord sweep")
                wait = _FIRST_WAIT_S
                await client.connect(reconnect=True)
                self._lost_at = time.monotonic()
            except discord.LoginFailure:
                self._trouble = "Discord refused the token. Make a new one in the developer portal: DISCORD_BOT_TOKEN."
                log.error("discord.token_refused")
                return
            except discord.PrivilegedIntentsRequired:
                self._trouble = "Discord refused the intents; see manifest/discord.md for the ones that are used."
                return
            except Exception as error:  # noqa: BLE001 - whatever the network or the library does, it is tried again
                log.warning("discord.connection_failed", error=type(error).__name__)
                self._lost_at = self._lost_at if self.client is None else time.monotonic()
            finally:
                if sweeping is not None:
                    sweeping.cancel()
                with contextlib.suppress(Exception):
                    await client.close()
            await asyncio.sleep(wait)
            wait = min(_LONGEST_WAIT_S, wait * 2)


def _load() -> None:
    import bots.discord.client  # noqa: F401  # half a second of imports, in a thread of their own


def _register(bot: DiscordBot, services: DiscordServices) -> None:
    """From now on the outbox is said in Discord, and people are reached there."""
    services.delivery.register(_Current(bot))
    services.places.register(in_discord)
    before = services.desk.changed

    async def changed(record: HoldRecord) -> None:
        if before is not None:
            await before(record)
        if bot.client is not None:
            await bot.client.holds.decided(record)

    services.desk.changed = changed


class _Current:
    """The outbox's sender: whichever connection stands now."""

    channel = CHANNEL

    def __init__(self, bot: DiscordBot) -> None:
        self._bot = bot

    async def send(self, message: OutboxMessage) -> str:
        return await self._client().sender.send(message)

    async def already_sent(self, message: OutboxMessage) -> str | None:
        return await self._client().sender.already_sent(message)

    def _client(self) -> TrinityClient:
        if self._bot.client is None:
            raise SendLater(_LONGEST_WAIT_S)
        return self._bot.client


def in_discord(person: Person) -> Place | None:
    """Direct messages to an account that is declared or linked; one that was merely seen proves nothing."""
    user = next((i.value for i in person.identities if i.kind == CHANNEL and i.how != "seen"), None)
    return None if user is None or not person.active else Place(CHANNEL, f"{DIRECT}{user}")


async def _gateway(client: TrinityClient) -> None:
    """Ask where to connect, and do not spend the day's last new session: Discord would reset the token."""
    import yarl
    from discord.gateway import DiscordWebSocket

    _shards, url, limit = await client.http.get_bot_gateway()
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)
    if limit["remaining"] < 1:
        log.warning("discord.sessions_used_up", wait_s=limit["reset_after"] / 1000)
        await asyncio.sleep(limit["reset_after"] / 1000)


async def _sweep(client: TrinityClient) -> None:
    """Copies of holds that were decided elsewhere, or while this process was down."""
    while True:
        await asyncio.sleep(_SWEEP_S)
        with contextlib.suppress(StoreError):
            await client.holds.sweep()
