"""/trinity, the App Home and the shortcut."""

from __future__ import annotations

import pytest

from tests.platforms.slack_server import SlackServer, wait_for

pytestmark = pytest.mark.usefixtures("trinity")


def typed(slack: SlackServer, user: str, words: str, channel: str = "C1") -> str:
    sent = slack.command(user, words, channel)
    wait_for(lambda: sent.acked, what="the acknowledgement")
    answer = sent.answer or {}
    return str(answer.get("text", ""))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "/trinity ask"),
        ("help", "/trinity verify"),
        ("dance", "I do not know “dance”"),
        ("holds", "Nothing waits"),
        ("costs", "spent"),
        ("mode", "Mode hybrid"),
        ("ask", "What do you want to ask?"),
        ("pause", "Only a commander"),
        ("link", "Which account?"),
        ("link nonsense", "That is no account"),
    ],
)
def test_verbs_are_answered_to_the_asker_alone(slack: SlackServer, words: str, said: str) -> None:
    before = len(slack.messages)
    assert said in typed(slack, "U3", words)
    assert len(slack.messages) == before


def test_a_question_by_command_is_shown_and_answered_below(slack: SlackServer) -> None:
    typed(slack, "U3", "ask what is 15 * 3?")
    root = wait_for(lambda: [m for m in slack.ours("C1") if "what is 15" in m["text"]], what="the question")[0]
    assert root["text"].startswith("Di asks:")
    assert "45" in wait_for(lambda: slack.ours("C1", root["ts"]), what="the answer")[0]["text"]


def test_verify_says_what_it_found(slack: SlackServer) -> None:
    typed(slack, "U3", "verify")
    assert "agree" in wait_for(lambda: slack.responses, what="the result")[0]["text"]


def test_a_commander_pauses_and_resumes(slack: SlackServer) -> None:
    assert "Paused" in typed(slack, "U1", "pause")
    assert "paused" in typed(slack, "U3", "mode")
    assert "Resumed" in typed(slack, "U1", "resume")


def test_the_home_tab_shows_what_waits_and_what_it_cost(slack: SlackServer) -> None:
    seen = len(slack.views)
    event = {"type": "app_home_opened", "user": "U2", "channel": "D2", "tab": "home", "event_ts": slack.ts()}
    slack.deliver("events_api", slack.wrap(event))
    view = wait_for(lambda: slack.views[seen:], what="the tab")[0]
    assert view["type"] == "home"
    for words in ("Waiting for a person", "Today's costs", "Mode"):
        assert words in str(view)


def test_the_shortcut_answers_the_one_who_asked_alone(slack: SlackServer) -> None:
    said = slack.said("U4", "The answer is in the appendix.", "C1")
    seen = len(slack.views)
    slack.deliver(
        "interactive",
        {
            "type": "message_action",
            "callback_id": "trinity_about",
            "token": "none",
            "trigger_id": "1.2.3",
            "message_ts": said["ts"],
            "team": {"id": "T0TEAM", "domain": "team"},
            "user": {"id": "U3", "name": "di", "team_id": "T0TEAM"},
            "channel": {"id": "C1", "name": "general"},
            "message": said,
            "response_url": "",
        },
    )
    view = wait_for(lambda: slack.views[seen:], what="the form")[0]
    sent = slack.submit("U3", view, {"question": {"value": {"type": "plain_text_input", "value": "What is 14 * 2?"}}})
    wait_for(lambda: sent.acked, what="the acknowledgement")
    assert sent.answer is None
    root = wait_for(lambda: [m for m in slack.ours("D3") if "asked about a message" in m["text"]], what="the root")[0]
    wait_for(lambda: slack.ours("D3", root["ts"]), 150, "the answer")
