"""kill -9 at every step and at random under 64 writers: nothing acknowledged is lost or doubled, no hand is needed."""

from __future__ import annotations

import random
import signal

from tests.integration.vault.crashes import check, run_child
from vault.config import LedgerConfig

ROUNDS = 10

POINTS = {
    "every store": [
        ("key-of-a-person", 3),  # first: later rounds find all keys made
        ("before-build", 5),
        ("before-sign", 5),
        ("after-sign", 5),
        ("after-commit", 5),
        ("after-watermark", 5),
        ("before-futures", 5),
        ("publishing", 1),
    ],
    "sqlite": [("sqlite-in-insert", 200), ("sqlite-before-commit", 4)],
    "postgres": [],
    "files": [("before-sync", 5), ("renaming-a-file", 20), ("renaming-a-file", 23), ("renaming-a-file", 27)],
}


async def test_kill_9_at_every_step(config: LedgerConfig, store: str) -> None:
    told: dict[str, tuple[str, int, str]] = {}
    points = POINTS["every store"] + POINTS[store]
    for round_, (point, nth) in enumerate(points):
        outcome = await run_child(config, str(round_), point=point, nth=nth)
        assert outcome.code == -signal.SIGKILL, (point, outcome)
        assert not outcome.timed_out, f"the step {point} was never passed"
        told |= outcome.acknowledged
        if round_ % 4 == 3 or round_ == len(points) - 1:
            await check(config, told)
    assert told


async def test_kill_9_at_random_under_64_writers(config: LedgerConfig) -> None:
    chance = random.Random(999)
    told: dict[str, tuple[str, int, str]] = {}
    for round_ in range(ROUNDS):
        outcome = await run_child(config, str(round_), kill_after=chance.uniform(0.02, 0.5))
        assert outcome.code == -signal.SIGKILL
        told |= outcome.acknowledged
        if round_ % 3 == 2 or round_ == ROUNDS - 1:
            await check(config, told)
    assert told
