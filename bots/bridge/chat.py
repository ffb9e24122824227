"""The chat page: threads, sending, live progress, the answer, stop and undo."""

from __future__ import annotations

import asyncio
import re
import secrets
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.datastructures import UploadFile

from bots.bridge import present
from bots.bridge.auth import (
    CODE_LENGTH_MAX,
    OwnForm,
    OwnScript,
    SignedIn,
    read_form,
    services_of,
    session_or_none,
    signed_in,
)
from bots.bridge.errors import Refusal
from bots.bridge.guard import KIB, wants_html
from bots.bridge.hold_words import HoldView
from bots.bridge.pages import Pages
from bots.bridge.services import BridgeServices, BrowserSession
from bots.bridge.stream import HEADERS, exchange_events
from bots.inbound import Attachment, HistoryItem, Inbound
from bots.local import NOTICES
from manifest.constitution import Constitution
from organs.bundles import Actor
from organs.outcome import Outcome

CHANNEL = "bridge"
ATTACHMENT_LIMIT = KIB * KIB
THREAD = re.compile(r"[A-Za-z0-9_-]{1,40}")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")
WAIT_WITHOUT_SCRIPT_S = 20.0
DECISION_WAIT_S = 25.0
DECISION_LOOK_S = 0.5


def thread_key(actor: Actor, thread: str) -> str:
    """Threads are kept per person: nobody can name another's."""
    return f"{actor.person}/{thread}"


def _thread_of(key: str) -> str:
    return key.rpartition("/")[2]


def _checked_thread(thread: str) -> str:
    if not THREAD.fullmatch(thread):
        raise Refusal(404, "no_thread", "There is no such thread.")
    return thread


async def attachment(upload: UploadFile) -> Attachment:
    """One uploaded file; raises Refusal(413) above 1 MiB."""
    name = (upload.filename or "attachment").replace("\\", "/").rpartition("/")[2]
    name = "".join(c for c in name if c.isprintable())[:120] or "attachment"
    data = await upload.read(ATTACHMENT_LIMIT + 1)
    if len(data) > ATTACHMENT_LIMIT:
        raise Refusal(413, "too_large", f"“{name}” is larger than 1 MB. Nothing was sent; attach a smaller part of it.")
    media = (upload.content_type or "").lower()
    return Attachment(name, media if _MEDIA_TYPE.fullmatch(media) else "application/octet-stream", data)


async def _own_exchange(request: Request, exchange_id: str, actor: Actor) -> None:
    if not await services_of(request).talk.may_see(exchange_id, actor):
        raise Refusal(404, "no_exchange", "There is no such exchange of yours.")


async def answer_html(
    pages: Pages, services: BridgeServices, item: HistoryItem, session: BrowserSession, rules: Constitution
) -> str:
    """An answer as the page shows it, with its hold where one waits.

    A crisis hold is shown only to those who may acknowledge it, never beside the writer's own words.
    """
    hold: HoldView | None = None
    outcome = item.outcome
    if outcome is not None and outcome.hold is not None and outcome.lane != "CRISIS":
        hold = await services.desk.hold(outcome.hold.id, session.actor)
    rows = present.floor_rows(outcome, rules) if outcome is not None else []
    values: dict[str, object] = {
        "item": item,
        "outcome": outcome,
        "hold": hold,
        "session": session,
        "rows": rows,
        "counted": present.count(rows),
        "bars": present.stage_bars(outcome) if outcome is not None else [],
        "quiet": _quiet_line(outcome),
        "refused": None,
    }
    return await asyncio.to_thread(pages.part, "_answer.html", **values)


def _quiet_line(outcome: Outcome | None) -> str:
    """The weak points, unless the reply says them itself."""
    if outcome is None:
        return ""
    said = outcome.reply.casefold()
    left = [point for point in outcome.quiet if point.casefold().rstrip(".") not in said]
    return "; ".join(left)


async def _answered(
    pages: Pages, services: BridgeServices, outcome: Outcome, session: BrowserSession
) -> dict[str, object]:
    """An outcome as the page's script takes it."""
    rules = (await services.status.status()).constitution
    html = await answer_html(pages, services, HistoryItem(outcome.exchange_id, "", outcome), session, rules)
    return {"verdict": outcome.verdict, "html": html, "spoken": present.spoken(outcome)}


def routes(pages: Pages, closing: asyncio.Event) -> APIRouter:
    """Every route of the chat page."""
    router = APIRouter(include_in_schema=False)

    async def show(request: Request, session: BrowserSession, thread: str | None) -> Response:
        services = services_of(request)
        items = await services.talk.history(CHANNEL, thread_key(session.actor, thread), session.actor) if thread else []
        threads = await services.talk.threads(CHANNEL, session.actor)
        rules = (await services.status.status()).constitution
        entries = [(item, await answer_html(pages, services, item, session, rules)) for item in items]
        pending = await services.desk.holds(session.actor, "pending")
        told = await services.talk.notices(CHANNEL, thread_key(session.actor, NOTICES), session.actor)
        return pages.page(
            "chat.html",
            session=session,
            thread=thread,
            threads=[(_thread_of(t.thread), t) for t in threads if _thread_of(t.thread) != NOTICES],
            told=len(told),
            entries=entries,
            agents=services.agents,
            notices=sum(item.notice is not None for item in items),
            open_holds=len(pending),
            event_id=secrets.token_urlsafe(12),
            here="chat",
        )

    @router.get("/bridge")
    async def home(request: Request, code: str = "") -> Response:
        session = await session_or_none(request)
        if session is None and code:
            return pages.page("sign_in.html", session=None, code=code[:CODE_LENGTH_MAX], failed=False, after="/bridge")
        return await show(request, await signed_in(request), None)

    @router.get("/bridge/t/{thread}")
    async def in_thread(request: Request, thread: str, session: SignedIn) -> Response:
        return await show(request, session, _checked_thread(thread))

    @router.get("/bridge/t/{thread}/notices")
    async def notices(
        request: Request, thread: str, session: OwnScript, seen: Annotated[int, Query(ge=0)] = 0
    ) -> Response:
        """What came unasked since the page was drawn, such as a reminder."""
        key = thread_key(session.actor, _checked_thread(thread))
        found = await services_of(request).talk.notices(CHANNEL, key, session.actor)
        fresh = [item.notice or "" for item in found[seen:]]
        html = [pages.part("_notice.html", text=text) for text in fresh]
        return JSONResponse({"html": html, "spoken": " ".join(fresh)[:600], "seen": len(found)})

    @router.post("/bridge/messages")
    async def send(request: Request, session: OwnForm) -> Response:
        services = services_of(request)
        form = await read_form(request)
        fields = {key: value for key, value in form.items() if isinstance(value, str)}
        thread = _checked_thread(fields.get("thread") or secrets.token_urlsafe(9))
        files = [f for f in form.getlist("files") if isinstance(f, UploadFile) and (f.filename or f.size)]
        attachments = tuple([await attachment(f) for f in files])
        text = fields.get("text", "").replace("\r\n", "\n")
        agent = fields.get("agent") or None
        if agent is not None and agent not in dict(services.agents):
            raise Refusal(400, "no_agent", "There is no such agent. Choose c1, c2 or c3.")
        event = fields.get("event_id") or secrets.token_urlsafe(12)
        inbound = Inbound(
            channel=CHANNEL,
            event_id=f"{session.actor.person}/{event[:64]}",
            thread=thread_key(session.actor, thread),
            actor=session.actor,
            text=text,
            attachments=attachments,
            agent=agent,
        )
        accepted = await services.talk.receive(inbound)
        if wants_html(request.scope):
            await services.talk.outcome(accepted.exchange_id, WAIT_WITHOUT_SCRIPT_S)
            return RedirectResponse(f"/bridge/t/{thread}", status_code=303)
        return JSONResponse({"exchange_id": accepted.exchange_id, "thread": thread}, status_code=202)

    @router.get("/bridge/exchanges/{exchange_id}/events")
    async def events(request: Request, exchange_id: str, session: OwnScript) -> Response:
        services = services_of(request)
        await _own_exchange(request, exchange_id, session.actor)

        async def outcome_data() -> dict[str, object] | None:
            outcome = await services.talk.outcome(exchange_id, 5.0)
            return None if outcome is None else await _answered(pages, services, outcome, session)

        last = request.headers.get("last-event-id", "")
        body = exchange_events(services.talk.follow(exchange_id), outcome_data, closing, last)
        return StreamingResponse(body, media_type="text/event-stream", headers=HEADERS)

    @router.get("/bridge/exchanges/{exchange_id}/decision")
    async def decision(request: Request, exchange_id: str, session: OwnScript) -> Response:
        """Waits a while for a human's word: the answer that came of it, or 204 to ask again."""
        services = services_of(request)
        await _own_exchange(request, exchange_id, session.actor)
        try:
            async with asyncio.timeout(DECISION_WAIT_S):
                while not closing.is_set():
                    outcome = await services.talk.outcome(exchange_id)
                    if outcome is not None and outcome.verdict != "888_HOLD":
                        return JSONResponse(await _answered(pages, services, outcome, session))
                    await asyncio.sleep(DECISION_LOOK_S)
        except TimeoutError:
            pass
        return Response(status_code=204)

    @router.post("/bridge/exchanges/{exchange_id}/cancel")
    async def cancel(request: Request, exchange_id: str, session: OwnScript) -> Response:
        await _own_exchange(request, exchange_id, session.actor)
        stopped = await services_of(request).talk.cancel(exchange_id, session.actor)
        return JSONResponse({"stopped": stopped})

    @router.post("/bridge/exchanges/{exchange_id}/undo")
    async def undo(request: Request, exchange_id: str, session: OwnForm) -> Response:
        await _own_exchange(request, exchange_id, session.actor)
        said = await services_of(request).talk.undo(exchange_id, session.actor)
        if wants_html(request.scope):
            return pages.page("error.html", session=session, title="Undo", message=said)
        return JSONResponse({"message": said})

    return router
