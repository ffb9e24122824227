"""What a hold is: the request, the durable record, its events, and a decision as the person who made it sees it."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from manifest.holds import Rule
from organs.bundles import Effect

HoldKind = Literal["action", "crisis", "authority"]
HoldState = Literal[
    "open",
    "approved",
    "denied",
    "edited",
    "expired",
    "cancelled",
    "acknowledged",
    "running",
    "executed",
    "failed",
    "unknown",
]
# Nothing more will be decided; the exchange goes on from here.
DECIDED: tuple[HoldState, ...] = ("approved", "denied", "expired", "cancelled", "executed", "failed", "unknown")

EventKind = Literal[
    "hold.opened",
    "hold.decision",
    "hold.refused",
    "hold.acknowledged",
    "hold.expired",
    "hold.cancelled",
    "hold.edited",
    "hold.asked",
    "hold.answered",
    "hold.run",
    "hold.resolved",
]


def content_hash(content: str) -> str:
    """SHA-256 over the exact content, in hex: what a button carries and a decision must repeat."""
    return hashlib.sha256(content.encode()).hexdigest()


def arguments_of(content: str) -> Mapping[str, str]:
    """The arguments in a hold's content: a JSON object of texts, or nothing where the content is plain text."""
    with contextlib.suppress(json.JSONDecodeError, RecursionError):
        raw = json.loads(content)
        if isinstance(raw, dict):
            return {str(name): value if isinstance(value, str) else json.dumps(value) for name, value in raw.items()}
    return {}


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """What the pipeline asks a human for. `content` is exact: it is what will be done, said or run."""

    exchange_id: str
    kind: HoldKind
    action: str  # name in the registry, or "unknown"
    action_class: str  # a table of holds.toml
    summary: str = field(repr=False)
    content: str = field(repr=False)  # a JSON object of text arguments where a tool exists, else plain text
    effect: Effect = Effect.IRREVERSIBLE
    requester: str = ""
    channel: str = ""
    thread: str = ""
    plan: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class HoldEvent:
    """One step of a hold, refused clicks too. `key` makes sealing it twice the same as once."""

    id: int
    key: str
    hold_id: str
    exchange_id: str
    kind: EventKind
    action: str
    action_class: str
    state: HoldState  # of the hold after this step
    person: str | None
    person_name: str | None
    channel: str | None
    decision: str | None
    reason: str = field(repr=False)
    content_sha256: str = ""
    proof: str | None = None
    self_ratified: bool = False
    at: datetime | None = None
    note: str | None = field(default=None, repr=False)  # an edit's difference, a question, an answer
    seal_index: int | None = None


@dataclass(frozen=True, slots=True)
class HoldRecord:
    """A hold as it stands."""

    id: str
    exchange_id: str
    kind: HoldKind
    action: str
    action_class: str
    summary: str = field(repr=False)
    plan: str = field(repr=False)
    content: str = field(repr=False)
    content_sha256: str
    effect: Effect
    requester: str
    requester_name: str
    channel: str
    thread: str
    risk: str
    rule: Rule
    who_may: str  # in plain words
    needed: int
    state: HoldState
    created_at: datetime
    deadline: datetime | None
    decided_at: datetime | None
    continued: bool
    parent: str | None
    events: tuple[HoldEvent, ...] = ()

    @property
    def decisions(self) -> tuple[HoldEvent, ...]:
        """The clicks that counted."""
        return tuple(e for e in self.events if e.kind in ("hold.decision", "hold.acknowledged"))

    @property
    def approvals(self) -> tuple[HoldEvent, ...]:
        """The approvals so far."""
        return tuple(e for e in self.decisions if e.decision == "approve")

    @property
    def self_ratified(self) -> bool:
        """Whether the one person of a one-person home allowed an own request."""
        return any(e.self_ratified for e in self.approvals)


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a click. `why` is a sentence for the one who clicked, and for nobody else."""

    accepted: bool
    why: str
    record: HoldRecord | None


class NobodyMayDecide(Exception):
    """Policy names nobody who could allow this to this person: no hold can be opened, the verdict is VOID."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)
