"""A loopback server that speaks Slack's Web API, Socket Mode and signed HTTP events as they are published.

Sources: the Web API description (every call's arguments are checked against it where the description is at hand),
docs.slack.dev on Socket Mode (`hello`, envelopes, acknowledgement within 3 s, redelivery, `disconnect`), on rate limits
(429 with Retry-After) and on verifying requests (`v0=` HMAC-SHA256 over `v0:timestamp:body`).
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import hmac
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from aiohttp import WSMsgType, web

SPEC = Path(__file__).resolve().parents[3] / "shared" / "specs" / "slack_web_openapi_v2.json.gz"
TEAM, BOT_USER, BOT_ID, APP = "T0TEAM", "U0TRINITY", "B0TRINITY", "A0TRINITY"
BOT_TOKEN, APP_TOKEN = "-".join(("xoxb", "test", "bot")), "-".join(("xapp", "test", "app"))
SECRET = "-".join(("signing", "test", "secret"))
SCOPES = (
    "app_mentions:read,channels:history,chat:write,commands,files:read,groups:history,im:history,im:write,"
    "mpim:history,users:read"
)
# Arguments and methods that are newer than the published description (2021).
_NEWER: dict[str, set[str]] = {
    "chat.postMessage": {"metadata", "markdown_text"},
    "chat.update": {"metadata", "markdown_text"},
    "conversations.replies": {"include_all_metadata"},
    "conversations.history": {"include_all_metadata"},
    "conversations.open": {"prevent_creation"},
    "views.open": {"interactivity_pointer"},
    "assistant.threads.setStatus": {"channel_id", "thread_ts", "status", "loading_messages", "icon_emoji"},
    "apps.connections.open": set(),
}


@dataclass
class Call:
    """One request to the Web API."""

    method: str
    args: dict[str, Any]
    at: float


@dataclass
class Envelope:
    """One delivery over Socket Mode until it is acknowledged."""

    id: str
    type: str
    payload: dict[str, Any]
    sent: list[float] = field(default_factory=list)
    acked: float | None = None
    answer: Any = None


class SlackServer:
    """The workspace: its people, its messages, its connections. All state may be read from a test's thread."""

    def __init__(self, *, redeliver_s: float = 3.0) -> None:
        self.redeliver_s = redeliver_s
        self.calls: list[Call] = []
        self.faults: list[str] = []  # requests that the published description does not allow
        self.messages: list[dict[str, Any]] = []  # everything in every channel, ours and others'
        self.users: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.views: list[dict[str, Any]] = []
        self.responses: list[dict[str, Any]] = []  # what came to a response_url
        self.ephemeral: list[dict[str, Any]] = []
        self.statuses: list[tuple[str, str, str]] = []
        self.envelopes: dict[str, Envelope] = {}
        self.refuse: dict[str, list[tuple[int, dict[str, Any], dict[str, str]]]] = {}  # answers before the usual ones
        self.lose: dict[str, int] = {}  # calls that take effect and whose answer is lost
        self.before_post: Callable[[dict[str, Any]], None] | None = None
        self.status_line = True
        self.scopes = SCOPES
        self.connects = 0
        self.port = 0
        self._sockets: set[web.WebSocketResponse] = set()
        self._count = itertools.count(1)
        self._clock = itertools.count(1)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._spec = json.loads(gzip.decompress(SPEC.read_bytes()))["paths"] if SPEC.exists() else None
        self.deaf = False  # connections stay open and nothing is said on them any more

    # -- life -----------------------------------------------------------------------------------------------------

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    @contextmanager
    def running(self) -> Iterator[SlackServer]:
        """Serve in a thread of its own."""
        ready, done = threading.Event(), threading.Event()

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            stop = asyncio.Event()
            self._stop = lambda: self._loop and self._loop.call_soon_threadsafe(stop.set)
            app = web.Application(client_max_size=64 * 1024 * 1024)
            app.router.add_route("*", "/api/{method}", self._api)
            app.router.add_get("/link", self._link)
            app.router.add_get("/files/{name}", self._file)
            app.router.add_post("/response", self._response)
            runner = web.AppRunner(app, shutdown_timeout=1.0)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
            redelivery = asyncio.create_task(self._redeliver())
            ready.set()
            await stop.wait()
            redelivery.cancel()
            for one in list(self._sockets):
                await one.close()
            await runner.cleanup()

        def run() -> None:
            asyncio.run(serve())
            done.set()

        thread = threading.Thread(target=run, name="slack-server", daemon=True)
        thread.start()
        assert ready.wait(10)
        try:
            yield self
        finally:
            self._stop()
            done.wait(10)
            thread.join(10)

    # -- Web API --------------------------------------------------------------------------------------------------

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        args = await self._args(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or args.pop("token", "")
        self.calls.append(Call(method, args, time.monotonic()))
        wanted = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        if token != wanted:
            return self._error("invalid_auth")
        self._check(method, args)
        queue = self.refuse.get(method)
        if queue:
            status, body, headers = queue.pop(0)
            return web.json_response(body, status=status, headers=headers)
        answer = getattr(self, f"_do_{method.replace('.', '_')}", None)
        if answer is None:
            return self._error("unknown_method")
        result = answer(args)
        if self.lose.get(method, 0) > 0:
            self.lose[method] -= 1
            request.transport.close()  # type: ignore[union-attr]
            return web.Response(status=500)
        return web.json_response(result, headers={"x-oauth-scopes": self.scopes})

    async def _args(self, request: web.Request) -> dict[str, Any]:
        found: dict[str, Any] = dict(request.query)
        if request.content_type == "application/json":
            found |= await request.json()
        elif request.can_read_body:
            found |= dict((await request.post()).items())
        for name in ("blocks", "metadata", "view"):
            if isinstance(found.get(name), str):
                found[name] = json.loads(found[name])
        return found

    def _check(self, method: str, args: dict[str, Any]) -> None:
        if self._spec is None:
            return
        path = self._spec.get(f"/{method}")
        known = set(_NEWER.get(method, ()))
        if path is None:
            if method not in _NEWER:
                self.faults.append(f"{method}: no such method")
        else:
            parameters = next(iter(path.values()))["parameters"]
            known |= {one["name"] for one in parameters}
            needed = {one["name"] for one in parameters if one.get("required") and one["name"] != "token"}
            if needed - set(args):
                self.faults.append(f"{method}: lacks {sorted(needed - set(args))}")
        if set(args) - known:
            self.faults.append(f"{method}: unknown {sorted(set(args) - known)}")
        self._check_blocks(method, args.get("blocks") or (args.get("view") or {}).get("blocks") or [], args)

    def _check_blocks(self, method: str, blocks: list[dict[str, Any]], args: dict[str, Any]) -> None:
        if len(blocks) > (100 if "view" in args else 50):
            self.faults.append(f"{method}: {len(blocks)} blocks")
        if len(json.dumps(blocks)) > 26_000 and "view" not in args:
            self.faults.append(f"{method}: blocks too long")
        for block in blocks:
            text = (block.get("text") or {}).get("text", "") if isinstance(block.get("text"), dict) else ""
            if block["type"] == "section" and not 1 <= len(text) <= 3000:
                self.faults.append(f"{method}: a section of {len(text)} characters")
            for element in block.get("elements") or []:
                if element.get("type") == "button":
                    if len(element["text"]["text"]) > 75 or len(element.get("value", "")) > 2000:
                        self.faults.append(f"{method}: a button too long")
                    if len(element["action_id"]) > 255:
                        self.faults.append(f"{method}: an action_id too long")

    @staticmethod
    def _error(word: str) -> web.Response:
        return web.json_response({"ok": False, "error": word})

    def ts(self) -> str:
        """A message's time, unique."""
        return f"{int(time.time())}.{next(self._clock):06d}"

    def _do_auth_test(self, args: dict[str, Any]) -> dict[str, Any]:
        return {
            "ok": True,
            "url": "https://team.slack.com/",
            "team": "Team",
            "user": "trinity",
            "team_id": TEAM,
            "user_id": BOT_USER,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    def _do_apps_connections_open(self, args: dict[str, Any]) -> dict[str, Any]:
        return {
            "ok": True,
            "url": f"ws://127.0.0.1:{self.port}/link/?ticket={next(self._count)}&app_id={APP}".replace("/?", "?"),
        }

    def _do_users_info(self, args: dict[str, Any]) -> dict[str, Any]:
        user = self.users.get(args["user"])
        return {"ok": True, "user": user} if user is not None else {"ok": False, "error": "user_not_found"}

    def _do_conversations_open(self, args: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "channel": {"id": f"D{args['users'].split(',')[0][1:]}"}}

    def _do_chat_postMessage(self, args: dict[str, Any]) -> dict[str, Any]:
        if self.before_post is not None:
            self.before_post(args)
        message = {
            "type": "message",
            "user": BOT_USER,
            "bot_id": BOT_ID,
            "app_id": APP,
            "ts": self.ts(),
            "channel": args["channel"],
            "text": args.get("text", ""),
            "blocks": args.get("blocks", []),
        }
        if args.get("thread_ts"):
            message["thread_ts"] = args["thread_ts"]
        if args.get("metadata"):
            message["metadata"] = args["metadata"]
        self.messages.append(message)
        return {"ok": True, "channel": args["channel"], "ts": message["ts"], "message": message}

    def _find(self, args: dict[str, Any]) -> dict[str, Any] | None:
        return next((m for m in self.messages if m["channel"] == args["channel"] and m["ts"] == args["ts"]), None)

    def _do_chat_update(self, args: dict[str, Any]) -> dict[str, Any]:
        message = self._find(args)
        if message is None or message.get("user") != BOT_USER:
            return {"ok": False, "error": "message_not_found"}
        message |= {"text": args.get("text", ""), "blocks": args.get("blocks", [])}
        message.setdefault("edits", 0)
        message["edits"] += 1
        return {"ok": True, "channel": args["channel"], "ts": args["ts"], "text": message["text"]}

    def _do_chat_delete(self, args: dict[str, Any]) -> dict[str, Any]:
        message = self._find(args)
        if message is None:
            return {"ok": False, "error": "message_not_found"}
        self.messages.remove(message)
        return {"ok": True, "channel": args["channel"], "ts": args["ts"]}

    def _do_chat_postEphemeral(self, args: dict[str, Any]) -> dict[str, Any]:
        self.ephemeral.append(args)
        return {"ok": True, "message_ts": self.ts()}

    def _listed(self, args: dict[str, Any], wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or 1e12)
        shown = []
        for message in self.messages:
            if wanted(message) and (oldest <= float(message["ts"]) <= latest):
                kept = {k: v for k, v in message.items() if k != "metadata"}
                if str(args.get("include_all_metadata", "")).lower() in ("1", "true") and "metadata" in message:
                    kept["metadata"] = message["metadata"]
                shown.append(kept)
        return {"ok": True, "messages": shown, "has_more": False, "response_metadata": {"next_cursor": ""}}

    def _do_conversations_replies(self, args: dict[str, Any]) -> dict[str, Any]:
        root = args["ts"]
        return self._listed(
            args, lambda m: m["channel"] == args["channel"] and (m["ts"] == root or m.get("thread_ts") == root)
        )

    def _do_conversations_history(self, args: dict[str, Any]) -> dict[str, Any]:
        found = self._listed(args, lambda m: m["channel"] == args["channel"] and not m.get("thread_ts"))
        found["messages"].reverse()
        return found

    def _do_assistant_threads_setStatus(self, args: dict[str, Any]) -> dict[str, Any]:
        if not self.status_line:
            return {"ok": False, "error": "unknown_method"}
        self.statuses.append((args["channel_id"], args["thread_ts"], args["status"]))
        return {"ok": True}

    def _do_views_open(self, args: dict[str, Any]) -> dict[str, Any]:
        view = {"id": f"V{next(self._count)}", **args["view"]}
        self.views.append(view)
        return {"ok": True, "view": view}

    _do_views_publish = _do_views_update = _do_views_open

    async def _file(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {BOT_TOKEN}":
            return web.Response(status=302, headers={"Location": "https://slack.com/login"})
        data = self.files.get(request.match_info["name"])
        return web.Response(body=data) if data is not None else web.Response(status=404)

    async def _response(self, request: web.Request) -> web.StreamResponse:
        self.responses.append(await request.json())
        return web.Response(text="ok")

    # -- Socket Mode ----------------------------------------------------------------------------------------------

    async def _link(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self.connects += 1
        info = {"host": "applink", "build_number": 1, "approximate_connection_time": 18060}
        hello = {"type": "hello", "num_connections": 1, "debug_info": info, "connection_info": {"app_id": APP}}
        await socket.send_str(json.dumps(hello))
        self._sockets.add(socket)
        try:
            async for message in socket:
                if self.deaf:
                    continue
                if message.type is WSMsgType.PING:
                    await socket.pong(message.data)
                elif message.type is WSMsgType.TEXT:
                    self._acked(json.loads(message.data))
        finally:
            self._sockets.discard(socket)
        return socket

    def _acked(self, answer: dict[str, Any]) -> None:
        envelope = self.envelopes.get(str(answer.get("envelope_id")))
        if envelope is not None and envelope.acked is None:
            envelope.acked, envelope.answer = time.monotonic(), answer.get("payload")

    async def _send(self, envelope: Envelope) -> None:
        socket = next(iter(self._sockets), None)
        if socket is None:
            return
        body: dict[str, Any] = {
            "type": envelope.type,
            "envelope_id": envelope.id,
            "payload": envelope.payload,
            "accepts_response_payload": envelope.type != "events_api",
        }
        if envelope.type == "events_api":
            tries = len(envelope.sent)
            body |= {"retry_attempt": tries, "retry_reason": "timeout" if tries else ""}
        envelope.sent.append(time.monotonic())
        try:
            await socket.send_str(json.dumps(body))
        except ConnectionError:
            self._sockets.discard(socket)

    async def _redeliver(self) -> None:
        """An event that nobody acknowledged comes again, on whichever connection there is, three more times."""
        while True:
            await asyncio.sleep(0.05)
            now = time.monotonic()
            for envelope in list(self.envelopes.values()):
                waits = envelope.acked is None and envelope.type == "events_api" and len(envelope.sent) < 4
                if waits and (not envelope.sent or now - envelope.sent[-1] > self.redeliver_s):
                    await self._send(envelope)

    def _on_loop(self, work: Any) -> Any:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def deliver(self, type_: str, payload: dict[str, Any]) -> Envelope:
        """Send an envelope over Socket Mode."""
        envelope = Envelope(f"env-{next(self._count)}", type_, payload)
        self.envelopes[envelope.id] = envelope
        self._on_loop(self._send(envelope))
        return envelope

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tell every connection to make a new one, as Slack does every few hours, then close it."""

        async def work() -> None:
            for socket in list(self._sockets):
                self._sockets.discard(socket)
                await socket.send_str(json.dumps({"type": "disconnect", "reason": reason}))

        self._on_loop(work())

    @property
    def connected(self) -> bool:
        return bool(self._sockets)

    # -- events ---------------------------------------------------------------------------------------------------

    def person(self, user: str, name: str, **more: Any) -> str:
        """Somebody in the workspace."""
        self.users[user] = {
            "id": user,
            "team_id": TEAM,
            "name": name.lower(),
            "real_name": name,
            "is_bot": False,
            "is_restricted": False,
            "is_ultra_restricted": False,
            "profile": {"display_name": name},
        } | more
        return user

    def wrap(self, event: dict[str, Any], event_id: str | None = None) -> dict[str, Any]:
        """The outer envelope of the Events API."""
        return {
            "token": "none",
            "team_id": TEAM,
            "api_app_id": APP,
            "type": "event_callback",
            "event_id": event_id or f"Ev{next(self._count):09d}",
            "event_time": int(time.time()),
            "authorizations": [{"enterprise_id": None, "team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
            "is_ext_shared_channel": False,
            "event": event,
        }

    def said(self, user: str, text: str, channel: str, *, thread_ts: str | None = None, **more: Any) -> dict[str, Any]:
        """A message of a person's, in the channel and as an event."""
        ts = self.ts()
        message: dict[str, Any] = {"type": "message", "user": user, "text": text, "ts": ts, "team": TEAM}
        message |= {"client_msg_id": f"c{ts}"} | more
        if thread_ts is not None:
            message["thread_ts"] = thread_ts
        self.messages.append({**message, "channel": channel})
        kind = "im" if channel.startswith("D") else "channel"
        return {**message, "channel": channel, "channel_type": kind, "event_ts": ts}

    def mention(
        self, user: str, text: str, channel: str = "C1", *, both: bool = True, thread_ts: str | None = None, **more: Any
    ) -> tuple[str, list[Envelope]]:
        """Somebody mentions Trinity: delivered as `app_mention`, and (as real workspaces do) as `message` too."""
        event = self.said(user, f"<@{BOT_USER}> {text}".strip(), channel, thread_ts=thread_ts, **more)
        sent = [self.deliver("events_api", self.wrap({**event, "type": "app_mention"}))]
        if both:
            sent.append(self.deliver("events_api", self.wrap(event)))
        return str(event["ts"]), sent

    def direct(self, user: str, text: str, *, thread_ts: str | None = None, **more: Any) -> tuple[str, Envelope]:
        """Somebody writes to Trinity directly."""
        event = self.said(user, text, f"D{user[1:]}", thread_ts=thread_ts, **more)
        return str(event["ts"]), self.deliver("events_api", self.wrap(event))

    def action(self, user: str, element: dict[str, Any], message: dict[str, Any]) -> Envelope:
        """Somebody presses a button of a message."""
        payload = {
            "type": "block_actions",
            "user": {"id": user, "username": user, "name": user, "team_id": TEAM},
            "api_app_id": APP,
            "token": "none",
            "container": {"type": "message", "message_ts": message["ts"], "channel_id": message["channel"]},
            "trigger_id": f"{next(self._count)}.trigger",
            "team": {"id": TEAM, "domain": "team"},
            "channel": {"id": message["channel"], "name": "general"},
            "message": {k: v for k, v in message.items() if k != "channel"},
            "response_url": f"http://127.0.0.1:{self.port}/response",
            "actions": [
                {
                    "type": "button",
                    "action_id": element["action_id"],
                    "block_id": "b",
                    "value": element.get("value", ""),
                    "text": element["text"],
                    "action_ts": self.ts(),
                }
            ],
        }
        return self.deliver("interactive", payload)

    def submit(self, user: str, view: dict[str, Any], values: dict[str, dict[str, Any]]) -> Envelope:
        """Somebody sends a modal in: block → action → element state."""
        payload = {
            "type": "view_submission",
            "team": {"id": TEAM, "domain": "team"},
            "user": {"id": user, "username": user, "name": user, "team_id": TEAM},
            "api_app_id": APP,
            "token": "none",
            "trigger_id": f"{next(self._count)}.trigger",
            "view": {**view, "state": {"values": values}, "team_id": TEAM, "bot_id": BOT_ID, "app_id": APP},
            "response_urls": [],
        }
        return self.deliver("interactive", payload)

    def command(self, user: str, text: str, channel: str = "C1") -> Envelope:
        """Somebody types /trinity."""
        payload = {
            "token": "none",
            "team_id": TEAM,
            "team_domain": "team",
            "channel_id": channel,
            "channel_name": "general",
            "user_id": user,
            "user_name": user,
            "command": "/trinity",
            "text": text,
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": f"http://127.0.0.1:{self.port}/response",
            "trigger_id": f"{next(self._count)}.trigger",
        }
        return self.deliver("slash_commands", payload)

    # -- looking --------------------------------------------------------------------------------------------------

    def ours(self, channel: str | None = None, thread_ts: str | None = None) -> list[dict[str, Any]]:
        """What Trinity has in a channel or thread now."""
        return [
            m
            for m in self.messages
            if m.get("user") == BOT_USER
            and (channel is None or m["channel"] == channel)
            and (thread_ts is None or m.get("thread_ts") == thread_ts)
        ]

    def made(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]


def signed(body: bytes, *, at: float | None = None, secret: str = SECRET) -> dict[str, str]:
    """The headers of a signed request."""
    stamp = str(int(at or time.time()))
    mac = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={mac}",
        "Content-Type": "application/json",
    }


def post_signed(url: str, payload: dict[str, Any], **how: Any) -> httpx.Response:
    """Deliver an event over HTTP."""
    body = json.dumps(payload).encode()
    return httpx.post(url, content=body, headers=signed(body, **how), timeout=10)


def wait_for(found: Callable[[], Any], seconds: float = 30.0, what: str = "it") -> Any:
    """The first true answer of `found`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        value = found()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {seconds} s")
