"""Arguments of tools: checked against the schema, and the same after the way into texts and back."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.tools import schema

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 20},
        "count": {"type": "integer", "minimum": 1},
        "force": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "kind": {"enum": ["hot", "cold"]},
        "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    },
    "required": ["name"],
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def test_what_fits_passes_and_what_is_written_down_comes_back() -> None:
    values = {"name": "staging", "count": 3, "force": True, "tags": ["a", "5"], "kind": "hot", "limit": None}
    schema.check(values, SCHEMA)
    texts = schema.as_texts(values, SCHEMA)
    assert texts["name"] == "staging"
    assert texts["count"] == "3"
    assert schema.as_values(texts, SCHEMA) == values


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"name": 5},
        {"name": "x" * 21},
        {"name": "a", "count": 0},
        {"name": "a", "count": "3"},
        {"name": "a", "kind": "warm"},
        {"name": "a", "other": "b"},
        {"name": "a", "tags": [1]},
    ],
)
def test_what_does_not_fit_is_refused_without_repeating_it(values: dict[str, Any]) -> None:
    with pytest.raises(schema.BadArguments) as caught:
        schema.check(values, SCHEMA)
    assert "x" * 21 not in str(caught.value)


def test_a_schema_that_points_elsewhere_or_is_none_is_refused_and_nothing_is_fetched() -> None:
    for bad in ({"properties": {"a": {"$ref": "http://127.0.0.1:9/x"}}}, {"type": 5, "properties": {"a": {}}}):
        with pytest.raises(schema.BadArguments):
            schema.check({"a": 1}, bad)


def test_what_code_fills_in_is_not_shown() -> None:
    shown = schema.without({**SCHEMA, "required": ["name", "count"]}, ("name",))
    assert "name" not in schema.properties(shown)
    assert schema.required(shown) == ("count",)


@given(st.dictionaries(st.sampled_from([*SCHEMA["properties"], "free"]), JSON, max_size=7))
def test_either_the_same_comes_back_or_it_is_refused(values: dict[str, Any]) -> None:
    loose = {"properties": {**SCHEMA["properties"], "free": {}}}
    with contextlib.suppress(schema.BadArguments):
        texts = schema.as_texts(values, loose)
        assert all(isinstance(text, str) for text in texts.values())
        back = schema.as_values(texts, loose)
        assert [(k, type(v), v) for k, v in back.items()] == [(k, type(v), v) for k, v in values.items()]
