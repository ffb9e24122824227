"""Thumbs: `POST /api/trinity/exchanges/{id}/thumb`, and the two buttons under an answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from bots.bridge.auth import Caller, OwnForm, need, read_form, services_of
from bots.bridge.body import read_body
from bots.bridge.errors import Refusal
from bots.bridge.guard import wants_html
from bots.bridge.pages import Pages
from organs.bundles import Actor

Chat = need("chat")


class ThumbBody(BaseModel):
    """Whether the answer was good."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    up: bool = Field(description="true: a good answer; false: not a good one. The last word counts.")


async def _thumb(request: Request, exchange_id: str, actor: Actor, *, up: bool) -> str:
    services = services_of(request)
    if services.feedback is None or not await services.talk.may_see(exchange_id, actor):
        raise Refusal(404, "no_exchange", "There is no such exchange of yours.")
    return await services.feedback.thumb(exchange_id, actor, up=up)


def routes(pages: Pages) -> APIRouter:
    """The API's route and the page's."""
    router = APIRouter()
    described = HTTPBearer(auto_error=False, description="A token of `trinity token create`.")
    body = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": ThumbBody.model_json_schema()}}}
    }

    @router.post(
        "/api/trinity/exchanges/{exchange_id}/thumb",
        tags=["talk"],
        summary="Say whether the answer was good",
        dependencies=[Depends(described)],
        openapi_extra=body,
    )
    async def by_program(request: Request, exchange_id: str, who: Annotated[Caller, Chat]) -> Response:
        """Needs the scope `chat`. It is sealed, and the router learns from it which model is good enough."""
        said = await read_body(request, ThumbBody)
        return JSONResponse({"message": await _thumb(request, exchange_id, who.actor, up=said.up)})

    @router.post("/bridge/exchanges/{exchange_id}/thumb", include_in_schema=False)
    async def by_page(request: Request, exchange_id: str, session: OwnForm) -> Response:
        form = await read_form(request)
        if form.get("up") not in ("0", "1"):
            raise Refusal(400, "invalid", "A thumb goes up or down. Nothing was noted.")
        said = await _thumb(request, exchange_id, session.actor, up=form.get("up") == "1")
        if wants_html(request.scope):
            return pages.page("error.html", session=session, title="Noted", message=said)
        return JSONResponse({"message": said})

    return router
