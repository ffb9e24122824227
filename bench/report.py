"""One shape for every bench: rows with intervals and limits, printed as a table or as one JSON object."""

import argparse
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One measured figure."""

    name: str
    value: float | None
    unit: str
    n: int
    low: float | None = None  # 95 % interval, where there is one
    high: float | None = None
    must: float | None = None
    aim: float | None = None
    better: Literal["higher", "lower"] = "higher"

    @property
    def met(self) -> str:
        """ "aim", "must", "short", or "" where there is no limit."""
        if self.value is None or self.must is None:
            return ""

        def reaches(limit: float) -> bool:
            assert self.value is not None
            return self.value >= limit if self.better == "higher" else self.value <= limit

        if self.aim is not None and reaches(self.aim):
            return "aim"
        return "must" if reaches(self.must) else "short"


def machine() -> str:
    """What it ran on, in a few words."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def options(prog: str, description: str | None) -> argparse.ArgumentParser:
    """The flags that every bench knows."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--raw", type=Path, help="write the events from which the rows are recomputed")
    return parser


def emit(
    bench: str, rows: Sequence[BenchRow], *, as_json: bool, raw: Path | None = None, events: Sequence[Any] = ()
) -> None:
    """Print the rows; with `raw` also write one event a line."""
    if raw is not None:
        with raw.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(event) + "\n" for event in events)
    if as_json:
        print(json.dumps({"bench": bench, "machine": machine(), "rows": [asdict(r) for r in rows]}))
        return
    print(table(rows))


def table(rows: Sequence[BenchRow]) -> str:
    """The rows as a Markdown table."""
    lines = ["| measure | value | 95 % | n | must | aim | reached |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        sign = "≥" if row.better == "higher" else "≤"
        interval = f"{row.low:.3f} to {row.high:.3f}" if row.low is not None and row.high is not None else ""
        value = "not measured" if row.value is None else f"{row.value:.3f} {row.unit}".strip()
        must = "" if row.must is None else f"{sign} {row.must:g}"
        aim = "" if row.aim is None else f"{sign} {row.aim:g}"
        lines.append(f"| {row.name} | {value} | {interval} | {row.n} | {must} | {aim} | {row.met} |")
    return "\n".join(lines)
