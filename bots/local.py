"""Delivery on this machine's own channels: the bridge, the API and the terminal read what is stored."""

from __future__ import annotations

import json

from holds.notices import Place
from store.outbox import OutboxMessage
from store.people import Person
from store.threads import Threads

NOTICES = "notices"  # the thread in which the bridge keeps what a person is told unasked


def on_the_bridge(person: Person) -> Place | None:
    """The way to reach a person that is always there: their own notices on the bridge, seen at the next look."""
    return Place("bridge", f"{person.id}/{NOTICES}") if person.active else None


class ThreadSender:
    """A reply is delivered once it is stored; what is said unasked becomes a line of its thread."""

    def __init__(self, channel: str, threads: Threads) -> None:
        self._channel, self._threads = channel, threads

    @property
    def channel(self) -> str:
        return self._channel

    async def send(self, message: OutboxMessage) -> str:
        """Keep an unasked message as a notice; saying the same key again adds nothing."""
        if message.kind != "reply" and message.recipient is not None:
            said = json.loads(message.body)
            text = str(said["text"])
            if "hold" in said:  # its name, which the page turns into a link
                text += f"\n({said['hold']})"
            await self._threads.add_notice(self._channel, message.thread, message.recipient, message.key, text)
        return message.key
