"""Fits enrolment and linking to what the bridge asks of them; who may do what is decided there."""

from __future__ import annotations

from bots.bridge.people_words import Known, Profile, Said
from holds.enrolment import Begun, Enrolment, OnChange
from holds.linking import Answer, Linking
from manifest.errors import ConfigError
from manifest.people import DeclaredIdentity, parse_identity
from organs.bundles import Actor, Role
from store.people import People


class PeoplePort:
    """People as they see and change themselves."""

    def __init__(self, people: People, enrolment: Enrolment, linking: Linking, on_change: OnChange) -> None:
        self._people, self._enrolment, self._linking, self._on_change = people, enrolment, linking, on_change

    async def profile(self, by: Actor) -> Profile | None:
        found = await self._people.person(by.person)
        if found is None:
            return None
        return Profile(
            id=found.id,
            name=found.name,
            role=found.role,
            identities=tuple(Known(i.kind, i.value, i.how) for i in found.identities),
            step_up=await self._enrolment.enrolled(found.id),
            linkable=self._linking.reachable(),
        )

    async def enrol(self, by: Actor, person: str, *, code: str | None, at_home: bool) -> Said:
        return _begun(await self._enrolment.begin(by, person, code=code, at_home=at_home))

    async def confirm(self, by: Actor, person: str, code: str, *, at_home: bool) -> Said:
        return _begun(await self._enrolment.confirm(by, person, code, at_home=at_home))

    async def forget(self, by: Actor, person: str, *, code: str | None, at_home: bool) -> Said:
        return _begun(await self._enrolment.forget(by, person, code=code, at_home=at_home))

    async def link(self, by: Actor, identity: str) -> Said:
        parsed = _identity(identity)
        return parsed if isinstance(parsed, Said) else _answer(await self._linking.begin(by, parsed))

    async def link_confirm(self, by: Actor, identity: str, code: str) -> Said:
        parsed = _identity(identity)
        return parsed if isinstance(parsed, Said) else _answer(await self._linking.finish(by, parsed, code))

    async def unlink(self, by: Actor, identity: str) -> Said:
        parsed = _identity(identity)
        return parsed if isinstance(parsed, Said) else _answer(await self._linking.unlink(by, parsed))

    async def link_made(self, by: Actor, person: str) -> None:
        await self._on_change(f"{person}: sign-in link made by {by.person}")

    async def set_role(self, by: Actor, person: str, role: str) -> Said:
        if role not in set(Role):
            return Said(False, f"A role is one of {', '.join(Role)}.")
        return _answer(await self._linking.set_role(by, person, Role(role)))


def _identity(text: str) -> DeclaredIdentity | Said:
    try:
        return parse_identity(text.strip(), "account")
    except ConfigError as error:
        return Said(False, f"That is no account: {error.allowed}.")


def _begun(begun: Begun) -> Said:
    return Said(begun.accepted, begun.why, begun.uri)


def _answer(answer: Answer) -> Said:
    return Said(answer.accepted, answer.why)
