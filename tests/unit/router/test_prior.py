"""The trained prior: small, fast, monotone where it must be, and honest about what it was trained on."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.prior import FORMS, TrainedPrior, form_of

PRIOR = TrainedPrior.load()
CHOICE = "Which gas do plants take in?\nA. Oxygen\nB. Carbon dioxide\nC. Helium\nD. Neon\nAnswer:"
SUM = "Ana buys 3 boxes with 12 eggs each and gives 7 eggs to Bo. How many eggs does she have left in the end?"


@pytest.mark.parametrize(
    ("text", "form"), [(CHOICE, "options"), (SUM, "sum"), ("hello", "other"), ("how many are 2 and 3?", "other")]
)
def test_the_form_is_read_off_the_shape(text: str, form: str) -> None:
    assert form_of(text) == form


@given(st.text(max_size=400))
def test_any_text_has_a_probability(text: str) -> None:
    need = PRIOR.need(text)
    assert 0.0 <= need <= 1.0
    assert not math.isnan(need)


def test_small_talk_is_easier_than_a_design_question() -> None:
    design = (
        "Explain how to keep two databases consistent across a network partition, compare quorum reads with "
        "conflict-free replicated data types, and say which trade-offs matter for a booking system."
    )
    assert PRIOR.need("hello") < PRIOR.need("what is the capital of Mongolia?") < PRIOR.need(design)


def test_the_artefact_reads_back_as_it_was_written() -> None:
    again = TrainedPrior.from_bytes(PRIOR.to_bytes())
    assert set(again.parts) == set(FORMS)
    for text in (CHOICE, SUM, "what is a noun?"):
        assert abs(again.need(text) - PRIOR.need(text)) < 0.01
    assert PRIOR.scores["cv_mmlu"] > 0.645
    assert PRIOR.scores["cv_gsm8k"] > 0.595


def test_a_decision_takes_well_under_five_milliseconds() -> None:
    PRIOR.need(SUM)
    times = []
    for _ in range(50):
        started = time.perf_counter()
        PRIOR.need(SUM)
        times.append(time.perf_counter() - started)
    assert sorted(times)[25] < 0.005
