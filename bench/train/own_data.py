"""Reads the sentences written for this project (`bench/data/NAME.jsonl`) as training rows.

Their ids take part in the same rule as all others: a row whose id's SHA-256 ends in hex 0 or 1 is never learned from.
"""

import json

from bench.train.common import ROOT, Row


def own_rows(name: str) -> list[Row]:
    """All rows of one own table with columns id, text, label."""
    found = []
    for line in (ROOT / "bench" / "data" / f"{name}.jsonl").read_text("utf-8").splitlines():
        raw = json.loads(line)
        found.append(Row(id=raw["id"], text=raw["text"], label=int(raw["label"]), source="own"))
    return found
