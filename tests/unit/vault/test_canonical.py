"""One spelling of JSON, and every game with it refused."""

from __future__ import annotations

import contextlib
import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from vault import canonical
from vault.entry import Envelope, NewEntry, Source, format_time, parse_time, sealed_at
from vault.errors import EntryError
from vault.framing import MAX_ENVELOPE, genesis, head_of, leaf_data, parse_leaf, row_hash
from vault.merkle import leaf_hash

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
NUMBER = st.one_of(
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(-(2.0**53) + 1, 2.0**53 - 1, allow_nan=False),
    st.floats(-1e-3, 1e-3, allow_nan=False),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBER, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)


@given(JSON)
@settings(max_examples=300, deadline=None)
def test_same_bytes_as_the_reference_writer_and_back(value: Any) -> None:
    data = canonical.dumps(value)
    assert data == rfc8785.dumps(value)
    assert canonical.dumps(canonical.loads(data)) == data


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        2**53,
        -(2**53),
        2.0**53,
        1e300,
        "\ud800",
        {"\udfff": 1},
        {1: "x"},
        {None: 1},
        b"bytes",
        {1, 2},
        object(),
        datetime.now(UTC),
    ],
)
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(EntryError):
        canonical.dumps({"value": value} if not isinstance(value, dict) else value)


def test_minus_zero_and_whole_floats_have_one_spelling() -> None:
    assert canonical.dumps([-0.0, 0.0, 1.0, -3.0, True]) == b"[0,0,1,-3,true]"


def test_deep_nesting_is_refused_both_ways() -> None:
    deep: Any = []
    for _ in range(10_000):
        deep = [deep]
    with pytest.raises(EntryError):
        canonical.dumps(deep)
    for text in (b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b"[" * 10_000):
        with pytest.raises(EntryError):
            canonical.loads(text)
    assert canonical.loads(canonical.dumps("[" * 10_000)) == "[" * 10_000


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"b":{"x":1,"x":1}}',
        b"-0",
        b"-0.0",
        b"NaN",
        b"Infinity",
        b"1e400",
        b"-1e400",
        b"9007199254740993",
        b"9007199254740992",
        b"1.0",
        b"1E2",
        b"01",
        b' {"a":1}',
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'"\\u0041"',
        b'"\\ud800"',
        b'"\\/"',
        b"\xff",
        b"\xef\xbb\xbf{}",
        b"",
        b"{}x",
        b'{"a":1,}',
        b"'a'",
        b'"\x01"',
    ],
)
def test_json_games_are_refused_when_read(text: bytes) -> None:
    with pytest.raises(EntryError):
        canonical.loads(text)


@given(st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
def test_reading_raises_entry_error_and_nothing_else(data: bytes) -> None:
    with contextlib.suppress(EntryError):
        assert canonical.dumps(canonical.loads(data)) == data


@given(st.dictionaries(TEXT, NUMBER, max_size=3), st.booleans(), st.datetimes(timezones=st.just(UTC)))
@settings(max_examples=100, deadline=None)
def test_envelope_put_together_by_hand_is_canonical(record: dict[str, Any], merged: bool, time: datetime) -> None:
    source = Source("a.example/log/sub/x", 7, "ab" * 32) if merged else None
    envelope = Envelope("a key/1", "hold.decision", "cd" * 32, "ef" * 16, record, {"message": "12"}, time, source)
    data = envelope.encode()
    assert canonical.dumps(json.loads(data)) == data
    read = Envelope.decode(data)
    assert (read.key, read.kind, read.time, read.source) == ("a key/1", "hold.decision", time, source)
    assert sealed_at(data) == time


@pytest.mark.parametrize("key", ["", 'with"quote', "back\\slash", "new\nline", "über", "x" * 201, None, 5])
def test_bad_keys_are_refused(key: Any) -> None:
    with pytest.raises(EntryError):
        Envelope(key, "kind", None, None, {}, {}, datetime.now(UTC)).encode()


@pytest.mark.parametrize("kind", ["", "Upper", "with space", 'quo"te', "x" * 65, ".dot", None])
def test_bad_kinds_are_refused(kind: Any) -> None:
    with pytest.raises(EntryError):
        Envelope("key", kind, None, None, {}, {}, datetime.now(UTC)).encode()


def test_what_is_too_large_is_refused_with_a_way_out() -> None:
    with pytest.raises(EntryError) as caught:
        Envelope("key", "kind", None, None, {"pad": "x" * MAX_ENVELOPE}, {}, datetime.now(UTC)).encode()
    assert "texts" in caught.value.diagnostics()


def test_times_say_their_zone_and_keep_it() -> None:
    with pytest.raises(EntryError):
        format_time(datetime(2026, 1, 1))  # noqa: DTZ001  a naive time is what is tested
    there = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert format_time(there) == "2026-01-01T06:30:00.000000Z"
    assert parse_time(format_time(there)) == there
    for text in ("2026-01-01", "2026-01-01T06:30:00.000000+00:00", "x" * 27, ""):
        with pytest.raises(EntryError):
            parse_time(text)


def test_bytes_moved_between_adjacent_fields_change_the_hash() -> None:
    head, previous = head_of("log/a"), genesis("log/a")
    assert row_hash(head, 1, previous, b"ab") == leaf_hash(leaf_data(head, 1, previous, b"ab"))
    moved = {
        row_hash(head_of("log/a"), 1, previous, b"bc"),
        row_hash(head_of("log/ab"), 1, previous, b"c"),
        row_hash(head_of("log/"), 1, previous, b"abc"),
        row_hash(head, 1, previous, b"cb"),
        row_hash(head, 256, previous, b"bc"),
        row_hash(head, 1, previous[1:] + previous[:1], b"bc"),
    }
    assert len(moved) == 6
    assert genesis("log/a") != genesis("log/b")


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_leaf_data_is_taken_apart_or_refused(data: bytes) -> None:
    try:
        leaf = parse_leaf(data)
    except EntryError:
        return
    assert leaf_data(head_of(leaf.origin), leaf.sequence, leaf.previous, leaf.envelope) == data


def test_leaf_data_with_a_byte_too_many_or_few_is_refused() -> None:
    data = leaf_data(head_of("log/a"), 3, genesis("log/a"), b"{}")
    assert parse_leaf(data).sequence == 3
    for changed in (data + b"x", data[:-1], b"x" + data, data[:30], b""):
        with pytest.raises(EntryError):
            parse_leaf(changed)


def test_an_entry_does_not_change_after_it_was_handed_in() -> None:
    body: dict[str, Any] = {"list": [1, 2]}
    entry = NewEntry("kind", "key", body)
    before = Envelope("key", "kind", None, None, entry.body, {}, datetime(2026, 1, 1, tzinfo=UTC)).encode()
    body["list"].append(3)
    assert b"[1,2]}" in before
