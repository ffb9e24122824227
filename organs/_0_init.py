"""Organ 0, INIT (000): the airlock. Crisis first, then who is speaking (F11), then what the words try to do (F12).

Nothing here asks a language model: a VOID at 000 costs zero inference.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime

from manifest.constitution import Constitution
from manifest.replies import Replies
from organs.airlock.judge import InjectionJudge, decide
from organs.bundles import Actor, FloorResult, Lane, Piece, Proof, Provenance, Role, Session, Turn, Verdict
from organs.crisis import CrisisReading, check_crisis
from organs.language import detect

# A longer message is treated as an attachment (DESIGN, Edges).
MAX_MESSAGE_BYTES = 256 * 1024
_KEEP_CONTROLS = "\n\t"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One inbound message as its channel handed it over, with what is known of its thread."""

    exchange_id: str
    channel: str
    thread: str
    actor: Actor
    text: str
    received_at: datetime  # aware, in the person's time zone
    attached: tuple[Piece, ...] = ()
    history: tuple[Turn, ...] = ()
    recent: tuple[str, ...] = ()  # the same author's last messages, for payloads split over several
    agent: str | None = None
    locale: str | None = None
    notes: tuple[str, ...] = ()  # what the channel could not read, in words for the person
    route: str | None = None  # a mode or a model that the message asked for; never beats sensitivity


@dataclass(frozen=True, slots=True)
class Refusal:
    """A verdict reached at 000, without a session and without a model."""

    verdict: Verdict
    lane: Lane
    reply: str
    reason: str
    floors: dict[str, FloorResult] = field(default_factory=dict)
    crisis: CrisisReading | None = None


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A message whose bytes are in order: no lone surrogates, no control characters."""

    text: str
    attached: tuple[Piece, ...]
    notes: tuple[str, ...]


def clean(text: str, attached: tuple[Piece, ...]) -> Cleaned:
    """Make any string safe to measure, store and print; says what was done, never fails."""
    notes: list[str] = []
    if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        text = text.encode("utf-8", "surrogateescape" if _escaped(text) else "replace").decode("utf-8", "replace")
    if "\ufffd" in text:
        notes.append("Some bytes were not valid UTF-8 and were replaced.")
    kept = "".join(c for c in text if c in _KEEP_CONTROLS or unicodedata.category(c) != "Cc")
    if kept != text.replace("\r\n", "\n").replace("\r", ""):
        notes.append("Control characters were taken out.")
    text = kept
    if len(text.encode("utf-8", "replace")) > MAX_MESSAGE_BYTES:
        notes.append("The message is longer than 256 KB, so it is treated as an attachment.")
        attached = (*attached, Piece(text, Provenance.ATTACHED, "long message"))
        text = ""
    return Cleaned(text.strip(), attached, tuple(notes))


def _escaped(text: str) -> bool:
    return all(0xDC80 <= ord(c) <= 0xDCFF for c in text if 0xD800 <= ord(c) <= 0xDFFF)


def authority(actor: Actor, needed: Role, constitution: Constitution) -> FloorResult:
    """F11: the proved role's level minus the level needed; an unproved speaker counts as a guest."""
    rule = constitution["F11"]
    role = actor.role if actor.proof is not Proof.UNPROVED else Role.GUEST
    score = float(role.level - needed.level)
    passed = rule.holds(score)
    who = f"{actor.proof.value} as {role.value}"
    reason = f"You are {who}; this needs {needed.value}."
    return FloorResult("F11", score, rule.threshold, rule.direction, passed, reason)


class Airlock:
    """000 as one call: `admit` gives a Session for the organs, or the Refusal that ends the exchange here."""

    def __init__(self, judge: InjectionJudge, constitution: Constitution, replies: Replies) -> None:
        self._judge, self._constitution, self._replies = judge, constitution, replies

    async def admit(self, arrival: Arrival) -> Session | Refusal:
        """Crisis wins over everything; then empty, F11 and F12."""
        cleaned = clean(arrival.text, arrival.attached)
        language = detect(cleaned.text)
        crisis = check_crisis(cleaned.text, locale=arrival.locale)
        if crisis.found:
            return Refusal(
                Verdict.HOLD,
                Lane.CRISIS,
                "",  # the reply depends on whether somebody could be alerted: the pipeline writes it
                crisis.reason,
                {"F11": authority(arrival.actor, Role.GUEST, self._constitution)},
                crisis,
            )
        f11 = authority(arrival.actor, Role.GUEST, self._constitution)
        if not _says_something(cleaned.text) and not cleaned.attached:
            return Refusal(
                Verdict.SABAR,
                Lane.SOCIAL,
                self._replies.get("sabar.empty", language),
                "The message is empty.",
                {"F11": f11},
            )
        decision = await decide(
            self._judge, cleaned.text, attached=cleaned.attached, recent=arrival.recent, rule=self._constitution["F12"]
        )
        if decision.void:
            return Refusal(
                Verdict.VOID,
                Lane.FACTUAL,
                self._replies.get("void.injection", language),
                decision.floor.reason,
                {"F11": f11, "F12": decision.floor},
            )
        if not _says_something(cleaned.text):
            return Refusal(
                Verdict.SABAR,
                Lane.FACTUAL,
                self._replies.get("sabar.only_material", language),
                "There is material, but no request.",
                {"F11": f11, "F12": decision.floor},
            )
        return Session(
            exchange_id=arrival.exchange_id,
            channel=arrival.channel,
            thread=arrival.thread,
            actor=arrival.actor,
            pieces=decision.pieces,
            history=arrival.history,
            now=arrival.received_at,
            constitution=self._constitution,
            agent=arrival.agent,
            language=language,
            locale=arrival.locale,
            airlock=(f11, decision.floor),
            cautious=decision.cautious,
            attacks=decision.named,
            notes=(*cleaned.notes, *decision.notes),
            unread=arrival.notes,
            route=arrival.route,
        )


def _says_something(text: str) -> bool:
    """Whether there is anything a person could have meant: a letter, a digit, a symbol or an emoji."""
    return any(unicodedata.category(c)[0] in "LNS" or c in "?!" for c in text)
