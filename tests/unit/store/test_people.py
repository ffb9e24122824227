from __future__ import annotations

import pytest

from manifest.people import DeclaredIdentity, DeclaredPerson
from store.engine import Database
from store.people import People


def declared(person_id: str, role: str = "member", *identities: str) -> DeclaredPerson:
    found = tuple(DeclaredIdentity(*one.split(":", 1)) for one in identities)
    return DeclaredPerson(person_id, person_id.title(), role, found)  # type: ignore[arg-type]


@pytest.fixture
def people(database: Database) -> People:
    return People(database)


async def test_the_file_is_what_the_tables_say(people: People) -> None:
    changes = await people.sync([declared("ana", "commander", "local:ana"), declared("bo", "approver", "slack:T1/U2")])
    assert changes == [
        "ana: declared as commander",
        "ana: a local identity declared",
        "bo: declared as approver",
        "bo: a slack identity declared",
    ]
    assert (
        await people.sync([declared("ana", "commander", "local:ana"), declared("bo", "approver", "slack:T1/U2")]) == []
    )
    bo = await people.by_identity("slack", "T1/U2")
    assert bo is not None
    assert (bo.id, bo.role) == ("bo", "approver")
    assert bo.linked("slack", "T1/U2")
    assert await people.count_declared() == 2
    assert await people.roles() == {"ana": "commander", "bo": "approver"}


async def test_who_is_no_longer_declared_is_nobody(people: People) -> None:
    await people.sync([declared("ana", "commander", "local:ana"), declared("bo", "approver", "slack:T1/U2")])
    assert await people.sync([declared("ana", "commander", "local:ana")]) == ["bo: no longer declared, inactive"]
    assert await people.by_identity("slack", "T1/U2") is None
    bo = await people.person("bo")
    assert bo is not None
    assert (bo.role, bo.active) == ("guest", False)
    seen = await people.ensure("slack", "T1/U2", name="Bo")
    assert (seen.id, seen.active) == ("bo", False)
    await people.sync([declared("ana", "commander", "local:ana"), declared("bo", "approver", "slack:T1/U2")])
    assert (await people.roles())["bo"] == "approver"


async def test_somebody_new_is_a_guest_and_stays_the_same_person(people: People) -> None:
    first = await people.ensure("slack", "T1/U9", name="New")
    assert (first.role, first.declared) == ("guest", False)
    assert not first.linked("slack", "T1/U9")
    assert (await people.ensure("slack", "T1/U9", name="Other")).id == first.id


async def test_a_linked_identity_makes_one_human_of_two_ids(people: People) -> None:
    await people.sync([declared("ana", "approver", "local:ana")])
    stranger = await people.ensure("slack", "T1/U9", name="A")
    assert not await people.same_human("ana", stranger.id)
    assert await people.link("ana", "slack", "T1/U9") == stranger.id
    assert await people.same_human("ana", stranger.id)
    ana = await people.by_identity("slack", "T1/U9")
    assert ana is not None
    assert ana.id == "ana"


async def test_taking_an_identity_off_makes_no_second_decider(people: People) -> None:
    await people.sync([declared("ana", "approver", "local:ana")])
    await people.link("ana", "slack", "T1/U9")
    assert await people.unlink("slack", "T1/U9")
    assert not await people.unlink("slack", "T1/U9")
    again = await people.ensure("slack", "T1/U9", name="A")
    assert again.id != "ana"
    assert await people.same_human("ana", again.id)


@pytest.mark.parametrize("order", [("ana", "bo"), ("bo", "ana")])
async def test_an_identity_that_moves_in_the_file_makes_kin_in_any_order(
    people: People, order: tuple[str, ...]
) -> None:
    await people.sync([declared("ana", "approver", "email:x@example.org"), declared("bo", "approver")])
    after = {"ana": declared("ana", "approver"), "bo": declared("bo", "approver", "email:x@example.org")}
    await people.sync([after[one] for one in order])
    found = await people.by_identity("email", "x@example.org")
    assert found is not None
    assert found.id == "bo"
    assert await people.same_human("ana", "bo")


async def test_kinship_reaches_over_several_links(people: People) -> None:
    await people.sync([declared("a", "member", "local:a"), declared("b", "member"), declared("c", "member")])
    await people.link("b", "local", "a")
    await people.link("c", "local", "a")
    assert await people.kin_of("a") == {"a", "b", "c"}


async def test_a_declared_role_is_changed_in_the_file_only(people: People) -> None:
    await people.sync([declared("ana", "approver")])
    with pytest.raises(ValueError, match=r"people\.toml"):
        await people.set_role("ana", "commander")
    guest = await people.ensure("slack", "T1/U9", name="A")
    assert await people.set_role(guest.id, "member") == "guest"
    with pytest.raises(KeyError):
        await people.set_role("nobody", "member")
