"""Trains the grounding model of F2 on `data/truth`: boosted trees beside a logistic head, calibrated by Platt.

`python -m bench.train.grounding` prints cross-validated figures and writes `adapters/weights/grounding.npz` with its
manifest. Rows of the project's own test part are never seen. Seeded; about two minutes on two cores.
"""

# ruff: noqa: E501
import argparse
import asyncio
import hashlib
import json
import math
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler

from adapters.classifier import sigmoid
from adapters.cues import clean, words
from adapters.embeddings import make_embedder
from adapters.forest import Forest
from bench.train.common import SEED, WEIGHTS, Row, ece, is_test_part, may_train, rows
from organs.floors.f02_truth import features
from organs.grounding import NAMES, Rarity, passage

Floats = NDArray[np.float32]
TREES: dict[str, Any] = {
    "n_estimators": 160,
    "learning_rate": 0.05,
    "max_depth": 3,
    "min_samples_leaf": 12,
    "subsample": 0.6,
    "max_features": 0.4,
}
FOLDS = 5
MADE_WEIGHT = (
    0.15  # of a made-up row beside a labelled one; 0, 0.15, 0.3 and 0.6 were tried: it costs labelled rows nothing
)


def rarity_table(texts: Sequence[str], most: int = 12_000) -> dict[str, float]:
    """ln(N / documents with the stem) of the commonest stems; "" is what an unseen one weighs."""
    seen: Counter[str] = Counter()
    for text in texts:
        seen.update({w.stem for w in words(clean(text)) if w.content and not w.number})
    total = len(texts)
    table = {stem: round(math.log(total / n), 3) for stem, n in seen.most_common(most) if n >= 3}
    table[""] = round(math.log(total / 2), 3)
    return table


class Kept:
    """An embedder whose vectors are kept in one file between runs, outside the repository."""

    def __init__(self) -> None:
        self._inner = make_embedder("minilm")
        self._place = Path(tempfile.gettempdir()) / "trinity-train-vectors" / "grounding-words.npz"
        self._known: dict[str, Floats] = {}
        self.name, self.dim = self._inner.name, self._inner.dim
        if self._place.exists():
            with np.load(self._place) as held:
                self._known = dict(zip(held["keys"].tolist(), held["vectors"], strict=True))

    @staticmethod
    def _key(text: str) -> str:
        return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()

    async def embed(self, texts: Sequence[str]) -> Floats:
        return self.embed_sync(texts)

    def embed_sync(self, texts: Sequence[str]) -> Floats:
        missing = [t for t in dict.fromkeys(texts) if self._key(t) not in self._known]
        if missing:
            self._known.update(zip(map(self._key, missing), self._inner.embed_sync(missing), strict=True))
        return np.stack([self._known[self._key(t)] for t in texts])

    async def warm(self) -> None:
        return None

    def keep(self) -> None:
        self._place.parent.mkdir(parents=True, exist_ok=True)
        np.savez(self._place, keys=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))


async def matrix(data: Sequence[Row], rarity: Rarity) -> Floats:
    """(n, features) of claims against their own passages, by the product's own code."""
    embedder = Kept()
    out = []
    for start in range(0, len(data), 64):
        part = data[start : start + 64]
        readings = await features(
            [r.text for r in part], [passage(r.evidence) for r in part], embedder=embedder, rarity=rarity, pairwise=True
        )
        out += [row[0].features for row in readings]
    embedder.keep()
    return np.stack(out)


_BE = re.compile(r"\b(is|are|was|were|has|have|had|can|will|does|did)\b(?! not|n't)")


def made_up(data: Sequence[Row], seed: int = SEED) -> tuple[list[Row], NDArray[np.int64]]:
    """Altered copies of borne-out claims and copied sentences, and the row that each comes from.

    The labelled rows hold too few denials and changed numbers to learn from. A denied or renumbered claim is not borne
    out; a sentence copied from its passage is.
    """
    draw = np.random.default_rng(seed)
    out: list[Row] = []
    origin: list[int] = []

    def add(i: int, text: str, label: int, kind: str) -> None:
        out.append(Row(f"{data[i].id}-{kind}", text, label, "made", kind, evidence=data[i].evidence))
        origin.append(i)

    for i, row in enumerate(data):
        lines = [t for t in passage(row.evidence).sentences if 5 <= len(t.split()) <= 30]
        copied = lines[int(draw.integers(len(lines)))] if lines and draw.random() < 0.35 else None
        if copied:
            add(i, copied, 1, "copied")
        for text, kind in ((row.text if row.label == 1 else None, "claim"), (copied, "sentence")):
            if text is None:
                continue
            spots = list(_BE.finditer(text))
            if spots and draw.random() < 0.5:
                add(i, f"{text[: spots[0].end()]} not{text[spots[0].end() :]}", 0, f"denied-{kind}")
            digits = list(re.finditer(r"\b\d{1,4}\b", text))
            if digits:
                spot = digits[int(draw.integers(len(digits)))]
                other = str(int(spot[0]) + int(draw.choice([-7, -3, -2, -1, 1, 2, 3, 5, 11])))
                if other.lstrip("-") not in row.evidence:
                    add(i, text[: spot.start()] + other.lstrip("-") + text[spot.end() :], 0, f"renumbered-{kind}")
    return out, np.array(origin, np.int64)


@dataclass
class Made:
    """Features of the made-up rows; they join the training side of a fold with the rows they come from."""

    x: Floats
    y: NDArray[np.int64]
    origin: NDArray[np.int64]
    weight: float

    def of(self, inside: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.isin(self.origin, inside)


def groups(data: Sequence[Row]) -> NDArray[np.int64]:
    """Rows that share a claim or a passage stay in one fold."""
    parent = list(range(len(data)))

    def find(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[str, int] = {}
    for i, row in enumerate(data):
        for key in (row.text, row.evidence):
            parent[find(i)] = find(first.setdefault(key, i))
    return np.array([find(i) for i in range(len(data))])


def weights(data: Sequence[Row]) -> NDArray[np.float64]:
    """Each source and each label within it counts the same."""
    counts = Counter((r.source, r.label) for r in data)
    return np.array([len(data) / (len(counts) * counts[r.source, r.label]) for r in data])


@dataclass
class Parts:
    """The two fitted parts before calibration."""

    trees: GradientBoostingClassifier
    scaler: StandardScaler
    head: LogisticRegression

    def odds(self, x: Floats) -> NDArray[np.float64]:
        return np.stack(
            [self.trees.decision_function(x), self.head.decision_function(self.scaler.transform(x))], axis=1
        )


def fit_parts(
    x: Floats,
    y: NDArray[np.int64],
    w: NDArray[np.float64],
    made: Made | None = None,
    inside: NDArray[np.int64] | None = None,
) -> Parts:
    """Both parts on these rows, and on the made-up ones that come from `inside`."""
    if made is not None:
        chosen = made.of(np.arange(len(y)) if inside is None else inside)
        x = np.concatenate([x, made.x[chosen]])
        w = np.concatenate([w, np.full(int(chosen.sum()), made.weight)])
        y = np.concatenate([y, made.y[chosen]])
    trees = GradientBoostingClassifier(random_state=SEED, **TREES).fit(x, y, sample_weight=w)
    scaler = StandardScaler().fit(x)
    head = LogisticRegression(C=0.05, max_iter=3000).fit(scaler.transform(x), y, sample_weight=w)
    return Parts(trees, scaler, head)


def calibrate(odds: NDArray[np.float64], y: NDArray[np.int64], w: NDArray[np.float64]) -> LogisticRegression:
    return LogisticRegression(C=10.0, max_iter=1000).fit(odds, y, sample_weight=w)


def unseen_odds(
    x: Floats,
    y: NDArray[np.int64],
    w: NDArray[np.float64],
    g: NDArray[np.int64],
    made: Made | None = None,
    among: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """What folds that did not see a row say of it; `among` are these rows' numbers where they are a part of all."""
    among = np.arange(len(y)) if among is None else among
    out = np.zeros((len(y), 2))
    for inside, outside in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED).split(x, y, g):
        out[outside] = fit_parts(x[inside], y[inside], w[inside], made, among[inside]).odds(x[outside])
    return out


def calibrated_unseen(
    odds: NDArray[np.float64], y: NDArray[np.int64], w: NDArray[np.float64], g: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Calibration fitted on other folds than those it is scored on."""
    out = np.zeros(len(y))
    for inside, outside in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED + 1).split(odds, y, g):
        out[outside] = calibrate(odds[inside], y[inside], w[inside]).predict_proba(odds[outside])[:, 1]
    return out


def by_source(p: NDArray[np.float64], data: Sequence[Row]) -> dict[str, float]:
    y = np.array([r.label for r in data])
    names = np.array([r.source for r in data])
    aucs = {s: round(float(roc_auc_score(y[names == s], p[names == s])), 4) for s in sorted(set(names.tolist()))}
    return {**aucs, "mean": round(float(np.mean(list(aucs.values()))), 4)}


def export(
    name: str, parts: Parts, calibration: LogisticRegression, table: dict[str, float], scores: dict[str, Any]
) -> Forest:
    """Flat arrays from scikit-learn's trees."""
    feature, cut, left, right, value, roots = [], [], [], [], [], []
    for (tree,) in parts.trees.estimators_:
        inner = tree.tree_
        base = len(feature)
        roots.append(base)
        for node in range(inner.node_count):
            leaf = inner.children_left[node] < 0
            feature.append(-1 if leaf else int(inner.feature[node]))
            cut.append(0.0 if leaf else float(inner.threshold[node]))
            left.append(base if leaf else base + int(inner.children_left[node]))
            right.append(base if leaf else base + int(inner.children_right[node]))
            value.append(float(inner.value[node].ravel()[0]) * parts.trees.learning_rate if leaf else 0.0)
    prior = parts.trees.init_.class_prior_[1]
    return Forest(
        name,
        NAMES,
        np.array(feature, np.int16),
        np.array(cut, np.float32),
        np.array(left, np.int32),
        np.array(right, np.int32),
        np.array(value, np.float32),
        np.array(roots, np.int32),
        float(np.log(prior / (1 - prior))),
        parts.scaler.mean_.astype(np.float32),
        parts.scaler.scale_.astype(np.float32),
        parts.head.coef_[0].astype(np.float32),
        float(parts.head.intercept_[0]),
        (float(calibration.intercept_[0]), float(calibration.coef_[0][0]), float(calibration.coef_[0][1])),
        table,
        scores,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dry", action="store_true", help="print figures, write nothing")
    dry = parser.parse_args().dry
    everything = rows("grounding", "truth")
    train = [r for r in everything if may_train(r)]
    test = [r for r in everything if is_test_part(r.id)]
    table = rarity_table([t for r in train for t in (r.text, r.evidence)])
    rarity = Rarity(table, table[""])
    x, y, w, g = asyncio.run(matrix(train, rarity)), np.array([r.label for r in train]), weights(train), groups(train)
    extra, origin = made_up(train)
    made = Made(asyncio.run(matrix(extra, rarity)), np.array([r.label for r in extra]), origin, MADE_WEIGHT)
    odds = unseen_odds(x, y, w, g, made)
    p = calibrated_unseen(odds, y, w, g)
    plain = np.ones(len(y))
    figures: dict[str, Any] = {
        "n_trained": len(y),
        "auroc_cv": by_source(p, train),
        "trees": by_source(sigmoid(odds[:, 0]), train),
        "head": by_source(sigmoid(odds[:, 1]), train),
        "ece_known": round(ece(p, y), 4),
    }
    names = np.array([r.source for r in train])
    away, error = {}, {}
    for source in sorted(set(names.tolist())):
        inside, outside = names != source, names == source
        among = np.flatnonzero(inside)
        parts = fit_parts(x[inside], y[inside], w[inside], made, among)
        inner = unseen_odds(x[inside], y[inside], w[inside], g[inside], made, among)
        q = calibrate(inner, y[inside], w[inside]).predict_proba(parts.odds(x[outside]))[:, 1]
        away[source] = round(float(roc_auc_score(y[outside], q)), 4)
        error[source] = round(ece(q, y[outside]), 4)
    figures |= {
        "auroc_new_source": {**away, "mean": round(float(np.mean(list(away.values()))), 4)},
        "ece_new_source": {**error, "mean": round(float(np.mean(list(error.values()))), 4)},
    }
    parts = fit_parts(x, y, w, made)
    model = export("grounding", parts, calibrate(odds, y, plain * w), table, figures)
    xt = asyncio.run(matrix(test, rarity))
    seen = model.score(xt)
    figures["test_part"] = {
        **by_source(seen, test),
        "ece": round(ece(seen, np.array([r.label for r in test])), 4),
        "n": len(test),
    }
    check = np.abs(model.forest_odds(x[:50]) - parts.trees.decision_function(x[:50])).max()
    print(json.dumps(figures, indent=1), "export error", check)
    top = np.argsort(-parts.trees.feature_importances_)[:15]
    print([(NAMES[i], round(float(parts.trees.feature_importances_[i]), 3)) for i in top])
    if dry:
        return
    manifest = {"model": "grounding", "version": "1", "script": "bench/train/grounding.py", "seed": SEED,
                "made_up": len(extra), "sources": dict(sorted(Counter(r.source for r in train).items())), "ids": sorted(r.id for r in train)}  # fmt: skip
    raw = (json.dumps(manifest, sort_keys=True, indent=0) + "\n").encode()
    (WEIGHTS / "grounding.manifest.json").write_bytes(raw)
    figures["manifest_sha256"] = hashlib.sha256(raw).hexdigest()
    (WEIGHTS / "grounding.npz").write_bytes(model.to_bytes())


if __name__ == "__main__":
    main()
