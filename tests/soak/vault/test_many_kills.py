"""The full count of random kills, per store: `make soak`."""

from __future__ import annotations

import random
import signal

import pytest

from tests.integration.vault.crashes import check, run_child
from vault.config import LedgerConfig

ROUNDS = 100


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_kill_9_a_hundred_times_under_64_writers(config: LedgerConfig) -> None:
    chance = random.Random(1999)
    told: dict[str, tuple[str, int, str]] = {}
    for round_ in range(ROUNDS):
        outcome = await run_child(config, str(round_), kill_after=chance.uniform(0.0, 0.8))
        assert outcome.code == -signal.SIGKILL
        told |= outcome.acknowledged
        if round_ % 10 == 9:
            await check(config, told)
    print(f"{len(told)} acknowledged entries, {ROUNDS} kills: none lost, none doubled")
