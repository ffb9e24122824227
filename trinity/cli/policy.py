"""`trinity holds policy`: who could decide a given action, and why."""

from __future__ import annotations

import asyncio

import typer

from holds.policy import Policy, WhoMay
from manifest.errors import ConfigError
from manifest.holds import load_policy
from manifest.people import ensure_people, read_people
from manifest.settings import load_settings
from organs.bundles import Effect
from store.engine import Database
from store.errors import StoreError
from store.people import People
from trinity import home

app = typer.Typer(help="Who may decide what.", no_args_is_help=True)


@app.command("check")
def check(
    action_class: str = typer.Argument(..., help="A class of holds.toml, e.g. irreversible."),
    by: str = typer.Option("owner", "--by", help="Who would ask for it (an id of people.toml)."),
    effect: Effect = typer.Option(Effect.IRREVERSIBLE, "--effect", help="What doing it would mean."),  # noqa: B008
    arguments: list[str] = typer.Option([], "--arg", help="An argument, NAME=VALUE; may be repeated."),  # noqa: B008
) -> None:
    """Explain who could decide an action. Exit code 1 where nobody could: then it would be refused."""
    pairs = dict(one.partition("=")[::2] for one in arguments)
    try:
        who = asyncio.run(_check(action_class, effect, by, pairs))
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except StoreError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"Nobody: {who.why}." if who.nobody else f"{who.words}.\nWhy: {who.why}.")
    rule = who.rule
    if not who.nobody:
        needs = [f"{rule.needed} approval{'s' if rule.needed > 1 else ''}, one denial ends it"]
        needs += ["a code from an authenticator app"] if rule.step_up else []
        needs += ["not by text message or mailed link"] if not rule.weak else []
        typer.echo(f"Needs: {'; '.join(needs)}.")
        typer.echo(f"Waits: {'for ever' if rule.expires is None else rule.expires}; then it is not done.")
    raise typer.Exit(1 if who.nobody else 0)


async def _check(action_class: str, effect: Effect, by: str, arguments: dict[str, str]) -> WhoMay:
    settings = load_settings()
    home.prepare(settings.home)
    declared = load_policy(settings.home)
    persons = read_people(ensure_people(settings.home))
    database = await Database.open(settings.database_url, settings.home)
    try:
        people = People(database)
        await people.sync(persons)
        return await Policy(declared, people).who_may(action_class, effect, by, arguments)
    finally:
        await database.close()
