"""Slack's message events, read: who said what where. No rule is made here and nothing is asked of anybody."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bots.slack.places import Where

_ADDRESS = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_SAID = (None, "file_share", "thread_broadcast")


@dataclass(frozen=True, slots=True)
class File:
    """A file that was shared with a message, not fetched yet."""

    name: str
    media_type: str
    url: str
    size: int


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody addressed Trinity. `edited` is the edit's time where it is an edit of an earlier message."""

    where: Where
    ts: str
    user: str
    home: str | None  # the author's own workspace, where it is another one
    text: str
    files: tuple[File, ...] = ()
    direct: bool = False
    edited: str | None = None

    @property
    def event_id(self) -> str:
        """One message is one exchange, however often and under whatever event types it is delivered."""
        return self.first_id if self.edited is None else f"{self.first_id}/{self.edited}"

    @property
    def first_id(self) -> str:
        """The id of the message as it was first said."""
        return f"{self.where.team}/{self.where.channel}/{self.ts}"

    @property
    def in_thread(self) -> bool:
        return self.where.thread_ts != self.ts


@dataclass(frozen=True, slots=True)
class Gone:
    """A message was deleted."""

    where: Where
    ts: str

    @property
    def event_id(self) -> str:
        """The id that the message had when it was said."""
        return f"{self.where.team}/{self.where.channel}/{self.ts}"


def read_message(body: Mapping[str, Any], bot_user: str, bot_id: str) -> Said | Gone | None:
    """What a `message` or `app_mention` event says to Trinity; None for what is not meant for it.

    Other bots are nobody, and so is Trinity itself: neither is answered.
    """
    event = body.get("event") or {}
    team, channel = str(body.get("team_id") or ""), str(event.get("channel") or "")
    if not team or not channel:
        return None
    subtype = event.get("subtype")
    if subtype == "message_deleted":
        before = event.get("previous_message") or {}
        ts = str(event.get("deleted_ts") or before.get("ts") or "")
        return Gone(Where(team, channel, str(before.get("thread_ts") or ts)), ts) if ts else None
    if subtype == "message_changed":
        return _edited(event, team, channel, bot_user, bot_id)
    if subtype not in _SAID:
        return None
    return _said(event, event, team, channel, bot_user, bot_id)


def _edited(event: Mapping[str, Any], team: str, channel: str, bot_user: str, bot_id: str) -> Said | None:
    now, before = event.get("message") or {}, event.get("previous_message") or {}
    edit = now.get("edited") or {}
    if not edit.get("ts") or now.get("text") == before.get("text"):
        return None  # a preview was added, a reaction counted: nobody changed the words
    if now.get("subtype") not in _SAID:
        return None
    return _said(now, event, team, channel, bot_user, bot_id, str(edit["ts"]))


def _said(
    message: Mapping[str, Any],
    event: Mapping[str, Any],
    team: str,
    channel: str,
    bot_user: str,
    bot_id: str,
    edited: str | None = None,
) -> Said | None:
    user, ts = str(message.get("user") or ""), str(message.get("ts") or "")
    if not user or not ts or user == bot_user or message.get("bot_id") or message.get("hidden"):
        return None
    raw = str(message.get("text") or "")
    direct = event.get("channel_type") == "im" or channel.startswith("D")
    if not direct and f"<@{bot_user}>" not in raw and event.get("type") != "app_mention":
        return None
    home = message.get("user_team") or message.get("source_team") or event.get("user_team")
    return Said(
        where=Where(team, channel, str(message.get("thread_ts") or ts)),
        ts=ts,
        user=user,
        home=str(home) if home and home != team else None,
        text=plain(raw, bot_user),
        files=tuple(_files(message)),
        direct=direct,
        edited=edited,
    )


def _files(message: Mapping[str, Any]) -> list[File]:
    found = []
    for one in message.get("files") or []:
        url = str(one.get("url_private_download") or one.get("url_private") or "")
        kind = str(one.get("mimetype") or "application/octet-stream")
        found.append(File(str(one.get("name") or one.get("title") or "file"), kind, url, int(one.get("size") or 0)))
    return found


def plain(text: str, bot_user: str) -> str:
    """Slack's wire text as a person reads it, without the mention of Trinity itself."""

    def shown(found: re.Match[str]) -> str:
        inner, label = found[1], found[2]
        if inner == f"@{bot_user}":
            return ""
        if inner.startswith(("@", "#")):
            return f"{inner[0]}{label or inner[1:]}"
        if inner.startswith("!"):
            return label or f"@{inner[1:].split('^')[0]}"
        address = inner.removeprefix("mailto:")
        return address if not label or label in (inner, address) else f"{label} ({address})"

    return html.unescape(_ADDRESS.sub(shown, text)).strip()
