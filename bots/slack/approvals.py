"""Approval messages: a view of a hold with its buttons, brought up to date once the hold is decided."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import structlog

from bots.bridge.hold_words import HoldView
from bots.bridge.present import effect_word, hold_word
from bots.slack.mrkdwn import escape
from bots.slack.parts import SlackParts
from bots.slack.places import CHANNEL
from bots.slack.render import Block, Post, button, context, modal, section
from bots.slack.sender import HOLD_COPY
from holds.checks import when
from holds.record import HoldRecord
from holds.view import HoldButton, Press
from organs.bundles import Actor, Proof, Role
from store.errors import StoreError
from store.outbox import OutboxDraft

log = structlog.get_logger("slack")

HOLD = "trinity_hold_"  # begins the action id of every button of a hold; the press follows
NOTICE = "hold-notice:"
_SHOWN = 5_600  # characters of the content in the message; all of it is behind “Show details”
_PIECE = 2_700
_POSTED_S = 60.0  # longer than the outbox lets a post take


def content_blocks(content: str, most: int | None = None) -> list[Block]:
    """The exact content in code, in order; with `most` only so many characters of it, and the rest named."""
    shown = content if most is None else content[:most]
    found: list[Block] = []
    for at in range(0, max(1, len(shown)), _PIECE):
        piece = escape(shown[at : at + _PIECE].replace("```", "`\u2060``"))
        parts = range(0, max(1, len(piece)), _PIECE)
        found.extend(section(f"```{piece[part : part + _PIECE] or ' '}```") for part in parts)
    if len(shown) < len(content):
        found.append(context(f"{len(content) - len(shown)} more characters are behind “Show details”."))
    return found


def asked_post(hold: HoldView, lead: str) -> Post:
    """What an approver is asked, with the buttons that are offered to that person."""
    if hold.crisis:  # the least text that still helps
        blocks = [section(escape(lead))]
        buttons = [_button("I am looking after this", "acknowledge", hold, "primary")]
        return Post(escape(lead), [*blocks, {"type": "actions", "elements": buttons}])
    facts = [f"Will do: {escape(hold.action)} ({effect_word(hold.effect)}). {escape(hold.risk)}"]
    facts.append(f"Asked by {escape(hold.requester)}. May decide: {escape(', '.join(hold.may_decide))}.")
    if hold.expires_at is not None:
        facts.append(f"Without a decision by {when(hold.expires_at)}, {hold.on_expiry}.")
    if hold.step_up:
        facts.append("An approval needs a code from your authenticator app.")
    blocks = [section(escape(lead)[:3_000]), section("\n".join(facts)[:3_000]), *content_blocks(hold.content, _SHOWN)]
    blocks.append({"type": "actions", "elements": _buttons(hold)})
    blocks.append(context(f"Hold {hold.id}"))
    text = "\n".join((escape(lead), *facts, escape(hold.content[:_SHOWN])))
    return Post(text, blocks)


def _buttons(hold: HoldView) -> list[Block]:
    found = []
    if hold.offer in ("decide", "self_ratify"):
        found.append(_button(f"Approve: {hold.summary}", "approve", hold, "primary"))
        found.append(_button(f"Deny: {hold.summary}", "deny", hold, "danger"))
        if hold.fields:
            found.append(_button("Edit and approve", "edit", hold))
    if hold.may_ask:
        found.append(_button("Ask back", "ask", hold))
    if hold.may_withdraw:
        found.append(_button("Withdraw", "withdraw", hold))
    found.append(button("Show details", f"{HOLD}details", hold.id))
    return found


def _button(words: str, press: Press, hold: HoldView, style: str | None = None) -> Block:
    packed = HoldButton(hold.id, press, hold.content_sha256).pack()
    return button(words if len(words) <= 75 else f"{words[:74]}…", f"{HOLD}{press}", packed, style)


def outcome_post(hold: HoldView) -> Post:
    """The same message once nothing is to be decided any more: what became of it, by whom and when, no buttons."""
    if hold.crisis:
        who = next((event.by for event in reversed(hold.events)), "Somebody")
        text = f"{escape(who)} is looking after this."
        return Post(text, [section(text)])
    lines = [f"*{hold_word(hold.state).word}*: {escape(hold.summary)}"]
    lines += [_event(event.by, event.what, when(event.at), event.reason) for event in hold.events]
    lines.append(f"Asked by {escape(hold.requester)}. {escape(hold.result)}".strip())
    text = "\n".join(lines)
    details = button("Show details", f"{HOLD}details", hold.id)
    return Post(text, [section(text[:3_000]), {"type": "actions", "elements": [details]}, context(f"Hold {hold.id}")])


def _event(by: str, what: str, at: str, reason: str) -> str:
    return f"{escape(by)} {escape(what)} at {at}" + (f": {escape(reason)}" if reason else "")


def details_view(hold: HoldView) -> Block:
    """Everything about a hold, in a modal."""
    lines = [f"*{escape(hold.summary)}*", f"{hold_word(hold.state).word}. {escape(hold.risk)}"]
    lines.append(f"Asked by {escape(hold.requester)} at {when(hold.created_at)}.")
    lines += [_event(event.by, event.what, when(event.at), event.reason or event.text) for event in hold.events]
    blocks = [section("\n".join(lines)[:3_000])]
    if not hold.crisis:
        blocks += content_blocks(hold.content)[:90]
        blocks.append(context(f"SHA-256 of exactly this content: {hold.content_sha256}"))
    return modal("Details of the hold", blocks)


class Approvals:
    """Reads holds for their messages, and has every message of a decided hold brought up to date."""

    def __init__(self, parts: SlackParts, clock: Callable[[], float] = time.monotonic) -> None:
        self._parts, self._clock = parts, clock
        self._fresh: dict[str, float] = {}  # hold → when its last message was made

    async def asked(self, hold_id: str, person_id: str, lead: str) -> list[Post] | None:
        """The message for one approver; the outcome, where it was decided meanwhile."""
        hold = await self.view(hold_id, person_id)
        if hold is None:
            return None
        self._fresh[hold_id] = self._clock()
        return [asked_post(hold, lead) if hold.state == "pending" else outcome_post(hold)]

    async def settled(self, hold_id: str, person_id: str) -> Post | None:
        """The message after the decision."""
        hold = await self.view(hold_id, person_id)
        return None if hold is None else outcome_post(hold)

    async def view(self, hold_id: str, person_id: str) -> HoldView | None:
        """A hold as this person may see it."""
        person = await self._parts.people.person(person_id)
        if person is None or not person.active:
            return None
        viewer = Actor(person.id, person.name, Role(person.role), Proof.LINKED, CHANNEL)
        return await self._parts.holds.hold(hold_id, viewer)

    def attach(self) -> None:
        """Hear of every decision, whatever channel it came over."""
        before = self._parts.desk.changed

        async def changed(record: HoldRecord) -> None:
            if before is not None:
                await before(record)
            await self.changed(record)

        self._parts.desk.changed = changed

    async def changed(self, record: HoldRecord) -> int:
        """Bring every message about a hold up to date; how many updates were written."""
        if record.state == "open":
            return 0
        written = 0
        for row in await self._parts.outbox.sent_with_key(f"{NOTICE}{record.id}:", CHANNEL):
            if row.platform_id is None:
                continue
            body = json.dumps({"hold": record.id, "copy": row.platform_id})
            draft = OutboxDraft(
                f"{HOLD_COPY}:{record.state}:{row.key}", CHANNEL, row.thread, body, row.recipient, HOLD_COPY
            )
            written += await self._parts.outbox.put(draft)
        if written:
            self._parts.delivery.wake()
        return written

    async def look_again(self) -> None:
        """A decision may come while its message is being posted, before the post is on record: each hold is looked at
        once more when that must be over."""
        due = [hold for hold, since in self._fresh.items() if self._clock() - since >= _POSTED_S]
        for hold_id in due:
            record = await self._parts.desk.get(hold_id)
            if record is not None:
                await self.changed(record)
            del self._fresh[hold_id]

    async def sweep(self) -> None:
        """The same for what was decided while Slack was not connected; and for a message that went out just then."""
        try:
            rows = await self._parts.outbox.sent_with_key(NOTICE, CHANNEL)
            for hold_id in dict.fromkeys(row.key.split(":")[1] for row in rows):
                record = await self._parts.desk.get(hold_id)
                if record is not None:
                    await self.changed(record)
        except StoreError as error:
            log.warning("slack.copies_not_checked", error=type(error).__name__)
