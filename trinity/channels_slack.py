"""The wiring of Slack: what it is given where its tokens are set."""

from __future__ import annotations

from bots.bridge.hold_port import DeskPort
from bots.bridge.ports import LedgerPort
from bots.bridge.services import Part, StatusDesk
from bots.conversation import Conversation
from bots.feedback import Feedback
from bots.slack.start import Slack, SlackKeys, SlackParts
from holds.desk import HoldDesk
from holds.running import Runner
from manifest.routing import load_routing
from manifest.settings import Settings
from notifications.outbox import Delivery
from router.usage import By, UsageRow, usage
from store.engine import Database
from store.forgetting import forget_message
from store.inbox import Inbox
from store.outbox import Outbox
from store.people import People
from trinity.deciding import Deciding
from vault.ledger import Ledger

__all__ = ["Slack", "slack_part", "wire_slack"]


def wire_slack(
    settings: Settings,
    database: Database,
    ledger: Ledger,
    people: People,
    inbox: Inbox,
    outbox: Outbox,
    conversation: Conversation,
    desk: HoldDesk,
    deciding: Deciding,
    runner: Runner,
    delivery: Delivery,
    feedback: Feedback,
    status: StatusDesk,
) -> Slack | None:
    """The bot, not started; None where no token is set."""
    if settings.slack_bot_token is None:
        return None

    async def money(by: By, since: str) -> list[UsageRow]:
        return await usage(database, by, since=since)

    async def forget(channel: str, event_id: str) -> int:
        return await forget_message(database, channel, event_id)

    return Slack(
        SlackParts(
            keys=SlackKeys(
                bot_token=settings.slack_bot_token,
                app_token=settings.slack_app_token,
                signing_secret=settings.slack_signing_secret,
                api_url=settings.slack_api_url,
                host=settings.host,
                http_port=settings.slack_http_port,
            ),
            conversation=conversation,
            inbox=inbox,
            outbox=outbox,
            people=people,
            desk=desk,
            holds=DeskPort(desk, people, deciding.editing, runner),
            places=deciding.places,
            delivery=delivery,
            feedback=feedback,
            ledger=LedgerPort(ledger),
            status=status,
            accounts=deciding.people,
            usage=money,
            forget=forget,
            choices=load_routing(settings.home).channels,
        )
    )


def slack_part(slack: Slack | None) -> Part:
    """For /readyz and `trinity doctor`, where Slack is not set up too."""
    if slack is None:
        return Part("slack", True, "Not set up: set SLACK_BOT_TOKEN and SLACK_APP_TOKEN (docs/slack.md).")
    return slack.part()
