"""Decisions about a real tool from Slack's forms: changed before it is approved, and allowed with a code."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest

from tests.instance import Instance, people
from tests.integration.slack.conftest import PEOPLE
from tests.platforms.slack_server import APP_TOKEN, BOT_TOKEN, SlackServer, wait_for
from tests.servers.buckets import calls, declared


def buttons(message: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {e["action_id"]: e for block in message["blocks"] if block["type"] == "actions" for e in block["elements"]}


def typed(words: str) -> dict[str, Any]:
    return {"value": {"type": "plain_text_input", "value": words}}


@pytest.fixture
def start(slack: SlackServer, tmp_path: Path) -> Iterator[Callable[[str], Instance]]:
    made: list[Instance] = []

    def begin(action_class: str) -> Instance:
        (tmp_path / "buckets").mkdir()
        home = tmp_path / "home"
        people(home, PEOPLE)
        (home / "tools.toml").write_text(declared(action_class=action_class))
        tokens = {"SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
        made.append(Instance(home, BUCKET_HOME=str(tmp_path / "buckets"), **tokens).start())
        wait_for(lambda: slack.connected, what="the connection")
        return made[-1]

    yield begin
    for instance in made:
        instance.stop()


def asked(slack: SlackServer) -> tuple[str, dict[str, Any]]:
    """Di asks for a bucket to be deleted: the thread, and what Bo is asked."""
    before = len(slack.ours("D2"))
    ts, _ = slack.mention("U3", "delete the staging bucket")
    return ts, wait_for(lambda: slack.ours("D2")[before:], 60, "the asking")[0]


def test_changed_in_a_form_it_runs_as_changed(
    slack: SlackServer, start: Callable[[str], Instance], tmp_path: Path
) -> None:
    start("compensable")
    ts, bo = asked(slack)
    seen = len(slack.views)
    slack.action("U2", buttons(bo)["trinity_hold_edit"], bo)
    view = wait_for(lambda: slack.views[seen:], what="the form")[0]
    (field,) = [block for block in view["blocks"] if block.get("block_id") == "arg:name"]
    assert field["element"]["initial_value"] == "staging"
    sent = slack.submit("U2", view, {"arg:name": typed("backup"), "reason": typed("the other one")})
    wait_for(lambda: sent.acked, 60, "the acknowledgement")
    assert sent.answer is None, sent.answer
    wait_for(lambda: "Replaced by an edit" in bo["text"], 60, "the outcome on the copy")
    answer = wait_for(lambda: slack.ours("C1", ts)[1:], 60, "the outcome in the thread")[0]
    assert "The bucket backup is deleted." in answer["text"]
    assert [one["arguments"]["name"] for one in calls(tmp_path / "buckets", "delete_bucket")] == ["backup"]


def test_what_cannot_be_undone_asks_for_a_code_in_a_form(
    slack: SlackServer, start: Callable[[str], Instance], tmp_path: Path
) -> None:
    trinity = start("irreversible")
    begun = trinity.post("/api/trinity/people/step-up", {"person": "bo"}).json()
    app = pyotp.parse_uri(begun["uri"])
    assert isinstance(app, pyotp.TOTP)
    trinity.post("/api/trinity/people/step-up/confirm", {"person": "bo", "code": app.now()})
    ts, bo = asked(slack)
    assert "code from your authenticator app" in bo["text"]
    seen = len(slack.views)
    slack.action("U2", buttons(bo)["trinity_hold_approve"], bo)
    view = wait_for(lambda: slack.views[seen:], what="the form")[0]
    wrong = slack.submit("U2", view, {"reason": typed(""), "code": typed("000000")})
    wait_for(lambda: wrong.acked, what="the acknowledgement")
    assert "code" in json.dumps(wrong.answer["errors"])
    assert calls(tmp_path / "buckets") == []
    ahead = app.at(int(time.time()) + app.interval)
    right = slack.submit("U2", view, {"reason": typed(""), "code": typed(ahead)})
    wait_for(lambda: right.acked, what="the acknowledgement")
    assert right.answer is None, right.answer
    wait_for(lambda: slack.ours("C1", ts)[1:], 60, "the outcome in the thread")
    assert len(calls(tmp_path / "buckets", "delete_bucket")) == 1
