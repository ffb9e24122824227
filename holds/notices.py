"""Asks those who may decide: when a hold is opened, again when nobody did, and further up when still nobody did."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from holds import rows
from holds.checks import when
from holds.desk import HoldDesk
from holds.policy import WhoMay
from holds.record import HoldRecord
from manifest.holds import Rule
from store import outbox
from store.engine import Database
from store.outbox import OutboxDraft
from store.people import People, Person
from store.tables import holds
from store.tables import outbox as outbox_table
from store.times import Clock, utcnow

StepKind = Literal["opened", "reminder", "escalation"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person is reached: an outbox channel and a thread on it."""

    channel: str
    thread: str


# Where to reach a person, by the channels that are connected; None where there is no way.
PlaceOf = Callable[[Person], Place | None]


class Places:
    """The ways to reach people. Each channel that can write to a person unasked adds its own; the one added last is
    tried first, so that a message where the person works goes before a page that has to be opened."""

    def __init__(self, *ways: PlaceOf) -> None:
        self._ways = list(ways)

    def register(self, way: PlaceOf) -> None:
        """Add a channel's way."""
        self._ways.append(way)

    def of(self, person: Person) -> Place | None:
        """Where this person is reached best; None where no channel reaches them."""
        return next((place for way in reversed(self._ways) if (place := way(person)) is not None), None)


@dataclass(frozen=True, slots=True)
class Step:
    """One moment at which people are asked, counted from the opening."""

    after: timedelta
    kind: StepKind
    to: tuple[str, ...] = ()


def steps(rule: Rule) -> tuple[Step, ...]:
    """Every asking a rule wants, in order of time."""
    reminders = [Step(span, "reminder") for span in rule.remind]
    escalations = [Step(e.after, "escalation", e.to) for e in rule.escalate]
    return (Step(timedelta(0), "opened"), *sorted(reminders + escalations, key=lambda step: step.after))


def quiet(person: Person, now: datetime) -> bool:
    """Whether it is the person's quiet time now, in the person's own time zone."""
    if person.quiet_hours is None:
        return False
    begin, _, end = person.quiet_hours.partition("-")
    start, stop = time.fromisoformat(begin), time.fromisoformat(end)
    here = now.astimezone(ZoneInfo(person.timezone)).time()
    return start <= here < stop if start <= stop else here >= start or here < stop


class Notices:
    """Writes the messages into the outbox, each once. Who sleeps is asked when awake, unless the class is critical."""

    def __init__(
        self, database: Database, desk: HoldDesk, people: People, place_of: PlaceOf, *, clock: Clock = utcnow
    ) -> None:
        self._db, self._desk, self._people, self._place_of, self._clock = database, desk, people, place_of, clock

    async def sweep(self) -> int:
        """Ask whoever is due to be asked; how many messages were written.

        After a time of being down only the latest step of each hold is said, not every one that was missed.
        """
        query = select(holds.c.id, holds.c.rule, holds.c.created_at, holds.c.reminded).where(holds.c.state == "open")
        now, written = self._clock(), 0
        async with self._db.read() as conn:
            waiting = (await conn.execute(query)).all()
        for row in waiting:
            if _latest(steps(Rule.from_json(row.rule)), row.created_at, now) >= row.reminded:
                written += await self._due(row.id, now)
        return written

    async def changed(self, record: HoldRecord) -> int:
        """Something happened to a hold just now: ask, pass a question or an answer on, or take back what was not said
        yet; how many messages were written or taken back."""
        if record.state != "open":
            return await self.withdraw(record.id)
        return await self._due(record.id, self._clock()) + await self._talk(record)

    async def _due(self, hold_id: str, now: datetime) -> int:
        async with self._db.read() as conn:
            record = await rows.one(conn, hold_id)
            query = select(holds.c.reminded).where(holds.c.id == hold_id)
            reminded = (await conn.execute(query)).scalar_one()
        if record is None or record.state != "open":
            return 0
        plan = steps(record.rule)
        latest = _latest(plan, record.created_at, now)
        return await self._say(record, latest, plan[: latest + 1], now) if latest >= reminded else 0

    async def _talk(self, record: HoldRecord) -> int:
        """A question goes to the thread where the thing was asked for, an answer to those who asked something."""
        last = record.events[-1] if record.events else None
        if last is None or last.kind not in ("hold.asked", "hold.answered"):
            return 0
        name = last.person_name or "Somebody"
        to: list[tuple[str, Place]] = []
        if last.kind == "hold.asked":
            text = f"{name} asks, before deciding about “{record.summary}”: {last.note}"
            to.append((record.requester, Place(record.channel, record.thread)))
        else:
            text = f"{name} answered about “{record.summary}”: {last.note}"
            for asker in dict.fromkeys(e.person for e in record.events if e.kind == "hold.asked" and e.person):
                person = await self._people.person(asker)
                place = None if person is None or not person.active else self._place_of(person)
                if place is not None:
                    to.append((asker, place))
        written = 0
        async with self._db.begin() as conn:
            for person_id, place in to:
                body = json.dumps({"text": text, "hold": record.id}, ensure_ascii=False)
                key = f"hold-talk:{last.id}:{person_id}"
                draft = OutboxDraft(key, place.channel, place.thread, body, person_id, "hold")
                written += await outbox.put(conn, draft, self._clock())
        return written

    async def _say(self, record: HoldRecord, number: int, plan: tuple[Step, ...], now: datetime) -> int:
        everybody = await self._audience(record, plan)
        awake = [p for p in everybody if record.rule.critical or not quiet(p, now)]
        written = 0
        async with self._db.begin() as conn:
            for draft in self._drafts(record, number, plan[-1], awake):
                written += await outbox.put(conn, draft, now)
            if len(awake) == len(everybody):
                await conn.execute(update(holds).where(holds.c.id == record.id).values(reminded=number + 1))
        return written

    async def _audience(self, record: HoldRecord, plan: tuple[Step, ...]) -> list[Person]:
        kin = await self._people.kin_of(record.requester)
        if record.kind == "crisis":
            named = [p for p in await self._people.all() if p.active and p.crisis_contact]
            return [p for p in named if p.id not in kin]
        who = await self._desk.who_may(record)
        voted = {event.person for event in record.approvals}
        return [p for p in _first_line(who, plan) if p.id not in voted]

    def _drafts(self, record: HoldRecord, number: int, step: Step, people: list[Person]) -> Iterator[OutboxDraft]:
        for person in people:
            place = self._place_of(person)
            if place is not None:
                yield OutboxDraft(
                    key=f"hold-notice:{record.id}:{number}:{person.id}",
                    channel=place.channel,
                    thread=place.thread,
                    recipient=person.id,
                    kind="crisis" if record.kind == "crisis" else "hold",
                    body=json.dumps({"text": words(record, step.kind), "hold": record.id}, ensure_ascii=False),
                )

    async def withdraw(self, hold_id: str) -> int:
        """A hold was decided: what was not said yet is not said any more; how many messages."""
        async with self._db.begin() as conn:
            gone = await conn.execute(
                update(outbox_table)
                .where(outbox_table.c.key.startswith(f"hold-notice:{hold_id}:"), outbox_table.c.state == "pending")
                .values(state="failed", error="decided")
            )
        return gone.rowcount


def _latest(plan: tuple[Step, ...], opened: datetime, now: datetime) -> int:
    """The number of the last step whose time has come."""
    return max((n for n, step in enumerate(plan) if opened + step.after <= now), default=0)


def _first_line(who: WhoMay, plan: tuple[Step, ...]) -> list[Person]:
    """Those who are asked at this step: the first line, and everybody up to whom it was escalated by then."""
    later = {one for escalation in who.rule.escalate for one in escalation.to}
    reached = {one for step in plan for one in step.to}
    asked = set(who.rule.who) - later | reached
    found = [p for p in who.people if p.role in asked or f"person:{p.id}" in asked]
    return found or list(who.people)


def words(record: HoldRecord, kind: StepKind) -> str:
    """The message. About a person in danger it says the least that still helps."""
    if record.kind == "crisis":
        return "Somebody may be in danger now. Please look, and say in the hold that you are looking after it."
    lead = {
        "opened": "Your decision is asked for",
        "reminder": "Still waiting for a decision",
        "escalation": "Nobody has decided this yet, so you are asked",
    }[kind]
    end = f" Without a decision by {when(record.deadline)} it is not done." if record.deadline is not None else ""
    return f"{lead}: {record.summary}\nAsked by {record.requester_name}. {record.risk}{end}"
