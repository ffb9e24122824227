"""Approve with edit, and asking back: what an approver may do besides yes and no."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from holds import rows
from holds.checks import Choice, Click, already, refusal
from holds.desk import HoldDesk
from holds.policy import WhoMay
from holds.record import Decision, HoldRecord, arguments_of, content_hash
from manifest.holds import Rule
from organs.bundles import Actor
from store.engine import Database
from store.ids import new_id
from store.times import Clock, utcnow
from store.types import storable

# Runs 555 to 888 on the edited content: None where it may be approved, else the sentence that says why not.
Reexamine = Callable[[HoldRecord, str], Awaitable[str | None]]

Wish = Literal["edit", "ask", "answer"]

_LONGEST = 64 * 1024  # characters of an edited content
_TALK = 2_000  # characters of a question or an answer
_SHOWN = 60  # characters of a changed argument in the summary; the content shows it whole


class Editing:
    """Edits and questions at the desk. An edit closes the hold and opens another for the new content, with a hash of
    its own: no button of the old one, and no approval given to it, reaches the new one."""

    def __init__(
        self, database: Database, desk: HoldDesk, reexamine: Reexamine | None = None, *, clock: Clock = utcnow
    ) -> None:
        self._db, self._desk, self.reexamine, self._clock = database, desk, reexamine, clock

    async def approve_edited(
        self,
        hold_id: str,
        *,
        by: Actor,
        content_sha256: str,
        changes: Mapping[str, str],
        reason: str = "",
        typed_action: str | None = None,
        step_up: str | None = None,
        proof: str | None = None,
    ) -> Decision:
        """Change arguments and approve the result, in the editor's name.

        The same checks as for an approval, then which arguments the policy lets be edited, then the safety stages
        on the new content, then the rule of the new content (an edit that makes it graver needs the graver rule).
        Where more than one must approve, the editor's is the first approval of the new content.
        """
        record = await self._desk.get(hold_id)
        if record is None:
            return Decision(False, "There is no such hold.", None)
        facts = await self._desk.facts(record, by)
        click = Click(by, "approve", content_sha256, reason, typed_action, step_up, False, proof)
        why = refusal(record, click, facts, self._clock()) or _edit_refusal(record, facts.who.rule, changes)
        if why is not None:
            return await self._refused(record, click, why)
        content = storable(_edited(record, changes))
        if self.reexamine is None:
            return await self._refused(record, click, "Editing is not possible here; approve or deny it as it is.")
        why = await self.reexamine(record, content)
        if why is not None:
            return await self._refused(record, click, f"The edited version was not accepted: {why}")
        today = self._desk.policy.rule(record.action_class, record.effect, arguments_of(content))
        who = await self._desk.policy.who_may_by(record.rule.tightened(today), record.requester)
        why = f"Nobody could approve it as edited: {who.why}." if who.nobody else None
        # The code comes before the change: whoever cannot approve the new content does not replace the old one.
        if why is None and who.rule.step_up:
            why = await self._desk.step_up_refusal(by, step_up)
        if why is not None:
            return await self._refused(record, click, why)
        child = await self._replace(record, click, content, who)
        if isinstance(child, str):
            return await self._refused(record, click, child)
        await self._desk.settled(record.id)
        return await self._desk.decide(
            child.id,
            by=by,
            decision="approve",
            reason=reason,
            content_sha256=child.content_sha256,
            typed_action=typed_action,
            proof=proof,
            step_up_checked=who.rule.step_up,
        )

    async def _replace(self, record: HoldRecord, click: Click, content: str, who: WhoMay) -> HoldRecord | str:
        """Close the old hold and open the new one in one transaction; a sentence where somebody was quicker."""
        child_id, sha = new_id("hold"), content_hash(content)
        if any(one.content_sha256 == sha for one in await self._desk.of_exchange(record.exchange_id)):
            return "Exactly that was asked for in this exchange before; decide about it there."
        async with self._db.begin() as conn:
            locked = await rows.one(conn, record.id, lock=True)
            now = self._clock()
            if locked is None or locked.state != "open":
                return already(locked or record)
            summary = _summary(record, content)
            await rows.copy(conn, record.id, child_id, summary=summary, content=content, sha=sha, who=who, now=now)
            await rows.set_state(conn, record.id, "edited", decided_at=now, continued_at=now)
            note = json.dumps({"from": record.content, "to": content, "hold": child_id}, ensure_ascii=False)
            await rows.add_event(
                conn,
                record.id,
                "hold.edited",
                now,
                state="edited",
                by=click.by,
                decision="edit",
                reason=click.reason,
                content_sha256=sha,
                note=note,
            )
            await rows.add_event(conn, child_id, "hold.opened", now, state="open", content_sha256=sha)
        child = await self._desk.get(child_id)
        return child if child is not None else "The edited version could not be kept; nothing was changed."

    async def _refused(self, record: HoldRecord, click: Click, why: str, wish: Wish = "edit") -> Decision:
        async with self._db.begin() as conn:
            await rows.add_event(
                conn,
                record.id,
                "hold.refused",
                self._clock(),
                state=record.state,
                by=click.by,
                decision=wish,
                reason=why,
                content_sha256=click.content_sha256,
            )
        await self._desk.seal_pending()
        return Decision(False, why, await self._desk.get(record.id))

    async def ask(self, hold_id: str, *, by: Actor, question: str) -> Decision:
        """Ask the requester something; the hold stays open. Whoever may decide it may ask."""
        record = await self._desk.get(hold_id)
        if record is None:
            return Decision(False, "There is no such hold.", None)
        facts = await self._desk.facts(record, by)
        choice: Choice = "deny"  # asking needs no more than saying no does
        why = refusal(record, Click(by, choice, record.content_sha256), facts, self._clock())
        # One who has approved already may still ask; one of the many who must approve, say.
        if why is not None and not any(event.person in facts.kin for event in record.approvals):
            return await self._refused(record, Click(by, choice, record.content_sha256), why, "ask")
        return await self._talk(record, by, "hold.asked", question, "Your question went to the one who asked for it.")

    async def answer(self, hold_id: str, *, by: Actor, answer: str) -> Decision:
        """The requester's answer, for everybody who decides to read. It is text and changes nothing by itself."""
        record = await self._desk.get(hold_id)
        if record is None:
            return Decision(False, "There is no such hold.", None)
        facts = await self._desk.facts(record, by)
        if not facts.kin & facts.requester_kin or facts.person is None or not facts.person.active:
            click = Click(by, "deny", record.content_sha256)
            return await self._refused(record, click, "Only the one who asked for it answers here.", "answer")
        return await self._talk(record, by, "hold.answered", answer, "Your answer stands with the request now.")

    async def _talk(self, record: HoldRecord, by: Actor, kind: rows.Talk, words: str, thanks: str) -> Decision:
        text = storable(words.strip())
        if not text or len(text) > _TALK:
            return Decision(False, f"Please write 1 to {_TALK} characters.", record)
        async with self._db.begin() as conn:
            locked = await rows.one(conn, record.id, lock=True)
            if locked is None or locked.state != "open":
                return Decision(False, already(locked or record), record)
            await rows.add_event(
                conn,
                record.id,
                kind,
                self._clock(),
                state="open",
                by=by,
                content_sha256=record.content_sha256,
                note=text,
            )
        return Decision(True, thanks, await self._desk.settled(record.id))


def _edit_refusal(record: HoldRecord, rule: Rule, changes: Mapping[str, str]) -> str | None:
    arguments = arguments_of(record.content)
    if not changes or all(arguments.get(name) == value for name, value in changes.items()):
        return "Nothing is different; approve it as it is."
    for name in changes:
        if name not in arguments:
            return f"There is no “{name}” in this to edit."
        if name not in rule.edit and "*" not in rule.edit:
            return f"“{name}” may not be edited here; deny it and let it be asked for again."
    if sum(len(value) for value in {**arguments, **changes}.values()) > _LONGEST:
        return "That is too long."
    return None


def _edited(record: HoldRecord, changes: Mapping[str, str]) -> str:
    return json.dumps({**arguments_of(record.content), **changes}, ensure_ascii=False, sort_keys=True)


def _summary(record: HoldRecord, content: str) -> str:
    """The old summary with what is different now, so that nobody reads the old words over the new content."""
    before, after = arguments_of(record.content), arguments_of(content)
    changes = [
        f"{name}: {_short(before[name])} → {_short(value)}" for name, value in after.items() if before[name] != value
    ]
    return f"{record.summary} (edited: {', '.join(changes)})"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return f"“{line if len(line) <= _SHOWN else line[:_SHOWN] + '…'}”"
