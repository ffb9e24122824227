"""What goes into the router and what comes out of it: the call, the answer, the state, and why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from adapters.models.base import ChatMessage, Stop, ToolCall, ToolSpec, Where

Mode = Literal["online", "offline", "hybrid"]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One question for whichever model is right for it. Everything that would leave stands in system + messages."""

    exchange_id: str
    person: str
    channel: str
    purpose: str  # "hypothesis", "retry" (wants a stronger model), "stand_alone", "rewrite", "judge", "summary"
    system: str
    messages: tuple[ChatMessage, ...]
    lane: str
    agent: str | None = None  # "c1" coding, "c2" reasoning, "c3" creative
    high_stakes: bool = False
    needs_fresh: bool | None = None  # None: the router judges it from the text
    max_tokens: int = 800
    variant: int = 0  # nth hypothesis of one exchange: another seed and temperature
    override: str | None = None  # model name or mode asked for in this message; never beats sensitivity
    tools: tuple[ToolSpec, ...] = ()  # what the model may ask to be called; the embedded one is shown none
    may_call: bool = True  # False: the tools are named because earlier turns call them, and no more calls are wanted
    marks: tuple[str, ...] = ()  # random fences and canaries of ours in the text: they read like keys and are none


@dataclass(frozen=True, slots=True)
class ModelUse:
    """Which model spoke, where it ran, why it was chosen and what it cost."""

    name: str
    where: Where
    why: str
    cost_usd: Decimal
    tokens_in: int  # every token read, cached ones included
    tokens_out: int
    ms: float
    demonstration: bool = False  # the embedded model: decides nothing, never more than PARTIAL
    stands_in_for: str | None = None  # the online model that policy would have asked, had it answered


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's whole answer and its account."""

    text: str
    use: ModelUse
    stop: Stop
    calls: tuple[ToolCall, ...] = ()  # what the model asks to be called; unchecked, as it came


@dataclass(frozen=True, slots=True)
class ModelState:
    """One configured model as it stands now."""

    name: str
    where: Where
    healthy: bool
    note: str  # "ready", "left alone for 12 s after 3 failures", "the key was refused"
    demonstration: bool = False


@dataclass(frozen=True, slots=True)
class RouterState:
    """What could answer now; for `/readyz`, the bridge and `trinity doctor`."""

    mode: Mode
    models: tuple[ModelState, ...]
    paused: bool
    spent_today: Decimal
    limit_per_day: Decimal | None
    money_left: Decimal | None  # None: no limit is set
    resets_at: datetime | None
    notices: tuple[str, ...] = ()  # "80 % of today's limit is used"

    @property
    def can_answer(self) -> bool:
        """Whether any model is healthy; the budget may still keep a paid one from being asked."""
        return any(model.healthy for model in self.models)


class RouterError(Exception):
    """No answer could be had. `reason_for_person` says what happened and what to do, in plain words."""

    def __init__(self, reason_for_person: str, *, resets_at: datetime | None = None) -> None:
        self.reason_for_person = reason_for_person
        self.resets_at = resets_at
        super().__init__(reason_for_person)


class NoModel(RouterError):
    """No model may answer this: none is configured, the text may not leave, or the money is gone (`resets_at`)."""


class AllFailed(RouterError):
    """Every model that may answer was asked or is being left alone, and none answered."""
