"""F2 Truth: how far the claims of a draft are borne out by evidence at hand.

Each claim is checked against computed facts, material, thread and sources by a small calibrated model
(`organs/grounding.py`; trained by `bench/train/grounding.py`). No evidence on the subject is UNVERIFIABLE, never a pass.
"""

from __future__ import annotations

# ruff: noqa: E501 (tables of alternatives read better unbroken)
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Final

import numpy as np

from adapters.cues import clean, words
from adapters.embeddings import Embedder
from adapters.forest import Forest
from manifest.constitution import FloorRule
from organs.arithmetic import NotArithmeticError, evaluate, read_number
from organs.bundles import Claim, Evidence, FloorResult, Provenance, Support
from organs.claims import split_claims
from organs.grounding import NAMES, Floats, Passage, Rarity, Reading, chosen, passage, read, vocabulary

# Below this share of a claim's rare words in its best sentence, the evidence is about something else.
ON_SUBJECT: Final = 0.35
CONTRADICTED_BELOW: Final = 0.30  # calibrated support under which a hard clash on the same subject counts as against
GROUNDED_FROM: Final = 0.60
MAX_EVIDENCE: Final = 12  # pieces that one claim is checked against


@dataclass(frozen=True, slots=True)
class Judged:
    """One claim against one piece of evidence."""

    evidence: Evidence
    reading: Reading
    score: float


async def read_claims(
    draft: str, evidence: Sequence[Evidence], *, request: str, embedder: Embedder
) -> tuple[Claim, ...]:
    """The draft's claims, each with how far the evidence bears it out; empty where nothing is claimed.

    Raises EmbeddingsError or ModelError when the measurement itself is not possible.
    """
    texts = split_claims(draft, request=request)
    if not texts:
        return ()
    computed = [e for e in evidence if e.computed]
    others = [e for e in evidence if not e.computed][:MAX_EVIDENCE]
    done: dict[int, Claim] = {}
    for i, text in enumerate(texts):
        found = _computed(text, computed, draft)
        if found is not None:
            done[i] = found
    open_claims = [i for i in range(len(texts)) if i not in done]
    judged = await judge([texts[i] for i in open_claims], others, embedder=embedder) if open_claims else []
    for i, row in zip(open_claims, judged, strict=True):
        done[i] = _settled(texts[i], row)
    return tuple(done[i] for i in range(len(texts)))


async def judge(claims: Sequence[str], evidence: Sequence[Evidence], *, embedder: Embedder) -> list[list[Judged]]:
    """Every claim against every piece of evidence; one batch of embeddings for all."""
    if not evidence:
        return [[] for _ in claims]
    model = Forest.load("grounding")
    rarity = Rarity(model.table, model.table.get("", 7.0))
    sources = [passage(_stated(e)) for e in evidence]
    rows = await features(claims, sources, embedder=embedder, rarity=rarity)
    flat = [r for row in rows for r in row]
    scores = model.score(np.stack([r.features for r in flat])) if flat else np.zeros(0)
    out: list[list[Judged]] = []
    position = 0
    for row in rows:
        judged = []
        for item, reading in zip(evidence, row, strict=True):
            judged.append(Judged(item, reading, float(scores[position])))
            position += 1
        out.append(judged)
    return out


def _stated(evidence: Evidence) -> str:
    """What a piece of evidence states: of a short turn of the thread, its statements alone, not what it asked for."""
    if evidence.provenance is Provenance.QUOTED and len(evidence.text) < 600:
        return "\n".join(split_claims(evidence.text))
    return evidence.text


async def features(
    claims: Sequence[str], sources: Sequence[Passage], *, embedder: Embedder, rarity: Rarity, pairwise: bool = False
) -> list[list[Reading]]:
    """Readings of every claim against every source (or of the i-th against the i-th where `pairwise`)."""
    pairs: list[tuple[int, int]] = (
        [(i, i) for i in range(len(claims))]
        if pairwise
        else [(i, j) for i in range(len(claims)) for j in range(len(sources))]
    )
    cleaned = [clean(c) for c in claims]
    tokens = [words(c) for c in cleaned]
    texts: dict[str, int] = {}

    def want(text: str) -> int:
        return texts.setdefault(text, len(texts))

    plans = []
    for i, j in pairs:
        source = sources[j]
        picked = chosen(tokens[i], source, rarity)
        asked, there = vocabulary(tokens[i], source, picked)
        plans.append(
            (
                i,
                j,
                picked,
                want(cleaned[i]),
                [want(source.sentences[k]) for k in picked],
                [(w, want(w)) for w in asked],
                [want(w) for w in there],
            )
        )
    vectors = await embedder.embed(list(texts)) if texts else np.zeros((0, 1), np.float32)
    out: list[list[Reading]] = [[] for _ in claims]
    for i, j, picked, own, lines, asked_at, there_at in plans:
        meaning: Floats = vectors[lines] @ vectors[own] if lines else np.zeros(0, np.float32)
        soft: dict[str, float] = {}
        if asked_at and there_at:
            table = vectors[[at for _, at in asked_at]] @ vectors[there_at].T
            soft = {word: float(value) for (word, _), value in zip(asked_at, table.max(axis=1), strict=True)}
        out[i].append(
            read(
                claims[i],
                sources[j],
                picked,
                rarity=rarity,
                meaning=[float(m) for m in meaning],
                soft=soft,
                near=partial(_near, vectors, texts),
            )
        )
    return out


def _near(vectors: Floats, places: Mapping[str, int], word: str, others: Sequence[str]) -> float:
    """Highest cosine of a word to some others; those that were not embedded are passed over, 0.0 where none was."""
    own, there = places.get(word), [places[o] for o in others if o in places]
    return 0.0 if own is None or not there else float((vectors[there] @ vectors[own]).max())


def _settled(text: str, judged: Sequence[Judged]) -> Claim:
    """One claim's support from all that was read about it."""
    best = max(judged, key=lambda j: j.score, default=None)
    if best is None:
        return Claim(text, Support.UNGROUNDED, 0.0)
    opposed = [j for j in judged if j.reading.clash and j.score < CONTRADICTED_BELOW]
    worst = max(opposed, key=lambda j: j.reading.cover_best, default=None)
    for item in judged:
        if item.reading.verbatim and item.score >= 0.5 and worst is None:
            return Claim(text, Support.VERBATIM, 1.0, item.evidence.title)
    if best.score >= GROUNDED_FROM:
        if worst is not None:  # sources that disagree: even odds, both named
            return Claim(text, Support.GROUNDED, min(best.score, 0.5), best.evidence.title, worst.evidence.title)
        score = best.score
        # Two sources of different titles that both bear it out fail only where both are wrong.
        for other in judged:
            if other.evidence.title != best.evidence.title and other.score >= GROUNDED_FROM:
                score = max(score, 1.0 - (1.0 - best.score) * (1.0 - other.score))
        return Claim(text, Support.GROUNDED, score, best.evidence.title)
    if worst is not None:
        return Claim(text, Support.CONTRADICTED, best.score, None, worst.evidence.title)
    on_subject = best.reading.cover_best >= ON_SUBJECT
    return Claim(text, Support.UNGROUNDED, best.score, best.evidence.title if on_subject else None)


_EQUATION: Final = re.compile(
    r"(?P<left>[\d(√][\d\s.,()+\-−–*/×÷^%√!]*[\d)%!])\s*(?:=|is equal to|equals|ergibt|es igual a|égale)\s*(?P<right>-?[\d][\d.,  ]*\d|\d)"
)


def _computed(text: str, facts: Sequence[Evidence], draft: str) -> Claim | None:
    """A claim that is a computed fact, or an equation that can be computed here."""
    folded = " ".join(text.split()).rstrip(".")
    for fact in facts:
        if folded in fact.text or fact.text.rstrip(".") in folded or draft.strip() == fact.text.strip():
            return Claim(text, Support.COMPUTED, 1.0, fact.title)
    found = _EQUATION.search(text)
    if found is None or not re.search(r"[+*/×÷^√!%]|\d\s*[-−–]\s*\d", found["left"]):
        return None
    try:
        value = evaluate(found["left"]).number
        said = read_number(found["right"], "en")
    except (NotArithmeticError, ZeroDivisionError):
        return None
    close = (abs(value - said) <= abs(value) * Fraction(1, 1000) and "." in found["right"]) or value == said
    if not close:
        return Claim(text, Support.CONTRADICTED, 0.0, None, "computed here")
    rest = text.replace(found[0], " ")
    return Claim(text, Support.COMPUTED, 1.0, "computed here") if len(re.findall(r"[^\W\d_]{3,}", rest)) <= 3 else None


def measure(claims: Sequence[Claim], rule: FloorRule, *, high_stakes: bool, binds: bool) -> FloorResult:
    """F2 over all claims: the mean of their calibrated support against 0.90, or 0.99 at high stakes."""
    limit = rule.strict_threshold if high_stakes and rule.strict_threshold is not None else rule.threshold

    def result(score: float | None, passed: bool | None, reason: str, *, measured: bool = True) -> FloorResult:
        return FloorResult("F2", score, limit, rule.direction, passed, reason, measured)

    if not claims:
        return result(None, None, "Nothing is claimed.")
    score = float(np.mean([c.score if c.support is not Support.CONTRADICTED else 0.0 for c in claims]))
    if not binds:
        return result(score, None, "Does not bind in this lane.")
    against = [c for c in claims if c.support is Support.CONTRADICTED]
    if against:
        named, said = against[0].against, _short(against[0].text)
        return result(score, False, f"The evidence ({named}) stands against: “{said}”.")
    split = next((c for c in claims if c.against), None)
    if split is not None:
        return result(
            score, False, f"The sources disagree ({split.evidence}, {split.against}): “{_short(split.text)}”."
        )
    unheld = [c for c in claims if c.support is Support.UNGROUNDED]
    if len(unheld) == len(claims) and all(c.evidence is None for c in claims):
        return result(None, None, "Unverified: nothing at hand bears this out.", measured=False)
    if rule.holds(score, strict=high_stakes):
        titles = sorted({c.evidence for c in claims if c.evidence})
        return result(score, True, f"Borne out by {', '.join(titles[:3])}." if titles else "Borne out.")
    if unheld:
        return result(
            score, False, f"Unverified: {len(unheld)} of {len(claims)} statements, such as “{_short(unheld[0].text)}”."
        )
    return result(score, False, "The sources bear this out only in part.")


def _short(text: str) -> str:
    return text if len(text) <= 90 else text[:87].rstrip() + "…"


assert len(NAMES) == len(set(NAMES))
