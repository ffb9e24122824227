"""`trinity db`: the application database's schema."""

from __future__ import annotations

import asyncio

import typer

from manifest.errors import ConfigError
from manifest.settings import Settings, load_settings
from store.engine import Database
from store.errors import StoreError
from store.migrate import HEAD, upgrade, version

app = typer.Typer(help="The application database.", no_args_is_help=True)


@app.command("status")
def status() -> None:
    """Say which schema the database has, and which this program knows. Exit code 1 where they differ."""
    found = asyncio.run(_status(_settings()))
    typer.echo(f"schema {found or 'none'}, this program knows {HEAD}")
    if found != HEAD:
        typer.echo("Run `trinity db upgrade`.", err=True)
        raise typer.Exit(1)


@app.command("upgrade")
def upgrade_command() -> None:
    """Bring the schema up to date; safe to run again, and beside other replicas."""
    asyncio.run(_upgrade(_settings()))
    typer.echo(f"schema {HEAD}")


async def _status(settings: Settings) -> str | None:
    try:
        database = await Database.connect(settings.database_url, settings.home)
        try:
            return await version(database)
        finally:
            await database.close()
    except StoreError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


async def _upgrade(settings: Settings) -> None:
    try:
        database = await Database.connect(settings.database_url, settings.home)
        try:
            await upgrade(database)
        finally:
            await database.close()
    except StoreError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _settings() -> Settings:
    try:
        return load_settings()
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
