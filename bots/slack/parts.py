"""What Slack needs of the rest of the house; the roof hands it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from bots.bridge.hold_words import Desk
from bots.bridge.people_words import PeopleDesk
from bots.bridge.ports import LedgerPort
from bots.bridge.services import StatusDesk
from bots.conversation import Conversation
from bots.feedback import Feedback
from holds.desk import HoldDesk
from holds.notices import Places
from manifest.routing import ChannelChoice
from notifications.outbox import Delivery
from router.usage import By, UsageRow
from store.inbox import Inbox
from store.outbox import Outbox
from store.people import People


@dataclass(frozen=True, slots=True)
class SlackKeys:
    """One workspace's tokens. With an app token the connection is Socket Mode, else signed HTTP."""

    bot_token: SecretStr
    app_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    api_url: str | None = None
    host: str = "127.0.0.1"
    http_port: int = 3101


@dataclass(frozen=True, slots=True)
class SlackParts:
    """Everything that a message, a click or a command may reach."""

    keys: SlackKeys
    conversation: Conversation
    inbox: Inbox
    outbox: Outbox
    people: People
    desk: HoldDesk
    holds: Desk  # holds as one viewer sees them, and what that person may do
    places: Places
    delivery: Delivery
    feedback: Feedback
    ledger: LedgerPort
    status: StatusDesk = field(repr=False)
    accounts: PeopleDesk  # linking accounts by code
    usage: Callable[[By, str], Awaitable[list[UsageRow]]]  # by what, since which day
    forget: Callable[[str, str], Awaitable[int]]  # takes a deleted message out of the context
    choices: Mapping[str, ChannelChoice]  # routing.toml's, by "slack:CHANNEL"

    def choice(self, channel: str) -> ChannelChoice:
        """What was declared for a channel: where its models may run, and which agent answers."""
        return self.choices.get(f"slack:{channel}") or ChannelChoice()
