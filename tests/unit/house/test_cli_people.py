"""`trinity db`, `trinity people`, `trinity holds policy`: what they print and how they end."""

from __future__ import annotations

import getpass
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from store.engine import FILE
from store.migrate import HEAD
from trinity.cli import db, people, policy

TEAM = f"""
[[person]]
id = "ana"
name = "Ana"
role = "commander"
identities = ["local:{getpass.getuser()}"]

[[person]]
id = "bo"
name = "Bo"
role = "approver"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_template: Path) -> Path:
    monkeypatch.setenv("TRINITY_HOME", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)  # no stray .env
    shutil.copy(sqlite_template, tmp_path / FILE)
    (tmp_path / "people.toml").write_text(TEAM)
    return tmp_path


def run(app: object, *args: str, typed: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(app, list(args), input=typed)  # type: ignore[arg-type]
    return result.exit_code, result.output


def test_the_schema_is_told_and_brought_up_to_date(home: Path) -> None:
    assert run(db.app, "status") == (0, f"schema {HEAD}, this program knows {HEAD}\n")
    (home / FILE).unlink()
    code, said = run(db.app, "status")
    assert (code, "trinity db upgrade" in said) == (1, True)
    assert run(db.app, "upgrade") == (0, f"schema {HEAD}\n")
    assert run(db.app, "status")[0] == 0


def test_policy_check_says_who_and_why(home: Path) -> None:
    code, said = run(policy.app, "irreversible", "--by", "bo")
    assert code == 0
    assert said.startswith("Ana.\nWhy: any approver or any commander may decide, never the one who asked.\n")
    assert "a code from an authenticator app" in said
    code, said = run(policy.app, "costly", "--by", "bo", "--arg", "amount=500")
    assert (code, said) == (1, "Nobody: 2 people must approve, and only 1 could.\n")
    (home / "holds.toml").write_text('[x]\nwho = 1\nrisk = "Some."\n')
    code, said = run(policy.app, "x")
    assert code == 2
    assert "[x]: who" in said


def test_everybody_is_listed(home: Path) -> None:
    run(policy.app, "irreversible", "--by", "bo")  # reads people.toml into the tables
    assert "Bo" in run(people.app, "list")[1]
