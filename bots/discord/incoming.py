"""A Discord message as the conversation takes it: who, where, which words, what material."""

from __future__ import annotations

import asyncio
import re

import discord

from bots.attachments import MAX_BYTES
from bots.discord.service import DiscordServices
from bots.discord.spots import CHANNEL, Spot
from bots.inbound import Attachment, Inbound

STOP = frozenset(
    {"stop", "stop it", "stop please", "please stop", "cancel", "halt", "stopp", "para", "arrête", "ferma"}
)
_FILES = 8
_FETCH_S = 20.0
_ORDINARY = (discord.MessageType.default, discord.MessageType.reply)
_ANSWER_ABOVE = "Please answer this message."


def spot_of(channel: object, guild: int | None) -> Spot:
    """The conversation that a channel or a thread in it is."""
    number = int(channel.id)  # type: ignore[attr-defined]  # every kind of channel has an id
    parent = getattr(channel, "parent_id", None) if isinstance(channel, discord.Thread) else None
    return Spot(guild, number) if parent is None else Spot(guild, int(parent), number)


def meant_for(message: discord.Message, me: int) -> bool:
    """Whether a message speaks to Trinity: a direct message, or one that mentions it. Other bots never do."""
    if message.author.bot or message.webhook_id is not None or message.type not in _ORDINARY:
        return False
    return message.guild is None or any(user.id == me for user in message.mentions)


def words(message: discord.Message, me: int) -> str:
    """What was said, without the mention of Trinity and with the names of others in place of their numbers."""
    text = re.sub(rf"<@!?{me}>", "", message.content)
    for user in message.mentions:
        text = re.sub(rf"<@!?{user.id}>", lambda _, name=user.display_name: f"@{name}", text)  # type: ignore[misc]
    return text.strip()


def above(message: discord.Message, me: int) -> str | None:
    """The text of the message that this one answers; None for Trinity's own, which the thread knows already."""
    found = message.reference.resolved if message.reference is not None else None
    if not isinstance(found, discord.Message) or found.author.id == me:
        return None
    return found.content.strip() or None


async def inbound(services: DiscordServices, message: discord.Message, me: int, event_id: str) -> Inbound | None:
    """The message for the conversation; None where it says nothing and points at nothing."""
    text, quoted = words(message, me), above(message, me)
    files = await attached(message.attachments)
    if not text and quoted is None and not files:
        return None
    guild = message.guild.id if message.guild is not None else None
    actor = await services.speaker(message.author.id, message.author.display_name, guild)
    return Inbound(
        channel=CHANNEL,
        event_id=event_id,
        thread=spot_of(message.channel, guild).pack(),
        actor=actor,
        text=text or _ANSWER_ABOVE,
        attachments=files,
        quoted=() if quoted is None else (quoted,),
        locale=message.guild.preferred_locale.value if message.guild is not None else None,
    )


async def attached(files: list[discord.Attachment]) -> tuple[Attachment, ...]:
    """The files as untrusted material. What is too large or could not be fetched stands there by name, so that the
    answer says so."""
    found = [await _file(one) for one in files[:_FILES]]
    if len(files) > _FILES:
        found.append(Attachment(f"{len(files) - _FILES} more (at most {_FILES} files a message)", "", b""))
    return tuple(found)


async def _file(one: discord.Attachment) -> Attachment:
    kind = one.content_type or "application/octet-stream"
    if one.size > MAX_BYTES:
        return Attachment(f"{one.filename} (larger than 1 MB)", "application/octet-stream", b"")
    if kind.startswith("image/"):
        return Attachment(one.filename, kind, b"")  # nobody here can see it: it is named, not fetched
    try:
        async with asyncio.timeout(_FETCH_S):
            return Attachment(one.filename, kind, await one.read())
    except (discord.HTTPException, OSError, TimeoutError):
        return Attachment(f"{one.filename} (could not be fetched from Discord)", "application/octet-stream", b"")
