"""What is shown while an answer is on its way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from bots.progress import Progress
from bots.slack.budget import Budget
from bots.slack.places import Where
from bots.slack.status import Working
from bots.slack.web import open_web
from tests.platforms.slack_server import BOT_TOKEN, TEAM, SlackServer

WHERE = Where(TEAM, "C1", "1.1")


class Running:
    """An exchange that takes as long as a test wants."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    async def follow(self, exchange_id: str) -> AsyncIterator[Progress]:
        yield Progress(exchange_id, "222", "started", None, "three answers are weighed")
        await self.over.wait()


@pytest.mark.parametrize("status_line", [True, False])
async def test_a_status_is_shown_and_goes_away(status_line: bool) -> None:
    with SlackServer().running() as slack:
        slack.status_line = status_line
        web, running = open_web(BOT_TOKEN, slack.api_url), Running()
        try:
            showing = asyncio.create_task(Working(running, web, Budget()).show("ex_1", WHERE))
            async with asyncio.timeout(10):
                while not (slack.statuses or slack.messages):
                    await asyncio.sleep(0.02)
            said = slack.statuses[0][2] if status_line else slack.messages[0]["text"]
            assert "three answers are weighed" in said
            running.over.set()
            await asyncio.wait_for(showing, 10)
        finally:
            await web.close()
        assert slack.messages == []
        assert len(slack.statuses) == status_line  # the answer itself clears it
        assert slack.faults == []


async def test_a_quick_answer_needs_no_status() -> None:
    with SlackServer().running() as slack:
        web, running = open_web(BOT_TOKEN, slack.api_url), Running()
        running.over.set()
        try:
            await asyncio.wait_for(Working(running, web, Budget()).show("ex_1", WHERE), 10)
        finally:
            await web.close()
        assert slack.calls == []


async def test_a_status_that_came_after_the_answer_is_taken_back() -> None:
    with SlackServer().running() as slack:
        web, running = open_web(BOT_TOKEN, slack.api_url), Running()
        loop = asyncio.get_running_loop()
        real = slack._do_assistant_threads_setStatus

        def slow(args: dict[str, str]) -> dict[str, object]:
            answer = real(args)
            if args["status"]:  # the exchange ends while the platform still answers
                loop.call_soon_threadsafe(running.over.set)
                time.sleep(0.3)
            return answer

        slack._do_assistant_threads_setStatus = slow  # type: ignore[method-assign]
        try:
            await asyncio.wait_for(Working(running, web, Budget()).show("ex_1", WHERE), 10)
        finally:
            await web.close()
        assert [bool(one[2]) for one in slack.statuses] == [True, False]
