"""Messages in and out: one exchange for each, in the right thread, whatever the platform repeats or refuses."""

from __future__ import annotations

import base64
import sqlite3
import time
from typing import Any

import pytest

from tests.instance import Instance
from tests.platforms.slack_server import BOT_USER, TEAM, SlackServer, wait_for

pytestmark = pytest.mark.usefixtures("trinity")


def buttons(message: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {e["action_id"]: e for block in message["blocks"] if block["type"] == "actions" for e in block["elements"]}


def answered(slack: SlackServer, channel: str, ts: str, seconds: float = 30.0) -> dict[str, Any]:
    return wait_for(lambda: slack.ours(channel, ts), seconds, "the answer")[-1]


def stored(trinity: Instance, query: str) -> list[Any]:
    with sqlite3.connect(trinity.home / "trinity.db") as db:
        return db.execute(query).fetchall()


def test_both_events_and_redeliveries_make_one_answer(slack: SlackServer) -> None:
    ts, sent = slack.mention("U3", "what is 12 * 12?", "C2")
    answer = answered(slack, "C2", ts)
    assert "144" in answer["text"]
    again = [slack.deliver("events_api", one.payload) for one in sent]
    wait_for(lambda: all(one.acked for one in again), what="the acknowledgement")
    ts2, _ = slack.mention("U3", "hello", "C2")  # in the same channel, so it comes after whatever was doubled
    answered(slack, "C2", ts2)
    assert len(slack.ours("C2", ts)) == 1


def test_a_direct_message_is_answered_in_its_thread(slack: SlackServer) -> None:
    ts, sent = slack.direct("U3", "what is 2 + 3?")
    assert "5" in answered(slack, "D3", ts)["text"]
    assert sent.acked is not None
    assert sent.acked - sent.sent[0] < 3


def test_everything_that_the_blocks_say_stands_in_the_text(slack: SlackServer) -> None:
    ts, _ = slack.mention("U3", "what is 7 * 8?", "C2")
    answer = answered(slack, "C2", ts)
    for block in answer["blocks"]:
        if block["type"] == "section":
            assert block["text"]["text"] in answer["text"]
        if block["type"] == "context":
            assert block["elements"][0]["text"] in answer["text"]
    names = [one["text"]["text"] for one in buttons(answer).values()]
    assert names == ["Why this answer?", "Good answer", "Not a good answer"]


def test_other_bots_and_itself_are_not_answered(slack: SlackServer) -> None:
    event = slack.said("U6", f"<@{BOT_USER}> hello", "C3", bot_id="B1", subtype="bot_message")
    unmarked = slack.said("U6", f"<@{BOT_USER}> hello", "C3")
    aside = slack.said("U3", "no mention at all", "C3")
    sent = [slack.deliver("events_api", slack.wrap(one)) for one in (event, unmarked, aside)]
    wait_for(lambda: all(one.acked for one in sent), what="the acknowledgement")
    ts, _ = slack.mention("U3", "hello", "C3")
    answered(slack, "C3", ts)
    assert len(slack.ours("C3")) == 1


def test_an_empty_mention_gives_help_or_answers_the_message_above(slack: SlackServer) -> None:
    ts, _ = slack.mention("U3", "", "C4")
    assert "/trinity help" in answered(slack, "C4", ts)["text"]
    above = slack.said("U4", "Our shop opens at nine.", "C4")
    slack.mention("U3", "", "C4", thread_ts=above["ts"])
    # the small embedded model words it, which takes its time on a busy machine
    assert "/trinity help" not in answered(slack, "C4", above["ts"], 150)["text"]


def test_why_shows_the_floors_to_the_asker_alone(slack: SlackServer) -> None:
    ts, _ = slack.mention("U3", "what is 9 * 9?", "C2")
    answer = answered(slack, "C2", ts)
    why = buttons(answer)["trinity_why"]
    seen = len(slack.views)
    slack.action("U3", why, answer)
    view = wait_for(lambda: slack.views[seen:], what="the modal")[0]
    shown = str(view)
    assert "F12" in shown
    assert "Sealed as entry" in shown
    told = len(slack.ephemeral)
    slack.action("U4", why, answer)
    whisper = wait_for(lambda: slack.ephemeral[told:], what="the answer")[0]
    assert "somebody else" in whisper["text"]
    assert whisper["user"] == "U4"
    assert len(slack.views) == seen + 1


def test_a_thumb_is_taken(slack: SlackServer) -> None:
    ts, _ = slack.mention("U3", "what is 3 * 9?", "C2")
    answer = answered(slack, "C2", ts)
    told = len(slack.ephemeral)
    slack.action("U3", buttons(answer)["trinity_thumb_up"], answer)
    assert "Noted" in wait_for(lambda: slack.ephemeral[told:], what="the thanks")[0]["text"]


def test_an_edit_within_a_minute_is_asked_again_and_a_preview_is_not(slack: SlackServer) -> None:
    ts, _ = slack.mention("U3", "what is 5 * 5?", "C2")
    answered(slack, "C2", ts)
    old = next(m for m in slack.messages if m["ts"] == ts)
    edit = {"user": "U3", "ts": f"{float(ts) + 5:.6f}"}
    new = {k: v for k, v in old.items() if k != "channel"} | {"text": f"<@{BOT_USER}> what is 5 * 6?", "edited": edit}
    changed = {
        "type": "message",
        "subtype": "message_changed",
        "channel": "C2",
        "channel_type": "channel",
        "ts": slack.ts(),
        "message": new,
        "previous_message": old,
    }
    slack.deliver("events_api", slack.wrap(changed))
    slack.deliver("events_api", slack.wrap(changed))
    wait_for(lambda: len(slack.ours("C2", ts)) == 2, what="the second answer")
    assert "30" in slack.ours("C2", ts)[-1]["text"]
    preview = changed | {"previous_message": new, "ts": slack.ts()}
    late = new | {"text": f"<@{BOT_USER}> what is 5 * 7?", "edited": {"user": "U3", "ts": f"{float(ts) + 500:.6f}"}}
    more = [slack.deliver("events_api", slack.wrap(one)) for one in (preview, changed | {"message": late})]
    wait_for(lambda: all(one.acked for one in more), what="the acknowledgement")
    ts2, _ = slack.mention("U3", "hello", "C2")
    answered(slack, "C2", ts2)
    assert len(slack.ours("C2", ts)) == 2


def test_a_deleted_message_leaves_the_context(slack: SlackServer, trinity: Instance) -> None:
    ts, _ = slack.mention("U3", "what is 5 * 11? zebrafish", "C5")
    answered(slack, "C5", ts)
    old = next(m for m in slack.messages if m["ts"] == ts)
    gone = {
        "type": "message",
        "subtype": "message_deleted",
        "channel": "C5",
        "channel_type": "channel",
        "ts": slack.ts(),
        "deleted_ts": ts,
        "previous_message": old,
    }
    sent = slack.deliver("events_api", slack.wrap(gone))
    wait_for(lambda: sent.acked, what="the acknowledgement")
    assert stored(trinity, "select * from turns where text like '%zebrafish%' and role = 'user'") == []
    assert stored(trinity, "select * from inbox where payload like '%zebrafish%'") == []


def test_told_to_wait_it_waits_and_says_it_once(slack: SlackServer) -> None:
    limited = (429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"})
    slack.refuse["chat.postMessage"] = [limited, limited]
    started = time.monotonic()
    ts, _ = slack.mention("U3", "what is 4 * 4?", "C6")
    answered(slack, "C6", ts)
    assert time.monotonic() - started >= 1
    assert len(slack.ours("C6", ts)) == 1


def test_a_post_whose_answer_was_lost_is_not_posted_again(slack: SlackServer) -> None:
    slack.lose["chat.postMessage"] = 1
    ts, _ = slack.mention("U3", "what is 4 * 5?", "C7")
    answered(slack, "C7", ts)
    wait_for(lambda: slack.made("conversations.replies"), what="the look")
    slack.mention("U3", "what is 4 * 6?", "C7", thread_ts=ts)
    wait_for(lambda: len(slack.ours("C7", ts)) >= 2, what="the next answer")  # one thread's messages keep their order
    assert [("20" in m["text"], "24" in m["text"]) for m in slack.ours("C7", ts)] == [(True, False), (False, True)]


def test_ok_false_is_an_error_and_tried_again(slack: SlackServer) -> None:
    slack.refuse["chat.postMessage"] = [(200, {"ok": False, "error": "internal_error"}, {})]
    ts, _ = slack.mention("U3", "what is 6 * 6?", "C8")
    assert "36" in answered(slack, "C8", ts)["text"]
    assert len(slack.ours("C8", ts)) == 1


def test_a_file_is_material_and_its_token_goes_nowhere_else(slack: SlackServer, trinity: Instance) -> None:
    note = b"The meeting is on Friday."
    slack.files["notes.txt"] = note
    mine = f"http://127.0.0.1:{slack.port}/files/notes.txt"
    files = [
        {"name": "notes.txt", "mimetype": "text/plain", "url_private_download": mine, "size": 25},
        {"name": "far.txt", "mimetype": "text/plain", "url_private_download": "http://127.0.0.1:9/far.txt", "size": 3},
    ]
    told = len(slack.ephemeral)
    ts, _ = slack.mention("U3", "what is 8 * 8?", "C2", subtype="file_share", files=files)
    answered(slack, "C2", ts, 150)
    event = f"'{TEAM}/C2/{ts}'"
    ((payload,),) = stored(trinity, f"select payload from inbox where event_id = {event}")
    assert base64.b64encode(note).decode() in payload
    assert "far.txt" in wait_for(lambda: slack.ephemeral[told:], what="the sentence")[0]["text"]


def test_a_new_connection_is_made_when_told_and_events_come_over_it(slack: SlackServer) -> None:
    before = slack.connects
    slack.disconnect()
    wait_for(lambda: slack.connects > before and slack.connected, what="the new connection")
    ts, _ = slack.mention("U3", "what is 11 * 11?", "C2")
    assert "121" in answered(slack, "C2", ts)["text"]


def test_a_silent_connection_is_noticed_within_a_minute(slack: SlackServer) -> None:
    before, started = slack.connects, time.monotonic()
    slack.deaf = True
    try:
        wait_for(lambda: slack.connects > before, 60, "the new connection")
    finally:
        slack.deaf = False
    assert time.monotonic() - started < 60
    wait_for(lambda: slack.connected, what="the connection")
    ts, _ = slack.mention("U3", "what is 13 * 3?", "C2")
    assert "39" in wait_for(lambda: slack.ours("C2", ts), 60, "the answer")[-1]["text"]


def test_members_are_members_and_everybody_else_is_a_guest(slack: SlackServer, trinity: Instance) -> None:
    slack.person("U9", "Stranger", team_id="T9OTHER", is_stranger=True)
    for user in ("U4", "U5"):
        ts, _ = slack.direct(user, "hello")
        answered(slack, f"D{user[1:]}", ts)
    event = slack.said("U9", f"<@{BOT_USER}> hello", "C9", user_team="T9OTHER")
    slack.deliver("events_api", slack.wrap(event))
    answered(slack, "C9", event["ts"])
    query = "select i.value, p.role from identities i join people p on p.id = i.person where i.kind = 'slack'"
    roles = dict(stored(trinity, query))
    assert roles[f"{TEAM}/U4"] == "member"
    assert roles[f"{TEAM}/U5"] == "guest"
    assert roles["T9OTHER/U9"] == "guest"


def test_what_is_declared_for_a_channel_holds_there(slack: SlackServer, trinity: Instance) -> None:
    for channel in ("C0QUIET", "C2"):
        ts, _ = slack.mention("U3", "what is 2 * 8?", channel)
        answered(slack, channel, ts)
    query = "select json_extract(payload, '$.agent'), json_extract(payload, '$.route') from inbox where thread like "
    assert set(stored(trinity, f"{query} '%/C0QUIET/%'")) == {("c1", "offline")}
    assert set(stored(trinity, f"{query} '%/C2/%' and payload like '%2 * 8%'")) == {(None, None)}
