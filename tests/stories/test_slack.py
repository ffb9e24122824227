"""A whole process on Slack: a mention becomes one answer in its thread, whatever comes twice or is killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.instance import Instance
from tests.platforms.slack_server import APP_TOKEN, BOT_TOKEN, SlackServer, wait_for


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer(redeliver_s=1.0).running() as server:
        server.person("U1", "Ana")
        yield server
        assert server.faults == []


def connected(home: Path, slack: SlackServer) -> Instance:
    return Instance(home, SLACK_API_URL=slack.api_url, SLACK_BOT_TOKEN=BOT_TOKEN, SLACK_APP_TOKEN=APP_TOKEN)


def test_a_mention_is_answered_once_in_its_thread(home: Path, slack: SlackServer) -> None:
    instance = connected(home, slack).start()
    try:
        wait_for(lambda: slack.connected, what="the connection")
        ts, sent = slack.mention("U1", "what is 6 * 7?")
        wait_for(lambda: all(one.acked for one in sent), what="the acknowledgement")
        wait_for(lambda: slack.ours("C1", ts), what="the answer")
        again = slack.deliver("events_api", sent[0].payload)
        wait_for(lambda: again.acked, what="the acknowledgement")
        ts2, _ = slack.direct("U1", "hello")
        wait_for(lambda: slack.ours("D1", ts2), what="the answer")
        (answer,) = slack.ours("C1", ts)
        assert "42" in answer["text"]
        assert "SEAL" in answer["text"]
        assert "receipt" in answer["text"]
        part = instance.get("/readyz").json()["parts"]["slack"]
        assert part["ready"]
        assert "last event" in part["detail"]
    finally:
        assert instance.stop() == 0
