"""One person, many identities: an identity is linked by a code that went to it and came back from the person."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass

from manifest.people import DeclaredIdentity
from organs.bundles import Actor, Proof, Role
from store.codes import Codes, TooMany
from store.outbox import Outbox, OutboxDraft
from store.people import People
from store.times import Clock, utcnow

_CHANNELS = {"phone": "sms", "email": "email", "slack": "slack", "discord": "discord"}

OnChange = Callable[[str], Awaitable[None]]  # seals one change, in words


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of it, as a sentence for the person."""

    accepted: bool
    why: str


class Linking:
    """Links, unlinks and changes of role. Every change is said in words to `on_change`, which seals it."""

    def __init__(
        self,
        people: People,
        codes: Codes,
        outbox: Outbox,
        on_change: OnChange,
        *,
        connected: Callable[[], Container[str]] = lambda: frozenset(_CHANNELS.values()),
        clock: Clock = utcnow,
    ) -> None:
        """`connected` names the outbox channels that are delivered now; a code cannot reach any other."""
        self._people, self._codes, self._outbox, self._on_change, self._clock = people, codes, outbox, on_change, clock
        self._connected = connected

    def reachable(self) -> tuple[str, ...]:
        """The kinds of identity to which a code can be sent now."""
        connected = self._connected()
        return tuple(kind for kind, channel in _CHANNELS.items() if channel in connected)

    async def begin(self, by: Actor, identity: DeclaredIdentity) -> Answer:
        """Send a code to the identity that a signed-in person says is theirs too."""
        person = await self._people.person(by.person)
        if person is None or not person.active or by.proof is Proof.UNPROVED:
            return Answer(False, "Sign in first; then say which other account is yours.")
        channel = _CHANNELS.get(identity.kind)
        if channel is None:
            return Answer(False, "A local account is named in people.toml by whoever runs this Trinity.")
        if channel not in self._connected():
            return Answer(
                False,
                f"No {channel} channel is connected here, so no code can be sent to that account. Nothing was changed; "
                "an account can also be named in people.toml.",
            )
        owner = await self._people.by_identity(identity.kind, identity.value)
        if owner is not None and owner.id == person.id and owner.linked(identity.kind, identity.value):
            return Answer(False, "That account is yours already.")
        if owner is not None and owner.declared:
            return Answer(False, "That account is declared for somebody in people.toml; it can be changed only there.")
        try:
            code = await self._codes.make("link", _subject(identity), person.id)
        except TooMany:
            return Answer(False, "Too many codes were sent in the last hour. Please wait a while.")
        text = (
            f"Code {code}: {person.name} says that this account is theirs, too. If that is you, type the code where "
            "you asked for it. If not, do nothing: without the code nothing happens."
        )
        await self._outbox.put(
            OutboxDraft(
                key=f"link:{person.id}:{_subject(identity)}:{self._clock().timestamp()}",
                channel=channel,
                thread=f"direct:{identity.value}",
                recipient=identity.value,
                kind="code",
                body=json.dumps({"text": text}),
            )
        )
        return Answer(True, "A code is on its way to that account. Type it here within ten minutes.")

    async def finish(self, by: Actor, identity: DeclaredIdentity, code: str) -> Answer:
        """Link the identity if the code is the one that was sent to it for this person."""
        if not await self._codes.use("link", _subject(identity), by.person, code):
            return Answer(False, "That code is wrong, used up or too old. Ask for a new one.")
        owner = await self._people.by_identity(identity.kind, identity.value)
        if owner is not None and owner.declared and owner.id != by.person:
            return Answer(False, "That account is declared for somebody in people.toml; it can be changed only there.")
        await self._people.link(by.person, identity.kind, identity.value)
        await self._on_change(f"{by.person}: {identity.kind} identity linked by code")
        return Answer(True, "Linked. You are one person here on both accounts, and decide with one voice.")

    async def unlink(self, by: Actor, identity: DeclaredIdentity) -> Answer:
        """Take an identity off: its own person, or a commander."""
        owner = await self._people.by_identity(identity.kind, identity.value)
        if owner is None or (owner.id != by.person and not await self._commander(by)):
            return Answer(False, "That account is not yours.")
        if any(i.how == "declared" and (i.kind, i.value) == (identity.kind, identity.value) for i in owner.identities):
            return Answer(False, "That account is declared in people.toml; take it off there.")
        await self._people.unlink(identity.kind, identity.value)
        await self._on_change(f"{owner.id}: {identity.kind} identity taken off by {by.person}")
        return Answer(True, "Taken off. Requests made under it still count as made by the same person.")

    async def set_role(self, by: Actor, person_id: str, role: Role) -> Answer:
        """Give somebody who is not declared a role: a commander only, and never to oneself."""
        if not await self._commander(by) or await self._people.same_human(by.person, person_id):
            return Answer(False, "Only a commander changes roles, and nobody their own.")
        try:
            before = await self._people.set_role(person_id, role.value)
        except KeyError:
            return Answer(False, "There is no such person.")
        except ValueError as error:
            return Answer(False, f"{error}.")
        await self._on_change(f"{person_id}: {before} → {role.value}, by {by.person}")
        return Answer(True, f"Changed from {before} to {role.value}.")

    async def _commander(self, by: Actor) -> bool:
        person = await self._people.person(by.person)
        proved = by.proof is not Proof.UNPROVED
        return proved and person is not None and person.active and person.role == Role.COMMANDER.value


def _subject(identity: DeclaredIdentity) -> str:
    return f"{identity.kind}:{identity.value}"
