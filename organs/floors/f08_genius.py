"""F8 Genius: G = A · P · X · E². Precision, peace, relevance and the exchange's own budget, each a measured dial."""

from __future__ import annotations

from manifest.constitution import FloorRule
from organs.bundles import FloorResult
from organs.relevance import relevance

__all__ = ["measure", "relevance"]


def measure(
    rule: FloorRule,
    *,
    precision: float | None,
    peace: float | None,
    relevance: float | None,
    within_budget: bool,
    binds: bool,
) -> FloorResult:
    """G over the dials that were measured; one that was not is left out and named.

    A = calibrated precision of the draft, P = min(1, Peace²), X = probability that the draft addresses the request,
    E = 1 while the exchange keeps its own time and token budget, else 0.
    """
    dials = {
        "A": precision,
        "P": None if peace is None else max(0.0, min(1.0, peace)),
        "X": relevance,
        "E": 1.0 if within_budget else 0.0,
    }
    measured = {name: value for name, value in dials.items() if value is not None}
    score = 1.0
    for name, value in measured.items():
        score *= value**2 if name == "E" else value
    shown = ", ".join(f"{name} {value:.2f}" for name, value in measured.items())
    left_out = "".join(f"; {name} not measured" for name, value in dials.items() if value is None)

    def result(passed: bool | None, *, measured_at_all: bool = True) -> FloorResult:
        return FloorResult(
            "F8", score, rule.threshold, rule.direction, passed, f"G from {shown}{left_out}.", measured_at_all
        )

    if not binds:
        return result(None)
    if set(measured) == {"E"}:
        return result(None, measured_at_all=False) if within_budget else result(False)
    return result(rule.holds(score))
