"""Usage and thumbs over HTTP: what is shown, to whom, and what a page of another site cannot do."""

from __future__ import annotations

import httpx

from bots.inbound import Inbound
from organs.bundles import Actor, Proof, Role
from tests.integration.bridge.conftest import Page, enter
from tests.integration.bridge.fake_services import BEN, FakeHouse

CHIEF = Actor("cy", "Cy", Role.COMMANDER, Proof.LINKED, "bridge")


def bearer(house: FakeHouse, *scopes: str, actor: Actor = BEN) -> dict[str, str]:
    return {"Authorization": f"Bearer {house.api_token(*scopes, actor=actor)}"}


async def test_usage_sets_saving_and_kept_quality_side_by_side(http: httpx.AsyncClient, house: FakeHouse) -> None:
    headers = bearer(house, "read")
    found = (await http.get("/api/trinity/usage", params={"by": "model"}, headers=headers)).json()
    assert [row["key"] for row in found["rows"]] == ["claude-sonnet-5-5", "llama3.1"]
    everything = found["all"]
    assert (everything["cost_usd"], everything["all_online_usd"], everything["saved_usd"]) == ("1.25", "4.35", "3.10")
    assert everything["saved_share"] == 0.7126
    assert everything["kept_quality"] == round((40 * 0.9 + 19) / 59, 4)
    assert everything["at_home"] == {"answers": 40, "outcomes": 12, "quality": 0.9}


async def test_usage_needs_its_scope_and_knows_its_groups(http: httpx.AsyncClient, house: FakeHouse) -> None:
    assert (await http.get("/api/trinity/usage")).status_code == 401
    assert (await http.get("/api/trinity/usage", headers=bearer(house, "chat"))).status_code == 403
    headers = bearer(house, "read")
    assert (await http.get("/api/trinity/usage", params={"by": "secret"}, headers=headers)).status_code == 422
    assert (await http.get("/api/trinity/usage", params={"since": "1; drop"}, headers=headers)).status_code == 422


async def test_by_person_only_a_commander_sees_the_others(http: httpx.AsyncClient, house: FakeHouse) -> None:
    own = await http.get("/api/trinity/usage", params={"by": "person"}, headers=bearer(house, "read"))
    assert [row["key"] for row in own.json()["rows"]] == ["ben"]
    every = await http.get("/api/trinity/usage", params={"by": "person"}, headers=bearer(house, "read", actor=CHIEF))
    assert [row["key"] for row in every.json()["rows"]] == ["ana", "ben"]


async def test_the_status_page_shows_usage_and_the_notice(page: Page, house: FakeHouse) -> None:
    text = (await page.http.get("/bridge/status?by=lane")).text
    assert "Quality kept" in text
    assert "71%" in text
    assert "/bridge/status?by=model#usage" in text
    assert (await page.http.get("/bridge/status?by=<script>")).text.count("<script>") == 0


async def test_a_thumb_from_a_program_and_from_the_page(http: httpx.AsyncClient, house: FakeHouse) -> None:
    accepted = await house.talk.receive(Inbound("api", "e", "ben/t", BEN, "capital of Mongolia?"))
    where = f"/api/trinity/exchanges/{accepted.exchange_id}/thumb"
    said = await http.post(where, json={"up": False}, headers=bearer(house, "chat"))
    assert said.json() == {"message": "Noted: not a good answer."}
    assert (await http.post(where, json={"up": "maybe"}, headers=bearer(house, "chat"))).status_code == 400
    assert (await http.post(where, json={"up": True}, headers=bearer(house, "read"))).status_code == 403
    other = bearer(house, "chat", actor=CHIEF)
    assert (await http.post(where, json={"up": True}, headers=other)).status_code == 404
    page = await enter(http, house)
    exchange = await page.say("capital of Mongolia?")
    await house.talk.outcome(exchange, 5)
    button = f"/bridge/exchanges/{exchange}/thumb"
    assert "Noted: a good answer." in (await page.post(button, up="1")).text
    assert (await page.post(button, up="2")).status_code == 400
    forged = await http.post(button, data={"up": "1"}, headers={"Origin": "https://elsewhere.example"})
    assert forged.status_code == 403
    assert house.feedback.thumbs == [(accepted.exchange_id, "ben", False), (exchange, "ana", True)]
