"""Whether a click may count: every reason for refusing one, in the order in which a person would want to hear it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from holds.policy import WhoMay
from holds.record import HoldRecord, HoldState
from organs.bundles import Actor, Proof
from store.people import Person

Choice = Literal["approve", "deny"]

_DONE: dict[HoldState, str] = {
    "approved": "approved",
    "running": "approved",
    "executed": "approved and done",
    "failed": "approved; carrying it out failed",
    "unknown": "approved; whether it was done is not known",
    "denied": "denied",
    "edited": "replaced by an edited one",
    "expired": "expired without a decision; nothing was done",
    "cancelled": "withdrawn by the one who asked",
    "acknowledged": "acknowledged",
}


@dataclass(frozen=True, slots=True)
class Click:
    """Somebody's wish to decide, as it arrived."""

    by: Actor
    choice: Choice
    content_sha256: str
    reason: str = ""
    typed_action: str | None = None
    step_up: str | None = None
    weak: bool = False  # it came over an SMS code or a mailed link
    proof: str | None = None  # hash of the platform's signed proof of this click


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database knows of the clicker and of those who may decide, read just before."""

    person: Person | None
    kin: frozenset[str]  # every id that is or was the clicker
    requester_kin: frozenset[str]
    who: WhoMay


def refusal(record: HoldRecord, click: Click, facts: Facts, now: datetime) -> str | None:
    """The sentence that refuses this click, None where it counts; the desk looks at a step-up code afterwards."""
    return (
        _stranger(click, facts)
        or _wrong_kind(record)
        or _not_theirs(record, click, facts)
        or _too_late(record, now)
        or _other_content(record, click)
        or _too_weak(record, click, facts)
        or _not_typed(record, click, facts)
        or _again(record, facts)
    )


def _stranger(click: Click, facts: Facts) -> str | None:
    if facts.person is None or not facts.person.active:
        return "I do not know you here, so your click changed nothing. A commander can name you in people.toml."
    if click.by.proof is Proof.UNPROVED:
        return "Nothing proves that this is you, so the click changed nothing. Sign in and try again."
    return None


def _wrong_kind(record: HoldRecord) -> str | None:
    if record.kind == "crisis":
        return "This is about a person in danger: it can only be acknowledged, neither approved nor denied."
    return None


def _not_theirs(record: HoldRecord, click: Click, facts: Facts) -> str | None:
    own = bool(facts.kin & facts.requester_kin)
    if own and not facts.who.self_ratify:
        return f"You asked for this yourself, so somebody else decides: {facts.who.words}. You can withdraw it."
    if click.by.person not in {person.id for person in facts.who.people}:
        return f"You may not decide this; {facts.who.words} may. Your click changed nothing."
    return None


def _too_late(record: HoldRecord, now: datetime) -> str | None:
    if record.state != "open":
        return already(record)
    if record.deadline is not None and record.deadline <= now:
        return f"Too late: it expired at {when(record.deadline)}. Nothing was done; it can be asked for again."
    return None


def _other_content(record: HoldRecord, click: Click) -> str | None:
    if click.content_sha256 != record.content_sha256:
        return "What you saw is not what waits here now, so your click changed nothing. Open it again and look."
    return None


def _too_weak(record: HoldRecord, click: Click, facts: Facts) -> str | None:
    if click.weak and click.choice == "approve" and (not facts.who.rule.weak or facts.who.rule.step_up):
        return "A text message or a mailed link cannot approve this. Use the bridge page or the console."
    return None


def _not_typed(record: HoldRecord, click: Click, facts: Facts) -> str | None:
    if not facts.who.self_ratify or click.choice == "deny":
        return None
    if (click.typed_action or "").strip().casefold() != record.action.casefold():
        return (
            f"You asked for this yourself and nobody else is named here: to allow it, type its name, {record.action}."
        )
    return None


def _again(record: HoldRecord, facts: Facts) -> str | None:
    if any(event.person in facts.kin for event in record.approvals):
        return f"You have approved this already. {waiting_for(record, facts.who)}"
    return None


def acknowledge_refusal(record: HoldRecord, click: Click, facts: Facts) -> str | None:
    """The sentence that refuses to take this as “I look after it”, None where it counts."""
    if facts.person is None or not facts.person.active:
        return "I do not know you here, so your click changed nothing."
    if record.kind != "crisis":
        return "This waits for a decision; it cannot only be acknowledged."
    if facts.kin & facts.requester_kin:
        return "Somebody else acknowledges this."
    trusted = facts.person.crisis_contact or facts.person.role in record.rule.who
    if not trusted and f"person:{facts.person.id}" not in record.rule.who:
        return "You are not one of those who are asked to look after this."
    if record.state != "open":
        return already(record)
    if click.content_sha256 != record.content_sha256:
        return "What you saw is not what waits here now. Open it again and look."
    return None


def counting(record: HoldRecord, who: WhoMay) -> list[str]:
    """Whose approvals still count: people who lost the role since, or turned out to be the asker, do not."""
    may = {person.id for person in who.people}
    return [event.person for event in record.approvals if event.person is not None and event.person in may]


def waiting_for(record: HoldRecord, who: WhoMay) -> str:
    """How many more are needed, in words."""
    left = max(1, who.rule.needed - len(counting(record, who)))
    return f"{left} more {'person' if left == 1 else 'people'} must approve: {who.words}."


def already(record: HoldRecord) -> str:
    """By whom and when it was decided, for a later click."""
    by = next((e for e in reversed(record.events) if e.kind in _CLOSING), None)
    who = f" by {by.person_name}" if by is not None and by.person_name else ""
    at = f" at {when(record.decided_at)}" if record.decided_at is not None else ""
    return f"Already {_DONE.get(record.state, record.state)}{who}{at}. Your click changed nothing."


_CLOSING = ("hold.decision", "hold.acknowledged", "hold.cancelled", "hold.edited")


def when(moment: datetime) -> str:
    """A moment for people, in UTC and said so."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def thanks(record: HoldRecord) -> str:
    """What somebody whose decision counted is told."""
    if record.state == "denied":
        return "Denied. It is not done, and the one who asked is told."
    if record.self_ratified:
        return "Allowed by you, for yourself; the ledger says so."
    if record.action == "unknown":
        return "Approved. No tool exists for it here, so the written plan goes to the one who asked."
    return "Approved. It is carried out now, once."
