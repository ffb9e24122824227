"""Who is asking: a signed-in browser, a bearer token, or the home's owner on the local socket."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from bots.bridge.errors import NotSignedIn, Refusal
from bots.bridge.guard import LOCAL, csrf_matches, same_origin, split_host
from bots.bridge.pages import Pages
from bots.bridge.services import BridgeServices, BrowserSession
from organs.bundles import Actor

COOKIE = "trinity_session"
COOKIE_MAX_AGE_S = 30 * 24 * 3600  # the store's own expiry is what counts
CODE_LENGTH_MAX = 512
_OWN_PATH = re.compile(r"/bridge(/[A-Za-z0-9_-]+)*")  # where signing in may lead: nowhere but here


@dataclass(frozen=True, slots=True)
class Caller:
    """A program's or a terminal's identity for one API request."""

    actor: Actor
    scopes: frozenset[str]
    kind: Literal["token", "local"]


def services_of(request: Request) -> BridgeServices:
    services = request.app.state.services
    assert isinstance(services, BridgeServices)
    return services


async def session_or_none(request: Request) -> BrowserSession | None:
    """The browser's live session, if it has one."""
    key = request.cookies.get(COOKIE)
    return await services_of(request).gate.session(key) if key and len(key) <= CODE_LENGTH_MAX else None


async def signed_in(request: Request) -> BrowserSession:
    """The browser's session; raises NotSignedIn."""
    session = await session_or_none(request)
    if session is None:
        raise NotSignedIn
    return session


SignedIn = Annotated[BrowserSession, Depends(signed_in)]


def check_page(request: Request, session: BrowserSession, csrf: str | None) -> None:
    """A change, or a stream, must come from a page of ours: same origin and the session's secret."""
    if not same_origin(request):
        raise Refusal(403, "wrong_origin", "This did not come from the bridge's own page. Nothing was changed.")
    if not csrf_matches(session.csrf, csrf):
        raise Refusal(403, "stale_page", "This page is older than your sign-in. Nothing was changed; reload it.")


async def own_script(request: Request, session: SignedIn) -> BrowserSession:
    """A signed-in browser whose script sent the secret as a header (streams, small JSON changes).

    A same-origin GET carries no Origin; its custom header alone keeps other sites out, and Sec-Fetch-Site is
    checked where the browser sends it.
    """
    csrf = request.headers.get("x-csrf-token")
    if request.method == "GET" and "origin" not in request.headers:
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin" or not csrf_matches(
            session.csrf, csrf
        ):
            raise Refusal(403, "wrong_origin", "This stream opens only from the bridge's own page.")
        return session
    check_page(request, session, csrf)
    return session


async def own_form(request: Request, session: SignedIn) -> AsyncIterator[BrowserSession]:
    """A signed-in browser whose form (or script) sent the secret; uploads are let go of after the answer."""
    try:
        csrf = request.headers.get("x-csrf-token")
        if csrf is None:
            form = await read_form(request)
            value = form.get("csrf")
            csrf = value if isinstance(value, str) else None
        check_page(request, session, csrf)
        yield session
    finally:
        await request.close()


OwnScript = Annotated[BrowserSession, Depends(own_script)]
OwnForm = Annotated[BrowserSession, Depends(own_form)]


async def read_form(request: Request) -> Any:
    """The form, with the bridge's limits; starlette keeps it, so reading it twice costs nothing."""
    return await request.form(max_files=8, max_fields=64, max_part_size=2 * 1024 * 1024)


async def caller(request: Request) -> Caller:
    """The API's caller: the local socket's owner, or a bearer token. Cookies count for nothing here."""
    gate = services_of(request).gate
    header = request.headers.get("authorization", "")
    scheme, _, secret = header.partition(" ")
    if header:
        grant = None
        if scheme.lower() == "bearer" and 0 < len(secret) <= CODE_LENGTH_MAX:
            grant = await gate.token(secret.strip())
        if grant is None:
            raise Refusal(401, "bad_token", "This token is unknown, revoked or expired: `trinity token create`.")
        if "origin" in request.headers and not same_origin(request):
            raise Refusal(403, "wrong_origin", "A page of another site may not use this API.")
        return Caller(grant.actor, grant.scopes, "token")
    if request.scope.get(LOCAL):
        owner = await gate.owner()
        if owner is None:
            raise Refusal(403, "nobody", "Nobody is named in people.toml yet. Run `trinity init`.")
        return Caller(owner, frozenset({"*"}), "local")
    raise Refusal(401, "no_token", "Send `Authorization: Bearer …`. Make a token with `trinity token create`.")


def need(scope: str) -> Any:
    """A dependency: the caller, refused where the token lacks the scope."""

    async def check(who: Annotated[Caller, Depends(caller)]) -> Caller:
        if scope not in who.scopes and "*" not in who.scopes:
            raise Refusal(403, "scope", f"This token does not carry the scope “{scope}”. Make one that does.")
        return who

    return Depends(check)


def routes(pages: Pages) -> APIRouter:
    """Signing in and out. Opening the link changes nothing; the button spends the code."""
    router = APIRouter(include_in_schema=False)

    @router.get("/bridge/sign-in")
    async def show(request: Request, code: str = "") -> Response:
        if await session_or_none(request) is not None:
            return RedirectResponse("/bridge", status_code=303)
        return pages.page("sign_in.html", session=None, code=code[:CODE_LENGTH_MAX], failed=False, after="/bridge")

    @router.post("/bridge/sign-in")
    async def enter(
        request: Request,
        code: Annotated[str, Form(max_length=CODE_LENGTH_MAX)] = "",
        after: Annotated[str, Form(max_length=200)] = "/bridge",
    ) -> Response:
        if not same_origin(request):
            raise Refusal(403, "wrong_origin", "This did not come from the bridge's own page. Nobody was signed in.")
        services = services_of(request)
        session = await services.gate.redeem(code.strip()) if code.strip() else None
        if session is None:
            return pages.page("sign_in.html", http_status=403, session=None, code="", failed=True, after="/bridge")
        answer = RedirectResponse(after if _OWN_PATH.fullmatch(after) else "/bridge", status_code=303)
        name, _port = split_host(request.headers.get("host", ""))
        answer.set_cookie(
            COOKIE,
            session.key,
            max_age=COOKIE_MAX_AGE_S,
            httponly=True,
            samesite="strict",
            secure=services.public_https and name not in ("localhost", "127.0.0.1", "::1"),
            path="/bridge",
        )
        return answer

    @router.post("/bridge/sign-out")
    async def leave(request: Request, session: OwnForm) -> Response:
        await services_of(request).gate.sign_out(session.key)
        answer = RedirectResponse("/bridge/sign-in", status_code=303)
        answer.delete_cookie(COOKIE, path="/bridge", httponly=True, samesite="strict")
        return answer

    return router
