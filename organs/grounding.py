"""How far a passage bears out a claim, as numbers: rare words, names, numbers, negation, opposites, order, meaning.

The features are computed the same way in training (`bench/train/grounding.py`) and in the running product.
"""

from __future__ import annotations

# ruff: noqa: E501 (tables of alternatives read better unbroken)
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adapters.cues import Word, clean, kind_clash, negations, opposite, words
from organs.claims import sentences

Floats = NDArray[np.float32]

MAX_CHARS: Final = 200_000  # of one piece of evidence
MAX_SENTENCES: Final = 400  # of one piece of evidence
MAX_EMBEDDED: Final = 8  # sentences of one piece of evidence that are compared by meaning


def _subsequence(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for x in a:
        last = 0
        for j, y in enumerate(b):
            current = row[j + 1]
            row[j + 1] = last + 1 if x == y else max(row[j + 1], row[j])
            last = current
    return row[-1]


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of evidence, taken apart once."""

    sentences: tuple[str, ...]
    tokens: tuple[tuple[Word, ...], ...]


@lru_cache(maxsize=256)
def passage(text: str) -> Passage:
    """A piece of evidence as sentences; questions in it state nothing and are left out."""
    lines = [clean(line) for line in text[:MAX_CHARS].splitlines() if line.strip()]
    parts = [s for line in lines for s in sentences(line) if not s.rstrip('"”») ').endswith("?")]
    kept: list[str] = []
    for part in parts[:MAX_SENTENCES]:
        if kept and len(part.split()) < 3:
            kept[-1] += " " + part
        else:
            kept.append(part)
    return Passage(tuple(kept), tuple(words(s) for s in kept))


class Rarity:
    """Weights of words by how rare they are (ln of document frequency in the training passages)."""

    def __init__(self, table: Mapping[str, float], default: float) -> None:
        self._table, self._default = table, default

    def __call__(self, word: Word) -> float:
        if word.number or word.name:
            return max(self._table.get(word.stem, self._default), 4.0)
        return self._table.get(word.stem, self._default)


NAMES: Final = (
    "cover_all", "cover_best", "cover_pair", "soft_all", "soft_best", "soft_min", "soft_low3", "numbers", "numbers_all", "numbers_best", "numbers_clash", "names", "names_all", "names_best",
    "names_clash", "negation_claim", "negation_best", "negation_differs", "opposites", "opposites_best", "order_best", "bigrams_all", "bigrams_best", "trigrams_all", "missing_count",
    "missing_share", "missing_rarest", "missing_last", "missing_soft_max", "missing_numbers", "missing_names", "length", "passage_words", "passage_sentences", "meaning_best", "meaning_second",
    "meaning_mean", "first_person", "exclaims", "cover_product", "soft_cover_gap", "best_length_ratio",
    "kinds_missing", "kinds_clash_best", "kinds_clash_all", "extremes_missing", "worst_part", "opinion", "swap_max", "swap_min", "swap_count", "reverse_cover", "head_cover", "tail_cover", "missing_place",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """The features of one claim against one passage, and the sentence it rests on most."""

    features: Floats  # (len(NAMES),)
    best: str
    cover_best: float
    clash: bool  # a number, negation or opposite stands against the claim in a sentence on the same subject
    verbatim: bool  # all of the claim's numbers, names and nearly all of its words stand in one sentence


_EXTREMES: Final = frozenset(
    "only all every never always most best worst first last largest biggest highest oldest youngest exclusively entirely solely never completely".split()
)
_OPINION: Final = frozenset("love like think believe favorite favourite enjoy hope guess feel maybe probably".split())


def chosen(claim: Sequence[Word], source: Passage, rarity: Rarity) -> list[int]:
    """The sentences worth comparing by meaning, best word overlap first."""
    wanted = {w.stem: rarity(w) for w in claim if w.content}
    total = sum(wanted.values()) or 1.0
    scored = [
        (sum(wanted.get(s, 0.0) for s in {w.stem for w in tokens}) / total, -i)
        for i, tokens in enumerate(source.tokens)
    ]
    order = sorted(range(len(scored)), key=lambda i: scored[i], reverse=True)
    return order[:MAX_EMBEDDED]


def vocabulary(claim: Sequence[Word], source: Passage, picked: Sequence[int]) -> tuple[list[str], list[str]]:
    """Words of the claim, and of the picked sentences, that are compared by meaning where they differ."""
    there = {w.stem: w.text.lower() for i in picked[:2] for w in source.tokens[i] if w.content and not w.number}
    asked = {w.stem: w.text.lower() for w in claim if w.content and not w.number}
    missing = [text for key, text in asked.items() if key not in there]
    return missing[:24], sorted(there.values())[:40]


def read(
    claim_text: str,
    source: Passage,
    picked: Sequence[int],
    *,
    rarity: Rarity,
    meaning: Sequence[float],
    soft: Mapping[str, float],
    near: Callable[[str, Sequence[str]], float],
) -> Reading:
    """All features. `meaning` is the cosine of the claim to each picked sentence; `soft` maps a claim word that the
    passage lacks to the cosine of its nearest word there; `near` gives the highest cosine of one word to some others."""
    claim_text = clean(claim_text)
    claim = words(claim_text)
    content = [w for w in claim if w.content] or list(claim)
    weights = np.array([rarity(w) for w in content], np.float32)
    total = float(weights.sum()) or 1.0
    everything = {w.stem for tokens in source.tokens for w in tokens}
    in_all = np.array([w.stem in everything for w in content])

    def share(mask: NDArray[np.bool_]) -> float:
        return float(weights[mask].sum()) / total

    best_index, best_cover, best_mask = 0, -1.0, np.zeros(len(content), bool)
    stems = [{w.stem for w in source.tokens[i]} for i in picked]
    order_scores = []
    for position, there in enumerate(stems):
        mask = np.array([w.stem in there for w in content])
        close = meaning[position] if position < len(meaning) else 0.0
        value = share(mask)
        order_scores.append(value + 0.15 * close)
        if order_scores[-1] > best_cover:
            best_cover, best_index, best_mask = order_scores[-1], position, mask
    cover_best = share(best_mask)
    best_tokens: tuple[Word, ...] = source.tokens[picked[best_index]] if picked else ()
    pair_mask = best_mask.copy()
    if picked:
        for other in (picked[best_index] - 1, picked[best_index] + 1):
            if 0 <= other < len(source.tokens):
                neighbours = {w.stem for w in source.tokens[other]}
                joined = best_mask | np.array([w.stem in neighbours for w in content])
                if share(joined) > share(pair_mask):
                    pair_mask = joined
    soft_values = np.array(
        [
            1.0 if hit else 0.0 if w.number else max(0.0, soft.get(w.text.lower(), 0.0))
            for w, hit in zip(content, in_all, strict=True)
        ],
        np.float32,
    )
    soft_best = np.where(best_mask, 1.0, soft_values * 0.9)
    lowest = np.sort(soft_values)[:3]

    numbers = [w.stem for w in claim if w.number]
    best_numbers = {w.stem for w in best_tokens if w.number}
    all_numbers = {w.stem for tokens in source.tokens for w in tokens if w.number}
    named = [w.stem for w in claim if w.name]
    best_names = {w.stem for w in best_tokens if w.name}
    number_clash = bool(numbers) and any(n not in all_numbers for n in numbers) and bool(best_numbers)
    missing_names = [n for n in named if n not in everything]
    name_clash = bool(missing_names) and bool(best_names - {w.stem for w in claim})
    negative_claim, negative_best = negations(claim), negations(best_tokens)
    differs = (negative_claim % 2) != (negative_best % 2)
    against_all = opposite(claim, [w for tokens in source.tokens for w in tokens][:4000])
    against_best = opposite(claim, best_tokens)

    sequence = [w.stem for w in claim if w.content]
    best_sequence = [w.stem for w in best_tokens if w.content]
    order = _subsequence(sequence[:60], best_sequence[:120]) / max(1, len(sequence[:60]))
    bigrams, trigrams = _grams(claim, 2), _grams(claim, 3)
    all_bigrams = {g for tokens in source.tokens for g in _grams(tokens, 2)}
    all_trigrams = {g for tokens in source.tokens for g in _grams(tokens, 3)}
    best_bigrams = set(_grams(best_tokens, 2))

    everything_said = [w for tokens in source.tokens for w in tokens][:4000]
    kinds_missing, kinds_clash_all = kind_clash(claim, everything_said)
    _, kinds_clash_best = kind_clash(claim, best_tokens)
    said_extremes = [w.stem for w in claim if w.text.lower() in _EXTREMES]
    worst = 1.0
    for part in sentences(claim_text):
        inner = [w for w in words(part) if w.content]
        if len(inner) >= 2:
            held = sum(
                rarity(w) * (1.0 if w.stem in everything else max(0.0, soft.get(w.text.lower(), 0.0))) for w in inner
            )
            worst = min(worst, held / (sum(rarity(w) for w in inner) or 1.0))
    # Words of the best sentence that the claim does not use: what a wrong claim would have put something else for.
    claim_stems = {w.stem for w in claim}
    spare = list(
        dict.fromkeys(w.text.lower() for w in best_tokens if w.content and not w.number and w.stem not in claim_stems)
    )
    lacking = [w for w, hit in zip(content, best_mask, strict=True) if not hit and not w.number]
    swaps = [near(w.text.lower(), spare) for w in lacking] if spare else []
    best_content = [w for w in best_tokens if w.content]
    reverse = sum(w.stem in claim_stems for w in best_content) / max(1, len(best_content))
    third = max(1, len(content) // 3)
    places = [i / max(1, len(content) - 1) for i, hit in enumerate(in_all) if not hit]
    missing = [(w, float(v)) for w, hit, v in zip(content, in_all, weights, strict=True) if not hit]
    ranked = sorted(meaning, reverse=True)
    passage_words = sum(len(t) for t in source.tokens)
    cover_all = share(in_all)
    soft_all = float((weights * soft_values).sum()) / total
    features = (
        cover_all, cover_best, share(pair_mask), soft_all, float((weights * soft_best).sum()) / total,
        float(soft_values.min()) if len(soft_values) else 0.0, float(lowest.mean()) if len(lowest) else 0.0,
        min(len(numbers), 4), _ratio(numbers, all_numbers), _ratio(numbers, best_numbers), float(number_clash),
        min(len(named), 6), _ratio(named, everything), _ratio(named, {w.stem for w in best_tokens}), float(name_clash),
        min(negative_claim, 2), min(negative_best, 2), float(differs), min(against_all, 3), min(against_best, 3), order,
        _ratio(bigrams, all_bigrams), _ratio(bigrams, best_bigrams), _ratio(trigrams, all_trigrams), min(len(missing), 8),
        1.0 - cover_all, max((v for _, v in missing), default=0.0), float(bool(content) and not in_all[-1]),
        max((soft.get(w.text.lower(), 0.0) for w, _ in missing), default=1.0), min(sum(w.number for w, _ in missing), 3),
        min(len(missing_names), 4), float(np.log1p(len(claim))), float(np.log1p(passage_words)), float(np.log1p(len(source.tokens))),
        ranked[0] if ranked else 0.0, ranked[1] if len(ranked) > 1 else (ranked[0] if ranked else 0.0),
        float(np.mean(ranked[:5])) if ranked else 0.0, float(any(w.text.lower() in {"i", "my", "me", "you", "we"} for w in claim)),
        float("!" in claim_text), cover_all * cover_best, soft_all - cover_all, min(3.0, len(claim) / max(1, len(best_tokens))),
        min(kinds_missing, 3), min(kinds_clash_best, 2), min(kinds_clash_all, 2), float(_ratio(said_extremes, everything) < 1.0), worst,
        float(any(w.text.lower() in _OPINION for w in claim)),
        max(swaps, default=0.0), min(swaps, default=1.0), min(len(swaps), 6), reverse, float(best_mask[:third].mean()), float(best_mask[-third:].mean()),
        float(np.mean(places)) if places else 0.5,
    )  # fmt: skip
    same_subject = cover_best >= 0.6 or (
        cover_best >= 0.45 and bool(named) and _ratio(named, best_names | {w.stem for w in best_tokens}) >= 0.5
    )
    clash = same_subject and (
        (number_clash and best_numbers != set()) or (differs and cover_best >= 0.75) or against_best > 0
    )
    own_words = [w for w in content if not w.number and not w.name]
    hits = [w.stem in {x.stem for x in best_tokens} for w in own_words]
    there = {w.stem for w in best_tokens}
    kept_order = [w.stem for w in claim if w.content and (not w.name or w.stem in there)][:60]
    in_order = _subsequence(kept_order, best_sequence[:120]) / max(1, len(kept_order))
    # A name may stand in a sentence shortly before ("The Madrid office … It is closed in August.").
    at = picked[best_index] if picked else 0
    near_names = {w.stem for tokens in source.tokens[max(0, at - 3) : at + 1] for w in tokens}
    verbatim = (
        bool(content)
        and all(n in best_numbers for n in numbers)
        and all(n in near_names for n in named)
        and (not hits or sum(hits) / len(hits) >= 0.85)
        and not differs
        and against_best == 0
        and in_order >= 0.8
        and not any(w.text.lower() in _OPINION for w in claim)
    )
    return Reading(
        np.array(features, np.float32),
        source.sentences[picked[best_index]] if picked else "",
        cover_best,
        clash,
        verbatim,
    )


def _grams(tokens: Sequence[Word], n: int) -> list[str]:
    """Runs of n stems."""
    stems = [w.stem for w in tokens]
    return [" ".join(stems[i : i + n]) for i in range(len(stems) - n + 1)]


def _ratio(wanted: Sequence[str], there: Set[str]) -> float:
    """Share of `wanted` that is there; 1.0 where nothing is wanted."""
    return sum(w in there for w in wanted) / len(wanted) if wanted else 1.0
