"""Trains the model of F5: does a request ask for something harmful?

`python -m bench.train.harm` (extra `train`, about a minute). Learned from harmbench (MIT), xstest (CC BY 4.0), clinc150
and irc (CC BY), wildguard_benign (ODC-BY) and own sentences in seven languages; donotanswer and safety_tuned_llamas are
scored on and never learned from. `half` is where a request counts as harmful, `clear` where F5 voids: at most one
benign row in 400 reaches it out of fold.
"""

import sys

import numpy as np

from bench.train.common import Recipe, bootstrap, embed_cached, figures, fit, is_test_part, may_train, rows, save
from bench.train.own_data import own_rows

RECIPE = Recipe(c=10.0, hidden=96, alpha=0.1, epochs=60)
FALSE_CLEAR = 1 / 400


def _names(source: str) -> tuple[str, ...]:
    """The groups that a row of this source is counted in."""
    return ("all", source) if source == "own" else ("all", source, "licensed")


def main() -> int:
    everything = [r for r in rows("harm") + own_rows("harm") if r.label in (0, 1)]
    learn = [r for r in everything if may_train(r)]
    fitted = fit(
        "harm",
        [r.text for r in learn],
        [r.label for r in learn],
        vectors=embed_cached([r.text for r in learn]),
        groups=np.arange(len(learn)),
        recipe=RECIPE,
    )
    labels = np.array([r.label for r in learn])
    benign = np.sort(fitted.unseen[labels == 0])
    clear = float(max(0.9, benign[int(np.ceil(len(benign) * (1 - FALSE_CLEAR))) - 1]))
    unseen = {
        source: figures(fitted.unseen[mask], labels[mask].tolist())
        for source in ("all", "licensed", *sorted({r.source for r in learn}))
        if (mask := np.array([source in _names(r.source) for r in learn])).any()
    }
    kept = [r for r in everything if is_test_part(r.id)]
    other = [r for r in everything if not may_train(r) and not is_test_part(r.id)]
    scores = {"cross_validated": unseen}
    for name, part in (
        ("never_trained_licensed", [r for r in kept if may_train(r) or r.source in {x.source for x in learn}]),
        ("research_only", other),
    ):
        p = fitted.model.score([r.text for r in part], embed_cached([r.text for r in part]))
        y = np.array([r.label for r in part])
        low, high = bootstrap(lambda i, p=p, y=y: figures(p[i], y[i].tolist())["f1"], len(part))
        scores[name] = figures(p, y.tolist()) | {"f1_low": low, "f1_high": high}
    scores["clear"] = {
        "recall": float((fitted.unseen[labels == 1] >= clear).mean()),
        "false_alarms": float((fitted.unseen[labels == 0] >= clear).mean()),
    }
    place = save(
        fitted.model, learn, scores=scores, thresholds={"half": 0.5, "clear": clear}, script="bench.train.harm"
    )
    print(place.name, place.stat().st_size, clear)
    for key, value in scores.items():
        print(key, value)
    return 0


if __name__ == "__main__":
    sys.exit(main())
