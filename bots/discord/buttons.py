"""The buttons below an answer. What a button carries is only an id, so an old one lives on after a restart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord

from organs.outcome import Outcome

if TYPE_CHECKING:
    from bots.discord.client import TrinityClient

_LABELS = {"w": "Why?", "u": "Good answer", "d": "Not a good answer", "z": "Undo this"}
AnyItem = discord.ui.Item[Any]


class AnswerButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"a1:(?P<what>[wudz]):(?P<exchange>[A-Za-z0-9_-]{1,80})"
):
    """Why, thumbs and undo of one exchange."""

    def __init__(self, what: str, exchange: str) -> None:
        super().__init__(
            discord.ui.Button(
                label=_LABELS[what], style=discord.ButtonStyle.secondary, custom_id=f"a1:{what}:{exchange}"
            )
        )
        self.what, self.exchange = what, exchange

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: AnyItem, match: re.Match[str], /
    ) -> Self:
        return cls(match["what"], match["exchange"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        client: TrinityClient = interaction.client
        await client.desk_of_answers.pressed(interaction, self.what, self.exchange)


def view_of(*items: AnyItem) -> discord.ui.View:
    """A row of buttons. It is stopped at once: presses find their way by the items' patterns, not by this object."""
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    view.stop()
    return view


def answer_view(outcome: Outcome) -> discord.ui.View | None:
    """The buttons of an answer; somebody in danger is shown none."""
    if outcome.lane == "CRISIS":
        return None
    what = "wud" if outcome.verdict in ("SEAL", "PARTIAL") else "w"
    if outcome.undo is not None:
        what += "z"
    return view_of(*(AnswerButton(one, outcome.exchange_id) for one in what))


def ids_in(view: discord.ui.View) -> list[str]:
    """The ids that a view's buttons carry."""
    return [str(found) for item in view.children if (found := getattr(item, "custom_id", None)) is not None]


def ids_of(message: discord.Message) -> list[str]:
    """The ids of the buttons that a message shows."""
    found: list[str] = []
    for row in message.components:
        found += [str(one.custom_id) for one in getattr(row, "children", []) if getattr(one, "custom_id", None)]
    return found
