"""F2 as the product runs it: each row's text is one claim, `evidence` the passage it must rest on."""

from collections.abc import Sequence
from typing import Any

from adapters.embeddings import make_embedder
from organs.bundles import Evidence, Provenance
from organs.floors.f02_truth import GROUNDED_FROM, judge


async def score(rows: Sequence[dict[str, Any]]) -> list[float]:
    """Calibrated probability that the evidence bears the text out; 0 where a row has no evidence."""
    embedder = make_embedder("minilm")
    out: list[float] = []
    try:
        for row in rows:
            text = str(row.get("evidence") or "")
            if not text.strip():
                out.append(0.0)
                continue
            evidence = Evidence(text, "evidence", Provenance.ATTACHED)
            out.append((await judge([str(row["text"])], [evidence], embedder=embedder))[0][0].score)
    finally:
        embedder.close()
    return out


def threshold() -> float:
    """From here on a claim counts as grounded."""
    return GROUNDED_FROM
