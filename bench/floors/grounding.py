"""F2 and F7 on `data/truth`: the never-trained part through the running code, cross-validated figures from the artefact."""

# ruff: noqa: E501
import json
import time
from importlib.resources import files
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from adapters.embeddings import make_embedder
from adapters.forest import Forest
from bench.report import BenchRow
from bench.train.common import DataMissing, bootstrap, ece, is_test_part, rows
from organs.bundles import Evidence, Provenance
from organs.floors.f02_truth import judge


def _mean_auroc(p: Any, y: Any, source: Any) -> float:
    values = [
        roc_auc_score(y[source == s], p[source == s])
        for s in sorted(set(source.tolist()))
        if len(set(y[source == s])) > 1
    ]
    return float(np.mean(values))


async def measure() -> tuple[list[BenchRow], list[dict[str, Any]]]:
    """AUROC and calibration of grounding, and its time."""
    try:
        chosen = [r for r in rows("grounding", "truth") if is_test_part(r.id)]
    except DataMissing:
        return [BenchRow("grounding: labelled data absent", None, "", 0)], []
    embedder = make_embedder("minilm")
    scores, times = [], []
    try:
        for row in chosen:
            started = time.perf_counter()
            judged = await judge(
                [row.text], [Evidence(row.evidence, "evidence", Provenance.ATTACHED)], embedder=embedder
            )
            times.append((time.perf_counter() - started) * 1000)
            scores.append(judged[0][0].score)
    finally:
        embedder.close()
    p, y, source = np.array(scores), np.array([r.label for r in chosen]), np.array([r.source for r in chosen])
    low, high = bootstrap(lambda i: _mean_auroc(p[i], y[i], source[i]), len(y))
    fitted = Forest.load("grounding").scores
    n = int(fitted["n_trained"])
    made = [
        BenchRow("grounding: AUROC, mean over sources, cross-validated", fitted["auroc_cv"]["mean"], "", n, must=0.78, aim=0.84),
        BenchRow("grounding: AUROC, mean over sources, never-trained part", _mean_auroc(p, y, source), "", len(y), low, high, must=0.78, aim=0.84),
        BenchRow("grounding: AUROC on a new source (each left out in turn)", fitted["auroc_new_source"]["mean"], "", n),
        BenchRow("confidence: calibration error, known kinds, cross-validated", fitted["ece_known"], "", n, must=0.05, aim=0.03, better="lower"),
        BenchRow("confidence: calibration error, never-trained part", ece(p, y), "", len(y), must=0.05, aim=0.03, better="lower"),
        BenchRow("confidence: calibration error, a new source (left out in turn)", fitted["ece_new_source"]["mean"], "", n, must=0.12, aim=0.08, better="lower"),
        BenchRow("grounding: p50 per claim and passage", float(np.percentile(times, 50)), "ms", len(times), better="lower"),
        BenchRow("grounding: p95 per claim and passage", float(np.percentile(times, 95)), "ms", len(times), better="lower"),
    ]  # fmt: skip
    for name in ("meaning", "relevance"):
        held = json.loads(files("adapters").joinpath("weights", f"{name}.json").read_text(encoding="utf-8"))["scores"]
        label = (
            "F4: answers that mean the same, AUROC of pairs"
            if name == "meaning"
            else "F8: the draft addresses the request, AUROC"
        )
        made.append(BenchRow(f"{label}, cross-validated", held["auroc"], "", held["n"]))
    events = [
        {"id": r.id, "score": round(float(s), 5), "label": r.label, "ms": round(t, 2)}
        for r, s, t in zip(chosen, scores, times, strict=True)
    ]
    return made, events
