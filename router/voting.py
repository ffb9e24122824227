"""Asks several times and tells what most answers agree on, how many do, and what the others say in one line.

Answers are clustered by meaning with the caller's own measure of "the same". The share of the largest cluster is the
AI witness's agreement; it is a count of answers, not a probability of being right.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from router.words import Answer, ModelCall, RouterError

# For each pair of texts: do they say the same? An (n, n) table, in both directions, computed in one batch.
SameMeaning = Callable[[Sequence[str]], Awaitable[Sequence[Sequence[bool]]]]
_DISSENT_CHARS = 160


class Asks(Protocol):
    """The router, as far as a vote needs it."""

    async def ask(self, call: ModelCall) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Vote:
    """What came of a vote. `share` is the size of the winning cluster over the answers that came."""

    consensus: Answer
    share: float
    answers: tuple[Answer, ...]
    dissent: str | None  # the largest other cluster's answer, in one line
    failed: int


async def vote(router: Asks, call: ModelCall, same: SameMeaning, *, models: Sequence[str] = (), times: int = 3) -> Vote:
    """Ask each named model once, or the routed model `times` times, side by side, and count.

    Raises RouterError when not one of them answered. Sensitivity, money and mode hold for each call as for any other.
    """
    calls = [replace(call, override=name, variant=n) for n, name in enumerate(models)]
    calls = calls or [replace(call, variant=n) for n in range(times)]
    outcomes = await asyncio.gather(*(router.ask(c) for c in calls), return_exceptions=True)
    answers = [o for o in outcomes if isinstance(o, Answer)]
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, RouterError):
            raise outcome
    if not answers:
        raise next(o for o in outcomes if isinstance(o, RouterError))
    clusters = clustered(await same([a.text for a in answers]))
    largest = clusters[0]
    other = answers[clusters[1][0]].text if len(clusters) > 1 else None
    return Vote(
        consensus=answers[largest[0]],
        share=len(largest) / len(answers),
        answers=tuple(answers),
        dissent=None if other is None else _one_line(other),
        failed=len(calls) - len(answers),
    )


def clustered(same: Sequence[Sequence[bool]]) -> list[list[int]]:
    """Indices grouped so that all members of a group agree with its first; largest first, ties by who came first.

    Agreement with the first member, not with any: otherwise a chain of small differences joins opposites.
    """
    clusters: list[list[int]] = []
    for i in range(len(same)):
        home = next((c for c in clusters if same[c[0]][i] and same[i][c[0]]), None)
        if home is None:
            clusters.append([i])
        else:
            home.append(i)
    return sorted(clusters, key=lambda c: (-len(c), c[0]))


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _DISSENT_CHARS else line[: _DISSENT_CHARS - 1].rstrip() + "…"
