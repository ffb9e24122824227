"""The small language of `when = "amount > 100"`: comparisons over an action's arguments, nothing that can run code."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass

Value = float | str | tuple["Value", ...]
_LIMIT = 500


class ConditionError(ValueError):
    """The text is not a condition."""


class _Unknown(Exception):
    """An argument is missing, or is not of the kind it is compared with."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition over arguments (texts by name)."""

    source: str
    tree: ast.expr

    def met(self, arguments: Mapping[str, str]) -> bool:
        """Whether it holds. What cannot be worked out counts as met: conditions only ever make a rule stricter."""
        try:
            return _truth(self.tree, arguments)
        except _Unknown:
            return True


def parse_condition(text: object) -> Condition:
    """Parse `amount > 100 and currency == 'EUR'`.

    Raises:
        ConditionError: empty, too long, or anything but comparisons joined by and, or, not.
    """
    if not isinstance(text, str) or not text.strip() or len(text) > _LIMIT:
        raise ConditionError(f"not a condition of 1 to {_LIMIT} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ConditionError("cannot be read as a condition") from error
    _check(tree)
    return Condition(text.strip(), tree)


def _check(node: ast.expr) -> None:
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                _check(value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            _check(operand)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            if any(isinstance(op, ast.Is | ast.IsNot) for op in ops):
                raise ConditionError("compare with ==, !=, <, <=, >, >=, in, not in")
            for operand in (left, *comparators):
                _check_operand(operand)
        case _:
            raise ConditionError("only comparisons joined by and, or, not")


def _check_operand(node: ast.expr) -> None:
    match node:
        case ast.Name():
            return
        case ast.Constant(value=value) if isinstance(value, int | float | str) and not isinstance(value, bool):
            return
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)) if isinstance(value, int | float):
            return
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            for element in elements:
                _check_operand(element)
        case _:
            raise ConditionError("only argument names, numbers, texts and lists can be compared")


def _truth(node: ast.expr, arguments: Mapping[str, str]) -> bool:
    match node:
        case ast.BoolOp(op=op, values=values):
            # An unknown part must not be hidden by a known one that happens to stand first.
            parts = [_truth(value, arguments) for value in values]
            return all(parts) if isinstance(op, ast.And) else any(parts)
        case ast.UnaryOp(operand=operand):
            return not _truth(operand, arguments)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            sides = [_value(one, arguments) for one in (left, *comparators)]
            return all(_compare(op, a, b) for op, a, b in zip(ops, sides, sides[1:], strict=False))
    raise _Unknown


def _value(node: ast.expr, arguments: Mapping[str, str]) -> Value:
    match node:
        case ast.Name(id=name):
            if name not in arguments:
                raise _Unknown
            return arguments[name]
        case ast.Constant(value=value):
            return value if isinstance(value, str) else float(value)  # type: ignore[arg-type]
        case ast.UnaryOp(operand=ast.Constant(value=value)):
            return -float(value)  # type: ignore[arg-type]
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return tuple(_value(element, arguments) for element in elements)
    raise _Unknown


def _compare(op: ast.cmpop, a: Value, b: Value) -> bool:
    if isinstance(op, ast.In | ast.NotIn):
        if isinstance(b, float):
            raise _Unknown
        found = (
            any(_same(a, one) for one in b)
            if isinstance(b, tuple)
            else isinstance(a, str) and a.casefold() in b.casefold()
        )
        return found if isinstance(op, ast.In) else not found
    if isinstance(op, ast.Eq | ast.NotEq):
        return _same(a, b) if isinstance(op, ast.Eq) else not _same(a, b)
    x, y = _number(a), _number(b)
    match op:
        case ast.Lt():
            return x < y
        case ast.LtE():
            return x <= y
        case ast.Gt():
            return x > y
        case ast.GtE():
            return x >= y
    raise _Unknown


def _same(a: Value, b: Value) -> bool:
    if isinstance(a, float) or isinstance(b, float):
        return _number(a) == _number(b)
    if isinstance(a, str) and isinstance(b, str):
        return a.strip().casefold() == b.strip().casefold()
    return a == b


def _number(value: Value) -> float:
    """Arguments are texts: `"250"` and `"250.00"` are numbers, `"250 EUR"`, `"1,000"` and NaN are not."""
    if isinstance(value, tuple):
        raise _Unknown
    try:
        number = float(value)
    except ValueError as error:
        raise _Unknown from error
    if math.isnan(number):
        raise _Unknown
    return number
