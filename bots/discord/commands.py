"""The `/trinity` commands, and "Ask Trinity about this" on a message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import discord
from discord import app_commands

from bots.bridge.present import money
from bots.chunks import pieces, utf16
from bots.discord import incoming
from bots.discord.service import DiscordServices
from bots.discord.spots import CHANNEL
from bots.inbound import Inbound
from organs.bundles import Actor, Role

if TYPE_CHECKING:
    from bots.discord.client import TrinityClient

NOBODY = discord.AllowedMentions.none()
ABOUT = "m2:"  # begins the id of the form that asks what is wanted of a message
_HOLDS = 10
_HELP = """**/trinity ask**, **c1** (coding), **c2** (reasoning), **c3** (creative): ask here, openly.
**/trinity holds**: what waits for a person, and may be seen by you.
**/trinity costs**: what was spent today.
**/trinity verify**: recompute the whole ledger.
**/trinity link**: say that another account is yours; a code proves it.
**/trinity mode**: where models run now. **/trinity pause**, **resume**: the brake, for commanders.
A right click on a message, Apps, “Ask Trinity about this”: ask about somebody's message."""

Interaction = discord.Interaction[Any]


class Trinity(app_commands.Group):
    """Every command; each asks the desk that the bridge asks."""

    def __init__(self, services: DiscordServices) -> None:
        super().__init__(name="trinity", description="Ask Trinity, and see what it does")
        self._services = services

    @app_commands.command(description="Ask Trinity something, openly in this channel")
    @app_commands.describe(question="What you want to know or have done")
    async def ask(self, interaction: Interaction, question: str) -> None:
        await self._ask(interaction, question, None)

    @app_commands.command(description="Ask the coding agent")
    async def c1(self, interaction: Interaction, question: str) -> None:
        await self._ask(interaction, question, "c1")

    @app_commands.command(description="Ask the reasoning agent")
    async def c2(self, interaction: Interaction, question: str) -> None:
        await self._ask(interaction, question, "c2")

    @app_commands.command(description="Ask the creative agent")
    async def c3(self, interaction: Interaction, question: str) -> None:
        await self._ask(interaction, question, "c3")

    @app_commands.command(description="What waits for a person")
    async def holds(self, interaction: Interaction) -> None:
        async def found(by: Actor) -> str:
            holds = await self._services.house.desk.holds(by, "pending")
            lines = [f"- **{h.summary}**, asked by {h.requester}. {h.why_not} `{h.id}`" for h in holds[:_HOLDS]]
            more = f"\nand {len(holds) - _HOLDS} more on the bridge page" if len(holds) > _HOLDS else ""
            return "\n".join(lines) + more if lines else "Nothing waits for a person that you may see."

        await self._say(interaction, found)

    @app_commands.command(description="What was spent today")
    async def costs(self, interaction: Interaction) -> None:
        async def found(by: Actor) -> str:
            purse = (await self._services.house.status.status()).purse
            return f"Today: {money(purse.spent)} spent, {money(purse.left)} left of {money(purse.limit)}."

        await self._say(interaction, found)

    @app_commands.command(description="Recompute the whole ledger")
    async def verify(self, interaction: Interaction) -> None:
        async def found(by: Actor) -> str:
            result = await self._services.house.ledger.verify(lambda _done, _total: None)
            return f"{result.sentence}\nRoot `{result.root}`" if result.root else result.sentence

        await self._say(interaction, found)

    @app_commands.command(description="Say that another account is yours, too")
    @app_commands.describe(account="such as slack:T024BE7LD/U2147483697 or email:ana@example.org", code="The code")
    async def link(self, interaction: Interaction, account: str, code: str | None = None) -> None:
        async def done(by: Actor) -> str:
            people = self._services.house.people
            said = await (people.link(by, account) if code is None else people.link_confirm(by, account, code))
            return said.why

        await self._say(interaction, done)

    @app_commands.command(description="Where models run now")
    async def mode(self, interaction: Interaction) -> None:
        async def found(by: Actor) -> str:
            status = await self._services.house.status.status()
            models = "\n".join(f"- {m.name}, {m.where}: {m.state}" for m in status.models)
            paused = " All actions and paid calls are paused." if status.paused else ""
            return f"Mode {status.mode}.{paused}\n{models}"

        await self._say(interaction, found)

    @app_commands.command(description="Stop all actions and all paid calls at once (commanders)")
    async def pause(self, interaction: Interaction) -> None:
        await self._brake(interaction, "pause")

    @app_commands.command(description="End the pause (commanders)")
    async def resume(self, interaction: Interaction) -> None:
        await self._brake(interaction, "resume")

    @app_commands.command(description="What Trinity can do here")
    async def help(self, interaction: Interaction) -> None:
        async def text(by: Actor) -> str:
            return _HELP

        await self._say(interaction, text)

    async def _brake(self, interaction: Interaction, what: Literal["pause", "resume"]) -> None:
        async def done(by: Actor) -> str:
            if by.role is not Role.COMMANDER:
                return "Only a commander may do that. Nothing was changed."
            status = self._services.house.status
            return await (status.pause(by) if what == "pause" else status.resume(by))

        await self._say(interaction, done)

    async def _ask(self, interaction: Interaction, question: str, agent: str | None) -> None:
        await asked(self._services, interaction, question, agent=agent)

    async def _say(self, interaction: Interaction, answer: Callable[[Actor], Awaitable[str]]) -> None:
        """An answer that only the one who asked sees, within Discord's three seconds or after a sign of work."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        user = interaction.user
        by = await self._services.speaker(user.id, user.display_name, interaction.guild_id)
        for part, text in enumerate(pieces(await answer(by), 2000, length=utf16)[:3]):
            if part == 0:
                await interaction.edit_original_response(content=text, allowed_mentions=NOBODY)
            else:
                await interaction.followup.send(text, ephemeral=True, allowed_mentions=NOBODY)


async def asked(
    services: DiscordServices,
    interaction: Interaction,
    question: str,
    *,
    agent: str | None = None,
    quoted: tuple[str, ...] = (),
) -> None:
    """A question by command: kept first, then shown, then answered by a post of its own, which outlives the token."""
    client: TrinityClient = interaction.client
    user = interaction.user
    by = await services.speaker(user.id, user.display_name, interaction.guild_id)
    spot = incoming.spot_of(interaction.channel, interaction.guild_id)
    taken = Inbound(
        channel=CHANNEL,
        event_id=f"i{interaction.id}",
        thread=spot.pack(),
        actor=by,
        text=question,
        quoted=quoted,
        agent=agent,
        locale=interaction.locale.value,
    )
    refused = await client.receive(taken, spot, None)
    if refused is not None:
        await interaction.response.send_message(refused[:2000], ephemeral=True)
        return
    shown = pieces(f"{user.display_name} asks: {question}", 1900, length=utf16)[0]
    await interaction.response.send_message(shown, allowed_mentions=NOBODY)


def add_commands(tree: app_commands.CommandTree[TrinityClient], services: DiscordServices) -> None:
    """Declare every command on the tree."""
    tree.add_command(Trinity(services))

    @tree.context_menu(name="Ask Trinity about this")
    async def about(interaction: Interaction, message: discord.Message) -> None:
        modal = discord.ui.Modal(title="Ask Trinity about this", custom_id=f"{ABOUT}{message.id}", timeout=900)
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="question",
            style=discord.TextStyle.paragraph,
            max_length=2000,
            default="What does this mean?",
        )
        modal.add_item(discord.ui.Label(text="What do you want to know?", component=field))
        client: TrinityClient = interaction.client
        client.remember(message.id, message.content)
        await interaction.response.send_modal(modal)

    @tree.error
    async def failed(interaction: Interaction, error: app_commands.AppCommandError) -> None:
        client: TrinityClient = interaction.client
        client.command_failed(error)
        sentence = f"Something went wrong here at {datetime.now(UTC):%H:%M:%S} UTC, and nothing was done. Try again."
        if interaction.response.is_done():
            await interaction.edit_original_response(content=sentence)
        else:
            await interaction.response.send_message(sentence, ephemeral=True)
