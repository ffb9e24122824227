"""The status page, and what machines ask: /healthz, /readyz, /metrics."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from bots.bridge.auth import SignedIn, services_of
from bots.bridge.metrics import Metrics
from bots.bridge.pages import Pages
from bots.bridge.usage import for_page


def routes(pages: Pages, metrics: Metrics) -> APIRouter:
    """The page for people and the three addresses for machines."""
    router = APIRouter()

    @router.get("/bridge/status", include_in_schema=False)
    async def show(request: Request, session: SignedIn, by: str = "model") -> Response:
        services = services_of(request)
        pending = await services.desk.holds(session.actor, "pending")
        return pages.page(
            "status.html",
            session=session,
            status=await services.status.status(),
            usage=await for_page(services, by, session.actor),
            mixes=metrics.mixes(),
            open_holds=len(pending),
            here="status",
        )

    @router.get("/healthz", tags=["health"], summary="The process answers")
    async def health() -> Response:
        return JSONResponse({"status": "ok"})

    @router.get("/readyz", tags=["health"], summary="Each part, and whether it is ready (503 until all are)")
    async def ready(request: Request) -> Response:
        status = await services_of(request).status.status()
        parts = {part.name: {"ready": part.ready, "detail": part.detail} for part in status.parts}
        return JSONResponse({"ready": status.ready, "parts": parts}, status_code=200 if status.ready else 503)

    @router.get("/metrics", tags=["health"], summary="Prometheus metrics")
    async def scrape(request: Request) -> Response:
        body, media_type = metrics.render(await services_of(request).status.status())
        return Response(body, media_type=media_type)

    return router
