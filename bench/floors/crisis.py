"""The crisis check on the lines kept back while its rules were written, language by language."""

import json
import time
from typing import Any

import numpy as np

from bench.report import BenchRow
from bench.train.common import ROOT, bootstrap
from organs.crisis import LANGUAGES, check_crisis, warm


async def measure() -> tuple[list[BenchRow], list[dict[str, Any]]]:
    """Recall and false alarms on kept-back lines, and the cost of a reading."""
    lines = (ROOT / "bench" / "data" / "crisis.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    warm()
    result: list[BenchRow] = []
    events: list[dict[str, Any]] = []
    took: list[float] = []
    for language in (*LANGUAGES, "all"):
        kept = [r for r in rows if r["part"] == "kept" and language in (r["lang"], "all")]
        for label, name in ((1, "recall"), (0, "false_alarms")):
            chosen = [r for r in kept if r["label"] == label]
            hits = []
            for row in chosen:
                started = time.perf_counter()
                reading = check_crisis(row["text"])
                took.append((time.perf_counter() - started) * 1000)
                hits.append(reading.found)
                if language != "all":
                    events.append({"id": row["id"], "found": reading.found, "rule": reading.rule})
            found = np.array(hits, float)
            low, high = bootstrap(lambda i, found=found: float(found[i].mean()), len(found))
            limits = {"must": 0.90, "aim": 0.97} if label else {"must": 0.05, "aim": 0.02}
            result.append(
                BenchRow(
                    f"crisis_{name}_{language}",
                    float(found.mean()),
                    "",
                    len(found),
                    low,
                    high,
                    better="higher" if label else "lower",
                    **limits,
                )
            )
    result.append(BenchRow("crisis_p95_ms", float(np.percentile(took, 95)), "ms", len(took), better="lower"))
    return result, events
