"""`trinity analyze`: a folder, a file or an archive, scanned here and analysed in depth."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from bots.analyze_files import Unreadable, packed, read_folder
from bots.bridge.analysis import ARCHIVE_LIMIT
from trinity.cli.ask import show
from trinity.cli.client import Client, talk

_NAME = "source.zip"


def analyze(
    path: Path = typer.Argument(..., exists=True, help="A folder, a file, a zip or a tar."),  # noqa: B008
    question: str = typer.Option("", "--question", help="What matters most."),
    route: str | None = typer.Option(None, "--route", help="Where the deep analysis runs: online, offline, a model."),
    as_json: bool = typer.Option(False, "--json", help="Print the whole outcome as one JSON object."),
) -> None:
    """Scan every file at home, analyse in depth what the scan picked (online where that may be), and merge both."""
    try:
        found = read_folder(path)
    except Unreadable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    data = packed(found)
    if len(data) > ARCHIVE_LIMIT:
        typer.echo("The text files together are larger than 6 MB when packed. Name a part of them.", err=True)
        raise typer.Exit(1)
    console = Console(stderr=True)
    for note in found.notes:
        console.print(Text(note, style="dim"))
    outcome = talk(lambda client: _analyze(client, console, data, question, route))
    if as_json:
        typer.echo(json.dumps(outcome, ensure_ascii=False))
    else:
        show(Console(), outcome)


async def _analyze(client: Client, console: Console, data: bytes, question: str, route: str | None) -> dict[str, Any]:
    body = {"name": _NAME, "data_base64": base64.b64encode(data).decode(), "question": question, "route": route}
    begun = await client.post("/api/trinity/analyze", body)
    with console.status("scanning") as status:
        seen = 0
        while not seen:  # the exchange may still wait for its turn
            async for name, event in client.events("GET", begun["events"]):
                if name == "found":
                    seen += 1
                    _tell(console, status, event)
            outcome: dict[str, Any] = await client.get(begun["outcome"])
            if "verdict" in outcome:
                return outcome
            await asyncio.sleep(0.2)
        while "verdict" not in outcome:
            await asyncio.sleep(0.2)
            outcome = await client.get(begun["outcome"])
    return outcome


def _tell(console: Console, status: Any, event: dict[str, Any]) -> None:
    if event["kind"] == "file":
        status.update(f"scan: {event['number']} of {event['of']}")
        if event["findings"]:
            console.print(Text(f"{event['name']}: {'; '.join(event['findings'])}", style="dim"))
    elif event["kind"] == "picked":
        status.update(f"deep analysis of {len(event['names'])} files")
    elif event["kind"] == "note":
        console.print(Text(f"{event['name']}: {event['text']}", style="dim"))
