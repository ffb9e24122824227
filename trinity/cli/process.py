"""Verbs about the process itself: init, serve, pause, resume, login, doctor, constitution."""

from __future__ import annotations

import asyncio
import gc
import json
from dataclasses import asdict
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

import typer
from rich.console import Console
from rich.table import Table

from manifest import constitution as declared
from manifest.errors import ConfigError
from manifest.measured import measured
from manifest.people import ensure_people
from manifest.settings import default_home, load_settings
from trinity import home, logs
from trinity.cli.client import Client, talk

_JSON = typer.Option(False, "--json", help="Print JSON.")


def init(
    mode: str | None = typer.Option(None, "--mode", help="online, offline or hybrid."),
    local_llm_url: str | None = typer.Option(None, "--local-llm-url", help="Ollama or LM Studio, if you have one."),
    cost_limit_per_day: str | None = typer.Option(None, "--cost-limit-per-day", help="Dollars a day."),
    force: bool = typer.Option(False, "--force", help="Replace an existing trinity.toml."),
) -> None:
    """Ask three questions and write a commented `trinity.toml` and `people.toml`."""
    folder = default_home()
    path = folder / "trinity.toml"
    if path.exists() and not force:
        typer.echo(f"{path} exists already and was left alone. Use --force to replace it.", err=True)
        raise typer.Exit(1)
    mode = mode or typer.prompt("Where may models run: hybrid, online or offline", default="hybrid")
    if local_llm_url is None:
        local_llm_url = typer.prompt("Address of Ollama or LM Studio (empty for none)", default="", show_default=False)
    limit = cost_limit_per_day or typer.prompt("Dollars a day that models may cost", default="5.00")
    line = (
        f"local_llm_url = {json.dumps(local_llm_url)}"
        if local_llm_url
        else '# local_llm_url = "http://localhost:11434"'
    )
    template = files("manifest").joinpath("trinity.toml").read_text(encoding="utf-8")
    text = (
        template.replace('"{mode}"', json.dumps(mode))
        .replace('"{cost_limit_per_day}"', json.dumps(limit))
        .replace("{local_llm_line}", line)
    )
    home.prepare(folder)
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.write_text(text, encoding="utf-8")
    try:
        load_settings(folder)
    except ConfigError as error:
        # A file that cannot be used is worse than none: the next start would fail on it.
        if before is None:
            path.unlink()
        else:
            path.write_text(before, encoding="utf-8")
        typer.echo(f"{error} Nothing was written.", err=True)
        raise typer.Exit(2) from None
    path.chmod(0o600)
    people = ensure_people(folder)
    typer.echo(f"Wrote {path}\nPeople who may decide are named in {people}\nStart with: trinity serve")


def serve(
    port: int | None = typer.Option(None, "--port", help="Port of the bridge page (default 3100; 0 takes a free one)."),
    link: bool = typer.Option(True, "--link/--no-link", help="Print a one-time sign-in link."),
) -> None:
    """Run Trinity: bridge page, HTTP API, terminal socket, schedules. Ctrl-C stops it cleanly."""
    # Nothing made while starting is garbage; looking for it costs a tenth of the start.
    gc.disable()
    try:
        settings = load_settings()
        # The encoder loads in its own thread while the rest of the house is imported.
        from adapters.embeddings import make_embedder

        embedder = make_embedder(settings.embeddings)
        embedder.preload()
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    from bots.bridge.server import BridgeNotStarted
    from store.errors import StoreError
    from trinity.serving import serve_forever
    from vault.errors import VaultError

    try:
        if port is not None:
            settings = settings.model_copy(update={"port": port})
        logs.configure(settings.log_level)
        home.prepare(settings.home)
        with home.lock(settings.home):
            code = asyncio.run(serve_forever(settings, embedder, print_link=link))
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except (home.HomeBusy, OSError, BridgeNotStarted, StoreError, VaultError) as error:
        typer.echo(f"Trinity did not start: {error}", err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(code)


def pause() -> None:
    """Stop all actions and all paid calls at once, until `trinity resume`."""
    typer.echo(talk(lambda client: _message(client, "/api/trinity/pause")))


def resume() -> None:
    """End the pause."""
    typer.echo(talk(lambda client: _message(client, "/api/trinity/resume")))


async def _message(client: Client, path: str) -> str:
    return str((await client.post(path))["message"])


def login(
    person: str | None = typer.Option(None, "--person", help="For whom, an id of people.toml (default: you); sealed."),
) -> None:
    """Print a new one-time sign-in link for the bridge page of the running Trinity."""

    async def work(client: Client) -> str:
        settings = load_settings()
        query = "" if person is None else f"?{urlencode({'person': person})}"
        path = (await client.post(f"/api/trinity/login-link{query}"))["path"]
        port = (await client.get("/api/trinity/status")).get("port") or settings.port
        return f"http://localhost:{port}{path}"

    typer.echo(talk(work))


def doctor(as_json: bool = _JSON) -> None:
    """Check every part and say the fix for what is missing. Exit code 1 when something is not ready."""
    status = talk(lambda client: client.get("/api/trinity/status"))
    if as_json:
        typer.echo(json.dumps(status))
    else:
        _show_status(status)
    if not status["ready"]:
        raise typer.Exit(1)


def _show_status(status: dict[str, Any]) -> None:
    console = Console()
    table = Table("part", "state", "what to do", box=None, header_style="dim")
    for part in status["parts"]:
        state = "[green]ready[/green]" if part["ready"] else "[red]not ready[/red]"
        table.add_row(part["name"], state, part["detail"])
    for model in status["models"]:
        state = "[green]ready[/green]" if model["state"] == "ready" else f"[yellow]{model['state']}[/yellow]"
        table.add_row(f"model {model['name']}", state, f"{model['where']}: {model['detail']}")
    console.print(table)
    money = status["money"]
    limit = "no limit" if money["limit_usd"] is None else f"of ${money['limit_usd']:.2f}"
    console.print(f"Mode {status['mode']}. Spent today ${money['spent_usd']:.4f} {limit}.")
    if status["paused"]:
        console.print("[yellow]Paused:[/yellow] no action runs and nothing is paid for. End it with `trinity resume`.")


def constitution(as_json: bool = _JSON) -> None:
    """Print every floor with its threshold and direction, as in force in this home, beside its measured figures."""
    try:
        found = declared.load(default_home() / "constitution.toml")
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    rows = [found[floor] for floor in declared.FLOORS]
    figures = measured()
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "sha256": found.sha256,
                    "measured_on": figures.date,
                    "floors": {
                        r.floor: {
                            "name": r.name,
                            "threshold": r.threshold,
                            "strict_threshold": r.strict_threshold,
                            "direction": r.direction,
                            "hard": r.floor in declared.HARD,
                            "measured": [asdict(figure) for figure in figures.floors.get(r.floor, ())],
                        }
                        for r in rows
                    },
                }
            )
        )
        return
    table = Table("floor", "name", "must be", "strict", "kind", "measured", box=None, header_style="dim")
    for r in rows:
        strict = "" if r.strict_threshold is None else f"{r.direction} {r.strict_threshold:g}"
        kind = "hard" if r.floor in declared.HARD else "soft"
        known = figures.floors.get(r.floor, ())
        worth = "\n".join(figure.words for figure in known) or "a rule, tested by its table of cases"
        table.add_row(r.floor, r.name, f"{r.direction} {r.threshold:g}", strict, kind, worth)
    console = Console()
    console.print(table)
    console.print(f"Measured {figures.date} (docs/floors.md says how). SHA-256 {found.sha256}", style="dim")
