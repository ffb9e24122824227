"""Patterns that compile late: each of the product's compiles, and a wrong one is an error and not a miss."""

import re

import pytest

from adapters import patterns


def test_every_pattern_of_the_product_compiles() -> None:
    import trinity.app  # noqa: F401  # brings all modules that write patterns

    assert len(patterns._written) > 100
    patterns.compile_all()


def test_a_wrong_pattern_is_an_error_at_its_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_written", [])
    wrong = patterns.lazy("(")
    with pytest.raises(re.error):
        wrong.search("x")
    with pytest.raises(re.error):
        patterns.compile_all()


def test_it_does_what_a_compiled_one_does() -> None:
    pattern = patterns.lazy(r"(?P<a>\d+)", re.IGNORECASE)
    assert pattern.sub("n", "1 and 22") == "n and n"
    assert pattern.pattern == r"(?P<a>\d+)"
    assert [m["a"] for m in pattern.finditer("1 22")] == ["1", "22"]
