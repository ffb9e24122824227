"""The breaker: leaves a dead server alone, lets one probe through per window, takes it back."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from router.breaker import Breaker, BreakerState


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_opens_after_three_failures_in_a_row() -> None:
    breaker = Breaker(3, 10.0, Clock())
    breaker.failed("a")
    breaker.failed("a")
    assert breaker.passes
    breaker.succeeded()
    breaker.failed("a")
    breaker.failed("a")
    assert breaker.passes
    breaker.failed("gone")
    assert not breaker.passes
    assert breaker.note == "gone"


def test_one_probe_per_window_and_taken_back_when_it_answers() -> None:
    clock = Clock()
    breaker = Breaker(1, 10.0, clock)
    breaker.failed("gone")
    assert not breaker.claim_probe()
    clock.now += 10.0
    assert breaker.claim_probe()
    assert not breaker.claim_probe()
    assert not breaker.passes
    breaker.failed("still gone")
    assert not breaker.claim_probe()
    clock.now += 10.0
    assert breaker.claim_probe()
    breaker.succeeded()
    assert breaker.passes


def test_a_probe_called_off_costs_a_window() -> None:
    clock = Clock()
    breaker = Breaker(1, 10.0, clock)
    breaker.failed("gone")
    clock.now += 10.0
    assert breaker.claim_probe()
    breaker.abandon_probe()
    assert breaker.state is BreakerState.OPEN
    assert not breaker.claim_probe()


def test_a_pause_that_was_asked_for_ends_by_itself() -> None:
    clock = Clock()
    breaker = Breaker(3, 10.0, clock)
    breaker.pause(5.0, "asked for a pause")
    assert not breaker.passes
    clock.now += 4.9
    assert not breaker.passes
    assert not breaker.claim_probe()
    clock.now += 0.2
    assert breaker.passes


def test_a_pause_does_not_shorten_an_outage() -> None:
    clock = Clock()
    breaker = Breaker(1, 10.0, clock)
    breaker.failed("gone")
    breaker.pause(0.1, "asked for a pause")
    clock.now += 1.0
    assert not breaker.passes


@given(st.lists(st.one_of(st.just("ok"), st.just("fail"), st.floats(0.0, 30.0)), max_size=80))
def test_never_more_than_one_probe_per_window(steps: list[object]) -> None:
    clock = Clock()
    breaker = Breaker(3, 10.0, clock)
    probes: list[float] = []
    for step in steps:
        if isinstance(step, float):
            clock.now += step
            if breaker.claim_probe():
                probes.append(clock.now)
                breaker.failed("still gone")
        elif step == "fail" and breaker.passes:
            breaker.failed("gone")
        elif step == "ok" and breaker.passes:
            breaker.succeeded()
    assert all(later - earlier >= 10.0 for earlier, later in itertools.pairwise(probes))
