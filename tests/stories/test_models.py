"""Models as people meet them: the three modes end to end, the online server unplugged in mid-conversation, the second
look when it is back, and the secret that somebody typed."""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.instance import Instance
from tests.servers import model_servers
from tests.servers.model_servers import AIMock, free_port
from vault.config import LedgerConfig
from vault.ledger import Ledger

LOCAL = "gpt-4o"
POLICY = "[timeouts]\nconnect = 1.0\nfirst_token = 2.0\nwhole = 20.0\n[breaker]\nwindow = 1.0\n"
EASY = "what is a noun?"
HARD = (
    "Explain how to keep two databases consistent across a network partition, compare quorum reads with "
    "conflict-free replicated data types, and say which trade-offs matter for a booking system with seats."
)
PHONE = "Draft a mail to my landlord: my number is +49 151 2345 6789, he should call me about the heating."
CUT = "Under a partition, quorum reads keep the seats right and refuse some bookings. Take them for the seats."


SAID = {
    "noun": "A noun is a word that names a person, a place, a thing or an idea.",
    "landlord": "Dear landlord, please call me about the heating. Thank you.",
    "partition": "Last writer wins is enough here: let both sides of the partition book every seat and merge later.",
    "token": "The token may have expired or may lack a scope.",
}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AIMock]:
    """A local server of Ollama's format whose answers are known."""
    fixtures = [{"match": {"userMessage": word}, "response": {"content": text}} for word, text in SAID.items()]
    with model_servers.aimock(tmp_path_factory.mktemp("local"), fixtures) as server:
        yield server


def configured(home: Path, mode: str, online: str | None, local: AIMock) -> Instance:
    home.mkdir(parents=True, exist_ok=True)
    (home / "routing.toml").write_text(POLICY)
    more = {"TRINITY_MODE": mode, "LOCAL_LLM_URL": local.url, "LOCAL_LLM_MODEL": LOCAL}
    if online is not None:
        more |= {"ANTHROPIC_API_KEY": "test", "ANTHROPIC_BASE_URL": online}
    return Instance(home, **more)


def until(what: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("mode", "easy", "hard", "private"),
    [
        ("online", "online", "online", "local"),
        ("offline", "local", "local", "local"),
        ("hybrid", "local", "online", "local"),
    ],
)
def test_each_mode_end_to_end(home: Path, local: AIMock, mode: str, easy: str, hard: str, private: str) -> None:
    with model_servers.llmock() as online:
        trinity = configured(home, mode, online.url, local).start()
        try:
            found = [trinity.ask(text, thread=f"t{n}") for n, text in enumerate((EASY, HARD, PHONE))]
        finally:
            trinity.stop()
        sent = [json.dumps(request) for request in online.requests() if "/messages" in request["path"]]
    assert [out["model"]["where"] for out in found] == [easy, hard, private], [out["model"]["why"] for out in found]
    assert all(out["model"]["why"] for out in found)
    assert "contains" in found[2]["model"]["why"] or mode == "offline"
    assert not any("2345" in body for body in sent)
    assert bool(sent) == (mode != "offline")


def test_unplugged_while_twenty_people_chat_nobody_is_left_without_an_answer(home: Path, local: AIMock) -> None:
    port = free_port()
    fixtures = [{"match": {"userMessage": "."}, "response": {"content": CUT}}]
    folder = home.parent
    with model_servers.aimock(folder, fixtures, port) as online:
        trinity = configured(home, "hybrid", online.url, local).start()
        try:
            asks = [(f"{HARD} This is for house {n}.", f"p{n}") for n in range(20)]
            with ThreadPoolExecutor(20) as people:
                before = list(people.map(lambda ask: trinity.ask(*ask), asks))
                running = [people.submit(trinity.ask, *ask) for ask in asks]
                until(lambda: any(answer.done() for answer in running))
                online.kill()
                during = [answer.result() for answer in running]
                after = list(people.map(lambda ask: trinity.ask(*ask), asks))
        finally:
            trinity.stop()
    for out in (*before, *during, *after):
        assert out["verdict"] in ("SEAL", "PARTIAL"), out["reply"]
    assert {out["model"]["where"] for out in before} == {"online"}
    assert {out["model"]["where"] for out in after} == {"local"}
    for out in after:
        assert out["model"]["why"].startswith("answered offline: ")
        assert out["model"]["stands_in_for"]


def test_what_was_answered_offline_is_asked_again_and_offered_once_even_through_a_kill(
    home: Path, local: AIMock
) -> None:
    port = free_port()
    trinity = configured(home, "hybrid", f"http://127.0.0.1:{port}", local).start()
    try:
        first = trinity.ask(HARD, thread="again")
        private = trinity.ask(f"{HARD} {PHONE}", thread="private")
        assert first["model"]["stands_in_for"]
        assert private["model"]["stands_in_for"] is None
        owed = "select exchange_id from second_looks"
        assert rows(home, owed) == [(first["exchange_id"],)]
        trinity.kill()  # what is owed survives
        fixtures = [{"match": {"userMessage": "."}, "response": {"content": CUT}}]
        with model_servers.aimock(home.parent, fixtures, port) as online:
            trinity.start()
            until(lambda: rows(home, "select result from second_looks where state = 'done'"))
            bodies = [json.dumps(request) for request in online.journal()]
        assert rows(home, "select result from second_looks") == [("offered",)]
        offered = "select text from turns where exchange_id like 'notice:again:%'"
        until(lambda: rows(home, offered))
        assert [CUT in text for (text,) in rows(home, offered)] == [True]
        assert not any("2345" in body for body in bodies)
        usage = trinity.get("/api/trinity/usage?by=lane").json()
        assert usage["all"]["at_home"]["outcomes"] >= 1
    finally:
        trinity.stop()
    phases = sealed(home, first["exchange_id"])
    assert sorted(phases) == ["again", "first"]


def test_a_typed_secret_is_masked_in_the_seal_and_its_owner_is_told(home: Path, local: AIMock) -> None:
    token = "ghp_" + secrets.token_hex(18)
    trinity = configured(home, "offline", None, local).start()
    try:
        out = trinity.ask(f"my script fails, the token is {token}, what is wrong with it?")
    finally:
        trinity.stop()
    assert "change it where it was issued" in out["reply"]
    assert out["model"]["where"] == "local"
    words = json.dumps(dict(asyncio.run(texts(home, out["receipt"]["index"]))))
    assert token not in words
    assert "my script fails" in words


def rows(home: Path, query: str) -> list[tuple[str, ...]]:
    with sqlite3.connect(home / "trinity.db", timeout=10) as db:
        return list(db.execute(query).fetchall())


async def _opened(home: Path, *, read_only: bool = True) -> Ledger:
    origin = (home / "origin").read_text().strip()
    return await Ledger.open(LedgerConfig(home=home, origin=origin, read_only=read_only))


def sealed(home: Path, exchange: str) -> list[str]:
    async def read() -> list[str]:
        ledger = await _opened(home)
        try:
            assert (await ledger.verify_chain()).ok
            entries = [e for e in await ledger.tail(1000) if e.kind == "exchange" and e.body["exchange"] == exchange]
            return [str(entry.body["phase"]) for entry in entries]
        finally:
            await ledger.close()

    return asyncio.run(read())


async def texts(home: Path, index: int) -> Mapping[str, str]:
    ledger = await _opened(home, read_only=False)  # reading is sealed, too
    try:
        return await ledger.read_texts(index, reader="test")
    finally:
        await ledger.close()
