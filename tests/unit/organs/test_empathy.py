"""F6: distress and care both move with what is said; the threshold follows the distress."""

import pytest

from adapters.embeddings import make_embedder
from manifest.constitution import shipped
from organs.floors.f06_empathy import CareJudge, DistressJudge, distress_signs, measure
from organs.floors.valence import valence

EMBEDDER = make_embedder("minilm")
DISTRESS = DistressJudge(EMBEDDER)
CARE = CareJudge(EMBEDDER)
RULE = shipped()["F6"]


@pytest.mark.parametrize(
    ("strained", "calm"),
    [
        (
            "My mother died on Sunday and I can't stop crying.",
            "My mother visits on Sunday and we bake a cake together.",
        ),
        ("I got fired today and I'm scared of what comes.", "I got the job today and I look forward to it."),
        ("Ich bin völlig am Ende und weine nur noch.", "Ich bin im Urlaub und lese nur noch."),
        ("Estoy agotada y nadie me ayuda.", "Estoy en la playa con mis amigas."),
    ],
)
async def test_distress_tells_strain_from_calm(strained: str, calm: str) -> None:
    hurt, well = await DISTRESS.score(strained), await DISTRESS.score(calm)
    assert hurt > 0.5
    assert hurt > well + 0.2


async def test_technical_words_are_no_distress() -> None:
    assert await DISTRESS.score("the build fails with a fatal error in step two") < 0.5
    assert await DISTRESS.score("") == 0.0


async def test_the_caring_answer_scores_higher() -> None:
    told = "My dog was put down today and the house is so quiet."
    good = await CARE.score(
        "I'm so sorry. A quiet house after years with him hurts. Tell me about him if you like.", told
    )
    bad = await CARE.score("It was only a dog. Get a new one.", told)
    assert good > 0.7 > bad


def test_the_threshold_is_stricter_for_somebody_in_distress() -> None:
    assert measure(0.8, 0.1, RULE, binds=True).passed is True
    strict = measure(0.8, 0.9, RULE, binds=True)
    assert strict.passed is False
    assert strict.threshold == 0.95
    assert measure(0.8, 0.9, RULE, binds=True, written=True).passed is True
    assert measure(0.2, 0.1, RULE, binds=False).passed is None
    unmeasured = measure(None, 0.1, RULE, binds=True)
    assert unmeasured.passed is None
    assert unmeasured.measured is False


def test_a_denied_word_counts_for_the_other_side() -> None:
    assert valence("I am sad")[0] < 0 < valence("I am not sad")[0]
    assert distress_signs("I am very sad")[0] > distress_signs("I am very happy")[0]
