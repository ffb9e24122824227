"""What the pipeline needs of higher folders, in its own words; the roof hands in the real ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from adapters.search import Found
from organs.bundles import Actor, Proposal
from router.searching import SearchCall
from router.words import Answer, ModelCall, RouterState


class Models(Protocol):
    """The router, as far as the organs use it."""

    async def ask(self, call: ModelCall) -> Answer: ...

    def available(self) -> RouterState: ...


class Search(Protocol):
    """The one door to the web (`router.searching.Searching`)."""

    def off(self, channel: str) -> str | None:
        """Why nothing can be looked up from this channel at all; None when it can."""
        ...

    async def find(self, call: SearchCall) -> Found:
        """Pages for a question. Raises NoSearch, and nothing else."""
        ...

    async def private(self, text: str) -> bool:
        """Whether a text would be kept from an online model."""
        ...


class ActionsPaused(Exception):
    """All actions are stopped. What a human approved waits, and goes on when the pause ends."""


@dataclass(frozen=True, slots=True)
class Deciders:
    """Who could allow something, in plain words; `nobody` says that policy names no one for this actor."""

    words: str
    nobody: bool


@dataclass(frozen=True, slots=True)
class Deed:
    """What came of running an action: `sentence` tells the person, `undo` names what can be taken back."""

    state: Literal["done", "failed", "unknown", "no_tool"]
    sentence: str
    undo: str | None = None


class HoldDesk(Protocol):
    """The holds' side of 888: who could decide. Opening the record is the conversation's step."""

    async def deciders(self, proposal: Proposal, actor: Actor) -> Deciders: ...


class Hands(Protocol):
    """Runs typed actions; the same key runs once and gives the first result again."""

    async def run(
        self,
        proposal: Proposal,
        *,
        actor: Actor,
        key: str,
        channel: str,
        thread: str,
        hold_id: str | None = None,
    ) -> Deed:
        """Run it; `hold_id` names the mandate where one was needed. Faults are deeds, not exceptions.

        Raises:
            ActionsPaused: it was approved, and all actions are stopped for now.
        """
        ...


@dataclass(frozen=True, slots=True)
class HumanWord:
    """A human's decision on a hold, as the pipeline goes on with it."""

    state: Literal["approved", "denied", "expired", "cancelled"]
    by: str  # names, in plain words
    reason: str = ""
    self_ratified: bool = False
    content_sha256: str = ""
    hold_id: str = ""
