"""The clock of one exchange: how long each stage took, how much of it was a model's time, and who is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

from organs.bundles import ModelUse, StageTime
from organs.ports import Models
from router.words import Answer, ModelCall, RouterState

# stage, "started" | "done", milliseconds when done, a note that never holds message text
Observe = Callable[[str, str, float | None, str], None]


class MeteredRouter:
    """The router as one exchange sees it: every call's time and cost is added up, and what the message asked for in
    the way of models holds for all of them (it never beats sensitivity)."""

    def __init__(self, router: Models, route: str | None = None) -> None:
        self._router, self._route = router, route
        self.ms = 0.0
        self.calls = 0
        self.cost = Decimal(0)

    async def ask(self, call: ModelCall) -> Answer:
        started = time.perf_counter()
        self.calls += 1
        if self._route is not None and call.override is None:
            call = replace(call, override=self._route)
        try:
            answer = await self._router.ask(call)
        finally:
            self.ms += (time.perf_counter() - started) * 1000
        self.cost += answer.use.cost_usd
        return answer

    def available(self) -> RouterState:
        return self._router.available()


class Stages:
    """Collects stage times; used as `with stages("111"): …`."""

    def __init__(self, observe: Observe, router: MeteredRouter) -> None:
        self._observe, self._router = observe, router
        self._times: list[StageTime] = []
        self.current = "000"

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        self.current = stage
        self._observe(stage, "started", None, "")
        started, model = time.perf_counter(), self._router.ms
        try:
            yield
        finally:
            ms = (time.perf_counter() - started) * 1000
            self._times.append(StageTime(stage, ms, self._router.ms - model))
            self._observe(stage, "done", ms, "")

    def note(self, text: str) -> None:
        """Tell watchers what the current stage is doing."""
        self._observe(self.current, "started", None, text)

    @property
    def times(self) -> tuple[StageTime, ...]:
        """One entry a stage, in order; a stage that ran twice (the retry) is added up."""
        merged: dict[str, StageTime] = {}
        for t in self._times:
            before = merged.get(t.stage)
            merged[t.stage] = (
                t if before is None else StageTime(t.stage, before.ms + t.ms, before.model_ms + t.model_ms)
            )
        return tuple(merged[s] for s in sorted(merged))


def total(use: ModelUse | None, cost: Decimal) -> ModelUse | None:
    """The answering model's account with the cost of every call of the exchange."""
    if use is None:
        return None
    return replace(use, cost_usd=cost)
