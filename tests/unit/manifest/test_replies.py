"""Written replies: every language, plain and humane, help lines by country, nothing claimed that is not so."""

from pathlib import Path

import pytest

from manifest.errors import ConfigError
from manifest.replies import Replies

LANGUAGES = ("en", "de", "es", "fr", "pt", "it", "ms")
REPLIES = Replies.load()


def test_every_reply_in_every_language_with_the_same_places() -> None:
    for key, table in REPLIES.texts.items():
        assert set(table) == set(LANGUAGES), key
        places = {frozenset(part.split("}")[0] for part in text.split("{")[1:]) for text in table.values()}
        assert len(places) == 1, key


@pytest.mark.parametrize(
    "key", ["greeting", "thanks", "farewell", "ack", "how_are_you", "identity", "feelings", "help", "unclear"]
)
def test_courtesies_exist(key: str) -> None:
    assert len({REPLIES.get(key, language) for language in LANGUAGES}) == len(LANGUAGES) or key == "thanks"


def test_an_unknown_language_is_english_and_an_unknown_key_an_error() -> None:
    assert REPLIES.get("greeting", "fi") == REPLIES.get("greeting", "en")
    with pytest.raises(KeyError):
        REPLIES.get("no.such")
    with pytest.raises(KeyError):
        REPLIES.get("sabar.missing", "en")


@pytest.mark.parametrize(
    ("language", "locale", "line"),
    [
        ("en", "en-US", "988"),
        ("en", "en-GB", "116 123"),
        ("de", "de-DE", "0800 111 0 111"),
        ("de", "de-AT", "142"),
        ("es", "es-ES", "024"),
        ("fr", "fr-FR", "3114"),
        ("pt", "pt-BR", "188"),
        ("it", "it-IT", "02 2327 2327"),
        ("ms", "ms-MY", "03-7627 2929"),
        ("de", None, "0800 111 0 111"),
    ],
)
def test_help_lines_by_locale(language: str, locale: str | None, line: str) -> None:
    text = REPLIES.crisis(language, locale)
    assert line in text
    assert "findahelpline.com" in text


def test_nobody_is_said_to_have_been_told_unless_so() -> None:
    for language in LANGUAGES:
        assert REPLIES.get("crisis.told", language) in REPLIES.crisis(language, told=True)
        assert REPLIES.get("crisis.told", language) not in REPLIES.crisis(language, told=False)


def test_a_home_may_change_a_reply_but_not_invent_one(tmp_path: Path) -> None:
    good, bad, place = tmp_path / "good.toml", tmp_path / "bad.toml", tmp_path / "place.toml"
    good.write_text('[greeting]\nen = "Howdy."\n[helplines]\nFI = ["112 (hätänumero)"]\n', encoding="utf-8")
    bad.write_text('[greetings]\nen = "Howdy."\n', encoding="utf-8")
    place.write_text('[greeting]\nen = "Howdy {name}."\n', encoding="utf-8")
    own = Replies.load(good)
    assert own.get("greeting") == "Howdy."
    assert "112" in own.crisis("en", "fi-FI")
    with pytest.raises(ConfigError, match="greetings"):
        Replies.load(bad)
    with pytest.raises(ConfigError, match="name"):
        Replies.load(place)
