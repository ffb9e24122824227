"""Markdown cut into messages: nothing dropped, nothing too long, nothing broken."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.chunks import balanced, pieces, split, utf16

words = st.text("abc äß漢🙂👩‍👩‍👧́ ", min_size=1, max_size=30)
line = st.one_of(
    words,
    st.just("see [the report](https://example.org/a/b?c=d) and https://example.org/long/way/there."),
    st.just("`a | b` and **bold words here** <@123456789012345678>"),
)


@st.composite
def fence(draw: st.DrawFn) -> str:
    mark = draw(st.sampled_from(["```", "~~~", "````"]))
    language = draw(st.sampled_from(["", "python", "c++"]))
    rows = draw(st.lists(st.text("xy =()#|漢🙂", max_size=90), max_size=12))
    return "\n".join([f"{mark}{language}", *rows, mark])


@st.composite
def table(draw: st.DrawFn) -> str:
    rows = draw(st.lists(st.tuples(words, words), min_size=1, max_size=12))
    return "\n".join(["| a | b |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows)])


bullets = st.lists(line, min_size=1, max_size=6).map(lambda items: "\n".join(f"- {i}" for i in items))
paragraph = st.lists(line, min_size=1, max_size=8).map(" ".join)
document = st.lists(st.one_of(fence(), table(), bullets, paragraph), max_size=8).map("\n\n".join)
anything = st.text(st.sampled_from(list("ab `~|-[]()\n>*1. 🙂é́漢")), max_size=900)


@settings(max_examples=150, deadline=None)
@given(st.one_of(document, anything), st.integers(60, 300))
def test_joined_the_bodies_are_the_source_and_no_piece_is_too_long(text: str, limit: int) -> None:
    chunks = split(text, limit)
    assert "".join(c.body for c in chunks) == text
    assert all(0 < len(c.text) <= limit for c in chunks)
    assert all(c.body in c.text for c in chunks)


@settings(max_examples=150, deadline=None)
@given(document, st.integers(80, 300))
def test_every_piece_has_its_fences_closed(text: str, limit: int) -> None:
    assert all(balanced(c.text) for c in split(text, limit))


@settings(max_examples=100, deadline=None)
@given(document, st.integers(80, 300))
def test_letters_as_people_see_them_stay_whole(text: str, limit: int) -> None:
    ends = {found.end() for found in regex.finditer(r"\X", text)}
    place = 0
    for chunk in split(text, limit):
        place += len(chunk.body)
        assert place in ends


@settings(max_examples=100, deadline=None)
@given(document, st.integers(200, 400))
def test_links_stay_whole(text: str, limit: int) -> None:
    link = "[the report](https://example.org/a/b?c=d)"
    assert sum(c.body.count(link) for c in split(text, limit)) == text.count(link)


@settings(max_examples=100, deadline=None)
@given(document, st.integers(60, 300))
def test_wide_letters_count_as_the_platform_counts_them(text: str, limit: int) -> None:
    assert all(utf16(c.text) <= limit for c in split(text, limit, length=utf16))


def test_code_is_closed_and_opened_again_with_its_language() -> None:
    code = "\n".join(f"value_{n} = {n}" for n in range(30))
    parts = pieces(f"Here:\n\n```python\n{code}\n```\n\nDone.", 200)
    assert len(parts) > 2
    assert all(part.count("```") % 2 == 0 for part in parts)
    assert all("```python\n" in part for part in parts if "value_" in part)
    assert all(row.startswith("value_") or not row.startswith("v") for part in parts for row in part.split("\n"))


def test_a_quoted_fence_is_opened_again_in_its_quote() -> None:
    text = "> ```sh\n" + "\n".join(f"> echo {n} {'x' * 20}" for n in range(10)) + "\n> ```"
    parts = pieces(text, 120)
    assert all(part.startswith("> ```sh\n") and part.rstrip().endswith("> ```") for part in parts)


def test_a_table_keeps_its_head_in_every_piece() -> None:
    rows = "\n".join(f"| row {n} | {'x' * 12} |" for n in range(20))
    parts = pieces(f"| name | value |\n|---|---|\n{rows}", 160)
    assert len(parts) > 2
    assert all(part.startswith("| name | value |\n|---|---|\n| row") for part in parts)
    assert sum(part.count("| row ") for part in parts) == 20


def test_it_is_cut_between_blocks_before_it_is_cut_inside_them() -> None:
    parts = pieces("One. Two. " * 9 + "\n\n- first item\n- second item is longer\n- third", 110)
    assert parts[0].strip().endswith("Two.")
    assert parts[1].startswith("- first item")


def test_a_list_is_cut_between_its_items() -> None:
    parts = pieces("\n".join(f"- item {n} has a few words" for n in range(12)), 90)
    assert all(part.startswith("- item") for part in parts)


def test_short_text_is_one_piece_and_blank_text_none() -> None:
    assert pieces("Hello.", 2000) == ["Hello."]
    assert split("", 2000) == []
    assert pieces("\n" * 300, 100) == []


def test_one_endless_word_is_cut_between_letters() -> None:
    family = "👩‍👩‍👧"
    parts = pieces(family * 40, 100)
    assert all(set(regex.findall(r"\X", part)) == {family} for part in parts)


def test_a_letter_longer_than_a_message_is_still_said() -> None:
    text = "a" + "́" * 300
    assert "".join(c.body for c in split(text, 100)) == text


def test_there_is_a_smallest_message() -> None:
    with pytest.raises(ValueError, match="fewer than 40"):
        split("text", 10)


def test_a_long_text_is_quick() -> None:
    assert len(pieces("word " * 40_000, 2000)) == 100
