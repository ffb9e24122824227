"""A desk of tools over the real sample server, with the registry and the holds of a small house."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.embeddings import Embedder, make_embedder
from holds.tools import ToolDesk
from manifest.tools import parse_tools
from organs.bundles import Actor
from organs.floors.f12_injection import InjectionJudge
from organs.ports import OfferedTool
from store.engine import FILE, Database
from tests.house import DI, House, build
from tests.servers.buckets import over_http

Make = Callable[[str], ToolDesk]


@dataclass
class Tools:
    """The house and its desk of tools."""

    house: House
    desk: ToolDesk

    async def offered(self, request: str, name: str, *, actor: Actor = DI, channel: str = "bridge") -> OfferedTool:
        offer = await self.desk.offer(request, actor=actor, channel=channel, most=20)
        return next(tool for tool in offer.tools if tool.action == name)


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return make_embedder()


@pytest.fixture
async def sqlite(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Database]:
    shutil.copy(sqlite_template, tmp_path / FILE)
    opened = await Database.open(None, tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the sample server keeps its state and its log."""
    made = tmp_path / "buckets"
    made.mkdir()
    monkeypatch.setenv("BUCKET_HOME", str(made))
    return made


@pytest.fixture
def http(folder: Path) -> Iterator[str]:
    with over_http(folder) as url:
        yield url


@pytest.fixture
async def make(sqlite: Database, embedder: Embedder, folder: Path) -> AsyncIterator[Callable[[str], object]]:
    """Makes a desk from the text of a tools.toml; its servers end with the test."""
    made: list[ToolDesk] = []
    house = await build(sqlite)

    def desk(text: str, *, sensitive: Callable[[str], bool] = lambda text: "IBAN" in text) -> Tools:
        tools = ToolDesk(parse_tools(text), house.actions, embedder, InjectionJudge(embedder), sensitive)
        tools.register(frozenset(house.policy.declared.classes))
        made.append(tools)
        return Tools(house, tools)

    yield desk
    for tools in made:
        await tools.close()
