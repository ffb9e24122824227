"""111 on the scenario table of lanes: the kept-back part alone (id's SHA-256 ends in 0 or 1), crisis check first."""

import json
import time
from typing import Any

import numpy as np

from bench.report import BenchRow
from bench.train.common import ROOT, bootstrap, is_test_part
from organs.bundles import Lane
from organs.crisis import check_crisis
from organs.sense import sense

TABLE = ROOT / "bench" / "data" / "lanes.jsonl"


def read() -> list[dict[str, Any]]:
    """The whole table."""
    return [json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines() if line]


def lane(text: str) -> str:
    """The lane that 000 and 111 give a message by itself."""
    return Lane.CRISIS.value if check_crisis(text).found else sense(text, material=False, history=()).lane.value


def macro_f1(said: list[str], true: list[str]) -> float:
    """Mean F1 over the lanes that occur in `true`."""
    values = []
    for name in sorted(set(true)):
        hit = sum(a == b == name for a, b in zip(said, true, strict=True))
        values.append(2 * hit / max(1, said.count(name) + true.count(name)))
    return float(np.mean(values))


async def measure() -> tuple[list[BenchRow], list[dict[str, Any]]]:
    """Macro F1 on kept-back rows, on near misses, on the rest; milliseconds a message."""
    rows = read()
    said, times = [], []
    for row in rows:
        lane(row["text"])  # warm: rules compile on the first text
        started = time.perf_counter()
        said.append(lane(row["text"]))
        times.append((time.perf_counter() - started) * 1000)
    true = [row["lane"] for row in rows]
    kept = [i for i, row in enumerate(rows) if is_test_part(row["id"])]
    tuned = [i for i in range(len(rows)) if i not in set(kept)]
    near = [i for i in kept if rows[i]["near_miss"]]

    def figure(name: str, chosen: list[int], **limits: float) -> BenchRow:
        places = np.array(chosen)

        def value(drawn: Any) -> float:
            picked = places[drawn]
            return macro_f1([said[i] for i in picked], [true[i] for i in picked])

        low, high = bootstrap(value, len(places))
        return BenchRow(name, value(np.arange(len(places))), "", len(places), low, high, **limits)

    right = np.array([said[i] == true[i] for i in near], float)
    made = [
        figure("lanes: macro F1, kept-back rows", kept, must=0.85, aim=0.93),
        BenchRow("lanes: near misses read rightly, kept-back", float(right.mean()), "", len(near)),
        figure("lanes: macro F1, rows the rules were written on", tuned),
        BenchRow("lanes: p95 per message", float(np.percentile(times, 95)), "ms", len(times), better="lower"),
    ]
    events = [
        {"id": r["id"], "said": s, "true": r["lane"], "ms": round(t, 3)}
        for r, s, t in zip(rows, said, times, strict=True)
    ]
    return made, events
