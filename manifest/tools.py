"""The declared tools: MCP servers, what each of their tools means for the world, and webhooks.

Secrets never stand in the file: it names variables, which `secret` reads when they are needed.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from manifest.errors import ConfigError

FILE = "tools.toml"
EFFECTS = ("read", "reversible", "compensable", "irreversible")
ROLES = ("guest", "member", "approver", "commander")
EffectName = Literal["read", "reversible", "compensable", "irreversible"]

_SERVER_NAME = re.compile(r"[a-z][a-z0-9_]{0,23}")
_TOOL_NAME = re.compile(r"[A-Za-z0-9_./-]{1,100}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ARGUMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_SOURCE = re.compile(r"(?:result|argument)\.[A-Za-z_][A-Za-z0-9_-]*")
_HOSTNAME_WORDS = "http(s)://host[:port][/path]"

_SERVER = frozenset({"command", "url", "env", "bearer", "trusted", "start_s", "call_s", "idle_s", "tool"})
_MEANING = frozenset({"summary", "effect", "class", "roles", "costs"})
_TOOL = _MEANING | {"own", "outside", "always", "scope", "idempotency", "person", "error", "undo"}
_WEBHOOK = _MEANING | {"url", "secret", "arguments", "optional", "timeout_s"}


@dataclass(frozen=True, slots=True)
class UndoCall:
    """The tool that takes a call back, and where its arguments come from: `result.KEY` or `argument.KEY`."""

    tool: str
    arguments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a call means for the world, as declared."""

    summary: str
    effect: EffectName
    action_class: str | None  # None: by its effect
    roles: tuple[str, ...]
    costs: bool = False


@dataclass(frozen=True, slots=True)
class ToolDeclaration:
    """One usable tool of one server."""

    name: str
    meaning: Meaning
    own: bool = False
    outside: bool = False
    always: bool = False
    scope: Literal["team", "person"] = "team"
    idempotency: str | None = None
    person: str | None = None
    error: Literal["nothing", "unknown"] = "unknown"
    undo: UndoCall | None = None


@dataclass(frozen=True, slots=True)
class ServerDeclaration:
    """One MCP server: a program that is started, or an address."""

    name: str
    command: tuple[str, ...] = ()
    url: str | None = None
    env: tuple[str, ...] = ()
    bearer: str | None = None
    trusted: bool = False
    start_s: float = 10.0
    call_s: float = 30.0
    idle_s: float = 600.0
    tools: Mapping[str, ToolDeclaration] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WebhookDeclaration:
    """One address that is posted to."""

    name: str
    url: str
    meaning: Meaning
    secret: str | None
    arguments: Mapping[str, str]  # name: what it is
    optional: tuple[str, ...] = ()
    timeout_s: float = 15.0


@dataclass(frozen=True, slots=True)
class ToolManifest:
    """Everything declared."""

    servers: Mapping[str, ServerDeclaration]
    webhooks: Mapping[str, WebhookDeclaration]


def secret(name: str) -> str | None:
    """The value of a named variable, or of the file that NAME_FILE names; None where neither is there.

    Raises:
        ConfigError: the file cannot be read.
    """
    value = os.environ.get(name)
    path = os.environ.get(f"{name}_FILE")
    if value or not path:
        return value or None
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}_FILE", f"{path} cannot be read", "a readable text file") from error


def load_tools(home: Path | None = None) -> ToolManifest:
    """The home's tools.toml, else the one that ships; a home's file replaces it whole.

    Raises:
        ConfigError: it cannot be read, or is wrong.
    """
    path = None if home is None else home / FILE
    if path is None or not path.exists():
        return parse_tools(files("manifest").joinpath(FILE).read_text(encoding="utf-8"), f"the shipped {FILE}")
    try:
        return parse_tools(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"cannot be read ({type(error).__name__})", "a readable TOML file") from error


def parse_tools(text: str, place: str = FILE) -> ToolManifest:
    """Read the file's text.

    Raises:
        ConfigError: naming the entry, what is wrong with it and what is allowed.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(place, f"not readable as TOML: {error}", "[server.NAME] and [webhook.NAME]") from error
    _known(raw, frozenset({"server", "webhook"}), place)
    servers = {
        name: _server(name, table, f"{place}: [server.{name}]")
        for name, table in _tables(raw.get("server", {}), f"{place}: [server]").items()
    }
    webhooks = {
        name: _webhook(name, table, f"{place}: [webhook.{name}]")
        for name, table in _tables(raw.get("webhook", {}), f"{place}: [webhook]").items()
    }
    return ToolManifest(MappingProxyType(servers), MappingProxyType(webhooks))


def _server(name: str, table: Mapping[str, Any], place: str) -> ServerDeclaration:
    _name(name, _SERVER_NAME, place, "small letters, digits and _, at most 24")
    if name in ("webhook", "reminder"):
        raise ConfigError(place, "the name is taken by what Trinity does itself", "another name")
    _known(table, _SERVER, place)
    command, url = _texts(table, "command", place), table.get("url")
    if bool(command) == (url is not None):
        raise ConfigError(place, "needs a command or a url, and not both", 'command = ["program", "argument"]')
    env = _texts(table, "env", place)
    for variable in (*env, *((table["bearer"],) if "bearer" in table else ())):
        _name(variable, _VARIABLE, f"{place}: env or bearer", "the name of a variable, never its value")
    if url is None and "bearer" in table:
        raise ConfigError(f"{place}: bearer", "is for a url", "env, for a program")
    if url is not None:
        _address(url, f"{place}: url")
        if env:
            raise ConfigError(f"{place}: env", "is for a program", "bearer, for a url")
    tools = {
        tool: _tool(tool, one, f"{place[:-1]}.tool.{tool}]")
        for tool, one in _tables(table.get("tool", {}), f"{place}: tool").items()
    }
    for tool in tools.values():
        if tool.undo is not None and tool.undo.tool not in tools:
            raise ConfigError(
                f"{place}: tool.{tool.name}.undo", f"{tool.undo.tool!r} is not declared", ", ".join(tools)
            )
    return ServerDeclaration(
        name=name,
        command=command,
        url=url,
        env=env,
        bearer=table.get("bearer"),
        trusted=_flag(table, "trusted", place),
        start_s=_seconds(table, "start_s", 10.0, place),
        call_s=_seconds(table, "call_s", 30.0, place),
        idle_s=_seconds(table, "idle_s", 600.0, place),
        tools=MappingProxyType(tools),
    )


def _tool(name: str, table: Mapping[str, Any], place: str) -> ToolDeclaration:
    _name(name, _TOOL_NAME, place, "a tool's name as its server gives it")
    _known(table, _TOOL, place)
    meaning = _meaning(table, place)
    own, scope = _flag(table, "own", place), table.get("scope", "team")
    if scope not in ("team", "person"):
        raise ConfigError(f"{place}: scope", repr(scope), '"team" or "person"')
    mild = meaning.effect in ("read", "reversible")
    error = table.get("error", "nothing" if mild else "unknown")
    if error not in ("nothing", "unknown"):
        raise ConfigError(f"{place}: error", repr(error), '"nothing" or "unknown"')
    undo = _undo(table["undo"], f"{place}: undo") if "undo" in table else None
    if own and meaning.effect == "reversible" and undo is None:
        raise ConfigError(f"{place}: undo", "is missing: what is own and reversible runs at once", "an undo tool")
    for key in ("idempotency", "person"):
        if key in table:
            _name(table[key], _ARGUMENT, f"{place}: {key}", "the name of an argument")
    return ToolDeclaration(
        name=name,
        meaning=meaning,
        own=own,
        outside=_flag(table, "outside", place),
        always=_flag(table, "always", place),
        scope=scope,
        idempotency=table.get("idempotency"),
        person=table.get("person"),
        error=error,
        undo=undo,
    )


def _meaning(table: Mapping[str, Any], place: str) -> Meaning:
    summary, effect = table.get("summary"), table.get("effect")
    if not isinstance(summary, str) or not 3 <= len(summary) <= 300 or "\n" in summary:
        raise ConfigError(f"{place}: summary", "is missing or too long", "one line of plain words, at most 300 letters")
    if effect not in EFFECTS:
        raise ConfigError(f"{place}: effect", repr(effect), ", ".join(EFFECTS))
    action_class, costs = table.get("class"), _flag(table, "costs", place)
    if action_class is not None and (not isinstance(action_class, str) or not action_class):
        raise ConfigError(f"{place}: class", repr(action_class), "a table of holds.toml")
    if costs and action_class is None:
        action_class = "costly"
    if action_class == "read" and effect == "read":
        action_class = None
    if (costs or action_class not in (None, *EFFECTS)) and EFFECTS.index(effect) < 2:
        effect = "compensable"  # money, or a class of its own, means that somebody is asked, however little it changes
    roles = _texts(table, "roles", place) if "roles" in table else ROLES[1:]
    for role in roles:
        if role not in ROLES:
            raise ConfigError(f"{place}: roles", repr(role), ", ".join(ROLES))
    return Meaning(summary, cast("EffectName", effect), action_class, roles, costs)


def _undo(value: object, place: str) -> UndoCall:
    form = '{ tool = "NAME", arguments = { id = "result.id" } }'
    if not isinstance(value, dict) or not isinstance(value.get("tool"), str) or set(value) - {"tool", "arguments"}:
        raise ConfigError(place, repr(value), form)
    arguments = value.get("arguments", {})
    if not isinstance(arguments, dict):
        raise ConfigError(place, repr(arguments), form)
    for source in arguments.values():
        if not isinstance(source, str) or _SOURCE.fullmatch(source) is None:
            raise ConfigError(f"{place}: arguments", repr(source), '"result.KEY" or "argument.KEY"')
    return UndoCall(value["tool"], MappingProxyType(dict(arguments)))


def _webhook(name: str, table: Mapping[str, Any], place: str) -> WebhookDeclaration:
    _name(name, _SERVER_NAME, place, "small letters, digits and _, at most 24")
    _known(table, _WEBHOOK, place)
    _address(table.get("url"), f"{place}: url")
    if table.get("effect") == "read":
        raise ConfigError(f"{place}: effect", "a webhook changes something", ", ".join(EFFECTS[1:]))
    arguments = table.get("arguments", {})
    if not isinstance(arguments, dict) or not all(isinstance(v, str) and v for v in arguments.values()):
        raise ConfigError(f"{place}: arguments", repr(arguments), '{ text = "what is said" }')
    for argument in arguments:
        _name(argument, _ARGUMENT, f"{place}: arguments", "names of arguments")
    optional = _texts(table, "optional", place)
    if not set(optional) <= set(arguments):
        raise ConfigError(f"{place}: optional", repr(list(optional)), ", ".join(arguments))
    if "secret" in table:
        _name(table["secret"], _VARIABLE, f"{place}: secret", "the name of a variable, never its value")
    return WebhookDeclaration(
        name=name,
        url=table["url"],
        meaning=_meaning(table, place),
        secret=table.get("secret"),
        arguments=MappingProxyType(dict(arguments)),
        optional=optional,
        timeout_s=_seconds(table, "timeout_s", 15.0, place),
    )


def _known(table: Mapping[str, Any], allowed: frozenset[str], place: str) -> None:
    for name in table:
        if name not in allowed:
            raise ConfigError(f"{place}: {name}", "no such setting", ", ".join(sorted(allowed)))


def _tables(value: object, place: str) -> Mapping[str, Mapping[str, Any]]:
    if not isinstance(value, dict) or not all(isinstance(one, dict) for one in value.values()):
        raise ConfigError(place, "is not made of tables", "one table per name")
    return value


def _name(value: object, form: re.Pattern[str], place: str, words: str) -> None:
    if not isinstance(value, str) or form.fullmatch(value) is None:
        raise ConfigError(place, repr(value), words)


def _address(value: object, place: str) -> None:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(place, "not an address", _HOSTNAME_WORDS)
    if parts.username is not None or parts.password is not None:
        raise ConfigError(place, "a secret does not belong in this file", _HOSTNAME_WORDS)


def _texts(table: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ConfigError(f"{place}: {key}", repr(value), "a list of texts")
    return tuple(value)


def _flag(table: Mapping[str, Any], key: str, place: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise ConfigError(f"{place}: {key}", repr(value), "true or false")
    return value


def _seconds(table: Mapping[str, Any], key: str, usual: float, place: str) -> float:
    value = table.get(key, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.1 <= value <= 86_400:
        raise ConfigError(f"{place}: {key}", repr(value), "seconds, from 0.1 to 86400")
    return float(value)
