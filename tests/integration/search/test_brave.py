"""The search adapter against a server that speaks Brave's published form: results, faults, pace, memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.search import (
    MAX_QUERY_CHARS,
    MAX_QUERY_WORDS,
    MAX_TEXT,
    BraveSearch,
    SearchBusy,
    SearchError,
    SearchRefused,
    SearchUnavailable,
    _pages,
    fitted,
)
from tests.platforms.brave import KEY, Brave, brave, page

ULAAN = page(
    "Ulaanbaatar - <strong>Mongolia</strong>",
    "https://www.example.org/ulaanbaatar?x=1",
    "<strong>Ulaanbaatar</strong> is the capital of Mongolia &amp; its largest city.",
    more=("It has about 1.7 million inhabitants.",),
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def service() -> AsyncIterator[Brave]:
    with brave(lambda query: [ULAAN]) as told:
        yield told


async def _close(search: BraveSearch) -> None:
    await search.close()


async def test_results_come_back_as_plain_dated_pages(service: Brave) -> None:
    search = BraveSearch(KEY, service.url)
    found = await search.find("what is the capital of Mongolia?")
    (one,) = found.pages
    assert one.title == "Ulaanbaatar - Mongolia"
    assert one.text.splitlines()[0] == "Ulaanbaatar is the capital of Mongolia & its largest city."
    assert "1.7 million" in one.text
    assert (one.site, one.published) == ("example.org", date(2026, 11, 3))
    assert one.source == "Ulaanbaatar - Mongolia (example.org, 2026-11-03)"
    assert found.paid
    await search.close()


async def test_a_question_is_remembered_and_not_paid_for_twice(service: Brave) -> None:
    clock = Clock()
    search = BraveSearch(KEY, service.url, clock=clock, keep_s=60)
    await search.find("capital of Mongolia")
    assert search.remembered("capital  of Mongolia", "en")
    again = await search.find("capital of  Mongolia")
    assert (len(service.asked), again.paid) == (1, False)
    clock.now += 61
    assert not search.remembered("capital of Mongolia", "en")
    assert (await search.find("capital of Mongolia")).paid
    assert len(service.asked) == 2
    await search.close()


async def test_the_same_question_asked_at_once_goes_out_once(service: Brave) -> None:
    search = BraveSearch(KEY, service.url)
    found = await asyncio.gather(*(search.find("capital of Mongolia") for _ in range(3)))
    assert len(service.asked) == 1
    assert sum(f.paid for f in found) == 1
    await search.close()


async def test_questions_keep_the_pace_that_the_service_names(service: Brave) -> None:
    service.policy = "5;w=1, 15000;w=2592000"
    search = BraveSearch(KEY, service.url)
    loop = asyncio.get_running_loop()
    await search.find("one")  # the pace is one a second until the service has named its own
    started = loop.time()
    await search.find("two")
    await search.find("three")
    assert loop.time() - started >= 0.19  # 0.2 s between two of them; clocks round
    await search.close()


async def test_more_than_fits_the_pace_is_refused_at_once(service: Brave) -> None:
    search = BraveSearch(KEY, service.url)
    results = await asyncio.gather(*(search.find(f"q {n}") for n in range(12)), return_exceptions=True)
    busy = [r for r in results if isinstance(r, SearchBusy)]
    assert 6 <= len(busy) < 12
    assert len(service.asked) == 12 - len(busy)
    await search.close()


async def test_a_short_pause_is_waited_out_and_a_long_one_is_not(service: Brave) -> None:
    clock = Clock()
    search = BraveSearch(KEY, service.url, clock=clock)
    service.queue = [(429, {"X-RateLimit-Reset": "0, 9", "X-RateLimit-Remaining": "0, 100"}, None)]
    assert (await search.find("one")).pages
    assert len(service.asked) == 2
    clock.now += 10
    service.queue = [(429, {"X-RateLimit-Reset": "1, 90000", "X-RateLimit-Remaining": "0, 0"}, None)]
    with pytest.raises(SearchBusy):
        await search.find("two")
    assert len(service.asked) == 3
    with pytest.raises(SearchBusy):  # nobody is asked while the pause lasts
        await search.find("three")
    assert len(service.asked) == 3
    clock.now += 90001
    assert (await search.find("four")).pages
    await search.close()


async def test_a_fault_is_tried_once_more_and_then_said(service: Brave) -> None:
    search = BraveSearch(KEY, service.url, clock=(clock := Clock()))
    service.queue = [(503, {}, None)]
    clock.now += 5
    task = asyncio.create_task(search.find("one"))
    await asyncio.sleep(0)
    assert (await task).pages
    service.queue = [(500, {}, None), (502, {}, None)]
    with pytest.raises(SearchUnavailable) as error:
        await search.find("two")
    assert not error.value.begun
    await search.close()


async def test_a_wrong_key_is_not_shown_again(service: Brave) -> None:
    search = BraveSearch("-".join(("another", "key")), service.url)
    with pytest.raises(SearchRefused, match="BRAVE_API_KEY"):
        await search.find("one")
    with pytest.raises(SearchError):
        await search.find("two")
    assert len(service.asked) == 1
    await search.close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b'{"type": "search", "web": [1]}',
        b'{"type": "ErrorResponse"}',
        b'{"web": {"results": 3}}',
    ],
)
async def test_an_answer_that_is_none_is_an_error(service: Brave, body: bytes) -> None:
    service.queue = [(200, {}, body)]
    search = BraveSearch(KEY, service.url)
    with pytest.raises(SearchUnavailable):
        await search.find("one")
    await search.close()


async def test_a_redirect_is_not_followed(service: Brave) -> None:
    service.queue = [(302, {"Location": service.url + "/elsewhere"}, b"")]
    search = BraveSearch(KEY, service.url)
    with pytest.raises(SearchError):
        await search.find("one")
    assert len(service.paths) == 1
    await search.close()


async def test_nobody_there_is_one_plain_error_that_costs_nothing() -> None:
    search = BraveSearch(KEY, "http://127.0.0.1:9")
    with pytest.raises(SearchUnavailable) as error:
        await search.find("one")
    assert not error.value.begun
    await search.close()


def test_two_pages_of_one_site_and_copies_are_one_source() -> None:
    rows = [
        page("A", "https://a.example/1", "The bridge opened in 1932."),
        page("A2", "https://www.a.example/2", "The bridge is long."),
        page("Copy", "https://b.example/1", "The bridge  opened in 1932."),
        page("C", "https://c.example/1", "It opened in March 1932.", day=None),
        {"title": "no address", "description": "x"},
        {"title": "odd", "url": "javascript:alert(1)", "description": "x"},
        "not a row",
    ]
    found = _pages(json.dumps({"type": "search", "web": {"results": rows}}).encode())
    assert [p.site for p in found] == ["a.example", "c.example"]
    assert found[1].published is None


@given(st.text(max_size=2000))
def test_a_question_always_fits(text: str) -> None:
    question = fitted(text)
    assert len(question) <= MAX_QUERY_CHARS
    assert len(question.split(" ")) <= MAX_QUERY_WORDS
    assert "\n" not in question


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(("type", "web", "results", "title", "url", "description", "page_age", "extra_snippets")),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(_JSON)
def test_any_json_gives_bounded_pages_or_the_typed_error(value: object) -> None:
    try:
        pages = _pages(json.dumps(value).encode())
    except SearchUnavailable:
        return
    assert all(0 < len(p.text) <= MAX_TEXT and p.site for p in pages)
