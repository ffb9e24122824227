"""Fits the real people and ledger to what the bridge asks of them; no rule is made here."""

from __future__ import annotations

import getpass
import time

from bots.bridge.services import (
    BrowserSession,
    Grant,
    LedgerRow,
    LedgerTail,
    Verification,
)
from organs.bundles import Actor, Proof, Role
from store.people import People, Person
from store.tokens import Tokens
from vault.entry import StoredEntry
from vault.errors import EntryError
from vault.ledger import Ledger
from vault.verify import Progress


class StoreGate:
    """People, links, sessions and tokens out of the application database."""

    def __init__(self, people: People, tokens: Tokens) -> None:
        self._people, self._tokens = people, tokens

    async def redeem(self, code: str) -> BrowserSession | None:
        traded = await self._tokens.use_link(code)
        return None if traded is None else await self.session(traded[0])

    async def session(self, key: str) -> BrowserSession | None:
        found = await self._tokens.session(key)
        if found is None:
            return None
        actor = await self._actor(found.person, "bridge", Proof.LINKED)
        return None if actor is None else BrowserSession(key, actor, found.csrf)

    async def sign_out(self, key: str) -> None:
        await self._tokens.sign_out(key)

    async def token(self, secret: str) -> Grant | None:
        found = await self._tokens.verify(secret)
        if found is None:
            return None
        actor = await self._actor(found.person, "api", Proof.LINKED)
        return None if actor is None else Grant(actor, found.scopes)

    async def owner(self) -> Actor | None:
        person = await self._owner()
        return None if person is None else _as_actor(person, "console", Proof.PLATFORM)

    async def new_link_code(self, person: str | None = None) -> str | None:
        found = await self._owner() if person is None else await self._people.person(person)
        return None if found is None or not found.active else await self._tokens.create_link(found.id)

    async def _owner(self) -> Person | None:
        return await self._people.by_identity("local", getpass.getuser())

    async def _actor(self, person_id: str, channel: str, proof: Proof) -> Actor | None:
        """The person with the role of this moment; None once they are no longer active."""
        person = await self._people.person(person_id)
        return None if person is None or not person.active else _as_actor(person, channel, proof)


def _as_actor(person: Person, channel: str, proof: Proof) -> Actor:
    return Actor(person.id, person.name, Role(person.role), proof, channel)


class LedgerPort:
    """The ledger for reading and checking.

    What an entry's body tells about a person (who, which lane) is for that person and for deciders; the list
    shows everybody only that something was sealed, and with which verdict.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def tail(self, n: int, viewer: Actor) -> LedgerTail:
        checkpoint = await self._ledger.checkpoint()
        entries = await self._ledger.tail(n)
        return LedgerTail(
            origin=self._ledger.origin,
            size=self._ledger.size,
            root="" if checkpoint is None else checkpoint.root.hex(),
            checkpoint="" if checkpoint is None else checkpoint.note,
            rows=tuple(
                LedgerRow(
                    index=entry.index,
                    at=entry.time,
                    kind=entry.kind,
                    what=_what(entry),
                    entry_hash=entry.entry_hash,
                    prev_hash=entry.prev_hash,
                    receipt=_may_have(entry, viewer),
                )
                for entry in reversed(entries)
            ),
        )

    async def verify(self, progress: Progress) -> Verification:
        started = time.perf_counter()
        report = await self._ledger.verify_chain(progress)
        sentence = report.message
        if report.ok:
            entries = "The one entry, its" if report.size == 1 else f"All {report.size:,} entries, their"
            sentence = f"{entries} chain, the tree and its signatures agree."
        elif report.first_bad is not None:
            sentence = f"First bad position: {report.first_bad}. {report.message}"
        return Verification(
            ok=report.ok,
            size=report.size,
            sentence=sentence,
            first_bad=report.first_bad,
            root=report.root,
            ms=(time.perf_counter() - started) * 1000,
        )

    async def receipt(self, index: int, viewer: Actor) -> bytes | None:
        entry = await self._ledger.get(index)
        if entry is None or not _may_have(entry, viewer):
            return None
        try:
            return await self._ledger.receipt(index)
        except EntryError:
            return None


def _may_have(entry: StoredEntry, viewer: Actor) -> bool:
    person = entry.body.get("person")
    return person is None or person == viewer.person or viewer.role.level >= Role.APPROVER.level


def _what(entry: StoredEntry) -> str:
    verdict = entry.body.get("verdict")
    words = entry.kind.replace(".", " ").replace("_", " ")
    return f"{words}, {verdict}" if isinstance(verdict, str) else words
