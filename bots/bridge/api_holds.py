"""The API's routes about holds: what waits, and every word that a human can say about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from bots.bridge.auth import Caller, need, services_of
from bots.bridge.body import Body, read_body, takes
from bots.bridge.errors import Refusal
from bots.bridge.hold_words import Decided, HoldView

Decide = need("decide")
_SHA = Field(description="Hash of the exact content that was read; another content is refused.")
_TYPED = Field(default=None, max_length=200, description="The action's name, to ratify an own request.")
_CODE = Field(default=None, max_length=20, description="Code of the authenticator app, where asked.")


class DecisionBody(Body):
    """A human's word on a hold."""

    approve: bool
    content_sha256: str = _SHA
    reason: str = Field(default="", max_length=2000, description="Needed for a denial.")
    typed: str | None = _TYPED
    step_up: str | None = _CODE


class EditBody(Body):
    """Approve with other arguments."""

    changes: dict[str, str] = Field(description="New values by argument; only those that the policy lets be edited.")
    content_sha256: str = _SHA
    reason: str = Field(default="", max_length=2000)
    typed: str | None = _TYPED
    step_up: str | None = _CODE


class QuestionBody(Body):
    """Something the person who asked for it should say first."""

    question: str = Field(min_length=1, max_length=2000)


class AnswerBody(Body):
    """What the person who asked for it says."""

    answer: str = Field(min_length=1, max_length=2000)


class SettleBody(Body):
    """What a human found who looked."""

    happened: bool
    reason: str = Field(default="", max_length=2000)


class AcknowledgeBody(Body):
    """Somebody looks after the person."""

    content_sha256: str


class WithdrawBody(Body):
    """The requester no longer wants it."""

    reason: str = Field(default="", max_length=2000)


def _hold(hold: HoldView) -> dict[str, Any]:
    data = asdict(hold)
    for key in ("created_at", "expires_at"):
        data[key] = data[key].isoformat() if data[key] else None
    data["events"] = [{**step, "at": step["at"].isoformat()} for step in data["events"]]
    data["may_decide"] = list(data["may_decide"])
    return data


def _said(decided: Decided) -> Response:
    return JSONResponse(asdict(decided), status_code=200 if decided.accepted else 409)


def routes() -> APIRouter:
    """Every route about holds, below the API's prefix."""
    router = APIRouter(tags=["holds"])

    @router.get("/holds", summary="What waits for a human, or was decided")
    async def holds(
        request: Request, who: Annotated[Caller, Decide], state: Literal["pending", "decided"] = "pending"
    ) -> Response:
        found = await services_of(request).desk.holds(who.actor, state)
        return JSONResponse({"holds": [_hold(hold) for hold in found]})

    async def one_hold(request: Request, hold_id: str, who: Caller) -> HoldView:
        found = await services_of(request).desk.hold(hold_id, who.actor)
        if found is None:
            raise Refusal(404, "no_hold", "There is no such hold for you to see.")
        return found

    @router.get("/holds/{hold_id}", summary="One hold with its exact content")
    async def hold(request: Request, hold_id: str, who: Annotated[Caller, Decide]) -> Response:
        return JSONResponse(_hold(await one_hold(request, hold_id, who)))

    @router.post("/holds/{hold_id}/decision", summary="Approve or deny", openapi_extra=takes(DecisionBody))
    async def decide(request: Request, hold_id: str, who: Annotated[Caller, Decide]) -> Response:
        """Needs the scope `decide` on a token of a person who may. 409 with the reason when it is refused."""
        body = await read_body(request, DecisionBody)
        await one_hold(request, hold_id, who)
        if not body.approve and not body.reason.strip():
            raise Refusal(400, "no_reason", "A denial needs a reason, so that the person who asked learns why.")
        decided = await services_of(request).desk.decide(
            hold_id,
            who.actor,
            approve=body.approve,
            reason=body.reason.strip(),
            content_sha256=body.content_sha256,
            typed=body.typed,
            step_up=body.step_up,
        )
        return _said(decided)

    @router.post("/holds/{hold_id}/edit", summary="Approve with other arguments", openapi_extra=takes(EditBody))
    async def edit(request: Request, hold_id: str, who: Annotated[Caller, Decide]) -> Response:
        """The safety stages judge the new content; `hold` in the answer is the hold that took this one's place."""
        body = await read_body(request, EditBody)
        await one_hold(request, hold_id, who)
        decided = await services_of(request).desk.edit(
            hold_id,
            who.actor,
            changes=body.changes,
            reason=body.reason.strip(),
            content_sha256=body.content_sha256,
            typed=body.typed,
            step_up=body.step_up,
        )
        return _said(decided)

    @router.post("/holds/{hold_id}/ask", summary="Ask the requester something", openapi_extra=takes(QuestionBody))
    async def ask(request: Request, hold_id: str, who: Annotated[Caller, Decide]) -> Response:
        """For those who may decide it. The hold stays open; question and answer stand in the record."""
        body = await read_body(request, QuestionBody)
        await one_hold(request, hold_id, who)
        return _said(await services_of(request).desk.ask(hold_id, who.actor, body.question))

    @router.post("/holds/{hold_id}/answer", summary="Answer a question", openapi_extra=takes(AnswerBody))
    async def answer(request: Request, hold_id: str, who: Annotated[Caller, Decide]) -> Response:
        """For the one who asked for it. An answer is words, and decides nothing."""
        body = await read_body(request, AnswerBody)
        await one_hold(request, hold_id, who)
        return _said(await services_of(request).desk.answer(hold_id, who.actor, body.answer))

    @router.post("/holds/{hold_id}/settle", summary="Say what became of it", openapi_extra=takes(SettleBody))
    async def settle(request: Request, hold_id: str, who: Annotated[Caller, Decide]) -> Response:
        """For a hold whose state is `unknown`, by those who could have decided it, after they looked."""
        body = await read_body(request, SettleBody)
        await one_hold(request, hold_id, who)
        desk = services_of(request).desk
        return _said(await desk.settle(hold_id, who.actor, happened=body.happened, reason=body.reason.strip()))

    @router.post("/holds/{hold_id}/acknowledge", summary="“I have this”", openapi_extra=takes(AcknowledgeBody))
    async def acknowledge(request: Request, hold_id: str, who: Annotated[Caller, Decide]) -> Response:
        body = await read_body(request, AcknowledgeBody)
        await one_hold(request, hold_id, who)
        return _said(await services_of(request).desk.acknowledge(hold_id, who.actor, body.content_sha256))

    @router.post("/holds/{hold_id}/withdraw", summary="Withdraw an own request", openapi_extra=takes(WithdrawBody))
    async def withdraw(request: Request, hold_id: str, who: Annotated[Caller, Decide]) -> Response:
        body = await read_body(request, WithdrawBody)
        await one_hold(request, hold_id, who)
        return _said(await services_of(request).desk.withdraw(hold_id, who.actor, body.reason.strip()))

    return router
