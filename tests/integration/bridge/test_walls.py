"""Who may address the bridge, how much they may send, and what every answer carries."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bots.bridge.server import BridgeNotStarted, BridgeServer
from tests.integration.bridge.conftest import Page, enter
from tests.integration.bridge.fake_services import BEN, FakeHouse


async def test_every_answer_carries_the_strict_headers(http: httpx.AsyncClient, page: Page) -> None:
    paths = ("/bridge", "/bridge/holds", "/bridge/ledger", "/bridge/status", "/bridge/nothing", "/healthz", "/api/docs")
    for path in paths:
        answer = await http.get(path, headers={"Accept": "text/html"})
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers


async def test_pages_need_nothing_from_another_host_and_hold_no_inline_code(
    http: httpx.AsyncClient, page: Page
) -> None:
    await page.post("/bridge/messages", text="what is 17 * 23?", thread="t1")
    for path in ("/bridge", "/bridge/t/t1", "/bridge/holds", "/bridge/ledger", "/bridge/status", "/api/docs"):
        html = (await http.get(path)).text
        assert " style=" not in html
        assert "<style" not in html
        assert " onclick" not in html
        assert "<script>" not in html
        for part in html.split("src=")[1:] + html.split('<link rel="')[1:]:
            assert "http" not in part.split(">")[0]


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "10.0.0.7", "localhost:1", ""])
async def test_another_name_for_this_machine_is_refused(http: httpx.AsyncClient, host: str) -> None:
    answer = await http.get("/bridge", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["error"] == "wrong_host"


async def test_loopback_names_and_the_public_name_are_answered(house: FakeHouse) -> None:
    server = BridgeServer(replace(house.services, public_host="trinity.example"), port=0)
    await server.start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
            for host in (f"127.0.0.1:{server.port}", f"[::1]:{server.port}", "trinity.example", "Trinity.Example"):
                assert (await http.get("/healthz", headers={"Host": host})).status_code == 200
    finally:
        await server.stop()


async def test_a_request_without_a_host_is_refused(server: BridgeServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /bridge HTTP/1.0\r\n\r\n")
    await writer.drain()
    assert b" 400 " in await reader.readline()
    writer.close()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1"])
async def test_a_change_from_another_page_is_refused(
    http: httpx.AsyncClient, page: Page, house: FakeHouse, origin: str
) -> None:
    for path in ("/bridge/messages", "/bridge/sign-out", "/bridge/ledger/verify", "/bridge/exchanges/x/cancel"):
        answer = await http.post(
            path, data={"csrf": page.csrf, "text": "hello"}, headers={"Origin": origin, "X-CSRF-Token": page.csrf}
        )
        assert answer.status_code == 403, path
        assert answer.json()["error"] == "wrong_origin"
    assert house.talk.received == []
    assert len(house.gate.sessions) == 1


async def test_a_change_without_the_secret_is_refused(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    for csrf in ({}, {"csrf": ""}, {"csrf": "wrong"}):
        answer = await http.post("/bridge/messages", data={"text": "hello", **csrf})
        assert answer.status_code == 403
        assert answer.json()["error"] == "stale_page"
    assert house.talk.received == []


async def test_the_stream_needs_the_secret_too(http: httpx.AsyncClient, page: Page) -> None:
    exchange = await page.say("hello")
    path = f"/bridge/exchanges/{exchange}/events"
    assert (await http.get(path)).status_code == 403
    headers = {"X-CSRF-Token": page.csrf, "Sec-Fetch-Site": "cross-site"}
    assert (await http.get(path, headers={**headers, "Origin": "https://evil.example"})).status_code == 403


async def test_nobody_reads_or_stops_the_exchange_of_somebody_else(
    server: BridgeServer, house: FakeHouse, page: Page
) -> None:
    exchange = await page.say("my secret plan", thread="mine")
    async with httpx.AsyncClient(base_url=server.address, headers={"Origin": server.address}) as other:
        ben = await enter(other, house, BEN)
        headers = {"X-CSRF-Token": ben.csrf}
        for method, end in (("GET", "events"), ("GET", "decision"), ("POST", "cancel"), ("POST", "undo")):
            answer = await other.request(method, f"/bridge/exchanges/{exchange}/{end}", headers=headers)
            assert answer.status_code == 404, end
        assert "my secret plan" not in (await other.get("/bridge/t/mine")).text


async def test_signed_out_pages_ask_to_sign_in_and_programs_get_401(http: httpx.AsyncClient) -> None:
    for path in ("/bridge", "/bridge/holds", "/bridge/ledger", "/bridge/status", "/bridge/t/x", "/bridge/holds/x"):
        page = await http.get(path, headers={"Accept": "text/html"})
        assert page.status_code == 401
        assert "trinity login" in page.text
        assert (await http.get(path)).json()["error"] == "not_signed_in"


async def test_too_much_is_refused_with_a_plain_sentence(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    answer = await http.post("/bridge/messages", data={"text": "x" * 11_000_000}, headers={"X-CSRF-Token": page.csrf})
    assert answer.status_code == 413
    assert "10 MB" in answer.json()["message"]
    answer = await page.post("/bridge/holds/x/decision", reason="x" * 100_000)
    assert answer.status_code == 413
    assert house.talk.received == []


async def test_a_body_of_unsaid_length_is_measured_while_it_comes(http: httpx.AsyncClient, house: FakeHouse) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 65536

    token = house.api_token("chat")
    answer = await http.post("/api/trinity/chat", content=endless(), headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 413


async def test_an_attachment_of_more_than_one_megabyte_is_refused(
    http: httpx.AsyncClient, page: Page, house: FakeHouse
) -> None:
    answer = await http.post(
        "/bridge/messages",
        data={"text": "read this"},
        files={"files": ("../../big.txt", b"x" * (1024 * 1024 + 1), "text/plain")},
        headers={"X-CSRF-Token": page.csrf},
    )
    assert answer.status_code == 413
    assert "big.txt" in answer.json()["message"]
    assert ".." not in answer.json()["message"]
    assert house.talk.received == []


async def test_a_fault_shows_no_trace_and_keeps_the_connection(
    http: httpx.AsyncClient, page: Page, house: FakeHouse
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("a secret of the inside")

    house.ledger.tail = broken  # type: ignore[assignment]
    answer = await http.get("/bridge/ledger")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert (await http.get("/healthz")).status_code == 200


async def test_stopping_does_not_wait_for_open_streams(house: FakeHouse) -> None:
    house.talk.pace = 30
    server = BridgeServer(house.services, port=0)
    await server.start()
    async with httpx.AsyncClient(base_url=server.address, headers={"Origin": server.address}) as http:
        page = await enter(http, house)
        exchange = await page.say("hello")
        path = f"/bridge/exchanges/{exchange}/events"
        async with http.stream("GET", path, headers={"X-CSRF-Token": page.csrf}) as stream:
            lines = stream.aiter_lines()
            while not (await anext(lines)).startswith("event: stage"):
                pass
            started = time.perf_counter()
            await server.stop()
            assert time.perf_counter() - started < 1.5
            assert "event: closing" in [line async for line in lines]
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", int(server.address.rpartition(":")[2]))


async def test_starting_is_quick(house: FakeHouse) -> None:
    started = time.perf_counter()
    server = BridgeServer(house.services, port=0)
    await server.start()
    assert time.perf_counter() - started < 1.0
    await server.stop()


async def test_a_taken_port_is_told_in_words(server: BridgeServer, house: FakeHouse) -> None:
    second = BridgeServer(house.services, port=server.port)
    with pytest.raises(BridgeNotStarted, match="TRINITY_PORT"):
        await second.start()


async def test_the_terminal_socket_is_the_owners_and_only_theirs(house: FakeHouse, tmp_path: Path) -> None:
    path = tmp_path / "trinity.sock"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    server = BridgeServer(house.services, port=0)
    await server.start(unix_socket=path)
    try:
        assert path.stat().st_mode & 0o777 == 0o600
        transport = httpx.AsyncHTTPTransport(uds=str(path))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            outcome = (await http.post("/api/trinity/chat", content=json.dumps({"message": "what is 17 * 23?"}))).json()
            assert outcome["verdict"] == "SEAL"
            assert house.talk.received[0].channel == "console"
            assert (await http.get("/api/trinity/status")).json()["port"] == server.port
            link = (await http.post("/api/trinity/login-link")).json()["path"]
            assert link.removeprefix("/bridge?code=") in house.gate.codes
            assert (await http.get("/bridge")).status_code == 401
        async with httpx.AsyncClient(base_url=server.address) as http:
            assert (await http.post("/api/trinity/login-link")).status_code == 401
            headers = {"Authorization": f"Bearer {house.api_token('command')}"}
            assert (await http.post("/api/trinity/login-link", headers=headers)).status_code == 403
        with pytest.raises(BridgeNotStarted, match="Another Trinity"):
            await BridgeServer(house.services, port=0).start(unix_socket=path)
    finally:
        await server.stop()
    assert not path.exists()
