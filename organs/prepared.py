"""A verdict on its way to the ledger: stored before it is sealed, so that a crash between the two loses nothing.

999 seals exactly what stands here, under an idempotency key; starting again from it can neither change the
answer nor answer twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from organs.bundles import Effect, Proposal
from organs.outcome import Outcome


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HeldProposal(_Frozen):
    """A typed proposal as it is held: what a person approves, to the letter."""

    action: str
    summary: str
    arguments: Mapping[str, str]
    effect: Effect
    own: bool = False
    plan: str = ""
    held: Literal["", "outside", "unasked"] = ""

    @classmethod
    def of(cls, proposal: Proposal) -> HeldProposal:
        return cls(
            action=proposal.action,
            summary=proposal.summary,
            arguments=dict(proposal.arguments),
            effect=proposal.effect,
            own=proposal.own,
            plan=proposal.plan,
            held=proposal.held,
        )

    def proposal(self) -> Proposal:
        return Proposal(self.action, self.summary, self.arguments, self.effect, self.own, (), self.plan, self.held)


class HoldAsk(_Frozen):
    """What must be asked of a human before the exchange can go on."""

    kind: Literal["action", "crisis", "authority"]
    summary: str
    content: str  # exactly what a decision is about
    proposals: tuple[HeldProposal, ...] = ()


class Prepared(_Frozen):
    """Everything that sealing, holding and answering need, with nothing left to decide."""

    outcome: Outcome
    phase: Literal["first", "decided"] = "first"
    hold: HoldAsk | None = None
    message: str
    request: str | None = None  # stand-alone form, kept with the thread's turn
    person: str
    role: str
    channel: str
    received_at: datetime
    constitution: str
    language: str = "en"
