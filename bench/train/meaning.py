"""Fits the small logistic models over signs: meaning of pairs (`adapters/meaning.py`) and relevance (`organs/relevance.py`).

`python -m bench.train.meaning` prints cross-validated figures and writes `adapters/weights/{meaning,relevance}.json`.
Own rows only (`bench/data`); rows whose id's SHA-256 ends in 0 or 1 are kept back.
"""

# ruff: noqa: E501
import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GroupKFold

from adapters import meaning
from adapters.embeddings import make_embedder
from bench.train.common import ROOT, SEED, WEIGHTS, ece, is_test_part
from organs import relevance

DATA = ROOT / "bench" / "data"
# What drafts are taken to be in use: calibration needs a mix, and the labelled rows hold five others to each answer by
# construction. A model mostly answers; the shares of the rest are a cautious guess, not a measurement.
MIX = {"answer": 0.75, "evasive": 0.10, "same subject": 0.08, "another's answer": 0.05, "echo": 0.02}


def read(path: Path) -> list[dict[str, Any]]:
    """Rows of a JSON lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def fit(
    x: NDArray[Any], y: NDArray[Any], groups: NDArray[Any], c: float, weights: NDArray[Any]
) -> tuple[dict[str, Any], NDArray[Any]]:
    """A scaled logistic fit, and what it would say of rows of unseen groups."""
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = (x - mean) / scale
    unseen = np.zeros(len(y))
    for inside, outside in GroupKFold(8).split(z, y, groups):
        unseen[outside] = (
            LogisticRegression(C=c, max_iter=2000, random_state=SEED)
            .fit(z[inside], y[inside], weights[inside])
            .predict_proba(z[outside])[:, 1]
        )
    model = LogisticRegression(C=c, max_iter=2000, random_state=SEED).fit(z, y, weights)
    made = {
        "mean": mean.round(6).tolist(),
        "scale": scale.round(6).tolist(),
        "coefficients": model.coef_[0].round(6).tolist(),
        "intercept": round(float(model.intercept_[0]), 6),
    }
    return made, unseen


def figures(p: NDArray[Any], y: NDArray[Any], weights: NDArray[Any]) -> dict[str, float]:
    """AUROC, accuracy at 0.5, ECE of the rows as they are, and log loss in the mix of use (the choice is made by it)."""
    return {
        "log_loss": round(float(log_loss(y, p, sample_weight=weights)), 4),
        "n": len(y),
        "auroc": round(float(roc_auc_score(y, p)), 4),
        "accuracy": round(float(((p >= 0.5) == y).mean()), 4),
        "ece": round(ece(p, y), 4),
    }


async def pairs_of_meaning() -> None:
    rows = [r for r in read(DATA / "meaning_pairs.jsonl") if not is_test_part(r["id"])]
    judge = meaning.Meaning(make_embedder("minilm"))
    x = np.concatenate([await judge.features([(r["first"], r["second"])], question=r["question"]) for r in rows])
    y = np.array([r["label"] for r in rows])
    names = {q: i for i, q in enumerate(sorted({r["question"] or r["first"] for r in rows}))}
    groups = np.array([names[r["question"] or r["first"]] for r in rows])
    best: tuple[float, dict[str, Any], dict[str, float], float] | None = None
    for c in (0.03, 0.1, 0.3, 1.0):
        made, unseen = fit(x, y, groups, c, np.ones(len(y)))
        held = figures(unseen, y, np.ones(len(y)))
        print("meaning", c, held)
        if best is None or held["log_loss"] < best[0]:
            best = (held["log_loss"], made, held, c)
    assert best is not None
    write("meaning", list(meaning.NAMES), best[1], best[2])


async def drafts_and_requests() -> None:
    rows = [r for r in read(DATA / "relevance.jsonl") if not is_test_part(r["id"])]
    x = await relevance.features([(r["request"], r["draft"]) for r in rows], embedder=make_embedder("minilm"))
    y = np.array([r["label"] for r in rows])
    groups = np.array([r["group"] for r in rows])
    kinds = [str(r["kind"]) for r in rows]
    weights = np.array([MIX[k] * len(rows) / kinds.count(k) for k in kinds])
    best: tuple[float, dict[str, Any], dict[str, Any], float] | None = None
    for c in (0.03, 0.1, 0.3, 1.0):
        made, unseen = fit(x, y, groups, c, weights)
        held = figures(unseen, y, weights)
        by_kind = {
            k: round(float(np.mean([u for u, r in zip(unseen, rows, strict=True) if r["kind"] == k])), 3)
            for k in sorted({r["kind"] for r in rows})
        }
        print("relevance", c, held, by_kind)
        if best is None or held["log_loss"] < best[0]:
            best = (held["log_loss"], made, held, c)
    assert best is not None
    write("relevance", list(relevance.NAMES), best[1], best[2])


def write(name: str, names: list[str], made: dict[str, Any], scores: dict[str, Any]) -> None:
    """The committed weights."""
    text = json.dumps(
        {"names": names, **made, "scores": scores, "script": "bench/train/meaning.py", "seed": SEED}, indent=1
    )
    (WEIGHTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


async def main() -> None:
    await pairs_of_meaning()
    await drafts_and_requests()


if __name__ == "__main__":
    asyncio.run(main())
