"""Declared webhooks against a real server on loopback: signature, key, and what each ending means."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from holds.runs import ActionOutcome
from tests.house import BO
from tests.integration.tools.conftest import Tools

Make = Callable[[str], Tools]
KEY = "of a test"


@dataclass
class Hook:
    """What the other side saw, and what it says next."""

    url: str = ""
    status: int = 200
    slow_s: float = 0.0
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    said = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            said.seen.append(({k.lower(): v for k, v in self.headers.items()}, body))
            time.sleep(said.slow_s)
            try:
                self.send_response(said.status)
                self.send_header("Location", f"{said.url}/elsewhere")
                self.end_headers()
            except OSError:
                pass  # the caller did not wait

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    said.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield said
    server.shutdown()
    server.server_close()
    thread.join()


def text(url: str, timeout_s: float = 5.0) -> str:
    return (
        f'[webhook.deploy]\nurl = "{url}/hook"\nsummary = "Start a deployment of a service."\n'
        f'effect = "compensable"\nsecret = "DEPLOY_KEY"\ntimeout_s = {timeout_s}\n'
        'arguments = { service = "what is deployed", note = "why" }\noptional = ["note"]\n'
    )


async def approved(tools: Tools, arguments: str = '{"service":"api"}') -> ActionOutcome:
    hold = await tools.house.open("ex_1", action="webhook.deploy", action_class="compensable", content=arguments)
    await tools.house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    return await tools.house.runner.run(hold.id)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOY_KEY", KEY)


async def test_it_is_posted_once_signed_and_with_its_key(make: Make, hook: Hook) -> None:
    done = await approved(make(text(hook.url)))
    assert done.state == "executed"
    [(headers, body)] = hook.seen
    assert json.loads(body)["arguments"] == {"service": "api"}
    assert headers["idempotency-key"] == done.key == json.loads(body)["key"]
    signed = headers["x-trinity-timestamp"].encode() + b"." + body
    assert headers["x-trinity-signature"] == "v1=" + hmac.new(KEY.encode(), signed, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("status", "state"),
    [(204, "executed"), (307, "failed"), (302, "failed"), (404, "failed"), (429, "unknown"), (503, "unknown")],
)
async def test_what_an_answer_means(make: Make, hook: Hook, status: int, state: str) -> None:
    hook.status = status
    assert (await approved(make(text(hook.url)))).state == state
    assert len(hook.seen) == 1, "no redirect is followed and nothing is sent twice"


async def test_no_answer_is_unknown_and_nobody_there_is_failed(make: Make, hook: Hook) -> None:
    hook.slow_s = 1.0
    assert (await approved(make(text(hook.url, timeout_s=0.2)))).state == "unknown"


async def test_nobody_there_is_failed(make: Make) -> None:
    assert (await approved(make(text("http://127.0.0.1:9")))).state == "failed"


async def test_without_its_key_or_encryption_nothing_is_sent(
    make: Make, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEPLOY_KEY")
    done = await approved(make(text(hook.url)))
    assert (done.state, "DEPLOY_KEY" in done.text, hook.seen) == ("failed", True, [])


async def test_an_address_outside_must_be_encrypted(make: Make) -> None:
    done = await approved(make(text("http://192.0.2.1")))
    assert (done.state, "not encrypted" in done.text) == ("failed", True)


@pytest.mark.parametrize("arguments", ["{}", '{"service":"api","other":"x"}'])
async def test_other_arguments_are_never_sent(make: Make, hook: Hook, arguments: str) -> None:
    assert (await approved(make(text(hook.url)), arguments)).state == "failed"
    assert hook.seen == []
