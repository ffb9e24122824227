"""A hold as any channel shows it to one person: what will happen, exactly what, how risky, who decides, the buttons."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from holds.checks import already, waiting_for
from holds.policy import WhoMay
from holds.record import HoldEvent, HoldRecord, HoldState
from organs.bundles import Actor

Press = Literal["approve", "deny", "acknowledge", "withdraw", "edit", "ask"]
_LETTERS: dict[Press, str] = {"approve": "a", "deny": "d", "acknowledge": "k", "withdraw": "w", "edit": "e", "ask": "q"}
_MARK = "h1"
LONGEST = 100  # characters: Discord's limit for a custom_id, the narrowest of the platforms


@dataclass(frozen=True, slots=True)
class HoldButton:
    """What a button carries: the hold, the choice, and the hash of the content that its presser saw."""

    hold_id: str
    press: Press
    content_sha256: str

    def pack(self) -> str:
        """As text for the platform; raises ValueError where it would not fit."""
        sha = base64.urlsafe_b64encode(bytes.fromhex(self.content_sha256)).decode().rstrip("=")
        packed = ":".join((_MARK, self.hold_id, _LETTERS[self.press], sha))
        if len(packed) > LONGEST or ":" in self.hold_id:
            raise ValueError("a button carries at most 100 characters")
        return packed

    @classmethod
    def unpack(cls, packed: str) -> HoldButton | None:
        """What `pack` made; None for anything else."""
        parts = packed.split(":")
        if len(packed) > LONGEST or len(parts) != 4 or parts[0] != _MARK:
            return None
        press = next((name for name, letter in _LETTERS.items() if letter == parts[2]), None)
        try:
            sha = base64.b64decode(parts[3] + "=", altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if press is None or len(sha) != 32 or not parts[1]:
            return None
        return cls(parts[1], press, sha.hex())


@dataclass(frozen=True, slots=True)
class HoldView:
    """One hold for one viewer."""

    id: str
    title: str
    happens: str  # what an approval does, in plain words
    content: str
    content_sha256: str
    risk: str
    requester: str
    who_may: str
    created_at: datetime
    deadline: datetime | None
    state: HoldState
    state_words: str
    buttons: tuple[HoldButton, ...]
    type_to_allow: str | None  # the one-person rule: the word to type
    step_up: bool  # an approval needs a code
    editable: tuple[str, ...]  # names of arguments; "*" for all
    events: tuple[HoldEvent, ...]


def view(record: HoldRecord, viewer: Actor, who: WhoMay, viewer_kin: frozenset[str]) -> HoldView:
    """What this person sees. Buttons are an offer; the desk alone decides whether a press counts."""
    own = record.requester in viewer_kin
    may = viewer.person in {person.id for person in who.people}
    voted = any(event.person in viewer_kin for event in record.approvals)
    presses: list[Press] = []
    if record.state == "open" and record.kind == "crisis":
        presses = [] if own else ["acknowledge"]
    elif record.state == "open":
        if may and not voted:
            presses = ["approve", "deny", "ask"]
            if who.rule.edit:
                presses.append("edit")
        if own:
            presses.append("withdraw")
    return HoldView(
        id=record.id,
        title=record.summary,
        happens=_happens(record),
        content=record.content,
        content_sha256=record.content_sha256,
        risk=record.risk,
        requester=record.requester_name,
        who_may=who.words,
        created_at=record.created_at,
        deadline=record.deadline,
        state=record.state,
        state_words=waiting_for(record, who) if record.state == "open" and record.kind != "crisis" else _state(record),
        buttons=tuple(HoldButton(record.id, press, record.content_sha256) for press in presses),
        type_to_allow=record.action if who.self_ratify and may else None,
        step_up=who.rule.step_up,
        editable=who.rule.edit if may else (),
        events=tuple(event for event in record.events if event.kind != "hold.refused"),
    )


def _happens(record: HoldRecord) -> str:
    if record.kind == "crisis":
        return "Nothing is done by itself. Somebody may be in danger: look after them, and say here that you do."
    if record.action == "unknown":
        return "No tool for this exists here. An approval hands the written plan to the one who asked."
    return f"An approval runs “{record.action}” once, with exactly this content."


def _state(record: HoldRecord) -> str:
    if record.state == "open":
        return "Nobody has said yet that they look after it."
    return already(record).removeprefix("Already ").removesuffix(" Your click changed nothing.").capitalize()
