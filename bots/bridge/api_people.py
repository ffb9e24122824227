"""The API's routes about people: step-up codes, linked accounts, roles. On the home's own socket only.

A token cannot use them: whoever finds one must not be able to bring an authenticator app or an account of their own.
Signed-in people change their own on the bridge's page.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from bots.bridge.auth import Caller, need, services_of
from bots.bridge.body import Body, read_body, takes
from bots.bridge.errors import Refusal
from bots.bridge.people_words import PeopleDesk, Said

Command = need("command")
_PERSON = Field(default=None, max_length=60, description="Whose; left out: the caller's own.")
_CODE = Field(max_length=20, description="Six digits.")
_ACCOUNT = Field(max_length=300, description="kind:value, as in people.toml.")


class PersonBody(Body):
    """Whose authenticator app."""

    person: str | None = _PERSON


class ConfirmBody(Body):
    """What the app shows."""

    person: str | None = _PERSON
    code: str = _CODE


class AccountBody(Body):
    """An account on another platform."""

    account: str = _ACCOUNT


class AccountCodeBody(Body):
    """The code that went to that account."""

    account: str = _ACCOUNT
    code: str = _CODE


class RoleBody(Body):
    """A role for somebody whom people.toml does not name."""

    person: str = Field(max_length=60)
    role: str = Field(max_length=20)


def _said(said: Said) -> Response:
    return JSONResponse(asdict(said), status_code=200 if said.accepted else 409)


def _desk(request: Request, who: Caller) -> PeopleDesk:
    if who.kind != "local":
        raise Refusal(403, "local_only", "This is changed only on the machine itself, or by signing in to the bridge.")
    return services_of(request).people


def routes() -> APIRouter:
    """Every route about people, below the API's prefix."""
    router = APIRouter(prefix="/people", tags=["people"])

    @router.get("/me", summary="The caller, as Trinity knows them")
    async def me(request: Request, who: Annotated[Caller, Command]) -> Response:
        profile = await _desk(request, who).profile(who.actor)
        return JSONResponse(None if profile is None else asdict(profile))

    @router.post("/step-up", summary="Begin with an authenticator app", openapi_extra=takes(PersonBody))
    async def enrol(request: Request, who: Annotated[Caller, Command]) -> Response:
        """`uri` is shown once; the codes count after `confirm`."""
        body = await read_body(request, PersonBody)
        person = body.person or who.actor.person
        return _said(await _desk(request, who).enrol(who.actor, person, code=None, at_home=True))

    @router.post("/step-up/confirm", summary="Show that the app works", openapi_extra=takes(ConfirmBody))
    async def confirm(request: Request, who: Annotated[Caller, Command]) -> Response:
        body = await read_body(request, ConfirmBody)
        person = body.person or who.actor.person
        return _said(await _desk(request, who).confirm(who.actor, person, body.code, at_home=True))

    @router.post("/step-up/forget", summary="Forget a lost app", openapi_extra=takes(PersonBody))
    async def forget(request: Request, who: Annotated[Caller, Command]) -> Response:
        body = await read_body(request, PersonBody)
        person = body.person or who.actor.person
        return _said(await _desk(request, who).forget(who.actor, person, code=None, at_home=True))

    @router.post("/link", summary="Send a code to another account of one's own", openapi_extra=takes(AccountBody))
    async def link(request: Request, who: Annotated[Caller, Command]) -> Response:
        body = await read_body(request, AccountBody)
        return _said(await _desk(request, who).link(who.actor, body.account))

    @router.post("/link/confirm", summary="Link it with that code", openapi_extra=takes(AccountCodeBody))
    async def link_confirm(request: Request, who: Annotated[Caller, Command]) -> Response:
        body = await read_body(request, AccountCodeBody)
        return _said(await _desk(request, who).link_confirm(who.actor, body.account, body.code))

    @router.post("/unlink", summary="Take an account off", openapi_extra=takes(AccountBody))
    async def unlink(request: Request, who: Annotated[Caller, Command]) -> Response:
        body = await read_body(request, AccountBody)
        return _said(await _desk(request, who).unlink(who.actor, body.account))

    @router.post("/role", summary="Change a role", openapi_extra=takes(RoleBody))
    async def role(request: Request, who: Annotated[Caller, Command]) -> Response:
        body = await read_body(request, RoleBody)
        return _said(await _desk(request, who).set_role(who.actor, body.person, body.role))

    return router
