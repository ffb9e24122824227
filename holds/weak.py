"""Deciding over weak channels: codes for text messages, and signed single-use links for mail."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from holds.checks import Choice
from holds.desk import HoldDesk
from holds.record import Decision, HoldRecord
from organs.bundles import Actor, Proof, Role
from store.codes import Codes
from store.people import People
from store.times import Clock, utcnow
from store.tokens import Tokens

_LINK_LIFE = timedelta(hours=24)


class Naming(Protocol):
    """Derives secrets from the home's master key (`vault.master.Master`)."""

    def name(self, text: str) -> str: ...


@dataclass(frozen=True, slots=True)
class LinkClaim:
    """What a mailed link says, its signature checked. Reading it decides nothing: scanners open every link."""

    hold_id: str
    person: str
    content_sha256: str
    expires_at: datetime
    nonce: str


class MailLinks:
    """Links of the form `…/decide/TOKEN`: a GET shows what waits, a POST from that page decides, once."""

    def __init__(self, desk: HoldDesk, people: People, tokens: Tokens, keys: Naming, *, clock: Clock = utcnow) -> None:
        self._desk, self._people, self._tokens, self._clock = desk, people, tokens, clock
        self._key = hashlib.sha256(f"mail-links/{keys.name('mail-links/v1')}".encode()).digest()

    def make(self, record: HoldRecord, person: str) -> str:
        """The token for one person and exactly this content; it ends with the hold."""
        end = self._clock() + _LINK_LIFE
        end = min(end, record.deadline) if record.deadline is not None else end
        fields = [record.id, person, record.content_sha256, int(end.timestamp()), secrets.token_hex(8)]
        payload = base64.urlsafe_b64encode(json.dumps(fields, separators=(",", ":")).encode()).decode().rstrip("=")
        return f"{payload}.{self._sign(payload)}"

    def _sign(self, payload: str) -> str:
        mac = hmac.digest(self._key, payload.encode("ascii", "replace"), "sha256")
        return base64.urlsafe_b64encode(mac).decode().rstrip("=")

    def read(self, token: str) -> LinkClaim | None:
        """What the link claims; None when it was not made here, or has run out. Changes nothing."""
        payload, _, mac = token.partition(".")
        if not hmac.compare_digest(mac.encode("utf-8", "replace"), self._sign(payload).encode()):
            return None
        hold_id, person, sha, end, nonce = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        claim = LinkClaim(hold_id, person, sha, datetime.fromtimestamp(end, UTC), nonce)
        return claim if claim.expires_at > self._clock() else None

    async def decide(self, token: str, decision: Choice, reason: str = "") -> Decision:
        """Decide by the link, once; the desk refuses what a weak channel may not decide."""
        claim = self.read(token)
        if claim is None:
            return Decision(False, "This link has run out, or was not made here. Nothing was changed.", None)
        person = await self._people.person(claim.person)
        if person is None or not person.active:
            return Decision(False, "You are no longer named here. Nothing was changed.", None)
        if not await self._tokens.spend("mail-link", claim.nonce, _LINK_LIFE + timedelta(hours=1)):
            return Decision(
                False, "This link was used before. Nothing was changed.", await self._desk.get(claim.hold_id)
            )
        return await self._desk.decide(
            claim.hold_id,
            by=Actor(person.id, person.name, Role(person.role), Proof.LINKED, "email"),
            decision=decision,
            reason=reason,
            content_sha256=claim.content_sha256,
            weak=True,
            proof=hashlib.sha256(token.encode()).hexdigest(),
        )


class SmsCodes:
    """Codes for text messages, bound to hold, phone and expiry: the answer `YES 123456` or `NO 123456`."""

    def __init__(self, desk: HoldDesk, people: People, codes: Codes) -> None:
        self._desk, self._people, self._codes = desk, people, codes

    async def make(self, record: HoldRecord, person: str, phone: str) -> str:
        """A code for one hold and one phone; raises TooMany."""
        return await self._codes.make("decide", _bound(record, phone), person)

    async def decide(self, hold_id: str, phone: str, decision: Choice, code: str) -> Decision:
        """Decide by a code that came from a phone: the phone must be an approver's own, and the code for this hold."""
        person = await self._people.by_identity("phone", phone)
        record = await self._desk.get(hold_id)
        if person is None or record is None or not person.linked("phone", phone):
            return Decision(False, "I do not know this phone. Nothing was changed.", None)
        if not await self._codes.use("decide", _bound(record, phone), person.id, code):
            return Decision(False, "That code is wrong, used up or too old. Nothing was changed.", record)
        return await self._desk.decide(
            hold_id,
            by=Actor(person.id, person.name, Role(person.role), Proof.LINKED, "sms"),
            decision=decision,
            content_sha256=record.content_sha256,
            weak=True,
        )


def _bound(record: HoldRecord, phone: str) -> str:
    """A code for one content is none for another."""
    return f"{record.id}|{record.content_sha256}|{phone}"
