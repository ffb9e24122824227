"""One person's pace holds for every tool together."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.instance import Instance, people
from tests.integration.mcp.conftest import PEOPLE, Rig, fault, held, said
from tests.integration.mcp.test_authority import ACCEPT, HELLO
from tests.platforms.brave import brave
from tests.platforms.lm_studio import lm_studio


@pytest.fixture
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    home = tmp_path_factory.mktemp("limits") / "home"
    people(home, PEOPLE)
    with lm_studio() as chat, brave() as search:
        trinity = Instance(home, LOCAL_LLM_URL=chat.url)
        trinity.environment["TRINITY_RATE_PER_MINUTE"] = "4"
        trinity.start()
        try:
            yield Rig(trinity, chat, search)
        finally:
            trinity.stop()


async def test_more_than_a_persons_pace_is_turned_away_and_danger_never_is(slow: Rig) -> None:
    async with slow.client(slow.token("di", "chat", "read")) as client:
        for name, arguments in (
            ("_init_", {"text": "hello"}),
            ("_agi_", {"action": "sense", "text": "hello"}),
            ("_vault_", {"action": "tail"}),
            ("_agi_", {"action": "forge", "text": "hello"}),
        ):
            assert held(await client.call_tool(name, arguments))
        for name, arguments in (
            ("_init_", {"text": "hello"}),
            ("_agi_", {"action": "forge", "text": "hello"}),
            ("reality_search", {"query": "hello"}),
            ("_vault_", {"action": "verify"}),
        ):
            result = await client.call_tool(name, arguments)
            assert fault(result) == "rate_limited"
            assert result.meta is not None
            assert result.meta["trinity/error"]["retry_after_s"] >= 1
        for arguments in ({"action": "forge", "text": "I want to kill myself tonight"},):
            assert held(await client.call_tool("_agi_", arguments))["outcome"]["lane"] == "CRISIS"
        result = await client.call_tool("_init_", {"text": "I want to kill myself tonight"})
        assert held(result)["crisis"], said(result)


def test_opening_protocol_sessions_has_the_same_pace(slow: Rig) -> None:
    token = {"Authorization": f"Bearer {slow.token('bo', 'chat')}"}
    got = [
        httpx.post(f"{slow.trinity.url}/mcp", headers=ACCEPT | token, content=json.dumps(HELLO), timeout=30)
        for _ in range(6)
    ]
    assert [one.status_code for one in got[:4]] == [200] * 4
    assert got[5].status_code == 429
    assert "try again" in got[5].json()["message"]
