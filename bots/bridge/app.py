"""Builds the bridge's application out of its routes, its pages and its guard."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import FastAPI
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import State
from starlette.routing import Route
from starlette.types import ASGIApp

from bots.bridge import analysis, api, auth, batch, chat, docs_page, errors, feedback, holds, ledger, status, usage, you
from bots.bridge.guard import Guard
from bots.bridge.metrics import Metrics
from bots.bridge.pages import Pages
from bots.bridge.services import BridgeServices


@dataclass(slots=True)
class BridgeApp:
    """The application and the few handles that its owner needs."""

    asgi: ASGIApp
    guard: Guard
    metrics: Metrics
    state: State
    closing: asyncio.Event = field(default_factory=asyncio.Event)  # set: every event stream ends


def build_app(
    services: BridgeServices, metrics: Metrics | None = None, mounts: Mapping[str, ASGIApp] | None = None
) -> BridgeApp:
    """The bridge over these services, and `mounts` by their paths behind the same guard.

    Call it inside the loop that will serve it.
    """
    pages, counted, closing = Pages(), metrics or Metrics(), asyncio.Event()
    verifier = ledger.Verifier()
    app = FastAPI(
        title="Trinity",
        version="1",
        description="Talk to Trinity, decide what it holds, read and check its ledger.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    app.state.services = services
    app.state.port = None  # set by the server once it listens
    errors.install(app, pages)
    for router in (
        auth.routes(pages),
        chat.routes(pages, closing),
        holds.routes(pages),
        you.routes(pages),
        ledger.routes(pages, verifier),
        api.routes(closing, verifier),
        status.routes(pages, counted),
        usage.routes(),
        feedback.routes(pages),
        batch.routes(),
        analysis.routes(closing),
        docs_page.routes(pages),
    ):
        app.include_router(router)

    @app.get("/", include_in_schema=False)
    async def root() -> Response:
        return RedirectResponse("/bridge", status_code=307)

    @app.get("/bridge/static/{version}/{name}", include_in_schema=False)
    async def static(version: str, name: str) -> Response:
        asset = pages.assets.get(name)
        if asset is None:
            raise errors.Refusal(404, "no_asset", "There is nothing at this address.")
        keep = "public, max-age=31536000, immutable" if version == pages.version else "no-cache"
        return Response(asset.body, media_type=asset.media_type, headers={"Cache-Control": keep})

    for path, mounted in (mounts or {}).items():
        app.router.routes.append(Route(path, mounted, include_in_schema=False))

    guard = Guard(app, public_host=services.public_host)
    return BridgeApp(guard, guard, counted, app.state, closing)
