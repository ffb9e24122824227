"""What a declared tool means for the world once its server's own claims are heard: they can make it graver only."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.tools.base import ListedTool
from manifest.tools import ToolDeclaration
from organs.bundles import Effect

_OF_EFFECT = frozenset({"reversible", "compensable", "irreversible"})


@dataclass(frozen=True, slots=True)
class Meant:
    """Effect, class and reach of one tool as it stands now."""

    effect: Effect
    action_class: str | None  # "A+B": decided by the stricter of both in every respect
    own: bool
    outside: bool
    raised: bool = False  # the server's claims made it graver than it was declared


def as_declared(tool: ToolDeclaration, *, remote: bool = False) -> Meant:
    """As the operator declared it; what runs on a machine that is not ours reaches outside, whatever is said."""
    return Meant(Effect(tool.meaning.effect), tool.meaning.action_class, tool.own, tool.outside or remote)


def meant(tool: ToolDeclaration, listed: ListedTool, *, remote: bool = False) -> Meant:
    """With the server's claims. A claim that was not made changes nothing; one that would lower is not heard.

    Hints as the protocol has them: `destructiveHint` counts only where the tool does not say that it only reads, and
    where it says that it does not only read, "not destructive" must be said to be believed.
    """
    before = as_declared(tool, remote=remote)
    claimed = Effect.NONE
    if listed.read_only is not True and listed.destructive is True:
        claimed = Effect.IRREVERSIBLE
    elif listed.read_only is False and before.effect.weight <= Effect.READ.weight:
        claimed = Effect.REVERSIBLE if listed.destructive is False else Effect.IRREVERSIBLE
    outside = before.outside or listed.open_world is True
    if claimed.weight <= before.effect.weight:
        return Meant(before.effect, before.action_class, before.own, outside, outside and not before.outside)
    declared = before.action_class
    action_class = None if declared in (None, *_OF_EFFECT) else f"{declared}+{claimed.value}"
    return Meant(claimed, action_class, False, outside, raised=True)
