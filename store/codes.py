"""Short codes sent over a weak channel: bound to a purpose, a subject and a person, few tries, minutes of life."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from sqlalchemy import delete, insert, select, update

from store.engine import Database
from store.ids import new_id
from store.tables import codes
from store.times import Clock, utcnow

DIGITS = 6
LIFE = timedelta(minutes=10)
_TRIES = 5
_OPEN_PER_HOUR = 5  # of one person and purpose: no flood of messages, and few guesses in all


class TooMany(Exception):
    """Too many codes were asked for lately; the person has to wait."""


class Codes:
    """The codes table. Six digits and five tries: one guess in 200,000 succeeds (NIST SP 800-63B, 5.1.3.2, asks for at
    least 20 bits of a secret sent out of band, and a limit on tries)."""

    def __init__(self, database: Database, clock: Clock = utcnow) -> None:
        self._db, self._clock = database, clock

    async def make(self, purpose: str, subject: str, person: str, life: timedelta = LIFE) -> str:
        """A new code; an earlier one for the same thing stops counting.

        Raises:
            TooMany: the person asked for many in the last hour.
        """
        code, now = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}", self._clock()
        code_id = new_id("code")
        bound = (codes.c.purpose == purpose, codes.c.person == person)
        async with self._db.begin() as conn:
            recent = select(codes.c.id).where(*bound, codes.c.created_at > now - timedelta(hours=1))
            if len((await conn.execute(recent)).all()) >= _OPEN_PER_HOUR:
                raise TooMany
            await conn.execute(update(codes).where(*bound, codes.c.subject == subject).values(tries_left=0))
            await conn.execute(
                insert(codes).values(
                    id=code_id,
                    purpose=purpose,
                    subject=subject,
                    person=person,
                    hash=_hash(code_id, code),
                    tries_left=_TRIES,
                    created_at=now,
                    expires_at=now + life,
                )
            )
        return code

    async def use(self, purpose: str, subject: str, person: str, code: str) -> bool:
        """Whether this is the code for exactly this; right or wrong, it costs a try, and being right uses it up."""
        digits, now = code.strip().replace(" ", ""), self._clock()
        async with self._db.begin() as conn:
            query = (
                select(codes)
                .where(
                    codes.c.purpose == purpose,
                    codes.c.subject == subject,
                    codes.c.person == person,
                    codes.c.tries_left > 0,
                    codes.c.expires_at > now,
                )
                .with_for_update()
            )
            row = (await conn.execute(query)).first()
            if row is None:
                return False
            right = hmac.compare_digest(row.hash, _hash(row.id, digits))
            left = 0 if right else row.tries_left - 1
            await conn.execute(
                update(codes).where(codes.c.id == row.id).values(tries_left=left, used_at=now if right else None)
            )
        return right

    async def sweep(self) -> int:
        """Delete codes of yesterday; how many went."""
        async with self._db.begin() as conn:
            gone = await conn.execute(delete(codes).where(codes.c.expires_at < self._clock() - timedelta(days=1)))
        return gone.rowcount


def _hash(code_id: str, code: str) -> str:
    # The row's random id is the salt; a stolen table still gives six digits away to a search, which is why a code
    # lives for minutes and why weak channels decide weak things only.
    return hashlib.sha256(f"{code_id}:{code}".encode()).hexdigest()
