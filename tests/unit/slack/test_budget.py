"""One pace per channel, with room for what cannot wait."""

from __future__ import annotations

from bots.slack.budget import Budget


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_allowed_and_then_one_a_second() -> None:
    clock = Clock()
    budget = Budget(clock)
    assert [budget.wait_s("C1", "reply") for _ in range(3)] == [0, 0, 0]
    assert budget.wait_s("C1", "reply") == 1.0
    assert budget.wait_s("C2", "reply") == 0
    clock.now += 1
    assert budget.wait_s("C1", "reply") == 0
    assert budget.wait_s("C1", "reply") > 0


def test_an_approval_has_its_place_when_answers_have_none() -> None:
    budget = Budget(Clock())
    while budget.wait_s("C1", "reply") == 0:
        pass
    assert budget.wait_s("C1", "status") > budget.wait_s("C1", "reply")
    assert budget.wait_s("C1", "urgent") == 0


def test_told_to_wait_answers_wait_as_long() -> None:
    clock = Clock()
    budget = Budget(clock)
    budget.told_to_wait("C1", 30)
    assert 29 <= budget.wait_s("C1", "reply") <= 31
    clock.now += 31
    assert budget.wait_s("C1", "reply") == 0


def test_a_wait_takes_no_place() -> None:
    budget = Budget(Clock())
    while budget.wait_s("C1", "reply") == 0:
        pass
    assert len({budget.wait_s("C1", "reply") for _ in range(5)}) == 1
