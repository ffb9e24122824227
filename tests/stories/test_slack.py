"""A whole process on Slack: a mention becomes one answer in its thread, whatever comes twice or is killed."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.instance import REPO, Instance
from tests.platforms.slack_server import APP_TOKEN, BOT_TOKEN, SlackServer, wait_for

CRASHING = Path(__file__).with_name("crashing_slack.py")
POINTS = (
    "before:receive",
    "after:receive",
    "after:seal",
    "before:finish",
    "after:finish",
    "before:post",
    "after:post",
    "after:sent",
)


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


@pytest.mark.parametrize("point", POINTS)
def test_killed_between_two_steps_nothing_is_lost_or_doubled(home: Path, slack: SlackServer, point: str) -> None:
    instance = connected(home, slack)
    instance.environment |= {"CRASH_AT": point, "PYTHONPATH": str(REPO)}
    instance.command = [sys.executable, str(CRASHING)]
    instance.start()
    wait_for(lambda: slack.connected, what="the connection")
    ts, sent = slack.mention("U1", "what is 6 * 7?")
    assert instance.process is not None
    assert instance.process.wait(60) == -9
    instance.command = None
    instance.start()
    try:
        wait_for(lambda: slack.ours("C1", ts), 60, "the answer")
        wait_for(lambda: all(one.acked for one in sent), 60, "the acknowledgement")
        # One thread's messages go out in order: once the next one is there, nothing of the first is outstanding.
        slack.mention("U1", "what is 5 * 3?", thread_ts=ts)
        wait_for(lambda: any("15" in m["text"] for m in slack.ours("C1", ts)), 60, "the next answer")
        assert ["42" in m["text"] for m in slack.ours("C1", ts)] == [True, False]
    finally:
        instance.stop()


def test_killed_at_random_under_load_every_mention_has_one_answer(home: Path, slack: SlackServer) -> None:
    chance = random.Random(7)
    instance = connected(home, slack)
    asked: list[str] = []
    for _life in range(3):
        instance.start()
        wait_for(lambda: slack.connected, what="the connection")
        for _ in range(8):
            asked.append(slack.mention("U1", "what is 6 * 7?", f"C{chance.randrange(5)}")[0])
            time.sleep(chance.uniform(0, 0.1))
        time.sleep(chance.uniform(0.1, 1.0))
        instance.kill()
    instance.start()
    try:
        wait_for(lambda: all(slack.ours(thread_ts=ts) for ts in asked), 90, "every answer")
        marks = [slack.mention("U1", "hello", f"C{n}")[0] for n in range(5)]
        wait_for(lambda: all(slack.ours(thread_ts=ts) for ts in marks), 90, "the last answers")
    finally:
        instance.stop()
    assert {ts: len(slack.ours(thread_ts=ts)) for ts in asked} == dict.fromkeys(asked, 1)


def test_a_token_that_is_not_accepted_is_said_with_its_remedy(home: Path, slack: SlackServer) -> None:
    instance = Instance(home, SLACK_API_URL=slack.api_url, SLACK_BOT_TOKEN="-".join(("xoxb", "other")))
    instance.environment |= {"SLACK_APP_TOKEN": APP_TOKEN}
    instance.start()
    try:
        detail = wait_for(lambda: _detail(instance, "SLACK_BOT_TOKEN"), what="the sentence")
        assert "OAuth & Permissions" in detail
        assert "xoxb" not in instance.log()
        assert instance.ask("what is 6 * 7?")["verdict"] == "SEAL"
    finally:
        assert instance.stop() == 0


def _detail(instance: Instance, words: str) -> str | None:
    detail = str(instance.get("/readyz", check=False).json()["parts"]["slack"]["detail"])
    return detail if words in detail else None


def test_a_verb_by_itself_does_not_stand_in_for_the_bot(home: Path, slack: SlackServer) -> None:
    """`trinity ask` with no server running lives for one question: it must not take a team's mentions and leave."""
    alone = connected(home, slack)
    home.mkdir(parents=True, exist_ok=True)
    asked = alone.run("ask", "what is the capital of Mongolia?", "--json")
    assert asked.returncode == 0, asked.stderr.decode()
    assert "apps.connections.open" not in {call.method for call in slack.calls}
