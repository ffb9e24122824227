"""What the pipeline needs of higher folders, in its own words; the roof hands in the real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from adapters.search import Found
from organs.bundles import Actor, Effect, Proposal
from router.searching import SearchCall
from router.words import Answer, ModelCall, RouterState


class Models(Protocol):
    """The router, as far as the organs use it."""

    async def ask(self, call: ModelCall) -> Answer: ...

    def available(self) -> RouterState: ...


class Search(Protocol):
    """The one door to the web (`router.searching.Searching`)."""

    def off(self, channel: str, override: str | None = None) -> str | None:
        """Why nothing can be looked up from this channel, or with this mode, at all; None when it can."""
        ...

    async def find(self, call: SearchCall) -> Found:
        """Pages for a question. Raises NoSearch, and nothing else."""
        ...

    async def private(self, text: str) -> bool:
        """Whether a text would be kept from an online model."""
        ...


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A tool that this person may ask for here, as it stands after its server's own claims."""

    action: str  # name in the registry
    wire: str  # name as a model is shown it
    summary: str  # the operator's plain words
    description: str = field(repr=False)  # what a model is told of it
    schema: Mapping[str, Any] = field(repr=False)  # of the arguments that somebody has to fill in
    effect: Effect
    own: bool = False
    outside: bool = False  # reaches beyond this machine and team


@dataclass(frozen=True, slots=True)
class Offer:
    """The tools that fit a request, best first, and what is wrong with those that cannot be had."""

    tools: tuple[OfferedTool, ...] = ()
    notes: tuple[str, ...] = ()


class Tools(Protocol):
    """The hands that only look, and what the others would do (`holds.tools`). Nothing here changes anything."""

    async def offer(self, request: str, *, actor: Actor, channel: str, most: int, changes_only: bool = False) -> Offer:
        """At most `most` tools, chosen by meaning; role and scope are checked. Faults are notes, not exceptions."""
        ...

    async def read(
        self,
        tool: OfferedTool,
        arguments: Mapping[str, str],
        *,
        actor: Actor,
        exchange_id: str,
        channel: str,
        thread: str,
    ) -> Deed:
        """Call a tool that only reads; the same call of one exchange is made once. Faults are deeds."""
        ...

    async def private(self, arguments: Mapping[str, str]) -> bool:
        """Whether the arguments hold what must not leave this machine and team."""
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
