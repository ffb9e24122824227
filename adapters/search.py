"""The web search of Brave's API: one question in, a few dated pages out; paced, bounded, remembered for a while.

Source of addresses, headers, limits and fields: Brave Search API, "Web search" reference (GET /res/v1/web/search).
What comes back is text by strangers; whoever uses it treats it so.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import httpx

URL: Final = "https://api.search.brave.com"
PATH: Final = "/res/v1/web/search"
MAX_QUERY_CHARS: Final = 400  # Brave's limits on `q`
MAX_QUERY_WORDS: Final = 50
MAX_PAGES: Final = 6  # different sites; more would crowd out the request in a prompt
MAX_TEXT: Final = 1_500  # characters kept of one page
_ASKED: Final = 12  # results asked for, so that several sites are among them
_MAX_BODY: Final = 2_000_000  # bytes of an answer that are read
_CONNECT_S, _WHOLE_S = 3.0, 8.0
_LONGEST_WAIT_S: Final = 3.0  # for our turn, or for a pause that the service asked for
_KEY_REST_S: Final = 300.0  # a refused key is not shown again before somebody had time to mend it
_KEEP_S: Final = 900.0  # answers are remembered this long
_KEEP: Final = 256
_LANGUAGES: Final = frozenset({"de", "en", "es", "fr", "it", "ms", "pt-pt"})
_TAG: Final = re.compile(r"<[^<>]{0,200}>")


@dataclass(frozen=True, slots=True)
class Page:
    """One page that was found: what it says of the question, and where and when it says so."""

    title: str
    url: str
    site: str  # host without "www."
    text: str  # plain text, at most MAX_TEXT characters
    published: date | None  # the service's reading of the page's own date

    @property
    def source(self) -> str:
        """Title, site and date, as a reply names it."""
        when = f", {self.published.isoformat()}" if self.published else ""
        return f"{self.title} ({self.site}{when})"


@dataclass(frozen=True, slots=True)
class Found:
    """The pages for one question; `paid` is false where they were remembered."""

    pages: tuple[Page, ...]
    paid: bool


class SearchError(Exception):
    """Nothing was found out. `sentence` says why to a person; it holds neither the question nor the key.

    `begun` says that the service may have counted the request all the same.
    """

    def __init__(self, sentence: str, *, begun: bool = False) -> None:
        self.sentence, self.begun = sentence, begun
        super().__init__(sentence)


class SearchRefused(SearchError):
    """The key, or this question, was turned down."""


class SearchBusy(SearchError):
    """The service, or our own pace, asks for a longer wait than a person would like."""


class SearchUnavailable(SearchError):
    """The service could not be reached, took too long, or answered with something else than results."""


class BraveSearch:
    """One key's searches. One instance serves many calls; requests go out one after another at the plan's pace."""

    name = "brave-search"

    def __init__(
        self,
        key: str,
        url: str | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        keep_s: float = _KEEP_S,
    ) -> None:
        self._key, self._url = key, (url or URL).rstrip("/")
        self._clock, self._keep_s = clock, keep_s
        self._client: httpx.AsyncClient | None = None
        self._turn = asyncio.Lock()
        self._pause = 1.0  # seconds between two requests: the free plan's pace until the service names another
        self._next = 0.0
        self._rest_until, self._rest_why = 0.0, ""
        self._kept: OrderedDict[tuple[str, str], tuple[float, tuple[Page, ...]]] = OrderedDict()
        self._waiting = 0

    def remembered(self, query: str, language: str) -> bool:
        """Whether `find` would answer without asking anybody."""
        return self._memory((fitted(query), language)) is not None

    async def find(self, query: str, *, language: str = "en") -> Found:
        """Pages for a question, the best first, one a site. Raises a SearchError and nothing else."""
        question = fitted(query)
        if not question:
            return Found((), paid=False)
        place = (question, language)
        if (kept := self._memory(place)) is not None:
            return Found(kept, paid=False)
        self._refuse_while_resting()
        if self._waiting * self._pause > _LONGEST_WAIT_S:
            raise SearchBusy("Too many searches wait already.")
        self._waiting += 1
        try:
            async with self._turn:
                if (kept := self._memory(place)) is not None:  # the one before asked the same
                    return Found(kept, paid=False)
                self._refuse_while_resting()
                pages = await self._ask(question, language)
        finally:
            self._waiting -= 1
        self._kept[place] = (self._clock() + self._keep_s, pages)
        while len(self._kept) > _KEEP:
            self._kept.popitem(last=False)
        return Found(pages, paid=True)

    async def close(self) -> None:
        """Give back the sockets."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    # -- one request -------------------------------------------------------------------------------------------

    async def _ask(self, question: str, language: str) -> tuple[Page, ...]:
        """At most two requests: a second one after a server's fault, or after a short pause it asked for."""
        for last in (False, True):
            await asyncio.sleep(max(0.0, self._next - self._clock()))
            status, headers, body = await self._get(question, language)
            self._learn_pace(headers)
            self._next = self._clock() + self._pause
            if status == 200:
                return _pages(body)
            if status == 429:
                wait = _seconds(headers.get("X-RateLimit-Reset"), headers.get("X-RateLimit-Remaining"))
                if not last and wait <= _LONGEST_WAIT_S:
                    self._next = max(self._next, self._clock() + wait)
                    continue
                self._rest(wait, "The search service asks for a pause.")
                raise SearchBusy("The search service asks for a pause.")
            if status in (401, 403):
                why = "The search service did not accept its key: check BRAVE_API_KEY."
                self._rest(_KEY_REST_S, why)
                raise SearchRefused(why)
            if status < 500:
                raise SearchRefused(f"The search service turned the question down (HTTP {status}).")
            if last:
                break
        raise SearchUnavailable("The search service has a fault.")

    async def _get(self, question: str, language: str) -> tuple[int, httpx.Headers, bytes]:
        import httpx

        if self._client is None:
            # No redirect and no proxy from the environment: either would carry question and key elsewhere.
            self._client = httpx.AsyncClient(
                follow_redirects=False, trust_env=False, timeout=httpx.Timeout(_WHOLE_S, connect=_CONNECT_S)
            )
        params: dict[str, str | int] = {
            "q": question,
            "count": _ASKED,
            "result_filter": "web",
            "safesearch": "moderate",
            "text_decorations": "false",
            "extra_snippets": "true",
        }
        tongue = "pt-pt" if language == "pt" else language
        if tongue in _LANGUAGES:
            params["search_lang"] = tongue
        headers = {"Accept": "application/json", "X-Subscription-Token": self._key, "Cache-Control": "no-cache"}
        try:
            async with asyncio.timeout(_WHOLE_S):
                async with self._client.stream("GET", self._url + PATH, params=params, headers=headers) as answer:
                    body = b""
                    async for part in answer.aiter_bytes():
                        body += part
                        if len(body) > _MAX_BODY:
                            raise SearchUnavailable("The search service sent more than can be read.", begun=True)
                    return answer.status_code, answer.headers, body
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
            self._next = self._clock() + self._pause
            raise SearchUnavailable("The search service cannot be reached.") from error
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            self._next = self._clock() + self._pause
            raise SearchUnavailable("The search service did not answer in time.", begun=True) from error

    def _learn_pace(self, headers: httpx.Headers) -> None:
        """The shortest window of `X-RateLimit-Policy` ("20;w=1, 15000;w=2592000") is the pace to keep."""
        found = re.match(r"\s*(\d{1,6})\s*;\s*w\s*=\s*(\d{1,6})", headers.get("X-RateLimit-Policy", ""))
        if found and int(found[1]) > 0:
            self._pause = min(1.0, int(found[2]) / int(found[1]))

    def _rest(self, seconds: float, why: str) -> None:
        self._rest_until, self._rest_why = self._clock() + seconds, why

    def _refuse_while_resting(self) -> None:
        if self._clock() < self._rest_until:
            raise SearchBusy(self._rest_why)

    def _memory(self, place: tuple[str, str]) -> tuple[Page, ...] | None:
        found = self._kept.get(place)
        if found is None or found[0] < self._clock():
            return None
        self._kept.move_to_end(place)
        return found[1]


def fitted(query: str) -> str:
    """A question on one line, within what the service takes."""
    words = " ".join(query.split()).split(" ")[:MAX_QUERY_WORDS]
    while words and len(" ".join(words)) > MAX_QUERY_CHARS:
        words.pop()
    return " ".join(words)


def _seconds(reset: str | None, remaining: str | None) -> float:
    """How long until the window that is used up opens again; a second where the service does not say."""
    try:
        times = [float(part) for part in (reset or "").split(",") if part.strip()]
        left = [int(part) for part in (remaining or "").split(",") if part.strip()]
    except ValueError:
        return 1.0
    shut = [t for t, n in zip(times, left, strict=False) if n <= 0] or times[:1]
    return max(0.0, *shut) if shut else 1.0


def _pages(body: bytes) -> tuple[Page, ...]:
    """The web results of an answer, one a site (two pages of one site are no two sources). Raises SearchUnavailable."""
    try:
        raw = json.loads(body)
        results = (raw.get("web") or {}).get("results") or []
        if raw.get("type") not in (None, "search") or not isinstance(results, list):
            raise ValueError("no search answer")
    except (ValueError, AttributeError, RecursionError) as error:
        raise SearchUnavailable("The search service sent something that is no answer.", begun=True) from error
    pages: list[Page] = []
    said: set[str] = set()
    for result in results:
        page = _page(result)
        if page is None or any(page.site == p.site for p in pages):
            continue
        folded = " ".join(page.text.lower().split())[:300]
        if folded in said:  # the same text on another site is the same source
            continue
        said.add(folded)
        pages.append(page)
    return tuple(pages[:MAX_PAGES])


def _page(result: Any) -> Page | None:
    if not isinstance(result, dict):
        return None
    url, title = result.get("url"), _plain(result.get("title"))
    parts = [_plain(result.get("description"))]
    extra = result.get("extra_snippets")
    parts += [_plain(part) for part in extra[:5]] if isinstance(extra, list) else []
    text = "\n".join(dict.fromkeys(part for part in parts if part))[:MAX_TEXT]
    if not isinstance(url, str) or len(url) > 2_000 or not text:
        return None
    try:
        address = urlsplit(url)
        site = (address.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    if address.scheme not in ("http", "https") or not site:
        return None
    return Page(title[:200] or site, url, site, text, _date(result.get("page_age")))


def _plain(value: Any) -> str:
    """Text without markup, on one line; empty for anything that is no text."""
    if not isinstance(value, str):
        return ""
    text = html.unescape(_TAG.sub("", value[: 4 * MAX_TEXT]))
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _date(value: Any) -> date | None:
    """`page_age` is an ISO date and time."""
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value.strip()).date()
    except ValueError:
        return None
