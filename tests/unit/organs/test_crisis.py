"""The crisis check: recall and false alarms by language, the verdict table's lines, and texts that must not hurt it."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from organs.crisis import LANGUAGES, check_crisis, fold

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parents[3] / "bench" / "data" / "crisis.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_kept_back_lines_meet_the_bar(language: str) -> None:
    kept = [row for row in ROWS if row["lang"] == language and row["part"] == "kept"]
    yes = [check_crisis(row["text"]).found for row in kept if row["label"] == 1]
    no = [check_crisis(row["text"]).found for row in kept if row["label"] == 0]
    assert len(yes) >= 12
    assert len(no) >= 12
    assert sum(yes) / len(yes) >= 0.90 - 0.05, "one kept-back line in sixteen may be missed, not more than two"
    assert sum(no) == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_working_lines_are_all_read_right(language: str) -> None:
    wrong = [
        row["text"]
        for row in ROWS
        if row["lang"] == language and row["part"] == "dev" and check_crisis(row["text"]).found != bool(row["label"])
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I want to end my life tonight", "en"),
        ("Quiero acabar con mi vida esta noche", "es"),
        ("Ich will mir heute Nacht das Leben nehmen", "de"),
        ("My friend says she wants to kill herself tonight", "en"),
    ],
)
def test_the_lines_of_the_verdict_table(text: str, language: str) -> None:
    reading = check_crisis(text)
    assert reading.found
    assert reading.kind == "self"
    assert reading.language == language
    assert reading.rule
    assert reading.rule in reading.reason


@pytest.mark.parametrize(
    "text", ["kill the process", "end the meeting tonight", "", "   ", "\x00\u200b", "😀" * 10_000]
)
def test_look_alikes_and_odd_texts_pass(text: str) -> None:
    assert not check_crisis(text).found


def test_disguised_letters_are_still_read() -> None:
    assert check_crisis("Ｉ　ｗａｎｔ to k\u200bill mys\u00adelf").found
    assert check_crisis("I WANT TO DIE").found
    assert check_crisis("je n’ai plus envie de vivre").found


def test_a_frame_holds_its_own_sentence_only() -> None:
    assert not check_crisis("In my novel the hero says he wants to kill himself.").found
    assert check_crisis("I finished my novel today. Now I want to kill myself.").found


def test_danger_hidden_in_a_long_message_is_found() -> None:
    filler = "We moved the release to Thursday and the build is green again. " * 200
    assert check_crisis(filler + "I don't want to live anymore. " + filler).found


def test_the_locale_names_a_rule_of_the_persons_language() -> None:
    assert check_crisis("quero morrer, me quiero morir", locale="pt-BR").language == "pt"
    assert check_crisis("quero morrer, me quiero morir", locale="es-MX").language == "es"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_text_gets_a_reading(text: str) -> None:
    check_crisis(text)
    assert fold(fold(text)) == fold(text)


def test_cost_stays_in_proportion_on_repetitive_text() -> None:
    check_crisis("warm")
    hostile = "i my friend he she they want to to to " * 6_000  # 230 KB of rule openings without an end
    started = time.perf_counter()
    assert not check_crisis(hostile).found
    assert time.perf_counter() - started < 20
