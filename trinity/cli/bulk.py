"""`trinity bulk`: many prompts from a file, through the pipeline."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bots.batch import AT_ONCE, BatchRefused, Row, RowFailed, Tally, run
from trinity.cli.client import Client, Failed, talk

_LOOK_S = 1.0


def bulk(
    source: Path = typer.Argument(..., exists=True, dir_okay=False, help='Lines of JSON with a "prompt".'),  # noqa: B008
    out: Path = typer.Option(..., "--out", help="Where the answers go, one line of JSON each."),  # noqa: B008
    route: str = typer.Option("offline", "--route", help="offline, online, hybrid, or a model's name."),
    at_once: int = typer.Option(AT_ONCE, "--at-once", min=1, max=AT_ONCE, help="How many side by side."),
) -> None:
    """Answer every row of a file; run it again to go on after a stop or to try failed rows again.

    Free of charge unless --route says otherwise. Exit code 1 when a row failed.
    """
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), transient=True
    )
    with bar:
        task = bar.add_task("rows", total=None)

        def told(tally: Tally) -> None:
            words = "rows" if not tally.failed else f"rows, {tally.failed} failed"
            bar.update(task, total=tally.total, completed=tally.done, description=words)

        async def work(client: Client) -> Tally:
            async def ask(row: Row) -> Mapping[str, Any]:
                return await _ask(client, row, route)

            try:
                return await run(source, out, ask, at_once=at_once, told=told)
            except BatchRefused as refused:
                raise Failed(str(refused)) from None

        tally = talk(work)
    kept = f" ({tally.kept} from an earlier run)" if tally.kept else ""
    typer.echo(f"{tally.done - tally.failed} of {tally.total} rows are answered{kept}: {out}")
    if tally.failed:
        typer.echo(f"{tally.failed} failed; the same command tries them again.", err=True)
        raise typer.Exit(1)


async def _ask(client: Client, row: Row, route: str) -> Mapping[str, Any]:
    body = {"message": row.text, "key": row.asked_as, "agent": row.agent, "route": route}
    try:
        found: dict[str, Any] = await client.post("/api/trinity/batch", body)
        while "verdict" not in found:
            await asyncio.sleep(_LOOK_S)
            found = await client.get(f"/api/trinity/exchanges/{found['exchange_id']}")
    except Failed as failed:
        raise RowFailed(str(failed)) from None
    if found["verdict"] == "SABAR":
        raise RowFailed(found["reply"], heard=True)
    return found
