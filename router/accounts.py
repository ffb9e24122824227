"""What a call may cost at worst, what it did cost, and when the operator is to be told that money runs low."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from adapters.models.base import Usage
from manifest.prices import Price, TokenCounts, dollars, nanodollars
from manifest.routing import Routing
from router.budget import Limits, OverLimit, SpendBook, Totals
from router.words import ModelCall

# A token stands for at least one byte of text, so the bytes bound the tokens from above; the rest is the frame
# that the service adds around each turn.
_FRAME_TOKENS = 32
# What a service adds of its own where tools are shown: some hundreds of tokens, by model; bounded from above.
_TOOLS_TOKENS = 1_000


def limits_of(per_day: Decimal | None, routing: Routing) -> Limits:
    """The declared limits in nanodollars."""

    def nano(amount: Decimal | None) -> int | None:
        return None if amount is None else nanodollars(amount)

    return Limits(
        nano(per_day), nano(routing.per_month), nano(routing.per_person_per_day), nano(routing.per_channel_per_day)
    )


def most_tokens_in(call: ModelCall) -> int:
    """More input tokens than this call cannot come to."""
    texts = [call.system, *(m.content for m in call.messages)]
    texts += [c.name + c.arguments for m in call.messages for c in m.calls]
    texts += [t.name + t.description + t.schema for t in call.tools]
    if call.tools:
        texts.append(" " * _TOOLS_TOKENS)
    return sum(len(text.encode("utf-8", "replace")) + _FRAME_TOKENS for text in texts)


def counts(usage: Usage) -> TokenCounts:
    """Usage in the price table's tiers."""
    return TokenCounts(usage.tokens_in, usage.tokens_out, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h)


def cost_of(usage: Usage, price: Price | None) -> int:
    """Nanodollars; a model without a price is a free one (an unpriced online model is never asked)."""
    return 0 if price is None else price.cost(counts(usage))


def cost_of_failure(usage: Usage | None, begun: bool, most_in: int, price: Price | None) -> int:
    """What a failed call is charged: what was reported, else all its input if it may have been read, else nothing."""
    if price is None:
        return 0
    if usage is not None:
        return price.cost(counts(usage))
    return price.worst(most_in, 0) if begun else 0


@dataclass(slots=True)
class Purse:
    """What is known of today's money without asking the book, and the notices that follow from it."""

    book: SpendBook
    limits: Limits
    notice_at: float
    totals: Totals = field(default_factory=lambda: Totals(0, 0))

    async def refresh(self) -> None:
        """Read the totals from the book."""
        self.totals = await self.book.totals()

    @property
    def left(self) -> int | None:
        """Nanodollars left today; None without a daily limit."""
        return None if self.limits.day is None else max(0, self.limits.day - self.totals.day)

    def notices(self) -> dict[str, str]:
        """What the operator should know about money now, by a key that stands for limit and period."""
        found = {}
        for used, limit, name, kind in (
            (self.totals.day, self.limits.day, "today's", "day"),
            (self.totals.month, self.limits.month, "this month's", "month"),
        ):
            if limit and used >= limit * self.notice_at:
                share = min(100, int(100 * used / limit))
                period = f"{kind} until {self.book.resets_at('month' if kind == 'month' else 'day'):%Y-%m-%d}"
                found[period] = f"{share} % of {name} limit of ${dollars(limit):.2f} is used."
        return found

    def why_not(self, refused: OverLimit) -> str:
        """Half a sentence for the reason line."""
        if refused.kind == "pause":
            return "paid calls are paused"
        names = {"day": "today's", "month": "this month's", "person": "your daily", "channel": "this channel's daily"}
        return f"{names[refused.kind]} limit of ${dollars(refused.limit):.2f} is used up"

    def sentence(self, refused: OverLimit) -> str:
        """What a person is told when only money stood between them and an answer."""
        if refused.kind == "pause":
            return "Paid models are paused (`trinity resume` ends that), and no local model is connected."
        reset = self.book.resets_at(refused.kind)
        why = self.why_not(refused)
        when = f"{reset:%Y-%m-%d %H:%M} ({reset.tzname()})"
        return f"{why[0].upper()}{why[1:]} until {when}, and no free local model is connected."
