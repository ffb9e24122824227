"""F13 Sovereignty: whether a human's last word is needed here, and given.

Irreversible, compensable and costly matters need one, and so does anything that touches more than what belongs
to the asker, or that a model wrote after reading what nobody vouches for. The score is 1 where nothing here needs a
human's word or a human gave it for exactly this content.
"""

from __future__ import annotations

from collections.abc import Sequence

from manifest.constitution import FloorRule
from organs.bundles import Effect, FloorResult, Proposal

_HELD = {
    "outside": "This would send something out after text of unknown origin was read, so a human decides.",
    "unasked": "Your own words did not ask for this change, so a human decides.",
}


def measure(effect: Effect, proposals: Sequence[Proposal], rule: FloorRule, *, ratified: bool = False) -> FloorResult:
    """F13 for what would be done. With no change proposed, nothing needs a human."""
    others = [p for p in proposals if not p.own and p.effect.weight >= Effect.REVERSIBLE.weight]
    grave = effect.weight >= Effect.COMPENSABLE.weight
    held = next((p.held for p in proposals if p.held), "")
    needed = grave or bool(others) or bool(held)
    score = 1.0 if ratified or not needed else 0.0
    if not needed:
        reason = "Nothing here needs a human's word."
    elif ratified:
        reason = "A human gave their word for exactly this."
    elif grave:
        reason = "This cannot simply be taken back, so a human decides."
    elif held:
        reason = _HELD[held]
    else:
        reason = "This touches more than what is yours, so a human decides."
    return FloorResult("F13", score, rule.threshold, rule.direction, rule.holds(score), reason)
