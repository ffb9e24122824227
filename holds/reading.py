"""Looking at holds: one, an exchange's, what somebody may see, and who may decide it now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from holds import rows
from holds.checks import Facts
from holds.policy import Policy, WhoMay
from holds.record import DECIDED, HoldRecord, HoldState, arguments_of
from manifest.holds import Rule
from organs.bundles import Actor, Role
from store.engine import Database
from store.people import Crowd, People
from store.tables import holds


class HoldReader:
    """Every question about holds that changes nothing; the desk adds what does."""

    def __init__(self, database: Database, policy: Policy, people: People) -> None:
        self._db, self.policy, self._people = database, policy, people

    async def get(self, hold_id: str) -> HoldRecord | None:
        """One hold. Whether the one who looks may see it is `may_see`."""
        return await self._find(holds.c.id == hold_id)

    async def of_exchange(self, exchange_id: str) -> tuple[HoldRecord, ...]:
        """Every hold of an exchange, newest first."""
        async with self._db.read() as conn:
            return tuple(await rows.load(conn, holds.c.exchange_id == exchange_id))

    async def list(
        self,
        *,
        state: HoldState | None = None,
        closed: bool = False,
        viewer: Actor,
        limit: int = 100,
        before: datetime | None = None,
    ) -> tuple[HoldRecord, ...]:
        """The holds this person may see, newest first: deciders all, others their own; nobody a crisis of theirs.

        `closed` leaves out what still waits for a decision.
        """
        kin = await self._people.kin_of(viewer.person)
        own_crisis = (holds.c.kind == "crisis") & holds.c.requester.in_(kin)
        where = [~own_crisis]
        if viewer.role.level < Role.APPROVER.level:
            where.append(or_(holds.c.requester.in_(kin), holds.c.action_class.in_(self._classes_of(viewer))))
        if state is not None:
            where.append(holds.c.state == state)
        if closed:
            where.append(holds.c.state != "open")
        if before is not None:
            where.append(holds.c.created_at < before)
        async with self._db.read() as conn:
            return tuple(await rows.load(conn, *where, limit=limit))

    async def count_open(self) -> int:
        """How many holds wait for a human."""
        query = select(func.count()).select_from(holds).where(holds.c.state == "open")
        async with self._db.read() as conn:
            return int((await conn.execute(query)).scalar_one())

    async def may_see(self, record: HoldRecord, viewer: Actor) -> bool:
        """Whether this person may see this hold."""
        own = viewer.person in await self._people.kin_of(record.requester)
        if own:
            return record.kind != "crisis"
        return viewer.role.level >= Role.APPROVER.level or record.action_class in self._classes_of(viewer)

    def _classes_of(self, viewer: Actor) -> tuple[str, ...]:
        named = {viewer.role.value, f"person:{viewer.person}"}
        return tuple(name for name, (rule, _) in self.policy.declared.classes.items() if named & set(rule.who))

    async def who_may(self, record: HoldRecord, crowd: Crowd | None = None) -> WhoMay:
        """Who may decide this hold now: the stricter of the rule it was opened under and the one declared today.

        Whoever asks about many holds reads the crowd once and hands it in.
        """
        return await self.policy.who_may_by(self._rule_now(record), record.requester, crowd)

    def _rule_now(self, record: HoldRecord) -> Rule:
        today = self.policy.rule(record.action_class, record.effect, arguments_of(record.content))
        return record.rule.tightened(today)

    async def decided_not_continued(self) -> tuple[HoldRecord, ...]:
        """Decided holds whose exchange has not gone on yet, oldest first: what a start has to take up."""
        async with self._db.read() as conn:
            found = await rows.load(conn, rows.states(DECIDED), holds.c.continued_at.is_(None))
        return tuple(reversed(found))

    async def facts(self, record: HoldRecord, by: Actor) -> Facts:
        """What the database knows of somebody who clicks on a hold."""
        crowd = await self._people.crowd()
        return Facts(
            person=crowd.person(by.person),
            kin=crowd.kin_of(by.person),
            requester_kin=crowd.kin_of(record.requester),
            who=await self.who_may(record, crowd),
        )

    async def _find(self, *where: Any) -> HoldRecord | None:
        async with self._db.read() as conn:
            found = await rows.load(conn, *where, limit=1)
        return found[0] if found else None
