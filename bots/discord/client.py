"""The connection to Discord: events in, typing out. One object of the library's, with Trinity's desks behind it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import structlog
from discord import app_commands

from bots.discord import incoming
from bots.discord.answers import AnswerDesk
from bots.discord.budget import Budget
from bots.discord.buttons import AnswerButton
from bots.discord.commands import ABOUT, add_commands, asked
from bots.discord.deciding import Deciding
from bots.discord.hold_buttons import FORM, HoldPress, filled
from bots.discord.hold_messages import HoldMessages
from bots.discord.missed import missed
from bots.discord.sender import NOBODY, DiscordSender
from bots.discord.service import DiscordServices
from bots.discord.spots import CHANNEL, Spot
from bots.inbound import Inbound, NotAccepted
from store.errors import StoreError

log = structlog.get_logger("discord")

HELP = (
    "Mention me with a question, or write to me directly; I answer here.\n"
    "Reply “stop” to stop an answer; the buttons below an answer say why it came out so.\n"
    "`/trinity help` lists the rest: asking a certain agent, holds, costs, checking the ledger, linking accounts."
)
_UNTAKEN = "Something went wrong here and your message was not taken in. Please send it again."
_EDITED_WITHIN = timedelta(minutes=1)  # a later edit changes what stands there, not what was asked
_SHOWN = 200  # messages about which somebody is writing a question
_TYPING_S = 8.0  # Discord shows one sign of typing for ten seconds


def intents() -> discord.Intents:
    """Exactly what is used; none of them is privileged, so Discord shows Trinity only what speaks to it."""
    return discord.Intents(guilds=True, guild_messages=True, dm_messages=True)


def permissions() -> discord.Permissions:
    """Exactly what is used, for the invitation."""
    return discord.Permissions(
        view_channel=True,
        send_messages=True,
        send_messages_in_threads=True,
        attach_files=True,
        read_message_history=True,
    )


class TrinityClient(discord.Client):
    """Discord's events, handed to the conversation and to the desks."""

    def __init__(self, services: DiscordServices) -> None:
        super().__init__(
            intents=intents(),
            allowed_mentions=NOBODY,
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            heartbeat_timeout=30.0,  # a connection that is silent for longer is taken for dead and made anew
            max_ratelimit_timeout=30.0,  # a longer wait belongs into the outbox, not into a sleeping call
            enable_raw_presences=False,
        )
        self.services = services
        self.budget = Budget()
        self.holds = HoldMessages(self, services)
        self.sender = DiscordSender(self, services.inbox, self.holds, self.budget)
        self.deciding = Deciding(services)
        self.desk_of_answers = AnswerDesk(services)
        self.tree: app_commands.CommandTree[TrinityClient] = app_commands.CommandTree(self)
        self.last_event = time.monotonic()
        self.lost_at: float | None = time.monotonic()  # since when there is no session; None while there is one
        self._shown: dict[int, str] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def setup_hook(self) -> None:
        """After the token was accepted: the buttons of every earlier life work again."""
        self.add_dynamic_items(AnswerButton, HoldPress)
        add_commands(self.tree, self.services)
        self.in_background(self._commands(), "commands")

    async def on_socket_event_type(self, event_type: str) -> None:
        self.last_event = time.monotonic()

    async def on_connect(self) -> None:
        self.lost_at = None

    async def on_disconnect(self) -> None:
        self.lost_at = self.lost_at or time.monotonic()

    async def on_ready(self) -> None:
        """A new session: Discord repeats nothing of the time before it, so what was missed is fetched."""
        log.info("discord.ready", guilds=len(self.guilds))
        self.in_background(self._catch_up(), "missed")

    async def on_resumed(self) -> None:
        self.lost_at = None
        log.info("discord.resumed")

    async def on_message(self, message: discord.Message) -> None:
        await self.take(message)

    async def take(self, message: discord.Message, *, edited: str = "", live: bool = True) -> None:
        """Keep a message that speaks to Trinity and let work begin; one that is not `live` was written while nobody
        listened, and only a question still matters then."""
        if self.user is None or not incoming.meant_for(message, self.user.id):
            return
        spot = incoming.spot_of(message.channel, message.guild.id if message.guild else None)
        if incoming.words(message, self.user.id).strip(" .!").casefold() in incoming.STOP:
            if live:
                await self._stop(message, spot)
            return
        event_id = f"{message.id}:{edited}" if edited else str(message.id)
        taken = await incoming.inbound(self.services, message, self.user.id, event_id)
        if taken is None:
            if live:
                await self.say(spot, HELP, message)
            return
        await self.receive(taken, spot, message)

    async def receive(self, taken: Inbound, spot: Spot, message: discord.Message | None) -> str | None:
        """Commit it and show that work goes on; the sentence to show where it was not taken in."""
        try:
            accepted = await self.services.talk.receive(taken)
        except NotAccepted as refused:
            if message is not None:
                await self.say(spot, refused.sentence, message)
            return refused.sentence
        if not accepted.duplicate:
            self.in_background(self._typing(accepted.exchange_id, spot), "typing")
        return None

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """An edit within a minute asks again; Discord's own edits (a preview of a link) carry no time of an edit."""
        message, edited = payload.message, payload.message.edited_at
        if edited is None or self.user is None or not incoming.meant_for(message, self.user.id):
            return
        if edited - message.created_at > _EDITED_WITHIN:
            return
        before = await self.services.inbox.of_event(CHANNEL, str(message.id))
        kept = "" if before is None or not before.payload else Inbound.from_json(before.payload).text
        if kept and kept == incoming.words(message, self.user.id):
            return
        if before is not None:
            actor = await self.services.speaker(message.author.id, message.author.display_name, payload.guild_id)
            await self.services.talk.cancel(before.exchange_id, actor)
        await self.take(message, edited=edited.astimezone(UTC).isoformat())

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        await self._forget({payload.message_id})

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        await self._forget(payload.message_ids)

    async def _forget(self, numbers: set[int]) -> None:
        """What was deleted is no longer context for what comes; the seal keeps its commitment."""
        for number in numbers:
            for row in await self.services.inbox.of_message(CHANNEL, str(number)):
                await self.services.threads.forget(row.exchange_id)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Forms of holds; commands and buttons find their own way."""
        if interaction.type is discord.InteractionType.modal_submit:
            data: Any = interaction.data or {}
            custom_id = str(data.get("custom_id", ""))
            if custom_id.startswith(FORM):
                await self.deciding.submitted(interaction, custom_id)
            elif custom_id.startswith(ABOUT):
                await self._about(interaction, custom_id.removeprefix(ABOUT))

    def remember(self, message: int, text: str) -> None:
        """Keep the text of a message while somebody writes what they want to know about it."""
        self._shown[message] = text
        while len(self._shown) > _SHOWN:
            self._shown.pop(next(iter(self._shown)))

    async def _about(self, interaction: discord.Interaction[Any], message: str) -> None:
        text = self._shown.get(int(message)) if message.isdecimal() else None
        if not text:
            await interaction.response.send_message(
                "There is no text in that message that I can read, or it was too long ago. Nothing was asked.",
                ephemeral=True,
            )
            return
        await asked(self.services, interaction, filled(interaction).get("question", ""), quoted=(text,))

    def command_failed(self, error: Exception) -> None:
        """A command's error, by its class alone."""
        cause = error.__cause__ or error
        log.error("discord.command_failed", error=type(cause).__name__, exc_info=_bare(cause))

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """The library would print the event itself, and with it what people wrote."""
        import sys

        error = sys.exc_info()[1]
        log.error("discord.event_failed", doing=event_method, error=type(error).__name__, exc_info=_bare(error))
        if event_method == "on_message" and args and isinstance(error, StoreError):
            message: discord.Message = args[0]
            if self.user is not None and incoming.meant_for(message, self.user.id):
                spot = incoming.spot_of(message.channel, message.guild.id if message.guild else None)
                await self.say(spot, _UNTAKEN, message)

    async def say(self, spot: Spot, text: str, message: discord.Message) -> None:
        """A sentence that is no answer: said at once or not at all, and lost without harm."""
        with contextlib.suppress(discord.HTTPException):
            reference = discord.MessageReference(
                message_id=message.id, channel_id=spot.target, fail_if_not_exists=False
            )
            channel = self.get_partial_messageable(spot.target)
            await channel.send(text[:2000], reference=reference, allowed_mentions=NOBODY)

    async def _stop(self, message: discord.Message, spot: Spot) -> None:
        guild = message.guild.id if message.guild else None
        actor = await self.services.speaker(message.author.id, message.author.display_name, guild)
        running = [
            row
            for row in await self.services.inbox.unfinished()
            if (row.channel, row.thread, row.person) == (CHANNEL, spot.pack(), actor.person)
        ]
        stopped = [row for row in running if await self.services.talk.cancel(row.exchange_id, actor)]
        if not stopped:
            await self.say(spot, "Nothing of yours is being worked on here.", message)

    async def _typing(self, exchange_id: str, spot: Spot) -> None:
        """The platform's sign of life while stages run; it gives way to everything else that is to be said."""
        ended = asyncio.create_task(self._ended(exchange_id))
        try:
            while not ended.done():
                if not self.budget.take(spot.target, "typing"):
                    with contextlib.suppress(discord.HTTPException, discord.RateLimited):
                        await self.http.send_typing(spot.target)
                await asyncio.wait({ended}, timeout=_TYPING_S)
        finally:
            ended.cancel()

    async def _ended(self, exchange_id: str) -> None:
        async for _ in self.services.talk.follow(exchange_id):
            pass

    async def _commands(self) -> None:
        try:
            await self.tree.sync()
        except discord.HTTPException as error:
            log.warning("discord.commands_not_registered", status=error.status)

    async def _catch_up(self) -> None:
        try:
            async for message in missed(self, self.services, datetime.now(UTC)):
                await self.take(message, live=False)
            await self.holds.sweep()
        except (discord.HTTPException, StoreError, OSError) as error:
            log.warning("discord.not_caught_up", error=type(error).__name__)

    def in_background(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run beside the events; ended with the connection."""
        task = asyncio.create_task(work, name=f"discord {name}")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("discord.task_failed", doing=task.get_name(), error=type(error).__name__)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await super().close()


def _bare(error: BaseException | None) -> Any:
    return None if error is None else (type(error), None, error.__traceback__)
