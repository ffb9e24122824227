"""F4 Clarity: ΔS, entropy over the clusters of meaning of the hypotheses, after grounding minus before (nats)."""

from __future__ import annotations

from manifest.constitution import FloorRule
from organs.bundles import FloorResult


def measure(delta_s: float | None, rule: FloorRule, *, binds: bool) -> FloorResult:
    """ΔS at most 0; `delta_s` is None with one hypothesis, and the floor then does not bind (DESIGN, F4)."""

    def result(passed: bool | None, reason: str) -> FloorResult:
        return FloorResult("F4", delta_s, rule.threshold, rule.direction, passed, reason)

    if delta_s is None:
        return result(None, "One hypothesis: there is no spread of meanings to measure.")
    if not binds:
        return result(None, "Does not bind in this lane.")
    if rule.holds(delta_s):
        return result(True, "The evidence made the answer clearer." if delta_s < 0 else "The answers mean the same.")
    return result(False, "The evidence left more meanings open than before.")
