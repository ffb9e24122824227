"""What is private stays home: every private row of the shared set, alone and under long prose, in every mode.

What the detector marks, or would have to mark, is compared with what a real server of Anthropic's format was sent.
"""

from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.models.base import ChatMessage
from router.build import build_router
from router.call import Router, RouterError
from router.learning import Signal
from router.sensitivity import SensitivityJudge
from router.voting import vote
from store.engine import Database
from tests.integration.models.routers import HARD, Set, question
from tests.servers.model_servers import LLMock

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "safety" / "pii.jsonl.gz"
POLICY = "[timeouts]\nconnect = 1.0\nfirst_token = 2.0\nwhole = 10.0\n[breaker]\nwindow = 1.0\n"
# Rows of key scanners' own test sets that hold no value: a vendor's name, an empty link. Amid prose they are words.
NO_VALUE = frozenset(("clickhouse", "anthropic", "privateai"))
OUTAGE = {"type": "fail", "status": 500, "times": None}


@pytest.fixture(scope="module")
def rows() -> list[str]:
    if not SHARED.exists():
        pytest.skip("the shared data set is not on this machine")
    with gzip.open(SHARED, "rt", encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    private = [row["text"] for row in found if row["label"] == 1]
    assert len(private) == 724
    return private


@pytest.fixture(scope="module")
def judge() -> SensitivityJudge:
    return SensitivityJudge()


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(None, tmp_path)
    yield database
    await database.close()


async def router_of(settings: Set, db: Database, judge: SensitivityJudge) -> Router:
    (settings.home / "routing.toml").write_text(POLICY)
    return await build_router(settings, db, judge, redactor=judge)


def sent(llmock: LLMock) -> list[str]:
    return [json.dumps(r, ensure_ascii=False) for r in llmock.requests() if "/messages" in r["path"]]


async def asked(router: Router, text: str, **more: object) -> None:
    with contextlib.suppress(RouterError):  # nothing may answer it here: that is the point
        await router.ask(question(text, **more))


@pytest.mark.parametrize("way", ["normal", "override", "stakes", "history", "prose"])
async def test_not_one_private_row_reaches_the_online_server(
    tmp_path: Path, db: Database, llmock: LLMock, rows: list[str], judge: SensitivityJudge, way: str
) -> None:
    settings = Set(tmp_path, "online", SecretStr("test"), llmock.url, None)
    router = await router_of(settings, db, judge)
    llmock.reset()
    for row in rows:
        if way == "override":
            await asked(router, row, override="claude-opus-5-5", needs_fresh=True)
        elif way == "stakes":
            await asked(router, row, high_stakes=True, variant=2)
        elif way == "history":
            turns = (ChatMessage("user", row), ChatMessage("assistant", "Noted."), ChatMessage("user", HARD))
            await asked(router, HARD, messages=turns)
        elif way == "prose":
            await asked(router, f"{HARD}\n{row}\n{HARD}")
        else:
            await asked(router, row)
    reached = sent(llmock)
    await router.close()
    if way == "prose":
        left = [body for body in reached if not any(word in body.lower() for word in NO_VALUE) and "href" not in body]
        assert left == []
        assert len(reached) <= len(NO_VALUE) + 1
    else:
        assert reached == []


async def test_nor_in_an_outage_a_vote_or_while_learning(
    tmp_path: Path, db: Database, llmock: LLMock, quick: str, rows: list[str], judge: SensitivityJudge
) -> None:
    settings = Set(tmp_path, "hybrid", SecretStr("test"), llmock.url, quick, "gpt-4o-mini")
    router = await router_of(settings, db, judge)
    llmock.reset()

    async def same(texts: object) -> list[list[bool]]:
        return [[True] * 3] * 3

    for number, row in enumerate(rows[::9]):
        await vote(router, question(row, exchange_id=f"v{number}", high_stakes=True), same)
        assert router.learner is not None
        await router.learner.note(f"v{number}", Signal.THUMB, 0.0)  # the local model is said to be no good
    llmock.script(OUTAGE)
    for row in rows[::9]:
        await asked(router, row, needs_fresh=True)
    reached = sent(llmock)
    llmock.reset()
    for row in rows[1::9]:
        await asked(router, row, needs_fresh=True, override="hybrid")
    reached += sent(llmock)
    await router.close()
    assert reached == []
