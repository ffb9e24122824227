"""The page about oneself: which accounts are known, linking another one, and the authenticator app."""

from __future__ import annotations

import segno
from fastapi import APIRouter, Request
from fastapi.responses import Response

from bots.bridge.auth import OwnForm, SignedIn, read_form, services_of
from bots.bridge.errors import Refusal
from bots.bridge.pages import Pages
from bots.bridge.people_words import Said
from bots.bridge.services import BrowserSession

_MODULE = 5  # pixels of one square of the code: big enough for a phone's camera


def routes(pages: Pages) -> APIRouter:
    """Every route of the page."""
    router = APIRouter(include_in_schema=False)

    async def shown(
        request: Request, session: BrowserSession, said: Said | None = None, *, account: str = ""
    ) -> Response:
        services = services_of(request)
        profile = await services.people.profile(session.actor)
        if profile is None:
            raise Refusal(404, "nobody", "You are no longer named here.")
        pending = await services.desk.holds(session.actor, "pending")
        return pages.page(
            "you.html",
            http_status=409 if said is not None and not said.accepted else 200,
            session=session,
            profile=profile,
            said=said,
            account=account,
            code=picture(said.uri) if said is not None and said.uri else None,
            secret=_secret(said.uri) if said is not None and said.uri else "",
            open_holds=len(pending),
            here="you",
        )

    @router.get("/bridge/you")
    async def you(request: Request, session: SignedIn) -> Response:
        return await shown(request, session)

    @router.post("/bridge/you")
    async def change(request: Request, session: OwnForm) -> Response:
        form = await read_form(request)
        fields = {key: value.strip() for key, value in form.items() if isinstance(value, str)}
        people, by = services_of(request).people, session.actor
        wish, code = fields.get("wish", ""), fields.get("code", "")[:20]
        account = f"{fields.get('kind', '')}:{fields.get('value', '')}"[:300]
        if wish == "enrol":
            return await shown(request, session, await people.enrol(by, by.person, code=code or None, at_home=False))
        if wish == "confirm":
            return await shown(request, session, await people.confirm(by, by.person, code, at_home=False))
        if wish == "forget":
            return await shown(request, session, await people.forget(by, by.person, code=code, at_home=False))
        if wish == "link":
            said = await people.link(by, account)
            return await shown(request, session, said, account=account if said.accepted else "")
        if wish == "link_confirm":
            account = fields.get("account", "")[:300]
            said = await people.link_confirm(by, account, code)
            return await shown(request, session, said, account="" if said.accepted else account)
        if wish == "unlink":
            return await shown(request, session, await people.unlink(by, fields.get("account", "")[:300]))
        raise Refusal(400, "no_wish", "Choose what to change.")

    return router


def picture(uri: str) -> str:
    """The address as a picture that an app scans, as a data: address (the page's policy allows no other)."""
    return str(segno.make(uri, error="m", micro=False).svg_data_uri(scale=_MODULE, border=4, light="#fff"))


def _secret(uri: str) -> str:
    """The seed alone, in groups, for typing it in where there is no camera."""
    seed = uri.partition("secret=")[2].partition("&")[0]
    return " ".join(seed[i : i + 4] for i in range(0, len(seed), 4))
