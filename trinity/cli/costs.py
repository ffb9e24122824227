"""`trinity costs`: what models cost, and what staying at home saved."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

import typer
from rich.console import Console
from rich.table import Table

from manifest.errors import ConfigError
from manifest.settings import load_settings
from router.usage import GROUPS, By, UsageRow, plain, total_of, usage
from store.engine import Database
from store.errors import StoreError


def costs(
    by: str = typer.Option("day", "--by", help=f"What to group by: {', '.join(GROUPS)}."),
    since: str | None = typer.Option(None, "--since", help="First day, YYYY-MM-DD."),
    until: str | None = typer.Option(None, "--until", help="Last day, YYYY-MM-DD."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """Show calls, tokens and dollars, beside what the same tokens would have cost all online, and the quality kept.

    In brackets: how many outcomes of answers given at home stand behind the quality.
    """
    if by not in GROUPS:
        typer.echo(f"--by {by}: no such group. Allowed: {', '.join(GROUPS)}.", err=True)
        raise typer.Exit(2)
    try:
        rows = asyncio.run(_read(by, since, until))
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except StoreError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    everything = total_of(rows)
    if as_json:
        typer.echo(json.dumps({"by": by, "rows": [plain(r) for r in rows], "all": plain(everything)}))
        return
    table = Table(box=None)
    table.add_column(by, no_wrap=True)
    for head in _HEADS:
        table.add_column(head, justify="right")
    for row in rows:
        table.add_row(*_cells(row))
    table.add_section()
    table.add_row(*_cells(everything), style="bold")
    Console().print(table)
    if everything.at_home.answers and everything.kept_quality is None:
        typer.echo(
            "Quality kept: not measured yet. Thumbs, corrections and `trinity compare … --judge … --learn` measure it."
        )


_HEADS = ("calls", "failed", "online", "tokens", "cost", "all online", "saved", "quality kept")


async def _read(by: By, since: str | None, until: str | None) -> list[UsageRow]:
    settings = load_settings()
    database = await Database.open(settings.database_url, settings.home)
    try:
        return await usage(database, by, since=since, until=until)
    finally:
        await database.close()


def _cells(row: UsageRow) -> tuple[str, ...]:
    share = row.saved_share
    saved = "" if share is None else f"{share:.0%}"
    counts = (row.calls, row.failed, row.online, row.tokens_in + row.tokens_out)
    kept = "" if row.kept_quality is None else f"{row.kept_quality:.0%} ({row.at_home.judged})"
    return (row.key, *(f"{n:,}" for n in counts), _money(row.cost_usd), _money(row.all_online_usd), saved, kept)


def _money(amount: Decimal) -> str:
    return f"${amount:.4f}" if 0 < abs(amount) < Decimal("0.1") else f"${amount:.2f}"
