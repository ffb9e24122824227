"""What the tools give back: the output schemas, as models. Field names are a public interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from organs.outcome import FloorView, ModelView, Outcome, WitnessView

Verdict = Literal["SEAL", "PARTIAL", "SABAR", "888_HOLD", "VOID"]


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InitResult(_Result):
    """`_init_`: what the airlock reads in a text."""

    admitted: bool = Field(description="Whether the text may go on to the organs.")
    session: str | None = Field(description="Name for _agi_ and _apex_; good for half an hour, for its person.")
    verdict: Verdict | None = Field(description="The verdict reached at 000, where the text is not admitted.")
    crisis: bool = Field(description="Somebody may be in danger: the written help stands in `reply`.")
    cautious: bool = Field(description="Parts read like a takeover: goes on without tools, knowledge or search.")
    language: str
    floors: Mapping[str, FloorView] = Field(description="F11 and F12 as measured.")
    reason: str
    reply: str = Field(description="What a person is told where the text is not admitted.")
    cut: tuple[str, ...] = Field(description="Instructions cut out of quoted text.")
    notes: tuple[str, ...]
    exchange_id: str | None = Field(default=None, description="The exchange that a crisis was handed to.")
    hold: str | None = Field(default=None, description="The hold that a crisis opened.")


class SenseResult(_Result):
    """111: what is asked."""

    request: str = Field(description="The request as it stands alone.")
    lane: str
    intent: str
    question: bool
    imperative: bool
    high_stakes: bool
    professional: str | None
    language: str
    needs_fresh: bool
    effect: str = Field(description="What the own words ask of the world: none, read, reversible … irreversible.")
    reasons: tuple[str, ...]


class ClaimView(_Result):
    """One checkable statement and how it is borne out."""

    text: str
    support: Literal["computed", "verbatim", "grounded", "ungrounded", "contradicted"]
    score: float
    evidence: str | None
    against: str | None


class ProposalView(_Result):
    """An action that the own words ask for; never run from here."""

    action: str
    summary: str
    effect: str
    missing: tuple[str, ...]


class Judged(_Result):
    """What 888 says of a draft. Nothing is sealed, held or done by it."""

    verdict: Verdict = Field(description="What 888 would give. A SEAL here is a forecast: only 999 seals, in a forge.")
    sealed: Literal[False] = Field(description="Always false: nothing was sealed.")
    lane: str
    reply: str = Field(description="What the person would read.")
    reason: str
    floors: Mapping[str, FloorView]
    w3: WitnessView | None
    model: ModelView | None
    claims: tuple[ClaimView, ...]
    sources: tuple[str, ...] = Field(description="Pages that the claims rest on.")
    proposals: tuple[ProposalView, ...]
    quiet: tuple[str, ...]
    notes: tuple[str, ...]


class AgiResult(_Result):
    """`_agi_`: the member of the action that was asked for is filled; a crisis always gives `outcome`."""

    action: Literal["sense", "reason", "forge", "outcome"]
    session: str | None = None
    sense: SenseResult | None = None
    judged: Judged | None = None
    outcome: Outcome | None = None


class ApexResult(_Result):
    """`_apex_`: 888 on a given draft."""

    session: str
    judged: Judged


class EntryRow(_Result):
    """One sealed entry."""

    index: int
    at: str | None
    kind: str
    what: str
    entry_hash: str
    prev_hash: str


class Tail(_Result):
    """The newest entries, newest first, and the signed checkpoint."""

    origin: str
    size: int
    root: str
    checkpoint: str
    rows: tuple[EntryRow, ...]


class Verified(_Result):
    """What recomputing the ledger found."""

    ok: bool
    size: int
    root: str
    first_bad: int | None
    sentence: str
    ms: float


class ReceiptFile(_Result):
    """A receipt that a stranger can check offline: leaf, inclusion proof, checkpoint, certificates."""

    index: int
    file: str = Field(description="The receipt file, to the byte (JSON).")


class VaultResult(_Result):
    """`_vault_`: the member of the action that was asked for is filled."""

    action: Literal["tail", "verify", "receipt"]
    tail: Tail | None = None
    verified: Verified | None = None
    receipt: ReceiptFile | None = None


class PageView(_Result):
    """One page; its text is by strangers."""

    title: str
    url: str
    site: str
    published: str | None
    text: str


class SearchResult(_Result):
    """`reality_search`: pages, or the sentence that says why there are none."""

    looked_up: bool
    pages: tuple[PageView, ...]
    why_not: str
    cut: tuple[str, ...] = Field(description="Instructions cut out of pages.")


__all__ = [
    "AgiResult",
    "ApexResult",
    "ClaimView",
    "EntryRow",
    "InitResult",
    "Judged",
    "PageView",
    "ProposalView",
    "ReceiptFile",
    "SearchResult",
    "SenseResult",
    "Tail",
    "VaultResult",
    "Verified",
]
