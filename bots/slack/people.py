"""Who somebody in Slack is here: the platform's proof, bound to a person and a role."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Literal
from weakref import WeakValueDictionary

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bots.slack.places import CHANNEL
from bots.slack.web import Web
from organs.bundles import Actor, Proof, Role
from store.people import People, Person

log = structlog.get_logger("slack")

_ASK_S = 1.0  # asking comes before the acknowledgement, for which Slack waits 3 s


@dataclass(frozen=True, slots=True)
class Profile:
    """What the workspace says about an account."""

    name: str
    role: Literal["guest", "member"]
    bot: bool


class SlackPeople:
    """Accounts of one workspace. Full members are members here, others guests, until people.toml says more."""

    def __init__(self, web: Web, people: People, team: str) -> None:
        self._web, self._people, self._team = web, people, team
        self._asking: set[asyncio.Task[None]] = set()
        self._one_at_a_time: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def actor(self, user: str, home: str | None = None) -> Actor | None:
        """The person behind an account of the team `home` (default: this workspace); None for a bot."""
        team = home or self._team
        value = f"{team}/{user}"
        # A mention comes twice at the same moment; the second waits for what the first one asked.
        async with self._one_at_a_time.setdefault(value, asyncio.Lock()):
            person = await self._people.by_identity(CHANNEL, value) or await self._met(user, team, value)
        if person is None:
            return None
        proof = Proof.LINKED if person.linked(CHANNEL, value) else Proof.PLATFORM
        return Actor(person.id, person.name, Role(person.role), proof, CHANNEL)

    async def _met(self, user: str, team: str, value: str) -> Person | None:
        """Somebody who was not here before; None for a bot."""
        profile = await self._profile(user, team)
        if profile is not None and profile.bot:
            return None
        # Not knowing who it is must not give more than a stranger has; it is made good as soon as it is known.
        seen = profile or Profile(user, "guest", bot=False)
        person = await self._people.ensure(CHANNEL, value, name=seen.name, role=seen.role)
        if profile is None:
            self._learn_later(person, user, team)
        return person

    async def _profile(self, user: str, team: str) -> Profile | None:
        try:
            async with asyncio.timeout(_ASK_S):
                answer = await self._web.say.users_info(user=user)
        except (TimeoutError, SlackApiError, aiohttp.ClientError, OSError) as error:
            log.info("slack.profile_unknown", error=type(error).__name__)
            return None
        return _profile(answer.get("user") or {}, team, self._team)

    def _learn_later(self, person: Person, user: str, team: str) -> None:
        async def learn() -> None:
            for pause in (2, 10, 60):
                await asyncio.sleep(pause)
                profile = await self._profile(user, team)
                if profile is not None:
                    now = await self._people.person(person.id)
                    if profile.role == "member" and now is not None and not now.declared and now.role == "guest":
                        await self._people.set_role(person.id, "member")
                    return

        task = asyncio.create_task(learn(), name="slack-profile")
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def stop(self) -> None:
        """Ask nothing more."""
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)


def _profile(user: dict[str, Any], team: str, ours: str) -> Profile:
    """Single- and multi-channel guests, and everybody whom another organisation's workspace vouches for, are guests."""
    shown = user.get("profile") or {}
    name = str(shown.get("display_name") or user.get("real_name") or user.get("name") or user.get("id") or "somebody")
    strange = user.get("is_stranger") or user.get("is_restricted") or user.get("is_ultra_restricted")
    home = str(user.get("team_id") or team)
    foreign = team != ours or (home != ours and not user.get("enterprise_user"))
    bot = bool(user.get("is_bot")) or user.get("id") == "USLACKBOT"
    return Profile(name[:80], "guest" if strange or foreign else "member", bot)
