"""Makes a text fit to go online where the operator allows it: placeholders out, values back in the reply."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from adapters.models.base import ChatMessage
from router.words import ModelCall

# Parts the pieces of one call while they are redacted together, so that equal values get equal placeholders.
_EDGE = "\n\u241e\n"  # the symbol for a record separator


class Redacted(Protocol):
    """A text with placeholders, and the way back."""

    @property
    def text(self) -> str: ...

    def restore(self, reply: str) -> str: ...


class Redactor(Protocol):
    """Replaces what is private by typed placeholders."""

    def redact(self, text: str) -> Redacted: ...


def redacted_call(call: ModelCall, redactor: Redactor) -> tuple[ModelCall, Redacted] | None:
    """The call with placeholders, and the way back; None where its pieces could not be told apart afterwards."""
    pieces = [call.system, *(m.content for m in call.messages)]
    if any("\u241e" in piece for piece in pieces):
        return None
    result = redactor.redact(_EDGE.join(pieces))
    system, *contents = result.text.split(_EDGE)
    if len(contents) != len(call.messages):
        return None
    messages = tuple(ChatMessage(m.role, text) for m, text in zip(call.messages, contents, strict=True))
    return replace(call, system=system, messages=messages), result
