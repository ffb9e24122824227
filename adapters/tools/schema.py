"""Arguments against a tool's JSON schema, and the two forms they have: values for the tool, texts for people.

A hold, a proposal and a button know texts only. `as_texts` and `as_values` are each other's inverse; arguments that
would not survive the way there and back are refused, so that what is approved is what is sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_MOST_CHARS = 100_000  # of one call's arguments as JSON
_MOST_FAULTS = 3


class BadArguments(Exception):
    """The arguments do not fit; the message says what is wrong without repeating a value."""


def properties(schema: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The schema's named arguments."""
    found = schema.get("properties")
    return {k: v if isinstance(v, dict) else {} for k, v in found.items()} if isinstance(found, dict) else {}


def required(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """The arguments that must be there."""
    found = schema.get("required")
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def without(schema: Mapping[str, Any], hidden: tuple[str, ...]) -> Mapping[str, Any]:
    """The schema as a model sees it: arguments that code fills in are not in it."""
    shown = {k: v for k, v in properties(schema).items() if k not in hidden}
    rest = {k: v for k, v in schema.items() if k not in ("properties", "required", "title", "$schema")}
    return {**rest, "type": "object", "properties": shown, "required": [r for r in required(schema) if r in shown]}


def check(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Raise BadArguments unless the arguments fit; what the schema does not name is refused, too.

    References are followed inside the schema only: nothing is fetched.
    """
    from jsonschema import SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    unknown = sorted(set(arguments) - set(properties(schema)))
    if unknown and not isinstance(schema.get("additionalProperties"), dict | bool):
        raise BadArguments(f"there is no argument called {unknown[0][:64]}")
    kind = validator_for(dict(schema))
    try:
        kind.check_schema(dict(schema))
        faults = list(kind(dict(schema), registry=Registry()).iter_errors(dict(arguments)))
    except (SchemaError, Unresolvable, RecursionError) as error:
        raise BadArguments("the tool's own description of its arguments cannot be used") from error
    if faults:
        raise BadArguments("; ".join(_words(fault) for fault in faults[:_MOST_FAULTS]))


def as_texts(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, str]:
    """The arguments as a proposal carries them. Raises BadArguments where they would not come back the same."""
    try:
        texts = {k: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for k, v in arguments.items()}
        if sum(len(k) + len(v) for k, v in texts.items()) > _MOST_CHARS:
            raise BadArguments("the arguments are too long")
        same = json.dumps(as_values(texts, schema), sort_keys=True) == json.dumps(dict(arguments), sort_keys=True)
    except (ValueError, TypeError, RecursionError) as error:
        raise BadArguments("the arguments cannot be written down exactly") from error
    if not same:
        raise BadArguments("the arguments cannot be written down exactly")
    return texts


def as_values(texts: Mapping[str, str], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the tool takes them: a text stays one wherever the schema allows a text."""
    known = properties(schema)
    return {name: text if _takes_text(known.get(name, {})) else _value(text) for name, text in texts.items()}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return text  # the check against the schema says what is wrong


def _takes_text(schema: Mapping[str, Any]) -> bool:
    if "enum" in schema and isinstance(schema["enum"], list):
        return any(isinstance(one, str) for one in schema["enum"])
    if "const" in schema:
        return isinstance(schema["const"], str)
    kind = schema.get("type")
    if isinstance(kind, str):
        return kind == "string"
    if isinstance(kind, list):
        return "string" in kind
    for key in ("anyOf", "oneOf"):
        if isinstance(schema.get(key), list):
            return any(isinstance(one, dict) and _takes_text(one) for one in schema[key])
    return not any(key in schema for key in ("properties", "items", "minimum", "maximum", "$ref"))


def _words(fault: Any) -> str:
    """A fault without the value that was wrong."""
    where = ".".join(str(part) for part in fault.absolute_path)[:80]
    kind = fault.validator
    if kind == "required":
        missing = [one for one in fault.validator_value if one not in fault.instance]
        return f"{', '.join(missing[:5])} is missing" if missing else "something is missing"
    if kind == "additionalProperties":
        return "an argument that the tool does not know"
    allowed = fault.validator_value if kind in ("type", "enum", "minimum", "maximum", "maxLength", "format") else ""
    return f"{where or 'the arguments'} does not fit ({kind}{f': {str(allowed)[:80]}' if allowed != '' else ''})"
