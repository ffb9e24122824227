from __future__ import annotations

import pytest

from holds.linking import Linking
from holds.record import HoldRecord
from holds.weak import MailLinks, SmsCodes
from manifest.people import DeclaredIdentity
from organs.bundles import Effect, Role
from store.codes import Codes, TooMany
from store.engine import Database
from store.outbox import Outbox
from store.tokens import Tokens
from tests.house import ANA, BO, DI, House, build
from vault.master import Master

PHONE = "+4915112345678"


@pytest.fixture
async def house(database: Database) -> House:
    house = await build(database)
    await house.people.link("bo", "phone", PHONE)
    return house


@pytest.fixture
def codes(house: House) -> Codes:
    return Codes(house.database, house.hands)


@pytest.fixture
def links(house: House) -> MailLinks:
    return MailLinks(
        house.desk,
        house.people,
        Tokens(house.database, house.hands),
        Master(bytes(range(32)), "test"),
        clock=house.hands,
    )


async def weak_hold(house: House, exchange: str = "ex_1") -> HoldRecord:
    return await house.open(exchange, action_class="reversible", effect=Effect.REVERSIBLE)


# -- mail ----------------------------------------------------------------------------------------------------------


async def test_looking_at_a_mailed_link_decides_nothing(house: House, links: MailLinks) -> None:
    hold = await weak_hold(house)
    token = links.make(hold, "bo")
    for _ in range(3):
        claim = links.read(token)
        assert claim is not None
        assert (claim.hold_id, claim.person) == (hold.id, "bo")
    record = await house.desk.get(hold.id)
    assert record is not None
    assert record.state == "open"


async def test_a_mailed_link_decides_once(house: House, links: MailLinks) -> None:
    hold = await weak_hold(house)
    token = links.make(hold, "bo")
    said = await links.decide(token, "approve")
    assert said.accepted
    again = await links.decide(token, "deny")
    assert again.why.startswith("This link was used before")
    assert said.record is not None
    assert said.record.decisions[0].channel == "email"
    assert token not in str(said.record.decisions)


async def test_a_mailed_link_never_approves_what_is_grave(house: House, links: MailLinks) -> None:
    for n, action_class in enumerate(("irreversible", "compensable", "costly")):
        hold = await house.open(f"ex_{n}", action_class=action_class, content='{"amount":"5"}')
        assert not (await links.decide(links.make(hold, "ana"), "approve")).accepted
    hold = await house.open("ex_9", action_class="reversible", effect=Effect.IRREVERSIBLE)
    assert not (await links.decide(links.make(hold, "ana"), "approve")).accepted


async def test_a_link_that_was_changed_or_made_elsewhere_is_nothing(house: House, links: MailLinks) -> None:
    hold = await weak_hold(house)
    token = links.make(hold, "bo")
    other = MailLinks(
        house.desk, house.people, Tokens(house.database), Master(bytes(range(1, 33)), "test"), clock=house.hands
    )
    payload, mac = token.split(".")
    for bad in (
        "",
        ".",
        payload,
        f"{payload}.",
        f"{payload}x.{mac}",
        f"{payload}.{mac[:-1]}",
        "ü.ü",
        other.make(hold, "bo"),
    ):
        assert links.read(bad) is None
        assert not (await links.decide(bad, "approve")).accepted
    house.hands.turn(hours=25)
    assert links.read(token) is None


async def test_a_link_of_somebody_who_left_is_nothing(house: House, links: MailLinks) -> None:
    hold = await weak_hold(house)
    token = links.make(hold, "bo")
    await house.people.sync([])
    assert "no longer named" in (await links.decide(token, "approve")).why


# -- text messages -------------------------------------------------------------------------------------------------


async def test_a_code_is_bound_to_hold_phone_and_time(house: House, codes: Codes) -> None:
    sms = SmsCodes(house.desk, house.people, codes)
    hold, other = await weak_hold(house), await weak_hold(house, "ex_2")
    code = await sms.make(hold, "bo", PHONE)
    assert len(code) == 6
    assert not (await sms.decide(other.id, PHONE, "approve", code)).accepted
    assert not (await sms.decide(hold.id, "+4915100000000", "approve", code)).accepted
    assert (await sms.decide(hold.id, PHONE, "approve", f" {code[:3]} {code[3:]}")).accepted
    assert not (await sms.decide(hold.id, PHONE, "approve", code)).accepted
    late = await sms.make(other, "bo", PHONE)
    house.hands.turn(minutes=11)
    assert not (await sms.decide(other.id, PHONE, "approve", late)).accepted


async def test_guessing_a_code_ends_it(house: House, codes: Codes) -> None:
    sms = SmsCodes(house.desk, house.people, codes)
    hold = await weak_hold(house)
    code = await sms.make(hold, "bo", PHONE)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert not (await sms.decide(hold.id, PHONE, "approve", wrong)).accepted
    assert not (await sms.decide(hold.id, PHONE, "approve", code)).accepted


async def test_codes_are_not_sent_without_end(codes: Codes, house: House) -> None:
    for n in range(5):
        await codes.make("decide", f"h{n}", "bo")
    with pytest.raises(TooMany):
        await codes.make("decide", "h9", "bo")
    house.hands.turn(hours=2)
    await codes.make("decide", "h9", "bo")
    house.hands.turn(days=2)
    assert await codes.sweep() == 6


# -- one person, many identities -----------------------------------------------------------------------------------


@pytest.fixture
def linking(house: House, codes: Codes) -> tuple[Linking, list[str]]:
    changes: list[str] = []

    async def note(change: str) -> None:
        changes.append(change)

    return Linking(house.people, codes, Outbox(house.database, house.hands), note, clock=house.hands), changes


async def sent_code(house: House, channel: str) -> str:
    from datetime import timedelta

    (message,) = await Outbox(house.database, house.hands).claim(
        "me", channels=(channel,), limit=9, lease=timedelta(minutes=1)
    )
    return message.body.split("Code ")[1][:6]


async def test_a_code_links_an_identity_and_the_exclusion_follows(
    house: House, linking: tuple[Linking, list[str]]
) -> None:
    link, changes = linking
    stranger = await house.people.ensure("email", "bo@example.org", name="b")
    await house.people.set_role(stranger.id, "member")
    hold = await house.open(requester=stranger.id)
    mail = DeclaredIdentity("email", "bo@example.org")
    assert (await link.begin(BO, mail)).accepted
    code = await sent_code(house, "email")
    assert not (await link.finish(ANA, mail, code)).accepted  # it is Bo's code
    assert (await link.finish(BO, mail, code)).accepted
    assert not (await link.finish(BO, mail, code)).accepted
    assert changes == ["bo: email identity linked by code"]
    said = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert not said.accepted
    assert not (await link.begin(BO, mail)).accepted
    assert not (await link.unlink(DI, mail)).accepted
    assert (await link.unlink(ANA, mail)).accepted
    said = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert not said.accepted


async def test_a_declared_identity_cannot_be_taken_over(house: House, linking: tuple[Linking, list[str]]) -> None:
    link, changes = linking
    assert not (await link.begin(DI, DeclaredIdentity("slack", "T1/U2"))).accepted
    assert not (await link.begin(DI, DeclaredIdentity("local", "ana"))).accepted
    assert not (await link.unlink(BO, DeclaredIdentity("slack", "T1/U2"))).accepted
    assert changes == []


async def test_only_a_commander_changes_roles_and_nobody_their_own(
    house: House, linking: tuple[Linking, list[str]]
) -> None:
    link, changes = linking
    guest = await house.people.ensure("slack", "T1/U9", name="Flo")
    assert not (await link.set_role(BO, guest.id, Role.APPROVER)).accepted
    assert not (await link.set_role(ANA, "ana", Role.GUEST)).accepted
    assert not (await link.set_role(ANA, "bo", Role.COMMANDER)).accepted  # declared: in the file
    assert not (await link.set_role(ANA, "none", Role.MEMBER)).accepted
    assert (await link.set_role(ANA, guest.id, Role.APPROVER)).accepted
    assert changes == [f"{guest.id}: guest → approver, by ana"]
