"""Nobody's words in the log, whoever writes the line."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from trinity import logs


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_library_that_logs_an_exception_gives_away_no_words(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    try:
        raise ValueError("my number is in here")
    except ValueError:
        logging.getLogger("some.library").exception("could not handle %s", "the secret plan")
    said = capsys.readouterr().err
    assert "number" not in said
    assert "secret" not in said
    line = json.loads(said)
    assert line["event"] == "some.library"
    assert line["error"] == "ValueError"
    assert line["where"][0].startswith("test_logs.py:")


def test_our_own_lines_keep_words_out_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    try:
        raise ValueError("my number is in here")
    except ValueError:
        structlog.get_logger("ours").error("failed", text="the secret plan", exc_info=True)
    said = capsys.readouterr().err
    assert "number" not in said
    assert "secret" not in said
