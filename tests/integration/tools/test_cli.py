"""`trinity tools`: what is declared, what each server really offers, and an exit code for what does not fit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.instance import REPO, environment
from tests.servers.buckets import declared


def verb(home: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trinity.cli.main", "tools", *words],
        env=environment(home, BUCKET_HOME=str(folder), PYTHONPATH=str(REPO)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def trinity_tools(home: Path, folder: Path, name: str) -> tuple[int, dict[str, Any]]:
    done = verb(home, folder, name, "--json")
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def test_list_starts_nothing(home: Path, folder: Path) -> None:
    (home / "tools.toml").write_text(declared())
    code, found = trinity_tools(home, folder, "list")
    assert code == 0
    [server] = found["servers"]
    decided = {tool["name"]: (tool["effect"], tool["action_class"], tool["decided"]) for tool in server["tools"]}
    assert decided["buckets.list_buckets"] == ("read", "", "at once")
    assert decided["buckets.delete_bucket"] == ("irreversible", "irreversible", "a human decides")
    assert decided["buckets.add_note"] == ("reversible", "", "at once, with Undo")
    assert not (folder / "started").exists()


def test_check_says_what_is_raised_missing_and_undeclared(home: Path, folder: Path) -> None:
    (home / "tools.toml").write_text(declared())
    code, found = trinity_tools(home, folder, "check")
    assert code == 1, "secret_door is declared and not offered"
    [server] = found["servers"]
    assert server["starts"] is True
    assert server["undeclared"] == ["hidden"]
    tools = {tool["name"]: tool for tool in server["tools"]}
    assert (tools["buckets.calm"]["effect"], tools["buckets.calm"]["raised"]) == ("irreversible", True)
    assert "does not offer" in tools["buckets.secret_door"]["trouble"]


def test_check_says_which_server_does_not_start(home: Path, folder: Path) -> None:
    (home / "tools.toml").write_text('[server.gone]\ncommand = ["/nonexistent"]\n')
    code, found = trinity_tools(home, folder, "check")
    assert (code, found["servers"][0]["starts"]) == (1, False)
    assert "did not start" in found["servers"][0]["trouble"]


def test_a_wrong_file_is_one_sentence_and_exit_code_2(home: Path, folder: Path) -> None:
    (home / "tools.toml").write_text("[server.x]\n")
    done = verb(home, folder, "list")
    assert done.returncode == 2
    assert "[server.x]" in done.stderr
