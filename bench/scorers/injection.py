"""F12 as the product runs it: `injection` and `obfuscation` rows are messages as they come in."""

from collections.abc import Sequence
from typing import Any

from adapters.embeddings import make_embedder
from manifest.constitution import shipped
from organs._0_init import clean
from organs.airlock.judge import InjectionJudge


async def score(rows: Sequence[dict[str, Any]]) -> list[float]:
    """The probability of takeover of each row's text, as `Decision.score` and F12's floor show it."""
    embedder = make_embedder("minilm")
    judge = InjectionJudge(embedder)
    try:
        return [(await judge.read(clean(str(row["text"]), ()).text)).score for row in rows]
    finally:
        embedder.close()


def threshold() -> float:
    """The 0.50 point: from here on F12 acts (caution below VOID, cutting in untrusted text)."""
    rule = shipped()["F12"]
    return rule.strict_threshold if rule.strict_threshold is not None else rule.threshold
