"""Verbs that are imported when they are asked for, so that `trinity ask` does not wait for what only others need."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

if TYPE_CHECKING:
    from typer.core import TyperCommand


class LazyGroup(TyperGroup):
    """A group whose verbs are named as `module:attribute`: a function for one verb, a Typer for a group."""

    where: ClassVar[Mapping[str, str]] = {}

    def list_commands(self, ctx: Any) -> list[str]:  # typer keeps its own copy of click's types
        """All names, in the order of the table; the verbs of the group itself come first."""
        return [*super().list_commands(ctx), *self.where]

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:
        """Import and build one verb. None for a name that there is not."""
        if cmd_name not in self.where:
            return super().get_command(ctx, cmd_name)  # type: ignore[return-value]
        if cmd_name not in self.commands:
            self.commands[cmd_name] = _build(cmd_name, self.where[cmd_name])
        return self.commands[cmd_name]  # type: ignore[return-value]


def lazy_group(verbs: Mapping[str, str]) -> type[LazyGroup]:
    """The group class with this table, name to `module:attribute`."""
    return type("Verbs", (LazyGroup,), {"where": verbs})


def _build(name: str, where: str) -> Any:  # as above
    module, attribute = where.split(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        command: Any = get_group(found)
    else:
        alone = typer.Typer(add_completion=False, rich_markup_mode="markdown")
        alone.command(name)(found)
        command = get_command(alone)
    command.name = name
    return command
