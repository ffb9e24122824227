"""A real Chromium for tests: Debian's, driven by Playwright; skipped with a reason where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

_NAMES = ("chromium", "chromium-browser", "google-chrome")
# No sandbox: tests run as root in containers. Nothing but our own loopback pages is opened.
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]


def chromium() -> str:
    """The browser's path. Skips, or fails where TRINITY_REQUIRE_SERVICES=1, when there is none."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        _missing("no Chromium: apt-get install chromium")
    try:
        import playwright  # noqa: F401
    except ImportError:
        _missing("Playwright is not installed: pip install -e '.[dev]'")
    return str(found)


def _missing(why: str) -> None:
    if os.environ.get("TRINITY_REQUIRE_SERVICES") == "1":
        pytest.fail(why)
    pytest.skip(why)


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A headless browser with nothing in it."""
    path = chromium()
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        try:
            yield opened
        finally:
            await opened.close()


class Complaints:
    """What a page complained of: script errors, breaches of its policy, requests to another host."""

    def __init__(self, page: Page) -> None:
        self.all: list[str] = []
        page.on("pageerror", lambda error: self.all.append(f"error: {error}"))
        page.on("console", self._console)
        page.on("request", self._request)
        self._own = ""

    def only(self, address: str) -> None:
        """From now on a request to any other address is a complaint."""
        self._own = address

    def _console(self, message: object) -> None:
        kind, text = getattr(message, "type", ""), str(getattr(message, "text", ""))
        expected = text.startswith("Failed to load resource")  # the browser's own line for each refusal and cut
        if kind in ("error", "warning") and not expected:
            self.all.append(f"{kind}: {text}")

    def _request(self, request: object) -> None:
        url = str(getattr(request, "url", ""))
        if self._own and not url.startswith((self._own, "data:", "blob:")):
            self.all.append(f"another host: {url}")
