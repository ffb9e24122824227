"""As crashing.py, with the steps that only Slack has; for test_slack.py."""

from __future__ import annotations

from bots.slack.sender import SlackSender
from store.inbox import Inbox
from store.outbox import Outbox
from tests.stories import crashing

crashing.STEPS |= {
    "receive": (Inbox, "receive"),
    "post": (SlackSender, "_post"),
    "sent": (Outbox, "sent"),
}

if __name__ == "__main__":
    crashing.main()
