"""Approval messages: what they say, and that no copy keeps its buttons once it is decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from bots.bridge.hold_words import HoldEvent, HoldField, HoldView
from bots.slack.approvals import Approvals, asked_post, content_blocks, outcome_post
from bots.slack.parts import SlackParts
from store.engine import Database
from store.outbox import Outbox, OutboxDraft
from tests import house

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOLD = HoldView(
    id="hold_1",
    state="pending",
    action="bucket.delete",
    summary="Delete <!here> the bucket",
    content='{"name": "staging"}',
    content_sha256="ab" * 32,
    effect="irreversible",
    risk="Cannot be undone.",
    requester="Di",
    may_decide=("an approver",),
    created_at=NOON,
    offer="decide",
    may_ask=True,
    fields=(HoldField("name", "staging"),),
)


def actions(post: Any) -> list[str]:
    found = [block for block in post.blocks if block["type"] == "actions"]
    return [one["action_id"].removeprefix("trinity_hold_") for block in found for one in block["elements"]]


def test_the_message_offers_what_the_viewer_may_do() -> None:
    assert actions(asked_post(HOLD, "Please decide")) == ["approve", "deny", "edit", "ask", "details"]
    assert actions(asked_post(replace(HOLD, offer="none", may_ask=False), "Seen")) == ["details"]
    assert "<!here>" not in str(asked_post(HOLD, "Please decide: <!here>").blocks[0])
    for element in asked_post(replace(HOLD, summary="long " * 60), "x").blocks[-2]["elements"]:
        assert len(element["text"]["text"]) <= 75


def test_a_crisis_says_the_least_and_is_only_acknowledged() -> None:
    post = asked_post(replace(HOLD, crisis=True, offer="acknowledge", content="private words"), "Please look")
    assert actions(post) == ["acknowledge"]
    assert "private" not in str(post)


def test_the_exact_content_is_whole_in_the_details() -> None:
    content = "".join(f"line {n} & <b>\n" for n in range(2_000))
    blocks = content_blocks(content)
    assert all(len(block["text"]["text"]) <= 3_000 for block in blocks)
    shown = "".join(block["text"]["text"].removeprefix("```").removesuffix("```") for block in blocks)
    assert shown == content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert "more characters" in str(content_blocks(content, 500)[-1])


def test_the_outcome_has_who_and_when_and_no_buttons() -> None:
    event = HoldEvent("Bo", NOON, "approved", "fine")
    post = outcome_post(replace(HOLD, state="approved", events=(event,)))
    assert actions(post) == ["details"]
    assert "Bo approved at 2026-11-21 12:00 UTC: fine" in post.text


async def test_a_decision_made_while_its_message_was_posted_is_found(database: Database) -> None:
    built = await house.build(database)
    outbox, now = Outbox(database, built.hands), [0.0]
    record = await built.open()

    async def hold(hold_id: str, viewer: object) -> HoldView:
        return HOLD

    parts = SimpleNamespace(
        people=built.people,
        desk=built.desk,
        outbox=outbox,
        holds=SimpleNamespace(hold=hold),
        delivery=SimpleNamespace(wake=lambda: None),
    )
    approvals = Approvals(cast(SlackParts, parts), clock=lambda: now[0])
    approvals.attach()
    place, key = "direct:T1/U2", f"hold-notice:{record.id}:0:bo"
    await outbox.put(OutboxDraft(key, "slack", place, '{"text": "x", "hold": "h"}', "bo", "hold"))
    (row,) = await outbox.claim("x", channels=("slack",), limit=1, lease=MINUTE)
    assert await approvals.asked(record.id, "bo", "Please decide")
    decided = await built.desk.decide(
        record.id, by=house.BO, decision="deny", content_sha256=record.content_sha256, reason="no"
    )
    assert decided.accepted
    await outbox.sent(row.id, "D2/1.1")
    await approvals.look_again()
    assert await outbox.claim("x", channels=("slack",), limit=9, lease=MINUTE) == []
    now[0] = 61.0
    await approvals.look_again()
    (update,) = await outbox.claim("x", channels=("slack",), limit=9, lease=MINUTE)
    assert (update.kind, update.recipient) == ("hold-copy", "bo")
    assert "D2/1.1" in update.body
    await approvals.sweep()
    assert await outbox.claim("x", channels=("slack",), limit=9, lease=MINUTE) == []
