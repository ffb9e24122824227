"""Discord with a whole Trinity process and the real client library, against Discord's protocol on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.instance import Instance, people
from tests.platforms.discord_server import CHANNEL, ME, DiscordServer, user
from tests.servers.buckets import declared

ANA, BO, EVE = user(700000000000000001, "Ana"), user(700000000000000002, "Bo"), user(700000000000000003, "Eve")
TEAM = f"""
[[person]]
id = "home"
name = "Home"
role = "commander"
identities = ["local:{getpass.getuser()}"]

[[person]]
id = "ana"
name = "Ana"
role = "member"
identities = ["discord:{ANA["id"]}"]

[[person]]
id = "bo"
name = "Bo"
role = "approver"
identities = ["discord:{BO["id"]}"]
"""
TOKEN = secrets.token_hex(24)


async def until(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Wait for something to become true."""
    end = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < end, what
        await asyncio.sleep(0.02)


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(TOKEN) as server:
        yield server
        assert server.faults == []
        assert server.late == []


@pytest.fixture
async def trinity(home: Path, tmp_path: Path, discord: DiscordServer) -> AsyncIterator[Instance]:
    people(home, TEAM)
    folder = tmp_path / "buckets"
    folder.mkdir()
    (home / "tools.toml").write_text(declared(action_class="compensable"))
    instance = Instance(home, DISCORD_BOT_TOKEN=TOKEN, DISCORD_API_URL=discord.api, BUCKET_HOME=str(folder))
    await asyncio.to_thread(instance.start)
    try:
        await until(lambda: discord.identified, "connected")
        yield instance
    finally:
        if instance.process is not None and instance.process.poll() is None:
            await asyncio.to_thread(instance.stop)
    assert TOKEN not in instance.log()


async def test_a_mention_is_answered_in_its_channel(trinity: Instance, discord: DiscordServer) -> None:
    asked = await discord.say(ANA, f"<@{ME}> what is 17 * 23?")
    await until(lambda: discord.answers(asked), f"an answer: {trinity.log()[-2000:]}")
    (answer,) = discord.answers(asked)
    assert "391" in answer["content"]
    assert "receipt" in answer["content"]
    assert answer["allowed_mentions"] == {"parse": []}
    assert discord.typing


async def approval(discord: DiscordServer, words: str = "asked for") -> dict[str, Any]:
    """The message with which Bo is asked, in his direct messages."""

    def found() -> dict[str, Any] | None:
        channel = discord.direct.get(int(BO["id"]))
        posts = [p for p in discord.posts if p["channel_id"] == str(channel)]
        return next((p for p in posts if words in p["content"] and p["components"]), None)

    await until(found, "Bo was asked")
    message = found()
    assert message is not None
    return message


def kept(trinity: Instance, text: str) -> int:
    """In how many turns of conversations a text stands."""
    with contextlib.closing(sqlite3.connect(trinity.home / "trinity.db")) as db:
        return int(db.execute("select count(*) from turns where text like ?", (f"%{text}%",)).fetchone()[0])


def part(trinity: Instance) -> dict[str, Any]:
    """How the process says that Discord is."""
    parts = trinity.get("/api/trinity/status").json()["parts"]
    return next(dict(one) for one in parts if one["name"] == "discord")


def labels(message: dict[str, Any]) -> list[str]:
    return [button["label"] for row in message["components"] for button in row["components"]]


async def said_to(discord: DiscordServer, interaction: int) -> str:
    """What the one who clicked was told, by themselves alone."""
    await until(lambda: discord.originals.get(interaction), "an answer to the click")
    return str(discord.originals[interaction]["content"])


async def test_a_hold_is_asked_for_in_direct_messages_and_an_old_button_decides_it_after_a_kill(
    trinity: Instance, discord: DiscordServer
) -> None:
    asked = await discord.say(ANA, f"<@{ME}> delete the staging bucket")
    await until(lambda: discord.answers(asked), f"that it waits: {trinity.log()[-2000:]}")
    assert "888_HOLD" in discord.answers(asked)[0]["content"]
    message = await approval(discord)
    assert labels(message)[:2] == ["Approve: buckets.delete_bucket", "Deny: buckets.delete_bucket"]
    assert "staging" in message["content"]
    assert all(len(b["custom_id"]) <= 100 for row in message["components"] for b in row["components"])

    await asyncio.to_thread(trinity.kill)
    await asyncio.to_thread(trinity.start)
    await until(lambda: discord.identified == 2, "connected again")

    stranger = await discord.click(EVE, message, "Approve")
    told = await said_to(discord, stranger)
    assert discord.callbacks[stranger]["data"]["flags"] == 64  # for Eve's eyes only
    assert "Approved" not in told
    own = await discord.click(ANA, message, "Approve")
    assert "yourself" in await said_to(discord, own)
    assert message["components"]

    click = await discord.click(BO, message, "Approve")
    assert await said_to(discord, click)
    await until(lambda: len(discord.answers(asked)) == 2, "the outcome where it was asked for")
    await until(lambda: not message["components"], "the buttons are gone")
    assert "Bo" in message["content"]
    row = {"type": 1, "id": 1, "components": [discord.pressed[click] | {"label": "x"}]}
    late = dict(message, components=[row])
    again = await discord.click(BO, late, "x")
    assert "Bo" in await said_to(discord, again)
    assert len(discord.answers(asked)) == 2


async def test_a_denial_asks_for_its_reason_in_a_form(trinity: Instance, discord: DiscordServer) -> None:
    asked = await discord.say(ANA, f"<@{ME}> delete the staging bucket")
    message = await approval(discord)
    click = await discord.click(BO, message, "Deny")
    await until(lambda: click in discord.callbacks, "a form")
    assert discord.callbacks[click]["type"] == 9
    form = discord.callbacks[click]["data"]
    sent = await discord.submit(BO, form, {"reason": "It is still in use."}, int(message["channel_id"]))
    assert await said_to(discord, sent)
    await until(lambda: len(discord.answers(asked)) == 2, "the outcome")
    assert "It is still in use." in discord.answers(asked)[1]["content"]
    await until(lambda: not message["components"], "the buttons are gone")
    assert "Denied" in message["content"]


async def test_killed_between_receiving_and_replying_nothing_is_lost_and_nothing_said_twice(
    trinity: Instance, discord: DiscordServer
) -> None:
    asked = [await discord.say(ANA, f"<@{ME}> what is {n} * 7?") for n in range(3)]
    await asyncio.to_thread(trinity.kill)  # somewhere between the first row and the last reply
    asked.append(await discord.say(ANA, f"<@{ME}> what is 40 * 7?", deliver=False))
    asked.append(await discord.say(BO, "what is 50 * 7?", direct=True, deliver=False))
    await asyncio.to_thread(trinity.start)
    await until(lambda: discord.identified >= 2, "connected again")
    channel = str(CHANNEL)
    await until(
        lambda: all(discord.answers(m) for m in asked if m["channel_id"] == channel),
        f"answers: {trinity.log()[-2000:]}",
    )
    await discord.dispatch("MESSAGE_CREATE", discord.event(asked[0]))  # the platform delivers one once more
    more = await discord.say(ANA, f"<@{ME}> what is 60 * 7?")
    await until(lambda: discord.answers(more), "an answer")
    for n, message in zip((0, 1, 2, 40), asked, strict=False):
        answers = discord.answers(message)
        assert len(answers) == 1, answers
        assert str(n * 7) in answers[0]["content"]


async def test_connections_that_end_are_resumed_and_repeat_what_was_missed(
    trinity: Instance, discord: DiscordServer
) -> None:
    await discord.ask_to_reconnect()
    await until(lambda: discord.resumed == 1, "resumed after opcode 7")
    await discord.cut()
    missed = await discord.say(ANA, f"<@{ME}> what is 12 * 12?")
    await until(lambda: discord.resumed + discord.identified >= 3, "connected again")
    await until(lambda: discord.answers(missed), "an answer")
    assert "144" in discord.answers(missed)[0]["content"]
    assert discord.identified == 1
    await until(lambda: "last event" in part(trinity)["detail"], "it says when it last heard of Discord")
    assert part(trinity)["ready"]


async def test_commands_and_buttons_answer_within_three_seconds(trinity: Instance, discord: DiscordServer) -> None:
    await until(lambda: discord.commands, "the commands are registered")
    ask = await discord.command(ANA, "ask", question="what is 9 * 9?")
    await until(lambda: any("81" in p["content"] for p in discord.posts), "an answer")
    assert "Ana asks: what is 9 * 9?" in discord.callbacks[ask]["data"]["content"]
    answer = next(p for p in discord.posts if "81" in p["content"])
    why = await said_to(discord, await discord.click(ANA, answer, "Why?"))
    assert "F1" in why
    assert "Noted" in await said_to(discord, await discord.click(ANA, answer, "Good"))
    assert "somebody else" in await said_to(discord, await discord.click(BO, answer, "Why?"))
    for name, words in (
        ("holds", "Nothing waits"),
        ("costs", "Today"),
        ("verify", "agree"),
        ("mode", "Mode"),
        ("pause", "Only a commander"),
        ("help", "/trinity ask"),
    ):
        assert words in await said_to(discord, await discord.command(ANA, name)), name


async def test_messages_that_are_not_for_trinity_and_those_of_bots_are_left_alone(
    trinity: Instance, discord: DiscordServer
) -> None:
    await discord.say(ANA, "what is 5 * 5?")
    await discord.say(user(800000000000000001, "Other", bot=True), f"<@{ME}> what is 5 * 5?")
    helped = await discord.say(ANA, f"<@{ME}>")
    await until(lambda: discord.answers(helped), "three lines of help")
    assert discord.answers(helped)[0]["content"].count("\n") == 2
    direct = await discord.say(BO, "what is 5 * 5?", direct=True)
    await until(lambda: discord.answers(direct), "an answer in direct messages")
    assert len(discord.posts) == 2


async def test_files_are_material_and_an_edit_within_a_minute_asks_again(
    trinity: Instance, discord: DiscordServer
) -> None:
    asked = await discord.say(
        ANA, f"<@{ME}> what is 3 * 3?", files={"notes.txt": b"nothing here", "cat.png": b"\x89PNG"}
    )
    await until(lambda: discord.answers(asked), "an answer")
    assert "cannot see images" in discord.answers(asked)[0]["content"]
    asked = await discord.say(BO, f"<@{ME}> what is 31 * 3?")
    await until(lambda: discord.answers(asked), "an answer")
    await discord.change(asked, f"<@{ME}> what is 31 * 4?")
    await until(lambda: any("124" in a["content"] for a in discord.answers(asked)), "the answer to the edit")
    await discord.delete(asked)
    await until(lambda: kept(trinity, "31 * ") == 0, "the deleted text is context no longer")
