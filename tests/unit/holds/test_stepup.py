from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from sqlalchemy import select

from holds.stepup import StepUpCodes
from store.engine import Database
from store.tables import totp_seeds
from tests.house import ANA, BO, Hands, build
from vault.master import Master


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def codes(database: Database, hands: Hands) -> StepUpCodes:
    return StepUpCodes(database, Master(bytes(range(32)), "test"), hands)


def app_of(address: str) -> pyotp.TOTP:
    return pyotp.TOTP(parse_qs(urlsplit(address).query)["secret"][0])


async def enrolled(codes: StepUpCodes, hands: Hands, person: str = "bo") -> pyotp.TOTP:
    app = app_of(await codes.enrol(person, person))
    assert await codes.confirm(person, app.at(hands.now))
    hands.turn(seconds=60)
    return app


async def test_a_code_counts_once(codes: StepUpCodes, hands: Hands) -> None:
    app = await enrolled(codes, hands)
    assert await codes.enrolled("bo")
    code = app.at(hands.now)
    assert await codes.verify("bo", f" {code[:3]} {code[3:]} ")
    assert not await codes.verify("bo", code)
    hands.turn(seconds=30)
    assert await codes.verify("bo", app.at(hands.now))
    assert not await codes.verify("bo", app.at(hands.now.timestamp() - 30))  # nor an older one after a newer


async def test_of_two_who_use_a_code_at_once_one_wins(codes: StepUpCodes, hands: Hands) -> None:
    app = await enrolled(codes, hands)
    assert sum(await asyncio.gather(*(codes.verify("bo", app.at(hands.now)) for _ in range(4)))) == 1


async def test_clocks_may_differ_by_one_step_only(codes: StepUpCodes, hands: Hands) -> None:
    app = await enrolled(codes, hands)
    hands.turn(minutes=10)
    now = hands.now.timestamp()
    assert not await codes.verify("bo", app.at(now - 60))
    assert not await codes.verify("bo", app.at(now + 60))
    assert await codes.verify("bo", app.at(now - 30))
    assert await codes.verify("bo", app.at(now + 30))


async def test_an_unconfirmed_seed_counts_for_nothing_and_replaces_nothing(codes: StepUpCodes, hands: Hands) -> None:
    app = await enrolled(codes, hands)
    other = app_of(await codes.enrol("bo", "Bo"))
    assert not await codes.verify("bo", other.at(hands.now))
    assert not await codes.confirm("bo", "000000")
    assert await codes.verify("bo", app.at(hands.now))
    assert await codes.confirm("bo", other.at(hands.now))
    hands.turn(seconds=60)
    assert not await codes.verify("bo", app.at(hands.now))
    assert await codes.verify("bo", other.at(hands.now))


async def test_guessing_is_slowed(codes: StepUpCodes, hands: Hands) -> None:
    app = await enrolled(codes, hands)
    right = app.at(hands.now)
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(5):
        assert not await codes.verify("bo", wrong)
    assert not await codes.verify("bo", right)
    hands.turn(minutes=16)
    assert await codes.verify("bo", app.at(hands.now))


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６"])
async def test_what_is_no_code(codes: StepUpCodes, hands: Hands, code: str) -> None:
    await enrolled(codes, hands)
    assert not await codes.verify("bo", code)
    assert not await codes.verify("nobody", "123456")


async def test_the_seed_is_not_readable_in_the_database(codes: StepUpCodes, hands: Hands, database: Database) -> None:
    app = await enrolled(codes, hands)
    async with database.read() as conn:
        stored = str((await conn.execute(select(totp_seeds))).all())
    assert app.secret not in stored
    assert await codes.remove("bo")
    assert not await codes.enrolled("bo")


async def test_what_cannot_be_undone_needs_a_code(codes: StepUpCodes, hands: Hands, database: Database) -> None:
    house = await build(database, hands=hands, step_up=codes)
    app = await enrolled(codes, hands)
    hold = await house.open(action_class="irreversible")
    bare = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert bare.why == "This needs a code from your authenticator app."
    wrong = await house.desk.decide(
        hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256, step_up="000000"
    )
    assert "wrong, used up or too old" in wrong.why
    none = await house.desk.decide(
        hold.id, by=ANA, decision="approve", content_sha256=hold.content_sha256, step_up=app.at(hands.now)
    )
    assert "none is set up" in none.why
    said = await house.desk.decide(
        hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256, step_up=app.at(hands.now)
    )
    assert said.accepted
    assert "000000" not in str(house.sealed)
