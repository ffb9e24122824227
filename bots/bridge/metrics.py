"""What is counted for Prometheus: exchanges, stages, model calls and their cost, and what waits."""

from __future__ import annotations

from dataclasses import dataclass, field

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bots.bridge.services import Status
from organs.outcome import Outcome

_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60)


@dataclass(slots=True)
class Mix:
    """What one model's answers in one lane came to."""

    model: str
    lane: str
    verdicts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def answers(self) -> int:
        return sum(self.verdicts.values())

    @property
    def mean_ms(self) -> float:
        """Mean time spent waiting for the model, in milliseconds."""
        return 1000 * self.seconds / self.answers if self.answers else 0.0

    def add(self, verdict: str, seconds: float) -> None:
        self.verdicts[verdict] = self.verdicts.get(verdict, 0) + 1
        self.seconds += seconds


class Metrics:
    """One registry per process; `exchange` is called once for each finished exchange of any channel."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._mixes: dict[tuple[str, str], Mix] = {}
        self._exchanges = Counter("trinity_exchanges", "Finished exchanges", ("verdict", "lane"), registry=registry)
        self._stage = Histogram(
            "trinity_stage_seconds",
            "Time in one stage, model time left out",
            ("stage",),
            registry=registry,
            buckets=_SECONDS,
        )
        self._model_seconds = Histogram(
            "trinity_model_seconds",
            "Time spent waiting for models in one exchange, by the one that answered",
            ("model", "lane"),
            registry=registry,
            buckets=_SECONDS,
        )
        self._calls = Counter(
            "trinity_model_answers",
            "Answers by the model that gave them",
            ("model", "where", "lane", "verdict"),
            registry=registry,
        )
        self._cost = Counter(
            "trinity_model_cost_usd", "Cost of models in US dollars", ("model", "lane"), registry=registry
        )
        self._tokens = Counter("trinity_model_tokens", "Tokens", ("model", "lane", "direction"), registry=registry)
        self._stood_in = Counter(
            "trinity_answered_offline", "Answers given at home because the online model did not answer",
            ("wanted",), registry=registry,
        )  # fmt: skip
        self._signals = Counter(
            "trinity_outcome_signals", "What was learned from, by signal", ("signal",), registry=registry
        )
        self._holds = Gauge("trinity_holds_open", "Holds that wait for a human", registry=registry)
        self._ledger = Gauge("trinity_ledger_entries", "Entries in the ledger", registry=registry)
        self._inbox = Gauge("trinity_inbox_oldest_seconds", "Age of the oldest unfinished exchange", registry=registry)
        self._money = Gauge("trinity_money_left_usd", "What may still be spent today", registry=registry)
        self._ready = Gauge("trinity_ready", "1 when every part is ready", ("part",), registry=registry)
        self._paused = Gauge("trinity_paused", "1 while actions and paid calls are paused", registry=registry)

    def exchange(self, outcome: Outcome) -> None:
        """Count one finished exchange."""
        self._exchanges.labels(outcome.verdict, outcome.lane).inc()
        for stage in outcome.stages:
            self._stage.labels(stage.stage).observe(max(0.0, stage.ms - stage.model_ms) / 1000)
        use = outcome.model
        if use is None:
            return
        seconds = sum(stage.model_ms for stage in outcome.stages) / 1000
        self._calls.labels(use.name, use.where, outcome.lane, outcome.verdict).inc()
        self._cost.labels(use.name, outcome.lane).inc(max(0.0, use.cost_usd))
        self._tokens.labels(use.name, outcome.lane, "in").inc(max(0, use.tokens_in))
        self._tokens.labels(use.name, outcome.lane, "out").inc(max(0, use.tokens_out))
        self._model_seconds.labels(use.name, outcome.lane).observe(seconds)
        if use.stands_in_for is not None:
            self._stood_in.labels(use.stands_in_for).inc()
        mix = self._mixes.setdefault((use.name, outcome.lane), Mix(use.name, outcome.lane))
        mix.add(outcome.verdict, seconds)

    def signal(self, name: str) -> None:
        """Count one outcome that the router learned from."""
        self._signals.labels(name).inc()

    def mixes(self) -> tuple[Mix, ...]:
        """Verdicts and waiting time by model and lane since the process started, the busiest first."""
        return tuple(sorted(self._mixes.values(), key=lambda mix: (-mix.answers, mix.model, mix.lane)))

    def render(self, status: Status) -> tuple[bytes, str]:
        """The exposition text and its media type; gauges are taken from `status` at this moment."""
        self._holds.set(status.holds_open)
        self._ledger.set(status.ledger_size)
        self._inbox.set(status.inbox_age_s)
        self._paused.set(1 if status.paused else 0)
        left = status.purse.left
        if left is not None:
            self._money.set(float(left))
        for part in status.parts:
            self._ready.labels(part.name).set(1 if part.ready else 0)
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
