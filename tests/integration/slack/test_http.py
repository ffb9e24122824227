"""Signed HTTP instead of Socket Mode: only what Slack signed within five minutes is heard."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import httpx

from tests.instance import Instance
from tests.platforms.slack_server import BOT_TOKEN, SECRET, SlackServer, post_signed, signed, wait_for


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_events_come_over_signed_http_and_nothing_else_does(slack: SlackServer, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/slack/events"
    secret_file = tmp_path / "secret"
    secret_file.write_text(f"{SECRET}\n")
    instance = Instance(
        tmp_path / "home",
        SLACK_API_URL=slack.api_url,
        SLACK_BOT_TOKEN=BOT_TOKEN,
        SLACK_SIGNING_SECRET_FILE=str(secret_file),
        SLACK_HTTP_PORT=str(port),
    ).start()
    try:
        wait_for(lambda: "Connected" in instance.get("/readyz").json()["parts"]["slack"]["detail"], what="the bot")
        asked = post_signed(url, {"type": "url_verification", "challenge": "abc", "token": "none"})
        assert asked.json() == {"challenge": "abc"}
        event = slack.said("U3", "what is 21 * 2?", "D3")
        wrapped = slack.wrap(event)
        assert post_signed(url, wrapped, secret="another").status_code == 401
        assert post_signed(url, wrapped, at=time.time() - 400).status_code == 401
        forged = signed(json.dumps(wrapped).encode())
        assert httpx.post(url, content=json.dumps(wrapped | {"team_id": "T1"}), headers=forged).status_code == 401
        large = {**signed(b"x"), "Content-Type": "application/json"}
        assert httpx.post(url, content=b"x" * 1_100_000, headers=large).status_code == 413
        assert httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 404
        assert slack.ours("D3", event["ts"]) == []
        assert [post_signed(url, wrapped).status_code for _ in range(3)] == [200, 200, 200]
        answer = wait_for(lambda: slack.ours("D3", event["ts"]), what="the answer")
        assert "42" in answer[0]["text"]
        assert len(answer) == 1
    finally:
        assert instance.stop() == 0
