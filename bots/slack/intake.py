"""Messages: kept first, acknowledged then, worked on after that. Whatever is slow and not needed for keeping a message
happens in tasks of its own."""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Coroutine
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bots.attachments import MAX_BYTES
from bots.inbound import Accepted, Attachment, Inbound, NotAccepted
from bots.slack.budget import Budget
from bots.slack.events import Gone, Said, plain
from bots.slack.parts import SlackParts
from bots.slack.people import SlackPeople
from bots.slack.places import CHANNEL, Where
from bots.slack.render import help_text
from bots.slack.sender import EVENT
from bots.slack.status import Working
from bots.slack.web import Web, download
from organs.bundles import Actor
from store.outbox import OutboxDraft

log = structlog.get_logger("slack")

_ABOVE_S = 0.8  # reading the thread comes before the acknowledgement, for which Slack waits 3 s
_ABOVE = 12  # messages of others that are handed on with a question in a thread
_ABOVE_CHARS = 2_000
_FILES = 8
_STOP = frozenset({"stop", "cancel", "stopp", "arrête", "para", "ferma", "pare", "berhenti"})
_EDIT_S = 60.0  # an edit within a minute is a new question; later ones change nothing that was answered
_TOLD = 1_000


class Intake:
    """Takes messages in. `take` returns once the message is committed; what it raises must not be acknowledged."""

    def __init__(self, parts: SlackParts, web: Web, people: SlackPeople, bot_user: str, budget: Budget) -> None:
        self._parts, self._web, self._people, self._bot_user = parts, web, people, bot_user
        self._working = Working(parts.conversation, web, budget)
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: OrderedDict[str, float] = OrderedDict()

    def soon(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do it after the acknowledgement; a failure is logged by its class and changes nothing else."""

        async def guarded() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001 - a side task must not take the bot with it
                log.warning("slack.task_failed", task=name, error=type(error).__name__)

        task = asyncio.create_task(guarded(), name=f"slack-{name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Leave what is not done to the next life: nothing here is needed for keeping a promise."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def take(self, said: Said) -> Accepted | None:
        """One message that was meant for Trinity. Raises NotAccepted (503) where it could not be kept."""
        actor = await self._people.actor(said.user, said.home)
        if actor is None:
            return None  # another bot
        if said.text.casefold().strip(" .!") in _STOP and not said.files and await self._stop(said, actor):
            return None
        if said.edited is not None and not await self._takes_edit(said, actor):
            return None
        text = said.text
        quoted: tuple[str, ...] = ()
        if said.in_thread and not said.direct:
            quoted = await self._above(said)
        if not text and not said.files:
            if not quoted:
                await self._help(said)
                return None
            text = "Please answer the message quoted last."
        choice = self._parts.choice(said.where.channel)
        return await self._receive(
            Inbound(
                channel=CHANNEL,
                event_id=said.event_id,
                thread=said.where.key,
                actor=actor,
                text=text,
                attachments=await self._files(said),
                quoted=quoted,
                agent=choice.agent,
                route=choice.mode,
            ),
            said.user,
        )

    async def _receive(self, inbound: Inbound, user: str) -> Accepted | None:
        where = Where.parse(inbound.thread)
        assert where is not None
        try:
            accepted = await self._parts.conversation.receive(inbound)
        except NotAccepted as refused:
            if self._first_time(f"{where.key}:{refused.status}:{hash(refused.sentence)}"):
                self.soon(self.whisper(where, user, refused.sentence), "refusal")
            if refused.status == 429:
                return None  # said plainly; a redelivery would only be turned away again
            raise
        if not accepted.duplicate:
            self.soon(self._working.show(accepted.exchange_id, where), "working")
        return accepted

    def _first_time(self, key: str) -> bool:
        """One plain line per conversation and ten minutes, not one for every message that was turned away."""
        now = time.monotonic()
        if now - self._told.get(key, -1e9) < 600:
            return False
        self._told[key] = now
        while len(self._told) > _TOLD:
            self._told.popitem(last=False)
        return True

    async def whisper(self, where: Where, user: str, sentence: str) -> None:
        """Say something to one person in a thread, for their eyes only."""
        await self._web.ask.chat_postEphemeral(
            channel=where.channel, user=user, text=sentence, thread_ts=where.thread_ts
        )

    async def _stop(self, said: Said, actor: Actor) -> bool:
        """Whether there was an answer of this person's under way here; it is stopped, and says so itself."""
        rows = await self._parts.inbox.of_thread(CHANNEL, said.where.key, actor.person, limit=20)
        stopped = False
        for row in rows:
            if row.state in ("received", "running"):
                stopped = await self._parts.conversation.cancel(row.exchange_id, actor) or stopped
        return stopped

    async def _takes_edit(self, said: Said, actor: Actor) -> bool:
        """An edit within a minute of the message is asked again, and what still runs on the old words stops. A later
        edit changes nothing that was answered."""
        assert said.edited is not None
        if float(said.edited) - float(said.ts) > _EDIT_S:
            return False
        for row in await self._parts.inbox.of_thread(CHANNEL, said.where.key, actor.person, limit=20):
            if row.event_id.startswith(said.first_id) and row.event_id != said.event_id and row.state != "done":
                await self._parts.conversation.cancel(row.exchange_id, actor)
        return True

    async def _help(self, said: Said) -> None:
        await self._parts.outbox.put(
            OutboxDraft(
                key=f"slack-help:{said.event_id}",
                channel=CHANNEL,
                thread=said.where.key,
                body=json.dumps({"text": help_text()}, ensure_ascii=False),
                kind="notice",
            )
        )
        self._parts.delivery.wake()

    async def _above(self, said: Said) -> tuple[str, ...]:
        """What others wrote in the thread, as material. What was asked of Trinity there it knows by itself."""
        try:
            async with asyncio.timeout(_ABOVE_S):
                answer = await self._web.say.conversations_replies(
                    channel=said.where.channel, ts=said.where.thread_ts, latest=said.ts, limit=100
                )
        except (TimeoutError, SlackApiError, aiohttp.ClientError, OSError) as error:
            log.info("slack.thread_unread", error=type(error).__name__)
            return ()
        mark = f"<@{self._bot_user}>"
        found = [
            plain(str(one.get("text") or ""), self._bot_user)[:_ABOVE_CHARS]
            for one in answer.get("messages") or []
            if float(one.get("ts") or 0) < float(said.ts)
            and one.get("user") != self._bot_user
            and mark not in str(one.get("text") or "")
            and (one.get("metadata") or {}).get("event_type") != EVENT
        ]
        return tuple(text for text in found if text)[-_ABOVE:]

    async def _files(self, said: Said) -> tuple[Attachment, ...]:
        wanted = said.files[:_FILES]
        got = await asyncio.gather(
            *(download(self._web, one.url, self._parts.keys.api_url, MAX_BYTES) for one in wanted)
        )
        missing = [one.name for one, data in zip(wanted, got, strict=True) if data is None]
        missing += [one.name for one in said.files[_FILES:]]
        if missing and self._first_time(said.event_id):
            names = ", ".join(missing)
            sentence = (
                f"I could not fetch {names} from Slack in time and answer without it. Send it again, if it matters."
            )
            self.soon(self.whisper(said.where, said.user, sentence), "files")
        return tuple(
            Attachment(one.name, one.media_type, data)
            for one, data in zip(wanted, got, strict=True)
            if data is not None
        )

    async def gone(self, gone: Gone) -> None:
        """A message was deleted: its text leaves the context, what was sealed keeps its commitment."""
        await self._parts.forget(CHANNEL, gone.event_id)
