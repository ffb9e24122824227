"""`analyze` end to end: the quick scan at home and the deep one online side by side, merged, sealed; with one side
missing; and over the bridge's WebSocket, which only the bridge's own page may open."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bots.analyze_files import packed, read_folder
from tests.instance import Instance
from tests.servers import model_servers
from tests.servers.model_servers import AIMock
from tests.stories.test_models import configured

DEEP = "The project loads pickled objects from a path that comes from outside, in run.py. Mend that first."
NOTE = "Starts a program by its name."


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "README.md").write_text("# A small runner\n")
    (folder / "src" / "run.py").write_text(
        "import pickle\n\n\ndef load(path):\n    with open(path, 'rb') as file:\n        return pickle.load(file)\n"
    )
    (folder / "src" / "keys.py").write_text("API_TOKEN = 'ghp_" + "a1B2" * 9 + "'\n")
    return folder


@pytest.fixture
def local(tmp_path: Path) -> Iterator[AIMock]:
    folder = tmp_path / "local"
    folder.mkdir()
    with model_servers.aimock(folder, [{"match": {"userMessage": "."}, "response": {"content": NOTE}}]) as server:
        yield server


@pytest.fixture
def online(tmp_path: Path) -> Iterator[AIMock]:
    folder = tmp_path / "online"
    folder.mkdir()
    with model_servers.aimock(folder, [{"match": {"userMessage": "."}, "response": {"content": DEEP}}]) as server:
        yield server


def analyzed(trinity: Instance, project: Path) -> dict[str, Any]:
    done = trinity.run("analyze", str(project), "--json")
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_both_sides_are_merged_and_a_secret_stays_at_home(
    home: Path, project: Path, local: AIMock, online: AIMock
) -> None:
    trinity = configured(home, "hybrid", online.url, local).start()
    try:
        out = analyzed(trinity, project)
    finally:
        trinity.stop()
    assert out["model"]["where"] == "online", out["model"]
    assert DEEP in out["reply"]
    assert "loads objects from bytes (line 6)" in out["reply"]
    assert NOTE in out["reply"]
    assert "Kept at home" in out["reply"]
    assert out["receipt"]
    sent = json.dumps(online.journal())
    assert "pickle.load(file)" in sent
    assert "ghp_" not in sent


def test_with_the_online_side_missing(home: Path, project: Path, local: AIMock) -> None:
    trinity = configured(home, "hybrid", "http://127.0.0.1:9", local).start()
    try:
        out = analyzed(trinity, project)
    finally:
        trinity.stop()
    assert out["model"]["where"] == "local"
    assert out["model"]["stands_in_for"]
    assert "loads objects from bytes (line 6)" in out["reply"]


def test_with_the_local_side_missing(home: Path, project: Path, online: AIMock) -> None:
    home.mkdir(parents=True)
    trinity = Instance(home, ANTHROPIC_API_KEY="test", ANTHROPIC_BASE_URL=online.url).start()
    try:
        out = analyzed(trinity, project)
    finally:
        trinity.stop()
    assert out["model"]["where"] == "online"
    assert DEEP in out["reply"]
    assert "loads objects from bytes (line 6)" in out["reply"]
    assert "No local model" in out["reply"]


async def _events(trinity: Instance, cookie: str, csrf: str, exchange: str, origin: str) -> list[dict[str, Any]]:
    url = f"{trinity.url.replace('http', 'ws')}/bridge/exchanges/{exchange}/analysis"
    async with connect(url, origin=origin, additional_headers={"Cookie": f"trinity_session={cookie}"}) as socket:  # type: ignore[arg-type]
        await socket.send(json.dumps({"csrf": csrf}))
        return [json.loads(message) async for message in socket]


def test_the_page_watches_by_websocket_and_no_other_page_can(
    home: Path, project: Path, local: AIMock, online: AIMock
) -> None:
    trinity = configured(home, "hybrid", online.url, local).start()
    try:
        with httpx.Client(base_url=trinity.url, headers={"Origin": trinity.url}, timeout=30) as page:
            code = trinity.link.partition("code=")[2]
            assert page.post("/bridge/sign-in", data={"code": code}).status_code == 303
            cookie = page.cookies["trinity_session"]
            csrf = re.search(r'name="csrf" content="([^"]+)"', page.get("/bridge").text)
            assert csrf is not None
            files = {"files": ("src.zip", packed(read_folder(project)), "application/zip")}
            sent = page.post(
                "/bridge/messages", data={"text": "@Trinity analyze"}, files=files,
                headers={"X-CSRF-Token": csrf[1]},
            )  # fmt: skip
            assert sent.status_code == 202, sent.text
            exchange = sent.json()["exchange_id"]
            out = trinity.outcome(exchange)
        assert DEEP in out["reply"]
        found = asyncio.run(_events(trinity, cookie, csrf[1], exchange, trinity.url))
        assert [e["kind"] for e in found].count("file") == 3
        assert {"picked", "note", "deep"} <= {e["kind"] for e in found}
        for origin, key in (("https://elsewhere.example", cookie), (trinity.url, "guessed")):
            with pytest.raises(InvalidStatus) as refused:
                asyncio.run(_events(trinity, key, csrf[1], exchange, origin))
            assert refused.value.response.status_code == 403
        with pytest.raises(ConnectionClosed) as closed:
            assert asyncio.run(_events(trinity, cookie, "wrong", exchange, trinity.url)) is None
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
    finally:
        trinity.stop()
