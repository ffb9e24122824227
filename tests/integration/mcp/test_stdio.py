"""`trinity mcp` through the official client: beside a running Trinity, and with one of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from tests.instance import REPO, Instance, people
from tests.integration.mcp.conftest import PEOPLE, Rig, fault, held
from tests.integration.mcp.test_tools import TOOLS


def only_log_lines(text: str) -> bool:
    """Standard error holds nothing, or structured lines about the process: never a traceback or a library's words."""
    return all(isinstance(json.loads(line), dict) for line in text.splitlines())


@asynccontextmanager
async def speaking(trinity: Instance, mode: str = "auto") -> AsyncIterator[Client]:
    """A client of the verb, whose standard error is watched."""
    start = StdioServerParameters(
        command=sys.executable,
        args=["-m", "trinity.cli.main", "mcp"],
        env=trinity.environment | {"PYTHONPATH": str(REPO)},
        cwd=trinity.home,
    )
    heard = trinity.home.parent / f"heard-{mode}.log"
    with heard.open("w") as errors:
        async with Client(stdio_client(start, errlog=errors), mode=mode) as client:
            yield client
    assert only_log_lines(heard.read_text())


@pytest.fixture
def alone(tmp_path: Path) -> Instance:
    """A home in which nothing runs."""
    people(tmp_path / "home", PEOPLE)
    return Instance(tmp_path / "home")


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_beside_a_running_trinity_it_is_the_same_one(rig: Rig, mode: str) -> None:
    told: list[float] = []

    async def progress(progress: float, total: float | None, message: str | None) -> None:
        told.append(progress)

    async with speaking(rig.trinity, mode) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == TOOLS
        call = {"action": "forge", "text": "what is 17 * 23?"}
        out = held(await client.call_tool("_agi_", call, progress_callback=progress))["outcome"]
        assert out["verdict"] == "SEAL"
        assert told == sorted(told)
        assert told
        # The home's owner: every scope, and the role of this person.
        assert held(await client.call_tool("_vault_", {"action": "verify"}))["verified"]["ok"]
        floors = held(await client.call_tool("_init_", {"text": "hello"}))["floors"]
        assert "commander" in floors["F11"]["reason"]
        assert fault(await client.call_tool("_agi_", {"action": "seal"})) == "invalid"
    seen = rig.trinity.get(f"/api/trinity/exchanges/{out['exchange_id']}").json()
    assert seen["receipt"] == out["receipt"]


async def test_a_hold_stays_a_hold_for_the_owner_too(rig: Rig) -> None:
    async with speaking(rig.trinity) as client:
        out = held(await client.call_tool("_agi_", {"action": "forge", "text": "delete the billing database"}))[
            "outcome"
        ]
        assert out["verdict"] == "888_HOLD"
        text = f"approve {out['hold']['id']}"
        await client.call_tool("_agi_", {"action": "forge", "text": text})
        asked = {"action": "outcome", "exchange_id": out["exchange_id"]}
        assert held(await client.call_tool("_agi_", asked))["outcome"]["verdict"] == "888_HOLD"


async def test_cancelling_stops_the_exchange_behind_the_socket(rig: Rig) -> None:
    rig.chat.hold = threading.Event()
    rig.chat.waiting.clear()
    call = {"action": "forge", "text": "Tell me about the history of salt.", "idempotency_key": "salt"}
    try:
        async with speaking(rig.trinity) as client:
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as group:
                    group.start_soon(client.call_tool, "_agi_", call)
                    assert await anyio.to_thread.run_sync(rig.chat.waiting.wait, 30)
                    scope.cancel()
            # The same key is the same exchange; the model is still held back, so only stopping can have ended it.
            out = held(await client.call_tool("_agi_", call))["outcome"]
    finally:
        rig.chat.hold.set()
        rig.chat.hold = None
    assert (out["verdict"], out["reason"]) == ("SABAR", "stopped")


async def test_alone_it_starts_a_trinity_for_as_long_as_the_input_lasts(alone: Instance) -> None:
    async with speaking(alone) as client:
        out = held(await client.call_tool("_agi_", {"action": "forge", "text": "what is 17 * 23?"}))["outcome"]
        assert out["verdict"] == "SEAL"
        tail = held(await client.call_tool("_vault_", {"action": "tail"}))["tail"]
        assert out["receipt"]["entry_hash"] in {row["entry_hash"] for row in tail["rows"]}
    # What it sealed is there for the next life, and the home is free again.
    assert alone.run("verify").returncode == 0


def test_it_ends_with_its_input_and_speaks_nothing_but_the_protocol(alone: Instance) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }
    listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    with subprocess.Popen(
        [sys.executable, "-m", "trinity.cli.main", "mcp"],
        cwd=alone.home,
        env=alone.environment | {"PYTHONPATH": str(REPO)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("".join(json.dumps(m) + "\n" for m in (hello, ready, listing)))
        child.stdin.flush()
        said = [json.loads(child.stdout.readline()) for _ in range(2)]
        child.stdin.close()
        assert child.wait(30) == 0
        assert child.stdout.read() == ""
        assert child.stderr is not None
        assert only_log_lines(child.stderr.read())
    assert {one["id"] for one in said} == {1, 2}
    assert not os.path.exists(alone.home / "trinity.sock")


def test_a_wrong_setting_is_one_plain_line(alone: Instance) -> None:
    alone.environment["COST_LIMIT_PER_DAY"] = "lots"
    done = alone.run("mcp", stdin="")
    assert done.returncode == 2
    assert done.stdout == b""
    assert b"COST_LIMIT_PER_DAY" in done.stderr
    assert b"Traceback" not in done.stderr


async def test_a_stop_does_not_wait_for_open_streams(alone: Instance) -> None:
    """A client of the handshake era keeps a stream open for as long as it lives."""
    alone.start()
    token = alone.run("token", "create", "t").stdout.decode().strip()
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
        with contextlib.suppress(BaseExceptionGroup, httpx2.HTTPError, MCPError):
            async with Client(streamable_http_client(f"{alone.url}/mcp", http_client=http), mode="legacy") as client:
                assert (await client.list_tools()).tools
                started = time.monotonic()
                code = await anyio.to_thread.run_sync(alone.stop)
                took = time.monotonic() - started
    assert code == 0
    assert took < 10, alone.log()
    assert "Traceback" not in alone.log()
    assert "error" not in alone.log()
