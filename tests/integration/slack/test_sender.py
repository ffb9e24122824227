"""The outbox's way into Slack: each part once, whatever happens between posting and noting it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bots.slack.budget import Budget
from bots.slack.sender import SlackSender
from bots.slack.web import Web, open_web, ours
from notifications.outbox import SendLater, SendRefused
from organs.outcome import Outcome
from store.outbox import OutboxMessage
from tests.platforms.slack_server import BOT_TOKEN, TEAM, SlackServer

LONG = "\n\n".join(f"Paragraph {n}: " + "some words that fill it " * 20 for n in range(60))


async def nothing(*_: str) -> None:
    return None


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer().running() as slack:
        yield slack
        assert slack.faults == []


@pytest.fixture
async def web(server: SlackServer) -> AsyncIterator[Web]:
    opened = open_web(BOT_TOKEN, server.api_url)
    yield opened
    await opened.close()


def message(reply: str, *, attempts: int = 1, thread: str = f"{TEAM}/C1/1.1") -> OutboxMessage:
    outcome = Outcome(exchange_id="ex_1", verdict="SEAL", lane="FACTUAL", reply=reply, floors={})
    return OutboxMessage(
        id=7,
        key="reply:ex_1:first",
        channel="slack",
        thread=thread,
        recipient="ana",
        kind="reply",
        body=outcome.model_dump_json(),
        exchange_id="ex_1",
        state="sending",
        attempts=attempts,
        platform_id=None,
        error=None,
        created_at=datetime.now(UTC) - timedelta(seconds=5),
        sent_at=None,
    )


def sender(web: Web, budget: Budget | None = None) -> SlackSender:
    return SlackSender(web, budget or Budget(), nothing, nothing)


async def said(one: SlackSender, reply: str, tries: int = 40) -> str:
    """As the outbox goes about it: again and again, looking first."""
    for attempt in range(1, tries):
        again = message(reply, attempts=attempt)
        try:
            return (await one.already_sent(again) if attempt > 1 else None) or await one.send(again)
        except Exception:
            continue
    raise AssertionError("it was never said")


async def test_a_long_answer_cut_off_in_the_middle_is_finished_and_not_repeated(server: SlackServer, web: Web) -> None:
    failing = (500, {"ok": False, "error": "fatal_error"}, {})
    posted = 0

    def count(args: dict[str, object]) -> None:
        nonlocal posted
        posted += 1
        if posted == 2:
            server.refuse["chat.postMessage"] = [failing, failing]

    server.before_post = count
    await said(sender(web), LONG)
    texts = [one["text"] for one in server.ours("C1")]
    assert len(texts) > 2
    for number in range(60):
        assert sum(f"Paragraph {number}:" in text for text in texts) == 1
    assert [one["metadata"]["event_payload"]["part"] for one in server.ours("C1")] == list(range(len(texts)))


async def test_what_another_life_posted_is_found(server: SlackServer, web: Web) -> None:
    first = await sender(web).send(message("short"))
    later = sender(web)
    assert await later.already_sent(message("short", attempts=2)) == first
    assert len(server.ours("C1")) == 1


async def test_a_wait_for_the_pace_asks_nothing_of_the_platform(server: SlackServer, web: Web) -> None:
    budget = Budget()
    budget.told_to_wait("C1", 60)
    one = sender(web, budget)
    with pytest.raises(SendLater):
        await one.send(message("short"))
    assert await one.already_sent(message("short", attempts=2)) is None
    assert server.calls == []


async def test_a_channel_that_is_gone_is_not_tried_for_ever(server: SlackServer, web: Web) -> None:
    server.refuse["chat.postMessage"] = [(200, {"ok": False, "error": "is_archived"}, {})]
    with pytest.raises(SendRefused):
        await sender(web).send(message("short"))


async def test_a_person_is_written_to_directly(server: SlackServer, web: Web) -> None:
    place = await sender(web).send(message("short", thread=f"direct:{TEAM}/U7"))
    assert place.startswith("D7/")


@pytest.mark.parametrize(
    ("url", "api", "may"),
    [
        ("https://files.slack.com/a", None, True),
        ("https://slack.com/a", None, True),
        ("http://files.slack.com/a", None, False),
        ("https://slack.com.example.org/a", None, False),
        ("https://example.org/files.slack.com", None, False),
        ("http://127.0.0.1:5/files/a", "http://127.0.0.1:5/api", True),
        ("http://127.0.0.1:6/files/a", "http://127.0.0.1:5/api", False),
    ],
)
def test_the_token_is_shown_to_slack_alone(url: str, api: str | None, may: bool) -> None:
    assert ours(url, api) is may
