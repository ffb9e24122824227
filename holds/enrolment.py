"""Setting up an authenticator app: who may do it for whom, and that every change of it is said to the ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from holds.stepup import StepUpCodes
from organs.bundles import Actor, Proof, Role
from store.people import People, Person

OnChange = Callable[[str], Awaitable[None]]  # seals one change, in words


@dataclass(frozen=True, slots=True)
class Begun:
    """What became of it: `why` for the person, and where accepted the `otpauth://` address, shown once."""

    accepted: bool
    why: str
    uri: str = field(default="", repr=False)


class Enrolment:
    """Step-up codes of people.

    One's own codes are set up by oneself; replacing or forgetting them needs a code of the old app, so that a stolen
    session cannot bring an app of its own. Whoever sits at the home itself (`at_home`: its own socket) holds its keys
    anyway and may do it for others, and a commander may forget what somebody lost; the ledger says who did.
    """

    def __init__(self, people: People, codes: StepUpCodes, on_change: OnChange) -> None:
        self._people, self._codes, self._on_change = people, codes, on_change

    async def enrolled(self, person: str) -> bool:
        """Whether the person's decisions can be proved by a code."""
        return await self._codes.enrolled(person)

    async def begin(self, by: Actor, person: str, *, code: str | None = None, at_home: bool = False) -> Begun:
        """A new seed; it counts once `confirm` saw a code of it."""
        found, why = await self._whose(by, person, at_home)
        if found is None:
            return Begun(False, why)
        if not at_home and await self._codes.enrolled(found.id) and not await self._codes.verify(found.id, code or ""):
            return Begun(
                False, "There is an app already: give a code of it, or let a commander forget it if the phone is lost."
            )
        uri = await self._codes.enrol(found.id, found.name)
        return Begun(True, "Add this to your authenticator app; it is shown once. Then give the six digits.", uri)

    async def confirm(self, by: Actor, person: str, code: str, *, at_home: bool = False) -> Begun:
        """Whether the app shows the right digits; from then on they count."""
        found, why = await self._whose(by, person, at_home)
        if found is None:
            return Begun(False, why)
        if not await self._codes.confirm(found.id, code):
            return Begun(False, "Those digits do not fit, so nothing was changed. Start again.")
        await self._on_change(f"{found.id}: step-up codes set up by {by.person}")
        return Begun(True, "Set up. Decisions about what cannot be undone will ask for a code.")

    async def forget(self, by: Actor, person: str, *, code: str | None = None, at_home: bool = False) -> Begun:
        """Forget a person's codes: one's own with a code, another's (a lost phone) by a commander."""
        found = await self._people.person(person)
        if found is None or by.proof is Proof.UNPROVED:
            return Begun(False, "There is no such person.")
        own = await self._people.same_human(by.person, found.id)
        if not at_home and own and not await self._codes.verify(found.id, code or ""):
            return Begun(False, "Forgetting your own needs a code of it; if the phone is lost, ask a commander.")
        if not at_home and not own and not await self._commander(by):
            return Begun(False, "Only a commander forgets somebody else's codes.")
        if not await self._codes.remove(found.id):
            return Begun(False, "There was nothing to forget.")
        await self._on_change(f"{found.id}: step-up codes forgotten by {by.person}")
        return Begun(True, "Forgotten.")

    async def _whose(self, by: Actor, person: str, at_home: bool) -> tuple[Person | None, str]:
        found = await self._people.person(person)
        if found is None or not found.active:
            return None, "There is no such person."
        if by.proof is Proof.UNPROVED or not (at_home or by.person == found.id):
            return None, "Everybody sets up their own codes, signed in."
        return found, ""

    async def _commander(self, by: Actor) -> bool:
        person = await self._people.person(by.person)
        return person is not None and person.active and person.role == Role.COMMANDER.value
