"""A message that its author deleted leaves the conversation: its text goes, hashes and times stay for the proofs."""

from __future__ import annotations

from sqlalchemy import delete, or_, select, update

from store.engine import Database
from store.erasure import ERASED
from store.tables import inbox, turns


async def forget_message(database: Database, channel: str, event_id: str) -> int:
    """Take the words of one message, and of its edits, out of the context of later exchanges; how many exchanges.

    What is still running keeps its words until it ends: whoever wants it ended stops it first.
    """
    same = or_(inbox.c.event_id == event_id, inbox.c.event_id.startswith(f"{event_id}/", autoescape=True))
    async with database.begin() as conn:
        query = select(inbox.c.exchange_id, inbox.c.state).where(inbox.c.channel == channel, same)
        found = (await conn.execute(query)).all()
        ids = [row.exchange_id for row in found]
        if ids:
            await conn.execute(delete(turns).where(turns.c.exchange_id.in_(ids), turns.c.role == "user"))
            done = [row.exchange_id for row in found if row.state == "done"]
            await conn.execute(update(inbox).where(inbox.c.exchange_id.in_(done)).values(payload=ERASED, prepared=None))
    return len(ids)
