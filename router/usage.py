"""What models were used for and what that cost: by day, model, person, channel or lane, beside the all-online price.

Saving and kept quality stand side by side, because either alone is easy: the saving is counted from the book, the
quality from what is known of the answers afterwards (thumbs, corrections, retries, a judge, a second look online).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, case, func, select

from manifest.prices import dollars
from store.engine import Database
from store.tables import outcomes, spend

By = Literal["day", "model", "person", "channel", "lane", "purpose", "agent"]
GROUPS: tuple[By, ...] = ("day", "model", "person", "channel", "lane", "purpose", "agent")


@dataclass(frozen=True, slots=True)
class Side:
    """Answers given at home, or online, and what is known of them: weighted outcomes, 1 good and 0 bad."""

    answers: int = 0
    judged: int = 0  # outcomes, not answers: one answer may have several
    weight: float = 0.0
    good: float = 0.0

    @property
    def quality(self) -> float | None:
        """Weighted mean outcome in [0, 1]; None where nothing is known yet."""
        return self.good / self.weight if self.weight else None

    def __add__(self, other: Side) -> Side:
        return Side(
            self.answers + other.answers,
            self.judged + other.judged,
            self.weight + other.weight,
            self.good + other.good,
        )


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
    at_home: Side = Side()
    outside: Side = Side()

    @property
    def kept_quality(self) -> float | None:
        """Quality of the answers as they were routed over that of the online ones, 1.0 where none stayed at home.

        None while nothing is known of the answers given at home. Where nothing is known of the online ones they
        count as good, so that the figure errs against Trinity; it may pass 1.
        """
        answers = self.at_home.answers + self.outside.answers
        if not answers or not self.at_home.answers:
            return 1.0 if answers else None
        home = self.at_home.quality
        online = 1.0 if self.outside.quality is None else self.outside.quality
        if home is None or online == 0:
            return None
        return (self.at_home.answers * home + self.outside.answers * online) / (answers * online)

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
        _answers(spend.c.place != "online"),
        _answers(spend.c.place == "online"),
    ).group_by(key)
    if since is not None:
        query = query.where(spend.c.day >= since)
    if until is not None:
        query = query.where(spend.c.day <= until)
    judged = None if by == "purpose" else _judged(by, since, until)
    async with database.read() as conn:
        found = (await conn.execute(query)).all()
        known = [] if judged is None else (await conn.execute(judged)).all()
    sides = {(str(k.name), bool(k.online)): (int(k.n), float(k.weight), float(k.good)) for k in known}
    rows = []
    for row in found:
        name = str(row[0])
        home, out = (Side(int(row[n]), *sides.get((name, n == 11), (0, 0.0, 0.0))) for n in (10, 11))
        rows.append(
            UsageRow(
                name, int(row[1]), int(row[2]), int(row[3]), int(row[4]), int(row[5]), dollars(int(row[6])),
                dollars(int(row[7])), dollars(int(row[8])), float(row[9]), home, out,
            )
        )  # fmt: skip
    return sorted(rows, key=(lambda r: r.key) if by == "day" else (lambda r: (-r.cost_usd, r.key)))


def _answers(where: ColumnElement[bool]) -> ColumnElement[int]:
    """Calls that gave somebody an answer, as against rewriting, judging and the like."""
    one = and_(where, spend.c.state == "settled", spend.c.purpose.in_(("hypothesis", "retry")))
    return func.coalesce(func.sum(case((one, 1), else_=0)), 0)


def _judged(by: By, since: str | None, until: str | None) -> Select[Any]:
    online = case((outcomes.c.place == "online", 1), else_=0)
    name = func.coalesce(outcomes.c[by], "none")
    query = select(
        name.label("name"),
        online.label("online"),
        func.count().label("n"),
        func.sum(outcomes.c.weight).label("weight"),
        func.sum(outcomes.c.weight * outcomes.c.value).label("good"),
    ).group_by(outcomes.c[by], online)
    if since is not None:
        query = query.where(outcomes.c.day >= since)
    return query if until is None else query.where(outcomes.c.day <= until)


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
        sum((r.at_home for r in rows), Side()),
        sum((r.outside for r in rows), Side()),
    )


def plain(row: UsageRow) -> dict[str, object]:
    """A row for JSON: dollars as text, so that no digit is lost; `kept_quality` null means not measured yet."""

    def side(one: Side) -> dict[str, object]:
        quality = None if one.quality is None else round(one.quality, 4)
        return {"answers": one.answers, "outcomes": one.judged, "quality": quality}

    return {
        "key": row.key,
        "calls": row.calls,
        "failed": row.failed,
        "online": row.online,
        "tokens_in": row.tokens_in,
        "tokens_out": row.tokens_out,
        "cost_usd": str(row.cost_usd),
        "all_online_usd": str(row.all_online_usd),
        "saved_usd": str(row.saved_usd),
        "saved_share": None if row.saved_share is None else round(row.saved_share, 4),
        "kept_quality": None if row.kept_quality is None else round(row.kept_quality, 4),
        "at_home": side(row.at_home),
        "outside": side(row.outside),
        "unsettled_usd": str(row.unsettled_usd),
        "mean_ms": round(row.mean_ms, 1),
    }
