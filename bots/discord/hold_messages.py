"""Holds in Discord: what is asked, with which buttons, and what a copy of it says once it is decided."""

from __future__ import annotations

import json
from dataclasses import dataclass

import discord

from bots.bridge.hold_words import HoldView
from bots.bridge.present import hold_word
from bots.discord import texts
from bots.discord.hold_buttons import view_for
from bots.discord.service import DiscordServices, actor_of
from holds.record import HoldRecord
from store.outbox import OutboxDraft, OutboxMessage

COPY = "hold-copy"  # the kind of an outbox row that brings one posted message up to date
_NOTICE = "hold-notice:"
_PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Copy:
    """One message about a hold that was posted earlier."""

    channel: int
    message: int
    hold: str
    person: str
    text: str


class HoldMessages:
    """Holds as texts and buttons for one person; what may be decided is asked of the desk each time."""

    def __init__(self, client: discord.Client, services: DiscordServices) -> None:
        self._client, self._services = client, services

    async def asked(self, text: str, hold: str, person: str) -> tuple[str, discord.ui.View | None]:
        """A notice with the exact content and the buttons that this person is offered."""
        found = await self._view(hold, person)
        if found is None:
            return text, None
        return _whole(text, found), view_for(found)

    def is_copy(self, message: OutboxMessage) -> Copy | None:
        """The copy that a row is about, None for a row that says something new."""
        if message.kind != COPY:
            return None
        body = json.loads(message.body)
        channel, _, number = str(body["copy"]).partition("/")
        return Copy(int(channel), int(number), str(body["hold"]), str(message.recipient), str(body["text"]))

    async def update(self, copy: Copy) -> str:
        """Write the outcome into a copy and take its buttons away, with the bot's own token: no time limit."""
        found = await self._view(copy.hold, copy.person)
        where = f"{copy.channel}/{copy.message}"
        if found is None or found.state == _PENDING:
            return where
        asked = texts.cut(_whole(copy.text, found))
        outcome = outcome_line(found)
        # With several parts only the last one is ours to edit: it keeps what it said, below the outcome.
        said = texts.cut(f"{outcome}\n\n{asked.texts[-1]}").texts
        text = said[0] if len(said) == 1 else f"{outcome}\n{found.summary}"[: texts.LIMIT]
        channel = self._client.get_partial_messageable(copy.channel)
        edited = channel.get_partial_message(copy.message)
        await edited.edit(content=text, view=None, allowed_mentions=discord.AllowedMentions.none())
        return where

    async def decided(self, record: HoldRecord) -> int:
        """Have every copy of a hold brought up to date; how many rows were written."""
        if record.state == "open":
            return 0
        written = 0
        for row in await self._services.outbox.sent_with_key(f"{_NOTICE}{record.id}:", "discord"):
            if row.platform_id is None:
                continue
            text, _ = texts.notice(row.body)
            body = json.dumps({"copy": row.platform_id, "hold": record.id, "text": text}, ensure_ascii=False)
            written += await self._services.outbox.put(
                OutboxDraft(f"{COPY}:{record.state}:{row.key}", "discord", row.thread, body, row.recipient, COPY)
            )
        if written:
            self._services.delivery.wake()
        return written

    async def sweep(self) -> int:
        """The same for every hold of which this process did not see the decision; how many rows."""
        rows = await self._services.outbox.sent_with_key(_NOTICE, "discord")
        written = 0
        for hold in dict.fromkeys(row.key.split(":")[1] for row in rows):
            record = await self._services.desk.get(hold)
            if record is not None:
                written += await self.decided(record)
        return written

    async def _view(self, hold: str, person_id: str) -> HoldView | None:
        person = await self._services.people.person(person_id)
        if person is None or not person.active:
            return None
        user = next((i.value for i in person.identities if i.kind == "discord" and i.how != "seen"), "")
        return await self._services.house.desk.hold(hold, actor_of(person, user))


def _whole(text: str, hold: HoldView) -> str:
    """The notice, then exactly what is decided about."""
    if hold.crisis:
        return text
    fence = "```"
    while fence in hold.content:
        fence += "`"
    content = f"{fence}\n{hold.content}\n{fence}"
    return f"{text}\n\n**This is decided about, exactly:**\n{content}\n-# Hold {hold.id} · {hold.effect}"


def outcome_line(hold: HoldView) -> str:
    """The outcome in words, with who and when."""
    word = hold_word(hold.state).word
    steps = [
        f"{event.by} {event.what}, {event.at:%Y-%m-%d %H:%M} UTC{f' ({event.reason})' if event.reason else ''}"
        for event in hold.events
        if not event.text
    ]
    said = "; ".join(steps)
    return f"**{word}.** {said}{'.' if said else ''} {hold.result}".rstrip()
