"""Decisions in Slack: asked in direct messages, pressed once, refused plainly, every copy brought up to date."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.platforms.slack_server import SlackServer, wait_for

pytestmark = pytest.mark.usefixtures("trinity")

_NUMBER = itertools.count(1)


def buttons(message: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {e["action_id"]: e for block in message["blocks"] if block["type"] == "actions" for e in block["elements"]}


def asked(slack: SlackServer) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Di asks for something that cannot be undone: the thread, and the messages to Ana and to Bo."""
    what = f"drop the users table number {next(_NUMBER)} in production"
    before = {channel: len(slack.ours(channel)) for channel in ("D1", "D2")}
    ts, _ = slack.mention("U3", what, "C1")
    wait_for(lambda: slack.ours("C1", ts), what="the answer in the thread")
    found = [wait_for(lambda c=channel: slack.ours(c)[before[c] :], what="the asking")[0] for channel in ("D1", "D2")]
    return ts, found[0], found[1]


def whispered(slack: SlackServer, since: int) -> dict[str, Any]:
    return wait_for(lambda: slack.ephemeral[since:], what="the sentence")[0]


def test_an_approval_counts_once_and_every_copy_shows_it(slack: SlackServer) -> None:
    ts, ana, bo = asked(slack)
    offered = buttons(bo)
    assert set(offered) == {f"trinity_hold_{one}" for one in ("approve", "deny", "ask", "details")}
    assert "drop the users table" in offered["trinity_hold_approve"]["text"]["text"]
    assert not {"trinity_hold_approve", "trinity_hold_deny"} & set(buttons(slack.ours("C1", ts)[0]))
    since = len(slack.ephemeral)
    for stranger in ("U3", "U4"):  # the one who asked, and somebody who may decide nothing
        slack.action(stranger, offered["trinity_hold_approve"], bo)
    wait_for(lambda: len(slack.ephemeral) >= since + 2, what="the refusals")
    said = {one["user"]: one["text"] for one in slack.ephemeral[since:]}
    assert "asked for this yourself" in said["U3"]
    assert "may not decide" in said["U4"]
    since = len(slack.ephemeral)
    slack.action("U2", offered["trinity_hold_approve"], bo)
    whispered(slack, since)
    wait_for(lambda: "Approved" in ana["text"] and "Approved" in bo["text"], what="the outcome on both copies")
    for copy in (ana, bo):
        assert "Bo approved at" in copy["text"]
        assert set(buttons(copy)) == {"trinity_hold_details"}
    wait_for(lambda: len(slack.ours("C1", ts)) == 2, what="the outcome in the thread")
    since = len(slack.ephemeral)
    slack.action("U1", offered["trinity_hold_approve"], ana)  # pressed in a copy that was not up to date yet
    assert "Already approved" in whispered(slack, since)["text"]
    assert len(slack.ours("C1", ts)) == 2


def test_a_denial_asks_for_its_reason_and_the_asker_reads_it(slack: SlackServer) -> None:
    ts, _ana, bo = asked(slack)
    seen = len(slack.views)
    slack.action("U2", buttons(bo)["trinity_hold_deny"], bo)
    view = wait_for(lambda: slack.views[seen:], what="the form")[0]
    sent = slack.submit("U2", view, {"reason": {"value": {"type": "plain_text_input", "value": "Not on a Friday."}}})
    wait_for(lambda: sent.acked, what="the acknowledgement")
    assert sent.answer is None
    wait_for(lambda: "Denied" in bo["text"], what="the outcome on the copy")
    assert "Not on a Friday." in bo["text"]
    wait_for(lambda: len(slack.ours("C1", ts)) == 2, what="the outcome in the thread")
    assert "Not on a Friday." in slack.ours("C1", ts)[-1]["text"]
    late = slack.submit("U2", view, {"reason": {"value": {"type": "plain_text_input", "value": "again"}}})
    wait_for(lambda: late.acked, what="the acknowledgement")
    assert late.answer["response_action"] == "errors"
    assert "Already denied" in next(iter(late.answer["errors"].values()))


def test_details_are_shown_to_whom_they_concern(slack: SlackServer) -> None:
    _ts, _ana, bo = asked(slack)
    details = buttons(bo)["trinity_hold_details"]
    seen, since = len(slack.views), len(slack.ephemeral)
    slack.action("U4", details, bo)
    assert "not yours to see" in whispered(slack, since)["text"]
    slack.action("U2", details, bo)
    view = wait_for(lambda: slack.views[seen:], what="the details")[0]
    assert "SHA-256 of exactly this content" in str(view)


def test_asking_back_reaches_the_one_who_asked(slack: SlackServer) -> None:
    ts, _ana, bo = asked(slack)
    seen = len(slack.views)
    slack.action("U2", buttons(bo)["trinity_hold_ask"], bo)
    view = wait_for(lambda: slack.views[seen:], what="the form")[0]
    slack.submit("U2", view, {"question": {"value": {"type": "plain_text_input", "value": "Which backup is there?"}}})
    wait_for(lambda: len(slack.ours("C1", ts)) == 2, what="the question")
    assert "Which backup is there?" in slack.ours("C1", ts)[-1]["text"]


def test_a_button_that_is_not_ours_changes_nothing(slack: SlackServer) -> None:
    _ts, _ana, bo = asked(slack)
    forged = {**buttons(bo)["trinity_hold_approve"], "value": "h1:hold_x:a:AAAA"}
    since = len(slack.ephemeral)
    slack.action("U2", forged, bo)
    assert "Nothing was changed" in whispered(slack, since)["text"]
