"""Discord on loopback: REST and gateway as its documentation describes them, for the real client library.

It keeps messages and tells what was asked of it; requests are checked against Discord's OpenAPI description where
the test data is present (`faults`). Gateway: HELLO, IDENTIFY, HEARTBEAT, RESUME with replay, opcode 7, zlib-stream.
Interactions must be answered within three seconds, or are noted as late.
"""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import WSMsgType, web

from tests.platforms.openapi import OpenApi

EPOCH_MS = 1_420_070_400_000
ME = 400_000_000_000_000_001
GUILD = 500_000_000_000_000_001
CHANNEL = 600_000_000_000_000_001
BODY: web.RequestKey[Any] = web.RequestKey("body", object)
FILES: web.RequestKey[Any] = web.RequestKey("files", list)
NONCE_S = 300.0  # how long a nonce is remembered
_HEARTBEAT_MS = 5_000


def user(number: int, name: str, *, bot: bool = False) -> dict[str, Any]:
    return {
        "id": str(number),
        "username": name.lower(),
        "global_name": name,
        "discriminator": "0",
        "avatar": None,
        "bot": bot,
        "public_flags": 0,
    }


@dataclass
class _Session:
    """One gateway session: what was sent in it, for a RESUME to repeat."""

    id: str
    sent: list[dict[str, Any]] = field(default_factory=list)
    socket: _Socket | None = None


class _Socket:
    def __init__(self, ws: web.WebSocketResponse, *, compressed: bool) -> None:
        self.ws = ws
        self._zlib = zlib.compressobj() if compressed else None
        self._lock = asyncio.Lock()

    async def send(self, payload: dict[str, Any]) -> None:
        async with self._lock:
            if self.ws.closed:
                return
            text = json.dumps(payload)
            if self._zlib is None:
                await self.ws.send_str(text)
            else:
                await self.ws.send_bytes(self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH))


class DiscordServer:
    """Use as an async context manager; `api` is what DISCORD_API_URL is set to."""

    def __init__(self, token: str, *, port: int = 0) -> None:
        self.token, self.port = token, port
        self.messages: dict[int, list[dict[str, Any]]] = {CHANNEL: []}
        self.direct: dict[int, int] = {}  # person → channel
        self.posts: list[dict[str, Any]] = []  # every POST of a message, in order, as it was answered
        self.edits: list[dict[str, Any]] = []
        self.typing: list[int] = []
        self.callbacks: dict[int, dict[str, Any]] = {}  # interaction → what it was answered with
        self.originals: dict[int, dict[str, Any]] = {}  # interaction → the answer after edits
        self.pressed: dict[int, dict[str, Any]] = {}  # interaction → the button
        self.late: list[int] = []
        self.commands: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self.identified = self.resumed = 0
        self.trouble: deque[tuple[int, dict[str, str]]] = deque()  # statuses for the next posts of messages
        self.drop_after_post = 0  # so many posts are kept, and their answer is lost
        self.intents = 0
        self._open_interactions: dict[str, tuple[int, float]] = {}
        self._nonces: dict[tuple[int, str], tuple[float, dict[str, Any]]] = {}
        self._sessions: dict[str, _Session] = {}
        self._last_id = 0
        self._spec = OpenApi("discord_openapi_v10.json.gz")
        self._runner: web.AppRunner | None = None
        self.files: dict[str, bytes] = {}

    # -- life -------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> DiscordServer:
        app = web.Application(middlewares=[self._checked])
        app.router.add_get("/gateway", self._gateway)
        app.router.add_get("/files/{name}", self._file)
        r, v = app.router, "/api/v10"
        r.add_get(f"{v}/gateway/bot", self._gateway_bot)
        r.add_get(f"{v}/users/@me", self._me)
        r.add_get(f"{v}/oauth2/applications/@me", self._application)
        r.add_get(f"{v}/applications/@me", self._application)
        r.add_post(f"{v}/users/@me/channels", self._open_direct)
        r.add_put(f"{v}/applications/{{app}}/commands", self._put_commands)
        r.add_post(f"{v}/channels/{{channel}}/messages", self._post)
        r.add_get(f"{v}/channels/{{channel}}/messages", self._history)
        r.add_get(f"{v}/channels/{{channel}}/messages/{{message}}", self._one)
        r.add_patch(f"{v}/channels/{{channel}}/messages/{{message}}", self._edit)
        r.add_post(f"{v}/channels/{{channel}}/typing", self._typing)
        r.add_get(f"{v}/channels/{{channel}}", self._channel)
        r.add_post(f"{v}/interactions/{{id}}/{{token}}/callback", self._callback)
        r.add_patch(f"{v}/webhooks/{{app}}/{{token}}/messages/@original", self._edit_original)
        r.add_post(f"{v}/webhooks/{{app}}/{{token}}", self._followup)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        return self

    async def __aexit__(self, *_: object) -> None:
        for session in self._sessions.values():
            if session.socket is not None:
                await session.socket.ws.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v10"

    # -- what a test does -------------------------------------------------------------------------------------

    def new_id(self, at: float | None = None) -> int:
        """A snowflake, later than every one before it."""
        made = int((at or time.time()) * 1000 - EPOCH_MS) << 22
        self._last_id = made if at is not None else max(made, self._last_id + 1)
        return self._last_id

    async def say(
        self,
        who: dict[str, Any],
        text: str,
        *,
        channel: int = CHANNEL,
        direct: bool = False,
        deliver: bool = True,
        files: dict[str, bytes] | None = None,
        answers: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Somebody writes; `<@ME>` in the text mentions the bot. `deliver` False: written while nobody listened."""
        if direct:
            channel = self._direct_with(int(who["id"]))
        message = self._message(channel, who, text)
        for name, data in (files or {}).items():
            self.files[name] = data
            kind = "image/png" if name.endswith(".png") else "text/plain; charset=utf-8"
            message["attachments"].append(
                {
                    "id": str(self.new_id()),
                    "filename": name,
                    "size": len(data),
                    "url": f"http://127.0.0.1:{self.port}/files/{name}",
                    "proxy_url": f"http://127.0.0.1:{self.port}/files/{name}",
                    "content_type": kind,
                }
            )
        if answers is not None:
            message["type"] = 19
            message["message_reference"] = {"message_id": answers["id"], "channel_id": answers["channel_id"]}
            message["referenced_message"] = answers
        self.messages.setdefault(channel, []).append(message)
        if deliver:
            await self.dispatch("MESSAGE_CREATE", self.event(message))
        return message

    async def change(self, message: dict[str, Any], text: str) -> None:
        """The writer edits a message."""
        message["content"] = text
        message["edited_timestamp"] = datetime.now(UTC).isoformat()
        await self.dispatch("MESSAGE_UPDATE", self.event(message))

    async def delete(self, message: dict[str, Any]) -> None:
        """The writer deletes a message."""
        channel = int(message["channel_id"])
        self.messages[channel].remove(message)
        await self.dispatch("MESSAGE_DELETE", {"id": message["id"], "channel_id": str(channel), "guild_id": str(GUILD)})

    async def click(self, who: dict[str, Any], message: dict[str, Any], label: str) -> int:
        """Somebody presses the button whose label begins so; the interaction's id."""
        buttons = [b for row in message.get("components", []) for b in row["components"]]
        button = next(b for b in buttons if b["label"].startswith(label))
        data = {"component_type": 2, "custom_id": button["custom_id"]}
        number = await self._interact(who, 3, data, int(message["channel_id"]), message=message)
        self.pressed[number] = button
        return number

    async def submit(self, who: dict[str, Any], modal: dict[str, Any], values: dict[str, str], channel: int) -> int:
        """Somebody sends a form."""
        rows = [
            {"type": 18, "id": n, "component": {"type": 4, "id": 50 + n, "custom_id": name, "value": value}}
            for n, (name, value) in enumerate(values.items(), 1)
        ]
        return await self._interact(who, 5, {"custom_id": modal["custom_id"], "components": rows}, channel)

    async def command(self, who: dict[str, Any], name: str, channel: int = CHANNEL, **options: str) -> int:
        """Somebody uses `/trinity NAME`."""
        given = [{"type": 3, "name": key, "value": value} for key, value in options.items()]
        data = {"id": "1", "name": "trinity", "type": 1, "options": [{"type": 1, "name": name, "options": given}]}
        return await self._interact(who, 2, data, channel)

    async def about(self, who: dict[str, Any], message: dict[str, Any]) -> int:
        """Somebody uses "Ask Trinity about this" on a message."""
        data = {
            "id": "2",
            "name": "Ask Trinity about this",
            "type": 3,
            "target_id": message["id"],
            "resolved": {"messages": {message["id"]: message}},
        }
        return await self._interact(who, 2, data, int(message["channel_id"]))

    async def _interact(
        self, who: dict[str, Any], kind: int, data: dict[str, Any], channel: int, message: dict[str, Any] | None = None
    ) -> int:
        number, direct = self.new_id(), channel in self.direct.values()
        token = f"token-{number}"
        self._open_interactions[token] = (number, time.monotonic())
        event: dict[str, Any] = {
            "id": str(number),
            "application_id": str(ME),
            "type": kind,
            "token": token,
            "version": 1,
            "locale": "en-US",
            "data": data,
            "channel_id": str(channel),
            "channel": self._channel_object(channel) | ({} if direct else {"permissions": "0"}),
            "app_permissions": "0",
            "entitlements": [],
            "authorizing_integration_owners": {},
            "attachment_size_limit": 10 * 1024 * 1024,
        }
        if direct:
            event["user"] = who
        else:
            event |= {
                "guild_id": str(GUILD),
                "guild_locale": "en-US",
                "guild": {"id": str(GUILD), "locale": "en-US", "features": []},
            }
            event["member"] = {
                "user": who,
                "roles": [],
                "joined_at": "2026-01-01T00:00:00+00:00",
                "deaf": False,
                "mute": False,
                "permissions": "0",
                "flags": 0,
            }
        if message is not None:
            event["message"] = message
        await self.dispatch("INTERACTION_CREATE", event)
        return number

    async def dispatch(self, kind: str, data: dict[str, Any]) -> None:
        """An event into every session, also into one whose socket is gone: a RESUME repeats it."""
        for session in self._sessions.values():
            payload = {"op": 0, "s": len(session.sent) + 1, "t": kind, "d": data}
            session.sent.append(payload)
            if session.socket is not None:
                await session.socket.send(payload)

    async def ask_to_reconnect(self) -> None:
        """Opcode 7."""
        for session in self._sessions.values():
            if session.socket is not None:
                await session.socket.send({"op": 7, "d": None, "s": None, "t": None})

    async def cut(self) -> None:
        """The connections break."""
        for session in self._sessions.values():
            if session.socket is not None:
                socket, session.socket = session.socket, None
                await socket.ws.close(code=1001)

    def answers(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        """What was posted in answer to a message."""
        return [p for p in self.posts if (p.get("message_reference") or {}).get("message_id") == message["id"]]

    def forget_nonces(self) -> None:
        """A few minutes pass."""
        self._nonces.clear()

    # -- gateway ----------------------------------------------------------------------------------------------

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        socket = _Socket(ws, compressed=request.query.get("compress") == "zlib-stream")
        await socket.send({"op": 10, "d": {"heartbeat_interval": _HEARTBEAT_MS}, "s": None, "t": None})
        session: _Session | None = None
        async for raw in ws:
            if raw.type is not WSMsgType.TEXT:
                continue
            payload = json.loads(raw.data)
            if payload["op"] == 1:
                await socket.send({"op": 11, "d": None, "s": None, "t": None})
            elif payload["op"] == 2:
                if payload["d"]["token"] != self.token:
                    await ws.close(code=4004)
                    break
                self.identified += 1
                self.intents = payload["d"]["intents"]
                session = _Session(f"session{self.identified}", socket=socket)
                self._sessions = {session.id: session}
                await self.dispatch("READY", self._ready(session))
                await self.dispatch("GUILD_CREATE", self._guild())
            elif payload["op"] == 6:
                session = self._sessions.get(payload["d"]["session_id"])
                if session is None:
                    await socket.send({"op": 9, "d": False, "s": None, "t": None})
                    continue
                self.resumed += 1
                session.socket = socket
                for old in session.sent[payload["d"]["seq"] :]:
                    await socket.send(old)
                await socket.send({"op": 0, "s": len(session.sent), "t": "RESUMED", "d": {}})
        if session is not None and session.socket is socket:
            session.socket = None
        return ws

    def _ready(self, session: _Session) -> dict[str, Any]:
        return {
            "v": 10,
            "user": user(ME, "Trinity", bot=True),
            "guilds": [{"id": str(GUILD), "unavailable": True}],
            "session_id": session.id,
            "resume_gateway_url": f"ws://127.0.0.1:{self.port}/gateway",
            "application": {"id": str(ME), "flags": 0},
            "private_channels": [],
        }

    def _guild(self) -> dict[str, Any]:
        channels = [c for c in self.messages if c not in self.direct.values()]
        return {
            "id": str(GUILD),
            "name": "Team",
            "icon": None,
            "owner_id": "1",
            "preferred_locale": "en-US",
            "roles": [
                {
                    "id": str(GUILD),
                    "name": "@everyone",
                    "color": 0,
                    "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
                    "hoist": False,
                    "position": 0,
                    "permissions": "0",
                    "managed": False,
                    "mentionable": False,
                    "flags": 0,
                }
            ],
            "emojis": [],
            "features": [],
            "channels": [self._channel_object(c) for c in channels],
            "members": [],
            "threads": [],
            "member_count": 2,
            "large": False,
            "unavailable": False,
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "stickers": [],
            "soundboard_sounds": [],
            "premium_tier": 0,
            "nsfw_level": 0,
            "mfa_level": 0,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "system_channel_flags": 0,
            "premium_progress_bar_enabled": False,
            "afk_timeout": 60,
            "joined_at": "2026-01-01T00:00:00+00:00",
        }

    # -- REST -------------------------------------------------------------------------------------------------

    @web.middleware
    async def _checked(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if not request.path.startswith("/api/v10"):
            response: web.StreamResponse = await handler(request)
            return response
        public = "/interactions/" in request.path or "/webhooks/" in request.path
        if not public and request.headers.get("Authorization") != f"Bot {self.token}":
            return _json({"message": "401: Unauthorized", "code": 0}, status=401)
        body = None
        if request.content_type == "application/json" and request.can_read_body:
            body = await request.json()
        elif request.content_type.startswith("multipart/"):
            body, request[FILES] = await self._parts(request)
        request[BODY] = body
        if request.content_type == "application/json":
            path = request.path.removeprefix("/api/v10")
            self.faults += self._spec.faults(request.method, path, _as_text(body))
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _parts(self, request: web.Request) -> tuple[Any, list[tuple[str, bytes]]]:
        body: Any = None
        files: list[tuple[str, bytes]] = []
        async for part in await request.multipart():
            data = await part.read()  # type: ignore[union-attr]
            if part.name == "payload_json":  # type: ignore[union-attr]
                body = json.loads(data)
            else:
                files.append((part.filename or "", bytes(data)))  # type: ignore[union-attr]
        return body, files

    async def _gateway_bot(self, _: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        url = f"ws://127.0.0.1:{self.port}/gateway"
        return _json({"url": url, "shards": 1, "session_start_limit": limit})

    async def _me(self, _: web.Request) -> web.Response:
        return _json(
            user(ME, "Trinity", bot=True)
            | {"verified": True, "email": None, "flags": 0, "mfa_enabled": False, "locale": "en-US"}
        )

    async def _application(self, _: web.Request) -> web.Response:
        owner = user(1, "Owner")
        return _json(
            {
                "id": str(ME),
                "name": "Trinity",
                "icon": None,
                "description": "",
                "summary": "",
                "bot_public": False,
                "bot_require_code_grant": False,
                "verify_key": "0" * 64,
                "flags": 0,
                "owner": owner,
                "team": None,
                "hook": True,
            }
        )

    def _direct_with(self, person: int) -> int:
        if person not in self.direct:
            self.direct[person] = self.new_id()
            self.messages[self.direct[person]] = []
        return self.direct[person]

    async def _open_direct(self, request: web.Request) -> web.Response:
        return _json(self._channel_object(self._direct_with(int(request[BODY]["recipient_id"]))))

    def _channel_object(self, channel: int) -> dict[str, Any]:
        last = self.messages[channel][-1]["id"] if self.messages.get(channel) else None
        if channel in self.direct.values():
            person = next(p for p, c in self.direct.items() if c == channel)
            return {"id": str(channel), "type": 1, "last_message_id": last, "recipients": [user(person, "Somebody")]}
        return {
            "id": str(channel),
            "type": 0,
            "guild_id": str(GUILD),
            "name": "general",
            "position": 0,
            "permission_overwrites": [],
            "nsfw": False,
            "rate_limit_per_user": 0,
            "topic": None,
            "parent_id": None,
            "last_message_id": last,
        }

    async def _channel(self, request: web.Request) -> web.Response:
        return _json(self._channel_object(int(request.match_info["channel"])))

    async def _put_commands(self, request: web.Request) -> web.Response:
        self.commands = request[BODY]
        made = [
            c
            | {
                "id": str(n),
                "application_id": str(ME),
                "version": "1",
                "default_member_permissions": None,
                "description": c.get("description", ""),
            }
            for n, c in enumerate(self.commands, 1)
        ]
        return _json(made)

    async def _post(self, request: web.Request) -> web.Response:
        channel, body = int(request.match_info["channel"]), request[BODY]
        if self.trouble:
            status, headers = self.trouble.popleft()
            said = {"message": "trouble", "code": 0} | (
                {"retry_after": float(headers.get("Retry-After", 1)), "global": False} if status == 429 else {}
            )
            return _json(said, status=status, headers=headers)
        if channel not in self.messages:
            return _json({"message": "Unknown Channel", "code": 10003}, status=404)
        content = body.get("content") or ""
        if len(content) > 2000 or not (content or request.get(FILES)):
            return _json({"message": "Invalid Form Body", "code": 50035}, status=400)
        nonce = (channel, str(body.get("nonce")))
        known = self._nonces.get(nonce) if body.get("enforce_nonce") else None
        if known is not None and time.monotonic() - known[0] < NONCE_S:
            return _json(known[1])
        message = self._message(channel, user(ME, "Trinity", bot=True), content.strip())
        message["components"] = _numbered(body.get("components", []))
        if "message_reference" in body:
            message["message_reference"] = _as_text(body["message_reference"])
        message["allowed_mentions"] = body.get("allowed_mentions")
        for name, data in request.get(FILES, []):
            self.files[name] = data
            message["attachments"].append(
                {
                    "id": str(self.new_id()),
                    "filename": name,
                    "size": len(data),
                    "url": f"http://127.0.0.1:{self.port}/files/{name}",
                    "proxy_url": "",
                }
            )
        self.messages[channel].append(message)
        self.posts.append(message)
        self._nonces[nonce] = (time.monotonic(), message)
        if self.drop_after_post:
            self.drop_after_post -= 1
            assert request.transport is not None
            request.transport.close()
        return _json(message)

    async def _history(self, request: web.Request) -> web.Response:
        found = self.messages.get(int(request.match_info["channel"]))
        if found is None:
            return _json({"message": "Unknown Channel", "code": 10003}, status=404)
        after, limit = int(request.query.get("after", 0)), int(request.query.get("limit", 50))
        later = [m for m in found if int(m["id"]) > after]
        chosen = later[:limit] if "after" in request.query else later[-limit:]
        return _json([{k: v for k, v in m.items() if k != "nonce"} for m in reversed(chosen)])

    def _find(self, request: web.Request) -> dict[str, Any] | None:
        found = self.messages.get(int(request.match_info["channel"]), [])
        return next((m for m in found if m["id"] == request.match_info["message"]), None)

    async def _one(self, request: web.Request) -> web.Response:
        message = self._find(request)
        return _json(message or {"message": "Unknown Message", "code": 10008}, status=200 if message else 404)

    async def _edit(self, request: web.Request) -> web.Response:
        message, body = self._find(request), request[BODY]
        if message is None:
            return _json({"message": "Unknown Message", "code": 10008}, status=404)
        if "content" in body:
            message["content"] = body["content"]
        if "components" in body:
            message["components"] = _numbered(body["components"])
        self.edits.append(message)
        return _json(message)

    async def _typing(self, request: web.Request) -> web.Response:
        self.typing.append(int(request.match_info["channel"]))
        return web.Response(status=204)

    async def _callback(self, request: web.Request) -> web.Response:
        known = self._open_interactions.get(request.match_info["token"])
        if known is None:
            return _json({"message": "Unknown interaction", "code": 10062}, status=404)
        number, since = known
        if time.monotonic() - since > 3.0:
            self.late.append(number)
            return _json({"message": "Unknown interaction", "code": 10062}, status=404)
        if number in self.callbacks:
            return _json({"message": "Interaction has already been acknowledged.", "code": 40060}, status=400)
        self.callbacks[number] = request[BODY]
        kind = request[BODY]["type"]
        if kind == 4:
            self.originals[number] = request[BODY].get("data", {})
        if request.query.get("with_response", "").lower() in ("true", "1"):
            resource: dict[str, Any] = {"type": kind}
            if kind in (4, 5):
                content = request[BODY].get("data", {}).get("content", "")
                resource["message"] = self._message(CHANNEL, user(ME, "Trinity", bot=True), content or "")
            said = {
                "interaction": {"id": str(number), "type": 2, "response_message_loading": kind == 5},
                "resource": resource,
            }
            return _json(said)
        return web.Response(status=204)

    async def _edit_original(self, request: web.Request) -> web.Response:
        number, _ = self._open_interactions[request.match_info["token"]]
        self.originals[number] = request[BODY]
        return _json(self._message(CHANNEL, user(ME, "Trinity", bot=True), request[BODY].get("content") or ""))

    async def _followup(self, request: web.Request) -> web.Response:
        return _json(self._message(CHANNEL, user(ME, "Trinity", bot=True), request[BODY].get("content") or ""))

    async def _file(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["name"]])

    def _message(self, channel: int, who: dict[str, Any], text: str) -> dict[str, Any]:
        return {
            "id": str(self.new_id()),
            "channel_id": str(channel),
            "author": who,
            "content": text,
            "timestamp": datetime.now(UTC).isoformat(),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [user(ME, "Trinity", bot=True)] if f"<@{ME}>" in text else [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "components": [],
            "pinned": False,
            "type": 0,
            "flags": 0,
        }

    def event(self, message: dict[str, Any]) -> dict[str, Any]:
        """A message as the gateway tells it: with the server it stands in."""
        if int(message["channel_id"]) in self.direct.values():
            return message
        member = {"roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0}
        return message | {"guild_id": str(GUILD), "member": member}


def _numbered(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Components as Discord gives them back: each with an id of its own."""
    return [
        row | {"id": n * 10, "components": [c | {"id": n * 10 + k} for k, c in enumerate(row.get("components", []), 1)]}
        for n, row in enumerate(components, 1)
    ]


def _as_text(value: Any, key: str = "") -> Any:
    """Ids as text: the description wants them so, and Discord takes the numbers that the library sends as well."""
    if isinstance(value, dict):
        return {k: _as_text(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_as_text(v) for v in value]
    return str(value) if isinstance(value, int) and key.endswith("_id") else value


def _json(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Discord names no charset, and the client library compares the whole header."""
    return web.Response(
        body=json.dumps(data).encode(), status=status, headers={"Content-Type": "application/json"} | (headers or {})
    )
