"""What a person may see and change about themselves on the bridge and in the terminal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from organs.bundles import Actor


@dataclass(frozen=True, slots=True)
class Known:
    """One way a platform knows the person; `how` is declared, linked or seen."""

    kind: str
    value: str = field(repr=False)
    how: str


@dataclass(frozen=True, slots=True)
class Profile:
    """Somebody, as they see themselves."""

    id: str
    name: str
    role: str
    identities: tuple[Known, ...]
    step_up: bool  # an authenticator app is set up
    linkable: tuple[str, ...]  # kinds of account to which a code can be sent today


@dataclass(frozen=True, slots=True)
class Said:
    """What became of a wish, as a sentence; `uri` is an app's `otpauth://` address where one was made."""

    accepted: bool
    why: str
    uri: str = field(default="", repr=False)


class PeopleDesk(Protocol):
    """Step-up codes, linked accounts and roles (`holds.enrolment`, `holds.linking`)."""

    async def profile(self, by: Actor) -> Profile | None: ...

    async def enrol(self, by: Actor, person: str, *, code: str | None, at_home: bool) -> Said: ...

    async def confirm(self, by: Actor, person: str, code: str, *, at_home: bool) -> Said: ...

    async def forget(self, by: Actor, person: str, *, code: str | None, at_home: bool) -> Said: ...

    async def link(self, by: Actor, identity: str) -> Said:
        """Send a code to the account `kind:value`."""
        ...

    async def link_confirm(self, by: Actor, identity: str, code: str) -> Said: ...

    async def unlink(self, by: Actor, identity: str) -> Said: ...

    async def link_made(self, by: Actor, person: str) -> None:
        """Put into the ledger that somebody at the home made a sign-in link for somebody else."""
        ...

    async def set_role(self, by: Actor, person: str, role: str) -> Said: ...
