"""The rules by which floors become a verdict; pure functions, so that every row of the table can be tested.

Which floors bind comes from the lanes of both the Mind and the Heart (DESIGN, Lanes); what a failing floor
means comes from DESIGN, The floors. The heaviest consequence wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from manifest.constitution import HARD
from organs.bundles import FloorResult, Lane, SoulBundle, Support, Verdict

BINDS: Mapping[Lane, frozenset[str]] = {
    Lane.SOCIAL: frozenset({"F6"}),
    Lane.CARE: frozenset({"F5", "F6", "F7"}),
    Lane.FACTUAL: frozenset({"F2", "F3", "F4", "F7", "F8"}),
    Lane.ACTION: frozenset({"F5", "F8", "F13"}),
    Lane.CRISIS: frozenset({"F6"}),
}


@dataclass(frozen=True, slots=True)
class Consequence:
    """What one floor asks for, and the words for it."""

    verdict: Verdict
    floor: str
    reason: str


def lane_of(mind: Lane, heart: Lane | None) -> Lane:
    """The stricter of the two readings."""
    return mind if heart is None or mind.strictness >= heart.strictness else heart


def binding(mind: Lane, heart: Lane | None) -> frozenset[str]:
    """Floors that bind: of both lanes, and the hard ones always."""
    return BINDS[mind] | (BINDS[heart] if heart else frozenset()) | HARD


def consequences(soul: SoulBundle, *, retried: bool) -> tuple[Consequence, ...]:
    """What each failing or unmeasurable floor asks for; `retried` is true after SABAR's one retry.

    A floor with `passed is None` and `measured` did not bind and asks for nothing.
    """
    found: list[Consequence] = []
    bound = binding(soul.mind.lane, soul.heart.lane)
    for floor, result in soul.floors.items():
        if floor not in bound:
            continue
        if result.passed is None and not result.measured:
            worse = Verdict.SABAR if floor in HARD else Verdict.PARTIAL
            found.append(Consequence(worse, floor, result.reason))
        elif result.passed is False:
            found.append(Consequence(_failed(floor, result, soul, retried), floor, result.reason))
    return tuple(found)


def _failed(floor: str, result: FloorResult, soul: SoulBundle, retried: bool) -> Verdict:
    """DESIGN's last column, floor by floor. F11's and F12's VOID at 000 never comes this far."""
    if floor in ("F1", "F13"):
        return Verdict.HOLD
    if floor == "F2":
        return _truth(soul)
    if floor == "F4":
        return Verdict.SABAR if soul.mind.readings or not retried else Verdict.PARTIAL
    if floor == "F8":
        return Verdict.PARTIAL if retried else Verdict.SABAR
    if floor == "F5":
        return Verdict.VOID if soul.heart.harm_is_clear and soul.heart.lane is not Lane.CARE else Verdict.PARTIAL
    if floor in ("F9", "F10"):
        return Verdict.PARTIAL if soul.draft else Verdict.VOID
    if floor == "F11":
        return Verdict.HOLD if result.score is not None and result.score > -2 else Verdict.VOID
    return Verdict.PARTIAL  # F3, F6, F7, and F12 in its cautious band


def _truth(soul: SoulBundle) -> Verdict:

    if soul.mind.sources_disagree:
        return Verdict.PARTIAL
    if any(c.support is Support.CONTRADICTED for c in soul.mind.claims):
        return Verdict.SABAR
    return Verdict.HOLD if soul.mind.high_stakes and soul.lane is Lane.ACTION else Verdict.PARTIAL


def heaviest(found: tuple[Consequence, ...]) -> Verdict:
    """The worst one wins; nothing found is SEAL."""
    return max((c.verdict for c in found), key=lambda v: v.weight, default=Verdict.SEAL)
