"""Money: every paid call is reserved at its worst case before it is made and settled at what it cost.

The book is the application database, so limits hold across restarts and across processes on the same home. A
reservation whose outcome is never learned (the process died) stays charged at its worst case for its day: the limit
errs on the side of not spending.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, Literal, Protocol

from sqlalchemy import ColumnElement, case, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.models.base import Usage, Where
from store.engine import Database
from store.flags import PAUSED
from store.ids import new_id
from store.tables import flags, spend
from store.times import Clock, utcnow

LimitKind = Literal["day", "month", "person", "channel", "pause"]
_ADVISORY = 0x7370656E64  # one number for "Trinity reserves", so that replicas on PostgreSQL take turns


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits in nanodollars; None means no limit of that kind."""

    day: int | None = None
    month: int | None = None
    person_day: int | None = None
    channel_day: int | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """Who asks which model for what; `worst` is the most that it can cost, in nanodollars."""

    exchange_id: str
    person: str
    channel: str
    lane: str
    purpose: str
    agent: str | None
    model: str
    place: Where
    worst: int = 0
    kind: str | None = None  # what sort of question, for learning; None: nothing is learned from this call


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: cost and the online price of the same tokens in nanodollars, and its usage."""

    cost: int
    usage: Usage
    ms: int
    all_online: int = 0
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Totals:
    """What stands charged, in nanodollars, open reservations included."""

    day: int
    month: int


class OverLimit(Exception):
    """The worst case of this call does not fit into what is left; nothing was reserved."""

    def __init__(self, kind: LimitKind, charged: int, limit: int) -> None:
        self.kind: LimitKind = kind
        self.charged, self.limit = charged, limit
        super().__init__(f"{kind}: {charged} of {limit} nanodollars are used")


class SpendBook(Protocol):
    """Where money is counted. Every method raises StoreUnavailable when nothing can be written."""

    async def reserve(self, booking: Booking, limits: Limits) -> str:
        """Charge the worst case if it fits every limit, atomically. Raises OverLimit. Returns the reservation's id."""
        ...

    async def settle(self, reservation: str, outcome: Outcome) -> Totals:
        """Replace the worst case by what it came to."""
        ...

    async def record(self, booking: Booking, outcome: Outcome) -> None:
        """Write down a call that costs nothing."""
        ...

    async def totals(self) -> Totals:
        """What stands charged today and this month."""
        ...

    def resets_at(self, kind: LimitKind = "day") -> datetime:
        """When the limit of this kind starts anew, aware."""
        ...


class DatabaseSpendBook:
    """The spend table of the application database."""

    def __init__(self, database: Database, zone: tzinfo = UTC, clock: Clock = utcnow) -> None:
        self._db, self._zone, self._clock = database, zone, clock

    async def reserve(self, booking: Booking, limits: Limits) -> str:
        """See SpendBook.reserve. One write transaction: SQLite's writer lock, or an advisory lock on PostgreSQL."""
        now = self._clock()
        day = now.astimezone(self._zone).date().isoformat()
        reservation = new_id("sp")
        async with self._db.begin() as conn:
            if not self._db.sqlite:
                await conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY})
            if (await conn.execute(select(flags.c.name).where(flags.c.name == PAUSED))).first() is not None:
                raise OverLimit("pause", 0, 0)
            charged = await _charged(conn, day, booking.person, booking.channel)
            for kind, limit in _named(limits):
                if limit is not None and charged[kind] + booking.worst > limit:
                    raise OverLimit(kind, charged[kind], limit)
            row = _row(reservation, day, booking, now)
            await conn.execute(insert(spend).values(**row, state="reserved", charged=booking.worst))
        return reservation

    async def settle(self, reservation: str, outcome: Outcome) -> Totals:
        """See SpendBook.settle. A reservation is settled once; a second settlement changes nothing."""
        now = self._clock()
        async with self._db.begin() as conn:
            done = (
                update(spend)
                .where(spend.c.id == reservation, spend.c.state == "reserved")
                .values(**_result(outcome), settled_at=now)
            )
            await conn.execute(done)
            charged = await _charged(conn, now.astimezone(self._zone).date().isoformat())
        return Totals(charged["day"], charged["month"])

    async def record(self, booking: Booking, outcome: Outcome) -> None:
        """See SpendBook.record."""
        now = self._clock()
        row = _row(new_id("sp"), now.astimezone(self._zone).date().isoformat(), booking, now)
        async with self._db.begin() as conn:
            await conn.execute(insert(spend).values(**row, **_result(outcome), settled_at=now))

    async def totals(self) -> Totals:
        """See SpendBook.totals."""
        async with self._db.read() as conn:
            charged = await _charged(conn, self._clock().astimezone(self._zone).date().isoformat())
        return Totals(charged["day"], charged["month"])

    def resets_at(self, kind: LimitKind = "day") -> datetime:
        """See SpendBook.resets_at: local midnight, of the next day or of the next month's first."""
        today = self._clock().astimezone(self._zone).date()
        first = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        return datetime.combine(first if kind == "month" else today + timedelta(days=1), time(), self._zone)


def _named(limits: Limits) -> tuple[tuple[LimitKind, int | None], ...]:
    return (
        ("day", limits.day),
        ("month", limits.month),
        ("person", limits.person_day),
        ("channel", limits.channel_day),
    )


async def _charged(
    conn: AsyncConnection, day: str, person: str | None = None, channel: str | None = None
) -> dict[LimitKind, int]:
    """Sums of the month that `day` lies in, by kind of limit. Days sort as text, so a month is a range of them."""
    today = spend.c.day == day

    def total(condition: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.coalesce(func.sum(case((condition, spend.c.charged), else_=0)), 0)

    found = (
        await conn.execute(
            select(
                total(today),
                func.coalesce(func.sum(spend.c.charged), 0),
                total(today & (spend.c.person == person)),
                total(today & (spend.c.channel == channel)),
            ).where(spend.c.day >= f"{day[:7]}-01", spend.c.day <= f"{day[:7]}-31", spend.c.place == "online")
        )
    ).one()
    return {"day": int(found[0]), "month": int(found[1]), "person": int(found[2]), "channel": int(found[3])}


def _row(row_id: str, day: str, booking: Booking, now: datetime) -> dict[str, object]:
    return {
        "id": row_id,
        "day": day,
        "exchange_id": booking.exchange_id,
        "person": booking.person,
        "channel": booking.channel,
        "lane": booking.lane,
        "purpose": booking.purpose,
        "agent": booking.agent,
        "model": booking.model,
        "place": booking.place,
        "kind": booking.kind,
        "reserved_at": now,
    }


def _result(outcome: Outcome) -> dict[str, object]:
    used = outcome.usage
    return {
        "state": "failed" if outcome.failed else "settled",
        "charged": outcome.cost,
        "all_online": outcome.all_online,
        "tokens_in": used.tokens_in,
        "tokens_out": used.tokens_out,
        "cache_read": used.cache_read,
        "cache_write": used.cache_write_5m + used.cache_write_1h,
        "ms": outcome.ms,
    }
