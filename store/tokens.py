"""Proofs that a program or a browser shows: API tokens, one-time sign-in links, browser sessions, nonces.

Only hashes are stored: each secret has 256 random bits, so a plain SHA-256 of it cannot be reversed by guessing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from store.engine import Database
from store.ids import new_id
from store.sql import insert_once
from store.tables import api_tokens, browser_sessions, nonces, signin_links
from store.times import Clock, utcnow

PREFIX = "trinity_"  # so that secret scanners, ours too, can name a token that leaked
LINK_LIFE = timedelta(minutes=10)
SESSION_LIFE = timedelta(days=7)


# chat: ask and read own exchanges; decide: see and decide holds; read: ledger and status; command: pause and resume.
SCOPES = frozenset({"chat", "decide", "read", "command"})


@dataclass(frozen=True, slots=True)
class ApiToken:
    """An API token as it may be shown: never the secret."""

    id: str
    name: str
    person: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """A signed-in browser. `csrf` must come back with every change of state."""

    person: str
    csrf: str
    expires_at: datetime

    def csrf_matches(self, shown: str) -> bool:
        """Compare without telling by time how much was right."""
        return hmac.compare_digest(self.csrf.encode(), shown.encode())


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: Any) -> ApiToken:
    return ApiToken(
        row.id,
        row.name,
        row.person,
        frozenset(row.scopes.split()),
        row.created_at,
        row.expires_at,
        row.revoked_at,
        row.used_at,
    )


class Tokens:
    """The tables of proofs."""

    def __init__(self, database: Database, clock: Clock = utcnow) -> None:
        self._db, self._clock = database, clock

    # -- API tokens --------------------------------------------------------------------------------------------

    async def create(self, *, name: str, person: str, scopes: frozenset[str], life: timedelta) -> tuple[str, ApiToken]:
        """Make a token; the secret is returned once and never again.

        Raises:
            ValueError: a life that is not positive, or a scope with a space in it.
        """
        if life <= timedelta(0) or any(not scope or scope.split() != [scope] for scope in scopes):
            raise ValueError("a token needs a life above zero, and scopes without spaces")
        secret = PREFIX + secrets.token_urlsafe(32)
        now = self._clock()
        token = ApiToken(new_id("tok"), name, person, scopes, now, now + life, None, None)
        async with self._db.begin() as conn:
            await conn.execute(
                insert(api_tokens).values(
                    id=token.id,
                    hash=_hash(secret),
                    name=name,
                    person=person,
                    scopes=" ".join(sorted(scopes)),
                    created_at=now,
                    expires_at=token.expires_at,
                )
            )
        return secret, token

    async def verify(self, secret: str, *, scope: str | None = None) -> ApiToken | None:
        """The token behind a secret; None when unknown, expired, revoked, or without the scope."""
        async with self._db.read() as conn:
            row = (await conn.execute(select(api_tokens).where(api_tokens.c.hash == _hash(secret)))).first()
        if row is None:
            return None
        token, now = _token(row), self._clock()
        if token.revoked_at is not None or token.expires_at <= now or (scope is not None and scope not in token.scopes):
            return None
        if token.used_at is None or now - token.used_at > timedelta(minutes=1):  # not a write for every call
            async with self._db.begin() as conn:
                await conn.execute(update(api_tokens).where(api_tokens.c.id == token.id).values(used_at=now))
        return token

    async def revoke(self, token_id: str) -> bool:
        """End a token; False when there is none, or it was ended before."""
        async with self._db.begin() as conn:
            ended = await conn.execute(
                update(api_tokens)
                .where(api_tokens.c.id == token_id, api_tokens.c.revoked_at.is_(None))
                .values(revoked_at=self._clock())
            )
        return ended.rowcount == 1

    async def list(self) -> list[ApiToken]:
        """Every token, oldest first."""
        async with self._db.read() as conn:
            return [_token(row) for row in await conn.execute(select(api_tokens).order_by(api_tokens.c.created_at))]

    # -- one-time sign-in links ----------------------------------------------------------------------------------

    async def create_link(self, person: str, life: timedelta = LINK_LIFE) -> str:
        """A secret for one sign-in."""
        secret, now = secrets.token_urlsafe(32), self._clock()
        async with self._db.begin() as conn:
            await conn.execute(
                insert(signin_links).values(hash=_hash(secret), person=person, created_at=now, expires_at=now + life)
            )
        return secret

    async def use_link(self, secret: str, life: timedelta = SESSION_LIFE) -> tuple[str, BrowserSession] | None:
        """Trade a link for a browser session, once; None when unknown, expired, or used."""
        now = self._clock()
        async with self._db.begin() as conn:
            used = await conn.execute(
                update(signin_links)
                .where(
                    signin_links.c.hash == _hash(secret),
                    signin_links.c.used_at.is_(None),
                    signin_links.c.expires_at > now,
                )
                .values(used_at=now)
            )
            if used.rowcount != 1:
                return None
            query = select(signin_links.c.person).where(signin_links.c.hash == _hash(secret))
            person = (await conn.execute(query)).scalar_one()
            cookie, session = secrets.token_urlsafe(32), BrowserSession(person, secrets.token_urlsafe(32), now + life)
            await conn.execute(
                insert(browser_sessions).values(
                    hash=_hash(cookie),
                    person=person,
                    csrf=session.csrf,
                    created_at=now,
                    expires_at=session.expires_at,
                )
            )
        return cookie, session

    # -- browser sessions ------------------------------------------------------------------------------------------

    async def session(self, cookie: str) -> BrowserSession | None:
        """The session behind a cookie; None when unknown, expired, or signed out."""
        query = select(browser_sessions).where(
            browser_sessions.c.hash == _hash(cookie),
            browser_sessions.c.ended_at.is_(None),
            browser_sessions.c.expires_at > self._clock(),
        )
        async with self._db.read() as conn:
            row = (await conn.execute(query)).first()
        return None if row is None else BrowserSession(row.person, row.csrf, row.expires_at)

    async def sign_out(self, cookie: str) -> bool:
        """End one browser session."""
        return await self._end(browser_sessions.c.hash == _hash(cookie)) == 1

    async def sign_out_everywhere(self, person: str) -> int:
        """End every browser session of a person; how many there were."""
        return await self._end(browser_sessions.c.person == person)

    async def _end(self, which: Any) -> int:
        async with self._db.begin() as conn:
            ended = await conn.execute(
                update(browser_sessions)
                .where(which, browser_sessions.c.ended_at.is_(None))
                .values(ended_at=self._clock())
            )
        return ended.rowcount

    # -- single use ------------------------------------------------------------------------------------------------

    async def spend(self, purpose: str, value: str, life: timedelta) -> bool:
        """Use a value up: True the first time, False every time after, for as long as `life`.

        The caller refuses values older than `life` by other means (a signature with a time in it).
        """
        now = self._clock()
        async with self._db.begin() as conn:
            return await insert_once(
                conn, nonces, {"purpose": purpose, "value": _hash(value), "expires_at": now + life}
            )

    async def sweep(self) -> int:
        """Delete what has run out: links, nonces, ended sessions; how many rows went."""
        now = self._clock()
        gone = 0
        async with self._db.begin() as conn:
            for statement in (
                delete(nonces).where(nonces.c.expires_at <= now),
                delete(signin_links).where(signin_links.c.expires_at <= now),
                delete(browser_sessions).where(
                    or_(browser_sessions.c.expires_at <= now, browser_sessions.c.ended_at.is_not(None))
                ),
            ):
                gone += (await conn.execute(statement)).rowcount
        return gone
