"""What people do with an answer: ask why, say whether it was good, undo what it did."""

from __future__ import annotations

from typing import Any

import discord

from bots.chunks import pieces, utf16
from bots.discord import texts
from bots.discord.service import DiscordServices
from organs.outcome import Outcome

_NOT_YOURS = "This is about somebody else's question; only the one who asked can see that here."
_MOST = 3  # ephemeral messages of one "why?"


class AnswerDesk:
    """The buttons below an answer; every answer to them is seen by the presser alone."""

    def __init__(self, services: DiscordServices) -> None:
        self._services = services

    async def pressed(self, interaction: discord.Interaction[Any], what: str, exchange: str) -> None:
        """`what` is w (why), u or d (thumbs), z (undo)."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        user, house = interaction.user, self._services.house
        by = await self._services.speaker(user.id, user.display_name, interaction.guild_id)
        if not await self._services.talk.may_see(exchange, by):
            said = [_NOT_YOURS]
        elif what == "w":
            said = self._why(await self._services.talk.outcome(exchange))
        elif what == "z":
            said = [await self._services.talk.undo(exchange, by)]
        elif house.feedback is None:
            said = ["Nothing is learned from answers here."]
        else:
            said = [await house.feedback.thumb(exchange, by, up=what == "u")]
        await interaction.edit_original_response(content=said[0], allowed_mentions=discord.AllowedMentions.none())
        for more in said[1:]:
            await interaction.followup.send(more, ephemeral=True, allowed_mentions=discord.AllowedMentions.none())

    def _why(self, outcome: Outcome | None) -> list[str]:
        if outcome is None:
            return ["There is no answer yet."]
        parts = pieces(texts.why(outcome, self._services.rules), texts.LIMIT - 100, length=utf16)
        if len(parts) > _MOST:
            parts = [*parts[:_MOST]]
            parts[-1] += "\n-# The rest stands on the bridge page."
        return parts
