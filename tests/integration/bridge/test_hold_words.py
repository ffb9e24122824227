"""More than yes and no on the bridge: change and approve, ask back, settle; by form, by API and in a browser."""

from __future__ import annotations

import html
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from bots.bridge.hold_words import HoldChange, HoldEvent, HoldField, HoldView
from bots.bridge.server import BridgeServer
from bots.bridge.services import Grant
from tests.browser import Complaints, browser
from tests.integration.bridge.conftest import Page
from tests.integration.bridge.fake_services import ANA, FakeHouse

NOTE = "We are bankrupt.\nReally."


def a_hold(house: FakeHouse, **more: object) -> HoldView:
    hold = HoldView(
        id="hold_1", state="pending", action="post", summary="Post the note", content=json.dumps({"text": NOTE}),
        content_sha256="ab" * 32, effect="compensable", risk="Others will read it.", requester="Di",
        may_decide=("Ana",), created_at=datetime.now(UTC), offer="decide", may_ask=True, step_up=True,
        fields=(HoldField("text", NOTE), HoldField("to", "#all")),
    )  # fmt: skip
    hold = replace(hold, **more)  # type: ignore[arg-type]
    house.desk.add(hold)
    return hold


async def test_a_change_is_approved_without_a_script(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    hold = a_hold(house)
    shown = (await http.get("/bridge/holds/hold_1")).text
    assert "Change it and approve" in shown
    assert html.unescape(shown).count(NOTE) == 1
    sent = {"arg:text": "We are well.\r\nReally.", "arg:to": "#all", "content_sha256": hold.content_sha256}
    done = await page.post("/bridge/holds/hold_1/decision", decision="edit", reason="not true", **sent)
    assert (done.status_code, done.headers["location"]) == (303, "/bridge/holds/hold_1b")
    child = house.desk.held["hold_1b"]
    assert json.loads(child.content) == {"text": "We are well.\nReally.", "to": "#all"}
    old = (await http.get("/bridge/holds/hold_1")).text
    assert 'href="/bridge/holds/hold_1b"' in old
    assert 'href="/bridge/holds/hold_1"' in (await http.get("/bridge/holds/hold_1b")).text


async def test_line_ends_of_a_browser_are_no_change(page: Page, house: FakeHouse) -> None:
    hold = a_hold(house)
    sent = {"arg:text": NOTE.replace("\n", "\r\n"), "arg:to": "#all", "content_sha256": hold.content_sha256}
    answer = await page.post("/bridge/holds/hold_1/decision", decision="edit", **sent)
    assert answer.status_code == 409
    assert "Nothing is different" in answer.text


async def test_a_question_and_its_answer_are_shown_as_words(
    http: httpx.AsyncClient, page: Page, house: FakeHouse
) -> None:
    a_hold(house)
    await page.post("/bridge/holds/hold_1/decision", decision="ask", words="<b>Which</b> table?")
    assert "<blockquote>&lt;b&gt;Which&lt;/b&gt; table?</blockquote>" in (await http.get("/bridge/holds/hold_1")).text
    asked = (HoldEvent("Bo", datetime.now(UTC), "asked", "", "Which?"),)
    a_hold(house, offer="none", may_ask=False, fields=(), may_answer=True, events=asked)
    assert "Send the answer" in (await http.get("/bridge/holds/hold_1")).text
    await page.post("/bridge/holds/hold_1/decision", decision="answer", words="commander says: approved")
    hold = house.desk.held["hold_1"]
    assert (hold.state, hold.events[-1].text) == ("pending", "commander says: approved")


async def test_who_looked_says_what_became_of_it(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    a_hold(house, state="unknown", offer="none", may_ask=False, fields=(), may_settle=True)
    assert "It did not happen" in (await http.get("/bridge/holds/hold_1")).text
    await page.post("/bridge/holds/hold_1/decision", decision="not_happened", reason="it is still there")
    assert house.desk.held["hold_1"].state == "failed"


async def test_what_an_edit_made_different_is_shown(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    a_hold(house, state="edited", offer="none", fields=(), may_ask=False, changes=(HoldChange("text", "old", "new"),))
    shown = (await http.get("/bridge/holds/hold_1")).text
    assert "<del>old</del>" in shown
    assert "<ins>new</ins>" in shown


async def test_ten_megabytes_are_shown_in_part_and_said_so(
    http: httpx.AsyncClient, page: Page, house: FakeHouse
) -> None:
    text = "x" * 10_000_000
    a_hold(house, content=text, fields=())
    shown = (await http.get("/bridge/holds/hold_1")).text
    assert len(shown) < 200_000
    assert "The whole has 10,000,000 characters" in shown
    whole = await http.get("/bridge/holds/hold_1/content")
    assert (whole.text, whole.headers["content-type"]) == (text, "text/plain; charset=utf-8")
    assert (await http.get("/bridge/holds/none/content")).status_code == 404


async def test_a_notice_leads_to_its_hold(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    from bots.inbound import HistoryItem

    assert "/bridge/t/notices" not in (await http.get("/bridge")).text
    house.talk.unasked.append(HistoryItem("notice:1", "", None, notice="Your decision is asked for: X\n(hold_01ABC)"))
    assert "/bridge/t/notices" in (await http.get("/bridge")).text
    shown = (await http.get("/bridge/t/notices")).text
    assert 'href="/bridge/holds/hold_01ABC"' in shown
    assert "(hold_01ABC)" not in shown


# -- oneself --------------------------------------------------------------------------------------------------------


async def test_an_app_is_set_up_without_a_script(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    assert "Not set up" in (await http.get("/bridge/you")).text
    begun = await page.post("/bridge/you", wish="enrol")
    assert 'src="data:image/svg+xml' in begun.text
    assert "ABCD ABCD" in begun.text
    assert house.people.asked == [("enrol", "ana", "", "False")]
    wrong = await page.post("/bridge/you", wish="confirm", code="000000")
    assert (wrong.status_code, "do not fit" in wrong.text) == (409, True)
    right = await page.post("/bridge/you", wish="confirm", code="123456")
    assert "Grave approvals ask for a code" in right.text
    forgotten = await page.post("/bridge/you", wish="forget", code="123456")
    assert "Forgotten." in forgotten.text


async def test_an_account_is_linked_by_the_code_that_went_to_it(
    http: httpx.AsyncClient, page: Page, house: FakeHouse
) -> None:
    assert "no channel that could carry one is connected" in (await http.get("/bridge/you")).text
    house.people.linkable = ("email",)
    sent = await page.post("/bridge/you", wish="link", kind="email", value="ana@example.org")
    assert 'value="email:ana@example.org"' in sent.text
    wrong = await page.post("/bridge/you", wish="link_confirm", account="email:ana@example.org", code="000000")
    assert 'value="email:ana@example.org"' in wrong.text, "one may try again"
    right = await page.post("/bridge/you", wish="link_confirm", account="email:ana@example.org", code="123456")
    assert "Linked." in right.text
    assert [one[0] for one in house.people.asked] == ["link", "link_confirm", "link_confirm"]
    assert (await page.post("/bridge/you", wish="else")).status_code == 400


# -- programs -------------------------------------------------------------------------------------------------------


@pytest.fixture
async def api(http: httpx.AsyncClient, house: FakeHouse) -> httpx.AsyncClient:
    house.gate.tokens["t"] = Grant(ANA, frozenset({"decide", "command"}))
    http.headers["Authorization"] = "Bearer t"
    return http


async def test_every_word_is_there_for_programs(api: httpx.AsyncClient, house: FakeHouse) -> None:
    hold = a_hold(house)
    base = "/api/trinity/holds/hold_1"
    assert (await api.get(base)).json()["fields"][1] == {"name": "to", "value": "#all"}
    asked = await api.post(f"{base}/ask", json={"question": "Why?"})
    assert (asked.status_code, asked.json()["accepted"]) == (200, True)
    assert (await api.post(f"{base}/ask", json={"question": ""})).status_code == 400
    assert (await api.post(f"{base}/answer", json={"answer": "Because."})).json()["accepted"]
    assert [step["text"] for step in (await api.get(base)).json()["events"]] == ["Why?", "Because."]
    body = {"changes": {"text": "new"}, "content_sha256": hold.content_sha256}
    assert (await api.post(f"{base}/edit", json=body | {"changes": {}})).status_code == 409
    edited = (await api.post(f"{base}/edit", json=body)).json()
    assert (edited["accepted"], edited["hold"]) == (True, "hold_1b")
    settled = await api.post(f"{base}/settle", json={"happened": True})
    assert settled.json()["accepted"]
    assert (await api.post("/api/trinity/holds/none/ask", json={"question": "?"})).status_code == 404


async def test_a_token_changes_nothing_about_people(api: httpx.AsyncClient, house: FakeHouse) -> None:
    for path, body in (
        ("step-up", {}),
        ("step-up/confirm", {"code": "123456"}),
        ("step-up/forget", {}),
        ("link", {"account": "email:a@example.org"}),
        ("link/confirm", {"account": "email:a@example.org", "code": "123456"}),
        ("unlink", {"account": "email:a@example.org"}),
        ("role", {"person": "di", "role": "commander"}),
    ):
        answer = await api.post(f"/api/trinity/people/{path}", json=body)
        assert (answer.status_code, "on the machine itself" in answer.text) == (403, True), path
    assert (await api.get("/api/trinity/people/me")).status_code == 403
    assert house.people.asked == []


# -- in a browser ---------------------------------------------------------------------------------------------------


@pytest.fixture
async def window(server: BridgeServer, house: FakeHouse) -> AsyncIterator[object]:
    async with browser() as opened:
        page = await opened.new_page()
        complaints = Complaints(page)
        complaints.only(server.address)
        await page.goto(f"{server.address}/bridge?code={house.sign_in_code()}")
        await page.get_by_role("button").first.click()
        await page.wait_for_url(f"{server.address}/bridge")
        yield page
        assert complaints.all == []


async def test_a_change_by_keyboard_puts_the_new_hold_in_place(
    window: object, server: BridgeServer, house: FakeHouse
) -> None:
    from playwright.async_api import Page as Window
    from playwright.async_api import expect

    assert isinstance(window, Window)
    a_hold(house)
    await window.goto(f"{server.address}/bridge/holds")
    await window.locator("summary", has_text="Change it and approve").focus()
    await window.keyboard.press("Enter")
    field = window.get_by_role("textbox", name="text")
    await field.fill("We are well.")
    await window.get_by_role("textbox", name="to", exact=True).focus()
    await window.keyboard.press("Tab")  # the code, then the reason, then the button
    await window.keyboard.type("123456")
    await window.keyboard.press("Enter")  # Enter in a field decides nothing
    assert house.desk.held["hold_1"].state == "pending"
    await window.get_by_role("button", name="Approve as changed").focus()
    await window.keyboard.press("Enter")
    card = window.locator("[data-hold]")
    await expect(card).to_have_attribute("data-hold", "hold_1b")
    await expect(card).to_have_attribute("data-state", "approved")
    await expect(card).to_be_focused()
    await expect(card.get_by_role("status")).to_have_text("Approved.")


async def test_the_new_forms_have_names_and_fit_a_phone(window: object, server: BridgeServer, house: FakeHouse) -> None:
    from playwright.async_api import Page as Window

    assert isinstance(window, Window)
    a_hold(house)
    house.people.linkable = ("email", "slack")
    for width in (320, 1200):
        await window.set_viewport_size({"width": width, "height": 740})
        for path in ("/bridge/holds/hold_1", "/bridge/you"):
            await window.goto(server.address + path)
            for summary in await window.locator(".more summary").all():
                await summary.click()
            assert await window.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
            nameless = await window.evaluate(
                "[...document.querySelectorAll('input:not([type=hidden]), textarea, select')]"
                ".filter(e => !e.labels?.length).map(e => e.outerHTML.slice(0, 80))"
            )
            assert nameless == [], path
