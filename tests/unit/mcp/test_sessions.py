"""Sessions that `_init_` opens: whose they are, how long they last, how many there can be."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

from bots.mcp.services import LIFE_S, Sessions
from manifest.constitution import shipped
from organs.bundles import Actor, Piece, Proof, Provenance, Role, Session
from tests.instance import REPO


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def session(person: str, text: str = "hello") -> Session:
    return Session(
        exchange_id="look",
        channel="mcp",
        thread="t",
        actor=Actor(person, person, Role.MEMBER, Proof.LINKED, "api"),
        pieces=(Piece(text, Provenance.OWN),),
        history=(),
        now=datetime(2026, 11, 21, tzinfo=UTC),
        constitution=shipped(),
    )


def test_a_session_is_for_its_person_and_for_half_an_hour() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    name = sessions.open(session("di"))
    assert sessions.get(name, "di") is not None
    assert sessions.get(name, "bo") is None
    assert sessions.get("s_other", "di") is None
    clock.now = LIFE_S + 1
    assert sessions.get(name, "di") is None


def test_nobody_pushes_out_what_others_opened() -> None:
    sessions = Sessions(Clock())
    bo = sessions.open(session("bo"))
    names = [sessions.open(session("di")) for _ in range(200)]
    assert sessions.get(bo, "bo") is not None
    assert sum(sessions.get(name, "di") is not None for name in names) == 50
    assert sessions.get(names[-1], "di") is not None


def test_names_cannot_be_guessed_from_one_another() -> None:
    sessions = Sessions(Clock())
    names = {sessions.open(session(f"p{i}")) for i in range(100)}
    assert len(names) == 100
    assert min(map(len, names)) >= 24


def test_a_start_does_not_load_the_protocol() -> None:
    """The import takes the better part of a second; it is paid with the first request, not before readiness."""
    code = "import sys, trinity.app; sys.exit('mcp' in sys.modules or 'httpx2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPO, timeout=60, check=False).returncode == 0
