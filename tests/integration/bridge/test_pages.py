"""What a person does on the bridge, without a script: sign in, chat, decide, look, verify."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from bots.bridge.hold_words import HoldView
from bots.bridge.services import Part
from bots.inbound import HistoryItem, NotAccepted
from tests.integration.bridge.conftest import Page
from tests.integration.bridge.fake_services import FakeHouse

HTML = {"Accept": "text/html"}


async def test_opening_the_link_spends_nothing_and_the_button_signs_in_once(
    http: httpx.AsyncClient, house: FakeHouse
) -> None:
    code = house.sign_in_code()
    for _ in range(3):
        shown = await http.get("/bridge", params={"code": code}, headers=HTML)
        assert shown.status_code == 200
        assert f'value="{code}"' in shown.text
    entered = await http.post("/bridge/sign-in", data={"code": code}, headers=HTML)
    assert entered.status_code == 303
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert "Hello, Ana." in (await http.get("/bridge", headers=HTML)).text
    http.cookies.clear()
    again = await http.post("/bridge/sign-in", data={"code": code}, headers=HTML)
    assert again.status_code == 403
    assert "used already" in again.text


async def test_signing_in_leads_back_to_the_page_that_was_asked_for_and_nowhere_else(
    http: httpx.AsyncClient, house: FakeHouse
) -> None:
    for after, to in (
        ("/bridge/holds/hold_1", "/bridge/holds/hold_1"),
        ("//evil.example", "/bridge"),
        ("/bridge/../api", "/bridge"),
        ("https://evil.example", "/bridge"),
    ):
        answer = await http.post("/bridge/sign-in", data={"code": house.sign_in_code(), "after": after})
        assert answer.headers["location"] == to


async def test_signing_in_from_another_page_is_refused(http: httpx.AsyncClient, house: FakeHouse) -> None:
    code = house.sign_in_code()
    answer = await http.post("/bridge/sign-in", data={"code": code}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert code in house.gate.codes


async def test_signing_out_ends_the_session(http: httpx.AsyncClient, page: Page) -> None:
    assert (await page.post("/bridge/sign-out")).status_code == 303
    assert (await http.get("/bridge")).status_code == 401


async def test_a_question_and_its_answer(http: httpx.AsyncClient, page: Page) -> None:
    sent = await page.post("/bridge/messages", text="what is the capital of Mongolia?", thread="t1", agent="c2")
    assert sent.status_code == 303
    shown = html.unescape((await http.get(sent.headers["location"], headers=HTML)).text)
    assert "Ulaanbaatar is the capital" in shown
    assert 'data-verdict="PARTIAL"' in shown
    assert "In part" in shown
    assert "Not checked against a source." in shown
    assert "claude-haiku-5-5, online" in shown
    assert "$0.0003" in shown
    assert "receipt 0" in shown
    for floor in range(1, 14):
        assert f"<abbr>F{floor}</abbr>" in shown
    assert "fell short" in shown
    assert "does not bind" in shown
    assert shown.count('href="/bridge/t/t1"') == 1


async def test_a_message_sent_twice_is_one_exchange(page: Page, house: FakeHouse) -> None:
    first = await page.say("hello", event_id="same")
    assert await page.say("hello", event_id="same") == first
    assert len(house.talk.received) == 1


async def test_attachments_come_as_material_with_harmless_names(page: Page, house: FakeHouse) -> None:
    answer = await page.http.post(
        "/bridge/messages",
        data={"text": "summarise"},
        files=[
            ("files", ("..\\..\\ma\u202eil.txt", b"Dear all", "text/plain")),
            ("files", ("x", b"\xff\xfe", "not a type")),
        ],
        headers={"X-CSRF-Token": page.csrf},
    )
    assert answer.status_code == 202
    first, second = house.talk.received[0].attachments
    assert (first.name, first.media_type, first.data) == ("mail.txt", "text/plain", b"Dear all")
    assert second.media_type == "application/octet-stream"


@pytest.mark.parametrize(
    "reply",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "{{ 7 * 7 }} {% raw %}",
        "</template></div></main>",
    ],
)
async def test_a_reply_is_never_html(http: httpx.AsyncClient, page: Page, house: FakeHouse, reply: str) -> None:
    house.talk.replies["attack"] = reply
    await page.post("/bridge/messages", text=f"attack {reply}", thread="t1")
    shown = (await http.get("/bridge/t/t1")).text
    assert "<script>alert" not in shown
    assert "<img" not in shown
    assert 'href="javascript' not in shown
    assert "49" not in shown.split('class="prose"')[1].split("</div>")[0]
    assert shown.count("</main>") == 1


async def test_ten_thousand_emoji_and_a_huge_reply(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    house.talk.replies["emoji"] = "🎉" * 10_000
    house.talk.replies["huge"] = "word " * 200_000
    for text in ("emoji " + "😀" * 10_000, "huge"):
        assert (await page.post("/bridge/messages", text=text, thread="t1")).status_code == 303
    shown = await http.get("/bridge/t/t1")
    assert shown.status_code == 200
    assert "😀" * 10_000 in shown.text
    assert "🎉" * 10_000 in shown.text
    assert '<pre class="plain"' in shown.text


async def test_what_is_not_taken_in_is_said(page: Page, house: FakeHouse) -> None:
    house.talk.refuse = NotAccepted("Nothing can be kept now, so nothing was taken. Try again.", 503, retry_after_s=5)
    answer = await page.post("/bridge/messages", text="hello")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "nothing was taken" in answer.text


async def test_unasked_notices_stand_in_their_thread(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    house.talk.unasked = [HistoryItem("ex_1", "", None, notice="Reminder: call **Ana**", at=datetime.now(UTC))]
    assert "Reminder: call <strong>Ana</strong>" in (await http.get("/bridge/t/t1")).text
    headers = {"X-CSRF-Token": page.csrf}
    fresh = (await http.get("/bridge/t/t1/notices", headers=headers)).json()
    assert "<strong>Ana</strong>" in fresh["html"][0]
    assert (await http.get("/bridge/t/t1/notices?seen=1", headers=headers)).json()["html"] == []
    assert (await http.get("/bridge/t/t1/notices")).status_code == 403


async def test_undo_is_offered_once_and_works(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    exchange = await page.say("remind me tomorrow", thread="t1")
    await house.talk.outcome(exchange, 5)
    assert f"/bridge/exchanges/{exchange}/undo" in (await http.get("/bridge/t/t1")).text
    answer = await page.post(f"/bridge/exchanges/{exchange}/undo")
    assert "Undone: the reminder is removed." in answer.text
    assert house.talk.undone == [exchange]


async def test_a_strange_thread_or_agent_is_refused(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    assert (await http.get("/bridge/t/..%2F..%2Fx")).status_code == 404
    assert (await page.post("/bridge/messages", text="x", thread="a/b")).status_code == 404
    assert (await page.post("/bridge/messages", text="x", agent="c9")).status_code == 400
    assert house.talk.received == []


# -- holds --------------------------------------------------------------------------------------------------------


async def a_hold(page: Page, house: FakeHouse) -> HoldView:
    await house.talk.outcome(await page.say("drop the users table in production", thread="t1"), 5)
    return next(iter(house.desk.held.values()))


async def test_a_hold_shows_what_a_decider_must_know(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    hold = await a_hold(page, house)
    for path in ("/bridge/holds", f"/bridge/holds/{hold.id}", "/bridge/t/t1"):
        shown = html.unescape((await http.get(path)).text)
        for part in (
            hold.summary,
            hold.content,
            hold.content_sha256,
            "cannot be undone",
            hold.requester,
            "any approver",
        ):
            assert part in shown, (path, part)
        assert "in 24 hours, then nothing is done" in shown
    assert 'aria-label="1 waiting"' in (await http.get("/bridge")).text


async def test_approving_and_denying_without_a_script(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    hold = await a_hold(page, house)
    path = f"/bridge/holds/{hold.id}/decision"
    silent = await page.post(path, decision="deny", content_sha256=hold.content_sha256)
    assert silent.status_code == 409
    assert "needs a reason" in silent.text
    stale = await page.post(path, decision="approve", content_sha256="0" * 64)
    assert stale.status_code == 409
    assert "The content has changed" in stale.text
    assert house.desk.held[hold.id].state == "pending"
    done = await page.post(path, decision="deny", content_sha256=hold.content_sha256, reason="<b>not today</b>")
    assert done.status_code == 303
    shown = (await http.get(f"/bridge/holds/{hold.id}")).text
    assert "Denied" in shown
    assert "&lt;b&gt;not today&lt;/b&gt;" in shown
    late = await page.post(path, decision="approve", content_sha256=hold.content_sha256)
    assert late.status_code == 409
    assert "Decided already by Ana Okafor." in html.unescape(late.text)


async def test_enter_in_a_field_decides_nothing(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    hold = await a_hold(page, house)
    form = re.search(r"<form class=\"decide\".*?</form>", (await http.get(f"/bridge/holds/{hold.id}")).text, re.S)
    assert form is not None
    first = re.search(r"<button[^>]*>", form.group(0))
    assert first is not None
    assert "disabled" in first.group(0)  # a form's default button, where disabled, blocks implicit submission


async def test_the_one_person_types_the_actions_name(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    house.desk.alone = True
    hold = await a_hold(page, house)
    path = f"/bridge/holds/{hold.id}/decision"
    assert "your own request" in (await http.get(f"/bridge/holds/{hold.id}")).text
    wrong = await page.post(path, decision="approve", content_sha256=hold.content_sha256, typed="yes")
    assert wrong.status_code == 409
    right = await page.post(path, decision="approve", content_sha256=hold.content_sha256, typed=hold.action)
    assert right.status_code == 303


async def test_a_crisis_is_only_acknowledged(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    house.desk.add(
        HoldView(
            id="hold_c", state="pending", action="crisis", summary="Somebody may be in danger", content="Ben, in chat",
            content_sha256="ab", effect="irreversible", risk="Look after them.", crisis=True, requester="Ben",
            may_decide=("crisis contacts",),
            created_at=datetime.now(UTC), offer="acknowledge",
        )
    )  # fmt: skip
    shown = (await http.get("/bridge/holds")).text
    assert "I have this" in shown
    assert 'value="approve"' not in shown
    assert 'value="deny"' not in shown
    await page.post("/bridge/holds/hold_c/decision", decision="acknowledge", content_sha256="ab")
    assert house.desk.held["hold_c"].state == "acknowledged"


async def test_the_writer_in_danger_sees_no_hold(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    hold = await a_hold(page, house)
    key = hold.exchange_id
    assert key is not None
    inbound, outcome = house.talk.items[key]
    assert outcome is not None
    house.talk.items[key] = (inbound, outcome.model_copy(update={"lane": "CRISIS"}))
    shown = (await http.get("/bridge/t/t1")).text
    assert hold.id not in shown


async def test_somebody_who_may_not_decide_is_told_who_may(
    http: httpx.AsyncClient, page: Page, house: FakeHouse
) -> None:
    hold = await a_hold(page, house)
    house.desk.add(replace(hold, offer="none", why_not="You asked for this yourself; Ben decides.", may_withdraw=True))
    shown = (await http.get(f"/bridge/holds/{hold.id}")).text
    assert "You asked for this yourself; Ben decides." in shown
    assert 'value="approve"' not in shown
    await page.post(f"/bridge/holds/{hold.id}/decision", decision="withdraw")
    assert house.desk.held[hold.id].state == "cancelled"


async def test_a_running_exchange_goes_on_after_the_decision(page: Page, house: FakeHouse) -> None:
    hold = await a_hold(page, house)
    key = hold.exchange_id
    assert key is not None
    inbound, outcome = house.talk.items[key]
    assert outcome is not None
    house.talk.items[key] = (inbound, outcome.model_copy(update={"verdict": "SEAL", "reply": "Here is the plan."}))
    answer = await page.http.get(f"/bridge/exchanges/{key}/decision", headers={"X-CSRF-Token": page.csrf})
    assert answer.json()["verdict"] == "SEAL"
    assert "Here is the plan." in answer.json()["html"]


# -- ledger and status ----------------------------------------------------------------------------------------------


async def test_the_ledger_and_its_verification(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    for n in range(30):
        house.ledger.append(str(n))
    shown = (await http.get("/bridge/ledger")).text
    assert "<b>30</b> entries" in shown
    assert "— trinity.example/ana" in shown
    assert "/bridge/ledger/receipts/29" in shown
    receipt = await http.get("/bridge/ledger/receipts/29")
    assert receipt.headers["content-disposition"] == 'attachment; filename="trinity-receipt-29.json"'
    assert (await http.get("/bridge/ledger/receipts/30")).status_code == 404
    assert "All 30 entries" in (await page.post("/bridge/ledger/verify")).text
    house.ledger.broken_at = 7
    assert "Entry 7 does not match" in (await page.post("/bridge/ledger/verify")).text


async def test_verification_tells_its_progress(page: Page, house: FakeHouse) -> None:
    for n in range(30):
        house.ledger.append(str(n))
    house.ledger.pace = 0.06
    answer = await page.http.post("/bridge/ledger/verification", headers={"X-CSRF-Token": page.csrf})
    assert answer.text.count("event: progress") >= 3
    assert answer.text.count("event: result") == 1
    assert '"ok": true' in answer.text.split("event: result")[1]


async def test_the_status_page(http: httpx.AsyncClient, page: Page, house: FakeHouse) -> None:
    shown = html.unescape((await http.get("/bridge/status")).text)
    for part in ("hybrid", "$4.63", "claude-haiku-5-5", "nobody answers at", "Everything is ready", "Anti-Hantu"):
        assert part in shown
    house.status.parts = (Part("ledger", False, "the disk is full"),)
    shown = (await http.get("/bridge/status")).text
    assert "the disk is full" in shown
    assert "Everything is ready" not in shown
