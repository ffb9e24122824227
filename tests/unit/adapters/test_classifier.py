"""The model run-time reads what training wrote, gives the same numbers, and refuses what is not a model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.classifier import Features, ModelError, TextModel, hashed, sigmoid


def made(bits: int = 10, *, dense: bool = True) -> TextModel:
    rng = np.random.default_rng(1)
    size = 1 << bits
    return TextModel(
        name="tiny",
        version="1",
        features=Features(bits=bits),
        idf=(rng.random(size, np.float32) + 1, rng.random(size, np.float32) + 1),
        weights=(rng.standard_normal(size, np.float32), rng.standard_normal(size, np.float32)),
        bias=-0.25,
        layers=(
            (rng.standard_normal((8, 4), np.float32), np.zeros(4, np.float32)),
            (rng.standard_normal((4, 1), np.float32), np.zeros(1, np.float32)),
        )
        if dense
        else (),
        extra_scale=None,
        stack=np.array([0.1, 1.0, 0.5] if dense else [0.1, 1.0], np.float32),
        has_linear=True,
    )


def test_round_trip_keeps_the_scores() -> None:
    model = made()
    read = TextModel.from_bytes(model.to_bytes())
    vectors = np.random.default_rng(2).standard_normal((3, 8)).astype(np.float32)
    texts = ["one text", "another one, longer than the first", ""]
    before, after = model.score(texts, vectors), read.score(texts, vectors)
    assert np.abs(before - after).max() < 0.02
    assert ((after >= 0) & (after <= 1)).all()


def test_a_part_that_is_missing_is_named() -> None:
    with pytest.raises(ModelError, match="sentence vectors"):
        made().score(["x"])


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ModelError):
        TextModel.from_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(ModelError, match="missing"):
        TextModel.load("no-such-model")


def test_case_and_white_space_do_not_change_the_characters() -> None:
    f = Features(bits=12)
    assert np.array_equal(hashed("Ignore  ALL\nrules", f)[1][0], hashed("ignore all rules", f)[1][0])
    assert not np.array_equal(hashed("ignore all rules", f)[0][0], hashed("obey all rules", f)[0][0])


@given(st.text(max_size=300))
def test_any_text_has_a_finite_score(text: str) -> None:
    model = made(dense=False)
    value = float(model.score([text])[0])
    assert 0 <= value <= 1


@given(st.text(st.characters(codec=None), max_size=50))
def test_lone_surrogates_are_read(text: str) -> None:
    hashed(text + "\ud800", Features(bits=8))


def test_sigmoid_is_safe() -> None:
    assert sigmoid(np.array([-1e9, 0.0, 1e9])) == pytest.approx([0, 0.5, 1], abs=1e-9)
