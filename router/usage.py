"""What models were used for and what that cost: by day, model, person, channel or lane, beside the all-online price."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sqlalchemy import ColumnElement, case, func, select

from manifest.prices import dollars
from store.engine import Database
from store.tables import spend

By = Literal["day", "model", "person", "channel", "lane", "purpose", "agent"]
GROUPS: tuple[By, ...] = ("day", "model", "person", "channel", "lane", "purpose", "agent")


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One group's calls."""

    key: str
    calls: int
    failed: int
    online: int
    tokens_in: int
    tokens_out: int
    cost_usd: Decimal
    all_online_usd: Decimal  # what the same tokens would have cost at the main online model's price
    unsettled_usd: Decimal  # reserved, and never reported back: a call under way, or a process that died
    mean_ms: float

    @property
    def saved_usd(self) -> Decimal:
        """What staying at home saved; below zero where a dearer model than the main one was asked."""
        return self.all_online_usd - self.cost_usd

    @property
    def saved_share(self) -> float | None:
        """Saved over the all-online price; None where that is zero."""
        return float(self.saved_usd / self.all_online_usd) if self.all_online_usd else None


async def usage(database: Database, by: By, *, since: str | None = None, until: str | None = None) -> list[UsageRow]:
    """Grouped usage between two days (YYYY-MM-DD, both included), dearest group first; days in order.

    Raises StoreUnavailable.
    """
    key = spend.c[by]
    settled = spend.c.state != "reserved"

    def total(column: ColumnElement[int], when: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((when, column), else_=0)), 0)

    query = select(
        func.coalesce(key, "none"),
        func.count(),
        func.sum(case((spend.c.state == "failed", 1), else_=0)),
        func.sum(case((spend.c.place == "online", 1), else_=0)),
        func.sum(spend.c.tokens_in + spend.c.cache_read + spend.c.cache_write),
        func.sum(spend.c.tokens_out),
        total(spend.c.charged, settled),
        func.sum(spend.c.all_online),
        total(spend.c.charged, ~settled),
        func.avg(spend.c.ms),
    ).group_by(key)
    if since is not None:
        query = query.where(spend.c.day >= since)
    if until is not None:
        query = query.where(spend.c.day <= until)
    async with database.read() as conn:
        found = (await conn.execute(query)).all()
    rows = [
        UsageRow(
            str(row[0]), int(row[1]), int(row[2]), int(row[3]), int(row[4]), int(row[5]), dollars(int(row[6])),
            dollars(int(row[7])), dollars(int(row[8])), float(row[9]),
        )
        for row in found
    ]  # fmt: skip
    return sorted(rows, key=(lambda r: r.key) if by == "day" else (lambda r: (-r.cost_usd, r.key)))


def total_of(rows: list[UsageRow]) -> UsageRow:
    """All groups as one."""
    calls = sum(r.calls for r in rows)
    return UsageRow(
        "all",
        calls,
        sum(r.failed for r in rows),
        sum(r.online for r in rows),
        sum(r.tokens_in for r in rows),
        sum(r.tokens_out for r in rows),
        sum((r.cost_usd for r in rows), Decimal(0)),
        sum((r.all_online_usd for r in rows), Decimal(0)),
        sum((r.unsettled_usd for r in rows), Decimal(0)),
        sum(r.mean_ms * r.calls for r in rows) / calls if calls else 0.0,
    )
