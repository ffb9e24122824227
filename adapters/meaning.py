"""Which texts say the same: agreement both ways by embeddings, minus signs of contradiction; clusters and entropy.

Used by the Mind (F4, agreement), voting, insights and the mirror. The weights below were fitted by
`bench/train/meaning.py` on the pairs in `bench/data/meaning_pairs.jsonl`; `bench/floors/meaning.py` prints what they miss.
"""

from __future__ import annotations

# ruff: noqa: E501 (tables of alternatives read better unbroken)
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from json import loads
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adapters.cues import Word, clean, kind_clash, negations, opposite, words
from adapters.embeddings import Embedder

MAX_TEXTS: Final = 16  # compared pair by pair
_SENTENCE: Final = re.compile(r"(?<=[.!?…])\s+|\n+")
NAMES: Final = (
    "whole", "forth", "back", "worse_way", "shared_words", "shared_forth", "shared_back", "numbers_clash", "numbers_shared", "names_clash", "names_shared", "denial_differs", "opposites",
    "yes_no_clash", "kinds_clash", "keys_apart", "short_keys_apart", "key_contained",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clusters:
    """Texts grouped by meaning: labels in order of first appearance, entropy in nats, share of the largest group."""

    labels: tuple[int, ...]
    entropy: float
    agreement: float


@dataclass(frozen=True, slots=True)
class _Weights:
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    intercept: float


def _weights() -> _Weights:
    raw = loads(files("adapters").joinpath("weights", "meaning.json").read_text(encoding="utf-8"))
    if raw["names"] != list(NAMES):
        raise ValueError("adapters/weights/meaning.json was fitted for other features: run bench.train.meaning")
    return _Weights(
        np.array(raw["mean"]), np.array(raw["scale"]), np.array(raw["coefficients"]), float(raw["intercept"])
    )


_YES: Final = re.compile(
    r"^\W*(?:yes|yeah|yep|correct|true|right|ja|stimmt|richtig|sí|si|cierto|oui|vrai|sim|sì|vero|ya|betul)\b",
    re.IGNORECASE,
)
_NO: Final = re.compile(
    r"^\W*(?:no|nope|incorrect|false|wrong|nein|falsch|non|faux|não|falso|tidak|bukan)\b", re.IGNORECASE
)


def _parts(text: str) -> list[str]:
    return [s for s in (p.strip() for p in _SENTENCE.split(text)) if any(c.isalnum() for c in s)][:12] or [text]


def _key(tokens: Sequence[Word], asked: frozenset[str]) -> frozenset[str]:
    """What an answer adds to its question: content words that the question does not have."""
    return frozenset(w.stem for w in tokens if w.content and w.stem not in asked)


def signs(a: str, b: str, *, asked: frozenset[str], whole: float, forth: float, back: float) -> list[float]:
    """The features of one pair, in the order of NAMES."""
    first, second = words(a), words(b)
    key_a, key_b = _key(first, asked), _key(second, asked)
    shared = len(key_a & key_b)
    numbers_a = {w.stem for w in first if w.number and w.stem not in asked}
    numbers_b = {w.stem for w in second if w.number and w.stem not in asked}
    names_a = {w.stem for w in first if w.name and w.stem not in asked}
    names_b = {w.stem for w in second if w.name and w.stem not in asked}
    words_b, words_a = {w.stem for w in second}, {w.stem for w in first}
    yes_no = (_YES.match(a) and _NO.match(b)) or (_NO.match(a) and _YES.match(b))
    smaller = min(len(key_a), len(key_b))
    return [
        whole,
        forth,
        back,
        min(forth, back),
        shared / max(1, len(key_a | key_b)),
        shared / max(1, len(key_a)),
        shared / max(1, len(key_b)),
        float(bool(numbers_a) and bool(numbers_b) and not numbers_a & numbers_b),
        len(numbers_a & numbers_b) / max(1, len(numbers_a | numbers_b)),
        float(bool(names_a - words_b) and bool(names_b - words_a)),
        len(names_a & names_b) / max(1, len(names_a | names_b)),
        float((negations(first) % 2) != (negations(second) % 2)),
        float(min(2, opposite(first, second) + opposite(second, first))),
        float(bool(yes_no)),
        float(min(2, kind_clash(first, second)[1] + kind_clash(second, first)[1])),
        float(smaller > 0 and shared == 0),
        float(smaller > 0 and shared == 0 and max(len(key_a), len(key_b)) <= 3),
        float(smaller > 0 and shared == smaller),
    ]


class Meaning:
    """Judges pairs of texts and groups many."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._fitted: _Weights | None = None

    async def same(self, pairs: Sequence[tuple[str, str]], *, question: str = "") -> list[float]:
        """Probability that each pair says the same, as answers to `question` where one is given."""
        rows = await self.features(pairs, question=question)
        if self._fitted is None:
            self._fitted = _weights()
        fitted = self._fitted
        odds = ((rows - fitted.mean) / fitted.scale) @ fitted.coefficients + fitted.intercept
        return [float(p) for p in 1.0 / (1.0 + np.exp(-np.clip(odds, -40, 40)))]

    async def features(self, pairs: Sequence[tuple[str, str]], *, question: str = "") -> NDArray[np.float64]:
        """(n, len(NAMES)) features; all texts are embedded in one batch."""
        asked = frozenset(w.stem for w in words(clean(question)) if w.content)
        places: dict[str, int] = {}
        split: dict[str, list[str]] = {}
        for text in {t for pair in pairs for t in pair}:
            split[text] = _parts(text[:6000])
            for part in (text[:2000], *split[text]):
                places.setdefault(part, len(places))
        vectors = await self._embedder.embed(list(places)) if places else np.zeros((0, 1), np.float32)
        rows = []
        for a, b in pairs:
            table = vectors[[places[p] for p in split[a]]] @ vectors[[places[p] for p in split[b]]].T
            whole = float(vectors[places[a[:2000]]] @ vectors[places[b[:2000]]])
            forth, back = float(table.max(axis=1).mean()), float(table.max(axis=0).mean())
            rows.append(signs(clean(a[:6000]), clean(b[:6000]), asked=asked, whole=whole, forth=forth, back=back))
        return np.array(rows, np.float64).reshape(len(rows), len(NAMES))

    async def clusters(self, texts: Sequence[str], *, question: str = "") -> Clusters:
        """Group texts: each joins the first group whose every member says the same (complete linkage).

        Entropy is -Σ p ln p over the groups' shares (Kuhn et al. 2023, with counts for probabilities).
        Texts beyond MAX_TEXTS are not compared: raises ValueError.
        """
        if len(texts) > MAX_TEXTS:
            raise ValueError(f"{len(texts)} texts; at most {MAX_TEXTS} are compared")
        if not texts:
            return Clusters((), 0.0, 0.0)
        places = [(i, j) for i in range(len(texts)) for j in range(i)]
        values = await self.same([(texts[i], texts[j]) for i, j in places], question=question)
        folded = [" ".join(t.lower().split()) for t in texts]
        alike = {(i, j): value >= 0.5 or folded[i] == folded[j] for (i, j), value in zip(places, values, strict=True)}
        groups: list[list[int]] = []
        for i in range(len(texts)):
            for group in groups:
                if all(alike[i, j] for j in group):
                    group.append(i)
                    break
            else:
                groups.append([i])
        labels = [0] * len(texts)
        for number, group in enumerate(groups):
            for i in group:
                labels[i] = number
        shares = [n / len(texts) for n in Counter(labels).values()]
        return Clusters(tuple(labels), -sum(p * math.log(p) for p in shares) + 0.0, max(shares))
