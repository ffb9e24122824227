"""`trinity holds`: what waits for a human, and the word on it."""

from __future__ import annotations

import json
from typing import Any

import typer
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from trinity.cli.client import Client, talk
from trinity.cli.lazy import lazy_group

app = typer.Typer(
    cls=lazy_group({"policy": "trinity.cli.policy:app"}),
    help="What waits for a human's decision.",
    invoke_without_command=True,
    no_args_is_help=False,
)
_JSON = typer.Option(False, "--json", help="Print JSON.")


@app.callback()
def _default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_holds(all_states=False, as_json=False)


@app.command("list")
def list_holds(
    all_states: bool = typer.Option(False, "--all", help="Also what is decided already."), as_json: bool = _JSON
) -> None:
    """List what waits (the same as `trinity holds`)."""
    found = talk(lambda client: _list(client, all_states))
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    console = Console()
    if not found:
        console.print("Nothing waits for a decision.")
        return
    table = Table(box=None, header_style="dim")
    for column in ("id", "state", "what", "asked by", "until"):
        table.add_column(column, overflow="fold")
    for hold in found:
        until = (hold["expires_at"] or "")[:16].replace("T", " ")
        table.add_row(hold["id"], hold["state"], hold["summary"], hold["requester"], until)
    console.print(table)


async def _list(client: Client, all_states: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/api/trinity/holds?state=pending"))["holds"]
    if all_states:
        found += (await client.get("/api/trinity/holds?state=decided"))["holds"]
    return found


@app.command("show")
def show(hold_id: str, as_json: bool = _JSON) -> None:
    """Show one hold with its exact content."""
    hold = talk(lambda client: client.get(f"/api/trinity/holds/{hold_id}"))
    if as_json:
        typer.echo(json.dumps(hold, ensure_ascii=False))
        return
    console = Console()
    console.print(Text(hold["summary"], style="bold"))
    console.print(Panel(Text(hold["content"]), title="exactly this", title_align="left"))
    console.print(f"Risk: {hold['risk']}")
    console.print(f"Asked by {hold['requester']}; may decide: {', '.join(hold['may_decide']) or 'nobody'}.")
    console.print(f"State: {hold['state']}. SHA-256 {hold['content_sha256']}")
    if hold["fields"]:
        console.print(f"May be changed before approving: {', '.join(field['name'] for field in hold['fields'])}")
    for change in hold["changes"]:
        console.print(Text(f"  {change['name']}: {change['before']} → {change['after']}"))
    for step in hold["events"]:
        words = " ".join(part for part in (step["reason"], step["text"]) if part)
        sealed = "" if step["receipt"] is None else f" (receipt {step['receipt']})"
        console.print(Text(f"  {step['at'][:19]} {step['by']} {step['what']}{sealed}{': ' + words if words else ''}"))
    if hold["replaced_by"]:
        console.print(f"An edited version took its place: {hold['replaced_by']}")
    if hold["result"]:
        console.print(Text(hold["result"]))


_TYPE = typer.Option(None, "--type", help="The action's name: needed to ratify a request of your own.")
_CODE = typer.Option(None, "--code", help="Six digits of your authenticator app, where the policy asks for them.")


@app.command("approve")
def approve(
    hold_id: str,
    typed: str | None = _TYPE,
    code: str | None = _CODE,
    reason: str = typer.Option("", "--reason"),
) -> None:
    """Approve exactly the content that `show` prints."""
    typer.echo(talk(lambda client: _decide(client, hold_id, True, reason, typed, code)))


@app.command("deny")
def deny(
    hold_id: str, reason: str = typer.Option(..., "--reason", prompt="Why", help="Why; the asker is told.")
) -> None:
    """Deny, with a reason."""
    typer.echo(talk(lambda client: _decide(client, hold_id, False, reason, None, None)))


@app.command("edit")
def edit(
    hold_id: str,
    changes: list[str] = typer.Option(..., "--set", help="NAME=VALUE, the new value of an argument; may be repeated."),  # noqa: B008
    typed: str | None = _TYPE,
    code: str | None = _CODE,
    reason: str = typer.Option("", "--reason"),
) -> None:
    """Approve with other arguments: the safety stages judge the new content, and the difference is sealed."""
    pairs = dict(one.partition("=")[::2] for one in changes)
    wrong = next((one for one in changes if "=" not in one), None)
    if wrong is not None:
        typer.echo(f"--set: {wrong!r} has no “=”. Write NAME=VALUE.", err=True)
        raise typer.Exit(2)

    async def work(client: Client) -> str:
        hold = await client.get(f"/api/trinity/holds/{hold_id}")
        body = {"changes": pairs, "content_sha256": hold["content_sha256"], "reason": reason}
        answer = await client.post(f"/api/trinity/holds/{hold_id}/edit", body | {"typed": typed, "step_up": code})
        return f"{answer['why']}\nThe changed version is {answer['hold']}."

    typer.echo(talk(work))


@app.command("ask")
def ask(hold_id: str, question: str) -> None:
    """Ask the person who asked for it something; it stays open meanwhile."""
    typer.echo(talk(lambda client: _say(client, hold_id, "ask", {"question": question})))


@app.command("answer")
def answer(hold_id: str, words: str = typer.Argument(..., metavar="ANSWER")) -> None:
    """Answer a question about what you asked for; those who decide read it."""
    typer.echo(talk(lambda client: _say(client, hold_id, "answer", {"answer": words})))


@app.command("settle")
def settle(
    hold_id: str,
    happened: bool = typer.Option(..., "--happened/--not-happened", help="What you found when you looked."),
    reason: str = typer.Option("", "--reason"),
) -> None:
    """Say what became of an approved action of which nobody knows whether it was carried out."""
    typer.echo(talk(lambda client: _say(client, hold_id, "settle", {"happened": happened, "reason": reason})))


@app.command("withdraw")
def withdraw(hold_id: str, reason: str = typer.Option("", "--reason")) -> None:
    """Withdraw what you asked for."""
    typer.echo(talk(lambda client: _say(client, hold_id, "withdraw", {"reason": reason})))


@app.command("acknowledge")
def acknowledge(hold_id: str) -> None:
    """Say that you take care of a person in danger (crisis holds are never approved or denied)."""

    async def work(client: Client) -> str:
        hold = await client.get(f"/api/trinity/holds/{hold_id}")
        answer = await client.post(
            f"/api/trinity/holds/{hold_id}/acknowledge", {"content_sha256": hold["content_sha256"]}
        )
        return str(answer["why"])

    typer.echo(talk(work))


async def _say(client: Client, hold_id: str, what: str, body: dict[str, Any]) -> str:
    return str((await client.post(f"/api/trinity/holds/{hold_id}/{what}", body))["why"])


async def _decide(client: Client, hold_id: str, approve: bool, reason: str, typed: str | None, code: str | None) -> str:
    hold = await client.get(f"/api/trinity/holds/{hold_id}")
    body = {"approve": approve, "content_sha256": hold["content_sha256"], "reason": reason}
    return await _say(client, hold_id, "decision", body | {"typed": typed, "step_up": code})
