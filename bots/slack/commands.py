"""`/trinity` and its verbs, and the shortcut “Ask Trinity about this”. Answers that are nobody else's business are seen
by the asker alone; a question's answer is a message like any other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.errors import SlackApiError

from bots.bridge.present import money
from bots.inbound import Inbound, NotAccepted
from bots.slack.clicks import Clicks
from bots.slack.events import plain
from bots.slack.intake import Intake
from bots.slack.mrkdwn import escape, sections
from bots.slack.parts import SlackParts
from bots.slack.places import CHANNEL, Where
from bots.slack.render import modal
from bots.slack.sender import SlackSender
from bots.slack.web import Web
from notifications.outbox import SendRefused
from organs.bundles import Actor, Role

log = structlog.get_logger("slack")

COMMAND, ABOUT, ABOUT_SENT = "/trinity", "trinity_about", "trinity_about_sent"
HELP = "\n".join(
    (
        "Mention me with a question, or write to me directly; I answer in the thread. “stop” ends a running answer.",
        "`/trinity ask QUESTION` asks; `c1`, `c2` or `c3` instead of `ask` picks coding, reasoning or writing.",
        "`/trinity holds` shows what waits for a person. `/trinity costs` shows today's money.",
        "`/trinity verify` recomputes the whole ledger. `/trinity mode` shows where models run.",
        "`/trinity link KIND:ACCOUNT` says that another account is yours, too; with the CODE behind it, proves it.",
        "`/trinity pause` and `/trinity resume` stop and restart all actions and paid calls (commanders).",
    )
)
_AGENTS = ("c1", "c2", "c3")
_ROOT_S = 2.0  # the question is shown before the command is acknowledged, for which Slack waits 3 s
_HOLDS = 15
_COMMANDER = "Only a commander may do that. Nothing was changed."


class Commands:
    """Reads a command, says what it came to."""

    def __init__(
        self,
        parts: SlackParts,
        web: Web,
        intake: Intake,
        clicks: Clicks,
        sender: SlackSender,
        bot_user: str,
    ) -> None:
        self._parts, self._web, self._intake, self._clicks = parts, web, intake, clicks
        self._sender, self._bot_user = sender, bot_user
        self._verbs: dict[str, Callable[[Actor, str], Awaitable[str]]] = {
            "holds": self._holds,
            "costs": self._costs,
            "mode": self._mode,
            "link": self._link,
            "pause": self._pause,
            "resume": self._resume,
        }

    def listen(self, app: AsyncApp) -> None:
        """Take the command and the shortcut."""
        app.command(COMMAND)(self._command)
        app.shortcut(ABOUT)(self._about)
        app.view(ABOUT_SENT)(self._about_sent)

    async def _command(self, ack: AsyncAck, respond: AsyncRespond, body: dict[str, Any]) -> None:
        verb, _, rest = str(body.get("text") or "").strip().partition(" ")
        verb, rest = verb.casefold(), rest.strip()
        user = str(body["user_id"])
        actor = await self._clicks.actor({"user": {"id": user}, "team": {"id": body.get("team_id")}})
        if actor is None:
            await ack()
        elif verb in ("ask", *_AGENTS):
            await ack(await self._ask(body, actor, plain(rest, self._bot_user), verb if verb in _AGENTS else None))
        elif verb == "verify":
            await ack("Recomputing the whole ledger…")
            self._intake.soon(self._verify(respond), "verify")
        elif verb in self._verbs:
            await ack("\n".join(sections(await self._verbs[verb](actor, rest))[:4]))
        else:
            unknown = "" if verb in ("", "help") else f"I do not know “{escape(verb)}”.\n"
            await ack(unknown + HELP)

    async def _ask(self, body: dict[str, Any], actor: Actor, question: str, agent: str | None) -> str:
        if not question:
            return "What do you want to ask? `/trinity ask` and then the question."
        team, channel, user = str(body["team_id"]), str(body["channel_id"]), str(body["user_id"])
        where = await self._root(team, channel, user, f"{escape(actor.name)} asks: {escape(question)}")
        if where is None:
            return "I could not write to that channel nor to you, so nothing was asked. Invite me to the channel first."
        refused = await self._receive(where, f"{team}/command/{body['trigger_id']}", actor, question, agent=agent)
        if refused:
            return refused
        return "" if where.channel == channel else "I am not in that channel; the answer comes in our direct messages."

    async def _receive(
        self,
        where: Where,
        event_id: str,
        actor: Actor,
        question: str,
        *,
        agent: str | None = None,
        quoted: tuple[str, ...] = (),
    ) -> str | None:
        choice = self._parts.choice(where.channel)
        inbound = Inbound(
            CHANNEL,
            event_id,
            where.key,
            actor,
            question,
            quoted=quoted,
            agent=agent or choice.agent,
            route=choice.mode,
        )
        try:
            await self._parts.conversation.receive(inbound)
        except NotAccepted as refused:
            return refused.sentence
        return None

    async def _root(self, team: str, channel: str | None, user: str, words: str) -> Where | None:
        """A message that shows the question, for the answer to stand under: in the channel, else in direct messages."""
        for place in (channel, None):
            try:
                async with asyncio.timeout(_ROOT_S):
                    to = place if place is not None else await self._sender.direct_channel(user)
                    answer = await self._web.say.chat_postMessage(channel=to, text=words[:3_900])
                    return Where(team, to, str(answer["ts"]))
            except (TimeoutError, SlackApiError, SendRefused, aiohttp.ClientError, OSError) as error:
                log.info("slack.no_root", error=type(error).__name__)
        return None

    async def _verify(self, respond: AsyncRespond) -> None:
        found = await self._parts.ledger.verify(lambda _done, _total: None)
        root = f"\nRoot `{found.root}`" if found.root else ""
        await respond(text=f"{escape(found.sentence)}{root}")

    async def _holds(self, by: Actor, rest: str) -> str:
        found = await self._parts.holds.holds(by, "pending")
        lines = [f"- **{hold.summary}**, asked by {hold.requester}. {hold.why_not} `{hold.id}`" for hold in found]
        more = f"\n\nand {len(lines) - _HOLDS} more on the bridge page" if len(lines) > _HOLDS else ""
        return "\n".join(lines[:_HOLDS]) + more if lines else "Nothing waits for a person that you may see."

    async def _costs(self, by: Actor, rest: str) -> str:
        purse = (await self._parts.status.status()).purse
        return f"Today: {money(purse.spent)} spent, {money(purse.left)} left of {money(purse.limit)}."

    async def _mode(self, by: Actor, rest: str) -> str:
        status = await self._parts.status.status()
        paused = " All actions and paid calls are paused." if status.paused else ""
        models = "\n".join(f"- {model.name}, {model.where}: {model.state}" for model in status.models)
        return f"Mode {status.mode}.{paused}\n\n{models}"

    async def _link(self, by: Actor, rest: str) -> str:
        account, _, code = rest.partition(" ")
        if not account:
            return "Which account? Such as `/trinity link email:ana@example.org`."
        account = plain(account, self._bot_user)
        people = self._parts.accounts
        said = await (people.link_confirm(by, account, code.strip()) if code else people.link(by, account))
        self._parts.delivery.wake()
        return said.why

    async def _pause(self, by: Actor, rest: str) -> str:
        return await self._parts.status.pause(by) if by.role is Role.COMMANDER else _COMMANDER

    async def _resume(self, by: Actor, rest: str) -> str:
        return await self._parts.status.resume(by) if by.role is Role.COMMANDER else _COMMANDER

    async def _about(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        text = plain(str((body.get("message") or {}).get("text") or ""), self._bot_user)
        field = {
            "type": "input",
            "block_id": "question",
            "label": {"type": "plain_text", "text": "What do you want to know?"},
            "element": {
                "type": "plain_text_input",
                "action_id": "value",
                "multiline": True,
                "max_length": 2_000,
                "initial_value": "What does this mean?",
            },
        }
        # A modal keeps 3,000 characters of its own; what is longer is named as cut.
        kept = text if len(text) <= 2_000 else f"{text[:2_000]}… (cut)"
        private = json.dumps({"text": kept})[:3_000] if len(json.dumps({"text": kept})) <= 3_000 else None
        if private is None:
            private = json.dumps({"text": f"{text[:450]}… (cut)"})
        view = modal("Ask Trinity about this", [field], "Ask", ABOUT_SENT, private)
        await self._web.say.views_open(trigger_id=str(body["trigger_id"]), view=view)

    async def _about_sent(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        view = body["view"]
        question = str(view["state"]["values"]["question"]["value"]["value"] or "").strip()
        actor = await self._clicks.actor(body)
        team, user = str((body.get("team") or {}).get("id")), str(body["user"]["id"])
        if actor is None or not question:
            await ack()
            return
        about = str(json.loads(view["private_metadata"])["text"])
        # The one who asks is answered alone: the message may stand where Trinity was not invited.
        where = await self._root(team, None, user, f"You asked about a message: {escape(question)}")
        refused = "I could not write to you, so nothing was asked."
        if where is not None:
            event = f"{team}/shortcut/{view.get('id') or body['trigger_id']}"
            refused = await self._receive(where, event, actor, question, quoted=(about,) if about else ()) or ""
        await (ack() if not refused else ack(response_action="errors", errors={"question": refused[:500]}))
