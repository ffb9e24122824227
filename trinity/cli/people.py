"""`trinity people`: who is named here, and setting up the codes that grave decisions ask for."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from manifest.errors import ConfigError
from manifest.settings import Settings, load_settings
from store.engine import Database
from store.errors import StoreError
from store.people import People, Person
from trinity import home
from trinity.cli.client import Client, talk
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

    The seed is shown once, as a code to scan and as an address, and stored only encrypted under the home's master key.
    """
    whose = {"person": person}

    async def work(client: Client) -> str:
        if remove:
            return await _change(client, "step-up/forget", whose)
        begun = await client.post("/api/trinity/people/step-up", whose)
        typer.echo(begun["why"])
        _draw(begun["uri"])
        code = await asyncio.to_thread(typer.prompt, "The six digits it shows now")
        return await _change(client, "step-up/confirm", {**whose, "code": code})

    typer.echo(talk(work))


def _draw(uri: str) -> None:
    """The address as a picture of half blocks where somebody could scan it, and as text always."""
    if sys.stdout.isatty():
        import segno

        segno.make(uri, error="m", micro=False).terminal(compact=True, border=2)
    typer.echo(uri)


@app.command("link")
def link(account: str = typer.Argument(..., help="kind:value as in people.toml, e.g. email:ana@example.org.")) -> None:
    """Link another account of yours: a code goes to it, and you type it here. Both are one person from then on."""

    async def work(client: Client) -> str:
        typer.echo(await _change(client, "link", {"account": account}))
        code = await asyncio.to_thread(typer.prompt, "The code")
        return await _change(client, "link/confirm", {"account": account, "code": code})

    typer.echo(talk(work))


@app.command("unlink")
def unlink(account: str = typer.Argument(..., help="kind:value as in people.toml.")) -> None:
    """Take an account off. Requests made under it still count as made by the same person."""
    typer.echo(talk(lambda client: _change(client, "unlink", {"account": account})))


@app.command("role")
def role(
    person: str = typer.Argument(..., help="An id of `trinity people list`."),
    new: str = typer.Argument(..., metavar="ROLE", help="guest, member, approver or commander."),
) -> None:
    """Change the role of somebody whom people.toml does not name; commanders only, and nobody their own. Sealed."""
    typer.echo(talk(lambda client: _change(client, "role", {"person": person, "role": new})))


async def _change(client: Client, what: str, body: dict[str, Any]) -> str:
    return str((await client.post(f"/api/trinity/people/{what}", body))["why"])


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
