"""Buttons and modals: a press becomes a decision at the desk, which alone says whether it counts."""

from __future__ import annotations

import json
import re
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.errors import SlackApiError

from bots.bridge.hold_words import Decided, HoldField, HoldView
from bots.slack.approvals import HOLD, details_view
from bots.slack.intake import Intake
from bots.slack.parts import SlackParts
from bots.slack.people import SlackPeople
from bots.slack.places import Where
from bots.slack.render import DOWN, UNDO, UP, WHY, Block, modal, section, why_view
from bots.slack.web import Web
from holds.view import HoldButton
from organs.bundles import Actor
from store.errors import StoreError
from vault.errors import VaultError

log = structlog.get_logger("slack")

SUBMIT = "trinity_decide"
_UNSURE = "I could not keep that just now, so nothing was decided. Please press again in a minute."
_NOT_YOURS = "That was asked by somebody else; the floors and the evidence are shown to the one who asked."
_TOO_LONG = "This is too long for a form in Slack. Nothing was changed; it can be edited on the bridge page."
_LONGEST = 3_000  # characters of a text input


class Clicks:
    """Every button and modal of Trinity's messages."""

    def __init__(self, parts: SlackParts, web: Web, people: SlackPeople, intake: Intake) -> None:
        self._parts, self._web, self._people, self._intake = parts, web, people, intake

    def listen(self, app: AsyncApp) -> None:
        """Take the presses."""
        app.action(re.compile(f"^{HOLD}"))(self._hold)
        app.action(WHY)(self._why)
        app.action(UP)(self._thumb)
        app.action(DOWN)(self._thumb)
        app.action(UNDO)(self._undo)
        app.view(SUBMIT)(self._submitted)

    async def actor(self, body: dict[str, Any]) -> Actor | None:
        """Who pressed."""
        user = body.get("user") or {}
        team = (body.get("team") or {}).get("id") or body.get("team_id")
        home = user.get("team_id")
        return await self._people.actor(str(user["id"]), str(home) if home and home != team else None)

    async def _hold(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        pressed = body["actions"][0]
        actor = await self.actor(body)
        if actor is None:
            return
        try:
            sentence = await self._press(pressed, body, actor)
        except StoreError as error:
            log.error("slack.click_not_kept", error=type(error).__name__)
            sentence = _UNSURE
        if sentence:
            self._whisper(body, sentence)

    async def _press(self, pressed: dict[str, Any], body: dict[str, Any], actor: Actor) -> str | None:
        press = str(pressed["action_id"]).removeprefix(HOLD)
        if press == "details":
            hold = await self._parts.holds.hold(str(pressed.get("value")), actor)
            if hold is None:
                return "That hold is not yours to see."
            await self._open(body, details_view(hold))
            return None
        button = HoldButton.unpack(str(pressed.get("value") or ""))
        if button is None:
            return "That button is not one of mine, or too old. Nothing was changed."
        hold = await self._parts.holds.hold(button.hold_id, actor)
        if button.press == "acknowledge":
            return (await self._parts.holds.acknowledge(button.hold_id, actor, button.content_sha256)).why
        if button.press == "withdraw":
            return (await self._parts.holds.withdraw(button.hold_id, actor, "")).why
        # A modal only for whom the desk would hear; everybody else gets its refusal at once, which is kept too.
        heard = hold is not None and hold.offer in ("decide", "self_ratify") and hold.state == "pending"
        fresh = hold is not None and hold.content_sha256 == button.content_sha256
        if hold is not None and heard and fresh:
            if button.press == "edit" and not _editable(hold):
                return _TOO_LONG
            simple = button.press == "approve" and not hold.step_up and hold.offer != "self_ratify"
            if not simple:
                await self._open(body, _form(button, hold, body))
                return None
        if button.press == "ask" and hold is not None and hold.may_ask:
            await self._open(body, _form(button, hold, body))
            return None
        decided = await self._decide(button, actor, {})
        return decided.why

    async def _decide(self, button: HoldButton, actor: Actor, given: dict[str, str]) -> Decided:
        holds = self._parts.holds
        reason, typed = given.get("reason", ""), given.get("typed") or None
        code = given.get("code") or None
        if button.press == "ask":
            return await holds.ask(button.hold_id, actor, given.get("question", ""))
        if button.press == "edit":
            changes = {name.removeprefix("arg:"): value for name, value in given.items() if name.startswith("arg:")}
            return await holds.edit(
                button.hold_id,
                actor,
                changes=changes,
                reason=reason,
                content_sha256=button.content_sha256,
                typed=typed,
                step_up=code,
            )
        return await holds.decide(
            button.hold_id,
            actor,
            approve=button.press == "approve",
            reason=reason,
            content_sha256=button.content_sha256,
            typed=typed,
            step_up=code,
        )

    async def _submitted(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        view = body["view"]
        kept = json.loads(view["private_metadata"])
        button = HoldButton.unpack(str(kept["button"]))
        actor = await self.actor(body)
        if button is None or actor is None:
            await ack()
            return
        given = _given(view)
        if button.press == "edit":  # only what was really changed
            hold = await self._parts.holds.hold(button.hold_id, actor)
            same = {f"arg:{one.name}": one.value for one in hold.fields} if hold is not None else {}
            given = {name: value for name, value in given.items() if same.get(name) != value}
        try:
            decided = await self._decide(button, actor, given)
        except StoreError as error:
            log.error("slack.click_not_kept", error=type(error).__name__)
            decided = Decided(False, _UNSURE, None)
        if decided.accepted:
            await ack()
            self._whisper(kept, decided.why, str(body["user"]["id"]))
            return
        inputs = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
        await ack(response_action="errors", errors={inputs[-1]: decided.why[:500]})

    async def _why(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        exchange = str(body["actions"][0].get("value"))
        actor = await self.actor(body)
        if actor is None:
            return
        if not await self._parts.conversation.may_see(exchange, actor):
            self._whisper(body, _NOT_YOURS)
            return
        outcome = await self._parts.conversation.outcome(exchange)
        if outcome is None:
            self._whisper(body, "That answer is not kept any more.")
            return
        await self._open(body, why_view(outcome))

    async def _thumb(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        pressed = body["actions"][0]
        actor = await self.actor(body)
        if actor is None:
            return
        try:
            said = await self._parts.feedback.thumb(str(pressed["value"]), actor, up=pressed["action_id"] == UP)
        except (StoreError, VaultError):
            said = "I could not keep that just now. Please press again in a minute."
        self._whisper(body, said)

    async def _undo(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        exchange = str(body["actions"][0].get("value"))
        actor = await self.actor(body)
        if actor is None:
            return
        if not await self._parts.conversation.may_see(exchange, actor):
            self._whisper(body, "Only the one who asked for it can take it back. Nothing was changed.")
            return

        async def undo() -> None:
            said = await self._parts.conversation.undo(exchange, actor)
            self._whisper(body, said)

        self._intake.soon(undo(), "undo")

    async def _open(self, body: dict[str, Any], view: Block) -> None:
        try:
            await self._web.say.views_open(trigger_id=str(body["trigger_id"]), view=view)
        except SlackApiError:
            self._whisper(body, "Slack did not open the form in time. Nothing was changed; please press again.")

    def _whisper(self, body: dict[str, Any], sentence: str, user: str | None = None) -> None:
        """A plain sentence for the presser's eyes only, where the button is."""
        where = _place(body)
        who = user or str((body.get("user") or {}).get("id"))
        if where is None:
            return

        async def say() -> None:
            more: dict[str, Any] = {"thread_ts": where.thread_ts} if where.thread_ts else {}
            await self._web.ask.chat_postEphemeral(channel=where.channel, user=who, text=sentence, **more)

        self._intake.soon(say(), "whisper")


def _place(body: dict[str, Any]) -> Where | None:
    kept = body.get("place")
    if kept is not None:
        return Where("", str(kept[0]), str(kept[1]))
    channel = str((body.get("channel") or {}).get("id") or (body.get("container") or {}).get("channel_id") or "")
    message = body.get("message") or {}
    return Where("", channel, str(message.get("thread_ts") or "")) if channel else None


def _given(view: dict[str, Any]) -> dict[str, str]:
    """block id → what was typed."""
    found: dict[str, str] = {}
    for block, actions in ((view.get("state") or {}).get("values") or {}).items():
        for element in actions.values():
            found[block] = str(element.get("value") or "")
    return found


def _form(button: HoldButton, hold: HoldView, body: dict[str, Any]) -> Block:
    """The modal for a reason, an edit, a code or the word to type."""
    titles = {"approve": "Approve", "deny": "Deny", "edit": "Edit and approve", "ask": "Ask back"}
    blocks: list[Block] = [section(f"*{hold.summary[:200]}*")]
    if button.press == "edit":
        blocks += [_input(f"arg:{one.name}", one.name, one.value, long=True) for one in _editable(hold)]
    if button.press == "ask":
        blocks.append(_input("question", "Your question to the one who asked", long=True))
    else:
        needed = button.press == "deny"
        label = "Reason (the one who asked reads it)"
        blocks.append(_input("reason", label, optional=True, long=needed))
    if button.press in ("approve", "edit"):
        if hold.offer == "self_ratify":
            blocks.append(_input("typed", f"To allow your own request, type its name: {hold.action}"))
        if hold.step_up:
            blocks.append(_input("code", "Code from your authenticator app"))
    place = _place(body)
    private = {"button": button.pack(), "place": None if place is None else [place.channel, place.thread_ts]}
    return modal(titles[button.press], blocks, titles[button.press], SUBMIT, json.dumps(private))


def _editable(hold: HoldView) -> list[HoldField]:
    """What fits into a form whole; the rest stays as it is."""
    return [one for one in hold.fields if len(one.value) <= _LONGEST][:90]


def _input(name: str, label: str, value: str = "", *, optional: bool = False, long: bool = False) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": "value", "multiline": long, "max_length": _LONGEST}
    if value:
        element["initial_value"] = value[:_LONGEST]
    label_block = {"type": "plain_text", "text": label[:2_000]}
    return {"type": "input", "block_id": name, "label": label_block, "element": element, "optional": optional}
