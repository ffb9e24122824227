"""Step-up codes: six digits from the person's authenticator app (RFC 6238), each usable once, seeds kept encrypted."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

import pyotp
from sqlalchemy import delete, insert, or_, select, update

from store.engine import Database
from store.tables import totp_seeds
from store.times import Clock, utcnow

_PERIOD = 30  # seconds per code (RFC 6238, section 4)
_DRIFT = 1  # codes before and after the present one that count: clocks differ (section 5.2 advises at most one step)
_TRIES = 5  # wrong codes in a row, then a rest
_REST = timedelta(minutes=15)
ISSUER = "Trinity"


class Wrapping(Protocol):
    """Encrypts small secrets under the home's master key (`vault.master.Master`)."""

    def wrap(self, secret: bytes, context: str) -> bytes: ...

    def unwrap(self, wrapped: bytes, context: str) -> bytes: ...


class StepUpCodes:
    """The seeds, and the checking of codes. A code that was used, and every older one, is refused from then on."""

    def __init__(self, database: Database, keys: Wrapping, clock: Clock = utcnow) -> None:
        self._db, self._keys, self._clock = database, keys, clock

    async def enrol(self, person: str, name: str) -> str:
        """A new seed for a person, as the `otpauth://` address that an authenticator app reads; shown once.

        It counts only after `confirm` saw a code of it. An earlier confirmed seed stays until then.
        """
        seed = pyotp.random_base32()
        row = {
            "person": _pending(person),
            "seed": self._keys.wrap(seed.encode(), f"totp/{person}"),
            "confirmed": False,
            "last_step": 0,
            "wrong": 0,
            "created_at": self._clock(),
        }
        async with self._db.begin() as conn:
            await conn.execute(delete(totp_seeds).where(totp_seeds.c.person == _pending(person)))
            await conn.execute(insert(totp_seeds).values(**row))
        return pyotp.TOTP(seed).provisioning_uri(name=name, issuer_name=ISSUER)

    async def confirm(self, person: str, code: str) -> bool:
        """Whether the app shows the right codes; from then on it is the person's. One code is used up by it."""
        if not await self._check(_pending(person), person, code):
            return False
        async with self._db.begin() as conn:
            await conn.execute(delete(totp_seeds).where(totp_seeds.c.person == person))
            await conn.execute(
                update(totp_seeds).where(totp_seeds.c.person == _pending(person)).values(person=person, confirmed=True)
            )
        return True

    async def enrolled(self, person: str) -> bool:
        """Whether the person has a confirmed seed."""
        query = select(totp_seeds.c.person).where(totp_seeds.c.person == person, totp_seeds.c.confirmed)
        async with self._db.read() as conn:
            return (await conn.execute(query)).first() is not None

    async def verify(self, person: str, code: str) -> bool:
        """Whether this is a code of now that was not used before; it is used up by being right."""
        return await self._check(person, person, code)

    async def remove(self, person: str) -> bool:
        """Forget a person's seeds (a lost phone); a commander does it, and it is sealed by the caller."""
        async with self._db.begin() as conn:
            gone = await conn.execute(delete(totp_seeds).where(totp_seeds.c.person.in_((person, _pending(person)))))
        return gone.rowcount > 0

    async def _check(self, key: str, person: str, code: str) -> bool:
        digits = code.replace(" ", "")
        if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
            return False
        now = self._clock()
        async with self._db.begin() as conn:
            query = select(totp_seeds).where(totp_seeds.c.person == key).with_for_update()
            row = (await conn.execute(query)).first()
            if row is None or (row.rest_until is not None and row.rest_until > now):
                return False
            totp = pyotp.TOTP(self._keys.unwrap(row.seed, f"totp/{person}").decode())
            present = int(now.timestamp()) // _PERIOD
            steps = range(max(present - _DRIFT, row.last_step + 1), present + _DRIFT + 1)
            hit = next((s for s in steps if pyotp.utils.strings_equal(totp.generate_otp(s), digits)), None)
            if hit is None:
                wrong = row.wrong + 1
                rest = now + _REST if wrong >= _TRIES else None
                values = {"wrong": 0 if rest else wrong, "rest_until": rest}
                await conn.execute(update(totp_seeds).where(totp_seeds.c.person == key).values(**values))
                return False
            # The condition makes the code single-use even where two processes look at once.
            used = await conn.execute(
                update(totp_seeds)
                .where(totp_seeds.c.person == key, or_(totp_seeds.c.last_step < hit))
                .values(last_step=hit, wrong=0, rest_until=None)
            )
        return used.rowcount == 1


def _pending(person: str) -> str:
    """The key of a seed that is not confirmed yet; a person's id has no space in it."""
    return f"{person} new"
