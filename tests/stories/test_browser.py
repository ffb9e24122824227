"""A person at the bridge of a real Trinity: signs in, chats, decides what is held, checks the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.browser import Complaints, browser, chromium
from tests.instance import Instance

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
chromium()

from playwright.async_api import Page, expect  # noqa: E402  # only where there is a browser

_PATIENCE_MS = 60_000  # a small model on a busy machine


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(trinity: Instance) -> AsyncIterator[Page]:
    async with browser() as opened:
        context = await opened.new_context(viewport={"width": 1280, "height": 860})
        page = await context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        expect.set_options(timeout=_PATIENCE_MS)
        heard = Complaints(page)
        heard.only(trinity.url)
        yield page
        await context.close()
        assert heard.all == []


async def say(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Message").fill(text)
    await page.keyboard.press("Enter")


async def test_the_printed_link_signs_in_once(page: Page, trinity: Instance) -> None:
    await page.goto(trinity.link)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    assert "code=" not in page.url


async def test_a_question_lights_the_stages_and_brings_verdict_floors_and_receipt(page: Page) -> None:
    await say(page, "what is the capital of Mongolia?")
    await expect(page.locator('.pending [data-stage="000"]')).to_have_attribute("data-state", "done")
    answer = page.locator(".answer[data-verdict]").last
    await expect(answer).to_have_attribute("data-verdict", "PARTIAL")
    await expect(answer.locator(".foot")).to_contain_text("embedded")
    await expect(answer.locator(".foot")).to_contain_text("receipt")
    await answer.get_by_text("Why?").click()
    await expect(answer.locator(".floor")).to_have_count(13)
    await expect(answer.locator(".times tr").first).to_contain_text("000")
    await expect(answer.locator(".times tr").last).to_contain_text("999")


async def test_arithmetic_is_sealed_without_a_model(page: Page) -> None:
    await say(page, "what is 17 * 23?")
    answer = page.locator('.answer[data-verdict="SEAL"]')
    await expect(answer.locator(".prose")).to_contain_text("391")
    await expect(answer.locator(".foot")).to_contain_text("no model asked")


async def test_one_hold_is_approved(page: Page, trinity: Instance) -> None:
    await say(page, "drop the users table in production")
    hold = page.locator("[data-hold]").last
    await expect(hold).to_have_attribute("data-state", "pending")
    await page.goto(f"{trinity.url}/bridge/holds")
    name = await page.locator(".hold-facts code").first.inner_text()
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_role("alert")).to_contain_text("type its name")
    await page.get_by_role("textbox", name="own request").fill(name)
    await page.get_by_role("button", name="Approve").click()
    await expect(page.locator("[data-hold]")).not_to_have_attribute("data-state", "pending")
    await expect(page.locator("[data-hold]")).to_contain_text("Approved")
    await page.goto(f"{trinity.url}/bridge")
    await page.locator("[data-threads] a").first.click()
    await expect(page.locator('.answer[data-verdict="888_HOLD"]')).to_have_count(0)


async def test_another_is_denied_and_its_thread_says_so_by_itself(page: Page, trinity: Instance) -> None:
    await page.goto(f"{trinity.url}/bridge")
    await say(page, "delete the backups on the server db1")
    hold = page.locator("[data-hold]").last
    await expect(hold).to_have_attribute("data-state", "pending")
    await hold.get_by_role("textbox", name="Reason").fill("we need them")
    await hold.get_by_role("button", name="Deny").click()
    await expect(page.locator('.answer[data-verdict="888_HOLD"]')).to_have_count(0)
    await expect(page.locator(".answer[data-verdict]").last).to_contain_text("we need them")
    await page.goto(f"{trinity.url}/bridge/holds")
    await expect(page.locator(".decided")).to_contain_text("Denied")
    await expect(page.locator(".decided")).to_contain_text("Approved")


async def test_the_ledger_verifies(page: Page, trinity: Instance) -> None:
    await page.goto(f"{trinity.url}/bridge/ledger")
    await page.get_by_role("button", name="Verify").click()
    await expect(page.locator("[data-verify-result].is-good")).to_contain_text("agree")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Receipt").first.click()
    assert (await download.value).suggested_filename.startswith("trinity-receipt-")
    await expect(page.locator(".checkpoint")).to_contain_text("—")


async def test_the_status_page_shows_a_ready_process(page: Page, trinity: Instance) -> None:
    await page.goto(f"{trinity.url}/bridge/status")
    await expect(page.locator(".lead")).to_contain_text("Everything is ready")
    await expect(page.locator("main")).to_contain_text("Anti-Hantu")


async def test_a_new_link_signs_in_another_browser_and_signing_out_ends_it(page: Page, trinity: Instance) -> None:
    path = trinity.post("/api/trinity/login-link").json()["path"]
    await page.goto(f"{trinity.url}/bridge")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_text("trinity login")).to_be_visible()
    await page.goto(trinity.url + path)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator("[data-threads] a")).to_have_count(2)
