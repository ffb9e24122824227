"""The App Home: what waits for this person, today's money, where models run."""

from __future__ import annotations

from typing import Any

from slack_bolt.app.async_app import AsyncApp

from bots.bridge.present import money
from bots.slack.approvals import HOLD
from bots.slack.commands import HELP
from bots.slack.intake import Intake
from bots.slack.mrkdwn import escape
from bots.slack.parts import SlackParts
from bots.slack.people import SlackPeople
from bots.slack.render import Block, button, section
from bots.slack.web import Web
from holds.checks import when
from organs.bundles import Actor

_HOLDS = 20


class HomeTab:
    """Publishes the tab when somebody opens it."""

    def __init__(self, parts: SlackParts, web: Web, people: SlackPeople, intake: Intake) -> None:
        self._parts, self._web, self._people, self._intake = parts, web, people, intake

    def listen(self, app: AsyncApp) -> None:
        """Take the event."""
        app.event("app_home_opened")(self._opened)

    async def _opened(self, event: dict[str, Any]) -> None:
        if event.get("tab", "home") == "home":
            self._intake.soon(self._publish(str(event["user"])), "home")

    async def _publish(self, user: str) -> None:
        actor = await self._people.actor(user)
        if actor is not None:
            view = {"type": "home", "blocks": await self._blocks(actor)}
            await self._web.ask.views_publish(user_id=user, view=view)

    async def _blocks(self, actor: Actor) -> list[Block]:
        status = await self._parts.status.status()
        found = await self._parts.holds.holds(actor, "pending")
        blocks: list[Block] = [section("*Waiting for a person*")]
        for hold in found[:_HOLDS]:
            until = "" if hold.expires_at is None else f" Until {when(hold.expires_at)}."
            words = f"{escape(hold.summary)}, asked by {escape(hold.requester)}.{until}"
            shown = button(f"Show details of {hold.summary}", f"{HOLD}details", hold.id)
            blocks.append({**section(words[:3_000]), "accessory": shown})
        if not found:
            blocks.append(section("Nothing that you may see."))
        if len(found) > _HOLDS:
            blocks.append(section(f"and {len(found) - _HOLDS} more on the bridge page"))
        purse = status.purse
        spent = f"{money(purse.spent)} spent, {money(purse.left)} left of {money(purse.limit)}."
        paused = " All actions and paid calls are paused." if status.paused else ""
        blocks += [
            section(f"*Today's costs*\n{spent}"),
            section(f"*Mode*\n{status.mode}.{paused}"),
            section(f"*What you can do*\n{HELP}"),
        ]
        return blocks
