"""Where something is in Slack, as the texts that the inbox and the outbox keep."""

from __future__ import annotations

from dataclasses import dataclass

from holds.notices import Place
from store.people import Person

CHANNEL = "slack"  # the name of this channel in inbox, outbox and `Actor`
_DIRECT = "direct:"


@dataclass(frozen=True, slots=True)
class Where:
    """A thread. Ids of users and channels can repeat across workspaces, so the workspace is part of every key."""

    team: str
    channel: str
    thread_ts: str

    @property
    def key(self) -> str:
        """As the inbox and the outbox keep it."""
        return f"{self.team}/{self.channel}/{self.thread_ts}"

    @classmethod
    def parse(cls, key: str) -> Where | None:
        """What `key` made; None for anything else."""
        parts = key.split("/")
        return cls(*parts) if len(parts) == 3 and all(parts) else None


def direct(value: str) -> str:
    """The outbox thread for a message to one person; `value` is TEAM/USER."""
    return f"{_DIRECT}{value}"


def direct_user(thread: str) -> tuple[str, str] | None:
    """Team and user of a direct thread; None where it is none."""
    team, _, user = thread.removeprefix(_DIRECT).partition("/")
    return (team, user) if thread.startswith(_DIRECT) and team and user else None


@dataclass(frozen=True, slots=True)
class PlaceIn:
    """Where a person is reached in a workspace: their direct messages. Only declared or linked accounts count, since
    what waits for a decision must not go to an account that merely turned up."""

    team: str

    def __call__(self, person: Person) -> Place | None:
        if not person.active:
            return None
        for identity in person.identities:
            if identity.kind == CHANNEL and identity.how != "seen" and identity.value.startswith(f"{self.team}/"):
                return Place(CHANNEL, direct(identity.value))
        return None
