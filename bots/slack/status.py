"""Shows that an answer is on its way: Slack's own status line, else one message that goes away again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Protocol

from slack_sdk.errors import SlackApiError

from bots.bridge.present import stage_name
from bots.progress import Progress
from bots.slack.budget import Budget
from bots.slack.places import Where
from bots.slack.web import Web, error_of

_FIRST_S = 1.0  # an answer that is quicker needs no status
_EVERY_S = 3.0  # edits give way to answers
_LONGEST_S = 300.0
_NOT_HERE = frozenset({"unknown_method", "missing_scope", "not_allowed_token_type", "channel_type_not_supported"})


class Follows(Protocol):
    """The conversation, as far as a status needs it."""

    def follow(self, exchange_id: str) -> AsyncIterator[Progress]: ...


class Working:
    """One status per running exchange; lost without harm."""

    def __init__(self, conversation: Follows, web: Web, budget: Budget) -> None:
        self._conversation, self._web, self._budget = conversation, web, budget
        self._no_status = False  # this workspace does not take the status line

    async def show(self, exchange_id: str, where: Where) -> None:
        """Follow an exchange to its end."""
        line, message, shown_at, late = "is thinking…", None, 0.0, False
        changed = asyncio.Event()

        async def follow() -> None:
            nonlocal line
            async for step in self._conversation.follow(exchange_id):
                words = step.note or stage_name(step.stage).lower()
                if step.state == "started" and words:
                    line = f"is working: {words}"
                    changed.set()

        following = asyncio.create_task(follow(), name="slack-follow")
        try:
            await asyncio.wait({following}, timeout=_FIRST_S)
            until = time.monotonic() + _LONGEST_S
            while not following.done() and time.monotonic() < until:
                now = time.monotonic()
                if now - shown_at >= _EVERY_S:
                    shown_at = now
                    changed.clear()
                    message = await self._say(where, line, message)
                    late = following.done()
                waiting = asyncio.create_task(changed.wait())
                pause = _EVERY_S - (time.monotonic() - shown_at)
                await asyncio.wait({following}, timeout=max(0.05, pause))
                if not following.done() and not changed.is_set():
                    await asyncio.wait({following, waiting}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
        finally:
            following.cancel()
            if message is not None:
                await self._web.ask.chat_delete(channel=where.channel, ts=message)
            elif late and not self._no_status:  # an answer clears it; set after the answer, it would stand for minutes
                await self._web.ask.assistant_threads_setStatus(
                    channel_id=where.channel, thread_ts=where.thread_ts, status=""
                )

    async def _say(self, where: Where, line: str, message: str | None) -> str | None:
        """Show a line; gives the message that shows it, where the status line is not to be had."""
        if not self._no_status:
            try:
                await self._web.say.assistant_threads_setStatus(
                    channel_id=where.channel, thread_ts=where.thread_ts, status=line
                )
                return None
            except SlackApiError as error:
                if error_of(error) not in _NOT_HERE:
                    return None
                self._no_status = True
        if self._budget.wait_s(where.channel, "status") > 0:
            return message
        if message is None:
            answer = await self._web.say.chat_postMessage(
                channel=where.channel, thread_ts=where.thread_ts, text=f"Trinity {line}"
            )
            return str(answer["ts"])
        await self._web.say.chat_update(channel=where.channel, ts=message, text=f"Trinity {line}")
        return message
