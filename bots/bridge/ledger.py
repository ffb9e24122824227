"""The ledger page: the tail, the checkpoint, a receipt to take away, and "verify" with its progress."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from bots.bridge.auth import OwnForm, OwnScript, SignedIn, services_of
from bots.bridge.errors import Refusal
from bots.bridge.pages import Pages
from bots.bridge.services import BrowserSession, LedgerDesk, Verification
from bots.bridge.stream import HEADERS, event
from organs.bundles import Actor

TAIL = 25


class Verifier:
    """Runs one verification at a time; more would only slow the log's writer."""

    def __init__(self) -> None:
        self._busy = asyncio.Lock()

    async def run(self, ledger: LedgerDesk) -> AsyncIterator[tuple[int, int] | Verification]:
        """Progress as (done, total), at most ten a second, then the result."""
        async with self._busy:
            latest = (0, 0)
            loop = asyncio.get_running_loop()

            def note(done: int, total: int) -> None:
                nonlocal latest
                latest = (done, total)

            def progress(done: int, total: int) -> None:
                loop.call_soon_threadsafe(note, done, total)

            work = asyncio.ensure_future(ledger.verify(progress))
            told = (-1, -1)
            try:
                while not work.done():
                    await asyncio.wait({work}, timeout=0.1)
                    if latest != told:
                        told = latest
                        yield latest
                yield await work
            finally:
                work.cancel()


def result_data(result: Verification) -> dict[str, object]:
    """A verification as JSON."""
    return {
        "ok": result.ok,
        "size": result.size,
        "root": result.root,
        "first_bad": result.first_bad,
        "sentence": result.sentence,
        "ms": round(result.ms, 1),
    }


async def receipt_response(ledger: LedgerDesk, index: int, viewer: Actor) -> Response:
    """The single-file receipt; raises Refusal(404)."""
    body = await ledger.receipt(index, viewer) if 0 <= index < 1 << 53 else None
    if body is None:
        raise Refusal(404, "no_entry", "The ledger has no such entry, or its receipt belongs to somebody else.")
    headers = {"Content-Disposition": f'attachment; filename="trinity-receipt-{index}.json"'}
    return Response(body, media_type="application/json", headers=headers)


def routes(pages: Pages, verifier: Verifier) -> APIRouter:
    """Every route of the ledger page."""
    router = APIRouter(include_in_schema=False)

    async def show(request: Request, session: BrowserSession, result: Verification | None) -> Response:
        services = services_of(request)
        pending = await services.desk.holds(session.actor, "pending")
        return pages.page(
            "ledger.html",
            session=session,
            tail=await services.ledger.tail(TAIL, session.actor),
            result=result,
            open_holds=len(pending),
            here="ledger",
        )

    @router.get("/bridge/ledger")
    async def tail(request: Request, session: SignedIn) -> Response:
        return await show(request, session, None)

    @router.post("/bridge/ledger/verify")
    async def verify(request: Request, session: OwnForm) -> Response:
        result = None
        async for step in verifier.run(services_of(request).ledger):
            if isinstance(step, Verification):
                result = step
        return await show(request, session, result)

    @router.post("/bridge/ledger/verification")
    async def verification(request: Request, session: OwnScript) -> Response:
        async def steps() -> AsyncIterator[bytes]:
            async for step in verifier.run(services_of(request).ledger):
                if isinstance(step, Verification):
                    yield event("result", result_data(step))
                else:
                    yield event("progress", {"done": step[0], "total": step[1]})

        return StreamingResponse(steps(), media_type="text/event-stream", headers=HEADERS)

    @router.get("/bridge/ledger/receipts/{index}")
    async def receipt(request: Request, index: int, session: SignedIn) -> Response:
        return await receipt_response(services_of(request).ledger, index, session.actor)

    return router
