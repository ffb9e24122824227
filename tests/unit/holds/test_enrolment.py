"""Who may set up, replace and forget an authenticator app, for whom, and what the ledger is told."""

from __future__ import annotations

import pyotp
import pytest

from holds.enrolment import Enrolment
from holds.stepup import StepUpCodes
from organs.bundles import Actor, Proof
from store.engine import Database
from tests.house import ANA, BO, DI, House, actor, build
from vault.master import Master


@pytest.fixture
async def house(database: Database) -> House:
    return await build(database)


@pytest.fixture
def codes(house: House) -> StepUpCodes:
    return StepUpCodes(house.database, Master(bytes(range(32)), "test"), house.hands)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def enrolment(house: House, codes: StepUpCodes, told: list[str]) -> Enrolment:
    async def note(words: str) -> None:
        told.append(words)

    return Enrolment(house.people, codes, note)


def app(house: House, uri: str) -> str:
    """What the phone shows now."""
    return str(pyotp.parse_uri(uri).at(house.hands.now))


async def set_up(house: House, enrolment: Enrolment, by: Actor) -> str:
    begun = await enrolment.begin(by, by.person)
    assert begun.accepted
    assert (await enrolment.confirm(by, by.person, app(house, begun.uri))).accepted
    house.hands.turn(seconds=60)  # the code of the confirmation is used up
    return begun.uri


async def test_set_up_by_oneself_and_sealed(house: House, enrolment: Enrolment, told: list[str]) -> None:
    begun = await enrolment.begin(BO, "bo")
    assert not await enrolment.enrolled("bo")
    assert not (await enrolment.confirm(BO, "bo", "000000")).accepted
    assert (await enrolment.confirm(BO, "bo", app(house, begun.uri))).accepted
    assert await enrolment.enrolled("bo")
    assert told == ["bo: step-up codes set up by bo"]


async def test_nobody_sets_up_anothers_unless_at_the_home_itself(enrolment: Enrolment, house: House) -> None:
    assert not (await enrolment.begin(ANA, "bo")).accepted
    assert not (await enrolment.begin(DI, "bo")).accepted
    assert not (await enrolment.begin(actor("bo", proof=Proof.UNPROVED), "bo")).accepted
    assert not (await enrolment.begin(ANA, "nobody", at_home=True)).accepted
    begun = await enrolment.begin(ANA, "bo", at_home=True)
    assert not (await enrolment.confirm(ANA, "bo", app(house, begun.uri))).accepted
    assert (await enrolment.confirm(ANA, "bo", app(house, begun.uri), at_home=True)).accepted


async def test_a_stolen_session_brings_no_app_of_its_own(house: House, enrolment: Enrolment) -> None:
    uri = await set_up(house, enrolment, BO)
    refused = await enrolment.begin(BO, "bo")
    assert not refused.accepted
    assert refused.uri == ""
    assert not (await enrolment.begin(BO, "bo", code="000000")).accepted
    assert not (await enrolment.forget(BO, "bo")).accepted
    assert await enrolment.enrolled("bo")
    assert (await enrolment.begin(BO, "bo", code=app(house, uri))).accepted


async def test_a_lost_phone_is_forgotten_by_a_commander(house: House, enrolment: Enrolment, told: list[str]) -> None:
    await set_up(house, enrolment, BO)
    assert not (await enrolment.forget(DI, "bo")).accepted
    assert not (await enrolment.forget(ANA, "nobody")).accepted
    assert (await enrolment.forget(ANA, "bo")).accepted
    assert not await enrolment.enrolled("bo")
    assert not (await enrolment.forget(ANA, "bo")).accepted
    assert told[-1] == "bo: step-up codes forgotten by ana"


async def test_ones_own_are_forgotten_with_a_code(house: House, enrolment: Enrolment) -> None:
    uri = await set_up(house, enrolment, ANA)
    assert not (await enrolment.forget(ANA, "ana")).accepted
    assert (await enrolment.forget(ANA, "ana", code=app(house, uri))).accepted
