"""`trinity people`: who is named here, and setting up the codes that grave decisions ask for."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Coroutine
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from holds.stepup import StepUpCodes
from manifest.errors import ConfigError
from manifest.people import ensure_people, read_people
from manifest.settings import Settings, load_settings
from store.engine import Database
from store.errors import StoreError
from store.people import People, Person
from trinity import home
from vault.errors import VaultError

T = TypeVar("T")

app = typer.Typer(help="The people of this Trinity.", no_args_is_help=True)


@app.command("list")
def list_people(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """List everybody Trinity knows, and how each platform knows them."""
    settings = _settings()

    async def work() -> list[Person]:
        database = await _open(settings)
        try:
            return await People(database).all()
        finally:
            await database.close()

    found = _run(work())
    if as_json:
        rows = [{"id": p.id, "name": p.name, "role": p.role, "active": p.active, "declared": p.declared} for p in found]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("id", "name", "role", "known as", box=None, header_style="dim")
    for person in found:
        role = person.role if person.active else f"{person.role} (no longer named)"
        table.add_row(person.id, person.name, role, ", ".join(sorted({i.kind for i in person.identities})))
    Console().print(table)


@app.command("step-up")
def step_up(
    person: str | None = typer.Option(None, "--person", help="Whose codes (default: yours, by this account)."),
    remove: bool = typer.Option(False, "--remove", help="Forget the codes of a lost phone."),
) -> None:
    """Set up an authenticator app for decisions about what cannot be undone.

    The seed is shown once, and stored only encrypted under the home's master key.
    """
    settings = _settings()

    async def work() -> str:
        database = await _open(settings)
        try:
            people = People(database)
            await people.sync(read_people(ensure_people(settings.home)))
            found = await (people.person(person) if person else people.by_identity("local", getpass.getuser()))
            if found is None or not found.active:
                raise ConfigError("people.toml", "nobody is named by this account", f"local:{getpass.getuser()}")
            codes = StepUpCodes(database, await home.master_key(settings.home))
            if remove:
                return "Forgotten." if await codes.remove(found.id) else "There was nothing to forget."
            typer.echo("Add this to your authenticator app (it is shown once):")
            typer.echo(await codes.enrol(found.id, found.name))
            code = await asyncio.to_thread(typer.prompt, "The six digits it shows now")
            if await codes.confirm(found.id, code):
                return "Set up. Decisions about what cannot be undone will ask for a code."
            return "Those digits do not fit, so nothing was changed. Run this again."
        finally:
            await database.close()

    typer.echo(_run(work()))


async def _open(settings: Settings) -> Database:
    home.prepare(settings.home)
    return await Database.open(settings.database_url, settings.home)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run it; what cannot be is one sentence and exit code 1 (2 for a wrong declaration)."""
    try:
        return asyncio.run(work)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except (StoreError, VaultError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _settings() -> Settings:
    try:
        return load_settings()
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
