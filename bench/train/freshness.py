"""Trains the router's model of freshness: does a question need facts newer than a model's training?

`python -m bench.train.freshness` (extra `train`, seconds). Sources: freshqa (Apache-2.0; fast-changing against
never-changing), clinc150 (CC BY 3.0), own questions in seven languages. Slow-changing rows are not used.
"""

import sys

import numpy as np

from bench.train.common import Recipe, bootstrap, figures, fit, is_test_part, may_train, rows, save
from bench.train.own_data import own_rows
from router.freshness import freshness_signs

RECIPE = Recipe(c=3.0)


def main() -> int:
    everything = [r for r in rows("freshness") + own_rows("freshness") if r.label in (0, 1)]
    learn = [r for r in everything if may_train(r)]
    kept = [r for r in everything if is_test_part(r.id)]
    labels = np.array([r.label for r in learn])
    fitted = fit(
        "freshness",
        [r.text for r in learn],
        labels.tolist(),
        extra=np.stack([freshness_signs(r.text) for r in learn]),
        groups=np.arange(len(learn)),
        recipe=RECIPE,
    )
    scores: dict[str, object] = {}
    for source in ("shared", *sorted({r.source for r in learn})):
        mask = np.array([r.source == source or (source == "shared" and r.source != "own") for r in learn])
        scores[f"cross_validated_{source}"] = figures(fitted.unseen[mask], labels[mask].tolist())
    held = fitted.model.score([r.text for r in kept], extra=np.stack([freshness_signs(r.text) for r in kept]))
    held_labels = np.array([r.label for r in kept])
    low, high = bootstrap(lambda i: figures(held[i], held_labels[i].tolist())["f1"], len(kept))
    scores["never_trained"] = figures(held, held_labels.tolist()) | {"f1_low": low, "f1_high": high}
    place = save(fitted.model, learn, scores=scores, thresholds={"half": 0.5}, script="bench.train.freshness")
    print(place.name, place.stat().st_size)
    for key, value in scores.items():
        print(key, value)
    return 0


if __name__ == "__main__":
    sys.exit(main())
