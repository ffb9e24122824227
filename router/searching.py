"""Who may search the web, for what, and at what price: the walls between a question and an outside service.

The order of questions is the router's: is anything in the exchange sensitive, is there money, does the mode allow it.
A search is a paid call: a pause stops it, and the day's limit holds for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal, Protocol

import structlog

from adapters.models.base import ChatMessage, Usage
from adapters.search import BraveSearch, Found, SearchError
from manifest.prices import dollars, load_prices
from manifest.routing import Routing, load_routing
from manifest.settings import Settings
from router.accounts import limits_of
from router.budget import Booking, DatabaseSpendBook, Limits, Outcome, OverLimit, SpendBook, Totals
from router.policy import effective_mode
from router.task import Sensitivity, TaskReader
from router.words import Mode, ModelCall
from store.engine import Database
from store.errors import StoreError

log = structlog.get_logger(__name__)

Why = Literal["off", "private", "money", "failed"]


class Engine(Protocol):
    """A search service (`adapters.search.BraveSearch`)."""

    name: str

    def remembered(self, query: str, language: str) -> bool: ...

    async def find(self, query: str, *, language: str) -> Found: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class SearchCall:
    """One question to the web. `around` is everything else of the exchange: it stays here, and decides with."""

    exchange_id: str
    person: str
    channel: str
    lane: str
    query: str
    around: tuple[str, ...] = ()
    language: str = "en"
    agent: str | None = None
    override: str | None = None  # a mode asked for in this message


class NoSearch(Exception):
    """Nothing was looked up; `sentence` says why, `why` sorts it."""

    def __init__(self, why: Why, sentence: str) -> None:
        self.why: Why = why
        self.sentence = sentence
        super().__init__(sentence)


class Searching:
    """The one door through which a question leaves for the web."""

    def __init__(
        self,
        engine: Engine | None,
        *,
        mode: Mode,
        routing: Routing,
        reader: TaskReader,
        book: SpendBook,
        limits: Limits,
        price: int | None,
        on_spent: Callable[[Totals], None] | None = None,
    ) -> None:
        self._on_spent = on_spent
        self._engine, self._mode, self._routing, self._reader = engine, mode, routing, reader
        self._book, self._limits, self._price = book, limits, price

    def off(self, channel: str, override: str | None = None) -> str | None:
        """Why nothing can be looked up from this channel, or with this mode, at all; None when it can."""
        if self._engine is None:
            return "No search is connected, so nothing was looked up (BRAVE_API_KEY)."
        choice = self._routing.channels.get(channel)
        if effective_mode(self._mode, choice.mode if choice else None, override) == "offline":
            return "Nothing was looked up: this is to stay offline."
        if self._price is None:
            return "Nothing was looked up: prices.toml does not say what a search costs."
        return None

    async def find(self, call: SearchCall) -> Found:
        """Pages for the question. Raises NoSearch, and nothing else."""
        if (off := self.off(call.channel, call.override)) is not None:
            raise NoSearch("off", off)
        assert self._engine is not None
        assert self._price is not None
        if (private := await self._private(call)) is not None:
            raise NoSearch("private", f"Nothing was looked up: this contains {private}, which stays here.")
        if self._engine.remembered(call.query, call.language):
            return await self._ask(call)  # nothing leaves, nothing is paid
        try:
            reserved = await self._book.reserve(self._booking(call, self._price), self._limits)
        except OverLimit as over:
            raise NoSearch("money", _refused(over)) from None
        except StoreError:
            raise NoSearch("failed", "Nothing was looked up: its cost could not be counted.") from None
        started = time.perf_counter()
        cost, failed = self._price, True  # what is not known to be free counts as paid
        try:
            found = await self._ask(call)
            cost, failed = (self._price if found.paid else 0), False
            return found
        except NoSearch as error:
            cause = error.__cause__
            cost = self._price if isinstance(cause, SearchError) and cause.begun else 0
            raise
        finally:
            ms = round((time.perf_counter() - started) * 1000)
            await self._settle(reserved, Outcome(cost, Usage(0, 0), ms, all_online=cost, failed=failed))

    async def private(self, text: str) -> bool:
        """Whether a text would be kept from an online model."""
        asked = ModelCall("", "", "", "search", "", (ChatMessage("user", text),), "FACTUAL")
        return (await self._reader.read(asked)).sensitive is not None

    async def close(self) -> None:
        """Give back the engine's sockets."""
        if self._engine is not None:
            await self._engine.close()

    async def _ask(self, call: SearchCall) -> Found:
        assert self._engine is not None
        try:
            return await self._engine.find(call.query, language=call.language)
        except SearchError as error:
            log.warning("search.failed", error=type(error).__name__)
            raise NoSearch("failed", f"Nothing could be looked up: {_small(error.sentence)}") from error

    async def _private(self, call: SearchCall) -> str | None:
        """What the exchange holds that must not leave, at the recall-first point; a reader that fails says so, too."""
        texts = tuple(ChatMessage("user", text) for text in (*call.around, call.query) if text.strip())
        asked = ModelCall(call.exchange_id, call.person, call.channel, "search", "", texts, call.lane)
        return (await self._reader.read(asked)).sensitive

    def _booking(self, call: SearchCall, worst: int) -> Booking:
        assert self._engine is not None
        return Booking(
            exchange_id=call.exchange_id,
            person=call.person,
            channel=call.channel,
            lane=call.lane,
            purpose="search",
            agent=call.agent,
            model=self._engine.name,
            place="online",
            worst=worst,
        )

    async def _settle(self, reserved: str, outcome: Outcome) -> None:
        try:
            totals = await self._book.settle(reserved, outcome)
            if self._on_spent is not None:
                self._on_spent(totals)
        except StoreError as error:  # the reservation stays charged: the limit errs on the side of not spending
            log.warning("search.unsettled", error=type(error).__name__)


def build_searching(
    settings: Settings,
    database: Database,
    sensitivity: Sensitivity,
    zone: tzinfo,
    on_spent: Callable[[Totals], None] | None = None,
) -> Searching:
    """The door as the settings say; without BRAVE_API_KEY it stays shut and says so. Raises ConfigError."""
    routing, key = load_routing(settings.home), settings.brave_api_key
    return Searching(
        BraveSearch(key.get_secret_value(), settings.brave_api_url) if key is not None else None,
        mode=settings.mode,
        routing=routing,
        reader=TaskReader(sensitivity, None, None),
        book=DatabaseSpendBook(database, zone),
        limits=limits_of(settings.cost_limit_per_day, routing),
        price=load_prices(settings.home).search,
        on_spent=on_spent,
    )


def _refused(over: OverLimit) -> str:
    if over.kind == "pause":
        return "Nothing was looked up: paid calls are paused (`trinity resume` ends that)."
    names = {"day": "today's", "month": "this month's", "person": "your daily", "channel": "this channel's daily"}
    return f"Nothing was looked up: {names[over.kind]} limit of ${dollars(over.limit):.2f} is used up."


def _small(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
