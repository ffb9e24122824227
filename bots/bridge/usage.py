"""What models were used for and what it cost: `GET /api/trinity/usage`, and the same figures on the status page.

What a person asked is nobody else's business, and how much is not either: by person, only a commander sees the others.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPBearer

from bots.bridge.auth import Caller, need, services_of
from bots.bridge.errors import Refusal
from bots.bridge.services import BridgeServices
from organs.bundles import Actor, Role
from router.usage import UsageRow, plain, total_of

Group = Literal["day", "model", "person", "channel", "lane"]
GROUPS: tuple[Group, ...] = get_args(Group)
PAGE_DAYS = 30
Read = need("read")
_DAY = r"^\d{4}-\d{2}-\d{2}$"


async def rows_for(
    services: BridgeServices, by: Group, viewer: Actor, since: str | None, until: str | None
) -> list[UsageRow]:
    """Grouped usage as this viewer may see it."""
    if services.usage is None:
        return []
    rows = await services.usage(by, since, until)
    everybody = by != "person" or viewer.role is Role.COMMANDER
    return rows if everybody else [row for row in rows if row.key == viewer.person]


async def for_page(services: BridgeServices, by: str, viewer: Actor) -> dict[str, object]:
    """What the status page shows: one grouping of the last days, its total, and how long each bar is."""
    group: Group = by if by in GROUPS else "model"
    since = (date.today() - timedelta(days=PAGE_DAYS)).isoformat()  # noqa: DTZ011  # the book counts local days
    rows = await rows_for(services, group, viewer, since, None)
    dearest = max((max(row.all_online_usd, row.cost_usd) for row in rows), default=0) or 1
    bars = [(row, float(100 * row.cost_usd / dearest), float(100 * row.all_online_usd / dearest)) for row in rows]
    return {"by": group, "groups": GROUPS, "bars": bars, "all": total_of(rows), "days": PAGE_DAYS}


def routes() -> APIRouter:
    """The API's route."""
    described = HTTPBearer(auto_error=False, description="A token of `trinity token create`.")
    router = APIRouter(prefix="/api/trinity", dependencies=[Depends(described)])

    @router.get("/usage", tags=["process"], summary="Calls, tokens, cost, saving and kept quality")
    async def usage(
        request: Request,
        who: Annotated[Caller, Read],
        by: Group = "day",
        since: Annotated[str | None, Query(pattern=_DAY, description="First day, YYYY-MM-DD.")] = None,
        until: Annotated[str | None, Query(pattern=_DAY, description="Last day, YYYY-MM-DD.")] = None,
    ) -> Response:
        """Needs the scope `read`. `all_online_usd` is what the same tokens would have cost at the main online model's
        price; `kept_quality` null says that nothing is known yet of the answers given at home. By person, a token of
        anybody but a commander gets that person's own row only."""
        services = services_of(request)
        if services.usage is None:
            raise Refusal(503, "no_usage", "Usage is not counted here.")
        rows = await rows_for(services, by, who.actor, since, until)
        return JSONResponse({"by": by, "rows": [plain(row) for row in rows], "all": plain(total_of(rows))})

    return router
