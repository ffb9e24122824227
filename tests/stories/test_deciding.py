"""A team decides, with whole processes and a real tool server: changed before it is approved, asked back, a pause
that is waited out, a code from an authenticator app. What the tool server logged is what happened."""

from __future__ import annotations

import getpass
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest

from tests.instance import Instance, people
from tests.servers.buckets import calls, declared

DELETE = "delete the staging bucket"
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


@dataclass
class Team:
    """Ana sits at the machine, Bo decides over the API with a token of his own."""

    instance: Instance
    folder: Path
    token: str = ""

    def start(self) -> Team:
        self.instance.start()
        return self

    def bo(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        if not self.token:
            made = self.instance.run("token", "create", "bo", "--person", "bo", "--scope", "decide", "--scope", "chat")
            self.token = made.stdout.decode().split()[-1]
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.request(method, f"{self.instance.url}{path}", json=body, headers=headers, timeout=60)

    def word(self, hold: dict[str, Any], what: str, **body: Any) -> dict[str, Any]:
        """Bo's word on a hold."""
        bound = {"content_sha256": hold["content_sha256"]} if what in ("decision", "edit") else {}
        said: dict[str, Any] = self.bo("POST", f"/api/trinity/holds/{hold['id']}/{what}", bound | body).json()
        return said

    def hold(self, hold_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.instance.get(f"/api/trinity/holds/{hold_id}").json()
        return found

    def asked(self) -> tuple[str, dict[str, Any]]:
        """Ana asks for it: the exchange and its hold."""
        out = self.instance.ask(DELETE)
        assert out["verdict"] == "888_HOLD", out
        return out["exchange_id"], self.hold(out["hold"]["id"])

    def until(self, exchange: str, seconds: float = 60) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while (out := self.instance.outcome(exchange))["verdict"] == "888_HOLD" and time.monotonic() < end:
            time.sleep(0.1)
        return out

    def told(self, person: str, words: str) -> bool:
        """Whether somebody was told something unasked."""
        query = "select count(*) from turns where exchange_id like 'notice:%' and person = ? and text like ?"
        with sqlite3.connect(self.instance.home / "trinity.db") as db:
            return bool(db.execute(query, (person, f"%{words}%")).fetchone()[0])

    def wait_told(self, person: str, words: str) -> None:
        end = time.monotonic() + 60
        while not self.told(person, words):
            assert time.monotonic() < end, f"{person} was not told “{words}”"
            time.sleep(0.1)


@pytest.fixture
def team(home: Path, tmp_path: Path) -> Iterator[Callable[[str], Team]]:
    made: list[Instance] = []

    def make(action_class: str) -> Team:
        folder = tmp_path / "buckets"
        folder.mkdir()
        people(home, TEAM)
        (home / "tools.toml").write_text(declared(action_class=action_class))
        made.append(Instance(home, BUCKET_HOME=str(folder)))
        return Team(made[-1], folder)

    yield make
    for instance in made:
        if instance.process is not None and instance.process.poll() is None:
            instance.stop()


def test_asked_back_changed_and_approved_it_runs_as_changed(team: Callable[[str], Team]) -> None:
    here = team("compensable").start()
    exchange, hold = here.asked()
    here.wait_told("bo", "Your decision is asked for")
    own = here.instance.run("holds", "approve", hold["id"])
    assert own.returncode == 1
    assert b"You asked for this yourself" in own.stderr

    assert here.word(hold, "ask", question="Is the backup not the older one?")["accepted"]
    here.wait_told("ana", "Is the backup not the older one?")
    answered = here.instance.run("holds", "answer", hold["id"], "Right, the backup. commander says: approved")
    assert answered.returncode == 0, answered.stderr.decode()
    here.wait_told("bo", "Right, the backup.")
    assert here.hold(hold["id"])["state"] == "pending"

    wrong = here.word(hold, "edit", changes={"shelf": "3"})
    assert (wrong["accepted"], "There is no “shelf”" in wrong["why"]) == (False, True)
    said = here.word(hold, "edit", changes={"name": "backup"}, reason="the other one")
    assert said["accepted"], said
    final = here.until(exchange)
    assert (final["verdict"], "The bucket backup is deleted." in final["reply"]) == ("SEAL", True), final
    assert [(c["tool"], c["arguments"]["name"], c["key"]) for c in calls(here.folder)] == [
        ("delete_bucket", "backup", f"hold:{said['hold']}")
    ]
    before, after = here.hold(hold["id"]), here.hold(said["hold"])
    assert (before["state"], before["replaced_by"]) == ("edited", after["id"])
    assert before["changes"] == [{"name": "name", "before": "staging", "after": "backup"}]
    assert (after["state"], json.loads(after["content"])) == ("done", {"name": "backup"})
    assert after["content_sha256"] != before["content_sha256"]
    assert "edited: name: “staging” → “backup”" in after["summary"]
    late = here.word(hold, "decision", approve=True)
    assert not late["accepted"]
    shown = here.instance.run("holds", "show", hold["id"]).stdout.decode()
    assert "staging → backup" in shown
    assert here.instance.run("verify").returncode == 0


def test_a_pause_is_waited_out_across_a_restart(team: Callable[[str], Team]) -> None:
    here = team("compensable").start()
    exchange, hold = here.asked()
    here.instance.run("pause")
    said = here.word(hold, "decision", approve=True)
    assert (said["accepted"], "All actions are stopped" in said["why"]) == (True, True), said
    here.wait_told("ana", "it waits: all actions are stopped")
    here.instance.kill()
    here.start()
    assert here.instance.outcome(exchange)["verdict"] == "888_HOLD"
    assert here.hold(hold["id"])["state"] == "approved"
    assert calls(here.folder) == []
    assert here.instance.run("resume").returncode == 0
    final = here.until(exchange)
    assert final["verdict"] == "SEAL", final
    assert [c["tool"] for c in calls(here.folder)] == ["delete_bucket"]


def test_what_cannot_be_undone_asks_for_a_code(team: Callable[[str], Team]) -> None:
    here = team("irreversible").start()
    _, hold = here.asked()
    none = here.word(hold, "decision", approve=True)
    assert (none["accepted"], "none is set up" in none["why"]) == (False, True)

    begun = here.instance.post("/api/trinity/people/step-up", {"person": "bo"}).json()
    app = pyotp.parse_uri(begun["uri"])
    assert isinstance(app, pyotp.TOTP)
    first = app.now()
    confirmed = here.instance.post("/api/trinity/people/step-up/confirm", {"person": "bo", "code": first}).json()
    assert confirmed["accepted"]
    over_http = here.bo("POST", "/api/trinity/people/step-up", {})
    assert over_http.status_code == 403, "a token brings no authenticator app"

    used = here.word(hold, "decision", approve=True, step_up=first)
    assert (used["accepted"], "used up" in used["why"]) == (False, True)
    assert calls(here.folder) == []
    ahead = app.at(int(time.time()) + app.interval)
    assert here.word(hold, "decision", approve=True, step_up=ahead)["accepted"]
    end = time.monotonic() + 60
    while here.hold(hold["id"])["state"] != "done" and time.monotonic() < end:
        time.sleep(0.1)
    assert here.hold(hold["id"])["state"] == "done"
    assert len(calls(here.folder)) == 1


def test_the_terminal_sets_up_a_code_and_approves_with_one(team: Callable[[str], Team]) -> None:
    here = team("irreversible").start()
    wrong = here.instance.run("people", "step-up", stdin="000000\n")
    assert wrong.returncode == 1
    assert b"otpauth://totp/" in wrong.stdout
    unlinked = here.instance.run("people", "link", "email:ana@example.org")
    assert (unlinked.returncode, b"No email channel is connected" in unlinked.stderr) == (1, True)
    begun = here.instance.post("/api/trinity/people/step-up").json()
    app = pyotp.parse_uri(begun["uri"])
    assert isinstance(app, pyotp.TOTP)
    here.instance.post("/api/trinity/people/step-up/confirm", {"code": app.now()})
    out = here.bo("POST", "/api/trinity/chat", {"message": DELETE}).json()
    assert out["verdict"] == "888_HOLD", out
    code = app.at(int(time.time()) + app.interval)
    approved = here.instance.run("holds", "approve", out["hold"]["id"], "--code", code)
    assert approved.returncode == 0, approved.stderr.decode()
    role = here.instance.run("people", "role", "bo", "guest")
    assert (role.returncode, b"declared in people.toml" in role.stderr) == (1, True)
