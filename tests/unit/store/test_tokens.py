from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from store.engine import Database
from store.tables import api_tokens, browser_sessions, signin_links
from store.tokens import Tokens


class Hands:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def tokens(database: Database, hands: Hands) -> Tokens:
    return Tokens(database, hands)


async def test_a_token_opens_what_its_scopes_say_until_it_expires(tokens: Tokens, hands: Hands) -> None:
    secret, token = await tokens.create(name="ci", person="ana", scopes=frozenset({"chat"}), life=timedelta(days=1))
    assert (await tokens.verify(secret, scope="chat")) is not None
    assert await tokens.verify(secret, scope="decide") is None
    assert await tokens.verify(secret + "x") is None
    assert [t.id for t in await tokens.list()] == [token.id]
    hands.now += timedelta(days=1)
    assert await tokens.verify(secret) is None


async def test_a_revoked_token_is_dead(tokens: Tokens) -> None:
    secret, token = await tokens.create(name="ci", person="ana", scopes=frozenset(), life=timedelta(days=1))
    assert await tokens.revoke(token.id)
    assert not await tokens.revoke(token.id)
    assert await tokens.verify(secret) is None


@pytest.mark.parametrize(
    ("life", "scopes"), [(timedelta(0), set()), (timedelta(days=1), {"a b"}), (timedelta(1), {""})]
)
async def test_a_senseless_token_is_not_made(tokens: Tokens, life: timedelta, scopes: set[str]) -> None:
    with pytest.raises(ValueError):
        await tokens.create(name="x", person="ana", scopes=frozenset(scopes), life=life)


async def test_no_secret_is_stored(tokens: Tokens, database: Database) -> None:
    secret, _ = await tokens.create(name="ci", person="ana", scopes=frozenset(), life=timedelta(days=1))
    link = await tokens.create_link("ana")
    signed_in = await tokens.use_link(link)
    assert signed_in is not None
    async with database.read() as conn:
        tables = (api_tokens, signin_links, browser_sessions)
        stored = "".join([str((await conn.execute(select(table))).all()) for table in tables])
    assert not any(word in stored for word in (secret, link, signed_in[0]))


async def test_a_link_signs_in_once_and_in_time(tokens: Tokens, hands: Hands) -> None:
    link = await tokens.create_link("ana")
    signed_in = await tokens.use_link(link)
    assert signed_in is not None
    cookie, session = signed_in
    assert await tokens.use_link(link) is None
    assert await tokens.session(cookie) == session
    assert session.csrf_matches(session.csrf)
    assert not session.csrf_matches("")
    late = await tokens.create_link("ana", timedelta(minutes=1))
    hands.now += timedelta(minutes=1)
    assert await tokens.use_link(late) is None


async def test_signing_out_ends_sessions(tokens: Tokens) -> None:
    cookies = []
    for _ in range(3):
        signed_in = await tokens.use_link(await tokens.create_link("ana"))
        assert signed_in is not None
        cookies.append(signed_in[0])
    assert await tokens.sign_out(cookies[0])
    assert await tokens.session(cookies[0]) is None
    assert await tokens.sign_out_everywhere("ana") == 2
    assert await tokens.session(cookies[1]) is None


async def test_a_nonce_is_spent_once(tokens: Tokens, hands: Hands) -> None:
    assert await tokens.spend("mail-link", "n", timedelta(hours=1))
    assert not await tokens.spend("mail-link", "n", timedelta(hours=1))
    assert await tokens.spend("other", "n", timedelta(hours=1))
    hands.now += timedelta(hours=2)
    assert await tokens.sweep() == 2
