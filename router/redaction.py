"""Makes a text fit to go online where the operator allows it: placeholders out, values back in the reply."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Protocol

from router.words import Answer, ModelCall

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
    if any("\u241e" in piece for piece in pieces) or any(m.calls for m in call.messages):
        return None  # a call's arguments are no prose: a placeholder in them would change what was called
    result = redactor.redact(_EDGE.join(pieces))
    system, *contents = result.text.split(_EDGE)
    if len(contents) != len(call.messages):
        return None
    messages = tuple(replace(m, content=text) for m, text in zip(call.messages, contents, strict=True))
    return replace(call, system=system, messages=messages), result


def restored(answer: Answer, result: Redacted) -> Answer:
    """The answer with the values back in place, in its text and in the calls it asks for."""
    calls = tuple(replace(c, arguments=_restored(c.arguments, result)) for c in answer.calls)
    return replace(answer, text=result.restore(answer.text), calls=calls)


def _restored(arguments: str, result: Redacted) -> str:
    """JSON text with the values back inside its strings."""

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return result.restore(value)
        if isinstance(value, list):
            return [walk(one) for one in value]
        return {k: walk(v) for k, v in value.items()} if isinstance(value, dict) else value

    try:
        return json.dumps(walk(json.loads(arguments)), ensure_ascii=False)
    except (json.JSONDecodeError, RecursionError):
        return arguments  # no JSON: whoever reads the call refuses it
