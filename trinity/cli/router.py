"""`trinity router`: what was learned about models, and how to hold or forget it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer
from rich.console import Console
from rich.table import Table

from manifest.errors import ConfigError
from manifest.routing import load_routing
from manifest.settings import load_settings
from router.learning import Learner
from router.prior import TrainedPrior, form_of
from store.engine import Database
from store.errors import StoreError

app = typer.Typer(help="How models are chosen, and what was learned about them.", no_args_is_help=True)
T = TypeVar("T")


@app.command("explain")
def explain(question: str | None = typer.Argument(None, help="Also say how hard this question looks.")) -> None:
    """Show every learned preference: outcomes seen, newer ones counting more, and what follows from them."""
    beliefs = _with(_loaded).explain()
    if question is not None:
        need, limit = TrainedPrior.load().need(question), load_routing().hard
        side = "online" if need >= limit else "at home"
        typer.echo(f"form: {form_of(question)}; chance that a local model falls short: {need:.2f} (hard from {limit})")
        typer.echo(f"with nothing private, urgent or fresh in it, hybrid mode answers it {side}")
    if not beliefs:
        typer.echo("nothing was learned yet: the trained prior decides")
        return
    table = Table("kind", "model", "good", "bad", "falls short", "", box=None)
    for belief in beliefs:
        short, enough = belief.falls_short(0.2)
        share = f"{short / (short + enough):.2f}"
        table.add_row(
            belief.kind, belief.model, f"{belief.good:.1f}", f"{belief.bad:.1f}", share, "frozen" * belief.frozen
        )
    Console().print(table)


@app.command("freeze")
def freeze(
    kind: str = typer.Argument(..., help="A kind as `explain` shows it."),
    off: bool = typer.Option(False, "--off", help="Learn again."),
) -> None:
    """Stop learning about one kind of question."""

    async def work(learner: Learner) -> int:
        return await learner.freeze(kind, frozen=not off)

    changed = _with(work)
    if not changed:
        typer.echo(f"No such kind: {kind}. `trinity router explain` lists them.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{kind}: {'learning again' if off else 'frozen'}")


@app.command("reset")
def reset(kind: str | None = typer.Argument(None, help="One kind; without it everything.")) -> None:
    """Forget what was learned."""

    async def work(learner: Learner) -> int:
        return await learner.reset(kind)

    typer.echo(f"{_with(work)} learned preferences are forgotten; the trained prior decides again")


async def _loaded(learner: Learner) -> Learner:
    await learner.load()
    return learner


def _with(use: Callable[[Learner], Awaitable[T]]) -> T:
    async def work() -> T:
        settings = load_settings()
        database = await Database.open(settings.database_url, settings.home)
        try:
            return await use(Learner(database))
        finally:
            await database.close()

    try:
        return asyncio.run(work())
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except StoreError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
