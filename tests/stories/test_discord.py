"""Discord with a whole Trinity process and the real client library, against Discord's protocol on loopback."""

from __future__ import annotations

import asyncio
import getpass
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.instance import Instance, people
from tests.platforms.discord_server import ME, DiscordServer, user
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
