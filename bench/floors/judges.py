"""F1, F5, F6 (distress), F9, F10, sensitivity and freshness on rows that nothing was trained on.

The project's own test part of each labelled set, by the code of the running product; scenario tables of F1, F5, F10
and special matters beside them. Cross-validated figures stand in each model's file (`bench/train`).
"""

import hashlib
import inspect
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from adapters.classifier import TextModel
from adapters.embeddings import Embedder, make_embedder
from bench.report import BenchRow
from bench.score import score as product_scores
from bench.score import threshold as product_threshold
from bench.train.common import FORBIDDEN, ROOT, DataMissing, Row, bootstrap, figures, is_test_part, rows
from organs.floors.f01_amanah import classify_imperative, destructive_score
from organs.floors.f05_peace import HarmJudge, peace, stakeholders
from organs.floors.f06_empathy import DistressJudge
from organs.floors.f09_antihantu import HantuJudge
from organs.floors.f10_ontology import OntologyJudge
from router._pii import matters
from router.freshness import FreshnessJudge
from router.sensitivity import SensitivityJudge

Floats = NDArray[np.float64]

TIMED = 150  # rows of each set that are also asked one by one, for the time of one message
# task → (model, where its folds' figures stand, the figure that counts)
FOLDS = {
    "harm": ("harm", ("cross_validated", "licensed"), "f1"),
    "hantu": ("hantu", ("cross_validated", "anthropic_persona"), "f1"),
    "freshness": ("freshness", ("cross_validated_shared",), "f1"),
    "empathy": ("distress", ("own_cross_validated",), "auroc"),
}


def _quarter(row_id: str) -> bool:
    return hashlib.sha256(row_id.encode()).hexdigest()[-1] in "2345"


def _table(name: str) -> list[dict[str, Any]]:
    lines = (ROOT / "bench" / "data" / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _figure(name: str, value: Callable[[NDArray[np.int64]], float], n: int, **limits: Any) -> BenchRow:
    low, high = bootstrap(value, n, times=200)
    return BenchRow(name, float(value(np.arange(n))), "", n, low, high, **limits)


def _recall_at(p: Floats, y: NDArray[np.int64], share: float) -> float:
    benign = np.sort(p[y == 0])[::-1]
    at = benign[int(len(benign) * share)] if len(benign) else 1.0
    return float((p[y == 1] > at).mean()) if (y == 1).any() else float("nan")


async def _set(task: str, chosen: list[Row]) -> tuple[Floats, NDArray[np.int64], Floats]:
    """(scores, labels, milliseconds of the rows asked one by one) by the code of the running product."""
    p = np.array(await product_scores(task, [{"id": r.id, "text": r.text} for r in chosen]))
    embedder = make_embedder("minilm")
    try:
        judge = _judge(task, embedder)
        times = []
        for row in [chosen[0], *chosen[:TIMED]]:
            started = time.perf_counter()
            score = judge(row.text)
            if inspect.isawaitable(score):
                await score
            times.append((time.perf_counter() - started) * 1000)
    finally:
        embedder.close()
    return p, np.array([r.label for r in chosen]), np.array(times[1:])  # the first loads the model


def _judge(task: str, embedder: Embedder) -> Callable[[str], float | Awaitable[float]]:
    judges: dict[str, Callable[[str], float | Awaitable[float]]] = {
        "destructive": destructive_score,
        "harm": HarmJudge(embedder).score,
        "hantu": HantuJudge(embedder).score,
        "freshness": FreshnessJudge().score,
        "empathy": DistressJudge(embedder).score,
        "pii": SensitivityJudge().score,
    }
    return judges[task]


def _times(task: str, times: Floats) -> list[BenchRow]:
    return [
        BenchRow(f"{task}_p{point}_ms", float(np.percentile(times, point)), "ms", len(times), better="lower")
        for point in (50, 95)
    ]


def _precision(p: Floats, y: NDArray[np.int64], at: float) -> float:
    hit = p >= at
    return float((y[hit] == 1).mean()) if hit.any() else float("nan")


def _auroc(p: Floats, y: NDArray[np.int64]) -> float:
    return float(roc_auc_score(y, p)) if len(set(y.tolist())) == 2 else float("nan")


def _kept(task: str) -> list[BenchRow]:
    """Figures of the training's own folds, which each model's file keeps."""
    if task not in FOLDS:
        return []
    model, key, figure = FOLDS[task]
    held = TextModel.load(model).scores[key[0]]
    for name in key[1:]:
        held = held[name]
    return [BenchRow(f"cv: {task}_{name}", held[name], "", held["n"]) for name in (figure, "recall", "false_alarms")]


async def measure() -> tuple[list[BenchRow], list[dict[str, Any]]]:
    """All rows, and each scored row as an event."""
    result: list[BenchRow] = []
    events: list[dict[str, Any]] = []
    sets = {
        "destructive": ("f1", None, None),
        "harm": ("f1", 0.80, 0.86),
        "hantu": ("f1", 0.91, 0.94),
        "freshness": ("f1", 0.88, 0.92),
        "empathy": ("auroc", 0.86, 0.90),
    }
    try:
        for task, (figure, must, aim) in sets.items():
            everything = [r for r in rows(task) if r.label in (0, 1)]
            if task == "empathy":
                # EmpatheticDialogues is never learned from; a quarter of it is enough for a figure and fits the time
                chosen = [r for r in everything if is_test_part(r.id) or (r.source in FORBIDDEN and _quarter(r.id))]
            else:
                chosen = [r for r in everything if is_test_part(r.id) and r.source not in FORBIDDEN]
            p, y, times = await _set(task, chosen)
            at = product_threshold(task)
            result += [
                _figure(
                    f"{task}_{figure}",
                    lambda i, p=p, y=y, at=at, f=figure: figures(p[i], y[i].tolist(), at)[f],
                    len(y),
                    must=must,
                    aim=aim,
                ),
                _figure(
                    f"{task}_recall", lambda i, p=p, y=y, at=at: figures(p[i], y[i].tolist(), at)["recall"], len(y)
                ),
                _figure(
                    f"{task}_false_alarms",
                    lambda i, p=p, y=y, at=at: figures(p[i], y[i].tolist(), at)["false_alarms"],
                    len(y),
                    better="lower",
                ),
                _figure(f"{task}_precision", lambda i, p=p, y=y, at=at: _precision(p[i], y[i], at), len(y)),
                *(
                    []
                    if figure == "auroc"
                    else [_figure(f"{task}_auroc", lambda i, p=p, y=y: _auroc(p[i], y[i]), len(y))]
                ),
                *_times(task, times),
                *_kept(task),
            ]
            events += [{"id": r.id, "task": task, "score": round(float(s), 6)} for r, s in zip(chosen, p, strict=True)]
        chosen = [r for r in rows("pii") if r.label in (0, 1) and is_test_part(r.id)]
        p, y, times = await _set("pii", chosen)
        at = product_threshold("pii")
        result += [
            _figure("pii_recall_at_1_percent", lambda i: _recall_at(p[i], y[i], 0.01), len(y), must=0.82, aim=0.92),
            _figure("pii_recall_first", lambda i: float((p[i][y[i] == 1] >= at).mean()), len(y), must=0.93, aim=0.97),
            _figure(
                "pii_recall_first_false_alarms",
                lambda i: float((p[i][y[i] == 0] >= at).mean()),
                len(y),
                must=0.15,
                aim=0.10,
                better="lower",
            ),
            _figure("pii_auroc", lambda i: _auroc(p[i], y[i]), len(y)),
            *_times("pii", times),
        ]
    except DataMissing as missing:
        result.append(BenchRow("labelled_sets", None, str(missing), 0))
    result += await _tables()
    return result, events


async def _tables() -> list[BenchRow]:
    amanah = np.array([classify_imperative(r["text"]).effect.value == r["effect"] for r in _table("amanah")], float)
    judge = OntologyJudge()
    ontology = np.array([bool(judge.claims(r["text"])) == (r["claim"] != "none") for r in _table("ontology")], float)
    embedder = make_embedder("minilm")
    try:
        harm = HarmJudge(embedder)
        found = []
        for r in _table("peace"):
            read = classify_imperative(r["text"]).effect
            value = peace(await harm.score(r["text"]), read, stakeholders(r["text"]))
            found.append((value >= 1.0) == r["passes"])
    finally:
        embedder.close()
    sensitive = SensitivityJudge()
    special = []
    for r in _table("special_matters"):
        kinds = {f.kind for f in matters.find(r["text"])}
        special.append(
            f"matter ({r['matter']})" in kinds
            if r["matter"] != "none"
            else not sensitive.sensitive(r["text"]).sensitive
        )
    made = {
        "table_f1": amanah,
        "table_f5": np.array(found, float),
        "table_f10": ontology,
        "table_special_matters": np.array(special, float),
    }
    return [_figure(name, lambda i, hits=hits: float(hits[i].mean()), len(hits)) for name, hits in made.items()]
