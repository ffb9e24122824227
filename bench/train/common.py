"""What every training script shares: the labelled data, what may be learned from, the fit, the artefact.

Rules kept here and nowhere else: sources whose licence forbids shipping are never learned from, rows whose id's
SHA-256 ends in hex 0 or 1 are the project's own test part, and every artefact carries the hash of a manifest that
lists each row it saw. Needs the extra `train` (scikit-learn, scipy).
"""

import gzip
import hashlib
import json
import os
import re
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.neural_network import MLPClassifier

from adapters.classifier import Features, TextModel, hashed, sigmoid

Floats = NDArray[np.float32]
ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "adapters" / "weights"
SEED = 999

# Research-only or unclear licences (data/safety/README): scored on, never learned from.
FORBIDDEN = frozenset(
    {"qualifire", "donotanswer", "safety_tuned_llamas", "empatheticdialogues", "tensor_trust", "satml_ctf"}
)


class DataMissing(RuntimeError):
    """The labelled data is not beside this checkout; set TRINITY_SHARED to its folder."""


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text."""

    id: str
    text: str
    label: int
    source: str
    category: str = ""
    meta: str = ""
    evidence: str = ""


def shared() -> Path:
    """The folder of labelled data: TRINITY_SHARED, or `shared` beside the repository. Raises DataMissing."""
    folder = Path(os.environ.get("TRINITY_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        raise DataMissing(f"No labelled data at {folder}: set TRINITY_SHARED.")
    return folder


def rows(task: str, part: str = "safety") -> list[Row]:
    """All rows of one labelled set."""
    found = []
    with gzip.open(shared() / "data" / part / f"{task}.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            raw = json.loads(line)
            found.append(
                Row(
                    id=raw["id"],
                    text=raw["text"],
                    label=int(raw["label"]),
                    source=raw.get("source", ""),
                    category=raw.get("category", "") or "",
                    meta=raw["meta"] if isinstance(raw.get("meta"), str) else "",
                    evidence=raw.get("evidence") or "",
                )
            )
    return found


def is_test_part(row_id: str) -> bool:
    """True for the project's own test part, which nothing is ever trained on."""
    return hashlib.sha256(row_id.encode()).hexdigest()[-1] in "01"


def may_train(row: Row) -> bool:
    """Licence and split both allow learning from this row."""
    return row.source not in FORBIDDEN and row.meta not in FORBIDDEN and not is_test_part(row.id)


def own(texts: Iterable[str], label: int, *, source: str = "own") -> list[Row]:
    """Sentences written for the project, as rows with stable ids (a text whose id falls into the test part is kept
    out of training like any other row)."""
    return [Row(f"own-{hashlib.sha256(f'{source}:{t}'.encode()).hexdigest()[:12]}", t, label, source) for t in texts]


def near_duplicate_groups(texts: Sequence[str]) -> NDArray[np.int64]:
    """Group numbers such that texts from one template share a group (MinHash over word pairs, 8 bands of 4)."""
    parent = list(range(len(texts)))

    def find(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    rng = np.random.default_rng(SEED)
    multiply = rng.integers(1, 2**31, 32, dtype=np.uint64) | np.uint64(1)
    add = rng.integers(0, 2**31, 32, dtype=np.uint64)
    seen: dict[tuple[int, ...], int] = {}
    for i, text in enumerate(texts):
        words = re.findall(r"\w+", text.lower())
        shingles = {" ".join(words[j : j + 2]) for j in range(max(1, len(words) - 1))}
        hashes = np.array([zlib.crc32(s.encode()) for s in shingles], np.uint64)
        mins = ((hashes[:, None] * multiply + add) % np.uint64(4294967311)).min(axis=0)
        for band in range(8):
            key = (band, *(int(m) for m in mins[4 * band : 4 * band + 4]))
            other = seen.setdefault(key, i)
            parent[find(i)] = find(other)
    return np.array([find(i) for i in range(len(texts))])


def matrix(texts: Sequence[str], features: Features) -> tuple[csr_matrix, csr_matrix]:
    """Counts (1 + ln n) of the word part and of the character part, (n, 2^bits) each."""
    parts: list[list[Any]] = [[], []]
    for text in texts:
        for held, part in zip(parts, hashed(text, features), strict=True):
            held.append(part)
    made = []
    for held in parts:
        indptr = np.concatenate([[0], np.cumsum([len(p) for p, _ in held])])
        indices = np.concatenate([p for p, _ in held])
        data = np.concatenate([c for _, c in held])
        made.append(csr_matrix((data, indices, indptr), shape=(len(texts), 1 << features.bits), dtype=np.float32))
    return made[0], made[1]


def _idf(counts: csr_matrix) -> Floats:
    seen = np.asarray((counts > 0).sum(axis=0)).ravel()
    idf = np.log((1 + counts.shape[0]) / (1 + seen)) + 1
    idf[seen == 0] = 0  # a place never seen says nothing
    return idf.astype(np.float32)


def _tfidf(counts: csr_matrix, idf: Floats) -> csr_matrix:
    weighted = counts.multiply(idf).tocsr()
    norms = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    norms[norms == 0] = 1
    return csr_matrix(weighted.multiply((1 / norms)[:, None]))


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one model is fitted."""

    features: Features = field(default_factory=Features)
    linear: bool = True
    c: float = 10.0  # inverse strength of the linear part's penalty
    hidden: int = 48  # width of one dense net; 0 for a plain logistic head
    nets: int = 3  # averaged, differently seeded
    alpha: float = 0.3  # penalty of the dense nets
    epochs: int = 40
    folds: int = 5  # 0: no unseen scores, the parts are simply averaged


_SCALE = 20.0  # unit vectors of 384 numbers have entries near 1/20


def _fit_linear(
    word: csr_matrix, char: csr_matrix, y: NDArray[Any], weights: NDArray[Any], recipe: Recipe
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats], float]:
    idf = (_idf(word), _idf(char))
    x = hstack([_tfidf(word, idf[0]), _tfidf(char, idf[1])]).tocsr()
    model = LogisticRegression(C=recipe.c, solver="liblinear", class_weight="balanced", random_state=SEED)
    model.fit(x, y, sample_weight=weights)
    half = 1 << recipe.features.bits
    coefficients = model.coef_[0].astype(np.float32)
    return idf, (coefficients[:half], coefficients[half:]), float(model.intercept_[0])


def _fit_dense(
    vectors: Floats, y: NDArray[Any], weights: NDArray[Any], recipe: Recipe
) -> tuple[tuple[Floats, Floats], ...]:
    x = vectors * _SCALE
    balance = np.where(y == 1, len(y) / (2 * max(1, y.sum())), len(y) / (2 * max(1, (1 - y).sum())))
    if recipe.hidden == 0:
        flat = LogisticRegression(C=1 / max(recipe.alpha, 1e-6), max_iter=500, random_state=SEED)
        flat.fit(x, y, sample_weight=weights * balance)
        return ((flat.coef_.T.astype(np.float32) * _SCALE, flat.intercept_.astype(np.float32)),)
    firsts, offsets, seconds, biases = [], [], [], []
    for seed in range(recipe.nets):
        net = MLPClassifier(
            (recipe.hidden,),
            alpha=recipe.alpha,
            max_iter=recipe.epochs,
            learning_rate_init=2e-3,
            batch_size=128,
            random_state=SEED + seed,
            tol=0.0,
            n_iter_no_change=recipe.epochs,
        )
        net.fit(x, y, sample_weight=weights * balance)
        firsts.append(net.coefs_[0] * _SCALE)
        offsets.append(net.intercepts_[0])
        seconds.append(net.coefs_[1] / recipe.nets)
        biases.append(net.intercepts_[1] / recipe.nets)
    # Averaged nets are one wider net: hidden layers side by side, outputs summed.
    return (
        (np.hstack(firsts).astype(np.float32), np.concatenate(offsets).astype(np.float32)),
        (np.vstack(seconds).astype(np.float32), np.sum(biases, axis=0).astype(np.float32)),
    )


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model fitted on everything given, and what it would have said of each row unseen."""

    model: TextModel
    unseen: NDArray[np.float64]  # (n,) out-of-fold probabilities


def fit(
    name: str,
    texts: Sequence[str],
    labels: Sequence[int],
    *,
    vectors: Floats | None = None,
    extra: Floats | None = None,
    groups: NDArray[np.int64] | None = None,
    weights: NDArray[Any] | None = None,
    recipe: Recipe = Recipe(),
    version: str = "1",
) -> Fitted:
    """Fit on folds (rows of one group stay together), stack and calibrate on the unseen scores, refit on all."""
    import warnings

    warnings.filterwarnings("ignore", module="sklearn")  # "did not converge": the number of epochs is the recipe's
    y = np.asarray(labels, np.int64)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64)
    groups = near_duplicate_groups(texts) if groups is None else groups
    word, char = matrix(texts, recipe.features) if recipe.linear else (None, None)
    blank = TextModel(
        name=name,
        version=version,
        features=recipe.features,
        idf=(np.zeros(0, np.float32),) * 2,
        weights=(np.zeros(0, np.float32),) * 2,
        bias=0.0,
        layers=(),
        extra_scale=None,
        stack=np.zeros(1, np.float32),
        has_linear=recipe.linear,
    )

    def parts(rows_in: NDArray[Any]) -> TextModel:
        model = blank
        if word is not None and char is not None:
            idf, coefficients, bias = _fit_linear(word[rows_in], char[rows_in], y[rows_in], w[rows_in], recipe)
            model = replace(model, idf=idf, weights=coefficients, bias=bias)
        if vectors is not None:
            model = replace(model, layers=_fit_dense(vectors[rows_in], y[rows_in], w[rows_in], recipe))
        return model

    def columns(model: TextModel, rows_out: NDArray[Any]) -> NDArray[Any]:
        made = []
        if word is not None and char is not None:
            linear = np.full(len(rows_out), model.bias)
            for counts, idf, coefficients in zip((word, char), model.idf, model.weights, strict=True):
                linear += _tfidf(counts[rows_out], idf) @ coefficients
            made.append(linear)
        if vectors is not None:
            made.append(model.dense(vectors[rows_out]))
        if extra is not None:
            made.extend(((extra[rows_out] - mean) / scale).T)
        return np.stack(made, axis=1)

    mean, scale = (extra.mean(axis=0), extra.std(axis=0) + 1e-6) if extra is not None else (0.0, 1.0)
    if recipe.folds == 0:
        everything = parts(np.arange(len(y)))
        count = columns(everything, np.arange(1)).shape[1]
        averaged = np.array([0.0, *[1.0 / count] * count], np.float32)
        return Fitted(replace(everything, stack=averaged), np.zeros(0))
    folds = list(StratifiedGroupKFold(recipe.folds, shuffle=True, random_state=SEED).split(np.zeros(len(y)), y, groups))
    unseen_columns: NDArray[Any] | None = None
    for rows_in, rows_out in folds:
        made = columns(parts(rows_in), rows_out)
        if unseen_columns is None:
            unseen_columns = np.zeros((len(y), made.shape[1]))
        unseen_columns[rows_out] = made
    assert unseen_columns is not None
    unseen = np.zeros(len(y))
    for rows_in, rows_out in folds:
        stack = LogisticRegression(C=1.0, max_iter=1000).fit(unseen_columns[rows_in], y[rows_in], w[rows_in])
        unseen[rows_out] = stack.predict_proba(unseen_columns[rows_out])[:, 1]
    stack = LogisticRegression(C=1.0, max_iter=1000).fit(unseen_columns, y, w)
    model = replace(
        parts(np.arange(len(y))),
        stack=np.concatenate([stack.intercept_, stack.coef_[0]]).astype(np.float32),
        extra_scale=None if extra is None else (np.asarray(mean, np.float32), np.asarray(scale, np.float32)),
    )
    return Fitted(model, unseen)


def ece(probabilities: NDArray[Any], labels: NDArray[Any], bins: int = 10) -> float:
    """Expected calibration error over equal-width bins (Naeini et al. 2015)."""
    p, y = np.asarray(probabilities, float), np.asarray(labels, float)
    place = np.minimum((p * bins).astype(int), bins - 1)
    return float(
        sum(
            (place == b).mean() * abs(p[place == b].mean() - y[place == b].mean())
            for b in range(bins)
            if (place == b).any()
        )
    )


def figures(probabilities: NDArray[Any], labels: Sequence[int], threshold: float = 0.5) -> dict[str, float]:
    """n, F1, recall, false alarms, AUROC, ECE at a threshold."""
    p, y = np.asarray(probabilities, float), np.asarray(labels, int)
    hit = p >= threshold
    return {
        "n": len(y),
        "f1": round(float(f1_score(y, hit)), 4),
        "recall": round(float(hit[y == 1].mean()), 4) if (y == 1).any() else float("nan"),
        "false_alarms": round(float(hit[y == 0].mean()), 4) if (y == 0).any() else float("nan"),
        "auroc": round(float(roc_auc_score(y, p)), 4) if len(set(y.tolist())) > 1 else float("nan"),
        "ece": round(ece(p, y), 4),
    }


def bootstrap(
    value: Callable[[NDArray[np.int64]], float], n: int, *, times: int = 400, seed: int = SEED
) -> tuple[float, float]:
    """95 % interval of a figure over resampled row numbers."""
    rng = np.random.default_rng(seed)
    drawn = [value(rng.integers(0, n, n)) for _ in range(times)]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def save(
    fitted: TextModel,
    used: Iterable[Row],
    *,
    scores: dict[str, Any],
    thresholds: dict[str, float] | None = None,
    script: str,
    folder: Path = WEIGHTS,
) -> Path:
    """Write `NAME.npz` and `NAME.manifest.json`. Raises ValueError when a row may not be learned from."""
    used = list(used)
    if bad := [r.id for r in used if not may_train(r)]:
        raise ValueError(f"{len(bad)} rows may not be trained on, the first is {bad[0]}")
    manifest = {
        "model": fitted.name,
        "version": fitted.version,
        "script": script,
        "seed": SEED,
        "sources": {s: sum(r.source == s for r in used) for s in sorted({r.source for r in used})},
        "ids": sorted({r.id for r in used}),
    }
    raw = (json.dumps(manifest, sort_keys=True, indent=0) + "\n").encode()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{fitted.name}.manifest.json").write_bytes(raw)
    artefact = replace(
        fitted,
        thresholds=thresholds or {},
        manifest_sha256=hashlib.sha256(raw).hexdigest(),
        scores=scores,
    )
    place = folder / f"{fitted.name}.npz"
    place.write_bytes(artefact.to_bytes())
    return place


def embed_cached(texts: Sequence[str], folder: Path | None = None) -> Floats:
    """Sentence vectors for training, kept between runs in a folder outside the repository."""
    import tempfile

    from adapters.embeddings import make_embedder

    folder = folder or Path(tempfile.gettempdir()) / "trinity-train-vectors"
    folder.mkdir(parents=True, exist_ok=True)
    keys = [hashlib.blake2b(t.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest() for t in texts]
    known: dict[str, Floats] = {}
    for held in sorted(folder.glob("*.npz")):
        with np.load(held) as stored:
            known.update(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
    missing = {k: t for k, t in zip(keys, texts, strict=True) if k not in known}
    if missing:
        embedder = make_embedder("minilm")
        items = list(missing.items())
        for start in range(0, len(items), 2000):
            chunk = items[start : start + 2000]
            vectors = embedder.embed_sync([t for _, t in chunk])
            known.update((k, v) for (k, _), v in zip(chunk, vectors, strict=True))
            name = hashlib.sha256("".join(k for k, _ in chunk).encode()).hexdigest()[:16]
            np.savez(folder / f"{name}.npz", keys=np.array([k for k, _ in chunk]), vectors=vectors)
        embedder.close()
    return np.stack([known[k] for k in keys]) if keys else np.zeros((0, 384), np.float32)


__all__ = [
    "FORBIDDEN",
    "SEED",
    "DataMissing",
    "Features",
    "Fitted",
    "Recipe",
    "Row",
    "bootstrap",
    "ece",
    "embed_cached",
    "figures",
    "fit",
    "is_test_part",
    "matrix",
    "may_train",
    "near_duplicate_groups",
    "own",
    "rows",
    "save",
    "shared",
    "sigmoid",
]
