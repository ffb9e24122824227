"""The state of every part in one look, for the status page, /readyz, /metrics and `trinity doctor`; and the brake."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from bots.bridge.services import ModelHealth, Part, Purse, Status
from holds.desk import HoldDesk
from manifest.constitution import Constitution
from manifest.settings import Settings
from organs.bundles import Actor
from router.call import Router
from scheduler.clock import ClockWork
from store.engine import Database
from store.flags import PAUSED, Flags
from store.inbox import Inbox
from trinity import __version__
from vault.entry import NewEntry
from vault.ledger import Ledger


@dataclass(frozen=True, slots=True)
class StatusParts:
    """Everything that has a state worth showing."""

    settings: Settings
    database: Database
    ledger: Ledger
    router: Router
    desk: HoldDesk
    inbox: Inbox
    flags: Flags
    clock: ClockWork
    rules: Constitution
    warming: asyncio.Task[None]
    resumed: Callable[[], Awaitable[None]]  # what waited for the end of a pause goes on
    tools: Callable[[], str | None] = lambda: None  # what is wrong with declared tools; None where none are declared
    channels: Callable[[], tuple[Part, ...]] = tuple  # the platforms, connected or not set up


class StatusDesk:
    """Reads the parts; pauses and resumes them, sealed."""

    def __init__(self, parts: StatusParts) -> None:
        self._parts = parts

    async def status(self) -> Status:
        """The whole state, from memory and two small queries."""
        p = self._parts
        router = p.router.available()
        healthy = await p.database.healthy()
        open_holds = await p.desk.count_open() if healthy else 0
        waiting = await p.inbox.unfinished() if healthy else []
        age = max(((datetime.now(UTC) - row.received_at).total_seconds() for row in waiting), default=0.0)
        return Status(
            version=__version__,
            mode=router.mode,
            paused=router.paused,
            models=tuple(
                ModelHealth(m.name, m.where, "ready" if m.healthy else "resting", m.note) for m in router.models
            ),
            purse=Purse(router.limit_per_day, router.spent_today, router.resets_at),
            parts=self._each(healthy),
            constitution=p.rules,
            holds_open=open_holds,
            ledger_size=p.ledger.size,
            inbox_age_s=age,
            notices=router.notices,
        )

    def _each(self, database: bool) -> tuple[Part, ...]:
        p = self._parts
        ledger = p.ledger.state()
        warm = _warm(p.warming)
        failing = {name: error for name, error in p.clock.health().items() if error}
        router = p.router.available()
        return (
            Part("database", database, "" if database else "It cannot commit: nothing is taken in until it can."),
            Part("ledger", ledger.healthy, "" if ledger.healthy else str(ledger)),
            Part("measures", warm == "", warm),
            Part(
                "models", router.can_answer, "" if router.can_answer else "No model can answer: see `trinity doctor`."
            ),
            Part("schedules", not failing, "; ".join(f"{n} failed with {e}" for n, e in sorted(failing.items()))),
            # A tool that is down is said where it is asked for; Trinity answers all the same.
            *(() if (trouble := p.tools()) is None else (Part("tools", True, trouble),)),
            *p.channels(),
        )

    async def pause(self, by: Actor) -> str:
        """Stop all actions and all paid calls at once."""
        p = self._parts
        await p.flags.set(PAUSED, "1", by=by.person)
        await p.router.pause()
        await self._seal("pause", by)
        return "Paused: no action runs and nothing is paid for, until `trinity resume`."

    async def resume(self, by: Actor) -> str:
        """End the pause."""
        p = self._parts
        await p.flags.clear(PAUSED)
        await p.router.resume()
        await self._seal("resume", by)
        await p.resumed()
        return "Resumed: actions and paid calls are possible again."

    async def _seal(self, what: str, by: Actor) -> None:
        at = datetime.now(UTC).isoformat(timespec="microseconds")
        await self._parts.ledger.append(
            NewEntry(kind=f"process.{what}", key=f"{what}:{by.person}:{at}", body={"person": by.person, "at": at})
        )


def _warm(task: asyncio.Task[None]) -> str:
    """Empty when the measures are loaded, else the sentence for the part."""
    if not task.done():
        return "The measures are being loaded."
    if task.cancelled():
        return "Loading was stopped."
    error = task.exception()
    return (
        "" if error is None else f"The measures could not be loaded ({type(error).__name__}): messages are not judged."
    )
