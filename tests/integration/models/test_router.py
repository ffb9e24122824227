"""The router on real servers: who is asked and why, what an outage does, what it costs, what never leaves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.models.base import ChatMessage
from manifest.prices import TokenCounts, dollars, load_prices
from router.call import AllFailed, NoModel, Router
from router.words import Mode
from store.engine import Database
from store.tables import spend
from tests.integration.models.routers import EASY, HARD, MARKER, Set, question, router_for
from tests.servers import model_servers
from tests.servers.model_servers import LLMock, Local

LOCAL = "gpt-4o-mini"  # one of the names that the quick server offers
OUTAGE = {"type": "fail", "status": 500, "times": None}


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(None, tmp_path)
    yield database
    await database.close()


@pytest.fixture
def both(tmp_path: Path, llmock: LLMock, quick: str) -> Set:
    """Claude, and a local model that answers at once."""
    return Set(tmp_path, anthropic_base_url=llmock.url, local_llm_url=quick, local_llm_model=LOCAL)


@pytest.fixture
async def hybrid(both: Set, db: Database) -> AsyncIterator[Router]:
    router = await router_for(both, db)
    await router.warm()
    yield router
    await router.close()


def asked(llmock: LLMock) -> int:
    return sum("/messages" in request["path"] for request in llmock.requests())


# -- who is asked, and why --


async def test_simple_at_home_and_hard_online(hybrid: Router) -> None:
    easy = await hybrid.ask(question(EASY))
    assert (easy.use.where, easy.use.name, easy.use.cost_usd) == ("local", LOCAL, 0)
    assert easy.use.why.startswith("offline: a simple question")
    assert not easy.use.demonstration
    hard = await hybrid.ask(question(HARD))
    assert hard.use.where == "online"
    assert hard.use.why.startswith("online: a hard question")
    assert hard.use.cost_usd > 0
    assert hybrid.available().spent_today == hard.use.cost_usd


@pytest.mark.parametrize(("mode", "where"), [("online", "online"), ("offline", "local"), ("hybrid", "local")])
async def test_each_mode(both: Set, db: Database, mode: Mode, where: str) -> None:
    router = await router_for(replace(both, mode=mode), db)
    answer = await router.ask(question(EASY))
    assert answer.use.where == where
    assert answer.use.why
    assert router.available().mode == mode
    await router.close()


async def test_an_override_moves_a_question_and_an_unknown_one_is_said(hybrid: Router, llmock: LLMock) -> None:
    assert (await hybrid.ask(question(EASY, override="online"))).use.why == "online: asked for"
    named = await hybrid.ask(question(EASY, override="claude-haiku-5-5"))
    assert named.use.name == "claude-haiku-5-5"
    before = asked(llmock)
    offline = await hybrid.ask(question(HARD, override="offline"))
    assert (offline.use.where, offline.use.why) == ("local", "offline: asked for")
    other = await hybrid.ask(question(EASY, override="gpt-4-turbo"))
    assert (other.use.name, other.use.why) == ("gpt-4-turbo", "offline: gpt-4-turbo was asked for")
    unknown = await hybrid.ask(question(EASY, override="no-such-model"))
    assert unknown.use.why == "offline: no model named no-such-model is connected"
    assert asked(llmock) == before


async def test_claude_and_ollama_together(tmp_path: Path, db: Database, llmock: LLMock, ollama: Local) -> None:
    settings = Set(
        tmp_path, anthropic_base_url=llmock.url, local_llm_url=ollama.url, local_llm_model="lms/smollm2-135m"
    )
    router = await router_for(settings, db)
    easy = await router.ask(question(EASY))
    assert (easy.use.where, easy.use.name) == ("local", "lms/smollm2-135m")
    assert (await router.ask(question(HARD))).use.where == "online"
    await router.close()


async def test_lm_studio_is_told_from_ollama(tmp_path: Path, db: Database, lm_studio: Local) -> None:
    router = await router_for(Set(tmp_path, "offline", None, local_llm_url=lm_studio.url), db)
    answer = await router.ask(question(EASY))
    assert (answer.use.where, answer.use.name) == ("local", "smollm2-135m")
    await router.close()


# -- the built-in model --


async def test_with_nothing_configured_the_builtin_model_answers_and_says_what_it_is(
    tmp_path: Path, db: Database
) -> None:
    router = await router_for(Set(tmp_path, anthropic_api_key=None), db)
    await router.warm()
    answer = await router.ask(question(EASY))
    assert answer.use.demonstration
    assert answer.use.where == "embedded"
    assert [m.demonstration for m in router.available().models] == [True]
    await router.close()


async def test_it_never_stands_in_for_a_model_that_failed(tmp_path: Path, db: Database) -> None:
    dead = Set(tmp_path, local_llm_url="http://127.0.0.1:9", anthropic_api_key=None)
    router = await router_for(dead, db)
    with pytest.raises(AllFailed) as failed:
        await router.ask(question(EASY))
    assert "127.0.0.1:9" in failed.value.reason_for_person
    assert not router.available().can_answer
    await router.close()


async def test_nothing_at_all_says_how_to_connect_one(tmp_path: Path, db: Database) -> None:
    router = await router_for(Set(tmp_path, anthropic_api_key=None, embedded=False), db)
    with pytest.raises(NoModel) as none:
        await router.ask(question(EASY))
    assert "LOCAL_LLM_URL" in none.value.reason_for_person
    assert "ANTHROPIC_API_KEY" in none.value.reason_for_person
    await router.close()


# -- outage --


async def test_an_outage_is_answered_at_home_and_marked(hybrid: Router, llmock: LLMock) -> None:
    llmock.script(OUTAGE)
    waits = []
    for _ in range(6):
        answer = await hybrid.ask(question(HARD))
        waits.append(answer.use)
    assert {use.where for use in waits} == {"local"}
    assert {use.why for use in waits} == {"answered offline: the online model is not answering"}
    assert waits[0].stands_in_for is not None
    assert asked(llmock) <= 4
    state = next(m for m in hybrid.available().models if m.where == "online")
    assert not state.healthy


async def test_one_probe_per_window_and_taken_back_within_one(hybrid: Router, llmock: LLMock) -> None:
    llmock.script(OUTAGE)
    for _ in range(3):
        await hybrid.ask(question(HARD))
    await asyncio.sleep(0.1)
    before, started = asked(llmock), time.monotonic()
    while time.monotonic() - started < 3.0:
        await asyncio.gather(*(hybrid.ask(question(HARD)) for _ in range(2)))
    windows = int((time.monotonic() - started) / 1.0) + 1
    assert 1 <= asked(llmock) - before <= windows
    llmock.reset()
    back = time.monotonic()
    while (await hybrid.ask(question(HARD))).use.where != "online":
        assert time.monotonic() - back < 8.0
    assert hybrid.available().models[0].healthy


async def test_once_the_breaker_is_open_a_hang_costs_nobody_anything(hybrid: Router, llmock: LLMock) -> None:
    llmock.script({"type": "delay", "seconds": 30, "times": None})
    await asyncio.gather(*(hybrid.ask(question(HARD)) for _ in range(3)))
    for _ in range(3):
        started = time.monotonic()
        answer = await hybrid.ask(question(HARD))
        assert answer.use.where == "local"
        added = (time.monotonic() - started) * 1000 - answer.use.ms
        assert added < 300


async def test_twenty_people_notice_an_outage_only_by_the_mark(hybrid: Router, llmock: LLMock) -> None:
    async def person(number: int) -> list[str]:
        marks = []
        for turn in range(4):
            answer = await hybrid.ask(question(HARD, person=f"p{number}", exchange_id=f"x{number}-{turn}"))
            marks.append(answer.use.why.split(":")[0])
            if turn == 1 and number == 0:
                llmock.script(OUTAGE)
        return marks

    marks = [mark for person_marks in await asyncio.gather(*(person(n) for n in range(20))) for mark in person_marks]
    assert set(marks) <= {"online", "answered offline"}
    assert len(marks) == 80
    assert "answered offline" in marks


async def test_a_stream_that_dies_is_answered_from_the_start(hybrid: Router, llmock: LLMock) -> None:
    llmock.script({"type": "reply", "text": "half of an online answer"})
    llmock.script({"type": "stream_fault", "kind": "truncate", "after_chunks": 5, "times": None})
    answer = await hybrid.ask(question(HARD))
    assert answer.use.where == "local"
    assert "half of" not in answer.text


async def test_with_no_other_model_the_question_waits_for_the_probe(
    tmp_path: Path, db: Database, llmock: LLMock
) -> None:
    router = await router_for(Set(tmp_path, anthropic_base_url=llmock.url), db)
    llmock.script({"type": "fail", "status": 500, "times": 3})
    for _ in range(2):
        with pytest.raises(AllFailed) as failed:
            await router.ask(question(HARD))
        assert "try again" in failed.value.reason_for_person
    with pytest.raises(AllFailed):
        await router.ask(question(HARD))
    await asyncio.sleep(1.1)
    assert (await router.ask(question(HARD))).use.where == "online"
    await router.close()


async def test_a_refused_key_is_never_tried_again_at_once(hybrid: Router, llmock: LLMock) -> None:
    llmock.script({"type": "fail", "status": 401, "times": None})
    first = await hybrid.ask(question(HARD))
    assert first.use.why == "answered offline: the online model did not accept its key"
    await asyncio.sleep(1.2)
    await hybrid.ask(question(HARD))
    assert asked(llmock) == 1


async def test_retry_after_is_honoured(hybrid: Router, llmock: LLMock) -> None:
    llmock.script({"type": "fail", "status": 429, "retry_after": 2, "match": {"model": "claude-sonnet*"}})
    started = time.monotonic()
    answer = await hybrid.ask(question(HARD))
    assert (answer.use.where, answer.use.name) == ("online", "claude-haiku-5-5")
    await hybrid.ask(question(HARD))
    sonnet = [r for r in llmock.requests() if r["model"] == "claude-sonnet-5-5"]
    assert len(sonnet) == 1
    await asyncio.sleep(max(0.0, 2.1 - (time.monotonic() - started)))
    assert (await hybrid.ask(question(HARD))).use.name == "claude-sonnet-5-5"


async def test_a_short_pause_is_waited_out_where_nobody_else_may_answer(
    tmp_path: Path, db: Database, llmock: LLMock
) -> None:
    policy = '[online]\nmain = "claude-sonnet-5-5"\nlight = "claude-sonnet-5-5"\nheavy = "claude-sonnet-5-5"\n'
    router = await router_for(Set(tmp_path, anthropic_base_url=llmock.url), db, policy)
    llmock.script({"type": "fail", "status": 429, "retry_after": 1})
    started = time.monotonic()
    assert (await router.ask(question(HARD))).use.where == "online"
    assert time.monotonic() - started >= 1.0
    await router.close()


async def test_the_local_server_dies_and_comes_back_in_the_count(tmp_path: Path, db: Database, llmock: LLMock) -> None:
    with model_servers.lm_studio() as server:
        router = await router_for(Set(tmp_path, anthropic_base_url=llmock.url, local_llm_url=server.url), db)
        assert (await router.ask(question(EASY))).use.where == "local"
    answer = await router.ask(question(EASY))
    assert (answer.use.where, answer.use.why) == ("online", "online: the local model is not answering")
    await router.close()


# -- money --


async def test_two_hundred_at_once_overspend_by_nothing_and_sum_to_the_table(
    tmp_path: Path, db: Database, llmock: LLMock
) -> None:
    limit = Decimal("0.01")
    settings = Set(tmp_path, "online", anthropic_base_url=llmock.url, cost_limit_per_day=limit)
    router = await router_for(settings, db, "[timeouts]\nfirst_token = 60.0\nwhole = 60.0\n")
    await router.warm()
    outcomes = await asyncio.gather(
        *(router.ask(question(HARD, max_tokens=60, exchange_id=f"x{n}")) for n in range(200)), return_exceptions=True
    )
    answers = [o for o in outcomes if not isinstance(o, BaseException)]
    refused = [o for o in outcomes if isinstance(o, BaseException)]
    assert answers
    assert refused
    assert all(isinstance(o, NoModel) and o.resets_at is not None for o in refused)
    async with db.read() as conn:
        rows = (await conn.execute(select(spend))).all()
    prices = load_prices()
    total = 0
    for row in rows:
        price = prices.of(row.model)
        assert price is not None
        assert row.charged == price.cost(TokenCounts(row.tokens_in, row.tokens_out, row.cache_read, row.cache_write))
        total += row.charged
    assert dollars(total) <= limit
    assert dollars(total) == sum(a.use.cost_usd for a in answers) == router.available().spent_today
    await router.close()


async def test_past_the_limit_the_free_local_model_goes_on(both: Set, db: Database, llmock: LLMock) -> None:
    router = await router_for(replace(both, cost_limit_per_day=Decimal("0.000001")), db)
    answer = await router.ask(question(HARD))
    assert (answer.use.where, answer.use.why) == ("local", "answered offline: today's limit of $0.00 is used up")
    assert asked(llmock) == 0
    await router.close()


async def test_past_the_limit_without_a_local_model_the_reset_is_named(
    tmp_path: Path, db: Database, llmock: LLMock
) -> None:
    settings = Set(tmp_path, anthropic_base_url=llmock.url, cost_limit_per_day=Decimal(0))
    router = await router_for(settings, db)
    with pytest.raises(NoModel) as none:
        await router.ask(question(HARD))
    assert none.value.resets_at is not None
    assert f"{none.value.resets_at:%Y-%m-%d %H:%M}" in none.value.reason_for_person
    assert asked(llmock) == 0
    await router.close()


async def test_a_pause_stops_paid_calls_only(hybrid: Router, llmock: LLMock) -> None:
    await hybrid.pause()
    assert hybrid.available().paused
    answer = await hybrid.ask(question(HARD))
    assert answer.use.why == "answered offline: paid calls are paused"
    assert asked(llmock) == 0
    await hybrid.resume()
    assert (await hybrid.ask(question(HARD))).use.where == "online"


async def test_a_stopped_answer_is_settled(hybrid: Router, llmock: LLMock, db: Database) -> None:
    llmock.script({"type": "delay", "seconds": 20})
    task = asyncio.create_task(hybrid.ask(question(HARD)))
    await asyncio.sleep(0.4)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with db.read() as conn:
        states = {row.state for row in (await conn.execute(select(spend))).all()}
    assert states == {"failed"}


async def test_spending_survives_a_restart(both: Set, db: Database) -> None:
    first = await router_for(both, db)
    cost = (await first.ask(question(HARD))).use.cost_usd
    await first.close()
    second = await router_for(both, db)
    assert second.available().spent_today == cost
    await second.close()


async def test_the_operator_is_told_at_eighty_percent_once(
    both: Set, db: Database, llmock: LLMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    from router import build

    (both.home / "routing.toml").write_text("[limits]\nnotice_at = 0.0001\n", encoding="utf-8")
    from tests.integration.models.routers import Marked

    router = await build.build_router(both, db, Marked(), on_notice=lambda key, text: told.append(f"{key}: {text}"))
    for _ in range(3):
        await router.ask(question(HARD))
    assert len(told) == 1
    assert "today's limit of $5.00" in told[0]
    assert router.available().notices
    await router.close()


# -- what never leaves --


@pytest.mark.parametrize(
    ("mode", "override", "trouble"),
    [
        ("online", None, None),
        ("online", "claude-opus-5-5", OUTAGE),
        ("hybrid", "online", None),
        ("hybrid", None, OUTAGE),
        ("offline", "online", None),
    ],
)
async def test_sensitive_text_never_leaves(
    both: Set, db: Database, llmock: LLMock, mode: Mode, override: str | None, trouble: dict[str, object] | None
) -> None:
    if trouble is not None:
        llmock.script(trouble)
    router = await router_for(replace(both, mode=mode), db)
    calls = [
        question(f"{HARD} {MARKER}", override=override),
        question(HARD, system=f"Known: {MARKER}", override=override, high_stakes=True),
        question(
            HARD,
            messages=(ChatMessage("user", MARKER), ChatMessage("assistant", "ok"), ChatMessage("user", HARD)),
            override=override,
            needs_fresh=True,
            variant=2,
        ),
    ]
    for call in calls:
        answer = await router.ask(call)
        assert (answer.use.where, answer.use.why) == ("local", "offline: contains a phone number")
    assert asked(llmock) == 0
    await router.close()


async def test_sensitive_text_without_a_local_model_goes_nowhere(tmp_path: Path, db: Database, llmock: LLMock) -> None:
    router = await router_for(Set(tmp_path, anthropic_base_url=llmock.url), db)
    with pytest.raises(NoModel) as none:
        await router.ask(question(MARKER))
    assert "Nothing was sent" in none.value.reason_for_person
    assert asked(llmock) == 0
    await router.close()


async def test_redacted_text_goes_out_where_allowed_and_comes_back_whole(
    tmp_path: Path, db: Database, llmock: LLMock
) -> None:
    settings = Set(tmp_path, anthropic_base_url=llmock.url, redact_online=True)
    router = await router_for(settings, db)
    answer = await router.ask(question(f"Repeat this: {MARKER}"))
    assert answer.use.where == "online"
    assert answer.use.why.endswith("a phone number was replaced by a placeholder")
    assert MARKER in answer.text  # the server echoed the placeholder, and the value was put back
    await router.close()


async def test_a_cloud_tag_counts_as_online(tmp_path: Path, db: Database, ollama: Local) -> None:
    settings = Set(
        tmp_path, "offline", None, local_llm_url=ollama.url, local_llm_model="lms/other:120b-cloud",
        local_llm_trusted=True,
    )  # fmt: skip
    router = await router_for(settings, db)
    with pytest.raises(NoModel):
        await router.ask(question(EASY))
    await router.close()
    router = await router_for(replace(settings, mode="hybrid"), db)
    with pytest.raises(AllFailed) as failed:
        await router.ask(question(EASY))
    assert "prices.toml" in failed.value.reason_for_person
    with pytest.raises(NoModel):
        await router.ask(question(MARKER))
    await router.close()
