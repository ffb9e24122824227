"""What the Discord bot needs of the rest of the house, handed in by the roof."""

from __future__ import annotations

from dataclasses import dataclass

from bots.bridge.services import BridgeServices
from bots.conversation import Conversation
from holds.desk import HoldDesk
from holds.notices import Places
from manifest.constitution import Constitution
from notifications.outbox import Delivery
from organs.bundles import Actor, Proof, Role
from store.inbox import Inbox
from store.outbox import Outbox
from store.people import People, Person
from store.threads import Threads


@dataclass(frozen=True, slots=True)
class DiscordServices:
    """The same desks that the bridge uses, and the tables that a platform with a memory of its own needs."""

    talk: Conversation
    house: BridgeServices
    people: People
    inbox: Inbox
    outbox: Outbox
    threads: Threads
    delivery: Delivery
    desk: HoldDesk
    places: Places
    rules: Constitution
    guilds: frozenset[int] = frozenset()  # servers whose people are the team; empty: every server it was invited to

    async def speaker(self, user: int, name: str, guild: int | None) -> Actor:
        """Who speaks. A server that invited Trinity vouches for its people; whoever else writes is a guest."""
        team = guild is not None and (not self.guilds or guild in self.guilds)
        person = await self.people.ensure("discord", str(user), name=name, role="member" if team else "guest")
        return actor_of(person, str(user))


def actor_of(person: Person, user: str) -> Actor:
    """A person of the store as a speaker in Discord; a declared or linked account proves more than a seen one."""
    proof = Proof.LINKED if person.linked("discord", user) else Proof.PLATFORM
    return Actor(person.id, person.name, Role(person.role), proof, "discord")
