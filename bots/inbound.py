"""What a channel hands to the conversation and what it gets back: one set of words for all channels."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime

from organs.bundles import Actor, Proof, Role
from organs.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message; always untrusted material."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message as a channel received it. `event_id` is the platform's own id: a repeat makes no second exchange."""

    channel: str
    event_id: str
    thread: str
    actor: Actor
    text: str
    attachments: tuple[Attachment, ...] = ()
    quoted: tuple[str, ...] = ()
    agent: str | None = None
    locale: str | None = None
    route: str | None = None  # online, offline, hybrid or a model's name, for this message alone

    def to_json(self) -> str:
        """The inbox row's payload."""
        return json.dumps(
            {
                "channel": self.channel,
                "event_id": self.event_id,
                "thread": self.thread,
                "actor": {
                    "person": self.actor.person,
                    "name": self.actor.name,
                    "role": self.actor.role.value,
                    "proof": self.actor.proof.value,
                    "channel": self.actor.channel,
                },
                "text": self.text,
                "attachments": [[a.name, a.media_type, base64.b64encode(a.data).decode()] for a in self.attachments],
                "quoted": list(self.quoted),
                "agent": self.agent,
                "locale": self.locale,
                "route": self.route,
            },
            ensure_ascii=True,  # lone surrogates survive as escapes until INIT has looked at them
        )

    @classmethod
    def from_json(cls, payload: str) -> Inbound:
        """The message that `to_json` wrote."""
        raw = json.loads(payload)
        actor = raw["actor"]
        return cls(
            channel=raw["channel"],
            event_id=raw["event_id"],
            thread=raw["thread"],
            actor=Actor(actor["person"], actor["name"], Role(actor["role"]), Proof(actor["proof"]), actor["channel"]),
            text=raw["text"],
            attachments=tuple(Attachment(n, m, base64.b64decode(d)) for n, m, d in raw["attachments"]),
            quoted=tuple(raw["quoted"]),
            agent=raw["agent"],
            locale=raw["locale"],
            route=raw.get("route"),
        )


@dataclass(frozen=True, slots=True)
class Accepted:
    """The message is a committed row; `duplicate` says that this event had come before."""

    exchange_id: str
    duplicate: bool


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One exchange of a thread, or (`notice`) something Trinity said there unasked."""

    exchange_id: str
    text: str
    outcome: Outcome | None
    notice: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ThreadItem:
    """One line of a person's thread list."""

    thread: str
    title: str
    last_at: datetime


class NotAccepted(Exception):
    """The message was not taken in; `sentence` tells the person so, and `status` is what HTTP says."""

    def __init__(self, sentence: str, status: int, *, retry_after_s: int | None = None) -> None:
        self.sentence, self.status, self.retry_after_s = sentence, status, retry_after_s
        super().__init__(sentence)
