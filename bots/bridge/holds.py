"""The holds page: what waits for a human, and the forms that decide it. Works without a script."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from bots.bridge.auth import OwnForm, SignedIn, read_form, services_of
from bots.bridge.errors import Refusal
from bots.bridge.guard import wants_html
from bots.bridge.pages import Pages
from bots.bridge.services import BrowserSession, Decided, HoldView

REASON_LIMIT = 2000


def routes(pages: Pages) -> APIRouter:
    """Every route of the holds page."""
    router = APIRouter(include_in_schema=False)

    async def one(request: Request, hold_id: str, session: BrowserSession) -> HoldView:
        hold = await services_of(request).desk.hold(hold_id, session.actor)
        if hold is None:
            raise Refusal(404, "no_hold", "There is no such hold for you to see.")
        return hold

    @router.get("/bridge/holds")
    async def listed(request: Request, session: SignedIn) -> Response:
        desk = services_of(request).desk
        pending = await desk.holds(session.actor, "pending")
        return pages.page(
            "holds.html",
            session=session,
            pending=pending,
            decided=await desk.holds(session.actor, "decided"),
            open_holds=len(pending),
            refused=None,
            here="holds",
        )

    @router.get("/bridge/holds/{hold_id}")
    async def shown(request: Request, hold_id: str, session: SignedIn) -> Response:
        return await _answer(request, await one(request, hold_id, session), session, None)

    async def _answer(request: Request, hold: HoldView, session: BrowserSession, decided: Decided | None) -> Response:
        refused = decided.why if decided is not None and not decided.accepted else None
        status = 409 if refused else 200
        values: dict[str, object] = {"hold": hold, "session": session, "refused": refused}
        if not wants_html(request.scope):
            return pages.page("_hold.html", http_status=status, **values)
        pending = await services_of(request).desk.holds(session.actor, "pending")
        return pages.page("hold.html", http_status=status, open_holds=len(pending), here="holds", **values)

    @router.post("/bridge/holds/{hold_id}/decision")
    async def decide(request: Request, hold_id: str, session: OwnForm) -> Response:
        form = await read_form(request)
        fields = {key: value for key, value in form.items() if isinstance(value, str)}
        desk = services_of(request).desk
        await one(request, hold_id, session)
        choice = fields.get("decision", "")
        sha256 = fields.get("content_sha256", "")
        reason = fields.get("reason", "").strip()[:REASON_LIMIT]
        if choice == "acknowledge":
            decided = await desk.acknowledge(hold_id, session.actor, sha256)
        elif choice == "withdraw":
            decided = await desk.withdraw(hold_id, session.actor, reason)
        elif choice in ("approve", "deny"):
            if choice == "deny" and not reason:
                decided = Decided(False, "A denial needs a reason, so that the person who asked learns why.")
            else:
                decided = await desk.decide(
                    hold_id,
                    session.actor,
                    approve=choice == "approve",
                    reason=reason,
                    content_sha256=sha256,
                    typed=fields.get("typed"),
                    step_up=fields.get("step_up") or None,
                )
        else:
            raise Refusal(400, "no_decision", "Choose approve or deny.")
        if decided.accepted and wants_html(request.scope):
            return RedirectResponse(f"/bridge/holds/{hold_id}", status_code=303)
        return await _answer(request, await one(request, hold_id, session), session, decided)

    return router
