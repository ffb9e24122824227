"""Typed proposals: reminders with an exact moment, everything else a written plan."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from organs.bundles import Effect, Proposal
from organs.proposals import REMINDER, propose

NOW = datetime(2026, 11, 21, 15, 30, tzinfo=ZoneInfo("Europe/Berlin"))


def one(text: str, effect: Effect = Effect.IRREVERSIBLE) -> Proposal:
    (found,) = propose(text, now=NOW, language="en", effect=effect)
    return found


@pytest.mark.parametrize(
    ("text", "at", "what"),
    [
        ("remind me tomorrow at nine to call Ana", "2026-11-22T09:00+01:00", "call Ana"),
        ("remind me to call Ana tomorrow at nine", "2026-11-22T09:00+01:00", "call Ana"),
        ("erinnere mich morgen um neun daran, Ana anzurufen", "2026-11-22T09:00+01:00", "Ana anzurufen"),
        ("recuérdame mañana a las nueve llamar a Ana", "2026-11-22T09:00+01:00", "llamar a Ana"),
        ("rappelle-moi demain à neuf heures d'appeler Ana", "2026-11-22T09:00+01:00", "appeler Ana"),
        ("ricordami domani alle nove di chiamare Ana", "2026-11-22T09:00+01:00", "chiamare Ana"),
        ("remind me in 20 minutes to check the oven", "2026-11-21T15:50+01:00", "check the oven"),
        ("please remind me about the dentist on friday at 3pm", "2026-11-27T15:00+01:00", "the dentist"),
        ("remind me at half past six to leave", "2026-11-21T18:30+01:00", "leave"),
        ("recuérdame el lunes a las tres de la tarde comprar pan", "2026-11-23T15:00+01:00", "comprar pan"),
        ("set an alarm for 7", "2026-11-21T19:00+01:00", "Alarm"),
        ("set me an alarm for 7", "2026-11-21T19:00+01:00", "Alarm"),
        # A day without a time is its morning, and the summary says so.
        ("remind me tomorrow to call Ana", "2026-11-22T09:00+01:00", "call Ana"),
        (
            "set up a reminder so i don't forget the baby shower next weekend",
            "2026-11-28T09:00+01:00",
            "the baby shower",
        ),
    ],
)
def test_reminders(text: str, at: str, what: str) -> None:
    found = one(text)
    assert found.action == REMINDER
    assert dict(found.arguments) == {"text": what, "due": at}
    assert found.missing == ()
    assert found.own
    assert found.effect is Effect.REVERSIBLE


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("remind me to send the report", "date and time"),
        ("remind me today to call Ana", "time of day"),
        ("remind me tomorrow at nine", "what to remind you of"),
        ("remind me every monday at 9 to post the standup", "one date"),
        ("remind Bob tomorrow at 9 to pay", "your own name"),
        ("remind me on 2020-01-01 at 9 to laugh", "still to come"),
    ],
)
def test_what_is_missing_is_named(text: str, missing: str) -> None:
    assert any(missing in m for m in one(text).missing)


def test_a_reminder_across_the_change_of_clocks_keeps_the_wall_time() -> None:
    now = datetime(2027, 3, 27, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    (found,) = propose("remind me tomorrow at nine to call Ana", now=now, language="en", effect=Effect.NONE)
    assert found.arguments["due"] == "2027-03-28T09:00+02:00"


def test_everything_else_is_a_plan_with_the_given_effect() -> None:
    found = one("drop the users table in production")
    assert (found.action, found.effect, found.own) == ("unknown", Effect.IRREVERSIBLE, False)
    assert "drop the users table in production" in found.plan


@pytest.mark.parametrize("text", ["how do I drop a table?", "hello", "what is the capital of Peru?"])
def test_no_imperative_no_proposal(text: str) -> None:
    assert propose(text, now=NOW, language="en", effect=Effect.NONE) == ()


def test_two_times_are_two_reminders() -> None:
    text = "give me a reminder tomorrow at 9 to call Ana and another at 5pm"
    found = propose(text, now=NOW, language="en", effect=Effect.REVERSIBLE)
    assert [dict(p.arguments) for p in found] == [
        {"text": "call Ana", "due": "2026-11-22T09:00+01:00"},
        {"text": "call Ana", "due": "2026-11-22T17:00+01:00"},
    ]


def test_another_thing_is_not_another_time() -> None:
    (found,) = propose(
        "remind me at 4pm to bring milk and another bottle", now=NOW, language="en", effect=Effect.REVERSIBLE
    )
    assert found.arguments["text"] == "bring milk and another bottle"
