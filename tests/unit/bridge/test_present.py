"""What the page says about an outcome, in words and numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bots.bridge import present
from bots.bridge.pages import Pages, sentence, until, when
from manifest.constitution import shipped
from organs.bundles import Verdict
from organs.outcome import FloorView, Outcome


def outcome(**floors: FloorView) -> Outcome:
    return Outcome(exchange_id="e", verdict="PARTIAL", lane="FACTUAL", reply="Yes.", floors=floors)


def test_every_verdict_has_a_word_and_its_own_shape() -> None:
    words = [present.verdict_word(verdict.value) for verdict in Verdict]
    assert len({word.key for word in words}) == len(words)
    assert len({word.word for word in words}) == len(words)
    shapes = Pages().part("_shapes.html")
    assert all(f'id="v-{word.key}"' in shapes for word in words)


def test_all_thirteen_floors_are_shown_even_when_the_exchange_ended_early() -> None:
    rows = present.floor_rows(
        outcome(F12=FloorView(score=0.97, threshold=0.85, direction="<", passed=False, reason="r")), shipped()
    )
    assert [row.floor for row in rows] == [f"F{n}" for n in range(1, 14)]
    short = [row for row in rows if row.state == "short"]
    assert [row.floor for row in short] == ["F12"]
    assert short[0].rule == "< 0.85"
    assert present.count(rows) == present.Counted(held=0, short=1, blind=0, open=12)


def test_a_floor_without_a_measurement_is_not_shown_as_held() -> None:
    view = FloorView(score=None, threshold=0.9, direction=">=", passed=None, reason="nothing is claimed")
    row = present.floor_rows(outcome(F2=view), shipped())[1]
    assert (row.state, row.word, row.score) == ("open", "does not bind", "–")


def test_a_floor_that_could_not_be_measured_says_so() -> None:
    view = FloorView(score=None, threshold=0.9, direction=">=", passed=None, reason="no source", measured=False)
    rows = present.floor_rows(outcome(F2=view), shipped())
    assert rows[1].word == "not measured"
    assert present.count(rows).sentence == "0 held, 1 not measured, 12 not binding here"


@pytest.mark.parametrize(("score", "threshold"), [(-0.4, 0.0), (3.0, 1.0), (0.0, 2.0), (0.5, 0.95), (4.0, 2.0)])
def test_gauges_stay_on_their_line(score: float, threshold: float) -> None:
    view = FloorView(score=score, threshold=threshold, direction="<=", passed=True, reason="")
    gauge = present.floor_rows(outcome(F1=view), shipped())[0].gauge
    assert gauge is not None
    assert 0 <= gauge.fill <= 100
    assert 0 <= gauge.tick <= 100


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0, "free"), (0.00004, "under $0.0001"), (0.0042, "$0.0042"), (Decimal("1.2"), "$1.20"), (None, "no limit set")],
)
def test_money_is_never_a_false_zero(amount: float | None, words: str) -> None:
    assert present.money(amount) == words


@pytest.mark.parametrize(("ms", "words"), [(0.42, "0.4 ms"), (38.4, "38 ms"), (2140, "2.1 s")])
def test_durations(ms: float, words: str) -> None:
    assert present.duration(ms) == words


def test_numbers_have_no_tail() -> None:
    assert [present.number(n) for n in (1.0, 0.95, -0.0001, 0.9211, None)] == ["1", "0.95", "0", "0.921", "–"]


def test_moments() -> None:
    now = datetime(2026, 11, 21, 9, 5, tzinfo=UTC)
    assert when(now) == "21 Nov, 09:05 UTC"
    assert until(now + timedelta(hours=3), now) == "in 3 hours"
    assert until(now - timedelta(minutes=1), now) == "1 minute ago"
    assert until(now + timedelta(seconds=9), now) == "in less than a minute"
    assert until(now + timedelta(days=2), now) == "in 2 days"


def test_sentences() -> None:
    assert sentence("unverified") == "Unverified."
    assert sentence("Is it?") == "Is it?"
    assert sentence("") == ""


def test_what_is_read_aloud_is_short() -> None:
    long = Outcome(exchange_id="e", verdict="SEAL", lane="FACTUAL", reply="word " * 2000, floors={})
    assert len(present.spoken(long)) < 700
    assert present.spoken(long).startswith("Sealed. word word")
