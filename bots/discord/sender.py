"""Says what the outbox holds in Discord: each part once, also when the process died between posting and noting it."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import discord
import structlog

from bots.discord import buttons, texts
from bots.discord.budget import Budget
from bots.discord.hold_messages import HoldMessages
from bots.discord.spots import CHANNEL, DIRECT, Spot, nonce
from notifications.outbox import SendLater, SendRefused
from organs.outcome import Outcome
from store.inbox import Inbox
from store.outbox import OutboxMessage

log = structlog.get_logger("discord.sender")

NOBODY = discord.AllowedMentions.none()  # text of a model or of a page must not call anybody
T = TypeVar("T")
_LOOK_BACK = 100  # messages of a channel; more were hardly said between a crash and the restart
_BUSY_S = 5.0  # where Discord says "later" without saying when
_FILE = "answer.md"


@dataclass(frozen=True, slots=True)
class Post:
    """One Discord message to be: its text, its buttons, a file, and what it answers."""

    text: str
    view: discord.ui.View | None = None
    file: str | None = None
    answers: int | None = None


class DiscordSender:
    """The outbox's way into Discord. `platform_id` is `CHANNEL/MESSAGE` of the last part."""

    def __init__(self, client: discord.Client, inbox: Inbox, holds: HoldMessages, budget: Budget) -> None:
        self._client, self._inbox, self._holds, self._budget = client, inbox, holds, budget
        self._direct: dict[str, int] = {}

    @property
    def channel(self) -> str:
        return CHANNEL

    async def send(self, message: OutboxMessage) -> str:
        """Post what is not there yet.

        Raises SendRefused where Discord never will, SendLater where it asks to wait.
        """
        if (copy := self._holds.is_copy(message)) is not None:
            return await self._calmly(lambda: self._holds.update(copy), 0)
        posts = await self._posts(message)
        target = await self._target(message.thread)
        there = await self._there(target, message, posts) if message.attempts > 1 else {}
        missing = len(posts) - len(there)
        wait = self._budget.take(target, message.kind, missing) if missing else 0.0
        if wait:
            raise SendLater(wait)
        last = 0
        for part, post in enumerate(posts):
            if part in there:
                last = there[part]
                continue
            one, number = post, part
            last = await self._calmly(lambda p=one, n=number: self._post(target, message, p, n), target)  # type: ignore[misc]
        return f"{target}/{last}"

    async def already_sent(self, message: OutboxMessage) -> str | None:
        """Whether every part stands in the channel; a part that is missing is posted by `send`."""
        if self._holds.is_copy(message) is not None:
            return None  # an edit can be repeated
        posts = await self._posts(message)
        target = await self._target(message.thread)
        there = await self._there(target, message, posts)
        return f"{target}/{there[len(posts) - 1]}" if len(there) == len(posts) else None

    async def _posts(self, message: OutboxMessage) -> list[Post]:
        if message.kind == "reply":
            outcome = Outcome.model_validate_json(message.body)
            said, view = texts.reply(outcome), buttons.answer_view(outcome)
            answers = await self._question(message.exchange_id)
        else:
            text, hold = texts.notice(message.body)
            view, answers = None, None
            if hold is not None and message.recipient is not None:
                text, view = await self._holds.asked(text, hold, message.recipient)
            said = texts.cut(text)
        last = len(said.texts) - 1
        return [
            Post(
                text,
                view if part == last else None,
                said.file if part == last else None,
                answers if part == 0 else None,
            )
            for part, text in enumerate(said.texts)
        ]

    async def _question(self, exchange_id: str | None) -> int | None:
        """The Discord message that is answered, where there was one (a command has none)."""
        row = None if exchange_id is None else await self._inbox.get(exchange_id)
        number = "" if row is None else row.event_id.partition(":")[0]
        return int(number) if number.isdecimal() else None

    async def _target(self, thread: str) -> int:
        if thread.startswith(DIRECT):
            person = thread.removeprefix(DIRECT)
            if not person.isdecimal():
                raise SendRefused("no Discord account")
            if person not in self._direct:
                self._direct[person] = await self._calmly(lambda: self._open(int(person)), 0)
            return self._direct[person]
        spot = Spot.unpack(thread)
        if spot is None:
            raise SendRefused("no Discord conversation")
        return spot.target

    async def _open(self, person: int) -> int:
        data = await self._client.http.start_private_message(person)
        return int(data["id"])

    async def _post(self, target: int, message: OutboxMessage, post: Post, part: int) -> int:
        channel = self._client.get_partial_messageable(target)
        more: dict[str, object] = {}
        if post.file is not None:
            more["file"] = discord.File(io.BytesIO(post.file.encode()), _FILE)
        if post.answers is not None:
            more["reference"] = discord.MessageReference(
                message_id=post.answers, channel_id=target, fail_if_not_exists=False
            )
        if post.view is not None:
            more["view"] = post.view
        said = await channel.send(  # type: ignore[call-overload]  # its overloads know no optional parts
            post.text, nonce=nonce(message.key, part), allowed_mentions=NOBODY, suppress_embeds=True, **more
        )
        return int(said.id)

    async def _there(self, target: int, message: OutboxMessage, posts: list[Post]) -> dict[int, int]:
        """Which parts stand in the channel already. Discord keeps no nonce, so the text, what is answered, and the
        ids in the buttons tell; only what was said after the row was written can be ours."""

        async def look() -> list[discord.Message]:
            channel = self._client.get_partial_messageable(target)
            since = message.created_at.astimezone(UTC)
            found = channel.history(limit=_LOOK_BACK, after=_just_before(since), oldest_first=True)
            return [one async for one in found]

        me = self._client.user
        own = [one for one in await self._calmly(look, target) if me is not None and one.author.id == me.id]
        there: dict[int, int] = {}
        for part, post in enumerate(posts):
            same = next((one for one in own if one.id not in there.values() and _same(one, post)), None)
            if same is not None:
                there[part] = same.id
        return there

    async def _calmly(self, call: Callable[[], Awaitable[T]], target: int) -> T:
        """Discord's answers in the outbox's words."""
        try:
            return await call()
        except discord.RateLimited as limited:
            self._budget.empty(target)
            raise SendLater(limited.retry_after) from None
        except discord.DiscordServerError:
            raise SendLater(_BUSY_S) from None
        except discord.HTTPException as error:
            if error.status == 429:
                self._budget.empty(target)
                raise SendLater(_after(error)) from None
            if error.status in (400, 403, 404):
                log.warning("discord.refused", status=error.status, code=error.code)
                raise SendRefused(f"Discord refused it ({error.status}, code {error.code})") from None
            raise


def _just_before(moment: datetime) -> discord.Object:
    """A place in time a minute earlier: clocks differ."""
    return discord.Object(discord.utils.time_snowflake(moment) - (60_000 << 22))


def _same(one: discord.Message, post: Post) -> bool:
    if one.content.strip() != post.text.strip():
        return False
    if (post.file is not None) != bool(one.attachments):
        return False
    replied = one.reference.message_id if one.reference is not None else None
    if post.answers is not None and replied is not None and replied != post.answers:
        return False
    return post.view is None or buttons.ids_of(one) == buttons.ids_in(post.view)


def _after(error: discord.HTTPException) -> float:
    try:
        return float(error.response.headers.get("Retry-After", _BUSY_S))
    except ValueError:
        return _BUSY_S
