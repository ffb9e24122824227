"""Says what the outbox holds, in Slack: in the thread, within the pace, and once even across a crash.

Every message carries its outbox key in its metadata. A message that may have been posted before is looked for by that
key before it is posted again.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from bots.slack.budget import Budget, Kind
from bots.slack.places import CHANNEL, Where, direct_user
from bots.slack.render import Post, notice_posts, outcome_posts
from bots.slack.web import SlackFailed, Web, said
from notifications.outbox import SendLater, SendRefused
from organs.outcome import Outcome
from store.outbox import OutboxMessage

EVENT = "trinity_message"  # the metadata's type
HOLD_COPY = "hold-copy"  # kind of an outbox row that brings a posted approval message up to date
_PATIENCE_S = 1.0  # waited here; a longer wait goes back to the outbox, so that other messages are not kept up
_PAGES = 5
_PAGE = 200
_REMEMBERED = 5_000

# A hold as its approver sees it; None where the hold is gone.
Approval = Callable[[str, str, str], Awaitable[list[Post] | None]]
# The same message once it is decided.
Settled = Callable[[str, str], Awaitable[Post | None]]


class SlackSender:
    """The outbox's way into Slack (`notifications.outbox.Sender` and `Reconciles`)."""

    def __init__(self, web: Web, budget: Budget, approval: Approval, settled: Settled) -> None:
        self._web, self._budget = web, budget
        self._approval, self._settled = approval, settled
        self._direct: dict[str, str] = {}  # user → channel of the direct messages
        self._there: dict[int, dict[int, str]] = {}  # row → part → ts, of what was found posted
        self._untouched: dict[int, int] = {}  # row → the attempt up to which surely nothing was posted

    @property
    def channel(self) -> str:
        return CHANNEL

    async def already_sent(self, message: OutboxMessage) -> str | None:
        """The id of the first part if every part is there; parts that are there are not posted again by `send`."""
        if self._untouched.get(message.id) == message.attempts - 1 or message.kind == HOLD_COPY:
            return None
        channel, thread_ts = await self._where(message)
        found: dict[int, str] = {}
        cursor, count = "", None
        for _ in range(_PAGES):
            page = await self._page(channel, thread_ts, message, cursor)
            for one in page.get("messages", []):
                metadata = one.get("metadata") or {}
                carried = metadata.get("event_payload") or {}
                if metadata.get("event_type") == EVENT and carried.get("key") == message.key:
                    found[int(carried.get("part", 0))] = str(one["ts"])
                    count = int(carried.get("of", 1))
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor or (count is not None and len(found) >= count):
                break
        if count is not None and len(found) >= count:
            return f"{channel}/{found[min(found)]}"
        self._there[message.id] = found
        return None

    async def _page(self, channel: str, thread_ts: str | None, message: OutboxMessage, cursor: str) -> Any:
        since = str((message.created_at - timedelta(minutes=1)).timestamp())
        more: dict[str, Any] = {"oldest": since, "limit": _PAGE, "include_all_metadata": True}
        if cursor:
            more["cursor"] = cursor
        if thread_ts is None:
            return await said(self._web.ask.conversations_history(channel=channel, **more))
        return await said(self._web.ask.conversations_replies(channel=channel, ts=thread_ts, **more))

    async def send(self, message: OutboxMessage) -> str:
        """Post it; the id is CHANNEL/TS of its first part."""
        if message.kind == HOLD_COPY:
            return await self._bring_up_to_date(message)
        channel, thread_ts = await self._where(message)
        parts = await self._posts(message)
        there = self._there.pop(message.id, {})
        kind: Kind = "reply" if message.kind == "reply" else "urgent"
        for number, post in enumerate(parts):
            if number in there:
                continue
            wait = await self._budget.place(channel, kind, _PATIENCE_S)
            if wait > 0:
                self._put_off(message, nothing_posted=not there)
                raise SendLater(wait)
            try:
                there[number] = await self._post(channel, thread_ts, post, message.key, number, len(parts))
            except SendLater as later:
                self._budget.told_to_wait(channel, later.seconds)
                self._put_off(message, nothing_posted=not there)
                raise
        self._untouched.pop(message.id, None)
        return f"{channel}/{there[0]}"

    def _put_off(self, message: OutboxMessage, *, nothing_posted: bool) -> None:
        """A refusal for the pace posts nothing, so the next attempt need not look whether something is there."""
        sure = message.attempts == 1 or self._untouched.get(message.id) == message.attempts - 1
        if nothing_posted and sure:
            if len(self._untouched) >= _REMEMBERED:
                self._untouched.clear()
            self._untouched[message.id] = message.attempts

    async def _post(self, channel: str, thread_ts: str | None, post: Post, key: str, part: int, of: int) -> str:
        more: dict[str, Any] = {} if thread_ts is None else {"thread_ts": thread_ts}
        answer = await said(
            self._web.say.chat_postMessage(
                channel=channel,
                text=post.text,
                blocks=post.blocks,
                unfurl_links=False,
                unfurl_media=False,
                metadata={"event_type": EVENT, "event_payload": {"key": key, "part": part, "of": of}},
                **more,
            )
        )
        return str(answer["ts"])

    async def _posts(self, message: OutboxMessage) -> list[Post]:
        if message.kind == "reply":
            return outcome_posts(Outcome.model_validate_json(message.body))
        body = json.loads(message.body)
        if "hold" in body and message.recipient is not None and message.key.startswith("hold-notice:"):
            asked = await self._approval(str(body["hold"]), message.recipient, str(body["text"]))
            if asked is None:
                raise SendRefused("the hold is gone")
            return asked
        return notice_posts(message.body)

    async def _bring_up_to_date(self, message: OutboxMessage) -> str:
        """Buttons away, outcome in: for a message that asked for a decision. Doing it twice is the same as once."""
        body = json.loads(message.body)
        channel, _, ts = str(body["copy"]).partition("/")
        post = await self._settled(str(body["hold"]), message.recipient or "")
        if post is None:
            raise SendRefused("the hold is gone")
        wait = await self._budget.place(channel, "urgent", _PATIENCE_S)
        if wait > 0:
            raise SendLater(wait)
        await said(self._web.say.chat_update(channel=channel, ts=ts, text=post.text, blocks=post.blocks))
        return str(body["copy"])

    async def _where(self, message: OutboxMessage) -> tuple[str, str | None]:
        where = Where.parse(message.thread)
        if where is not None:
            return where.channel, where.thread_ts
        person = direct_user(message.thread)
        if person is None:
            raise SendRefused("no such thread")
        return await self.direct_channel(person[1]), None

    async def direct_channel(self, user: str) -> str:
        """The channel of somebody's direct messages."""
        known = self._direct.get(user)
        if known is None:
            answer = await said(self._web.ask.conversations_open(users=user))
            channel = answer.get("channel") or {}
            if not channel.get("id"):
                raise SlackFailed("no_channel")
            known = self._direct[user] = str(channel["id"])
        return known
