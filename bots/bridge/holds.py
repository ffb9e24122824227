"""The holds page: what waits for a human, and the forms that decide it. Works without a script."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from bots.bridge.auth import OwnForm, SignedIn, read_form, services_of
from bots.bridge.errors import Refusal
from bots.bridge.guard import wants_html
from bots.bridge.hold_words import Decided, Desk, HoldView
from bots.bridge.pages import Pages
from bots.bridge.services import BrowserSession
from organs.bundles import Actor

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

    @router.get("/bridge/holds/{hold_id}/content")
    async def content(request: Request, hold_id: str, session: SignedIn) -> Response:
        """The exact content as plain text, for what is too long for the page."""
        hold = await one(request, hold_id, session)
        return Response(hold.content, media_type="text/plain; charset=utf-8")

    async def _answer(request: Request, hold: HoldView, session: BrowserSession, decided: Decided | None) -> Response:
        refused = decided.why if decided is not None and not decided.accepted else None
        status = 409 if refused else 200
        said = decided.why if decided is not None and decided.accepted else None
        values: dict[str, object] = {"hold": hold, "session": session, "refused": refused, "said": said}
        if not wants_html(request.scope):
            return pages.page("_hold.html", http_status=status, **values)
        pending = await services_of(request).desk.holds(session.actor, "pending")
        return pages.page("hold.html", http_status=status, open_holds=len(pending), here="holds", **values)

    @router.post("/bridge/holds/{hold_id}/decision")
    async def decide(request: Request, hold_id: str, session: OwnForm) -> Response:
        form = await read_form(request)
        fields = {key: value for key, value in form.items() if isinstance(value, str)}
        hold = await one(request, hold_id, session)
        decided = await _take(services_of(request).desk, hold, session.actor, fields)
        stands = decided.hold or hold_id  # an edit is a hold of its own
        if decided.accepted and wants_html(request.scope):
            return RedirectResponse(f"/bridge/holds/{stands}", status_code=303)
        return await _answer(request, await one(request, stands, session), session, decided)

    return router


async def _take(desk: Desk, hold: HoldView, by: Actor, fields: dict[str, str]) -> Decided:
    """What a form asks for; raises Refusal(400) where it asks for nothing that there is."""
    choice, sha256 = fields.get("decision", ""), fields.get("content_sha256", "")
    reason = fields.get("reason", "").strip()[:REASON_LIMIT]
    typed, step_up = fields.get("typed"), fields.get("step_up") or None
    words = fields.get("words", "").replace("\r\n", "\n").strip()
    if choice == "acknowledge":
        return await desk.acknowledge(hold.id, by, sha256)
    if choice == "withdraw":
        return await desk.withdraw(hold.id, by, reason)
    if choice == "ask":
        return await desk.ask(hold.id, by, words)
    if choice == "answer":
        return await desk.answer(hold.id, by, words)
    if choice in ("happened", "not_happened"):
        return await desk.settle(hold.id, by, happened=choice == "happened", reason=reason)
    if choice == "edit":
        changes = _changes(hold, fields)
        return await desk.edit(
            hold.id, by, changes=changes, reason=reason, content_sha256=sha256, typed=typed, step_up=step_up
        )
    if choice not in ("approve", "deny"):
        raise Refusal(400, "no_decision", "Choose approve or deny.")
    if choice == "deny" and not reason:
        return Decided(False, "A denial needs a reason, so that the person who asked learns why.")
    return await desk.decide(
        hold.id, by, approve=choice == "approve", reason=reason, content_sha256=sha256, typed=typed, step_up=step_up
    )


def _changes(hold: HoldView, fields: dict[str, str]) -> dict[str, str]:
    """The arguments that the form sends back different. A browser turns line ends into CR LF; that is no change."""
    sent = {name.removeprefix("arg:"): value for name, value in fields.items() if name.startswith("arg:")}
    shown = {field.name: field.value for field in hold.fields}
    plain = {name: value.replace("\r\n", "\n") for name, value in sent.items()}
    return {n: v for n, v in plain.items() if n not in shown or v != shown[n].replace("\r\n", "\n")}
