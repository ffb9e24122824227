"""The outbox's way into Discord, with the real library against Discord's protocol on loopback."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import discord as library
import pytest

from bots.discord.budget import POSTS, Budget
from bots.discord.client import TrinityClient
from bots.discord.service import DiscordServices
from bots.discord.spots import Spot
from notifications.outbox import SendLater, SendRefused
from organs.outcome import Outcome
from store.engine import Database
from store.inbox import Inbox
from store.outbox import OutboxMessage
from tests.platforms.discord_server import CHANNEL, GUILD, DiscordServer

THREAD = Spot(GUILD, CHANNEL).pack()
TOKEN = secrets.token_hex(24)


@pytest.fixture
def database_url() -> None:
    """These tests are about Discord: SQLite alone."""


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(TOKEN) as running:
        yield running
        assert running.faults == []


@pytest.fixture
async def client(
    server: DiscordServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TrinityClient]:
    monkeypatch.setattr(library.http.Route, "BASE", server.api)
    services = cast(DiscordServices, SimpleNamespace(inbox=Inbox(database)))
    made = TrinityClient(services)
    await made.login(TOKEN)
    yield made
    await made.close()


def row(body: str, *, key: str = "k1", kind: str = "reply", thread: str = THREAD, attempts: int = 1) -> OutboxMessage:
    return OutboxMessage(
        1, key, "discord", thread, None, kind, body, None, "sending", attempts, None, None, datetime.now(UTC), None
    )


def outcome(reply: str, **more: Any) -> str:
    made = Outcome(exchange_id="ex_1", verdict="SEAL", lane="FACTUAL", reply=reply, floors={}, **more)
    return made.model_dump_json()


async def test_a_post_whose_answer_was_lost_is_not_said_twice(client: TrinityClient, server: DiscordServer) -> None:
    server.drop_after_post = 1
    with pytest.raises(Exception):  # noqa: B017 - the connection broke: whatever the library makes of it
        await client.sender.send(row(outcome("Berlin.")))
    assert len(server.posts) == 1
    again = row(outcome("Berlin."), attempts=2)
    assert await client.sender.already_sent(again) == f"{CHANNEL}/{server.posts[0]['id']}"
    server.forget_nonces()
    await client.sender.send(again)
    assert len(server.posts) == 1


async def test_of_several_parts_only_the_missing_ones_are_said_again(
    client: TrinityClient, server: DiscordServer
) -> None:
    body = outcome("A sentence that is not short. " * 150)
    await client.sender.send(row(body))
    parts = [post["content"] for post in server.posts]
    assert len(parts) == 3
    assert all(len(part) <= 2000 for part in parts)
    lost = server.messages[CHANNEL].pop()
    server.forget_nonces()
    again = row(body, attempts=2)
    assert await client.sender.already_sent(again) is None
    await client.sender.send(again)
    assert [post["content"] for post in server.posts[3:]] == [lost["content"]]


async def test_the_nonce_alone_keeps_a_repeated_part_single(client: TrinityClient, server: DiscordServer) -> None:
    await client.sender.send(row(outcome("Once.")))
    await client.sender.send(row(outcome("Once.")))
    assert len(server.posts) == 1


async def test_a_very_long_answer_is_a_file_with_its_beginning(client: TrinityClient, server: DiscordServer) -> None:
    text = "\n\n".join(f"Paragraph {n} of a long answer. " * 5 for n in range(120))
    await client.sender.send(row(outcome(text)))
    (post,) = server.posts
    assert post["attachments"][0]["filename"] == "answer.md"
    assert server.files["answer.md"].decode() == text
    assert "the whole answer is in the file" in post["content"]


async def test_nobody_is_called_by_text(client: TrinityClient, server: DiscordServer) -> None:
    await client.sender.send(row(outcome("@everyone look, <@700000000000000001>")))
    assert server.posts[0]["allowed_mentions"] == {"parse": []}


async def test_too_much_and_maintenance_wait_and_an_unknown_channel_is_given_up(
    client: TrinityClient, server: DiscordServer
) -> None:
    server.trouble.append((429, {"Retry-After": "7"}))
    with pytest.raises(SendLater) as later:
        await client.sender.send(row(outcome("One.")))
    assert later.value.seconds == 7
    with pytest.raises(SendLater):  # the channel's budget is spent by that, too
        await client.sender.send(row(outcome("Two."), key="k2"))
    server.trouble.append((503, {}))
    with pytest.raises(SendLater):
        await client.sender.send(
            row(json.dumps({"text": "x"}), key="k3", kind="hold", thread="direct:700000000000000001")
        )
    with pytest.raises(SendRefused):
        await client.sender.send(row(outcome("Three."), key="k4", thread=Spot(GUILD, 42).pack()))
    assert server.posts == []


def test_approvals_keep_their_room_and_typing_gives_way_first() -> None:
    now = [0.0]
    budget = Budget(lambda: now[0])
    taken = sum(budget.take(2, "reply") == 0.0 for _ in range(10))
    assert taken == int(POSTS) - 1
    assert budget.take(2, "typing") > 0
    assert budget.take(2, "hold") == 0.0
    assert budget.take(2, "hold") > 0
    now[0] += 5.0
    assert budget.take(2, "typing") == 0.0
