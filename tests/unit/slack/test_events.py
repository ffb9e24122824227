"""Which events speak to Trinity, and how their text reads."""

from __future__ import annotations

from typing import Any

import pytest

from bots.slack.events import Gone, Said, plain, read_message
from bots.slack.places import PlaceIn, Where, direct_user
from store.people import Identity, Person

BOT = "U0BOT"


def body(**event: Any) -> dict[str, Any]:
    base = {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "ts": "10.1", "text": ""}
    return {"team_id": "T1", "event": base | event}


def read(**event: Any) -> Said | Gone | None:
    return read_message(body(**event), BOT, "B0")


def test_both_types_of_one_mention_have_one_id() -> None:
    as_message = read(text=f"<@{BOT}> hi")
    as_mention = read(text=f"<@{BOT}> hi", type="app_mention")
    assert isinstance(as_message, Said)
    assert as_message == as_mention
    assert as_message.event_id == "T1/C1/10.1"
    assert as_message.where.key == "T1/C1/10.1"


def test_the_workspace_is_part_of_the_key() -> None:
    here, there = read(text=f"<@{BOT}> hi"), read_message(body(text=f"<@{BOT}> hi") | {"team_id": "T2"}, BOT, "B0")
    assert isinstance(here, Said)
    assert isinstance(there, Said)
    assert here.where.key != there.where.key
    assert here.event_id != there.event_id


@pytest.mark.parametrize(
    "event",
    [
        {"text": "nobody is meant"},
        {"text": f"<@{BOT}> hi", "bot_id": "B1"},
        {"text": f"<@{BOT}> hi", "user": BOT},
        {"text": f"<@{BOT}> hi", "subtype": "channel_join"},
        {"text": f"<@{BOT}> hi", "subtype": "bot_message"},
        {"text": f"<@{BOT}> hi", "user": None},
        {"text": f"<@{BOT}> hi", "channel": None},
        {"subtype": "message_changed", "message": {"user": "U1", "ts": "1.1", "text": "x"}, "previous_message": {}},
    ],
)
def test_what_is_not_meant_for_trinity(event: dict[str, Any]) -> None:
    assert read(**event) is None


def test_direct_messages_need_no_mention() -> None:
    found = read(text="hi", channel="D1", channel_type="im")
    assert isinstance(found, Said)
    assert found.direct


def test_a_thread_is_kept() -> None:
    found = read(text=f"<@{BOT}> hi", thread_ts="9.9")
    assert isinstance(found, Said)
    assert found.in_thread
    assert found.where == Where("T1", "C1", "9.9")


def test_a_stranger_keeps_the_own_workspace() -> None:
    found = read(text=f"<@{BOT}> hi", user_team="T9")
    assert isinstance(found, Said)
    assert found.home == "T9"


@pytest.mark.parametrize(
    ("wire", "shown"),
    [
        (f"<@{BOT}> hello", "hello"),
        ("ask <@U2|bo> in <#C1|general>", "ask @bo in #general"),
        ("see <https://example.org|the page>", "see the page (https://example.org)"),
        ("<https://example.org>", "https://example.org"),
        ("<mailto:a@example.org|a@example.org>", "a@example.org"),
        ("<!here> a &lt; b &amp; c", "@here a < b & c"),
        ("<!date^1392734382^{date}|18 Feb>", "18 Feb"),
    ],
)
def test_wire_text_reads_as_people_see_it(wire: str, shown: str) -> None:
    assert plain(wire, BOT) == shown


def test_keys_of_threads_are_read_back() -> None:
    where = Where("T1", "C1", "10.1")
    assert Where.parse(where.key) == where
    assert Where.parse("direct:T1/U1") is None
    assert direct_user("direct:T1/U1") == ("T1", "U1")
    assert direct_user("T1/C1/10.1") is None


def test_only_proved_accounts_of_the_workspace_are_reached() -> None:
    def person(*identities: Identity, active: bool = True) -> Person:
        return Person("p", "P", "approver", identities, "UTC", "en", True, active)

    here = PlaceIn("T1")
    place = here(person(Identity("slack", "T1/U1", "declared")))
    assert place is not None
    assert place.thread == "direct:T1/U1"
    assert here(person(Identity("slack", "T1/U1", "seen"))) is None
    assert here(person(Identity("slack", "T2/U1", "declared"))) is None
    assert here(person(Identity("slack", "T1/U1", "declared"), active=False)) is None
