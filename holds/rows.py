"""Holds and their events as rows: reading them, writing a step, and finding what is still to be sealed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from holds.policy import WhoMay
from holds.record import EventKind, HoldEvent, HoldRecord, HoldState
from manifest.holds import Rule
from organs.bundles import Actor, Effect
from store.tables import hold_events, holds, people

Talk = Literal["hold.asked", "hold.answered"]


async def load(conn: AsyncConnection, *where: Any, lock: bool = False, limit: int | None = None) -> list[HoldRecord]:
    """The holds that match, newest first, each with all its events."""
    query = select(holds).where(*where).order_by(holds.c.id.desc())  # ids sort by time
    if limit is not None:
        query = query.limit(limit)
    if lock:
        query = query.with_for_update()
    rows = (await conn.execute(query)).all()
    if not rows:
        return []
    names_query = select(people.c.id, people.c.name).where(people.c.id.in_({row.requester for row in rows}))
    names = {row.id: row.name for row in await conn.execute(names_query)}
    events = await _events(conn, [row.id for row in rows])
    return [_record(row, names.get(row.requester, row.requester), events.get(row.id, ())) for row in rows]


async def one(conn: AsyncConnection, hold_id: str, *, lock: bool = False) -> HoldRecord | None:
    """One hold; `lock` keeps other deciders out until the transaction ends."""
    found = await load(conn, holds.c.id == hold_id, lock=lock)
    return found[0] if found else None


async def _events(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, tuple[HoldEvent, ...]]:
    query = (
        select(hold_events, holds.c.exchange_id, holds.c.action, holds.c.action_class)
        .join(holds, holds.c.id == hold_events.c.hold_id)
        .where(hold_events.c.hold_id.in_(ids))
        .order_by(hold_events.c.id)
    )
    found: dict[str, list[HoldEvent]] = {}
    for row in await conn.execute(query):
        found.setdefault(row.hold_id, []).append(_event(row))
    return {hold_id: tuple(events) for hold_id, events in found.items()}


async def unsealed(conn: AsyncConnection, limit: int) -> list[HoldEvent]:
    """The oldest events that are not in the ledger yet."""
    query = (
        select(hold_events, holds.c.exchange_id, holds.c.action, holds.c.action_class)
        .join(holds, holds.c.id == hold_events.c.hold_id)
        .where(hold_events.c.seal_index.is_(None))
        .order_by(hold_events.c.id)
        .limit(limit)
    )
    return [_event(row) for row in await conn.execute(query)]


async def mark_sealed(conn: AsyncConnection, event_id: int, index: int) -> None:
    """Record where in the ledger an event stands."""
    await conn.execute(update(hold_events).where(hold_events.c.id == event_id).values(seal_index=index))


async def set_state(conn: AsyncConnection, hold_id: str, state: HoldState, **values: Any) -> None:
    """Move a hold to a state; the caller holds its row."""
    await conn.execute(update(holds).where(holds.c.id == hold_id).values(state=state, **values))


async def copy(
    conn: AsyncConnection,
    hold_id: str,
    new_id: str,
    *,
    summary: str,
    content: str,
    sha: str,
    who: WhoMay,
    now: datetime,
) -> None:
    """Open a hold like another one, with other content; the time left to decide is not made longer by it."""
    row = dict((await conn.execute(select(holds).where(holds.c.id == hold_id))).one()._mapping)
    row |= {
        "id": new_id,
        "summary": summary,
        "content": content,
        "content_sha256": sha,
        "rule": who.rule.to_json(),
        "needed": who.rule.needed,
        "risk": who.rule.risk,
        "who_may": who.words,
        "parent": hold_id,
        "state": "open",
        "created_at": now,
        "reminded": 0,
    }
    await conn.execute(insert(holds).values(**row))


async def add_event(
    conn: AsyncConnection,
    hold_id: str,
    kind: EventKind,
    now: datetime,
    *,
    state: HoldState,
    by: Actor | None = None,
    decision: str | None = None,
    reason: str = "",
    content_sha256: str = "",
    self_ratified: bool = False,
    proof: str | None = None,
    note: str | None = None,
) -> None:
    """Write one step; it is sealed afterwards, and at the next start if the process dies before."""
    await conn.execute(
        insert(hold_events).values(
            hold_id=hold_id,
            kind=kind,
            person=None if by is None else by.person,
            person_name=None if by is None else by.name,
            channel=None if by is None else by.channel,
            decision=decision,
            reason=reason[:2000],
            content_sha256=content_sha256[:64],
            proof=proof,
            self_ratified=self_ratified,
            state=state,
            note=note,
            at=now,
        )
    )


def states(these: Iterable[HoldState]) -> Any:
    """The condition that a hold is in one of these states."""
    return holds.c.state.in_(list(these))


def _event(row: Any) -> HoldEvent:
    return HoldEvent(
        id=row.id,
        key=f"hold-event:{row.hold_id}:{row.id}",
        hold_id=row.hold_id,
        exchange_id=row.exchange_id,
        kind=row.kind,
        action=row.action,
        action_class=row.action_class,
        state=row.state,
        person=row.person,
        person_name=row.person_name,
        channel=row.channel,
        decision=row.decision,
        reason=row.reason,
        content_sha256=row.content_sha256,
        proof=row.proof,
        self_ratified=row.self_ratified,
        at=row.at,
        note=row.note,
        seal_index=row.seal_index,
    )


def _record(row: Any, requester_name: str, events: tuple[HoldEvent, ...]) -> HoldRecord:
    return HoldRecord(
        id=row.id,
        exchange_id=row.exchange_id,
        kind=row.kind,
        action=row.action,
        action_class=row.action_class,
        summary=row.summary,
        plan=row.plan,
        content=row.content,
        content_sha256=row.content_sha256,
        effect=Effect(row.effect),
        requester=row.requester,
        requester_name=requester_name,
        channel=row.channel,
        thread=row.thread,
        risk=row.risk,
        rule=Rule.from_json(row.rule),
        who_may=row.who_may,
        needed=row.needed,
        state=row.state,
        created_at=row.created_at,
        deadline=row.deadline,
        decided_at=row.decided_at,
        continued=row.continued_at is not None,
        parent=row.parent,
        events=events,
    )
