"""The page in a real browser over fakes: what its scripts do, and what they refuse to do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from bots.bridge.hold_words import HoldView
from bots.bridge.server import BridgeServer
from bots.inbound import HistoryItem, NotAccepted
from tests.browser import Complaints, browser, chromium
from tests.integration.bridge.fake_services import FakeHouse

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
chromium()

from playwright.async_api import Browser, Page, Route, expect  # noqa: E402  # only where there is a browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chrome() -> AsyncIterator[Browser]:
    async with browser() as opened:
        yield opened


@pytest.fixture
def house() -> FakeHouse:
    return FakeHouse()


@pytest_asyncio.fixture(loop_scope="module")
async def server(house: FakeHouse) -> AsyncIterator[BridgeServer]:
    server = BridgeServer(house.services, port=0)
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def page(chrome: Browser, server: BridgeServer, house: FakeHouse) -> AsyncIterator[Page]:
    context = await chrome.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page = await context.new_page()
    page.set_default_timeout(10_000)
    heard = Complaints(page)
    heard.only(server.address)
    await page.goto(f"{server.address}/bridge?code={house.sign_in_code()}")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    yield page
    await context.close()
    assert heard.all == []


async def say(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Message").fill(text)
    await page.keyboard.press("Enter")


async def test_stages_light_up_and_the_answer_comes(page: Page, house: FakeHouse) -> None:
    house.talk.pace = 0.08
    await say(page, "what is the capital of Mongolia?")
    await expect(page.locator('[data-stage="000"]')).to_have_attribute("data-state", "done")
    await expect(page.locator('[data-stage="222"]')).to_have_attribute("data-state", "started")
    await expect(page.locator("[data-note]")).to_contain_text("asking claude-haiku-5-5")
    await expect(page.get_by_role("button", name="Stop the answer")).to_be_visible()
    answer = page.locator('.answer[data-verdict="PARTIAL"]')
    await expect(answer).to_contain_text("Ulaanbaatar")
    await expect(answer.locator("strong").first).to_have_text("1.7 million")
    await expect(page.locator("[data-announce]")).to_contain_text("In part. Ulaanbaatar")
    await answer.get_by_text("Why?").click()
    await expect(answer.locator(".floor")).to_have_count(13)
    assert re.search(r"/bridge/t/[A-Za-z0-9_-]+$", page.url)
    await page.reload()
    await expect(page.locator('.answer[data-verdict="PARTIAL"]')).to_contain_text("Ulaanbaatar")


async def test_enter_before_the_script_has_loaded_is_sent_once_it_has(
    page: Page, server: BridgeServer, house: FakeHouse
) -> None:
    held = asyncio.Event()

    async def slow(route: Route) -> None:
        await held.wait()
        await route.continue_()

    await page.route("**/chat.js", slow)
    await page.goto(f"{server.address}/bridge", wait_until="commit")
    await expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    await say(page, "what is the capital of Mongolia?")
    await expect(page.locator("[data-composer]")).to_have_attribute("data-entered", "")
    held.set()
    await expect(page.locator('.answer[data-verdict="PARTIAL"]')).to_be_visible()
    assert await page.get_by_role("textbox", name="Message").input_value() == ""


async def test_escape_stops_and_slash_goes_to_the_box(page: Page, house: FakeHouse) -> None:
    house.talk.pace = 20
    await say(page, "hello")
    await expect(page.locator('[data-stage="000"]')).to_have_attribute("data-state", "started")
    await page.keyboard.press("Escape")
    await expect(page.locator('.answer[data-verdict="SABAR"]')).to_contain_text("Stopped")
    await page.locator("body").click(position={"x": 700, "y": 300})
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("/")
    box = page.get_by_role("textbox", name="Message")
    await expect(box).to_be_focused()
    await expect(box).to_have_value("")


async def test_shift_enter_is_a_new_line(page: Page, house: FakeHouse) -> None:
    box = page.get_by_role("textbox", name="Message")
    await box.fill("one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    await page.keyboard.press("Enter")
    await expect(page.locator('.answer[data-verdict="PARTIAL"]')).to_be_visible()
    assert house.talk.received[0].text == "one\ntwo"


async def test_script_in_a_reply_is_text(page: Page, house: FakeHouse) -> None:
    house.talk.replies["attack"] = (
        "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
        "[click](javascript:document.title='taken') ![pixel](https://evil.example/x.png)"
    )
    await say(page, "attack <img src=x onerror=\"document.title='taken'\">")
    answer = page.locator('.answer[data-verdict="SEAL"]')
    await expect(answer).to_contain_text("<script>")
    assert "taken" not in await page.title()
    assert await answer.locator("img, script, a[href^=javascript]").count() == 0
    assert await page.locator(".said img").count() == 0


async def test_ten_thousand_emoji_and_a_huge_reply_keep_the_page_in_shape(page: Page, house: FakeHouse) -> None:
    house.talk.replies["😀"] = "🎉" * 10_000 + "\n\n" + "x" * 5000 + "\n\n| a | b |\n|---|---|\n|" + "y" * 3000 + "|z|"
    await say(page, "😀" * 10_000)
    await expect(page.locator('.answer[data-verdict="SEAL"]')).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_refused_message_stays_in_the_box(page: Page, house: FakeHouse) -> None:
    house.talk.refuse = NotAccepted("Nothing was taken. Try again.", 429)
    await say(page, "keep this")
    await expect(page.get_by_role("alert")).to_have_text("Nothing was taken. Try again.")
    await expect(page.get_by_role("textbox", name="Message")).to_have_value("keep this")
    house.talk.refuse = None
    await page.keyboard.press("Enter")
    await expect(page.locator('.answer[data-verdict="PARTIAL"]')).to_be_visible()


async def test_a_cut_connection_is_taken_up_again(page: Page, house: FakeHouse) -> None:
    house.talk.pace = 0.05
    cuts = 0

    async def cut_twice(route: object) -> None:
        nonlocal cuts
        cuts += 1
        await (route.abort() if cuts < 3 else route.continue_())  # type: ignore[attr-defined]

    await page.route("**/events", cut_twice)
    await say(page, "what is 17 * 23?")
    await expect(page.locator('.answer[data-verdict="SEAL"]')).to_contain_text("391")
    assert cuts >= 3


async def test_attachments_are_chosen_shown_and_taken_off(page: Page, house: FakeHouse) -> None:
    chooser = page.locator("input[type=file]")
    await chooser.set_input_files(
        [
            {"name": "mail.txt", "mimeType": "text/plain", "buffer": b"Dear all"},
            {"name": "notes.md", "mimeType": "text/markdown", "buffer": b"# x"},
            {"name": "big.bin", "mimeType": "text/plain", "buffer": b"x" * (1024 * 1024 + 1)},
        ]
    )
    await expect(page.get_by_role("alert")).to_contain_text("1 MB")
    await expect(page.locator("[data-files] li")).to_have_count(2)
    await page.get_by_role("button", name="Remove notes.md").click()
    await say(page, "summarise this mail")
    await expect(page.locator(".answer[data-verdict]")).to_be_visible()
    assert [a.name for a in house.talk.received[0].attachments] == ["mail.txt"]
    await expect(page.locator(".said .files")).to_contain_text("mail.txt")


async def test_a_reminder_appears_by_itself(page: Page, house: FakeHouse) -> None:
    await page.clock.install()
    await page.reload()
    await say(page, "remind me tomorrow at nine to call Ana")
    await expect(page.locator('.answer[data-verdict="SEAL"]')).to_be_visible()
    house.talk.unasked = [HistoryItem("ex_1", "", None, notice="Reminder: call **Ana**", at=datetime.now(UTC))]
    await page.clock.fast_forward(11_000)
    await expect(page.locator(".notice")).to_have_text("Reminder: call Ana")
    await page.clock.fast_forward(11_000)
    await expect(page.locator(".notice")).to_have_count(1)


async def test_undo(page: Page, house: FakeHouse) -> None:
    await say(page, "remind me tomorrow at nine to call Ana")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("Undone: the reminder is removed.").first).to_be_visible()
    await expect(page.get_by_role("button", name="Undo")).to_have_count(0)


async def test_a_hold_is_decided_in_the_thread_and_the_answer_follows(page: Page, house: FakeHouse) -> None:
    await say(page, "drop the users table in production")
    await expect(page.locator('.answer[data-verdict="888_HOLD"]')).to_be_visible()
    await page.get_by_role("textbox", name="Reason").fill("checked")
    await page.keyboard.press("Enter")
    hold = next(iter(house.desk.held.values()))
    assert hold.state == "pending"
    await page.get_by_role("button", name="Deny").click()
    await expect(page.locator("[data-hold]")).to_have_attribute("data-state", "denied")
    key = hold.exchange_id
    assert key is not None
    inbound, outcome = house.talk.items[key]
    assert outcome is not None
    later = outcome.model_copy(update={"verdict": "VOID", "reply": "Ana said no: checked.", "hold": None})
    house.talk.items[key] = (inbound, later)
    await expect(page.locator('.answer[data-verdict="VOID"]')).to_contain_text("Ana said no")


async def test_a_crisis_has_one_button(page: Page, house: FakeHouse, server: BridgeServer) -> None:
    house.desk.add(
        HoldView(
            id="hold_c", state="pending", action="crisis", summary="Somebody may be in danger", content="Ben, chat",
            content_sha256="ab", effect="irreversible", risk="Look after them.", crisis=True, requester="Ben",
            may_decide=("crisis contacts",),
            created_at=datetime.now(UTC), offer="acknowledge",
        )
    )  # fmt: skip
    await page.goto(f"{server.address}/bridge/holds")
    await page.get_by_role("button", name="I have this").click()
    await expect(page.locator("[data-hold]")).to_have_attribute("data-state", "acknowledged")


async def test_verify_shows_progress_and_names_the_first_bad_position(
    page: Page, house: FakeHouse, server: BridgeServer
) -> None:
    for n in range(50):
        house.ledger.append(str(n))
    house.ledger.pace = 0.1
    await page.goto(f"{server.address}/bridge/ledger")
    await page.get_by_role("button", name="Verify").click()
    await expect(page.locator("[data-verify-count]")).to_contain_text("of 50")
    await expect(page.locator("[data-verify-result]")).to_contain_text("All 50 entries")
    house.ledger.broken_at = 17
    await page.get_by_role("button", name="Verify").click()
    await expect(page.locator("[data-verify-result].is-bad")).to_contain_text("Entry 17")


async def test_light_and_dark_are_kept(page: Page, server: BridgeServer) -> None:
    await page.get_by_role("button", name="Switch to dark").click()
    await page.goto(f"{server.address}/bridge/status")
    assert await page.evaluate("document.documentElement.dataset.theme") == "dark"
    background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(16, 20, 18)"
    await page.get_by_role("button", name="Switch to light").click()
    assert await page.evaluate("document.documentElement.dataset.theme") == "light"


@pytest.mark.parametrize("width", [320, 360, 1280])
async def test_nothing_is_cut_off_at_any_width(page: Page, house: FakeHouse, server: BridgeServer, width: int) -> None:
    for n in range(30):
        house.ledger.append(str(n))
    await page.set_viewport_size({"width": width, "height": 740})
    for text in ("what is the capital of Mongolia?", "drop the users table in production"):
        await say(page, text)
        await expect(page.locator(".answer.pending")).to_have_count(0)
    await page.locator(".why summary").first.click()
    thread = page.url
    for url in (
        thread,
        *(f"{server.address}{p}" for p in ("/bridge/holds", "/bridge/ledger", "/bridge/status", "/api/docs")),
    ):
        await page.goto(url)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (url, width)
        small = await page.evaluate(
            "[...document.querySelectorAll('button, nav a')].filter(e => e.checkVisibility() "
            "&& e.getBoundingClientRect().height < 24).map(e => e.outerHTML.slice(0, 80))"
        )
        assert small == []


async def test_everything_has_a_name_and_text_stands_out(page: Page, house: FakeHouse, server: BridgeServer) -> None:
    house.ledger.append("x")
    await say(page, "drop the users table in production")
    await expect(page.locator('.answer[data-verdict="888_HOLD"]')).to_be_visible()
    await page.locator(".why summary").first.click()
    thread = page.url
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for path in (thread, "/bridge/holds", "/bridge/ledger", "/bridge/status", "/api/docs"):
            await page.goto(path if path.startswith("http") else server.address + path)
            assert await page.evaluate(NAMELESS) == [], (path, scheme)
            assert await page.evaluate(FAINT) == [], (path, scheme)
            assert await page.evaluate("document.querySelectorAll('h1').length") == 1


# Controls that a screen reader could not name.
NAMELESS = """() => {
  const controls = 'button:not([hidden]), a[href], input:not([type=hidden]), select, textarea';
  const named = (e) => e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length || e.title;
  return [...document.querySelectorAll(controls)].filter((e) => e.checkVisibility() && !named(e))
    .map((e) => e.outerHTML.slice(0, 100));
}"""

# Text whose contrast to the nearest opaque background is under WCAG 2.2's 4.5 (3 for large text).
FAINT = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const linear = (c) => (c / 255 <= .04045 ? c / 255 / 12.92 : ((c / 255 + .055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return rgba('Canvas');
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const e = walker.currentNode.parentElement;
    if (!text || !e.checkVisibility() || e.closest('.hidden, template, svg, :disabled')) continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(rgba(style.color)), light(ground(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < (parseFloat(style.fontSize) >= 24 ? 3 : 4.5)) {
      found.add(`${ratio.toFixed(2)} ${e.tagName}.${e.className} ${text.slice(0, 30)}`);
    }
  }
  return [...found];
}"""
