"""`trinity thumbs`: a word on an answer, for the router to learn from."""

from __future__ import annotations

from typing import Any

import typer

from trinity.cli.client import Client, talk


def thumbs(
    way: str = typer.Argument(..., help="up or down."),
    exchange: str = typer.Argument(..., help="The exchange's id, as `trinity ask --json` prints it."),
) -> None:
    """Say whether an answer was good. It is sealed, and the last word counts."""
    if way not in ("up", "down"):
        typer.echo(f"{way}: a thumb goes up or down.", err=True)
        raise typer.Exit(2)

    async def work(client: Client) -> Any:
        return await client.post(f"/api/trinity/exchanges/{exchange}/thumb", {"up": way == "up"})

    typer.echo(talk(work)["message"])
