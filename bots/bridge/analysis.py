"""An analysis as it comes: by WebSocket for the page, as server-sent events for programs; and the way in for the
terminal, whose archives are larger than a chat's attachments.

A WebSocket is not bound by the same-origin rule: the page that opens it must be ours (Origin), signed in (cookie) and
say the session's secret first (RFC 6455, 10.2; OWASP, cross-site WebSocket hijacking).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import json
import secrets
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from bots.analyze_files import is_archive
from bots.bridge.auth import CODE_LENGTH_MAX, COOKIE, Caller, need, services_of
from bots.bridge.body import read_body
from bots.bridge.errors import Refusal
from bots.bridge.guard import csrf_matches, same_origin
from bots.bridge.services import BridgeServices
from bots.bridge.stream import HEADERS, event
from bots.inbound import Attachment, Inbound

ARCHIVE_LIMIT: Final = 6 * 1024 * 1024
_HELLO_S: Final = 5.0
_HELLO_LONGEST: Final = 1_000
# RFC 6455, 7.4: policy violation; going away.
_REFUSED, _AWAY = 1008, 1001
Chat = need("chat")


class AnalyzeBody(BaseModel):
    """An archive to be analysed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(min_length=5, max_length=120, description="Ends in .zip, .tar, .tar.gz, .tgz or .tar.bz2.")
    data_base64: str = Field(description="The archive in base64, at most 6 MB decoded.")
    question: str = Field(default="", max_length=4_000, description="What matters most.")
    thread: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,40}$")
    route: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._:/-]{1,80}$")


def routes(closing: asyncio.Event) -> APIRouter:
    """The page's WebSocket and the API's two routes."""
    router = APIRouter()
    described = HTTPBearer(auto_error=False, description="A token of `trinity token create`.")
    body = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": AnalyzeBody.model_json_schema()}}}
    }

    @router.websocket("/bridge/exchanges/{exchange_id}/analysis")
    async def watch(socket: WebSocket, exchange_id: str) -> None:
        services: BridgeServices = socket.app.state.services
        key = socket.cookies.get(COOKIE, "")
        session = await services.gate.session(key) if 0 < len(key) <= CODE_LENGTH_MAX else None
        if session is None or services.analysis is None or not same_origin(socket):
            await socket.close(_REFUSED)  # before accept: the handshake is answered with 403
            return
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            if not csrf_matches(session.csrf, await _hello(socket)) or not await services.talk.may_see(
                exchange_id, session.actor
            ):
                await socket.close(_REFUSED)
                return
            async for found in _until(closing, services.analysis.follow(exchange_id)):
                await socket.send_text(json.dumps(found, ensure_ascii=False))
            await socket.close(_AWAY if closing.is_set() else 1000)

    @router.post(
        "/api/trinity/analyze",
        tags=["talk"],
        summary="Analyse an archive of source code",
        dependencies=[Depends(described)],
        openapi_extra=body,
    )
    async def analyze(request: Request, who: Annotated[Caller, Chat]) -> Response:
        """Needs the scope `chat`. 202 and the exchange: a quick local scan of every file and a deep analysis of what
        it picked go on side by side. Watch `…/analysis`, then fetch the exchange's outcome."""
        given = await read_body(request, AnalyzeBody)
        if not is_archive(given.name):
            raise Refusal(400, "invalid", "That is not the name of an archive that can be read here: .zip or .tar.gz.")
        try:
            data = base64.b64decode(given.data_base64, validate=True)
        except (binascii.Error, ValueError):
            raise Refusal(400, "invalid", "data_base64 is not valid base64.") from None
        if len(data) > ARCHIVE_LIMIT:
            raise Refusal(413, "too_large", "The archive is larger than 6 MB. Nothing was taken; send a part of it.")
        thread = given.thread or secrets.token_urlsafe(9)
        accepted = await services_of(request).talk.receive(
            Inbound(
                channel="console" if who.kind == "local" else "api",
                event_id=f"{who.actor.person}/{secrets.token_urlsafe(12)}",
                thread=f"{who.actor.person}/{thread}",
                actor=who.actor,
                text=f"analyze {given.question}".strip(),
                attachments=(Attachment(given.name, "application/octet-stream", data),),
                route=given.route,
            )
        )
        where = f"/api/trinity/exchanges/{accepted.exchange_id}"
        found = {"exchange_id": accepted.exchange_id, "events": f"{where}/analysis", "outcome": where}
        return JSONResponse(found, 202, {"Location": where})

    @router.get(
        "/api/trinity/exchanges/{exchange_id}/analysis",
        tags=["talk"],
        summary="An analysis as it comes (SSE)",
        dependencies=[Depends(described)],
    )
    async def follow(request: Request, exchange_id: str, who: Annotated[Caller, Chat]) -> Response:
        """Events `found` {kind: file, picked, note, no_notes or deep, …}, then `end`."""
        services = services_of(request)
        if services.analysis is None or not await services.talk.may_see(exchange_id, who.actor):
            raise Refusal(404, "no_exchange", "There is no such exchange of yours.")
        events = _until(closing, services.analysis.follow(exchange_id))

        async def stream() -> AsyncIterator[bytes]:
            async for found in events:
                yield event("found", found)
            yield event("end", {})

        return StreamingResponse(stream(), media_type="text/event-stream", headers=HEADERS)

    return router


async def _hello(socket: WebSocket) -> str | None:
    """The secret that the page says first; None where it does not."""
    try:
        async with asyncio.timeout(_HELLO_S):
            raw = await socket.receive_text()
    except (TimeoutError, KeyError):
        return None
    try:
        said = json.loads(raw) if len(raw) <= _HELLO_LONGEST else None
    except ValueError:
        return None
    csrf = said.get("csrf") if isinstance(said, dict) else None
    return csrf if isinstance(csrf, str) else None


async def _until(closing: asyncio.Event, events: AsyncIterator[dict[str, object]]) -> AsyncIterator[dict[str, object]]:
    """The events, until they end or the server stops."""
    shut = asyncio.create_task(closing.wait())
    try:
        while True:
            upcoming = asyncio.ensure_future(anext(events, None))
            await asyncio.wait({upcoming, shut}, return_when=asyncio.FIRST_COMPLETED)
            if not upcoming.done():
                upcoming.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await upcoming
                return
            found = upcoming.result()
            if found is None:
                return
            yield found
    finally:
        shut.cancel()
