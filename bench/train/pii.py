"""Trains the model that joins the detectors of private data: n-grams of the text beside what the detectors saw.

`python -m bench.train.pii` (extra `train`, about a minute). Sources: presidio's synthetic sentences, gitleaks' and
detect-secrets' samples, banking77, clinc150, irc, nl2bash (MIT, Apache-2.0, CC BY). Folds keep templates together.
`precise` is the point with at most 1 % false alarms out of fold, `recall` the recall-first point with at most 10 %,
so that an unseen set has room up to its limit of 15 %.
"""

import sys

import numpy as np

from adapters.classifier import Features
from bench.train.common import (
    Recipe,
    bootstrap,
    figures,
    fit,
    is_test_part,
    may_train,
    near_duplicate_groups,
    rows,
    save,
)
from router.sensitivity import pii_signs

RECIPE = Recipe(features=Features(bits=16, word_lengths=(1, 2), char_lengths=(2, 3, 4)), c=3.0)
PRECISE, RECALL = 0.008, 0.10


def cut(scores: np.ndarray, labels: np.ndarray, share: float) -> float:
    """The lowest threshold at which at most `share` of the label-0 rows are flagged."""
    benign = np.sort(scores[labels == 0])[::-1]
    allowed = int(len(benign) * share)
    return float(np.nextafter(benign[allowed], 1.0)) if allowed < len(benign) else 0.0


def main() -> int:
    everything = [r for r in rows("pii") if r.label in (0, 1)]
    learn = [r for r in everything if may_train(r)]
    kept = [r for r in everything if is_test_part(r.id)]
    texts, labels = [r.text for r in learn], np.array([r.label for r in learn])
    fitted = fit(
        "pii",
        texts,
        labels.tolist(),
        extra=np.stack([pii_signs(t) for t in texts]),
        groups=near_duplicate_groups(texts),
        recipe=RECIPE,
    )
    points = {"precise": cut(fitted.unseen, labels, PRECISE), "recall": cut(fitted.unseen, labels, RECALL)}
    held = fitted.model.score([r.text for r in kept], extra=np.stack([pii_signs(r.text) for r in kept]))
    held_labels = np.array([r.label for r in kept])
    scores: dict[str, object] = {}
    for name, p, y in (("cross_validated", fitted.unseen, labels), ("never_trained", held, held_labels)):
        for point, limit in points.items():
            at = limit
            low, high = bootstrap(lambda i, p=p, y=y, at=at: float((p[i][y[i] == 1] >= at).mean()), len(y))
            scores[f"{name}_{point}"] = figures(p, y.tolist(), at) | {"recall_low": low, "recall_high": high}
    for share in (0.01, 0.15):
        at = cut(fitted.unseen, labels, share)
        scores[f"recall at false alarms {share}"] = float((fitted.unseen[labels == 1] >= at).mean())
    sources = np.array([r.source for r in learn])
    scores["by_source_recall_point"] = {
        s: figures(fitted.unseen[sources == s], labels[sources == s].tolist(), points["recall"])
        for s in sorted(set(sources))
    }
    place = save(fitted.model, learn, scores=scores, thresholds=points, script="bench.train.pii")
    print(place.name, place.stat().st_size, points)
    for key, value in scores.items():
        print(key, value)
    return 0


if __name__ == "__main__":
    sys.exit(main())
