"""One real Trinity for a module: a model and a search that tests command, a few people with tokens, MCP clients."""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

from tests.instance import Instance, people
from tests.platforms.brave import KEY, Brave, brave
from tests.platforms.lm_studio import Chat, lm_studio

PEOPLE = f"""
[[person]]
id = "ana"
name = "Ana"
role = "commander"
identities = ["local:{getpass.getuser()}"]
crisis_contact = true

[[person]]
id = "bo"
name = "Bo"
role = "approver"
identities = ["email:bo@wolke-sieben.de"]

[[person]]
id = "di"
name = "Di"
role = "member"
identities = ["email:di@wolke-sieben.de"]

[[person]]
id = "ed"
name = "Ed"
role = "guest"
identities = ["email:ed@wolke-sieben.de"]
"""


@dataclass
class Rig:
    """The running Trinity and what stands around it."""

    trinity: Instance
    chat: Chat
    search: Brave

    def token(self, person: str, *scopes: str) -> str:
        words = [word for scope in scopes for word in ("--scope", scope)]
        made = self.trinity.run("token", "create", f"for-{person}", "--person", person, *words)
        assert made.returncode == 0, made.stderr
        return made.stdout.decode().strip()

    @asynccontextmanager
    async def client(self, token: str, mode: str = "auto") -> AsyncIterator[Client]:
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=120) as http,
            Client(streamable_http_client(f"{self.trinity.url}/mcp", http_client=http), mode=mode) as client,
        ):
            yield client


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    home = tmp_path_factory.mktemp("mcp") / "home"
    people(home, PEOPLE)
    with lm_studio() as chat, brave() as search:
        trinity = Instance(home, LOCAL_LLM_URL=chat.url, BRAVE_API_KEY=KEY, BRAVE_API_URL=search.url).start()
        try:
            yield Rig(trinity, chat, search)
        finally:
            trinity.stop()


@pytest.fixture(scope="module")
def all_of_di(rig: Rig) -> str:
    """Di's token with every scope that a member's programs may carry."""
    return rig.token("di", "chat", "read")


def said(result: CallToolResult) -> str:
    """The human-readable part."""
    (block,) = result.content
    assert block.type == "text"
    return block.text


def held(result: CallToolResult) -> dict[str, Any]:
    """The structured part of a call that worked."""
    assert not result.is_error, said(result)
    assert result.structured_content is not None
    return dict(result.structured_content)


def fault(result: CallToolResult) -> str:
    """The code of a typed tool error; its text is one plain sentence or two."""
    assert result.is_error, result.structured_content
    assert result.structured_content is None
    assert said(result)
    assert result.meta is not None
    return str(result.meta["trinity/error"]["code"])
