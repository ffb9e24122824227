"""Runs the parts of `bench.floors` one after the other and prints all rows."""

import asyncio
import importlib
import sys
from typing import Any

from bench.floors import PARTS
from bench.floors.publish import publish
from bench.report import BenchRow, emit, options


async def measure(parts: list[str]) -> tuple[list[BenchRow], list[Any]]:
    """Rows and events of the parts, in order."""
    rows: list[BenchRow] = []
    events: list[Any] = []
    for part in parts:
        made, seen = await importlib.import_module(PARTS[part]).measure()
        rows += made
        events += [{"part": part, **event} for event in seen]
    return rows, events


def main() -> int:
    """Command line."""
    parser = options("python -m bench.floors", __doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all without")
    parser.add_argument("--write", action="store_true", help="also renew docs/floors.md and manifest/measured.json")
    chosen = parser.parse_args()
    if unknown := [p for p in chosen.parts if p not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}")
    if chosen.write and chosen.parts:
        parser.error("--write wants all parts")
    rows, events = asyncio.run(measure(chosen.parts or list(PARTS)))
    if chosen.write:
        publish(rows)
    emit("floors", rows, as_json=chosen.json, raw=chosen.raw, events=events)
    return 0


if __name__ == "__main__":
    sys.exit(main())
