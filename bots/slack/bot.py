"""One workspace's bot, connected: made from its parts, described in a line, stopped in order."""

from __future__ import annotations

import asyncio

import aiohttp
from slack_sdk.errors import SlackApiError

from bots.slack.app import Me, hear_messages, make_app
from bots.slack.approvals import Approvals
from bots.slack.budget import Budget
from bots.slack.clicks import Clicks
from bots.slack.commands import Commands
from bots.slack.home_tab import HomeTab
from bots.slack.intake import Intake
from bots.slack.parts import SlackParts
from bots.slack.people import SlackPeople
from bots.slack.places import PlaceIn
from bots.slack.scopes import missing
from bots.slack.sender import SlackSender
from bots.slack.socket import HttpLink, Link, SocketLink
from bots.slack.web import Web, error_of, open_web

_CONNECT_S = 30.0
_ADVICE = {
    "invalid_auth": "SLACK_BOT_TOKEN is not accepted. Copy the bot token of “OAuth & Permissions” again.",
    "not_authed": "SLACK_BOT_TOKEN is empty. Copy the bot token of “OAuth & Permissions”.",
    "account_inactive": "The app was removed from the workspace. Install it again and set the new SLACK_BOT_TOKEN.",
    "token_revoked": "SLACK_BOT_TOKEN was revoked. Install the app again and set the new one.",
}


class SlackTrouble(Exception):
    """Why Slack does not work, as a sentence that says what to do."""


class Bot:
    """A connected workspace."""

    def __init__(self, me: Me, link: Link, web: Web, intake: Intake, people: SlackPeople, approvals: Approvals) -> None:
        self._me, self.link, self._web, self._intake, self._people = me, link, web, intake, people
        self._approvals = approvals

    def describe(self) -> str:
        """Which workspace, the age of the last event, and scopes that are missing."""
        age = self.link.age_s
        heard = "no event yet" if age is None else f"last event {age:.0f} s ago"
        lacking = missing(self._me.scopes)
        more = f"; missing scopes: {', '.join(lacking)} (import manifest/slack.yaml again)" if lacking else ""
        return f"Connected to {self._me.team}, {heard}{more}."

    async def alive(self) -> bool:
        """Whether events can come in."""
        return await self.link.alive()

    async def tend(self) -> None:
        """What has to be looked at now and then. Raises StoreError."""
        await self._approvals.look_again()

    async def stop(self) -> None:
        """Take nothing more in, then let go of every connection."""
        await self.link.stop()
        await self._intake.stop()
        await self._people.stop()
        await self._web.close()


async def whoami(web: Web) -> Me:
    """auth.test: the workspace, the bot's own ids, and what it may do. Raises SlackTrouble."""
    try:
        answer = await web.ask.auth_test()
    except SlackApiError as error:
        word = error_of(error)
        raise SlackTrouble(_ADVICE.get(word, f"Slack does not accept the bot token ({word}).")) from None
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise SlackTrouble(f"Slack cannot be reached ({type(error).__name__}); it is tried again.") from None
    headers = {name.lower(): value for name, value in answer.headers.items()}
    scopes = frozenset(one.strip() for one in str(headers.get("x-oauth-scopes", "")).split(",") if one.strip())
    return Me(str(answer["team_id"]), str(answer["user_id"]), str(answer.get("bot_id") or ""), scopes)


async def connect(parts: SlackParts) -> Bot:
    """Make the workspace's bot and connect it. Raises SlackTrouble where the tokens or the network do not allow it."""
    keys = parts.keys
    if keys.app_token is None and keys.signing_secret is None:
        raise SlackTrouble(
            "Only SLACK_BOT_TOKEN is set. Set SLACK_APP_TOKEN too (Socket Mode), or SLACK_SIGNING_SECRET (signed HTTP)."
        )
    web = open_web(keys.bot_token.get_secret_value(), keys.api_url)
    try:
        return await _connect(parts, web)
    except BaseException:
        await web.close()
        raise


async def _connect(parts: SlackParts, web: Web) -> Bot:
    keys = parts.keys
    me = await whoami(web)
    people = SlackPeople(web, parts.people, me.team)
    budget = Budget()
    intake = Intake(parts, web, people, me.user, budget)
    secret = None if keys.signing_secret is None else keys.signing_secret.get_secret_value()
    link: Link

    def heard() -> None:
        link.heard()

    app = make_app(me, web, secret, heard)
    hear_messages(app, me, intake)
    approvals = Approvals(parts)
    sender = SlackSender(web, budget, approvals.asked, approvals.settled)
    clicks = Clicks(parts, web, people, intake)
    clicks.listen(app)
    Commands(parts, web, intake, clicks, sender, me.user).listen(app)
    HomeTab(parts, web, people, intake).listen(app)
    if keys.app_token is not None:
        link = SocketLink(app, keys.app_token.get_secret_value(), web)
    else:
        link = HttpLink(app, keys.host, keys.http_port)
    try:
        async with asyncio.timeout(_CONNECT_S):
            await link.start()
    except SlackApiError as error:
        await link.stop()
        raise SlackTrouble(
            f"Slack does not accept SLACK_APP_TOKEN ({error_of(error)}). Make one with connections:write under “Basic "
            "Information”."
        ) from None
    except BaseException:
        await link.stop()
        raise
    parts.delivery.register(sender)
    parts.places.register(PlaceIn(me.team))
    approvals.attach()
    await approvals.sweep()
    return Bot(me, link, web, intake, people, approvals)
