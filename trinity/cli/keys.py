"""`trinity keys`: whether the keys that are set are accepted, without showing them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import typer

from adapters.models.base import ModelError, ModelRefused
from adapters.models.detect import detect
from manifest import keyring
from manifest.errors import ConfigError
from manifest.settings import SECRETS, Settings, default_home, load_settings

app = typer.Typer(help="Keys and secrets: where they come from and whether they work.", no_args_is_help=True)
_ASK_S = 10.0
T = TypeVar("T")


@app.command("check")
def check() -> None:
    """Say for each key where it comes from and whether its service accepts it. Exit code 1 when one is refused.

    Asks only for lists of models: nothing is paid, and no text leaves.
    """
    try:
        settings = load_settings()
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    for name in SECRETS:
        typer.echo(f"{name:20} {_source(name, settings)}")
    good = asyncio.run(_accepted(settings))
    if not good:
        raise typer.Exit(1)


@app.command("set")
def set_key(name: str = typer.Argument(..., help=f"One of {', '.join(SECRETS)}.")) -> None:
    """Keep a secret in the system's keyring; it is asked for without being shown, or read from standard input."""
    value = typer.prompt(name, hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    if not value.strip():
        typer.echo("Nothing was given, nothing was kept.", err=True)
        raise typer.Exit(1)
    _ring(name, lambda home: keyring.store(home, name, value.strip()))
    typer.echo(f"{name} is in the system keyring; it is used from the next start on.")


@app.command("unset")
def unset_key(name: str = typer.Argument(..., help=f"One of {', '.join(SECRETS)}.")) -> None:
    """Take a secret out of the system's keyring."""
    gone = _ring(name, lambda home: keyring.remove(home, name))
    typer.echo(f"{name} is out of the system keyring." if gone else f"{name} was not in the system keyring.")


def _ring(name: str, use: Callable[[Path], T]) -> T:
    if name not in SECRETS:
        typer.echo(f"{name} is no secret of Trinity's. Allowed: {', '.join(SECRETS)}.", err=True)
        raise typer.Exit(2)
    try:
        return use(default_home())
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _source(name: str, settings: Settings) -> str:
    if os.environ.get(name):
        return "from the environment"
    if os.environ.get(f"{name}_FILE"):
        return f"from the file named by {name}_FILE"
    if name in keyring.names(settings.home):
        return "from the system keyring"
    value = getattr(settings, name.lower(), None)
    return "not set" if value is None else "from .env"


async def _accepted(settings: Settings) -> bool:
    good = True
    if settings.anthropic_api_key is not None:
        verdict, fine = await _anthropic(settings)
        typer.echo(f"Anthropic            {verdict}")
        good = good and fine
    if settings.local_llm_url is not None:
        try:
            found = await detect(settings.local_llm_url)
            name = "Ollama" if found.kind == "ollama" else "a server of OpenAI's format"
            typer.echo(f"LOCAL_LLM_URL        {name}, {len(found.models)} models")
        except ModelRefused as error:
            typer.echo(f"LOCAL_LLM_URL        {error.sentence}")
            good = False
        except ModelError as error:
            typer.echo(f"LOCAL_LLM_URL        {error.sentence}")
    return good


async def _anthropic(settings: Settings) -> tuple[str, bool]:
    """A word on the key, and whether it is not refused: a service that cannot be reached refuses nothing."""
    import httpx

    assert settings.anthropic_api_key is not None
    base = settings.anthropic_base_url or "https://api.anthropic.com"
    headers = {"x-api-key": settings.anthropic_api_key.get_secret_value(), "anthropic-version": "2023-06-01"}
    try:
        async with httpx.AsyncClient(timeout=_ASK_S, follow_redirects=False) as client:
            answer = await client.get(f"{base}/v1/models", headers=headers)
    except httpx.HTTPError as error:
        return f"could not be asked ({type(error).__name__})", True
    if answer.status_code in (401, 403):
        return "refuses this key: replace it", False
    return ("accepts this key" if answer.is_success else f"answered HTTP {answer.status_code}"), True
