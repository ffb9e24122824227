"""The `trinity` command: which verbs there are. Each group of verbs has its own module."""

from __future__ import annotations

import typer

from trinity import __version__
from trinity.cli import ask, compare, costs, db, holds, keys, models, people, policy, process, router, token, vault

app = typer.Typer(
    name="trinity",
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


app.command("init")(process.init)
app.command("serve")(process.serve)
app.command("chat")(ask.chat)
app.command("ask")(ask.ask)
app.command("verify")(vault.verify)
app.command("pause")(process.pause)
app.command("resume")(process.resume)
app.command("login")(process.login)
app.command("doctor")(process.doctor)
app.command("constitution")(process.constitution)
holds.app.add_typer(policy.app, name="policy")
app.add_typer(holds.app, name="holds")
app.add_typer(people.app, name="people")
app.add_typer(db.app, name="db")
app.add_typer(token.app, name="token")
app.add_typer(models.app, name="models")
app.add_typer(router.app, name="router")
app.add_typer(keys.app, name="keys")
app.command("compare")(compare.compare_models)
app.command("costs")(costs.costs)
app.add_typer(vault.app, name="vault")


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
