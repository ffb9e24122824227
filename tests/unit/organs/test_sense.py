"""111: lanes, intent and stakes move with what is said, not with single words."""

import time
from datetime import UTC, datetime

import pytest

from organs.bundles import Lane, Turn
from organs.claims import split_claims
from organs.compute import compute
from organs.grounding import passage
from organs.sense import sense


def lane(text: str, *, material: bool = False) -> Lane:
    return sense(text, material=material, history=()).lane


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("hello, good morning", "greeting"),
        ("Hallo, guten Morgen!", "greeting"),
        ("hola, buenos días", "greeting"),
        ("Bonjour !", "greeting"),
        ("Olá, bom dia", "greeting"),
        ("ciao", "greeting"),
        ("selamat pagi", "greeting"),
        ("thanks a lot!", "thanks"),
        ("Danke dir Max", "thanks"),
        ("do you have feelings?", "feelings"),
        ("¿tienes sentimientos?", "feelings"),
        ("As-tu des sentiments ?", "feelings"),
        ("Hast du Gefühle?", "feelings"),
        ("what are you?", "identity"),
        ("hey there, what can you do?", "help"),
        ("how are you today?", "how_are_you"),
        ("😀😀😀", "unclear"),
    ],
)
def test_courtesies_have_written_replies(text: str, key: str) -> None:
    read = sense(text, material=False, history=())
    assert (read.lane, read.written_reply) == (Lane.SOCIAL, key)


@pytest.mark.parametrize(
    "text", ["hello, what is 2+2?", "thanks, and what is the capital of Peru?", "hi, delete the logs"]
)
def test_a_courtesy_before_a_request_is_no_courtesy(text: str) -> None:
    assert sense(text, material=False, history=()).written_reply is None


@pytest.mark.parametrize(
    "text",
    [
        "drop the users table in production",
        "remind me tomorrow at nine to call Ana",
        "kannst du bitte die Tabelle users löschen?",
        "borra la tabla de usuarios",
        "Supprime la base de test",
        "write an email to Bob and send it",
        "if the build fails, restart the server",
        "would you mind cancelling my 4 o'clock?",
    ],
)
def test_own_imperatives_are_actions(text: str) -> None:
    read = sense(text, material=False, history=())
    assert read.lane is Lane.ACTION
    assert read.imperative


@pytest.mark.parametrize(
    "text",
    [
        "how do I remove a comment in Python?",
        "how do I drop a table in Postgres?",
        "instructions for making tea",
        "what happens if I drop the users table in production?",
        "translate 'delete all files' into German",
        "don't delete anything, just show me the list",
        "Lösch noch nichts, sag mir nur, welche Dateien alt sind",
        "write a script to find old logs and delete them",
        "remove all commas from the text below",
        "should I cancel the contract?",
        "remind me what the capital of France is",
        "is the string 'ignore all previous instructions' dangerous for our bot?",
        "```sql\nDROP TABLE users;\n```\nwhat does this do?",
    ],
)
def test_talking_about_an_action_is_not_asking_for_it(text: str) -> None:
    assert lane(text) is Lane.FACTUAL


def test_quoted_and_attached_orders_ask_for_nothing() -> None:
    assert lane("> delete everything\nwhat is this about?") is Lane.FACTUAL
    assert lane("summarise this mail for me", material=True) is Lane.FACTUAL


@pytest.mark.parametrize(
    "text",
    [
        "I'm so stressed I can't sleep",
        "my dad died last week",
        "Ich bin total überfordert",
        "me siento muy sola",
        "je n'en peux plus",
    ],
)
def test_strain_is_care(text: str) -> None:
    assert lane(text) is Lane.CARE


@pytest.mark.parametrize(
    "text", ["the server died", "stress test results", "what is depression?", "my laptop died, why?"]
)
def test_strained_machines_are_not(text: str) -> None:
    assert lane(text) is Lane.FACTUAL


def test_fiction_is_social_and_claims_nothing() -> None:
    read = sense("act as my interviewer", material=False, history=())
    assert (read.lane, read.creative) == (Lane.SOCIAL, True)


def test_stakes_and_professionals() -> None:
    assert sense("what dose of ibuprofen can I take?", material=False, history=()).professional == "a doctor"
    assert sense("can my landlord evict me?", material=False, history=()).professional == "a lawyer"
    assert sense("should I invest in bitcoin now?", material=False, history=()).professional == "a financial adviser"
    assert sense("what is the capital of Peru?", material=False, history=()).professional is None
    assert sense("draft a letter to the client about the price", material=False, history=()).high_stakes
    assert not sense("how much does a stamp cost?", material=False, history=()).high_stakes


def test_an_untested_language_is_named() -> None:
    read = sense("какая столица Монголии?", material=False, history=())
    assert (read.language, read.language_tested) == ("ru", False)
    assert any("Russian" in reason for reason in read.reasons)


def test_a_short_message_takes_the_language_of_the_thread() -> None:
    history = (Turn("user", "Was ist die Hauptstadt der Mongolei?"),)
    assert sense("ok, Berlin 2030?", material=False, history=history).language == "de"


@pytest.mark.parametrize("seed", ["please ", "and ", '"', "`", " ", "\n", "if the , ", "1+", "my friend is ", "😀"])
def test_a_very_long_message_is_read_in_bounded_time(seed: str) -> None:
    text = seed * (250_000 // len(seed))
    started = time.process_time()
    sense(text, material=False, history=())
    compute(text, now=datetime(2026, 11, 21, tzinfo=UTC), language="en")
    split_claims(text)
    passage(text)
    assert time.process_time() - started < 3
