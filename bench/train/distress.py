"""Trains the model of F6's first measure: is the writer in distress?

`python -m bench.train.distress` (extra `train`, about 20 s). Learned from own sentences in seven languages alone (the
situations of `answered_situations.jsonl`, and `distress.jsonl`); clinc150 and irc lines join as calm ones.
EmpatheticDialogues is scored on and never learned from.
"""

import json
import sys

import numpy as np

from bench.train.common import (
    ROOT,
    Recipe,
    Row,
    bootstrap,
    embed_cached,
    figures,
    fit,
    is_test_part,
    may_train,
    rows,
    save,
)
from bench.train.own_data import own_rows
from organs.floors.f06_empathy import distress_signs

RECIPE = Recipe(c=1.0, hidden=64, alpha=0.3, epochs=60)
CALM_WEIGHT = 0.15  # of a clinc150 or irc line beside an own sentence


def situations() -> list[Row]:
    """The answered situations, labelled by whether the person is in distress."""
    lines = (ROOT / "bench" / "data" / "answered_situations.jsonl").read_text("utf-8").splitlines()
    raw = [json.loads(line) for line in lines]
    return [Row(id=r["id"], text=r["situation"], label=int(r["distress"]), source="own") for r in raw]


def main() -> int:
    shared = rows("empathy")
    own = situations() + own_rows("distress")
    learn = [r for r in own + shared if may_train(r) and (r.source == "own" or r.label == 0)]
    texts, labels = [r.text for r in learn], np.array([r.label for r in learn])
    fitted = fit(
        "distress",
        texts,
        labels.tolist(),
        vectors=embed_cached(texts),
        extra=np.stack([distress_signs(t) for t in texts]),
        weights=np.array([1.0 if r.source == "own" else CALM_WEIGHT for r in learn]),
        recipe=RECIPE,
    )
    scores: dict[str, object] = {}
    mask = np.array([r.source == "own" for r in learn])
    scores["own_cross_validated"] = figures(fitted.unseen[mask], labels[mask].tolist())
    for name, part in (
        ("empatheticdialogues", [r for r in shared if r.source == "empatheticdialogues"]),
        ("empathy_all_untrained", [r for r in shared if not may_train(r)]),
        ("own_never_trained", [r for r in own if is_test_part(r.id)]),
    ):
        part_texts = [r.text for r in part]
        p = fitted.model.score(part_texts, embed_cached(part_texts), np.stack([distress_signs(t) for t in part_texts]))
        y = np.array([r.label for r in part])
        low, high = bootstrap(lambda i, p=p, y=y: figures(p[i], y[i].tolist())["auroc"], len(part))
        scores[name] = figures(p, y.tolist()) | {"auroc_low": low, "auroc_high": high}
    place = save(fitted.model, learn, scores=scores, thresholds={"half": 0.5}, script="bench.train.distress")
    print(place.name, place.stat().st_size)
    for key, value in scores.items():
        print(key, value)
    return 0


if __name__ == "__main__":
    sys.exit(main())
