"""Tells the commanders what an operator should know now, each where they last wrote: money runs low, and the like."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import structlog

from store.errors import StoreError
from store.inbox import Inbox
from store.outbox import Outbox, OutboxDraft
from store.people import People

log = structlog.get_logger(__name__)

KIND = "notice"
_UNREAD = ("api", "batch", "mcp")  # programs write there, and nobody reads what is said unasked
_NOBODY_WROTE = ("bridge", "notices")  # channel and thread for somebody who has not written yet


class Commanders:
    """Writes one notice per commander into the outbox; the same key is said once, across restarts too."""

    def __init__(self, people: People, inbox: Inbox, outbox: Outbox, wake: Callable[[], None] = lambda: None) -> None:
        """`wake` lets the delivery look at once."""
        self._people, self._inbox, self._outbox, self._wake = people, inbox, outbox, wake
        self._telling: set[asyncio.Task[None]] = set()

    def tell_soon(self, key: str, text: str) -> None:
        """Tell without being waited for: for callers that must not wait for a database."""
        task = asyncio.create_task(self._told(key, text), name="tell-commanders")
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _told(self, key: str, text: str) -> None:
        try:
            await self.tell(key, text)
        except StoreError as error:
            log.error("notice.not_kept", error=type(error).__name__)
        self._wake()

    async def tell(self, key: str, text: str) -> int:
        """Tell every commander; how many were told anew. Raises StoreUnavailable."""
        told = 0
        for person in await self._people.with_roles(["commander"]):
            place = await self._inbox.last_place(person.id, not_on=_UNREAD)
            channel, thread = place or (_NOBODY_WROTE[0], f"{person.id}/{_NOBODY_WROTE[1]}")
            told += await self._outbox.put(
                OutboxDraft(
                    key=f"{key}:{person.id}",
                    channel=channel,
                    thread=thread,
                    body=json.dumps({"text": text}),
                    recipient=person.id,
                    kind=KIND,
                )
            )
        return told
