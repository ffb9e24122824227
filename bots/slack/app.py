"""The bolt application: which of Slack's events, clicks and commands goes where. Each handler hands on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse

from bots.inbound import NotAccepted
from bots.slack.events import Gone, read_message
from bots.slack.intake import Intake
from bots.slack.web import Web, quiet
from store.errors import StoreError

log = structlog.get_logger("slack")


@dataclass(frozen=True, slots=True)
class Me:
    """Who Trinity is in this workspace (auth.test)."""

    team: str
    user: str
    bot: str
    scopes: frozenset[str]


def make_app(me: Me, web: Web, signing_secret: str | None, heard: Callable[[], None]) -> AsyncApp:
    """An application without handlers. `heard` is called for every request that is proved to come from Slack."""

    async def authorize(enterprise_id: str | None, team_id: str | None, user_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=web.ask.token,
            bot_id=me.bot,
            bot_user_id=me.user,
            user_id=user_id,
        )

    app = AsyncApp(
        logger=quiet,
        client=web.ask,
        authorize=authorize,
        signing_secret=signing_secret,
        request_verification_enabled=True,
        # A handler has ended before its request is acknowledged: what it must keep is kept then.
        process_before_response=True,
    )

    @app.middleware
    async def alive(next: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:
        heard()
        return await next()

    @app.error
    async def failed(error: Exception) -> BoltResponse:
        """No acknowledgement: the platform delivers it again."""
        if not isinstance(error, NotAccepted):
            log.error("slack.handler_failed", error=type(error).__name__)
        return BoltResponse(status=503)

    return app


def hear_messages(app: AsyncApp, me: Me, intake: Intake) -> None:
    """Mentions and direct messages; a mention comes as both types, and either alone is enough."""

    async def message(body: dict[str, Any]) -> None:
        found = read_message(body, me.user, me.bot)
        if isinstance(found, Gone):
            await intake.gone(found)
        elif found is not None:
            try:
                await intake.take(found)
            except StoreError as error:
                log.error("slack.not_kept", error=type(error).__name__)
                raise

    app.event("app_mention")(message)
    app.event("message")(message)
