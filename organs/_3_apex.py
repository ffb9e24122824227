"""Organ 3, the Soul: 888 weighs the floors and gives the verdict. The only place that can make a SEAL."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from organs.bundles import FloorResult, Lane, ModelUse, Proposal, SoulBundle, Verdict, Witness
from organs.verdict import Consequence, consequences, heaviest

# Known to this process alone: a Judgement that says SEAL without a mark made from it is refused everywhere.
_MINT = secrets.token_bytes(32)


class FalseSealError(Exception):
    """A SEAL that 888 did not make, or that no longer fits its own content."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one exchange and everything it rests on.

    Raises FalseSealError when it claims SEAL without the mark that only `audit` can make.
    """

    verdict: Verdict
    lane: Lane
    reply: str
    reason: str
    floors: Mapping[str, FloorResult]
    w3: Witness | None = None
    model: ModelUse | None = None
    quiet: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    failure_class: str | None = None
    needs: tuple[str, ...] = ()  # floors that ask for a human's word, when the verdict is 888_HOLD
    mark: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if self.verdict is Verdict.SEAL and not hmac.compare_digest(self.mark, _mark(self)):
            raise FalseSealError("only 888 can make a SEAL")


def _mark(judgement: Judgement) -> bytes:
    return _content_mark(judgement.lane, judgement.reply, judgement.floors, judgement.w3, judgement.proposals)


def _content_mark(
    lane: Lane,
    reply: str,
    floors: Mapping[str, FloorResult],
    w3: Witness | None,
    proposals: tuple[Proposal, ...],
) -> bytes:
    content = "\x1e".join(
        [
            lane.value,
            reply,
            *(f"{f}={r.score}:{r.passed}" for f, r in sorted(floors.items())),
            repr(w3),
            *(f"{p.action}:{sorted(p.arguments.items())}" for p in proposals),
        ]
    )
    return hmac.digest(_MINT, content.encode("utf-8", "surrogatepass"), hashlib.sha256)


def vouch(judgement: Judgement) -> None:
    """Raise FalseSealError unless a SEAL still carries 888's own mark over exactly this content."""
    if judgement.verdict is Verdict.SEAL and not hmac.compare_digest(judgement.mark, _mark(judgement)):
        raise FalseSealError("this SEAL was not made by 888 for this content")


@dataclass(frozen=True, slots=True)
class Said:
    """The words for a verdict: the reply, and the weak points named in its quiet line."""

    reply: str
    quiet: tuple[str, ...] = ()


# Words for a verdict, given its reason and what every floor asked for.
Say = Callable[[Verdict, str, tuple[Consequence, ...]], Said]


def audit(soul: SoulBundle, *, say: Say, retried: bool, evidence: tuple[str, ...] = ()) -> Judgement:
    """888: the floors' consequences, the heaviest wins; a hold needs complete, exact content, else SABAR."""
    found = consequences(soul, retried=retried)
    if soul.mind.failure is not None:
        found = (*found, Consequence(Verdict.SABAR, "", soul.mind.failure))
    elif soul.draft is None:
        found = (*found, Consequence(Verdict.SABAR, "", "Nothing was left to say."))
    if soul.mind.proposals and any(p.missing for p in soul.mind.proposals):
        found = (*(c for c in found if c.verdict is not Verdict.HOLD), Consequence(Verdict.SABAR, "F1", _missing(soul)))
    verdict = heaviest(found)
    if verdict is Verdict.HOLD and not soul.mind.proposals:
        verdict = Verdict.SABAR
        found = (*found, Consequence(Verdict.SABAR, "F1", _missing(soul)))
    if verdict is Verdict.SEAL and soul.model is not None and soul.model.demonstration and not _computed(soul):
        verdict = Verdict.PARTIAL
    reason = next((c.reason for c in found if c.verdict is verdict), "Every floor that binds here holds.")
    said = say(verdict, reason, found)
    return _judgement(
        verdict=verdict,
        lane=soul.lane,
        reply=said.reply,
        reason=reason,
        floors=dict(soul.floors),
        w3=soul.w3,
        model=soul.model,
        quiet=said.quiet,
        notes=soul.notes,
        evidence=evidence,
        proposals=soul.mind.proposals,
        failure_class=soul.mind.failure_class or soul.heart.failure_class,
        needs=tuple(c.floor for c in found if c.verdict is Verdict.HOLD),
    )


def ratify(
    *,
    lane: Lane,
    reply: str,
    reason: str,
    floors: Mapping[str, FloorResult],
    w3: Witness | None,
    model: ModelUse | None,
    proposals: tuple[Proposal, ...],
) -> Judgement:
    """888 once more, after a human approved exactly these proposals.

    What F1, F2 and F13 held is now theirs; any other floor that failed keeps the verdict at PARTIAL.
    """
    given = {
        name: replace(r, passed=True, reason=f"{reason} {r.reason}") if name in RATIFIABLE and r.passed is False else r
        for name, r in floors.items()
    }
    weak = any(r.passed is False or (r.passed is None and not r.measured) for r in given.values())
    return _judgement(
        verdict=Verdict.PARTIAL if weak else Verdict.SEAL,
        lane=lane,
        reply=reply,
        reason=reason,
        floors=given,
        w3=w3,
        model=model,
        proposals=proposals,
    )


# What a human's word can stand in for; nothing else can be approved away.
RATIFIABLE = frozenset({"F1", "F2", "F11", "F13"})


def _judgement(
    *,
    verdict: Verdict,
    lane: Lane,
    reply: str,
    reason: str,
    floors: Mapping[str, FloorResult],
    w3: Witness | None,
    model: ModelUse | None,
    proposals: tuple[Proposal, ...],
    quiet: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    evidence: tuple[str, ...] = (),
    failure_class: str | None = None,
    needs: tuple[str, ...] = (),
) -> Judgement:
    sealed = verdict is Verdict.SEAL
    return Judgement(
        verdict, lane, reply, reason, floors, w3, model, quiet, notes, evidence, proposals, failure_class, needs,
        _content_mark(lane, reply, floors, w3, proposals) if sealed else b"",
    )  # fmt: skip


def _computed(soul: SoulBundle) -> bool:
    return bool(soul.mind.hypotheses) and soul.mind.hypotheses[0].computed


def _missing(soul: SoulBundle) -> str:
    missing = [m for p in soul.mind.proposals for m in p.missing]
    return f"Still missing: {', '.join(missing)}." if missing else "There is no exact content to decide about."
