"""People and the identities by which platforms know them: one human is one decider, however many identities."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from manifest.people import DeclaredPerson
from store.engine import Database
from store.ids import new_id
from store.sql import insert_once
from store.tables import identities, kin, people
from store.times import Clock, utcnow


@dataclass(frozen=True, slots=True)
class Identity:
    """How one platform knows a person: `("slack", "T024BE7LD/U2147483697")`, `("email", "ana@example.org")`."""

    kind: str
    value: str
    how: Literal["declared", "linked", "seen"] = "declared"

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody Trinity knows. `role` is one of guest, member, approver, commander."""

    id: str
    name: str
    role: str
    identities: tuple[Identity, ...]
    timezone: str
    language: str
    declared: bool
    active: bool
    quiet_hours: str | None = None  # "22:00-07:00" in the person's own time zone
    crisis_contact: bool = False

    def linked(self, kind: str, value: str) -> bool:
        """Whether this identity was declared or linked by a code, not merely seen."""
        return any(i.kind == kind and i.value == value and i.how != "seen" for i in self.identities)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Everybody at one moment, read in one transaction: for deciding, where the parts must fit together."""

    everybody: tuple[Person, ...]
    pairs: frozenset[frozenset[str]]  # ids that are, or were, one human

    def person(self, person_id: str) -> Person | None:
        """One person, inactive ones too."""
        return next((person for person in self.everybody if person.id == person_id), None)

    def kin_of(self, person_id: str) -> frozenset[str]:
        """As `People.kin_of`."""
        found, border = {person_id}, {person_id}
        while border:
            border = {one for pair in self.pairs if pair & border for one in pair} - found
            found |= border
        return frozenset(found)


class People:
    """The tables of people, identities and kinship."""

    def __init__(self, database: Database, clock: Clock = utcnow) -> None:
        self._db, self._clock = database, clock

    async def sync(self, declared: Iterable[DeclaredPerson]) -> list[str]:
        """Make the tables say what people.toml says, and return the changes in words (to be sealed).

        Who was declared and no longer is becomes inactive: known, but nobody. An identity that the file gives to
        somebody moves there, and both ids count as kin from then on.
        """
        wanted = {person.id: person for person in declared}
        changes: list[str] = []
        now = self._clock()
        async with self._db.begin() as conn:
            known = {row.id: row for row in await conn.execute(select(people))}
            for person in wanted.values():
                row = known.get(person.id)
                facts = {
                    "name": person.name,
                    "role": person.role,
                    "timezone": person.timezone,
                    "language": person.language,
                    "declared": True,
                    "active": True,
                    "quiet_hours": person.quiet_hours,
                    "crisis_contact": person.crisis_contact,
                }
                if row is None:
                    await conn.execute(insert(people).values(id=person.id, created_at=now, **facts))
                    changes.append(f"{person.id}: declared as {person.role}")
                elif any(getattr(row, name) != value for name, value in facts.items()):
                    await conn.execute(update(people).where(people.c.id == person.id).values(**facts))
                    if row.role != person.role or not row.active or not row.declared:
                        changes.append(f"{person.id}: {row.role if row.active else 'inactive'} → {person.role}")
                changes += await self._sync_identities(conn, person)
            for person_id, row in known.items():
                if row.declared and row.active and person_id not in wanted:
                    nobody = {"active": False, "role": "guest"}
                    await conn.execute(update(people).where(people.c.id == person_id).values(**nobody))
                    changes.append(f"{person_id}: no longer declared, inactive")
        return changes

    async def _sync_identities(self, conn: AsyncConnection, person: DeclaredPerson) -> list[str]:
        changes: list[str] = []
        wanted = {(i.kind, i.value) for i in person.identities}
        rows = (await conn.execute(select(identities).where(identities.c.person == person.id))).all()
        held = {(row.kind, row.value): row.how for row in rows if row.how != "gone"}
        for (kind, value), how in held.items():
            if how == "declared" and (kind, value) not in wanted:
                await _let_go(conn, kind, value)
                changes.append(f"{person.id}: a {kind} identity taken off")
        for kind, value in sorted(wanted):
            if held.get((kind, value)) != "declared":
                await self._attach(conn, person.id, kind, value, "declared")
                changes.append(f"{person.id}: a {kind} identity declared")
        return changes

    async def _attach(self, conn: AsyncConnection, person_id: str, kind: str, value: str, how: str) -> str | None:
        """Give an identity to a person; returns who had it before."""
        query = select(identities.c.person).where(identities.c.kind == kind, identities.c.value == value)
        before: str | None = (await conn.execute(query)).scalar()
        await conn.execute(delete(identities).where(identities.c.kind == kind, identities.c.value == value))
        await conn.execute(
            insert(identities).values(kind=kind, value=value, person=person_id, how=how, linked_at=self._clock())
        )
        if before is not None and before != person_id:
            a, b = sorted((before, person_id))
            await insert_once(conn, kin, {"a": a, "b": b})
        return before

    async def person(self, person_id: str) -> Person | None:
        """One person, inactive ones too."""
        async with self._db.read() as conn:
            found = await _load(conn, people.c.id == person_id)
        return found[0] if found else None

    async def by_identity(self, kind: str, value: str) -> Person | None:
        """Whose identity this is; None when it was never seen, was taken off, or its person is inactive."""
        owner = select(identities.c.person).where(_held(kind, value))
        async with self._db.read() as conn:
            found = await _load(conn, people.c.id.in_(owner), people.c.active)
        return found[0] if found else None

    async def ensure(self, kind: str, value: str, *, name: str, role: Literal["guest", "member"] = "guest") -> Person:
        """The person behind an identity, made now where a platform shows it for the first time.

        Only guest and member can come about this way; approver and commander are declared or granted. Somebody who
        is no longer declared stays an inactive guest.
        """
        known = await self.by_identity(kind, value)
        if known is not None:
            return known
        async with self._db.begin() as conn:
            owner = (await conn.execute(select(identities.c.person).where(_held(kind, value)))).scalar()
            if owner is None:
                owner = await self._new(conn, name, role)
                await self._attach(conn, owner, kind, value, "seen")
            (person,) = await _load(conn, people.c.id == owner)
        return person

    async def _new(self, conn: AsyncConnection, name: str, role: str) -> str:
        person_id = new_id("p")
        await conn.execute(
            insert(people).values(
                id=person_id,
                name=name,
                role=role,
                timezone="UTC",
                language="en",
                declared=False,
                active=True,
                created_at=self._clock(),
            )
        )
        return person_id

    async def link(self, person_id: str, kind: str, value: str) -> str | None:
        """Give a proved identity to a person (a code came back over it). Both ids count as one human from now on.

        Returns:
            The id that had the identity before, where there was another one.

        Raises:
            KeyError: no such person.
        """
        async with self._db.begin() as conn:
            if not await _load(conn, people.c.id == person_id):
                raise KeyError(person_id)
            before = await self._attach(conn, person_id, kind, value, "linked")
        return before if before != person_id else None

    async def unlink(self, kind: str, value: str) -> bool:
        """Take an identity off; False when there is none. Whoever turns up with it later is still kin of its owner."""
        async with self._db.begin() as conn:
            if (await conn.execute(select(identities.c.person).where(_held(kind, value)))).first() is None:
                return False
            await _let_go(conn, kind, value)
        return True

    async def set_role(self, person_id: str, role: str) -> str:
        """Change a role that people.toml does not declare; returns the former one.

        Raises:
            KeyError: no such person.
            ValueError: the person is declared; people.toml is the place to change it.
        """
        async with self._db.begin() as conn:
            found = await _load(conn, people.c.id == person_id)
            if not found:
                raise KeyError(person_id)
            if found[0].declared:
                raise ValueError(f"{person_id} is declared in people.toml; change the role there")
            await conn.execute(update(people).where(people.c.id == person_id).values(role=role))
        return found[0].role

    async def with_roles(self, roles: Iterable[str]) -> list[Person]:
        """Every active person who has one of these roles, by id."""
        async with self._db.read() as conn:
            return await _load(conn, people.c.role.in_(list(roles)), people.c.active)

    async def all(self) -> list[Person]:
        """Everybody, by id."""
        async with self._db.read() as conn:
            return await _load(conn)

    async def crowd(self) -> Crowd:
        """Everybody and who is kin to whom, as of one moment."""
        async with self._db.read() as conn:
            pairs = frozenset(frozenset((row.a, row.b)) for row in await conn.execute(select(kin)))
            return Crowd(tuple(await _load(conn)), pairs)

    async def roles(self) -> dict[str, str]:
        """The role of every active person."""
        async with self._db.read() as conn:
            rows = await conn.execute(select(people.c.id, people.c.role).where(people.c.active))
            return {row.id: row.role for row in rows}

    async def count_declared(self) -> int:
        """How many people people.toml names."""
        query = select(func.count()).select_from(people).where(people.c.declared, people.c.active)
        async with self._db.read() as conn:
            return int((await conn.execute(query)).scalar_one())

    async def kin_of(self, person_id: str) -> frozenset[str]:
        """Every id that is, or ever was, the same human as this one; itself included."""
        async with self._db.read() as conn:
            return await kin_of(conn, person_id)

    async def same_human(self, a: str, b: str) -> bool:
        """Whether two ids are, or ever were, one human."""
        return b in await self.kin_of(a)


async def kin_of(conn: AsyncConnection, person_id: str) -> frozenset[str]:
    """As `People.kin_of`, inside the caller's transaction."""
    found, border = {person_id}, {person_id}
    while border:
        rows = await conn.execute(select(kin).where(or_(kin.c.a.in_(border), kin.c.b.in_(border))))
        border = {one for row in rows for one in (row.a, row.b)} - found
        found |= border
    return frozenset(found)


def _held(kind: str, value: str) -> ColumnElement[bool]:
    return and_(identities.c.kind == kind, identities.c.value == value, identities.c.how != "gone")


async def _let_go(conn: AsyncConnection, kind: str, value: str) -> None:
    """The row stays, so that giving the identity to somebody else later still makes the two kin."""
    which = and_(identities.c.kind == kind, identities.c.value == value)
    await conn.execute(update(identities).where(which).values(how="gone"))


async def _load(conn: AsyncConnection, *where: Any) -> list[Person]:
    rows = (await conn.execute(select(people).where(*where).order_by(people.c.id))).all()
    ids = [row.id for row in rows]
    held: dict[str, list[Identity]] = {one: [] for one in ids}
    which = and_(identities.c.person.in_(ids), identities.c.how != "gone")
    query = select(identities).where(which).order_by(identities.c.kind, identities.c.value)
    for row in await conn.execute(query):
        held[row.person].append(Identity(row.kind, row.value, row.how))
    return [
        Person(
            id=r.id,
            name=r.name,
            role=r.role,
            identities=tuple(held[r.id]),
            timezone=r.timezone,
            language=r.language,
            declared=r.declared,
            active=r.active,
            quiet_hours=r.quiet_hours,
            crisis_contact=r.crisis_contact,
        )
        for r in rows
    ]
