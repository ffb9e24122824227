"""F6 on the pairs kept back from training: does the running judge prefer the answer that takes care of the person?"""

from typing import Any

import numpy as np

from adapters.embeddings import make_embedder
from bench.report import BenchRow
from bench.train.care import STRICT, THRESHOLD, kept_back, pairs
from bench.train.common import bootstrap
from organs.floors.f06_empathy import CareJudge


def _rate(name: str, hits: Any, **limits: Any) -> BenchRow:
    low, high = bootstrap(lambda i: float(hits[i].mean()), len(hits))
    return BenchRow(name, float(hits.mean()), "", len(hits), low, high, **limits)


async def measure() -> tuple[list[BenchRow], list[dict[str, Any]]]:
    """All figures of F6's care, and each pair's two scores."""
    kept = [p for p in pairs() if kept_back(p.id)]
    embedder = make_embedder("minilm")
    try:
        judge = CareJudge(embedder)
        good = np.array(await judge.scores([(p.good, p.situation) for p in kept]))
        bad = np.array(await judge.scores([(p.bad, p.situation) for p in kept]))
    finally:
        embedder.close()
    strained = np.array([p.distress is True for p in kept])
    result = [
        _rate("care_better_wins", good > bad, must=0.85, aim=0.93),
        _rate("care_good_passes", good >= THRESHOLD),
        _rate("care_bad_passes", bad >= THRESHOLD, better="lower"),
        _rate("care_good_passes_strict_strained", good[strained] >= STRICT),
        _rate("care_bad_passes_strict_strained", bad[strained] >= STRICT, better="lower"),
    ]
    events = [
        {"id": p.id, "lang": p.lang, "good": round(float(g), 6), "bad": round(float(b), 6)}
        for p, g, b in zip(kept, good, bad, strict=True)
    ]
    return result, events
