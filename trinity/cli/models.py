"""`trinity models`: which models are here, and how to get better ones."""

from __future__ import annotations

import asyncio

import typer
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from adapters.models.base import ModelError
from adapters.models.detect import Found, detect
from adapters.models.embedded import installed_weights, shipped_weights
from adapters.models.install import Heard, InstallError, download, pull
from adapters.models.reach import stays_private
from manifest.errors import ConfigError
from manifest.routing import load_routing
from manifest.settings import Settings, load_settings
from router.build import WEIGHTS_FOLDER

app = typer.Typer(help="Which models can answer, and how to get better ones.", no_args_is_help=True)


@app.command("list")
def list_models() -> None:
    """Show every model that is configured, and where it runs."""
    settings = _settings()
    asyncio.run(_list(settings))


@app.command("install")
def install(
    name: str = typer.Argument(..., help="A name that Ollama knows, or the https address of a .gguf file."),
    sha256: str = typer.Option("", "--sha256", help="The file's SHA-256, as its publisher names it."),
) -> None:
    """Fetch a model: with Ollama at LOCAL_LLM_URL by its name, else a model file by address and hash."""
    settings = _settings()
    with Progress(transient=True) as progress:
        task = progress.add_task(name[:60], total=None)

        def heard(done: int, total: int | None, task: TaskID = task) -> None:
            progress.update(task, completed=done, total=total)

        try:
            if name.startswith("https://"):
                folder = settings.home / WEIGHTS_FOLDER
                target = asyncio.run(download(name, sha256, folder, heard))
                done = f"{target.name} is installed; restart Trinity to use it."
            else:
                asyncio.run(_pull(settings, name, heard))
                done = f"{name} is in Ollama. Set LOCAL_LLM_MODEL={name} to prefer it."
        except InstallError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
    typer.echo(done)


async def _pull(settings: Settings, name: str, heard: Heard) -> None:
    url = settings.local_llm_url
    found = await _found(url) if url is not None else None
    if url is None or found is None or found.kind != "ollama":
        raise InstallError(
            f"No Ollama answers at LOCAL_LLM_URL, so {name} cannot be fetched by name. Start Ollama and set "
            "LOCAL_LLM_URL=http://localhost:11434, or give the https address of a .gguf file with --sha256."
        )
    await pull(url, name, heard)


async def _found(url: str) -> Found | None:
    try:
        return await detect(url)
    except ModelError:
        return None


async def _list(settings: Settings) -> None:
    table = Table("model", "runs", "state", box=None)
    routing = load_routing(settings.home)
    if settings.anthropic_api_key is not None:
        unused = "not used in offline mode" if settings.mode == "offline" else "configured"
        for name in dict.fromkeys((routing.light, routing.main, routing.heavy)):
            table.add_row(name, "online", unused)
    if settings.local_llm_url is not None:
        found = await _found(settings.local_llm_url)
        private = settings.local_llm_trusted or await stays_private(settings.local_llm_url)
        if found is None:
            table.add_row("(LOCAL_LLM_URL)", "local" if private else "online", "nothing answers there")
        else:
            chosen = found.choose(settings.local_llm_model)
            for model in found.models:
                where = "local" if private and not model.remote else "online"
                table.add_row(model.name, where, "chosen" if model == chosen else "there")
    for weights in installed_weights(settings.home / WEIGHTS_FOLDER):
        table.add_row(weights.name, "local (built in)", "installed")
    shipped = shipped_weights()
    if shipped is not None:
        table.add_row(shipped.name, "built in", "demonstration: answers only where nothing else is configured")
    Console().print(table)


def _settings() -> Settings:
    try:
        return load_settings()
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
