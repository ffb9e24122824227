"""What the bridge needs of the rest of the house, in the bridge's own words.

The roof hands in one `BridgeServices`; `ports.py` adapts the real desk, ledger and people to these Protocols.
Tests of the page alone hand in a small in-memory set.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol

from bots.bridge.hold_words import Desk
from bots.bridge.people_words import PeopleDesk
from bots.inbound import Accepted, HistoryItem, Inbound, ThreadItem
from bots.progress import Progress
from manifest.constitution import Constitution
from organs.bundles import Actor
from organs.outcome import Outcome
from router.usage import By, UsageRow


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """One signed-in browser: who it is now, and the secret its forms must repeat."""

    key: str
    actor: Actor
    csrf: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What an API token allows, and in whose name."""

    actor: Actor
    scopes: frozenset[str]


class Gate(Protocol):
    """People, sign-in links, browser sessions and API tokens."""

    async def redeem(self, code: str) -> BrowserSession | None:
        """Spend a one-time sign-in code; None when it is unknown, used or too old."""
        ...

    async def session(self, key: str) -> BrowserSession | None:
        """The live session behind a cookie, with the person's role as it is now."""
        ...

    async def sign_out(self, key: str) -> None:
        """End a session; unknown keys are ignored."""
        ...

    async def token(self, secret: str) -> Grant | None:
        """The grant behind a bearer token; None when unknown, revoked or expired."""
        ...

    async def owner(self) -> Actor | None:
        """Who speaks on the home's own socket."""
        ...

    async def new_link_code(self, person: str | None = None) -> str | None:
        """A fresh one-time sign-in code for the home's owner, or for somebody named; None where there is nobody."""
        ...


class Talk(Protocol):
    """The conversation as the bridge uses it (`bots.conversation.Conversation`)."""

    async def receive(self, inbound: Inbound) -> Accepted:
        """Commit the message, then answer; raises NotAccepted where it was not kept."""
        ...

    def follow(self, exchange_id: str) -> AsyncIterator[Progress]:
        """What has happened so far and then what happens, until the outcome is there."""
        ...

    async def outcome(self, exchange_id: str, wait_s: float | None = None) -> Outcome | None:
        """The outcome, waiting at most `wait_s` seconds (None: do not wait)."""
        ...

    async def cancel(self, exchange_id: str, by: Actor) -> bool:
        """Stop a running exchange."""
        ...

    async def history(self, channel: str, thread: str, viewer: Actor) -> list[HistoryItem]:
        """The exchanges of a thread, oldest first."""
        ...

    async def notices(self, channel: str, thread: str, viewer: Actor) -> list[HistoryItem]:
        """What was said in a thread unasked, oldest first."""
        ...

    async def threads(self, channel: str, viewer: Actor) -> list[ThreadItem]:
        """The viewer's threads on a channel, latest first."""
        ...

    async def may_see(self, exchange_id: str, viewer: Actor) -> bool:
        """Whether the exchange is there and belongs to the viewer."""
        ...

    async def undo(self, exchange_id: str, by: Actor) -> str:
        """Take back what the exchange did; returns a plain sentence."""
        ...


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One sealed entry, as the tail shows it."""

    index: int
    at: datetime | None
    kind: str
    what: str
    entry_hash: str
    prev_hash: str
    receipt: bool = True  # whether the viewer may have its receipt


@dataclass(frozen=True, slots=True)
class LedgerTail:
    """The newest entries, newest first, and the signed checkpoint over all of them."""

    origin: str
    size: int
    root: str
    checkpoint: str
    rows: tuple[LedgerRow, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """What recomputing the whole ledger found."""

    ok: bool
    size: int
    sentence: str
    first_bad: int | None = None
    root: str = ""
    ms: float = 0.0


class LedgerDesk(Protocol):
    """The ledger (`vault.ledger`), read and verified."""

    async def tail(self, n: int, viewer: Actor) -> LedgerTail: ...

    async def verify(self, progress: Callable[[int, int], None]) -> Verification: ...

    async def receipt(self, index: int, viewer: Actor) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class ModelHealth:
    """One configured model and whether it answers."""

    name: str
    where: str
    state: Literal["ready", "resting", "down", "unknown"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Purse:
    """The day's money in US dollars; `limit` None means that no paid model is configured."""

    limit: Decimal | None
    spent: Decimal
    resets_at: datetime | None = None

    @property
    def left(self) -> Decimal | None:
        return None if self.limit is None else max(Decimal(0), self.limit - self.spent)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the process and whether it is ready."""

    name: str
    ready: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """Everything the status page, /readyz and /metrics show."""

    version: str
    mode: str
    paused: bool
    models: tuple[ModelHealth, ...]
    purse: Purse
    parts: tuple[Part, ...]
    constitution: Constitution
    holds_open: int = 0
    ledger_size: int = 0
    inbox_age_s: float = 0.0
    notices: tuple[str, ...] = ()  # what the operator should know, such as "80 % of today's limit is used"

    @property
    def ready(self) -> bool:
        return all(part.ready for part in self.parts)


class StatusDesk(Protocol):
    """The state of the process, and the brake."""

    async def status(self) -> Status: ...

    async def pause(self, by: Actor) -> str: ...

    async def resume(self, by: Actor) -> str: ...


class Feedback(Protocol):
    """A person's word on an answer (`bots.feedback.Feedback`)."""

    async def thumb(self, exchange_id: str, by: Actor, *, up: bool) -> str:
        """Note it; returns the sentence to show."""
        ...


class Analyses(Protocol):
    """Analyses as they come (`bots.analyze.AnalysisHub`)."""

    def follow(self, exchange_id: str) -> AsyncIterator[dict[str, object]]: ...


class Usage(Protocol):
    """The book of model calls (`router.usage`), grouped; days are YYYY-MM-DD, both included."""

    async def __call__(self, by: By, since: str | None, until: str | None) -> list[UsageRow]: ...


@dataclass(frozen=True, slots=True)
class BridgeServices:
    """Everything the bridge is given; nothing is looked up elsewhere."""

    talk: Talk
    gate: Gate
    desk: Desk
    ledger: LedgerDesk
    status: StatusDesk
    people: PeopleDesk
    usage: Usage | None = None
    feedback: Feedback | None = None
    analysis: Analyses | None = None
    public_host: str | None = None  # name under which a reverse proxy serves the bridge, without its port
    public_https: bool = False
    agents: tuple[tuple[str, str], ...] = field(
        default=(("c1", "Coding"), ("c2", "Reasoning"), ("c3", "Creative")),
    )
