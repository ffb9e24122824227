"""An outcome in words and shapes for the page: nothing is decided here, only said."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from manifest.constitution import FLOORS, Constitution
from organs.outcome import Outcome

ORGANS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("Init", "the airlock", (("000", "Airlock"),)),
    ("Mind", "AGI Δ", (("111", "Sense"), ("222", "Reason"), ("333", "Integrate"))),
    ("Heart", "ASI Ω", (("444", "Respond"), ("555", "Validate"), ("666", "Align"))),
    ("Soul", "APEX Ψ", (("777", "Forge"), ("888", "Audit"))),
    ("Vault", "VAULT999", (("999", "Seal"),)),
)
_STAGES = {number: name for _organ, _sub, stages in ORGANS for number, name in stages}
STAGES = tuple(_STAGES)

_VERDICTS = {
    "SEAL": ("seal", "Sealed", "answered, every binding floor held"),
    "PARTIAL": ("partial", "In part", "answered, with weak points named"),
    "SABAR": ("sabar", "Not yet", "something is missing or failed"),
    "888_HOLD": ("hold", "Waiting for a person", "a human decides first"),
    "VOID": ("void", "Refused", "not done, with the reason"),
}
_LANES = {
    "SOCIAL": "small talk",
    "FACTUAL": "a question",
    "CARE": "somebody is strained",
    "ACTION": "something to be done",
    "CRISIS": "somebody may be in danger",
}


@dataclass(frozen=True, slots=True)
class VerdictWord:
    """A verdict's class name (its shape and colour), its word, and what it means."""

    key: str
    word: str
    meaning: str


def verdict_word(verdict: str) -> VerdictWord:
    return VerdictWord(*_VERDICTS.get(verdict, ("sabar", verdict, "")))


_HOLDS = {
    "pending": ("hold", "Waiting for a person"),
    "approved": ("seal", "Approved"),
    "running": ("seal", "Approved, running"),
    "done": ("seal", "Approved and done"),
    "failed": ("partial", "Approved, but failed"),
    "unknown": ("partial", "Approved, outcome unknown"),
    "denied": ("void", "Denied"),
    "edited": ("sabar", "Replaced by an edit"),
    "expired": ("sabar", "Expired"),
    "cancelled": ("sabar", "Withdrawn"),
    "acknowledged": ("seal", "In good hands"),
}


_EFFECTS = {
    "irreversible": "cannot be undone",
    "compensable": "can only be made good",
    "reversible": "can be undone",
    "read": "reads only",
}


def effect_word(effect: str) -> str:
    return _EFFECTS.get(effect, "")


def hold_word(state: str) -> VerdictWord:
    return VerdictWord(*_HOLDS[state], "")


def lane_word(lane: str) -> str:
    return _LANES.get(lane, lane.lower())


def stage_name(stage: str) -> str:
    return _STAGES.get(stage, stage)


def money(amount: float | Decimal | None) -> str:
    """US dollars, never a false zero: `free`, `under $0.0001`, `$0.0042`, `$1.20`."""
    if amount is None:
        return "no limit set"
    value = float(amount)
    if value == 0:
        return "free"
    if value < 0.0001:
        return "under $0.0001"
    return f"${value:.4f}" if value < 0.1 else f"${value:.2f}"


def number(value: float | None) -> str:
    """A score for a table: at most three decimals, no tail of zeros."""
    if value is None:
        return "–"
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def duration(ms: float) -> str:
    """Milliseconds for a person: `0.4 ms`, `38 ms`, `2.1 s`."""
    if ms < 10:
        return f"{ms:.1f} ms"
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


@dataclass(frozen=True, slots=True)
class Gauge:
    """A score on a line of 100 units, and where the threshold stands."""

    fill: float
    tick: float


FloorState = Literal["passed", "short", "blind", "open"]
_FLOOR_WORDS: dict[FloorState, str] = {
    "passed": "held",
    "short": "fell short",
    "blind": "not measured",
    "open": "does not bind",
}


@dataclass(frozen=True, slots=True)
class FloorRow:
    """One floor as the "why?" table shows it."""

    floor: str
    name: str
    state: FloorState
    word: str
    score: str
    rule: str
    reason: str
    gauge: Gauge | None


def floor_rows(outcome: Outcome, constitution: Constitution) -> list[FloorRow]:
    """All thirteen floors in order; one that was not looked at says so."""
    rows = []
    for floor in FLOORS:
        name = constitution[floor].name
        view = outcome.floors.get(floor)
        if view is None:
            rows.append(FloorRow(floor, name, "open", "not reached", "–", "", "The exchange ended before it.", None))
            continue
        state: FloorState = "short" if view.passed is False else "passed" if view.passed else "open"
        if view.passed is None and not view.measured:
            state = "blind"
        rows.append(
            FloorRow(
                floor=floor,
                name=name,
                state=state,
                word=_FLOOR_WORDS[state],
                score=number(view.score),
                rule=f"{_SIGN[view.direction]} {number(view.threshold)}",
                reason=view.reason,
                gauge=_gauge(view.score, view.threshold),
            )
        )
    return rows


_SIGN = {">=": "≥", "<=": "≤", "<": "<"}


def _gauge(score: float | None, threshold: float) -> Gauge | None:
    if score is None:
        return None
    low = min(0.0, score, threshold)
    high = max(1.0, score, threshold * 1.25)
    span = high - low
    return Gauge(fill=round(100 * (score - low) / span, 1), tick=round(100 * (threshold - low) / span, 1))


@dataclass(frozen=True, slots=True)
class Counted:
    """How many floors held, fell short, could not be measured, or do not bind here."""

    held: int
    short: int
    blind: int
    open: int

    @property
    def sentence(self) -> str:
        parts = [f"{self.held} held"]
        if self.short:
            parts.append(f"{self.short} fell short")
        if self.blind:
            parts.append(f"{self.blind} not measured")
        if self.open:
            parts.append(f"{self.open} not binding here")
        return ", ".join(parts)


def count(rows: list[FloorRow]) -> Counted:
    states = [row.state for row in rows]
    return Counted(*(states.count(state) for state in ("passed", "short", "blind", "open")))


@dataclass(frozen=True, slots=True)
class StageBar:
    """One stage's time and its share of the longest, in per cent."""

    stage: str
    name: str
    ms: float
    model_ms: float
    share: float


def stage_bars(outcome: Outcome) -> list[StageBar]:
    longest = max((s.ms for s in outcome.stages), default=0.0) or 1.0
    return [
        StageBar(s.stage, stage_name(s.stage), s.ms, s.model_ms, round(max(0.6, 100 * s.ms / longest), 1))
        for s in outcome.stages
    ]


def spoken(outcome: Outcome) -> str:
    """What a screen reader is told when the answer arrives: the verdict, then the reply's beginning."""
    word = verdict_word(outcome.verdict)
    reply = " ".join(outcome.reply.split())
    return f"{word.word}. {reply[:600]}{'…' if len(reply) > 600 else ''}"
