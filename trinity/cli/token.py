"""`trinity token`: keys for programs, hashed in the database, scoped and expiring."""

from __future__ import annotations

import asyncio
import getpass
import json
from datetime import timedelta

import typer
from rich.console import Console
from rich.table import Table

from manifest.errors import ConfigError
from manifest.people import ensure_people, read_people
from manifest.settings import Settings, load_settings
from store.engine import Database
from store.people import People
from store.tokens import SCOPES, Tokens
from trinity import home

app = typer.Typer(help="Tokens for the HTTP API and MCP.", no_args_is_help=True)


async def _open(settings: Settings) -> Database:
    home.prepare(settings.home)
    url = settings.database_url
    return await Database.open(url, settings.home)


@app.command("create")
def create(
    name: str = typer.Argument(..., help="What it is for, e.g. ci-bot."),
    scope: list[str] = typer.Option(["chat"], "--scope", help=f"May be repeated: {', '.join(sorted(SCOPES))}."),  # noqa: B008
    days: int = typer.Option(90, "--days", min=1, max=3650, help="Life in days."),
    person: str | None = typer.Option(None, "--person", help="In whose name (default: the home's owner)."),
) -> None:
    """Make a token. It is printed once and stored only as a hash."""
    typer.echo(asyncio.run(_create(name, frozenset(scope), days, person)))


async def _create(name: str, scopes: frozenset[str], days: int, person: str | None) -> str:
    unknown = scopes - SCOPES
    if unknown:
        typer.echo(f"--scope: {sorted(unknown)[0]} is no scope. Allowed: {', '.join(sorted(SCOPES))}.", err=True)
        raise typer.Exit(2)
    settings = _settings()
    database = await _open(settings)
    try:
        people = People(database)
        await people.sync(read_people(ensure_people(settings.home)))
        found = await people.person(person) if person else await people.by_identity("local", getpass.getuser())
        if found is None:
            typer.echo("No such person. Name people in people.toml, or run `trinity init` first.", err=True)
            raise typer.Exit(1)
        secret, _ = await Tokens(database).create(name=name, person=found.id, scopes=scopes, life=timedelta(days=days))
        return secret
    finally:
        await database.close()


@app.command("list")
def list_tokens(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """List tokens, never their secrets."""

    async def work() -> None:
        database = await _open(_settings())
        try:
            tokens = await Tokens(database).list()
        finally:
            await database.close()
        rows = [
            {
                "id": t.id,
                "name": t.name,
                "person": t.person,
                "scopes": sorted(t.scopes),
                "expires_at": t.expires_at.isoformat(),
            }
            for t in tokens
        ]
        if as_json:
            typer.echo(json.dumps(rows))
            return
        table = Table("id", "name", "person", "scopes", "expires", box=None, header_style="dim")
        for t in tokens:
            table.add_row(t.id, t.name, t.person, " ".join(sorted(t.scopes)), t.expires_at.date().isoformat())
        Console().print(table if rows else "There are no tokens.")

    asyncio.run(work())


@app.command("revoke")
def revoke(token_id: str) -> None:
    """End a token at once."""

    async def work() -> bool:
        database = await _open(_settings())
        try:
            return await Tokens(database).revoke(token_id)
        finally:
            await database.close()

    if not asyncio.run(work()):
        typer.echo("There is no such token, or it is revoked already.", err=True)
        raise typer.Exit(1)
    typer.echo("Revoked.")


def _settings() -> Settings:
    try:
        return load_settings()
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
