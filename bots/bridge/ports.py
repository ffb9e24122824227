"""Fits the real people, desk and ledger to what the bridge asks of them; no rule is made here."""

from __future__ import annotations

import getpass
import time
from typing import Literal

from bots.bridge.services import (
    BrowserSession,
    Decided,
    Grant,
    HoldEvent,
    HoldState,
    HoldView,
    LedgerRow,
    LedgerTail,
    Offer,
    Verification,
)
from holds.desk import HoldDesk
from holds.policy import WhoMay
from holds.record import Decision, HoldRecord
from holds.record import HoldEvent as DeskEvent
from organs.bundles import Actor, Proof, Role
from store.people import People, Person
from store.tokens import Tokens
from vault.entry import StoredEntry
from vault.errors import EntryError
from vault.ledger import Ledger
from vault.verify import Progress

_STATES: dict[str, HoldState] = {"open": "pending", "running": "running", "executed": "done"}
_STEPS = {
    "hold.acknowledged": "is looking after this",
    "hold.cancelled": "withdrew it",
    "hold.edited": "edited it",
    "hold.answered": "answered",
}
_CRISIS = "Somebody may be in danger. Look after them first; this only records who does."
_RESULTS = {
    "executed": "It was carried out, once.",
    "failed": "It was approved, and carrying it out failed.",
    "unknown": "It was approved. A restart cut it off, so whether it was carried out is not known; a person must look.",
}


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

    async def new_link_code(self) -> str | None:
        person = await self._owner()
        return None if person is None else await self._tokens.create_link(person.id)

    async def _owner(self) -> Person | None:
        return await self._people.by_identity("local", getpass.getuser())

    async def _actor(self, person_id: str, channel: str, proof: Proof) -> Actor | None:
        """The person with the role of this moment; None once they are no longer active."""
        person = await self._people.person(person_id)
        return None if person is None or not person.active else _as_actor(person, channel, proof)


def _as_actor(person: Person, channel: str, proof: Proof) -> Actor:
    return Actor(person.id, person.name, Role(person.role), proof, channel)


class DeskPort:
    """Holds as one viewer sees them."""

    def __init__(self, desk: HoldDesk, people: People) -> None:
        self._desk, self._people = desk, people

    async def holds(self, viewer: Actor, state: Literal["pending", "decided"]) -> list[HoldView]:
        records = await self._desk.list(state="open" if state == "pending" else None, viewer=viewer)
        return [await self._view(r, viewer) for r in records if state == "pending" or r.state != "open"]

    async def hold(self, hold_id: str, viewer: Actor) -> HoldView | None:
        record = await self._desk.get(hold_id)
        if record is None or not await self._desk.may_see(record, viewer):
            return None
        return await self._view(record, viewer)

    async def decide(
        self,
        hold_id: str,
        by: Actor,
        *,
        approve: bool,
        reason: str,
        content_sha256: str,
        typed: str | None,
        step_up: str | None,
    ) -> Decided:
        decision = await self._desk.decide(
            hold_id,
            by=by,
            decision="approve" if approve else "deny",
            reason=reason,
            content_sha256=content_sha256,
            typed_action=typed,
            step_up=step_up,
        )
        return _decided(decision)

    async def acknowledge(self, hold_id: str, by: Actor, content_sha256: str) -> Decided:
        return _decided(await self._desk.acknowledge(hold_id, by=by, content_sha256=content_sha256))

    async def withdraw(self, hold_id: str, by: Actor, reason: str) -> Decided:
        return _decided(await self._desk.cancel(hold_id, by=by, reason=reason))

    async def _view(self, record: HoldRecord, viewer: Actor) -> HoldView:
        crisis = record.kind == "crisis"
        own = viewer.person in await self._people.kin_of(record.requester)
        offer: Offer = "none"
        why_not = ""
        step_up = False
        if record.state == "open" and crisis:
            offer = "acknowledge"
        elif record.state == "open":
            who = await self._desk.who_may(record)
            offer, why_not = _offer(record, viewer, who, own)
            step_up = who.rule.step_up
        return HoldView(
            id=record.id,
            state=_STATES.get(record.state, record.state),  # type: ignore[arg-type]  # the other words are the same
            action=record.action,
            summary=record.summary,
            content=record.content,
            content_sha256=record.content_sha256,
            effect=record.effect.value,
            risk=_CRISIS if crisis else record.risk,
            requester=record.requester_name or record.requester,
            may_decide=(record.who_may,) if record.who_may else (),
            created_at=record.created_at,
            needed=record.needed,
            expires_at=record.deadline,
            on_expiry="nothing is done",
            crisis=crisis,
            result=_RESULTS.get(record.state, ""),
            exchange_id=record.exchange_id,
            events=tuple(_event(e) for e in record.events if _shown(e)),
            offer=offer,
            why_not=why_not,
            may_withdraw=record.state == "open" and not crisis and (own or viewer.role is Role.COMMANDER),
            step_up=step_up,
        )


def _offer(record: HoldRecord, viewer: Actor, who: WhoMay, own: bool) -> tuple[Offer, str]:
    """What to show; the desk alone decides whether a click counts."""
    if viewer.person not in {person.id for person in who.people}:
        if own:
            return "none", f"You asked for this yourself, so somebody else decides: {who.words}."
        return "none", f"You may not decide this one; {who.words} may."
    if any(event.person == viewer.person for event in record.approvals):
        return "none", "You have approved this already; it waits for somebody else as well."
    return ("self_ratify" if who.self_ratify else "decide"), ""


def _shown(event: DeskEvent) -> bool:
    return event.person is not None and event.kind in (*_STEPS, "hold.decision")


def _event(event: DeskEvent) -> HoldEvent:
    what = _STEPS.get(event.kind, "approved" if event.decision == "approve" else "denied")
    if event.self_ratified:
        what += ", for themselves"
    assert event.at is not None  # every stored event has a moment
    return HoldEvent(event.person_name or event.person or "somebody", event.at, what, event.reason)


def _decided(decision: Decision) -> Decided:
    return Decided(decision.accepted, decision.why)


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
