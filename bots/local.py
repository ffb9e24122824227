"""Delivery on this machine's own channels: the bridge, the API and the terminal read what is stored."""

from __future__ import annotations

import json

from store.outbox import OutboxMessage
from store.threads import Threads


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
            text = str(json.loads(message.body)["text"])
            await self._threads.add_notice(self._channel, message.thread, message.recipient, message.key, text)
        return message.key
