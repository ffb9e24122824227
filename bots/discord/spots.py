"""Where something is said in Discord, as the text that the inbox and the outbox keep."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

CHANNEL = "discord"
DIRECT = "direct:"  # an outbox thread of this kind goes to a person: `direct:USER`
_DM, _NONE = "dm", "-"


@dataclass(frozen=True, slots=True)
class Spot:
    """One conversation: server, channel and, inside it, thread. The same channel number elsewhere is another one."""

    guild: int | None  # None: a direct message
    channel: int
    thread: int | None = None

    @property
    def target(self) -> int:
        """The id that messages are posted to."""
        return self.thread or self.channel

    def pack(self) -> str:
        """As the conversation's key."""
        return f"{self.guild or _DM}/{self.channel}/{self.thread or _NONE}"

    @classmethod
    def unpack(cls, key: str) -> Spot | None:
        """What `pack` made; None for anything else."""
        parts = key.split("/")
        if len(parts) != 3 or not parts[1].isdecimal():
            return None
        guild, channel, thread = parts
        if (guild != _DM and not guild.isdecimal()) or (thread != _NONE and not thread.isdecimal()):
            return None
        return cls(None if guild == _DM else int(guild), int(channel), None if thread == _NONE else int(thread))


def nonce(key: str, part: int) -> str:
    """The same part of the same outbox message always has the same nonce (Discord takes 25 characters), so that
    posting it again within a few minutes gives back the first one."""
    return hashlib.sha256(f"{key}:{part}".encode()).hexdigest()[:24]
