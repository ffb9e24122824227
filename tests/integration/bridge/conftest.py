"""A bridge over fakes on a real loopback port, and a client that behaves as a browser's page does."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from bots.bridge.server import BridgeServer
from organs.bundles import Actor
from tests.integration.bridge.fake_services import ANA, FakeHouse


@dataclass
class Page:
    """One signed-in browser page."""

    http: httpx.AsyncClient
    csrf: str

    async def post(self, path: str, **values: object) -> httpx.Response:
        return await self.http.post(path, data={"csrf": self.csrf, **values}, headers={"Accept": "text/html"})

    async def say(self, text: str, **values: object) -> str:
        """Send as the page's script does; returns the exchange's id."""
        answer = await self.http.post(
            "/bridge/messages", data={"text": text, **values}, headers={"X-CSRF-Token": self.csrf}
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["exchange_id"])


@pytest.fixture
def house() -> FakeHouse:
    return FakeHouse()


@pytest.fixture
async def server(house: FakeHouse) -> AsyncIterator[BridgeServer]:
    server = BridgeServer(house.services, port=0)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def http(server: BridgeServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.address, headers={"Origin": server.address}) as client:
        yield client


async def enter(http: httpx.AsyncClient, house: FakeHouse, actor: Actor = ANA) -> Page:
    answer = await http.post("/bridge/sign-in", data={"code": house.sign_in_code(actor)})
    assert answer.status_code == 303, answer.text
    found = re.search(r'<meta name="csrf" content="([^"]+)">', (await http.get("/bridge")).text)
    assert found is not None
    return Page(http, found.group(1))


@pytest.fixture
async def page(http: httpx.AsyncClient, house: FakeHouse) -> Page:
    return await enter(http, house)
