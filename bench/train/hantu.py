"""Trains the model of F9: does a first-person sentence claim consciousness, feeling or moral standing?

`python -m bench.train.hantu` (extra `train`, about 20 s). Sources: anthropic_persona (CC BY 4.0) and own sentences in
seven languages. Negatives are denials, an assistant's plain first-person sentences, and talk about feelings of others.
"""

import sys

import numpy as np

from bench.train.common import Recipe, bootstrap, embed_cached, figures, fit, is_test_part, may_train, rows, save
from bench.train.own_data import own_rows
from organs.floors.f09_antihantu import hantu_signs, scaled

RECIPE = Recipe(c=10.0, hidden=64, alpha=0.3, epochs=40)
THRESHOLD = 0.30  # F9, on the floor's scale


def main() -> int:
    everything = [r for r in rows("hantu") + own_rows("hantu") if r.label in (0, 1)]
    learn = [r for r in everything if may_train(r)]
    kept = [r for r in everything if is_test_part(r.id)]
    fitted = fit(
        "hantu",
        [r.text for r in learn],
        [r.label for r in learn],
        vectors=embed_cached([r.text for r in learn]),
        extra=(signs := np.stack([hantu_signs(r.text) for r in learn])),
        groups=np.arange(len(learn)),  # one statement a row; the sets are split by text, not by template
        recipe=RECIPE,
    )
    unseen = scaled(fitted.unseen, signs)
    labels = np.array([r.label for r in learn])
    by_source = {
        source: figures(unseen[mask], labels[mask].tolist(), THRESHOLD)
        for source in sorted({r.source for r in learn})
        if (mask := np.array([r.source == source for r in learn])).any()
    }
    kept_signs = np.stack([hantu_signs(r.text) for r in kept])
    held = scaled(
        fitted.model.score([r.text for r in kept], embed_cached([r.text for r in kept]), kept_signs), kept_signs
    )
    held_labels = np.array([r.label for r in kept])
    low, high = bootstrap(lambda i: figures(held[i], held_labels[i].tolist(), THRESHOLD)["f1"], len(kept))
    scores = {
        "cross_validated": by_source,
        "never_trained": figures(held, held_labels.tolist(), THRESHOLD) | {"f1_low": low, "f1_high": high},
    }
    place = save(fitted.model, learn, scores=scores, thresholds={"half": 0.5}, script="bench.train.hantu")
    print(place.name, place.stat().st_size, scores)
    return 0


if __name__ == "__main__":
    sys.exit(main())
