"""What may not leave: special matters by table, checked numbers, secrets, redaction and its way back."""

import json
import secrets
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router._pii import matters, numbers
from router.sensitivity import SensitivityJudge

ROWS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parents[3] / "bench" / "data" / "special_matters.jsonl").read_text("utf-8").splitlines()
]
JUDGE = SensitivityJudge()


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_special_matters_stay_here_and_general_questions_may_go(row: dict[str, Any]) -> None:
    reading = JUDGE.sensitive(row["text"])
    if row["matter"] == "none":
        assert not reading.sensitive, reading.reasons
    else:
        assert f"matter ({row['matter']})" in {f.kind for f in matters.find(row["text"])}
        assert reading.sensitive
        assert reading.reasons


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("call me at +49 30 901820 12", "phone number"),
        ("my card is 4111 1111 1111 1111", "card"),
        ("transfer it to DE89 3704 0044 0532 0130 00 please", "iban"),
        ("write to ana.berger@firma-berger.de", "mail address"),
        ("his social security number is 390-99-1671", "social security number"),
        ("I live at 12 Baker Street, London", "street address"),
        ("she was born on 12 March 1984", "birth date"),
        ("my passport number is C01X00T47", "id number"),
    ],
)
def test_personal_data_is_marked_with_its_kind(text: str, kind: str) -> None:
    found = JUDGE.findings(text)
    assert kind in {f.kind for f in found}, found
    assert JUDGE.sensitive(text).sensitive


@pytest.mark.parametrize(
    "text",
    [
        "order number 12345 was shipped on 2024-05-06",
        "version 10.2.3.4 of the parser",
        "password = os.environ['DB_PASSWORD']",
        "set API_KEY=your-key-here and run it",
        "I forgot my password, what now?",
        "the port is 8080 and the timeout 3000 ms",
        "in 1998 and 1999 the tower was closed",
    ],
)
def test_look_alikes_are_not_marked(text: str) -> None:
    assert JUDGE.findings(text) == ()


def _random(alphabet: str, n: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(n))


WORDS = string.ascii_letters + string.digits


@pytest.mark.parametrize(
    "token",
    [
        "gh" + "p_" + _random(WORDS, 36),
        "AK" + "IA" + _random(string.ascii_uppercase + string.digits, 16),
        "gl" + "pat-" + _random(WORDS, 20),
        "sk-" + "proj-" + _random(WORDS, 60),
        "password: " + "Tr0ub4dor&" + _random(WORDS, 6),
        "postgres" + "://app:" + "k9" + _random(WORDS, 10) + "@db/app",
        "-----BEGIN " + "PRIVATE KEY-----\n" + _random(WORDS, 120) + "\n-----END PRIVATE KEY-----",
    ],
    ids=["github", "aws", "gitlab", "openai", "password", "address", "private key"],
)
def test_a_pasted_secret_asks_for_rotation_and_is_masked(token: str) -> None:
    text = f"why does this fail? {token}"
    reading = JUDGE.sensitive(text, "precise")
    assert reading.sensitive
    assert reading.rotate
    assert token[-8:] not in JUDGE.mask(text) or token.endswith("-----")


def test_redaction_has_typed_placeholders_and_a_way_back() -> None:
    text = "Mail ana.berger@firma-berger.de or call +49 30 901820 12; again: ana.berger@firma-berger.de"
    redacted = JUDGE.redact(text)
    assert "berger" not in redacted.text
    assert redacted.text.count("[MAIL_ADDRESS_1]") == 2
    assert "[PHONE_NUMBER_1]" in redacted.text
    assert redacted.restore(redacted.text) == text


def test_a_reason_is_given_in_words_for_a_person() -> None:
    assert JUDGE.sensitive("call me at +49 30 901820 12").reasons == ("a phone number",)


def test_checks() -> None:
    assert numbers.luhn("4111111111111111")
    assert not numbers.luhn("4111111111111112")
    assert numbers.iban("GB82 WEST 1234 5698 7654 32")
    assert not numbers.iban("GB82 WEST 1234 5698 7654 33")
    assert not numbers.us_ssn("666-12-3456")
    assert numbers.spanish_id("12345678Z")
    assert numbers.brazilian_cpf("529.982.247-25")


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gets_a_reading_and_redaction_loses_nothing(text: str) -> None:
    JUDGE.sensitive(text)
    redacted = JUDGE.redact(text)
    spans = JUDGE.findings(text)
    assert all(0 <= f.start < f.end <= len(text) for f in spans)
    if not any(placeholder in text for placeholder, _ in redacted.values):
        assert redacted.restore(redacted.text) == text
