"""Trains the care model of F6 on pairs of a good and a bad answer to one situation.

`python -m bench.train.care` (extra `train`, about a minute). Learned only from pairs written for the project
(`bench/data/care_pairs.jsonl`, `answered_situations.jsonl`); pairs whose id's SHA-256 ends in hex 0-3 are kept back and
only scored on. All answers to one situation stay in one fold, so the calibration is of situations never seen.
"""

import hashlib
import json
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.classifier import TextModel
from bench.train.common import ROOT, Recipe, Row, bootstrap, embed_cached, figures, fit, save
from organs.floors.f06_empathy import care_signs

RECIPE = Recipe(c=10.0, hidden=32, alpha=1.0, epochs=40)
FILES = ("care_pairs", "answered_situations")
THRESHOLD, STRICT = 0.70, 0.95  # F6 in manifest/constitution.toml


@dataclass(frozen=True, slots=True)
class Pair:
    """A situation with an answer that takes care of the person and one that does not."""

    id: str
    lang: str
    situation: str
    good: str
    bad: str
    distress: bool | None = None  # is the writer strained? Known for some pairs only


def pairs() -> list[Pair]:
    """All pairs written for the project. Raises OSError, ValueError when a table is absent or damaged."""
    found: list[Pair] = []
    for name in FILES:
        lines = (ROOT / "bench" / "data" / f"{name}.jsonl").read_text("utf-8").splitlines()
        found += [Pair(**json.loads(line)) for line in lines]
    return found


def kept_back(pair_id: str) -> bool:
    """True for a pair that nothing is ever trained on."""
    return hashlib.sha256(pair_id.encode()).hexdigest()[-1] in "0123"


def inputs(chosen: list[Pair]) -> tuple[list[str], NDArray[np.float32], NDArray[np.float32]]:
    """(2n texts: the good, then the bad answers; their vectors; their signs of care)."""
    replies = [p.good for p in chosen] + [p.bad for p in chosen]
    situations = [p.situation for p in chosen] * 2
    vectors, about = embed_cached(replies), embed_cached(situations)
    cosines = (vectors * about).sum(axis=1)
    signs = np.stack([care_signs(r, s, float(c)) for r, s, c in zip(replies, situations, cosines, strict=True)])
    return replies, vectors, signs


def outcome(scores: NDArray[Any]) -> dict[str, float]:
    """The figures of F6 from 2n scores, the good answers first."""
    good, bad = scores[: len(scores) // 2], scores[len(scores) // 2 :]
    low, high = bootstrap(lambda i: float((good[i] > bad[i]).mean()), len(good))
    return {
        "pairs": len(good),
        "better_wins": float((good > bad).mean()),
        "better_wins_low": low,
        "better_wins_high": high,
        "good_pass": float((good >= THRESHOLD).mean()),
        "good_pass_strict": float((good >= STRICT).mean()),
        "bad_pass": float((bad >= THRESHOLD).mean()),
        "bad_pass_strict": float((bad >= STRICT).mean()),
    }


def evaluate(model: TextModel, chosen: list[Pair]) -> NDArray[np.float64]:
    """(2n,) scores of the good, then of the bad answers."""
    replies, vectors, signs = inputs(chosen)
    return model.score(replies, vectors, signs)


def main() -> int:
    everything = pairs()
    learn = [p for p in everything if not kept_back(p.id)]
    kept = [p for p in everything if kept_back(p.id)]
    replies, vectors, signs = inputs(learn)
    labels = [1] * len(learn) + [0] * len(learn)
    numbers = {situation: i for i, situation in enumerate(sorted({p.situation.lower() for p in learn}))}
    groups = np.array([numbers[p.situation.lower()] for p in learn] * 2)
    fitted = fit("care", replies, labels, vectors=vectors, extra=signs, groups=groups, recipe=RECIPE)
    held = evaluate(fitted.model, kept)
    scores = {
        "cross_validated": outcome(fitted.unseen) | figures(fitted.unseen, labels, THRESHOLD),
        "kept_back": outcome(held) | figures(held, [1] * len(kept) + [0] * len(kept), THRESHOLD),
    }
    for name, of in (("kept_back_strained", True), ("kept_back_calm", False)):
        mask = np.array([p.distress is of for p in kept] * 2)
        scores[name] = outcome(held[mask])
    used = [Row(p.id, p.good, 1, "own") for p in learn]
    place = save(
        fitted.model,
        used,
        scores=scores,
        thresholds={"pass": THRESHOLD, "strict": STRICT},
        script="bench.train.care",
    )
    print(place.name, place.stat().st_size)
    for key, value in scores.items():
        print(key, value)
    return 0


if __name__ == "__main__":
    sys.exit(main())
