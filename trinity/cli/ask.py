"""`trinity ask` and `trinity chat`: talking in a terminal."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text

from trinity.cli.client import Client, Failed, talk

_WORDS = {
    "SEAL": ("sealed", "green"),
    "PARTIAL": ("partial", "yellow"),
    "SABAR": ("not yet", "yellow"),
    "888_HOLD": ("held for a human", "magenta"),
    "VOID": ("refused", "red"),
}
_BIG = 256 * 1024
_AGENT = typer.Option(None, "--agent", help="c1 coding, c2 reasoning, c3 creative.")


def _clean(text: str) -> str:
    """Bytes of the command line that are not UTF-8 become replacement marks; INIT says so in its notes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def ask(
    message: str = typer.Argument(..., help='What to ask; "-" reads it from standard input.'),
    thread: str | None = typer.Option(None, "--thread", help="Continue this thread (letters, digits, - and _)."),
    agent: str = _AGENT,
    attach: list[Path] = typer.Option([], "--attach", exists=True, dir_okay=False, help="A text file as material."),  # noqa: B008
    as_json: bool = typer.Option(False, "--json", help="Print the whole outcome as one JSON object."),
) -> None:
    """Ask once and print the answer.

    Exit code 0 whatever the verdict; 1 when nothing could be asked, 2 when a setting is wrong.
    """
    text = sys.stdin.buffer.read().decode("utf-8", "replace") if message == "-" else _clean(message)
    outcome = talk(lambda client: _ask(client, text, thread or f"ask-{secrets.token_hex(8)}", agent, attach))
    if as_json:
        typer.echo(json.dumps(outcome, ensure_ascii=False))
    else:
        show(Console(), outcome)


async def _ask(client: Client, text: str, thread: str, agent: str | None, attach: list[Path]) -> dict[str, Any]:
    import base64

    files = [
        {"name": p.name, "media_type": "text/plain", "data_base64": base64.b64encode(p.read_bytes()).decode()}
        for p in attach
    ]
    body: dict[str, Any] = {
        "message": text,
        "agent": agent,
        "thread": thread,
        "attachments": files,
        "sync_response": True,
    }
    answer: dict[str, Any] = await client.post("/api/trinity/chat", body)
    while "verdict" not in answer:  # still running after the server's patience: ask for the stored outcome
        await asyncio.sleep(1)
        answer = await client.get(f"/api/trinity/exchanges/{answer['exchange_id']}")
    return answer


def show(console: Console, outcome: dict[str, Any]) -> None:
    """The reply and one quiet footer line."""
    console.print(Markdown(outcome["reply"], hyperlinks=False))
    word, colour = _WORDS[outcome["verdict"]]
    footer = Text(f"{outcome['verdict']} · {word}", style=colour)
    if model := outcome["model"]:
        footer.append(f" · {model['name']} ({model['where']}: {model['why']}) · ${model['cost_usd']:.4f}", style="dim")
    if receipt := outcome["receipt"]:
        footer.append(f" · receipt {receipt['index']}", style="dim")
    if hold := outcome["hold"]:
        footer.append(f" · trinity holds show {hold['id']}", style="dim")
    console.print(footer)


def chat(
    agent: str = _AGENT,
    thread: str | None = typer.Option(None, "--thread", help="Continue this thread."),
) -> None:
    """Talk back and forth. An empty line, Ctrl-D or `exit` ends it; Ctrl-C stops a running answer."""
    console = Console()
    name = thread or f"chat-{secrets.token_hex(6)}"
    console.print(Text(f"Trinity · thread {name} · empty line to end", style="dim"))
    talk(lambda client: _chat(client, console, name, agent))


async def _chat(client: Client, console: Console, thread: str, agent: str | None) -> None:
    while True:
        try:
            text = await asyncio.to_thread(console.input, "[bold]you[/bold]  ")
        except (EOFError, KeyboardInterrupt):
            return
        if text.strip() in ("", "exit", "quit"):
            return
        try:
            show(console, await _answer(client, console, _clean(text), thread, agent))
        except Failed as error:
            console.print(Text(str(error), style="red"))


async def _answer(client: Client, console: Console, text: str, thread: str, agent: str | None) -> dict[str, Any]:
    """Send without waiting, follow the stages in one status line, then fetch the outcome."""
    body = {"message": text, "agent": agent, "thread": thread, "sync_response": False}
    begun = await client.post("/api/trinity/chat", body)
    path = f"/api/trinity/exchanges/{begun['exchange_id']}"
    with console.status("000 INIT") as status:
        async for name, data in client.events("GET", f"{path}/events"):
            if name == "stage":
                status.update(f"{data['stage']} {data.get('note', '')}")
    outcome: dict[str, Any] = await client.get(path)
    while "verdict" not in outcome:
        await asyncio.sleep(0.2)
        outcome = await client.get(path)
    return outcome
