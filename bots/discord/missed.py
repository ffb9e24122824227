"""What was said to Trinity while it was away: Discord repeats it only within a session, so it is looked up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import discord

from bots.discord.service import DiscordServices
from bots.discord.spots import CHANNEL, Spot

if TYPE_CHECKING:
    from bots.discord.client import TrinityClient

_OLDEST = timedelta(hours=24)  # what is older is asked again by its writer, if it still matters
_OVERLAP = timedelta(minutes=10)  # messages kept out of order around a crash; what was kept is not kept twice
_EACH = 100  # messages of a channel
_DIRECT = 100  # direct conversations, the latest ones


async def missed(client: TrinityClient, services: DiscordServices, now: datetime) -> AsyncIterator[discord.Message]:
    """The messages after the last one kept, channel by channel, oldest first.

    Whether they speak to Trinity, and whether they were kept already, is for the receiver to see.
    """
    last = await services.inbox.last_received(CHANNEL) or now  # the very first one may have been missed, too
    since = discord.Object(discord.utils.time_snowflake(max(last - _OVERLAP, now - _OLDEST)))
    for target in await _places(client, services, since.id):
        try:
            async for message in client.get_partial_messageable(target).history(
                limit=_EACH, after=since, oldest_first=True
            ):
                yield await _with_guild(client, message, target)
        except (discord.Forbidden, discord.NotFound):
            continue  # a channel that Trinity may not read, or that is gone


async def _with_guild(client: TrinityClient, message: discord.Message, target: int) -> discord.Message:
    """The message as an event would have brought it: with the channel and the server it stands in."""
    found = client.get_channel(target)
    if found is None or not isinstance(found, discord.abc.Messageable):
        return message
    return await found.fetch_message(message.id) if getattr(found, "guild", None) is not None else message


async def _places(client: TrinityClient, services: DiscordServices, since: int) -> list[int]:
    """Channels and threads in which something was said after that moment, and the latest direct conversations."""
    channels: list[discord.TextChannel | discord.VoiceChannel | discord.Thread] = []
    for guild in client.guilds:
        channels += [*guild.text_channels, *guild.voice_channels, *guild.threads]
    found = [channel.id for channel in channels if (channel.last_message_id or 0) >= since]
    for thread in await services.inbox.latest_threads(CHANNEL, _DIRECT):
        spot = Spot.unpack(thread)
        if spot is not None and spot.guild is None:
            found.append(spot.target)
    return list(dict.fromkeys(found))
