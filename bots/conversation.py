"""From a channel's event to its answer, once for all channels: keep it, acknowledge it, work on it, say it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from bots.batch import CHANNEL as BATCH
from bots.exchanges import Exchanges
from bots.inbound import Accepted, Attachment, HistoryItem, Inbound, NotAccepted, ThreadItem
from bots.limits import RateLimiter
from bots.progress import Progress, ProgressHub
from holds.actions import Actions
from holds.record import HoldRecord
from manifest.replies import Replies
from organs.bundles import Actor, Role
from organs.crisis import check_crisis
from organs.language import detect
from organs.outcome import Outcome
from store.errors import StoreError
from store.inbox import Inbox, InboxRow
from store.threads import Threads
from vault.errors import VaultError

__all__ = [
    "Accepted",
    "Attachment",
    "Conversation",
    "HistoryItem",
    "Inbound",
    "NotAccepted",
    "Progress",
    "ThreadItem",
]

log = structlog.get_logger("conversation")

_AT_ONCE = 16  # exchanges worked on side by side
_WAITING = 500  # accepted and not yet begun; past it the answer is "busy", before anything is acknowledged
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Lane:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Conversation:
    """The door that every channel uses. `start` takes up what an earlier life left; `stop` leaves nothing half done."""

    def __init__(
        self,
        inbox: Inbox,
        threads: Threads,
        exchanges: Exchanges,
        hub: ProgressHub,
        limiter: RateLimiter,
        replies: Replies,
        actions: Actions,
    ) -> None:
        self._inbox, self._threads, self._exchanges = inbox, threads, exchanges
        self._hub, self._limiter, self._replies = hub, limiter, replies
        self._actions = actions
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._open = True

    async def receive(self, inbound: Inbound) -> Accepted:
        """Commit the message, then acknowledge it; work begins by itself.

        Raises NotAccepted: too many messages (429), too much waiting or nothing can be committed (503). A person
        in danger is answered even then: the sentence is the help itself.
        """
        if not self._open or len(self._tasks) >= _WAITING:
            raise NotAccepted(
                self._crisis_or(inbound, "Trinity is busy and did not take this in. Please try again in a minute."), 503
            )
        counted = inbound.channel != BATCH  # a batch has a few places instead of a number a minute
        if counted and not check_crisis(inbound.text, locale=inbound.locale).found:
            wait = self._limiter.allow(inbound.actor.person, inbound.text)
            if wait is not None:
                seconds = max(1, round(wait))
                raise NotAccepted(
                    "That was more than I may take from one person a minute. "
                    f"Nothing was kept; try again in {seconds} s.",
                    429,
                    retry_after_s=seconds,
                )
        try:
            exchange_id, fresh = await self._inbox.receive(
                inbound.channel, inbound.event_id, inbound.thread, inbound.actor.person, inbound.to_json()
            )
        except StoreError as error:
            log.error("inbox.unavailable", error=type(error).__name__)
            raise NotAccepted(
                self._crisis_or(
                    inbound, "I cannot keep messages right now, so this one was not taken in. Please try again."
                ),
                503,
            ) from error
        if fresh:
            self._begin(exchange_id, (inbound.channel, inbound.thread))
        return Accepted(exchange_id, not fresh)

    async def follow(self, exchange_id: str) -> AsyncIterator[Progress]:
        """What has happened so far and what happens next, until the outcome is stored."""
        async for step in self._hub.follow(exchange_id):
            yield step

    async def outcome(self, exchange_id: str, wait_s: float | None = None) -> Outcome | None:
        """The stored outcome, waiting at most `wait_s` seconds for it (None: not at all)."""
        found = await self._stored(exchange_id)
        if found is None and wait_s is not None:
            await self._hub.ended(exchange_id, wait_s)
            found = await self._stored(exchange_id)
        return found

    async def cancel(self, exchange_id: str, by: Actor) -> bool:
        """Stop a running exchange of the caller's own (or anybody's, for a commander)."""
        row = await self._inbox.get(exchange_id)
        if (
            row is None
            or not (row.person == by.person or by.role is Role.COMMANDER)
            or not await self._inbox.request_cancel(exchange_id)
        ):
            return False
        task = self._tasks.get(exchange_id)
        if task is not None:
            task.cancel()
        return True

    async def undo(self, exchange_id: str, by: Actor) -> str:
        """Take back what an exchange did, where it can be taken back; says what became of it."""
        runs = await self._actions.runs_of(exchange_id)
        keys = [run.key for run in runs if run.undoable] or [f"{exchange_id}:0"]
        said = [(await self._actions.undo(key, by=by)).text for key in keys]
        return " ".join(dict.fromkeys(said))

    async def may_see(self, exchange_id: str, viewer: Actor) -> bool:
        """Whether the exchange exists and is the viewer's own."""
        row = await self._inbox.get(exchange_id)
        return row is not None and row.person == viewer.person

    async def history(self, channel: str, thread: str, viewer: Actor) -> list[HistoryItem]:
        """A thread's exchanges and notices, oldest first; only the viewer's own."""
        items: list[HistoryItem] = []
        for row in await self._inbox.of_thread(channel, thread, viewer.person):
            text = Inbound.from_json(row.payload).text if row.payload else ""
            items.append(HistoryItem(row.exchange_id, text, _outcome(row), at=row.received_at))
        items += await self.notices(channel, thread, viewer)
        return sorted(items, key=lambda item: item.at or _BEGINNING)

    async def notices(self, channel: str, thread: str, viewer: Actor) -> list[HistoryItem]:
        """What Trinity said in a thread unasked (a reminder that came due), oldest first; only the viewer's own."""
        turns = await self._threads.notices(channel, thread, viewer.person)
        return [HistoryItem(turn.exchange_id, "", None, notice=turn.text, at=turn.at) for turn in turns]

    async def threads(self, channel: str, viewer: Actor) -> list[ThreadItem]:
        """The viewer's own threads on a channel, latest first."""
        rows = await self._inbox.threads_of(channel, viewer.person)
        return [
            ThreadItem(row.thread, Inbound.from_json(row.payload).text.strip()[:80] or "…", moved)
            for row, moved in rows
        ]

    async def start(self) -> int:
        """Take up what an earlier life left unfinished; how many there were."""
        rows = await self._inbox.unfinished()
        for row in rows:
            self._begin(row.exchange_id, (row.channel, row.thread))
        return len(rows)

    async def sweep(self) -> int:
        """Take up what nobody works on (a step failed, a replica died); how many there were."""
        rows = [row for row in await self._inbox.abandoned() if row.exchange_id not in self._tasks]
        for row in rows:
            self._begin(row.exchange_id, (row.channel, row.thread))
        return len(rows)

    def decided(self, record: HoldRecord) -> None:
        """A human spoke: the exchange that waited goes on."""
        key = f"{record.exchange_id}:decided"
        if key not in self._tasks:
            self._spawn(key, self._work(record.exchange_id, (record.channel, record.thread), record))

    async def stop(self, patience_s: float = 5.0) -> None:
        """Take nothing more in; give running exchanges a moment, then leave them to the next life."""
        self._open = False
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=patience_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def under_way(self) -> int:
        """Accepted and not yet at rest."""
        return len(self._tasks)

    def _begin(self, exchange_id: str, lane: tuple[str, str]) -> None:
        if exchange_id not in self._tasks:
            self._hub.begin(exchange_id)
            self._spawn(exchange_id, self._work(exchange_id, lane, None))

    def _spawn(self, key: str, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name=f"exchange {key}")
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._tasks.pop(key, None))

    async def _work(self, exchange_id: str, lane: tuple[str, str], decided: HoldRecord | None) -> None:
        # One thread's exchanges in order, so that a follow-up sees what came before.
        queue = self._lanes.setdefault(lane, _Lane())
        queue.users += 1
        try:
            async with queue.lock, self._slots:
                await self._exchanges.carry(exchange_id, decided=decided)
        except (StoreError, VaultError) as error:
            # Not stored or not sealed: it stays in the inbox, and the sweep takes it up again.
            log.error("exchange.postponed", exchange=exchange_id, error=type(error).__name__)
            await self._put_back(exchange_id)
        except Exception as error:  # a fault of ours must not be lost with its task
            log.error("exchange.failed", exchange=exchange_id, error=type(error).__name__, exc_info=True)
            await self._put_back(exchange_id)
        finally:
            queue.users -= 1
            if not queue.users:
                self._lanes.pop(lane, None)

    async def _put_back(self, exchange_id: str) -> None:
        """Let the next sweep take it up at once instead of after its lease; a database that is down does so later."""
        self._hub.end(exchange_id)
        with contextlib.suppress(StoreError):
            await self._inbox.mark(exchange_id, "received")

    async def _stored(self, exchange_id: str) -> Outcome | None:
        row = await self._inbox.get(exchange_id)
        return None if row is None else _outcome(row)

    def _crisis_or(self, inbound: Inbound, sentence: str) -> str:
        reading = check_crisis(inbound.text, locale=inbound.locale)
        if not reading.found:
            return sentence
        return self._replies.crisis(detect(inbound.text), inbound.locale, told=False)


def _outcome(row: InboxRow) -> Outcome | None:
    return None if row.outcome is None else Outcome.model_validate_json(row.outcome)
