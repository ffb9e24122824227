"""Scores questions with the product's routing prior: the probability that the strong model is needed."""

from collections.abc import Sequence
from typing import Any

from manifest.routing import load_routing
from router.prior import TrainedPrior


async def score(rows: Sequence[dict[str, Any]]) -> list[float]:
    """One probability per row's `text`."""
    prior = TrainedPrior.load()
    return [prior.need(str(row["text"])) for row in rows]


def threshold() -> float:
    """From here on a question counts as hard."""
    return load_routing().hard
