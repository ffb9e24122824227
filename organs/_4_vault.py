"""Organ 4, VAULT999: commits every verdict to the ledger, and refuses a SEAL that does not hold up.

999 trusts nobody's arithmetic: it recomputes W3 from its parts and the mandate from the proposals. What a
person wrote goes in as a commitment beside an encrypted payload; figures and names of floors go in plain.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from manifest.constitution import Constitution
from organs._3_apex import FalseSealError, Judgement, vouch
from organs.bundles import Effect, Verdict
from organs.outcome import Outcome, ReceiptView
from organs.prompts import VERSION
from vault.entry import NewEntry, SealReceipt


class Ledger(Protocol):
    """The one method of the ledger that sealing needs."""

    async def append(self, entry: NewEntry) -> SealReceipt: ...


@dataclass(frozen=True, slots=True)
class SealContext:
    """What the seal says about an exchange besides its outcome."""

    channel: str
    person: str
    role: str
    received_at: datetime
    message: str
    constitution: str
    phase: str = "first"  # or "decided", after a human's word; or "again", a second look
    mask: Callable[[str], str] | None = None  # blanks passwords and keys


def examine(judgement: Judgement, constitution: Constitution, *, ratified: bool) -> None:
    """Raise FalseSealError when a SEAL fails recomputation: mark, W3, hard floors, mandate."""
    vouch(judgement)
    if judgement.verdict is not Verdict.SEAL:
        return
    w3 = judgement.w3
    if w3 is not None and not constitution["F3"].holds(w3.value):
        raise FalseSealError(f"W3 recomputed is {w3.value:.4f}, below {constitution['F3'].threshold}")
    for result in judgement.floors.values():
        if result.passed is False or (result.passed is None and not result.measured):
            if ratified and result.floor in ("F1", "F2", "F13"):
                continue
            raise FalseSealError(f"{result.floor} does not hold")
    for proposal in judgement.proposals:
        free = proposal.effect.weight <= Effect.READ.weight or (proposal.own and proposal.effect is Effect.REVERSIBLE)
        if not ((free and not proposal.held) or ratified):
            raise FalseSealError(f"no mandate for {proposal.action}")


def entry_for(outcome: Outcome, context: SealContext) -> NewEntry:
    """The ledger entry for one outcome: figures in the body, every person's word in the encrypted texts."""
    body: dict[str, object] = {
        "exchange": outcome.exchange_id,
        "phase": context.phase,
        "verdict": outcome.verdict,
        "lane": outcome.lane,
        "channel": context.channel,
        "person": context.person,
        "role": context.role,
        "received_at": context.received_at.isoformat(timespec="milliseconds"),
        "floors": {
            name: {"score": f.score, "threshold": f.threshold, "passed": f.passed} for name, f in outcome.floors.items()
        },
        "w3": None if outcome.w3 is None else outcome.w3.model_dump(),
        "model": None if outcome.model is None else outcome.model.model_dump(),
        "stages": [[s.stage, s.ms] for s in outcome.stages],
        "hold": None if outcome.hold is None else outcome.hold.id,
        "constitution": context.constitution,
        "prompts": VERSION,
    }
    texts: Mapping[str, str] = {
        "message": context.message,
        "reply": outcome.reply,
        "reasons": json.dumps(
            {
                "verdict": outcome.reason,
                "quiet": list(outcome.quiet),
                "notes": list(outcome.notes),
                "evidence": list(outcome.evidence),
                "floors": {name: f.reason for name, f in outcome.floors.items()},
            },
            ensure_ascii=False,
        ),
    }
    if context.mask is not None:
        texts = {name: context.mask(text) for name, text in texts.items()}
    return NewEntry(
        kind="exchange",
        key=f"exchange:{outcome.exchange_id}:{context.phase}",
        body=body,  # type: ignore[arg-type]  # built above from JSON values only
        texts=texts,
        person=context.person,
    )


async def seal(ledger: Ledger, outcome: Outcome, context: SealContext) -> Outcome:
    """Commit and return the outcome with its receipt. The same exchange and phase seal once (idempotency key)."""
    receipt = await ledger.append(await asyncio.to_thread(entry_for, outcome, context))
    view = ReceiptView(index=receipt.index, entry_hash=receipt.entry_hash, origin=receipt.origin)
    return outcome.model_copy(update={"receipt": view})
