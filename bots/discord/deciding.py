"""From a click on a hold's button to the desk's word, told to whoever clicked and to nobody else."""

from __future__ import annotations

from typing import Any

import discord

from bots.bridge.hold_words import Decided, HoldView
from bots.discord.hold_buttons import FORM, filled, form
from bots.discord.service import DiscordServices
from holds.view import HoldButton
from organs.bundles import Actor

_TOO_LONG = "This is too long for a form in Discord. Nothing was changed; it can be edited on the bridge page."


class Deciding:
    """Presses and forms. The desk alone decides what counts; every press reaches it, refused ones are sealed there."""

    def __init__(self, services: DiscordServices) -> None:
        self._services = services

    async def pressed(self, interaction: discord.Interaction[Any], button: HoldButton) -> None:
        """A button was clicked: ask for what is still needed, or carry the word to the desk."""
        by = await self._speaker(interaction)
        hold = await self._services.house.desk.hold(button.hold_id, by)
        if hold is not None and _offered(hold, button):
            try:
                modal = form(hold, button)
            except ValueError:
                await interaction.response.send_message(_TOO_LONG, ephemeral=True)
                return
            if modal is not None:
                await interaction.response.send_modal(modal)
                return
        await interaction.response.defer(ephemeral=True, thinking=True)
        decided = await self._word(button, by, {})
        await interaction.edit_original_response(content=decided.why[:2000])

    async def submitted(self, interaction: discord.Interaction[Any], custom_id: str) -> None:
        """A form came back; it carries the button that opened it, so it may be older than this process."""
        button = HoldButton.unpack(custom_id.removeprefix(FORM))
        if button is None:
            return
        by = await self._speaker(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        decided = await self._word(button, by, filled(interaction))
        await interaction.edit_original_response(content=decided.why[:2000])

    async def _word(self, button: HoldButton, by: Actor, said: dict[str, str]) -> Decided:
        desk, hold, sha = self._services.house.desk, button.hold_id, button.content_sha256
        if button.press == "acknowledge":
            return await desk.acknowledge(hold, by, sha)
        if button.press == "withdraw":
            return await desk.withdraw(hold, by, "")
        if button.press == "ask":
            return await desk.ask(hold, by, said.get("question", ""))
        typed, code = said.get("typed"), said.get("code")
        if button.press == "edit":
            changes = {k.removeprefix("field:"): v for k, v in said.items() if k.startswith("field:")}
            return await desk.edit(hold, by, changes=changes, reason="", content_sha256=sha, typed=typed, step_up=code)
        return await desk.decide(
            hold,
            by,
            approve=button.press == "approve",
            reason=said.get("reason", "").strip(),
            content_sha256=sha,
            typed=typed,
            step_up=code,
        )

    async def _speaker(self, interaction: discord.Interaction[Any]) -> Actor:
        user = interaction.user
        return await self._services.speaker(user.id, user.display_name, interaction.guild_id)


def _offered(hold: HoldView, button: HoldButton) -> bool:
    """Whether this person is asked for more; anything else goes to the desk as it is, and is refused there."""
    if hold.content_sha256 != button.content_sha256:
        return False
    return hold.may_ask if button.press == "ask" else hold.offer in ("decide", "self_ratify")
