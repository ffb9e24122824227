"""Follow-ups stand alone, or say that a model is needed, or are left alone."""

import pytest

from organs.bundles import Turn
from organs.standalone import stand_alone

MONGOLIA = (Turn("user", "what is the capital of Mongolia?"), Turn("assistant", "Ulaanbaatar."))


@pytest.mark.parametrize(
    ("before", "said", "expected"),
    [
        ("what is the capital of Mongolia?", "and of France?", "what is the capital of France?"),
        ("what is the capital of Mongolia?", "and for France?", "what is the capital of France?"),
        ("what is the capital of mongolia?", "and of france?", "what is the capital of france?"),
        ("what is the weather in Paris tomorrow?", "what about Berlin?", "what is the weather in Berlin tomorrow?"),
        ("Was ist die Hauptstadt der Mongolei?", "und von Frankreich?", "Was ist die Hauptstadt von Frankreich?"),
        ("¿Cuál es la capital de Mongolia?", "¿y de Francia?", "¿Cuál es la capital de Francia?"),
        ("Quelle est la capitale de la Mongolie ?", "et de la France ?", "Quelle est la capitale de la France?"),
        ("what is 15% of 80?", "and of 120?", "what is 15% of 120?"),
        ("what is the population of Mongolia?", "what is its currency?", "what is Mongolia's currency?"),
        ("tell me about Goethe", "where did he live?", "where did Goethe live?"),
        ("what is the capital of Mongolia?", "why?", "why? (about: what is the capital of Mongolia?)"),
    ],
)
def test_rewritten(before: str, said: str, expected: str) -> None:
    found = stand_alone(said, (Turn("user", before), Turn("assistant", "…")))
    assert found.changed
    assert " ".join(found.text.split()).replace(" ?", "?") == expected.replace(" ?", "?")


@pytest.mark.parametrize(
    "said", ["what is 2+2?", "delete the logs", "hello", "who painted the Mona Lisa?", "is there anything else?"]
)
def test_a_new_request_is_left_alone(said: str) -> None:
    found = stand_alone(said, MONGOLIA)
    assert not found.changed
    assert found.text == said


def test_what_rules_cannot_tell_needs_a_model() -> None:
    assert stand_alone("when was he born?", (Turn("user", "who wrote Faust?"),)).needs_model


def test_no_thread_no_rewrite() -> None:
    assert stand_alone("and of France?", ()).text == "and of France?"


def test_courtesies_in_between_are_passed_over() -> None:
    history = (*MONGOLIA, Turn("user", "thanks!"), Turn("assistant", "You're welcome."))
    assert stand_alone("and of France?", history).text == "what is the capital of France?"


def test_the_stand_alone_form_of_the_last_turn_is_used() -> None:
    history = (Turn("user", "and of France?", request="what is the capital of France?"),)
    assert stand_alone("and of Spain?", history).text == "what is the capital of Spain?"
