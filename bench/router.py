"""Measures the router: the prior, decision time, an outage, the limit, and what must not leave.

`python -m bench.router [--json] [--raw FILE]`. The rows that need servers talk to real clients' counterparts on
loopback (`tests/servers/install.sh`); rows whose data or servers are not here are reported as not measured.
"""

import asyncio
import gzip
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from adapters.models.base import ChatMessage
from bench.report import BenchRow, emit, options
from manifest.prices import TokenCounts, load_prices
from router.call import ModelCall, NoModel, Router, RouterError
from router.learning import DECAY, Belief
from router.prior import TrainedPrior
from store.engine import Database

HARD = (
    "Explain how to keep two databases consistent across a network partition, compare quorum reads with "
    "conflict-free replicated data types, and say which trade-offs matter for a booking system with seats."
)
Events = list[dict[str, Any]]


# -- the prior --


def prior_rows(events: Events) -> list[BenchRow]:
    """APGR on the project's own test part, on folds, and on subjects the model did not see."""
    try:
        from bench.train import routing
        from bench.train.common import DataMissing, is_test_part
    except ImportError:
        print("scikit-learn is not installed (extra `train`): the prior's rows are not measured", file=sys.stderr)
        return _prior_missing()
    try:
        every = routing.outcomes()
    except DataMissing as error:
        print(error, file=sys.stderr)
        return _prior_missing()
    prior = TrainedPrior.load()
    rows = []
    for bench, must, aim in (("mmlu", 0.645, 0.66), ("gsm8k", 0.595, 0.61)):
        kept = [row for row in every if row.bench == bench and is_test_part(row.id)]
        learned = sum(row.bench == bench for row in every) - len(kept)
        scores = np.array([prior.need(row.text) for row in kept])
        strong, weak = np.array([r.strong for r in kept]), np.array([r.weak for r in kept])
        for row, score in zip(kept, scores, strict=True):
            events.append(
                {"kind": "prior", "id": row.id, "score": float(score), "strong": row.strong, "weak": row.weak}
            )
        low, high = _interval(scores, strong, weak)
        value = routing.apgr(scores, strong, weak)
        rows.append(BenchRow(f"apgr_{bench}_kept_back", value, "", len(kept), low, high, must, aim))
        rows.append(BenchRow(f"apgr_{bench}_cv", prior.scores[f"cv_{bench}"], "", learned, None, None, must, aim))
        rows.append(_saving(bench, scores, strong, weak))
    rows.append(_unseen(every, events))
    return rows


def _prior_missing() -> list[BenchRow]:
    return [BenchRow(f"apgr_{name}", None, "", 0, must=must) for name, must in (("mmlu", 0.645), ("gsm8k", 0.595))]


def _interval(scores: Any, strong: Any, weak: Any) -> tuple[float, float]:
    from bench.train.routing import apgr

    draw = np.random.default_rng(999)
    found = []
    for _ in range(300):
        at = draw.integers(0, len(scores), len(scores))
        if (strong[at] - weak[at]).sum() > 0:
            found.append(apgr(scores[at], strong[at], weak[at]))
    return float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975))


def _saving(bench: str, scores: Any, strong: Any, weak: Any) -> BenchRow:
    """Share of calls that need not go online for 95 % of the strong model's quality, best cut on these rows."""
    order = np.argsort(-scores, kind="stable")
    quality = (weak.sum() + np.cumsum((strong - weak)[order])) / len(scores)
    enough = np.nonzero(quality >= 0.95 * strong.mean())[0]
    share = (enough[0] + 1) / len(scores) if len(enough) else 1.0
    return BenchRow(f"saving_{bench}_at_95", 1 - float(share), "of calls", len(scores))


def _unseen(every: Sequence[Any], events: Events) -> BenchRow:
    """Mean APGR of the open form on groups of subjects that were left out of its training, options taken away."""
    from bench.train import routing

    stripped = routing.material(list(every), "other")
    names = sorted({row.subject for row in stripped})
    groups = [set(names[start::8]) for start in range(8)]
    found = []
    for group in groups:
        part = routing.fit([r for r in stripped if r.subject not in group], "other", calibrate=False)
        out = [r for r in stripped if r.subject in group]
        scores = np.array([part.blend(r.text) for r in out])
        value = routing.apgr(scores, np.array([r.strong for r in out]), np.array([r.weak for r in out]))
        found.append(value)
        events.append({"kind": "unseen", "subjects": sorted(group), "apgr": value})
    return BenchRow("apgr_unseen_mean", statistics.mean(found), "", len(found), min(found), max(found), 0.55, 0.575)


# -- decisions --


def decision_rows(events: Events) -> list[BenchRow]:
    """Time from a call to the list of models to ask: sensitivity, freshness, prior, policy; no embedding is needed.

    Each text is decided three times, with nothing remembered, and its least time counts: on a shared machine the
    others measure whoever else was running. The events hold all three.
    """
    from adapters.embeddings import make_embedder
    from manifest.routing import load_routing
    from router.freshness import FreshnessJudge
    from router.policy import Around, decide
    from router.sensitivity import SensitivityJudge
    from router.task import TaskReader

    routing = load_routing()
    around = Around("hybrid", "hybrid", outside=True, inside=True, nothing_else=False, demonstration=True)
    texts = _texts()
    judge = SensitivityJudge()
    judge.warm()
    freshness = FreshnessJudge()
    freshness.warm()

    async def work() -> list[float]:
        reader = TaskReader(judge, freshness, TrainedPrior.load())
        times = []
        for number, text in enumerate(texts):
            call = _question(text, exchange_id=f"d{number}")
            started = time.perf_counter()
            decide(await reader.read(call), around, routing)
            times.append((time.perf_counter() - started) * 1000)
        return times

    async def embedded() -> list[float]:
        """The same for every fourth text with it embedded first, as the Mind needs it anyway."""
        reader = TaskReader(judge, freshness, TrainedPrior.load())
        embedder = make_embedder("minilm")
        await embedder.embed(["ready"])
        times = []
        for number, text in enumerate(texts[::4]):
            call = _question(text, exchange_id=f"d{number}")
            started = time.perf_counter()
            await embedder.embed([text])
            decide(await reader.read(call), around, routing)
            times.append((time.perf_counter() - started) * 1000)
        return times

    rounds = [asyncio.run(work()) for _ in range(3)]
    times = [min(each) for each in zip(*rounds, strict=True)]
    events += [{"kind": "decision", "ms": list(each)} for each in zip(*rounds, strict=True)]
    p95 = float(np.quantile(times, 0.95))
    turns = [asyncio.run(embedded()) for _ in range(2)]
    with_vectors = [min(each) for each in zip(*turns, strict=True)]
    events += [{"kind": "decision_embed", "ms": list(each)} for each in zip(*turns, strict=True)]
    slow = float(np.quantile(with_vectors, 0.95))
    return [
        BenchRow("decision_p95_ms", p95, "ms", len(times), None, None, 5, 1, "lower"),
        BenchRow("decision_p50_ms", float(np.median(times)), "ms", len(times), better="lower"),
        BenchRow("decision_embed_p95_ms", slow, "ms", len(with_vectors), None, None, 50, 20, "lower"),
    ]


def _texts() -> list[str]:
    rows = _pii()
    return [row["text"] for row in rows[:400]] or [HARD, "hello", "what is a noun?"] * 100


def _pii() -> list[dict[str, Any]]:
    from bench.train.common import DataMissing, shared

    try:
        path = shared() / "data" / "safety" / "pii.jsonl.gz"
    except DataMissing:
        return []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


# -- on servers --


@dataclass
class Plain:
    """Settings for a router between two servers."""

    home: Path
    anthropic_base_url: str | None
    local_llm_url: str | None
    cost_limit_per_day: Decimal | None = Decimal("1000")
    mode: Any = "hybrid"
    local_llm_model: str | None = "gpt-4o-mini"
    local_llm_trusted: bool = False
    embedded: bool = False
    redact_online: bool = False
    timezone: str | None = "UTC"

    @property
    def anthropic_api_key(self) -> Any:
        from pydantic import SecretStr

        return SecretStr("bench")


def _question(text: str, **more: Any) -> ModelCall:
    call = {
        "exchange_id": "b1",
        "person": "bench",
        "channel": "bench",
        "purpose": "hypothesis",
        "system": "",
        "messages": (ChatMessage("user", text),),
        "lane": "FACTUAL",
        "max_tokens": 60,
    } | more
    return ModelCall(**call)


def server_rows(events: Events) -> list[BenchRow]:
    """Outage, limit and leaks, with real clients against llmock on loopback."""
    from tests.servers import model_servers

    if not (model_servers.VENV / "llmock").exists():
        print("llmock is not installed (tests/servers/install.sh): rows on servers are not measured", file=sys.stderr)
        return [
            BenchRow("outage_wait_p95_s", None, "s", 0, must=0.3, better="lower"),
            BenchRow("overspend_usd", None, "USD", 0, must=0, better="lower"),
            BenchRow("sensitive_online", None, "rows", 0, must=0, better="lower"),
        ]
    with model_servers.llmock() as online, model_servers.llmock() as local:
        return asyncio.run(_on_servers(online, local, events))


async def _on_servers(online: Any, local: Any, events: Events) -> list[BenchRow]:
    home = Path(tempfile.mkdtemp(prefix="trinity-bench-"))
    database = await Database.open(None, home)
    try:
        at = f"http://127.0.0.1:{local.port}"
        rows = await _outage(Plain(home, online.url, at), database, online, events)
        rows.append(await _limit(home, database, online, events))
        rows += await _leaks(Plain(home, online.url, at), database, online, events)
        return rows
    finally:
        await database.close()
        shutil.rmtree(home, ignore_errors=True)


async def _router(settings: Plain, database: Database, policy: str, judge: Any = None) -> Router:
    from router.build import build_router

    class Nothing:
        def sensitive(self, text: str, point: str = "recall") -> Any:
            return type("Reading", (), {"sensitive": False, "reasons": ()})()

    (settings.home / "routing.toml").write_text(policy, encoding="utf-8")
    router = await build_router(settings, database, judge or Nothing())
    await router.warm()
    return router


async def _outage(settings: Plain, database: Database, online: Any, events: Events) -> list[BenchRow]:
    """Seconds that an outage adds to a person's wait, beyond the local model's own time."""
    rows = []
    for kind, fault, skip in (
        ("http_500", {"type": "fail", "status": 500, "times": None}, 0),
        ("hang", {"type": "delay", "seconds": 60, "times": None}, 3),
    ):
        online.reset()
        online.script(fault)
        router = await _router(settings, database, "[timeouts]\nfirst_token = 1.0\n[breaker]\nwindow = 2.0\n")
        added, asked_before = [], len(_messages(online))
        for number in range(60):
            started = time.perf_counter()
            answer = await router.ask(_question(HARD, exchange_id=f"{kind}{number}"))
            assert answer.use.where == "local"
            wait = max(0.0, time.perf_counter() - started - answer.use.ms / 1000)
            events.append({"kind": f"outage_{kind}", "added_s": wait})
            if number >= skip:  # the breaker opens after three
                added.append(wait)
            await asyncio.sleep(0.05)
        p95 = float(np.quantile(added, 0.95))
        rows.append(BenchRow(f"outage_wait_p95_s_{kind}", p95, "s", len(added), None, None, 0.3, 0.1, "lower"))
        if kind == "http_500":  # three before the breaker opens, then one probe per window of 2 s
            reached = len(_messages(online)) - asked_before
            rows.append(BenchRow("outage_requests", reached, "to the dead server", 60, better="lower"))
        online.reset()
        await router.close()
    worst = max(row.value or 0.0 for row in rows if "wait" in row.name)
    return [BenchRow("outage_wait_p95_s", worst, "s", 117, None, None, 0.3, 0.1, "lower"), *rows]


def _messages(server: Any) -> list[dict[str, Any]]:
    return [request for request in server.requests() if "/messages" in request["path"]]


async def _limit(home: Path, database: Database, online: Any, events: Events) -> BenchRow:
    """Dollars spent past the limit by 200 calls at once, and whether every cost is the table's."""
    limit = Decimal("0.02")
    spent_before = (await _router(Plain(home, online.url, None), database, "")).available().spent_today
    settings = Plain(home, online.url, None, cost_limit_per_day=spent_before + limit, mode="online")
    router = await _router(settings, database, "[timeouts]\nfirst_token = 60.0\n")
    done = await asyncio.gather(
        *(router.ask(_question(HARD, exchange_id=f"m{n}")) for n in range(200)), return_exceptions=True
    )
    spent = router.available().spent_today - spent_before
    paid = [a for a in done if not isinstance(a, BaseException)]
    assert all(isinstance(e, NoModel) for e in done if isinstance(e, BaseException))
    prices = load_prices()
    for answer in paid:
        price = prices.of(answer.use.name)
        assert price is not None
        events.append({"kind": "limit", "usd": str(answer.use.cost_usd)})
        table = price.cost(TokenCounts(answer.use.tokens_in, answer.use.tokens_out))
        assert answer.use.cost_usd * 1_000_000_000 == table, "a cost is not the table's"
    await router.close()
    over = max(Decimal(0), spent - limit)
    return BenchRow("overspend_usd", float(over), "USD", 200, None, None, 0, 0, "lower")


async def _all(router: Router, calls: Sequence[ModelCall], at_once: int = 16) -> None:
    """Ask them all. Here only what reaches the online server counts, so that no answer at all is no error."""
    for start in range(0, len(calls), at_once):
        for outcome in await asyncio.gather(
            *(router.ask(call) for call in calls[start : start + at_once]), return_exceptions=True
        ):
            if isinstance(outcome, BaseException) and not isinstance(outcome, RouterError):
                raise outcome


async def _leaks(settings: Plain, database: Database, online: Any, events: Events) -> list[BenchRow]:
    """Private rows that the detector marks, in every mode: how many requests reached the online server."""
    from bench.train.common import is_test_part
    from router.sensitivity import SensitivityJudge

    rows = [row for row in _pii() if row["label"] == 1]
    if not rows:
        return [BenchRow("sensitive_online", None, "rows", 0, must=0, better="lower")]
    judge = SensitivityJudge()
    marked = [row for row in rows if judge.sensitive(row["text"]).sensitive]
    online.reset()
    ways: dict[str, dict[str, Any]] = {
        "normal": {},
        "override": {"override": "claude-opus-5-5"},
        "vote": {"variant": 2, "high_stakes": True},
        "outage": {},
    }
    asked = 0
    for way, more in ways.items():
        router = await _router(settings, database, "", judge)
        if way == "outage":
            online.script({"type": "fail", "status": 500, "times": None})
        await _all(router, [_question(row["text"], needs_fresh=True, **more) for row in marked])
        asked += len(marked)
        await router.close()
        events.append({"kind": "leaks", "way": way, "reached": len(_messages(online))})
    reached = len(_messages(online))
    online.reset()
    # The same rows under a long harmless question: what the detector no longer sees there would leave.
    router = await _router(settings, database, "", judge)
    await _all(router, [_question(f"{HARD}\n{row['text']}") for row in marked])
    await router.close()
    diluted = len(_messages(online))
    online.reset()
    kept_back = [row for row in rows if is_test_part(row["id"])]
    missed = [row for row in kept_back if not judge.sensitive(row["text"]).sensitive]
    return [
        BenchRow("sensitive_online", reached, "requests", asked, None, None, 0, 0, "lower"),
        BenchRow("sensitive_under_prose_online", diluted, "requests", len(marked), better="lower"),
        BenchRow(
            "sensitive_missed",
            len(missed) / max(1, len(kept_back)),
            "",
            len(kept_back),
            None,
            None,
            0.07,
            0.03,
            "lower",
        ),
        BenchRow("sensitive_missed_all", 1 - len(marked) / len(rows), "", len(rows), better="lower"),
    ]


# -- learning --


def regret_rows(events: Events, seeds: int = 60, length: int = 400) -> list[BenchRow]:
    """Regret of the fading belief over that of one that never forgets, on a stream whose better model flips half-way.

    Both draw from their beliefs (Thompson sampling) over the same outcomes; only the fading differs.
    """
    ratios, differences = [], []
    for seed in range(seeds):
        fading, frozen = _regret(seed, length, DECAY), _regret(seed, length, 1.0)
        events.append({"kind": "regret", "seed": seed, "fading": fading, "never_forgets": frozen})
        ratios.append((fading, frozen))
        differences.append(frozen - fading)
    ratio = sum(a for a, _ in ratios) / sum(b for _, b in ratios)
    draw = np.random.default_rng(999)
    resampled = []
    for _ in range(2000):
        at = draw.integers(0, seeds, seeds)
        resampled.append(sum(ratios[i][0] for i in at) / sum(ratios[i][1] for i in at))
    low, high = float(np.quantile(resampled, 0.025)), float(np.quantile(resampled, 0.975))
    worse = sum(d <= 0 for d in differences)
    print(f"regret: the fading belief did better on {seeds - worse} of {seeds} seeds", file=sys.stderr)
    return [BenchRow("regret_ratio", ratio, "", seeds, low, high, 1, 0.5, "lower")]


def _regret(seed: int, length: int, decay: float) -> float:
    """Expected regret of choosing between two models of 0.85 and 0.55 that swap places half-way."""
    chance = random.Random(seed)
    beliefs = [Belief("bench", "a"), Belief("bench", "b")]
    regret = 0.0
    for step in range(length):
        good = (0.85, 0.55) if step < length // 2 else (0.55, 0.85)
        outcome = [chance.random() < p for p in good]
        drawn = [chance.betavariate(*reversed(b.falls_short(0.3))) for b in beliefs]
        chosen = 0 if drawn[0] >= drawn[1] else 1
        regret += max(good) - good[chosen]
        beliefs[chosen] = beliefs[chosen].seen(float(outcome[chosen]), decay=decay)
        beliefs[1 - chosen] = beliefs[1 - chosen].seen(0.0, 0.0, decay)  # as the product lets it fade
    return regret


def main() -> int:
    """Run every part that can be run here."""
    chosen = options("python -m bench.router", __doc__).parse_args()
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    events: Events = []
    rows = [*prior_rows(events), *decision_rows(events), *regret_rows(events), *server_rows(events)]
    emit("router", rows, as_json=chosen.json, raw=chosen.raw, events=events)
    return 0


if __name__ == "__main__":
    sys.exit(main())
