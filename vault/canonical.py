"""JSON in exactly one spelling (RFC 8785), and a reader that refuses every other spelling.

What is sealed is bytes; two readers must never see two meanings in them. So writing normalises
(-0 is 0, 1.0 is 1) and refuses what has no portable meaning (NaN, integers past 2^53, lone
surrogates, other types), and reading refuses duplicate keys and anything not canonical.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeAlias

from vault.errors import EntryError

JsonValue: TypeAlias = "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"

MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1
"""RFC 8785 section 3.2.2.3: beyond it, an IEEE 754 double no longer names one integer."""

_encode = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False
).encode


class _Plain:
    """Whether json's own writer gives the RFC 8785 bytes for what was normalised."""

    __slots__ = ("ok",)

    def __init__(self) -> None:
        self.ok = True


def dumps(value: JsonValue) -> bytes:
    """Canonical bytes of `value`. Raises EntryError for what JSON, or a double, cannot hold exactly."""
    plain = _Plain()
    copy = _normal(value, plain, MAX_DEPTH)
    try:
        if plain.ok:
            # Same bytes as rfc8785.dumps (a property test compares them), some eight times as fast.
            return _encode(copy).encode("utf-8")
        import rfc8785  # only for exponents and keys beyond ASCII, where the two writers differ

        return rfc8785.dumps(copy)
    except UnicodeEncodeError:
        raise EntryError("The text holds a lone surrogate, which no UTF-8 can carry.") from None
    except ValueError as error:
        raise EntryError(f"The value has no canonical JSON: {error}.") from None


def _normal(value: Any, plain: _Plain, depth: int) -> Any:
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if kind is int:
        if -MAX_INTEGER <= value <= MAX_INTEGER:
            return value
        raise EntryError("An integer beyond 2^53 - 1 has no exact place in JSON; write it as a string.")
    if kind is float:
        return _float(value, plain)
    if depth == 0:
        raise EntryError(f"The value is nested deeper than {MAX_DEPTH} levels.")
    if kind is dict or isinstance(value, Mapping):
        copy = {}
        for key, item in value.items():
            if type(key) is not str:
                raise EntryError("Every key of an object must be a string.")
            if not key.isascii():
                plain.ok = False  # UTF-16 order of keys differs from code point order past U+FFFF
            copy[key] = _normal(item, plain, depth - 1)
        return copy
    if kind is list or kind is tuple:
        return [_normal(item, plain, depth - 1) for item in value]
    if isinstance(value, str):  # an enum of strings, say
        return str.__str__(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [_normal(item, plain, depth - 1) for item in value]
    raise EntryError(f"A {kind.__name__} is not JSON.")


def _float(value: float, plain: _Plain) -> float | int:
    if value - value != 0.0:
        raise EntryError("NaN and infinity are not JSON.")
    if abs(value) > MAX_INTEGER:  # a double of this size is always whole
        raise EntryError("A number beyond 2^53 - 1 has no exact place in JSON; write it as a string.")
    if value.is_integer():
        return int(value)  # 1.0 and 1 are the same double and the same text; -0.0 becomes 0
    if abs(value) < 1e-4:
        plain.ok = False  # Python and ECMAScript write exponents differently down here
    return value


def loads(data: bytes) -> Any:
    """Value of canonical bytes.

    Raises EntryError for everything that is not exactly what `dumps` writes: other spacing or order,
    duplicate keys, -0, NaN, 1e400, lone surrogates, integers past 2^53, nesting past MAX_DEPTH.
    """
    value = parse(data)
    if dumps(value) != data:
        raise EntryError("The JSON is not in canonical form.")
    return value


def parse(data: bytes) -> Any:
    """Value of JSON bytes in any spelling, with duplicate keys, constants and deep nesting refused."""
    if type(data) is not bytes:
        raise EntryError("JSON must come as bytes.")
    if _too_deep(data):
        raise EntryError(f"The JSON is nested deeper than {MAX_DEPTH} levels.")
    try:
        text = data.decode("utf-8")
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_constant)
    except UnicodeDecodeError:
        raise EntryError("The JSON is not UTF-8.") from None
    except (ValueError, RecursionError) as error:
        raise EntryError(f"The bytes are not JSON: {error}.") from None


def _too_deep(data: bytes) -> bool:
    # A bound good enough to keep the parser from recursing: brackets in strings only make it stricter
    # when there are many, and then the careful count decides.
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return False
    depth = 0
    in_string = escaped = False
    for byte in data:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif byte in b"]}":
            depth -= 1
    return False


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise EntryError("The JSON names one key twice.")
    return value


def _constant(name: str) -> NoReturn:
    raise EntryError(f"{name} is not JSON.")
