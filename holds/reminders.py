"""The built-in action of reminders: a stored row, said in its thread when due, gone again on Undo."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dateutil.parser import isoparse
from sqlalchemy import func, select, update

from holds.actions import Action, ActionFailed, Done
from holds.runs import ActionContext
from organs.bundles import Effect
from organs.proposals import REMINDER
from store import outbox
from store.engine import Database
from store.ids import new_id
from store.outbox import OutboxDraft
from store.sql import insert_once
from store.tables import reminders
from store.times import Clock, utcnow

NAME = REMINDER
_MOST = 200  # waiting reminders of one person
_FARTHEST = timedelta(days=5 * 366)
_LONGEST = 2_000  # characters


@dataclass(frozen=True, slots=True)
class Reminder:
    """One reminder that waits."""

    id: str
    person: str
    channel: str
    thread: str
    text: str = field(repr=False)
    due_at: datetime


class Reminders:
    """The table of reminders, and the action that writes it."""

    def __init__(self, database: Database, clock: Clock = utcnow) -> None:
        self._db, self._clock = database, clock

    def action(self) -> Action:
        """As the registry takes it: own, reversible, and safe to run again under its key."""
        return Action(
            name=NAME,
            summary="Say this again here at the time given.",
            effect=Effect.REVERSIBLE,
            run=self._set,
            own=True,
            undo=self._remove,
            once=True,
            timeout_s=15.0,
            required=("text", "due"),
        )

    async def _set(self, arguments: Mapping[str, str], context: ActionContext) -> Done:
        text = arguments["text"].strip()
        due = _due(arguments["due"])
        if len(text) > _LONGEST:
            raise ActionFailed(f"Not set: a reminder has at most {_LONGEST} characters.")
        if due > context.now + _FARTHEST:
            raise ActionFailed("Not set: that is more than five years ahead.")
        async with self._db.begin() as conn:
            known = (await conn.execute(select(reminders.c.id).where(reminders.c.key == context.key))).scalar()
            if known is not None:
                return Done(_said(due), undo=known)
            if due <= context.now:
                raise ActionFailed("Not set: that time has passed already.")
            waiting = select(func.count()).where(reminders.c.person == context.person, reminders.c.state == "waiting")
            if (await conn.execute(waiting)).scalar_one() >= _MOST:
                raise ActionFailed(f"Not set: you have {_MOST} reminders waiting. Take one back first.")
            reminder_id = new_id("rem")
            row = {
                "id": reminder_id,
                "key": context.key,
                "person": context.person,
                "channel": context.channel,
                "thread": context.thread,
                "text": text,
                "due_at": due,
                "state": "waiting",
                "created_at": context.now,
            }
            await insert_once(conn, reminders, row)
        return Done(_said(due), undo=reminder_id)

    async def _remove(self, undo: str, context: ActionContext) -> str:
        async with self._db.begin() as conn:
            gone = await conn.execute(
                update(reminders).where(reminders.c.id == undo, reminders.c.state == "waiting").values(state="removed")
            )
            state = (await conn.execute(select(reminders.c.state).where(reminders.c.id == undo))).scalar()
        if gone.rowcount != 1 and state != "removed":
            raise ActionFailed("Too late: the reminder was delivered already.")
        return "The reminder is removed."

    async def waiting(self, person: str) -> tuple[Reminder, ...]:
        """A person's reminders that wait, soonest first."""
        query = (
            select(reminders)
            .where(reminders.c.person == person, reminders.c.state == "waiting")
            .order_by(reminders.c.due_at)
        )
        async with self._db.read() as conn:
            return tuple(_reminder(row) for row in await conn.execute(query))

    async def next_due(self) -> datetime | None:
        """When the next reminder of anybody is due."""
        async with self._db.read() as conn:
            found: datetime | None = (
                await conn.execute(
                    select(reminders.c.due_at)
                    .where(reminders.c.state == "waiting")
                    .order_by(reminders.c.due_at)
                    .limit(1)
                )
            ).scalar()
        return found

    async def deliver_due(self, limit: int = 100) -> int:
        """Put what is due into the outbox; a reminder and its message are one commit, so it is said once."""
        now = self._clock()
        due = (reminders.c.state == "waiting", reminders.c.due_at <= now)
        async with self._db.read() as conn:
            if (await conn.execute(select(reminders.c.id).where(*due).limit(1))).first() is None:
                return 0
        async with self._db.begin() as conn:
            query = select(reminders).where(*due).order_by(reminders.c.due_at).limit(limit)
            found = (await conn.execute(query.with_for_update(skip_locked=True))).all()
            for row in found:
                await outbox.put(conn, _message(_reminder(row), now), now)
                await conn.execute(update(reminders).where(reminders.c.id == row.id).values(state="delivered"))
        return len(found)


def _message(reminder: Reminder, now: datetime) -> OutboxDraft:
    late = now - reminder.due_at > timedelta(minutes=2)
    text = f"Reminder: {reminder.text}"
    if late:
        text += f"\n(It was due at {reminder.due_at:%Y-%m-%d %H:%M} UTC; I was not running then.)"
    return OutboxDraft(
        key=f"reminder:{reminder.id}",
        channel=reminder.channel,
        thread=reminder.thread,
        recipient=reminder.person,
        kind="reminder",
        body=json.dumps({"text": text}),
    )


def _due(text: str) -> datetime:
    try:
        due = isoparse(text)
    except (ValueError, OverflowError) as error:
        raise ActionFailed("Not set: I could not read the time.") from error
    if due.tzinfo is None:
        raise ActionFailed("Not set: the time has no time zone.")
    return due


def _said(due: datetime) -> str:
    return f"I will remind you here on {due:%A, %d %B %Y at %H:%M} ({due.tzname() or 'UTC'})."


def _reminder(row: Any) -> Reminder:
    return Reminder(row.id, row.person, row.channel, row.thread, row.text, row.due_at)
