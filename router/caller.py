"""Makes one call of one model: reserved before, settled after, its server's health noted."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import structlog

from adapters.models.base import (
    ModelError,
    ModelOverloaded,
    ModelRateLimited,
    ModelRefused,
    ModelReply,
    ModelUnavailable,
    SpendLimitReached,
    Usage,
)
from manifest.prices import PriceTable
from manifest.routing import Routing
from router.accounts import Purse, cost_of, cost_of_failure, most_tokens_in
from router.breaker import Breaker
from router.budget import Booking, Outcome, OverLimit
from router.fleet import Fleet, Member
from router.words import ModelCall
from store.errors import StoreUnavailable

log = structlog.get_logger(__name__)

_KEY_REST_S = 300.0  # a refused key is not tried again before somebody had time to mend it
_SPEND_REST_S = 3_600.0  # the provider's own limit moves by the month; asking hourly is enough
_PROBE_TOKENS_IN = 64  # more than the probe's few words can come to
_WARMTH = 0.3  # temperature of a first answer; variants are asked at no less than _VARIANT_WARMTH
_VARIANT_WARMTH = 0.8


# Told once per limit and period: a key that names them ("day until 2026-11-23"), and the sentence.
OnNotice = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Paid:
    """A reply and its account."""

    reply: ModelReply
    nano: int
    ms: float


class Caller:
    """Every model call of the router goes through here, so none escapes the account or the breaker."""

    def __init__(
        self,
        fleet: Fleet,
        purse: Purse,
        prices: PriceTable,
        routing: Routing,
        on_notice: OnNotice | None,
    ) -> None:
        self._fleet, self._purse, self._prices, self._routing = fleet, purse, prices, routing
        self._on_notice = on_notice
        self._told: set[str] = set()
        self._pausing: dict[str, Breaker] = {}  # single models that asked for a pause
        self._probes: dict[int, asyncio.Task[None]] = {}  # by the breaker they are to close
        self.paused = False

    async def call(self, call: ModelCall, member: Member, kind: str | None = None) -> Paid:
        """Ask one model; `kind` is written down for learning.

        Raises OverLimit when it may not be paid for, ModelError when it gives no answer.
        """
        most_in = most_tokens_in(call)
        booking = _booking(call, member, kind)
        reservation = await self._reserve(booking, member, most_in, call.max_tokens)
        started = time.monotonic()
        heard = 0

        def count(pieces: int) -> None:
            nonlocal heard
            heard = pieces

        try:
            reply = await member.model.complete(
                call.system,
                call.messages,
                max_tokens=call.max_tokens,
                temperature=self._warmth(call),
                seed=_seed(call),
                on_tokens=count,
                **_tools(call),
            )
        except ModelError as error:
            self._noted(member, error)
            nano = cost_of_failure(error.usage, error.begun, most_in, member.price)
            failed = Outcome(nano, error.usage or Usage(0, 0), _ms(started), failed=True)
            await self._close_account(reservation, booking, failed)
            raise
        except asyncio.CancelledError:
            # Stopped by a person or a deadline: what the model may have read and wrote is owed.
            nano = 0 if member.price is None else member.price.worst(most_in, heard)
            stopped = Outcome(nano, Usage(0, heard), _ms(started), failed=True)
            await asyncio.shield(self._close_account(reservation, booking, stopped))
            raise
        member.breaker.succeeded()
        nano = cost_of(reply.usage, member.price)
        online = nano or cost_of(reply.usage, self._prices.of(self._routing.main))
        ms = _ms(started)
        await self._close_account(reservation, booking, Outcome(nano, reply.usage, ms, all_online=online))
        return Paid(reply, nano, ms)

    def _warmth(self, call: ModelCall) -> float:
        agent = self._routing.agents.get(call.agent) if call.agent else None
        first = agent.temperature if agent is not None and agent.temperature is not None else _WARMTH
        return first if call.variant == 0 else max(first, _VARIANT_WARMTH)

    # -- money --

    async def _reserve(self, booking: Booking, member: Member, most_in: int, most_out: int) -> str | None:
        if member.place != "online":
            return None
        if member.price is None:
            raise ModelRefused(f"The price of {member.name} is not in prices.toml, so it is not asked.", 402)
        if self.paused:
            raise OverLimit("pause", 0, 0)
        worst = member.price.worst(most_in, most_out)
        try:
            return await self._purse.book.reserve(replace(booking, worst=worst), self._purse.limits)
        except StoreUnavailable as error:
            raise ModelUnavailable("Money cannot be counted just now, so no paid model is asked.") from error

    async def _close_account(self, reservation: str | None, booking: Booking, outcome: Outcome) -> None:
        """Settle or write down. Where the book cannot be written the worst case stays charged, the answer stands."""
        try:
            if reservation is None:
                await self._purse.book.record(booking, outcome)
                return
            self._purse.totals = await self._purse.book.settle(reservation, outcome)
        except StoreUnavailable:
            log.warning("spend_not_settled", exchange=booking.exchange_id, model=booking.model)
            return
        for kind, notice in self._purse.notices().items():
            if kind not in self._told and self._on_notice is not None:
                self._told.add(kind)
                self._on_notice(kind, notice)

    # -- health --

    def passes(self, member: Member) -> bool:
        """Whether a person's call may go there now. Starts a probe, for which nobody waits, where one is due."""
        pausing = self._pausing.get(member.name)
        if pausing is not None and not pausing.passes:
            return False
        if not member.breaker.passes and member.breaker.claim_probe():
            task = asyncio.create_task(self._probe(member))
            self._probes[id(member.breaker)] = task
            task.add_done_callback(lambda _: self._probes.pop(id(member.breaker), None))
        return member.breaker.passes

    def why_not(self, member: Member) -> str:
        """A sentence on why a member does not pass."""
        pausing = self._pausing.get(member.name)
        if not member.breaker.passes:
            return member.breaker.note
        return pausing.note if pausing is not None and not pausing.passes else ""

    async def probed(self, members: list[Member], seconds: float) -> bool:
        """Wait for the probes that run for these members; True when one of them passes then."""
        running = {task for member in members if (task := self._probes.get(id(member.breaker))) is not None}
        if running:
            await asyncio.wait(running, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return any(self.passes(member) for member in members)

    def _noted(self, member: Member, error: ModelError) -> None:
        log.info("model_failed", model=member.name, place=member.place, error=type(error).__name__)
        breaker = member.breaker
        if isinstance(error, (ModelOverloaded, ModelRateLimited)):
            seconds = breaker.window
            if isinstance(error, ModelRateLimited) and error.retry_after is not None:
                seconds = min(error.retry_after, _SPEND_REST_S)
            own = self._pausing.setdefault(member.name, Breaker(1, breaker.window, breaker.clock))
            own.pause(seconds, error.sentence)
            if isinstance(error, ModelOverloaded):
                breaker.failed(error.sentence)
        elif isinstance(error, SpendLimitReached):
            breaker.rest(_SPEND_REST_S, error.sentence)
        elif isinstance(error, ModelRefused):
            if error.about_the_key:
                breaker.rest(_KEY_REST_S, error.sentence)
            elif error.status == 404 and member.place == "local" and self._fleet.server is not None:
                self._fleet.server.forget()
        elif error.breaks:
            breaker.failed(error.sentence)

    async def _probe(self, member: Member) -> None:
        """One small request of our own, paid for like any other."""
        booking = Booking("probe", "trinity", "probe", "FACTUAL", "probe", None, member.name, member.place)
        started = time.monotonic()
        try:
            reservation = await self._reserve(booking, member, _PROBE_TOKENS_IN, 1)
            try:
                usage = await member.model.probe()
            except ModelError as error:
                member.breaker.failed(error.sentence)
                await self._close_account(reservation, booking, Outcome(0, Usage(0, 0), _ms(started), failed=True))
                return
            member.breaker.succeeded()
            nano = cost_of(usage, member.price)
            await self._close_account(reservation, booking, Outcome(nano, usage, _ms(started), all_online=nano))
        except (OverLimit, ModelError):
            pass  # no money for it: it stays open, and the next window asks again
        finally:
            member.breaker.abandon_probe()  # does nothing once the probe has an answer

    async def close(self) -> None:
        """Call off every probe."""
        running = list(self._probes.values())
        for probe in running:
            probe.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _tools(call: ModelCall) -> dict[str, Any]:
    return {"tools": call.tools, "may_call": call.may_call} if call.tools else {}


def _booking(call: ModelCall, member: Member, kind: str | None) -> Booking:
    return Booking(
        call.exchange_id,
        call.person,
        call.channel,
        call.lane,
        call.purpose,
        call.agent,
        member.name,
        member.place,
        kind=kind,
    )


def _ms(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _seed(call: ModelCall) -> int:
    """The same for the same exchange, purpose and variant, so that a repeat after a crash says the same."""
    text = f"{call.exchange_id}/{call.purpose}/{call.variant}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:4], "big") & 0x7FFFFFFF
