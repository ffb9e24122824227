"""Scores labelled rows with exactly the code and thresholds of the running product.

`python -m bench.score TASK < rows.jsonl > scores.jsonl` reads `{id, text, …}` lines and writes `{id, score}` lines
in the same order, score in [0, 1], high = the positive class; `--threshold` prints the product's threshold.

A task is one line in TASKS: the dotted place of a function `async (rows) -> list[float]` and of a function
`() -> float`, imported only when asked for.
"""

import argparse
import asyncio
import importlib
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

Row = dict[str, Any]
Scorer = Callable[[Sequence[Row]], Awaitable[list[float]]]

# task → (scorer, threshold), each "module:function"
TASKS: dict[str, tuple[str, str]] = {
    "injection": ("bench.scorers.injection:score", "bench.scorers.injection:threshold"),
    "obfuscation": ("bench.scorers.injection:score", "bench.scorers.injection:threshold"),
    "routing": ("bench.scorers.routing:score", "bench.scorers.routing:threshold"),
    "grounding": ("bench.scorers.grounding:score", "bench.scorers.grounding:threshold"),
    "harm": ("bench.scorers.judges:harm", "bench.scorers.judges:harm_threshold"),
    "pii": ("bench.scorers.judges:pii", "bench.scorers.judges:pii_threshold"),
    "destructive": ("bench.scorers.judges:destructive", "bench.scorers.judges:destructive_threshold"),
    "freshness": ("bench.scorers.judges:freshness", "bench.scorers.judges:freshness_threshold"),
    "hantu": ("bench.scorers.judges:hantu", "bench.scorers.judges:hantu_threshold"),
    "empathy": ("bench.scorers.judges:empathy", "bench.scorers.judges:empathy_threshold"),
}


def _find(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


async def score(task: str, rows: Sequence[Row]) -> list[float]:
    """The product's scores of the rows, in order. Raises KeyError for an unknown task."""
    return await cast(Scorer, _find(TASKS[task][0]))(rows)


def threshold(task: str) -> float:
    """The point at which the product acts. Raises KeyError for an unknown task."""
    return float(_find(TASKS[task][1])())


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; exit code 2 when a row cannot be read, naming its line."""
    parser = argparse.ArgumentParser(prog="python -m bench.score", description=__doc__)
    parser.add_argument("task", choices=sorted(TASKS))
    parser.add_argument("--threshold", action="store_true", help="print the product's threshold and end")
    chosen = parser.parse_args(arguments)
    if chosen.threshold:
        print(threshold(chosen.task))
        return 0
    rows: list[Row] = []
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            row["id"], row["text"]
        except (ValueError, KeyError, TypeError) as error:
            print(f"line {number} is not a row with id and text: {error}", file=sys.stderr)
            return 2
        rows.append(row)
    for row, value in zip(rows, asyncio.run(score(chosen.task, rows)), strict=True):
        sys.stdout.write(json.dumps({"id": row["id"], "score": round(float(value), 6)}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
