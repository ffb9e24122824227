"""What the tools are given, and the sessions that `_init_` opens for them."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bots.bridge.services import LedgerDesk, Talk
from bots.limits import RateLimiter
from organs.bundles import Actor, Session
from organs.examination import Examiner

LIFE_S = 1800.0  # a session is good for half an hour
_KEEP = 1_000  # sessions of everybody together
_KEEP_EACH = 50  # of one person, so that nobody pushes others' out


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose word a call is, and what their token allows (`*`: the home's owner)."""

    actor: Actor
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        return scope in self.scopes or "*" in self.scopes


@dataclass(slots=True)
class _Kept:
    person: str
    session: Session
    until: float


@dataclass(slots=True)
class Sessions:
    """Texts that passed the airlock, by an unguessable name, for the person who sent them and nobody else."""

    clock: Callable[[], float] = time.monotonic
    _kept: OrderedDict[str, _Kept] = field(default_factory=OrderedDict)

    def open(self, session: Session) -> str:
        """Keep it; gives its name. The person's oldest goes where they have too many."""
        now, person = self.clock(), session.actor.person
        for name in [n for n, k in self._kept.items() if k.until < now]:
            del self._kept[name]
        own = [n for n, k in self._kept.items() if k.person == person]
        for name in own[: max(0, len(own) - _KEEP_EACH + 1)]:
            del self._kept[name]
        while len(self._kept) >= _KEEP:
            self._kept.popitem(last=False)
        name = f"s_{secrets.token_urlsafe(18)}"
        self._kept[name] = _Kept(person, session, now + LIFE_S)
        return name

    def get(self, name: str, person: str) -> Session | None:
        """The session, if it is this person's and still good."""
        kept = self._kept.get(name)
        if kept is None or kept.person != person or kept.until < self.clock():
            return None
        return kept.session


@dataclass(frozen=True, slots=True)
class McpServices:
    """Everything the tools reach, handed in by the roof."""

    talk: Talk
    examiner: Examiner
    ledger: LedgerDesk
    limiter: RateLimiter
    zone_of: Callable[[str], Awaitable[ZoneInfo]]
    version: str
    sessions: Sessions = field(default_factory=Sessions)
