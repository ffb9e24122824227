"""What one exchange came to, as people, programs and the store see it (`trinity ask --json`)."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from manifest.constitution import FLOORS, Direction
from organs.bundles import FloorResult, ModelUse, StageTime, Witness


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FloorView(_Frozen):
    score: float | None
    threshold: float
    direction: Direction
    passed: bool | None
    reason: str
    measured: bool = True  # false: it binds and could not be measured


class WitnessView(_Frozen):
    human: float
    ai: float
    earth: float
    value: float


class ModelView(_Frozen):
    name: str
    where: str
    why: str
    cost_usd: float
    tokens_in: int
    tokens_out: int
    stands_in_for: str | None = None  # the online model that should have answered, had it not been out of reach


class StageView(_Frozen):
    stage: str
    ms: float
    model_ms: float = 0.0


class ReceiptView(_Frozen):
    index: int
    entry_hash: str
    origin: str


class HoldView(_Frozen):
    id: str


class Outcome(_Frozen):
    """One exchange's result. Field names are a public interface: programs read them."""

    exchange_id: str
    verdict: str
    lane: str
    reply: str
    floors: Mapping[str, FloorView]
    w3: WitnessView | None = None
    model: ModelView | None = None
    stages: tuple[StageView, ...] = ()
    receipt: ReceiptView | None = None
    hold: HoldView | None = None
    reason: str = ""
    quiet: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    undo: str | None = None  # id of the action that can be undone


def floor_views(floors: Mapping[str, FloorResult]) -> dict[str, FloorView]:
    """All floors that were looked at, F1 first."""
    return {
        floor: FloorView(
            score=None if r.score is None else round(r.score, 4),
            threshold=r.threshold,
            direction=r.direction,
            passed=r.passed,
            reason=r.reason,
            measured=r.measured,
        )
        for floor in FLOORS
        if (r := floors.get(floor)) is not None
    }


def floor_results(views: Mapping[str, FloorView]) -> dict[str, FloorResult]:
    """The measurements behind stored views (for 888's second look after a human's word)."""
    return {
        floor: FloorResult(floor, v.score, v.threshold, v.direction, v.passed, v.reason, measured=v.measured)
        for floor, v in views.items()
    }


def witness_view(w3: Witness | None) -> WitnessView | None:
    if w3 is None:
        return None
    return WitnessView(human=w3.human, ai=round(w3.ai, 4), earth=round(w3.earth, 4), value=round(w3.value, 4))


def model_view(use: ModelUse | None) -> ModelView | None:
    if use is None:
        return None
    return ModelView(
        name=use.name,
        where=use.where,
        why=use.why,
        cost_usd=float(use.cost_usd),
        tokens_in=use.tokens_in,
        tokens_out=use.tokens_out,
        stands_in_for=use.stands_in_for,
    )


def stage_views(stages: tuple[StageTime, ...]) -> tuple[StageView, ...]:
    return tuple(StageView(stage=s.stage, ms=round(s.ms, 3), model_ms=round(s.model_ms, 3)) for s in stages)
