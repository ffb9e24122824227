from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifest.errors import ConfigError
from manifest.people import ensure_people, parse_identity, parse_people, read_people

ONE = '[[person]]\nid = "ana"\nname = "Ana"\nrole = "commander"\n'


def test_the_first_file_names_the_owner(tmp_path: Path) -> None:
    path = ensure_people(tmp_path / "home", name='Ana "Boss"', timezone="Europe/Berlin")
    (person,) = read_people(path)
    assert (person.id, person.name, person.role, person.timezone) == (
        "owner",
        'Ana "Boss"',
        "commander",
        "Europe/Berlin",
    )
    assert [i.kind for i in person.identities] == ["local"]
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text(ONE)
    assert ensure_people(tmp_path / "home") == path
    assert path.read_text() == ONE  # never overwritten


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "names nobody"),
        ("person = 1", "person"),
        ("[people]", "people"),
        ('[[person]]\nname = "Ana"\nrole = "member"', "id"),
        ('[[person]]\nid = "Ana!"\nname = "Ana"\nrole = "member"', "id"),
        ('[[person]]\nid = "ana"\nname = "Ana"\nrole = "king"', "role"),
        (ONE + 'timezone = "Mars/Olympus"', "timezone"),
        (ONE + 'timezone = "../../etc/passwd"', "timezone"),
        (ONE + 'quiet_hours = "at night"', "quiet_hours"),
        (ONE + 'quiet_hours = "25:00-07:00"', "quiet_hours"),
        (ONE + "crisis_contact = 1", "crisis_contact"),
        (ONE + 'identities = ["pigeon:ana"]', "identities, entry 1"),
        (ONE + 'identities = ["local:ana", "phone:123"]', "identities, entry 2"),
        (ONE + "identities = [1]", "identities"),
        (ONE + 'shoe_size = "44"', "shoe_size"),
        (ONE + ONE, "[[person]] 2"),
        (ONE + 'identities = ["local:x", "local:x"]', "local:x"),
        ("[[person", "TOML"),
    ],
)
def test_a_wrong_entry_is_named_with_its_place(text: str, place: str) -> None:
    with pytest.raises(ConfigError) as found:
        parse_people(text, "people.toml")
    assert str(found.value).startswith("people.toml")
    assert place in str(found.value)
    assert "Allowed: " in str(found.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="trinity init"):
        read_people(tmp_path / "people.toml")


def test_mail_addresses_are_compared_without_case() -> None:
    assert parse_identity("email:Ana@Example.org", "x").value == "ana@example.org"


@given(st.text(max_size=200))
def test_any_text_is_read_or_named(text: str) -> None:
    with contextlib.suppress(ConfigError):
        parse_people(text)
