"""F3 Tri-Witness: W³ = (H · A · E)^(1/3), the human, the AI and the earth (outside evidence)."""

from __future__ import annotations

from collections.abc import Sequence

from manifest.constitution import FloorRule
from organs.bundles import Claim, FloorResult, Proof, Support, Witness

# E of W³ (DESIGN, F3): what the claims rest on.
EARTH_CERTAIN = 1.0  # computed, or verbatim in a named source
EARTH_GROUNDED = 0.95
EARTH_NONE = 0.85

_CERTAIN = frozenset({Support.COMPUTED, Support.VERBATIM})


def witness(
    proof: Proof,
    claims: Sequence[Claim],
    *,
    agreement: float | None,
    precision: float | None,
    ratified: bool = False,
) -> Witness | None:
    """The three witnesses; None where nothing is claimed, or where the AI witness cannot be measured.

    `agreement` is the share of hypotheses in the leading cluster, `precision` the calibrated consistency of the draft
    with the evidence; both in [0, 1].
    """
    if not claims:
        return None
    if all(c.support in _CERTAIN for c in claims):
        ai, earth = 1.0, EARTH_CERTAIN
    else:
        measured = agreement if agreement is not None else precision
        if measured is None:
            return None
        ai = measured
        held = all(c.support in _CERTAIN or c.support is Support.GROUNDED for c in claims)
        earth = EARTH_GROUNDED if held else EARTH_NONE
    human = 1.0 if ratified else proof.witness
    return Witness(human, min(1.0, max(0.0, ai)), earth)


def measure(w3: Witness | None, rule: FloorRule, *, binds: bool, claimed: bool = True) -> FloorResult:
    """W³ against its threshold. `claimed` says whether the draft claims anything: without, F3 does not bind."""

    def result(score: float | None, passed: bool | None, reason: str, *, measured: bool = True) -> FloorResult:
        return FloorResult("F3", score, rule.threshold, rule.direction, passed, reason, measured)

    if not claimed:
        return result(None, None, "Nothing is claimed.")
    if not binds:
        return result(w3.value if w3 else None, None, "Does not bind in this lane.")
    if w3 is None:
        return result(None, None, "One answer and no evidence: the AI witness cannot be measured.", measured=False)
    parts = f"human {w3.human:.2f}, AI {w3.ai:.2f}, earth {w3.earth:.2f}"
    passed = rule.holds(w3.value)
    return result(
        w3.value,
        passed,
        f"The witnesses agree ({parts})." if passed else f"The witnesses do not agree enough ({parts}).",
    )
