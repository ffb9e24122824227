"""Fits the real desk to what the bridge asks of it; no rule is made here, and the desk alone decides what counts."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Literal

from bots.bridge.hold_words import Decided, HoldChange, HoldEvent, HoldField, HoldState, HoldView, Offer
from holds.desk import HoldDesk
from holds.editing import Editing
from holds.policy import WhoMay
from holds.record import Decision, HoldRecord, arguments_of
from holds.record import HoldEvent as DeskEvent
from holds.running import Runner
from organs.bundles import Actor, Role
from store.people import Crowd, People

_STATES: dict[str, HoldState] = {"open": "pending", "running": "running", "executed": "done"}
_STEPS = {
    "hold.acknowledged": "is looking after this",
    "hold.cancelled": "withdrew it",
    "hold.edited": "changed it",
    "hold.asked": "asked",
    "hold.answered": "answered",
    "hold.resolved": "looked",
}
_EDITABLE = 48 * 1024  # characters of content; a form of the bridge takes 64 KiB
_RUNS = {
    "begun": "began to carry it out",
    "executed": "carried it out",
    "failed": "did not do it",
    "unknown": "cannot say whether it was done",
}
_CRISIS = "Somebody may be in danger. Look after them first; this only records who does."
_RESULTS = {
    "executed": "It was carried out, once.",
    "failed": "It was approved, and carrying it out failed.",
    "unknown": "It was approved. A restart cut it off, so whether it was carried out is not known; a person must look.",
}
_WAITS = "Approved. All actions are stopped for now; it is carried out once `trinity resume` is given."


class DeskPort:
    """Holds as one viewer sees them."""

    def __init__(
        self,
        desk: HoldDesk,
        people: People,
        editing: Editing,
        runner: Runner,
    ) -> None:
        self._desk, self._people, self._editing, self._runner = desk, people, editing, runner

    async def holds(self, viewer: Actor, state: Literal["pending", "decided"]) -> list[HoldView]:
        if state == "pending":
            records = await self._desk.list(state="open", viewer=viewer)
        else:
            records = await self._desk.list(closed=True, viewer=viewer)
        crowd = await self._people.crowd()
        return [await self._view(record, viewer, crowd) for record in records]

    async def hold(self, hold_id: str, viewer: Actor) -> HoldView | None:
        record = await self._desk.get(hold_id)
        if record is None or not await self._desk.may_see(record, viewer):
            return None
        return await self._view(record, viewer, await self._people.crowd())

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
        return await self._decided(
            await self._desk.decide(
                hold_id,
                by=by,
                decision="approve" if approve else "deny",
                reason=reason,
                content_sha256=content_sha256,
                typed_action=typed,
                step_up=step_up,
            )
        )

    async def edit(
        self,
        hold_id: str,
        by: Actor,
        *,
        changes: Mapping[str, str],
        reason: str,
        content_sha256: str,
        typed: str | None,
        step_up: str | None,
    ) -> Decided:
        return await self._decided(
            await self._editing.approve_edited(
                hold_id,
                by=by,
                content_sha256=content_sha256,
                changes=changes,
                reason=reason,
                typed_action=typed,
                step_up=step_up,
            )
        )

    async def ask(self, hold_id: str, by: Actor, question: str) -> Decided:
        return await self._decided(await self._editing.ask(hold_id, by=by, question=question))

    async def answer(self, hold_id: str, by: Actor, answer: str) -> Decided:
        return await self._decided(await self._editing.answer(hold_id, by=by, answer=answer))

    async def settle(self, hold_id: str, by: Actor, *, happened: bool, reason: str) -> Decided:
        return await self._decided(await self._runner.resolve(hold_id, by=by, happened=happened, reason=reason))

    async def acknowledge(self, hold_id: str, by: Actor, content_sha256: str) -> Decided:
        return await self._decided(await self._desk.acknowledge(hold_id, by=by, content_sha256=content_sha256))

    async def withdraw(self, hold_id: str, by: Actor, reason: str) -> Decided:
        return await self._decided(await self._desk.cancel(hold_id, by=by, reason=reason))

    async def _decided(self, decision: Decision) -> Decided:
        record, why = decision.record, decision.why
        if decision.accepted and record is not None and await self._runner.stopped(record) is not None:
            why = _WAITS
        return Decided(decision.accepted, why, None if record is None else record.id)

    async def _view(self, record: HoldRecord, viewer: Actor, crowd: Crowd) -> HoldView:
        crisis, waits = record.kind == "crisis", record.state == "open"
        own = viewer.person in crowd.kin_of(record.requester)
        offer: Offer = "none"
        why_not, step_up, may = "", False, False
        fields: tuple[HoldField, ...] = ()
        if waits and crisis:
            offer = "acknowledge"
        elif waits or record.state == "unknown":
            who = await self._desk.who_may(record, crowd)
            may = viewer.person in {person.id for person in who.people}
            if waits:
                offer, why_not = _offer(record, viewer, who, own)
                step_up = who.rule.step_up
                fields = _fields(record, who) if offer != "none" else ()
        edited = next((event for event in record.events if event.kind == "hold.edited"), None)
        replaced_by, changes = _edit(edited)
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
            result=await self._result(record),
            exchange_id=record.exchange_id,
            events=tuple(_event(e) for e in record.events if _shown(e)),
            offer=offer,
            why_not=why_not,
            may_withdraw=waits and not crisis and (own or viewer.role is Role.COMMANDER),
            step_up=step_up,
            fields=fields,
            may_ask=waits and may and not own,
            may_answer=waits and own and any(event.kind == "hold.asked" for event in record.events),
            may_settle=record.state == "unknown" and may,
            replaces=record.parent,
            replaced_by=replaced_by,
            changes=changes,
        )

    async def _result(self, record: HoldRecord) -> str:
        if record.state == "approved" and await self._runner.stopped(record) is not None:
            return _WAITS
        return _RESULTS.get(record.state, "")


def _offer(record: HoldRecord, viewer: Actor, who: WhoMay, own: bool) -> tuple[Offer, str]:
    """What to show; the desk alone decides whether a click counts."""
    if viewer.person not in {person.id for person in who.people}:
        if own:
            return "none", f"You asked for this yourself, so somebody else decides: {who.words}."
        return "none", f"You may not decide this one; {who.words} may."
    if any(event.person == viewer.person for event in record.approvals):
        return "none", "You have approved this already; it waits for somebody else as well."
    return ("self_ratify" if who.self_ratify else "decide"), ""


def _fields(record: HoldRecord, who: WhoMay) -> tuple[HoldField, ...]:
    """The arguments that the rule lets be edited; what no form could send back whole is not offered."""
    if len(record.content) > _EDITABLE:
        return ()
    return tuple(
        HoldField(name, value)
        for name, value in arguments_of(record.content).items()
        if name in who.rule.edit or "*" in who.rule.edit
    )


def _edit(event: DeskEvent | None) -> tuple[str | None, tuple[HoldChange, ...]]:
    """Which hold took this one's place, and what is different in it."""
    if event is None or event.note is None:
        return None, ()
    note: dict[str, str] = {}
    with contextlib.suppress(json.JSONDecodeError):
        note = json.loads(event.note)
    before, after = arguments_of(note.get("from", "")), arguments_of(note.get("to", ""))
    changes = tuple(HoldChange(n, before.get(n, ""), value) for n, value in after.items() if before.get(n) != value)
    return note.get("hold"), changes


def _shown(event: DeskEvent) -> bool:
    run = event.kind == "hold.run" and event.decision in _RUNS
    return run or (event.person is not None and event.kind in (*_STEPS, "hold.decision"))


def _event(event: DeskEvent) -> HoldEvent:
    assert event.at is not None  # every stored event has a moment
    if event.kind == "hold.run":
        return HoldEvent("Trinity", event.at, _RUNS[event.decision or ""], receipt=event.seal_index)
    what = _STEPS.get(event.kind, "approved" if event.decision == "approve" else "denied")
    if event.kind == "hold.resolved":
        what = "looked: it happened" if event.decision == "executed" else "looked: it did not happen"
    if event.self_ratified:
        what += ", for themselves"
    text = event.note or "" if event.kind in ("hold.asked", "hold.answered") else ""
    return HoldEvent(
        event.person_name or event.person or "somebody", event.at, what, event.reason, text, event.seal_index
    )
