"""`POST /api/trinity/batch`: one row of many. Not counted against the messages a minute; a few places bound it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from bots.batch import AT_ONCE, CHANNEL
from bots.bridge.api import WAIT_S
from bots.bridge.auth import Caller, need, services_of
from bots.bridge.body import read_body
from bots.inbound import Inbound

Chat = need("chat")


class BatchRow(BaseModel):
    """One row."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    message: str = Field(min_length=1)
    key: str = Field(pattern=r"^[A-Za-z0-9_-]{8,80}$", description="The same key is answered once.")
    agent: Literal["c1", "c2", "c3"] | None = None
    route: str = Field(default="offline", pattern=r"^[A-Za-z0-9._:/-]{1,80}$")


def routes() -> APIRouter:
    """The API's route."""
    places = asyncio.Semaphore(AT_ONCE)
    described = HTTPBearer(auto_error=False, description="A token of `trinity token create`.")
    router = APIRouter(prefix="/api/trinity", dependencies=[Depends(described)])
    body = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": BatchRow.model_json_schema()}}}
    }

    @router.post("/batch", tags=["talk"], summary="One row of many (offline unless said otherwise)", openapi_extra=body)
    async def batch(request: Request, who: Annotated[Caller, Chat]) -> Response:
        """Needs the scope `chat`. Answers the outcome, or 202 where it takes longer than three minutes."""
        talk = services_of(request).talk
        row = await read_body(request, BatchRow)
        async with places:
            accepted = await talk.receive(
                Inbound(
                    channel=CHANNEL,
                    event_id=f"{who.actor.person}/{row.key}",
                    thread=f"{who.actor.person}/{row.key}",  # rows know nothing of each other
                    actor=who.actor,
                    text=row.message,
                    agent=row.agent,
                    route=row.route,
                )
            )
            outcome = await talk.outcome(accepted.exchange_id, WAIT_S)
        if outcome is None:
            where = f"/api/trinity/exchanges/{accepted.exchange_id}"
            return JSONResponse({"exchange_id": accepted.exchange_id, "state": "running", "outcome": where}, 202)
        return Response(outcome.model_dump_json(), media_type="application/json")

    return router
