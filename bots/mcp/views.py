"""The organs' results as the tools' results."""

from __future__ import annotations

from bots.bridge.services import LedgerTail, Verification
from bots.mcp.results import (
    ClaimView,
    EntryRow,
    InitResult,
    Judged,
    ProposalView,
    SenseResult,
    Tail,
    Verified,
)
from organs import reality
from organs._0_init import Refusal
from organs._1_agi import Sensed
from organs.bundles import Session
from organs.examination import Examined
from organs.outcome import Outcome, floor_views, model_view, witness_view


def init_view(session: Session, name: str) -> InitResult:
    """An admitted text."""
    floors = {r.floor: r for r in session.airlock}
    return InitResult(
        admitted=True,
        session=name,
        verdict=None,
        crisis=False,
        cautious=session.cautious,
        language=session.language,
        floors=floor_views(floors),
        reason=floors["F12"].reason if "F12" in floors else "",
        reply="",
        cut=session.attacks,
        notes=(*session.notes, *session.unread),
    )


def refused_view(refusal: Refusal, reply: str, outcome: Outcome | None) -> InitResult:
    """A text that ends at 000; `outcome` is the exchange that a crisis was handed to."""
    return InitResult(
        admitted=False,
        session=None,
        verdict=refusal.verdict.value,
        crisis=refusal.crisis is not None,
        cautious=False,
        language=(refusal.crisis.language if refusal.crisis is not None else None) or "en",
        floors=floor_views(refusal.floors),
        reason=refusal.reason,
        reply=reply,
        cut=(),
        notes=(),
        exchange_id=outcome.exchange_id if outcome else None,
        hold=outcome.hold.id if outcome and outcome.hold else None,
    )


def sense_view(sensed: Sensed, fresh: bool) -> SenseResult:
    """What 111 read."""
    read = sensed.sense
    return SenseResult(
        request=sensed.request,
        lane=read.lane.value,
        intent=read.intent,
        question=read.question,
        imperative=read.imperative,
        high_stakes=read.high_stakes,
        professional=read.professional,
        language=read.language,
        needs_fresh=fresh,
        effect=sensed.effect.value,
        reasons=tuple(read.reasons),
    )


def judged_view(found: Examined) -> Judged:
    """A judgement in the open: floors, reasons, claims; never a seal."""
    judgement, mind = found.judgement, found.mind
    return Judged(
        verdict=judgement.verdict.value,
        sealed=False,
        lane=judgement.lane.value,
        reply=judgement.reply,
        reason=judgement.reason,
        floors=floor_views(judgement.floors),
        w3=witness_view(judgement.w3),
        model=model_view(judgement.model),
        claims=tuple(
            ClaimView(
                text=c.text, support=c.support.value, score=round(c.score, 4), evidence=c.evidence, against=c.against
            )
            for c in mind.claims
        ),
        sources=reality.sources(mind.evidence, mind.claims),
        proposals=tuple(
            ProposalView(action=p.action, summary=p.summary, effect=p.effect.value, missing=p.missing)
            for p in judgement.proposals
        ),
        quiet=judgement.quiet,
        notes=judgement.notes,
    )


def tail_view(tail: LedgerTail) -> Tail:
    """The ledger's newest entries."""
    return Tail(
        origin=tail.origin,
        size=tail.size,
        root=tail.root,
        checkpoint=tail.checkpoint,
        rows=tuple(
            EntryRow(
                index=row.index,
                at=row.at.isoformat() if row.at else None,
                kind=row.kind,
                what=row.what,
                entry_hash=row.entry_hash,
                prev_hash=row.prev_hash,
            )
            for row in tail.rows
        ),
    )


def verified_view(found: Verification) -> Verified:
    """A verification."""
    return Verified(
        ok=found.ok,
        size=found.size,
        root=found.root,
        first_bad=found.first_bad,
        sentence=found.sentence,
        ms=round(found.ms, 1),
    )
