"""What a tool server says of its tools and answers to a call, and how a call can end without an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ListedTool:
    """One tool as its server lists it. The hints are the server's own claims; None where it makes none."""

    name: str
    description: str
    schema: Mapping[str, Any] = field(repr=False)
    read_only: bool | None = None
    destructive: bool | None = None
    open_world: bool | None = None


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What came back of a call. `text` is cut to the limit; `left_out` says how many characters were."""

    text: str = field(repr=False)
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)  # the structured part, for Undo
    error: bool = False  # the tool itself says that it failed
    left_out: int = 0


class ToolTrouble(Exception):
    """A tool gave no answer. `sentence` is for a person; it never holds arguments, results or addresses."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


class NotSent(ToolTrouble):
    """The call never reached the tool, or its server refused to look at it: certain that nothing was done."""


class NoAnswer(ToolTrouble):
    """The call was sent, and what became of it is not known."""
