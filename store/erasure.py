"""Erases what a person wrote from the application database; hashes, times and states stay for the proofs."""

from __future__ import annotations

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Database
from store.people import kin_of
from store.tables import action_runs, hold_events, holds, inbox, outbox, reminders, second_looks, turns

ERASED = "[erased]"
_OVER = ("approved", "denied", "edited", "expired", "cancelled", "acknowledged", "executed", "failed")


async def erase_texts(database: Database, person: str) -> int:
    """Overwrite every text of a person's finished exchanges, under all of that person's ids; how many rows.

    What is still under way (an open hold, a running exchange, an unsent reply) is left until it has ended: call it
    again then. SQLite overwrites the old bytes (`secure_delete`); PostgreSQL frees them at its next vacuum.
    """
    async with database.begin() as conn:
        ids = await kin_of(conn, person)
        return await _erase(conn, ids)


async def _erase(conn: AsyncConnection, ids: frozenset[str]) -> int:
    done = select(inbox.c.exchange_id).where(inbox.c.person.in_(ids), inbox.c.state == "done")
    over = select(holds.c.id).where(holds.c.requester.in_(ids), holds.c.state.in_(_OVER))
    statements = (
        delete(turns).where(turns.c.person.in_(ids), turns.c.exchange_id.in_(done)),
        update(outbox)
        .where(or_(outbox.c.exchange_id.in_(done), outbox.c.recipient.in_(ids)), outbox.c.state.in_(("sent", "failed")))
        .values(body=ERASED),
        update(inbox).where(inbox.c.exchange_id.in_(done)).values(payload=ERASED, outcome=None, prepared=None),
        update(second_looks).where(second_looks.c.exchange_id.in_(done)).values(prepared=None),
        update(hold_events)
        .where(
            or_(hold_events.c.hold_id.in_(over), hold_events.c.person.in_(ids)), hold_events.c.seal_index.is_not(None)
        )
        .values(reason="", note=None),
        update(action_runs)
        .where(action_runs.c.actor.in_(ids), action_runs.c.state.in_(("executed", "failed", "undone")))
        .values(arguments="{}", outcome=ERASED, undo=None),
        update(holds).where(holds.c.id.in_(over)).values(summary=ERASED, plan="", content=ERASED),
        update(reminders).where(reminders.c.person.in_(ids), reminders.c.state != "waiting").values(text=ERASED),
    )
    rows = 0
    for statement in statements:
        rows += (await conn.execute(statement)).rowcount
    return rows
