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
        now, written = self._clock(), 0
        async with self._db.read() as conn:
            open_holds = await rows.load(conn, holds.c.state == "open")
            query = select(holds.c.id, holds.c.reminded).where(holds.c.state == "open")
            done = {row.id: row.reminded for row in await conn.execute(query)}
        for record in open_holds:
            plan = steps(record.rule)
            passed = [n for n, step in enumerate(plan) if record.created_at + step.after <= now]
            latest = passed[-1] if passed else 0
            if latest >= done.get(record.id, 0):
                written += await self._say(record, latest, plan[: latest + 1], now)
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
