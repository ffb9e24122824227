"""What people and measures say about an answer afterwards, handed to the router's learning.

A thumb is a person's word: it is sealed. What can be seen in the conversation is only counted: the same question
again, a correction, a first answer that a stronger model had to replace, the floors that the answer itself decides.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import structlog

from bots.inbound import Inbound
from organs.bundles import Actor
from organs.outcome import Outcome
from router.learning import Learner, Purpose, Signal
from store.errors import StoreError
from store.inbox import Inbox, InboxRow
from store.threads import NOTICE, Threads
from vault.canonical import JsonValue
from vault.entry import NewEntry

log = structlog.get_logger("feedback")

# ruff: noqa: E501 (tables of alternatives read better unbroken)

# Floors that an answer can be blamed for. F2 and F3 are not among them: that no source was at hand is not its fault.
_OWN_FLOORS: Final = ("F6", "F8")
_LOOK_BACK: Final = 8  # turns
_SHORTEST: Final = 4  # characters of a question that is asked again: "ok" twice is no retry
_CORRECTION: Final = re.compile(
    r"^\W*(?:"
    r"(?:no|nope|nein|non|não|tidak)[,.;!\s]+(?:that|this|it|das|es|ça|c'est|eso|isso|questo)\b.{0,20}\b(?:wrong|incorrect|not|n't|falsch|nicht|faux|pas|mal|no|errado|não|sbagliato|non)\b"
    r"|(?:that|this|it)(?:'s| is| was) (?:wrong|incorrect|not (?:right|correct|true|what i (?:asked|meant)))\b"
    r"|(?:wrong|incorrect|falsch|stimmt nicht|incorrecto|faux|errado|sbagliato|salah)\s*[.!,:;]"
    r"|you(?:'re| are) (?:wrong|mistaken)\b|not what i (?:asked|meant)\b|you misunderstood\b"
    r"|das (?:ist (?:falsch|nicht richtig)|stimmt (?:so )?nicht|war nicht (?:die|meine) frage)\b"
    r"|(?:eso|esto) (?:no es (?:correcto|cierto|lo que)|está mal)\b|c'est (?:faux|incorrect)\b|ce n'est pas (?:ça|correct|vrai|ce que)\b"
    r"|isso (?:está errado|não está certo|não é)\b|(?:è|questo è) sbagliato\b|non è (?:vero|corretto|quello)\b|itu (?:salah|tidak betul)\b"
    r")",
    re.IGNORECASE,
)  # fmt: skip


def is_correction(text: str) -> bool:
    """Whether a message begins by saying that the answer before it was wrong."""
    return _CORRECTION.match(text[:200]) is not None


def is_repeat(before: str, text: str) -> bool:
    """Whether somebody asks the very same thing again, punctuation and case aside."""
    plain = _plain(text)
    return len(plain) >= _SHORTEST and plain == _plain(before)


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", text.casefold()).split())


class Feedback:
    """Where thumbs and signs of quality arrive, whatever the channel."""

    def __init__(
        self,
        learner: Learner,
        inbox: Inbox,
        threads: Threads,
        seal: Callable[[NewEntry], Awaitable[object]],
        counted: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._learner, self._inbox, self._threads, self._seal = learner, inbox, threads, seal
        self._counted = counted

    async def thumb(self, exchange_id: str, by: Actor, *, up: bool) -> str:
        """A person's word on the answer of an own exchange; the sentence to show. The last word counts.

        Raises StoreError or VaultError where it could not be kept.
        """
        row = await self._inbox.get(exchange_id)
        if row is None or row.person != by.person or row.outcome is None:
            return "There is no answer of that exchange to rate."
        value = 1.0 if up else 0.0
        before = await self._learner.outcome(exchange_id, Signal.THUMB)
        learned = await self._learner.note(exchange_id, Signal.THUMB, value)
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        if before != value:
            # An answer that no model gave teaches nothing, and its thumb is sealed once each way.
            key = f"thumb:{exchange_id}:{at}" if learned else f"thumb:{exchange_id}:{up}"
            body: dict[str, JsonValue] = {
                "exchange": exchange_id,
                "person": by.person,
                "up": up,
                "channel": by.channel,
                "at": at,
            }
            await self._seal(NewEntry(kind="feedback.thumb", key=key, body=body))
            self._counted("thumb")
        thanks = "Noted: a good answer." if up else "Noted: not a good answer."
        return thanks if learned else f"{thanks} No model gave it, so the router learns nothing from that."

    async def after(self, row: InboxRow, inbound: Inbound, outcome: Outcome) -> None:
        """What the end of an exchange says about its own answer and about the one before it. Never raises for the
        store: what is not learned is no reason to hold up an answer."""
        try:
            await self._own(row.exchange_id, outcome)
            await self._before(row, inbound)
        except StoreError as error:
            log.warning("feedback.not_kept", exchange=row.exchange_id, error=type(error).__name__)

    async def edited(self, exchange_id: str) -> None:
        """A person had to change what was proposed before it could be approved."""
        try:
            await self._note(exchange_id, Signal.EDIT, 0.0)
        except StoreError as error:
            log.warning("feedback.not_kept", exchange=exchange_id, error=type(error).__name__)

    async def _own(self, exchange_id: str, outcome: Outcome) -> None:
        if outcome.model is None or outcome.model.where == "embedded":
            return
        if await self._learner.was_retried(exchange_id):
            await self._note(exchange_id, Signal.RETRY, 0.0, of="hypothesis")
        seen = [f.passed for name in _OWN_FLOORS if (f := outcome.floors.get(name)) and f.passed is not None]
        if seen:
            await self._note(exchange_id, Signal.FLOORS, sum(seen) / len(seen))

    async def _before(self, row: InboxRow, inbound: Inbound) -> None:
        turns = await self._threads.last(row.channel, row.thread, _LOOK_BACK)
        asked = [
            turn
            for turn in turns
            if turn.role == "user"
            and turn.person == row.person
            and turn.exchange_id < row.exchange_id  # ids sort by the time they were made
            and not turn.exchange_id.startswith(NOTICE)
        ]
        if not asked:
            return
        last = asked[-1]
        if is_correction(inbound.text):
            await self._note(last.exchange_id, Signal.CORRECTION, 0.0)
        elif is_repeat(last.text, inbound.text):
            await self._note(last.exchange_id, Signal.RETRY, 0.0)

    async def _note(self, exchange_id: str, signal: Signal, value: float, of: Purpose | None = None) -> None:
        if await self._learner.note(exchange_id, signal, value, of=of):
            self._counted(signal.name.lower())
