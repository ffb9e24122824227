"""The `trinity` command: which verbs there are. Each group of verbs has its own module."""

from __future__ import annotations

import typer

from trinity import __version__
from trinity.cli.lazy import lazy_group

_VERBS = {
    "init": "trinity.cli.process:init",
    "serve": "trinity.cli.process:serve",
    "chat": "trinity.cli.ask:chat",
    "ask": "trinity.cli.ask:ask",
    "verify": "trinity.cli.vault:verify",
    "pause": "trinity.cli.process:pause",
    "resume": "trinity.cli.process:resume",
    "login": "trinity.cli.process:login",
    "doctor": "trinity.cli.process:doctor",
    "constitution": "trinity.cli.process:constitution",
    "holds": "trinity.cli.holds:app",
    "people": "trinity.cli.people:app",
    "db": "trinity.cli.db:app",
    "token": "trinity.cli.token:app",
    "models": "trinity.cli.models:app",
    "tools": "trinity.cli.tools:app",
    "router": "trinity.cli.router:app",
    "keys": "trinity.cli.keys:app",
    "compare": "trinity.cli.compare:compare_models",
    "analyze": "trinity.cli.analyze:analyze",
    "bulk": "trinity.cli.bulk:bulk",
    "costs": "trinity.cli.costs:costs",
    "thumbs": "trinity.cli.thumbs:thumbs",
    "vault": "trinity.cli.vault:app",
    "mcp": "trinity.cli.mcp:mcp",
}

app = typer.Typer(
    name="trinity",
    cls=lazy_group(_VERBS),
    help="An assistant for a team: measured floors, human decisions, a ledger anyone can check.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"trinity {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """Everything works on the home in TRINITY_HOME (default: the data folder of your user)."""


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
