"""`trinity tools`: what is declared, what each server really offers, and what a call would mean."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from adapters.models.reach import stays_private
from adapters.tools.base import ListedTool, NotSent
from adapters.tools.session import ServerSession
from holds.tool_meaning import Meant, as_declared, meant
from manifest.errors import ConfigError
from manifest.holds import HoldPolicy, load_policy
from manifest.settings import default_home
from manifest.tools import ServerDeclaration, ToolDeclaration, ToolManifest, load_tools
from organs.bundles import Effect, Role
from trinity import logs

app = typer.Typer(help="Tools of other programs: declared, offered, and what a call means.", no_args_is_help=True)

_JSON = typer.Option(False, "--json", help="Print one JSON object.")
_AT_ONCE = 8  # servers started side by side by `check`


@dataclass(frozen=True, slots=True)
class ToolRow:
    """One tool as it is shown."""

    name: str
    summary: str
    effect: str
    action_class: str
    decided: str  # "at once", "at once, with Undo", or "a human decides"
    roles: tuple[str, ...]
    outside: bool
    raised: bool = False  # its server's claims made it graver
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One server as it is shown. `starts` is None where nobody tried."""

    name: str
    where: str
    starts: bool | None
    trouble: str
    tools: tuple[ToolRow, ...]
    undeclared: tuple[str, ...] = ()


@app.command("list")
def list_tools(as_json: bool = _JSON) -> None:
    """Show every declared server, tool and webhook. Nothing is started."""
    manifest, policy = _declared()
    rows = [
        ServerRow(s.name, _where(s), None, "", tuple(_row(s.name, t, as_declared(t), policy) for t in s.tools.values()))
        for s in manifest.servers.values()
    ]
    _show(rows, _webhooks(manifest, policy), as_json)


@app.command("check")
def check(as_json: bool = _JSON) -> None:
    """Start every declared server, ask what it offers, and say what does not fit. Exit code 1 where something does."""
    manifest, policy = _declared()
    rows = asyncio.run(_check(manifest, policy))
    hooks = _webhooks(manifest, policy)
    _show(rows, hooks, as_json)
    tools = [tool for row in rows for tool in row.tools] + hooks
    if any(row.starts is False for row in rows) or any(tool.trouble for tool in tools):
        raise typer.Exit(1)


def _declared() -> tuple[ToolManifest, HoldPolicy]:
    logs.configure("error")  # what a server did is in the table
    try:
        return load_tools(default_home()), load_policy(default_home())
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


async def _check(manifest: ToolManifest, policy: HoldPolicy) -> list[ServerRow]:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(server: ServerDeclaration) -> ServerRow:
        async with turn:
            return await _asked(server, policy)

    return list(await asyncio.gather(*(one(server) for server in manifest.servers.values())))


async def _asked(server: ServerDeclaration, policy: HoldPolicy) -> ServerRow:
    session = ServerSession(server)
    try:
        listing = await session.listed()
    except (NotSent, ConfigError) as error:
        tools = tuple(_row(server.name, t, as_declared(t), policy) for t in server.tools.values())
        return ServerRow(server.name, _where(server), False, str(error), tools)
    finally:
        await session.close()
    remote = server.url is not None and not server.trusted and not await stays_private(server.url)
    tools = tuple(_offered(server.name, t, listing.get(t.name), policy, remote) for t in server.tools.values())
    return ServerRow(
        server.name,
        _where(server),
        True,
        "",
        tools,
        tuple(sorted(name for name in listing if name not in server.tools)),
    )


def _offered(
    server: str, tool: ToolDeclaration, listed: ListedTool | None, policy: HoldPolicy, remote: bool
) -> ToolRow:
    if listed is None:
        return _row(server, tool, as_declared(tool), policy, "its server does not offer it")
    return _row(server, tool, meant(tool, listed, remote=remote), policy)


def _row(server: str, tool: ToolDeclaration, now: Meant, policy: HoldPolicy, trouble: str = "") -> ToolRow:
    free = now.effect.weight <= Effect.READ.weight or (now.own and now.effect is Effect.REVERSIBLE)
    classes = () if free else tuple((now.action_class or now.effect.value).split("+"))
    missing = [one for one in classes if not policy.rule(one, {}).who]
    return ToolRow(
        name=f"{server}.{tool.name}",
        summary=tool.meaning.summary,
        effect=now.effect.value,
        action_class="+".join(classes),
        decided="a human decides" if not free else "at once" if now.effect is Effect.READ else "at once, with Undo",
        roles=tool.meaning.roles,
        outside=now.outside,
        raised=now.raised,
        trouble=trouble or (f"nobody may decide {missing[0]}" if missing else ""),
    )


def _webhooks(manifest: ToolManifest, policy: HoldPolicy) -> list[ToolRow]:
    rows = []
    for hook in manifest.webhooks.values():
        meaning = hook.meaning
        named = meaning.action_class or meaning.effect
        nobody = "" if policy.rule(named, {}).who else f"nobody may decide {named}"
        rows.append(
            ToolRow(
                f"webhook.{hook.name}", meaning.summary, meaning.effect, named, "a human decides", meaning.roles, True,
                trouble=nobody,
            )
        )  # fmt: skip
    return rows


def _where(server: ServerDeclaration) -> str:
    return server.url or " ".join(server.command)


def _show(rows: list[ServerRow], hooks: list[ToolRow], as_json: bool) -> None:
    if as_json:
        found: dict[str, Any] = {"servers": [asdict(row) for row in rows], "webhooks": [asdict(row) for row in hooks]}
        typer.echo(json.dumps(found))
        return
    if not rows and not hooks:
        typer.echo("No tools are declared. Write a tools.toml into the home; manifest/tools.toml says how.")
        return
    console = Console()
    for row in rows:
        state = {None: "", True: " [green]starts[/green]", False: f" [red]{escape(row.trouble)}[/red]"}[row.starts]
        console.print(f"[bold]{row.name}[/bold]{state}  [dim]{escape(row.where)}[/dim]")
        console.print(_table(row.tools))
        if row.undeclared:
            console.print(f"  offered, not declared, cannot be used: {escape(', '.join(row.undeclared))}")
    if hooks:
        console.print("[bold]webhooks[/bold]")
        console.print(_table(hooks))


def _table(tools: tuple[ToolRow, ...] | list[ToolRow]) -> Table:
    table = Table(box=None, header_style="dim")
    for name in ("tool", "effect", "class", "runs", "who may ask", ""):
        table.add_column(name, overflow="fold", no_wrap=name in ("tool", "effect"))
    for tool in tools:
        effect = f"[yellow]{tool.effect}[/yellow]" if tool.raised else tool.effect
        notes = [escape(tool.trouble)] if tool.trouble else []
        notes += ["made graver by its server"] if tool.raised else []
        notes += ["reaches outside"] if tool.outside else []
        asks = _asks(tool.roles)
        table.add_row(escape(tool.name), effect, tool.action_class, tool.decided, asks, "; ".join(notes))
    return table


def _asks(roles: tuple[str, ...]) -> str:
    """Roles in few words: "member or more" where every stronger one may ask, too."""
    order = [role.value for role in Role]
    places = sorted(order.index(role) for role in roles)
    if places and places == list(range(places[0], len(order))):
        return f"{order[places[0]]} or more" if len(places) > 1 else order[places[0]]
    return ", ".join(roles) or "nobody"
