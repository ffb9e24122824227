"""The judges of text other than injection, each exactly as the running product calls it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from adapters.classifier import TextModel
from adapters.embeddings import Embedder, make_embedder
from manifest.constitution import shipped
from organs.floors.f01_amanah import destructive_score
from organs.floors.f05_peace import HarmJudge
from organs.floors.f06_empathy import IN_DISTRESS, DistressJudge
from organs.floors.f09_antihantu import HantuJudge
from router.freshness import FreshnessJudge
from router.sensitivity import SensitivityJudge

Rows = Sequence[dict[str, Any]]
_CHUNK = 256


async def _each(rows: Rows, embedder: Embedder, judge: Callable[[str], Awaitable[float]]) -> list[float]:
    """The judge's score of each row; vectors are made in batches first, which changes no score."""
    texts = [str(row["text"]) for row in rows]
    found: list[float] = []
    for start in range(0, len(texts), _CHUNK):
        chunk = texts[start : start + _CHUNK]
        await embedder.embed([text.strip() for text in chunk if text.strip()])
        found += [await judge(text) for text in chunk]
    return found


async def harm(rows: Rows) -> list[float]:
    """F5: probability that the request asks for something harmful."""
    embedder = make_embedder("minilm")
    try:
        judge = HarmJudge(embedder)
        return await _each(rows, embedder, judge.score)
    finally:
        embedder.close()


async def empathy(rows: Rows) -> list[float]:
    """F6: probability that the writer is in distress."""
    embedder = make_embedder("minilm")
    try:
        judge = DistressJudge(embedder)
        return await _each(rows, embedder, judge.score)
    finally:
        embedder.close()


async def hantu(rows: Rows) -> list[float]:
    """F9: C_dark of the text as if it were our own reply."""
    embedder = make_embedder("minilm")
    try:
        judge = HantuJudge(embedder)
        return [await judge.score(str(row["text"])) for row in rows]
    finally:
        embedder.close()


async def pii(rows: Rows) -> list[float]:
    """Sensitivity: probability of personal data or a secret; special matters are not part of this score."""
    judge = SensitivityJudge()
    return [judge.score(str(row["text"])) if str(row["text"]).strip() else 0.0 for row in rows]


async def destructive(rows: Rows) -> list[float]:
    """F1: how sure it is that the own words ask to destroy something."""
    return [destructive_score(str(row["text"])) for row in rows]


async def freshness(rows: Rows) -> list[float]:
    """The router's probability that current facts are needed."""
    judge = FreshnessJudge()
    return [judge.score(str(row["text"])) for row in rows]


def harm_threshold() -> float:
    """Where a request counts as harmful: Peace² falls to 1 there with nothing done."""
    return TextModel.load("harm").thresholds["half"]


def empathy_threshold() -> float:
    """From here F6 asks for its stricter threshold."""
    return IN_DISTRESS


def hantu_threshold() -> float:
    """F9's own."""
    return shipped()["F9"].threshold


def pii_threshold() -> float:
    """The recall-first point, which decides what may leave."""
    return TextModel.load("pii").thresholds["recall"]


def destructive_threshold() -> float:
    """Only readings that destroy reach it."""
    return 0.5


def freshness_threshold() -> float:
    """The router's."""
    return FreshnessJudge().threshold()
