"""Trains the routing prior on `data/routing` and writes `router/weights/routing.npz`.

`python -m bench.train.routing` prints cross-validated APGR and that of the project's own test part, which is never
trained on. APGR: area under the share of the quality gap recovered over the share of calls sent to the strong model
(RouteLLM, arXiv 2406.18665, section 3; random order gives 0.5).
"""

import gzip
import hashlib
import json
import sys
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold

from bench.train.common import ROOT, SEED, is_test_part, shared
from router.prior import BITS, FORMS, Form, Part, TrainedPrior, form_of, hashed_words

TARGET = ROOT / "router" / "weights" / "routing.npz"
Array = NDArray[Any]
# form → word n-grams, ridge penalty, share of the words against the length
CHOICES: dict[Form, tuple[tuple[int, ...], float, float]] = {
    "options": ((1, 2), 10.0, 0.9),
    "sum": ((1, 2), 10.0, 0.5),
    "other": ((1,), 10.0, 0.5),
}
_SEEN_IN = 2  # a word of one question only teaches nothing about the next


@dataclass(frozen=True, slots=True)
class Outcome:
    id: str
    bench: str
    subject: str
    text: str
    strong: int
    weak: int


def outcomes() -> list[Outcome]:
    """All dev rows of both benchmarks."""
    found = []
    for name in ("mmlu", "gsm8k"):
        with gzip.open(shared() / "data" / "routing" / f"dev_{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                keys = ("id", "bench", "subject", "prompt", "strong", "weak")
                found.append(Outcome(*(row[key] for key in keys)))
    return found


def apgr(scores: Array, strong: Array, weak: Array) -> float:
    """Area under the curve of recovered gap; equal scores are averaged over their order."""
    gain = (strong - weak).astype(float)
    _, tie, sizes = np.unique(-scores, return_inverse=True, return_counts=True)
    expected = np.repeat(np.bincount(tie, gain) / sizes, sizes)
    curve = np.concatenate([[0.0], np.cumsum(expected)]) / gain.sum()
    return float(np.trapezoid(curve, dx=1.0 / len(gain)))


def without_options(text: str) -> str:
    """A choice question as it would be asked without its choices."""
    lines = text.splitlines()
    first = next((i for i, line in enumerate(lines) if line.startswith("A. ")), len(lines))
    return "\n".join(lines[:first])


def material(rows: list[Outcome], form: Form) -> list[Outcome]:
    """What one form learns from: its own rows; the open form from every question without its options."""
    if form == "other":
        return [replace(row, text=without_options(row.text)) for row in rows]
    wanted = {"options": "mmlu", "sum": "gsm8k"}[form]
    return [row for row in rows if row.bench == wanted]


def _matrix(texts: list[str], lengths: tuple[int, ...]) -> csr_matrix:
    places, values, starts = [], [], [0]
    for text in texts:
        where, counts = hashed_words(text, lengths)
        places.append(where)
        values.append(counts)
        starts.append(starts[-1] + len(where))
    shape = (len(texts), 1 << BITS)
    return csr_matrix((np.concatenate(values), np.concatenate(places), np.array(starts)), shape=shape)


def fit(rows: list[Outcome], form: Form, *, calibrate: bool = True) -> Part:
    """One form's model from rows that `material` gave."""
    lengths, penalty, share = CHOICES[form]
    texts = [row.text for row in rows]
    gain = np.array([row.strong - row.weak for row in rows], float)
    counts = _matrix(texts, lengths)
    seen = np.asarray((counts > 0).sum(axis=0)).ravel()
    idf = np.where(seen >= _SEEN_IN, np.log((1 + len(rows)) / (1 + seen)) + 1, 0.0).astype(np.float32)
    weighted = counts.multiply(idf).tocsr()
    norms = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    norms[norms == 0] = 1.0
    weighted = csr_matrix(weighted.multiply(1.0 / norms[:, None]))
    ridge = Ridge(alpha=penalty, random_state=SEED).fit(weighted, gain)
    weights = ridge.coef_.astype(np.float32)
    words = weighted @ weights
    length = np.log1p([len(text) for text in texts])
    part = Part(
        lengths, idf, weights, float(words.mean()), float(words.std()) or 1.0, float(length.mean()),
        float(length.std()) or 1.0, share, 1.0, 0.0,
    )  # fmt: skip
    return _calibrated(part, rows, form) if calibrate else part


def _calibrated(part: Part, rows: list[Outcome], form: Form) -> Part:
    """Platt's slope and offset from out-of-fold blends, so that they do not flatter."""
    need = np.array([row.strong == 1 and row.weak == 0 for row in rows], int)
    blend = np.zeros(len(rows))
    for train, test in KFold(5, shuffle=True, random_state=SEED).split(rows):
        fold = fit([rows[i] for i in train], form, calibrate=False)
        blend[test] = [fold.blend(rows[i].text) for i in test]
    platt = LogisticRegression(C=1e6).fit(blend[:, None], need)
    return replace(part, slope=float(platt.coef_[0, 0]), offset=float(platt.intercept_[0]))


def train(rows: list[Outcome], manifest: str = "") -> TrainedPrior:
    """All three forms."""
    return TrainedPrior({form: fit(material(rows, form), form) for form in FORMS}, {}, manifest)


def measure(prior: TrainedPrior, rows: list[Outcome], name: str) -> dict[str, float]:
    """APGR of the product's own scoring on each benchmark among the rows."""
    found = {}
    for bench in ("mmlu", "gsm8k"):
        part = [row for row in rows if row.bench == bench]
        scores = np.array([prior.need(row.text) for row in part])
        found[f"{name}_{bench}"] = apgr(
            scores, np.array([row.strong for row in part]), np.array([row.weak for row in part])
        )
    return found


def main() -> int:
    """Cross-validate, train on all that may be trained on, write the artefact with its scores."""
    rows = outcomes()
    learned = [row for row in rows if not is_test_part(row.id)]
    kept_back = [row for row in rows if is_test_part(row.id)]
    folds: dict[str, list[tuple[float, Outcome]]] = {"mmlu": [], "gsm8k": []}
    for train_at, test_at in KFold(5, shuffle=True, random_state=SEED).split(learned):
        prior = TrainedPrior(
            {f: fit(material([learned[i] for i in train_at], f), f, calibrate=False) for f in FORMS}, {}, ""
        )
        for i in test_at:
            folds[learned[i].bench].append((prior.need(learned[i].text), learned[i]))
    scores = {}
    for bench, pairs in folds.items():
        strong, weak = np.array([r.strong for _, r in pairs]), np.array([r.weak for _, r in pairs])
        scores[f"cv_{bench}"] = apgr(np.array([s for s, _ in pairs]), strong, weak)
    manifest = hashlib.sha256("\n".join(sorted(row.id for row in learned)).encode()).hexdigest()
    prior = train(learned, manifest)
    scores |= measure(prior, kept_back, "kept_back")
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(replace(prior, scores={k: round(v, 4) for k, v in scores.items()}).to_bytes())
    for key, value in scores.items():
        print(f"{key:18} {value:.4f}")
    forms = {bench: [form_of(r.text) for r in rows if r.bench == bench] for bench in ("mmlu", "gsm8k")}
    for bench, seen in forms.items():
        print(bench, {form: seen.count(form) for form in FORMS})
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size} bytes, trained on {len(learned)} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
