"""INIT's first look: any string becomes safe to measure, store and print, and says what was done."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from organs._0_init import MAX_MESSAGE_BYTES, clean


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=500))
def test_any_string_becomes_valid(text: str) -> None:
    cleaned = clean(text, ())
    cleaned.text.encode("utf-8")
    assert not any(ord(c) < 32 and c not in "\n\t" for c in cleaned.text)
    assert clean(cleaned.text, ()).text == cleaned.text


def test_bytes_of_a_command_line_are_read_as_what_they_were() -> None:
    assert clean("caf\udcc3\udca9", ()).text == "café"
    assert "UTF-8" in clean("caf\udcff", ()).notes[0]


def test_emoji_and_their_joiners_stay() -> None:
    family = "👨\u200d👩\u200d👧"
    assert clean(family, ()).text == family


def test_a_very_long_message_becomes_an_attachment() -> None:
    cleaned = clean("x" * (MAX_MESSAGE_BYTES + 1), ())
    assert cleaned.text == ""
    assert cleaned.attached[0].source == "long message"
    assert "256 KB" in cleaned.notes[0]
