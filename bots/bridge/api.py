"""The HTTP API for programs and for the terminal verbs: `/api/trinity/...` with a bearer token or the local socket."""

from __future__ import annotations

import asyncio
import base64
import binascii
import secrets
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.security import HTTPBearer
from pydantic import Field

from bots.bridge import api_holds, api_people
from bots.bridge.auth import Caller, need, services_of
from bots.bridge.body import Body, read_body, takes
from bots.bridge.chat import ATTACHMENT_LIMIT
from bots.bridge.errors import Refusal
from bots.bridge.ledger import Verifier, receipt_response, result_data
from bots.bridge.services import Verification
from bots.bridge.stream import HEADERS, event, exchange_events
from bots.inbound import Attachment, Inbound
from organs.outcome import Outcome

WAIT_S = 180.0
Chat = need("chat")
Read = need("read")
Command = need("command")


class AttachmentBody(Body):
    name: str = Field(min_length=1, max_length=120)
    media_type: str = Field(default="text/plain", max_length=120)
    data_base64: str = Field(description="The file's bytes in base64, at most 1 MB decoded.")


class ChatBody(Body):
    """One message to Trinity."""

    message: str = Field(description="What is said. Above 256 KB it counts as an attachment.")
    agent: Literal["c1", "c2", "c3"] | None = Field(
        default=None, description="c1 coding, c2 reasoning, c3 creative; left out, Trinity chooses."
    )
    route: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._:/-]{1,80}$",
        description="online, offline, hybrid or a model's name, for this message; what is private stays home anyway.",
    )
    sync_response: bool = Field(default=True, description="Wait for the outcome; false answers 202 at once.")
    thread: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,40}$", description="Continues a thread.")
    idempotency_key: str | None = Field(
        default=None, min_length=1, max_length=200, description="The same key is answered once, with the same exchange."
    )
    quoted: tuple[str, ...] = Field(default=(), max_length=16, description="Text by others, treated as material only.")
    attachments: tuple[AttachmentBody, ...] = Field(default=(), max_length=8)


_GIVES_OUTCOME: dict[int | str, dict[str, Any]] = {
    200: {"model": Outcome, "description": "The outcome"},
    202: {"description": "Still running: `exchange_id`, and where its outcome will be"},
}


def _attachment(body: AttachmentBody) -> Attachment:
    try:
        data = base64.b64decode(body.data_base64, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(400, "invalid", f"attachments: “{body.name}” is not valid base64.") from None
    if len(data) > ATTACHMENT_LIMIT:
        raise Refusal(413, "too_large", f"“{body.name}” is larger than 1 MB. Nothing was taken; send a smaller part.")
    return Attachment(body.name, body.media_type, data)


def _outcome(outcome: Outcome) -> Response:
    return Response(outcome.model_dump_json(), media_type="application/json")


def _pending(exchange_id: str) -> Response:
    where = f"/api/trinity/exchanges/{exchange_id}"
    return JSONResponse({"exchange_id": exchange_id, "state": "running", "outcome": where}, 202, {"Location": where})


def routes(closing: asyncio.Event, verifier: Verifier) -> APIRouter:
    """Every route of the API."""
    # Only for the description: `caller` is what really looks at the token.
    described = HTTPBearer(auto_error=False, description="A token of `trinity token create`.")
    router = APIRouter(prefix="/api/trinity", dependencies=[Depends(described)])

    @router.post(
        "/chat", tags=["talk"], summary="Say something", openapi_extra=takes(ChatBody), responses=_GIVES_OUTCOME
    )
    async def chat(request: Request, who: Annotated[Caller, Chat]) -> Response:
        """Needs the scope `chat`. Waits for the outcome (at most three minutes), or answers 202 and its address."""
        talk = services_of(request).talk
        body = await read_body(request, ChatBody)
        channel = "console" if who.kind == "local" else "api"
        thread = body.thread or secrets.token_urlsafe(9)
        accepted = await talk.receive(
            Inbound(
                channel=channel,
                event_id=f"{who.actor.person}/{body.idempotency_key or secrets.token_urlsafe(12)}",
                thread=f"{who.actor.person}/{thread}",
                actor=who.actor,
                text=body.message,
                attachments=tuple(_attachment(a) for a in body.attachments),
                quoted=body.quoted,
                agent=body.agent,
                route=body.route,
            )
        )
        outcome = await talk.outcome(accepted.exchange_id, WAIT_S) if body.sync_response else None
        return _outcome(outcome) if outcome is not None else _pending(accepted.exchange_id)

    async def own(request: Request, exchange_id: str, who: Caller) -> None:
        if not await services_of(request).talk.may_see(exchange_id, who.actor):
            raise Refusal(404, "no_exchange", "There is no such exchange of yours.")

    @router.get("/exchanges/{exchange_id}", tags=["talk"], summary="What an exchange came to", responses=_GIVES_OUTCOME)
    async def exchange(
        request: Request,
        exchange_id: str,
        who: Annotated[Caller, Chat],
        wait_s: Annotated[float, Query(ge=0, le=60)] = 0,
    ) -> Response:
        """202 while it runs; `wait_s` waits up to a minute for it."""
        await own(request, exchange_id, who)
        outcome = await services_of(request).talk.outcome(exchange_id, wait_s or None)
        return _outcome(outcome) if outcome is not None else _pending(exchange_id)

    @router.get("/exchanges/{exchange_id}/events", tags=["talk"], summary="Its stages as they happen (SSE)")
    async def events(request: Request, exchange_id: str, who: Annotated[Caller, Chat]) -> Response:
        """Events `stage` {stage, state, ms, note}, then one `outcome`. Takes Last-Event-ID."""
        await own(request, exchange_id, who)
        talk = services_of(request).talk

        async def outcome_data() -> dict[str, object] | None:
            outcome = await talk.outcome(exchange_id, 5.0)
            return None if outcome is None else outcome.model_dump(mode="json")

        last = request.headers.get("last-event-id", "")
        body = exchange_events(talk.follow(exchange_id), outcome_data, closing, last)
        return StreamingResponse(body, media_type="text/event-stream", headers=HEADERS)

    @router.post("/exchanges/{exchange_id}/cancel", tags=["talk"], summary="Stop a running answer")
    async def cancel(request: Request, exchange_id: str, who: Annotated[Caller, Chat]) -> Response:
        await own(request, exchange_id, who)
        return JSONResponse({"stopped": await services_of(request).talk.cancel(exchange_id, who.actor)})

    @router.post("/exchanges/{exchange_id}/undo", tags=["talk"], summary="Take back what it did")
    async def undo(request: Request, exchange_id: str, who: Annotated[Caller, Chat]) -> Response:
        await own(request, exchange_id, who)
        return JSONResponse({"message": await services_of(request).talk.undo(exchange_id, who.actor)})

    router.include_router(api_holds.routes())
    router.include_router(api_people.routes())

    @router.get("/ledger", tags=["ledger"], summary="The newest entries and the checkpoint")
    async def tail(
        request: Request, who: Annotated[Caller, Read], n: Annotated[int, Query(ge=1, le=500)] = 25
    ) -> Response:
        found = await services_of(request).ledger.tail(n, who.actor)
        data = asdict(found)
        data["rows"] = [{**asdict(row), "at": row.at.isoformat() if row.at else None} for row in found.rows]
        return JSONResponse(data)

    @router.get("/ledger/checkpoint", tags=["ledger"], summary="The signed checkpoint (C2SP)")
    async def checkpoint(request: Request, who: Annotated[Caller, Read]) -> Response:
        found = await services_of(request).ledger.tail(1, who.actor)
        return Response(found.checkpoint, media_type="text/plain; charset=utf-8")

    @router.get("/ledger/receipts/{index}", tags=["ledger"], summary="A receipt that can be checked offline")
    async def receipt(request: Request, index: int, who: Annotated[Caller, Read]) -> Response:
        return await receipt_response(services_of(request).ledger, index, who.actor)

    @router.post("/ledger/verify", tags=["ledger"], summary="Recompute the whole ledger (SSE)")
    async def verify(request: Request, who: Annotated[Caller, Read]) -> Response:
        """Events `progress` {done, total}, then one `result` that names the first bad position, if any."""

        async def steps() -> AsyncIterator[bytes]:
            async for step in verifier.run(services_of(request).ledger):
                if isinstance(step, Verification):
                    yield event("result", result_data(step))
                else:
                    yield event("progress", {"done": step[0], "total": step[1]})

        return StreamingResponse(steps(), media_type="text/event-stream", headers=HEADERS)

    @router.get("/status", tags=["process"], summary="Mode, models, money, parts")
    async def status(request: Request, who: Annotated[Caller, Read]) -> Response:
        found = await services_of(request).status.status()
        return JSONResponse(
            {
                "version": found.version,
                "port": request.app.state.port,
                "mode": found.mode,
                "paused": found.paused,
                "ready": found.ready,
                "models": [asdict(model) for model in found.models],
                "money": {
                    "limit_usd": None if found.purse.limit is None else float(found.purse.limit),
                    "spent_usd": float(found.purse.spent),
                    "left_usd": None if found.purse.left is None else float(found.purse.left),
                    "resets_at": found.purse.resets_at.isoformat() if found.purse.resets_at else None,
                },
                "parts": [asdict(part) for part in found.parts],
                "holds_open": found.holds_open,
                "ledger_size": found.ledger_size,
                "constitution_sha256": found.constitution.sha256,
            }
        )

    @router.post("/pause", tags=["process"], summary="Stop all actions and all paid calls")
    async def pause(request: Request, who: Annotated[Caller, Command]) -> Response:
        return JSONResponse({"message": await services_of(request).status.pause(who.actor)})

    @router.post("/resume", tags=["process"], summary="End the pause")
    async def resume(request: Request, who: Annotated[Caller, Command]) -> Response:
        return JSONResponse({"message": await services_of(request).status.resume(who.actor)})

    @router.post("/login-link", tags=["process"], summary="A new one-time sign-in link (local socket only)")
    async def login_link(
        request: Request, who: Annotated[Caller, Command], person: Annotated[str | None, Query(max_length=60)] = None
    ) -> Response:
        """For the home's owner, or for the `person` named; a link for somebody else is put into the ledger."""
        if who.kind != "local":
            raise Refusal(403, "local_only", "A sign-in link is made only on the machine itself: `trinity login`.")
        services = services_of(request)
        code = await services.gate.new_link_code(person)
        if code is None:
            raise Refusal(409, "nobody", "people.toml names nobody like that yet. Run `trinity init`, or edit it.")
        if person is not None and person != who.actor.person:
            await services.people.link_made(who.actor, person)
        return JSONResponse({"path": f"/bridge?code={code}"})

    return router
