"""A hold as the bridge speaks of it: what one viewer sees, what they may do, and the desk that does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from organs.bundles import Actor

HoldState = Literal[
    "pending",
    "approved",
    "running",
    "done",
    "failed",
    "unknown",
    "denied",
    "edited",
    "expired",
    "cancelled",
    "acknowledged",
]
Offer = Literal["decide", "self_ratify", "acknowledge", "none"]


@dataclass(frozen=True, slots=True)
class HoldEvent:
    """One click that counted: who, when, what, and the reason they gave; `text` is a question or an answer."""

    by: str
    at: datetime
    what: str
    reason: str = ""
    text: str = ""
    receipt: int | None = None  # where in the ledger this step stands


@dataclass(frozen=True, slots=True)
class HoldField:
    """One argument that an approver may change before approving."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class HoldChange:
    """What an edit made different."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class HoldView:
    """A hold as one viewer may see it; `offer` is what the page lets that viewer do."""

    id: str
    state: HoldState
    action: str
    summary: str
    content: str
    content_sha256: str
    effect: str  # what doing it would mean: none, read, reversible, compensable, irreversible
    risk: str  # one sentence
    requester: str
    may_decide: tuple[str, ...]
    created_at: datetime
    needed: int = 1
    expires_at: datetime | None = None
    on_expiry: str = ""
    crisis: bool = False  # acknowledged, never approved or denied
    result: str = ""
    exchange_id: str | None = None
    events: tuple[HoldEvent, ...] = ()
    offer: Offer = "none"
    why_not: str = ""
    may_withdraw: bool = False
    step_up: bool = False  # a code from an authenticator app is asked for
    fields: tuple[HoldField, ...] = ()  # what this viewer may change before approving
    may_ask: bool = False  # the requester something
    may_answer: bool = False  # a question that was asked
    may_settle: bool = False  # say what became of a run of which nobody knows
    replaces: str | None = None  # the hold that this one is an edit of
    replaced_by: str | None = None  # the edit that took its place
    changes: tuple[HoldChange, ...] = ()  # what that edit made different


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a click: `accepted`, the plain sentence to show, and which hold stands now (an edit's own)."""

    accepted: bool
    why: str
    hold: str | None = None


class Desk(Protocol):
    """Human decisions (`holds.desk`), as seen by one viewer."""

    async def holds(self, viewer: Actor, state: Literal["pending", "decided"]) -> list[HoldView]: ...

    async def hold(self, hold_id: str, viewer: Actor) -> HoldView | None: ...

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
    ) -> Decided: ...

    async def acknowledge(self, hold_id: str, by: Actor, content_sha256: str) -> Decided: ...

    async def withdraw(self, hold_id: str, by: Actor, reason: str) -> Decided: ...

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
    ) -> Decided: ...

    async def ask(self, hold_id: str, by: Actor, question: str) -> Decided: ...

    async def answer(self, hold_id: str, by: Actor, answer: str) -> Decided: ...

    async def settle(self, hold_id: str, by: Actor, *, happened: bool, reason: str) -> Decided: ...
