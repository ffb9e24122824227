"""Many messages at once, through the whole pipeline: rows of JSON in, rows of JSON out.

What is written down stays: a run that was stopped goes on where it was, a failed row is a row with an error and is
tried again by the next run, and no row is answered twice (each carries its own key).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

CHANNEL = "batch"  # no limit of messages a minute: its own few places bound it
AT_ONCE = 4
_FIELDS = ("prompt", "text", "message")
_AGENTS = ("c1", "c2", "c3", None)
_LONGEST = 1024 * 1024  # characters of one line


class BatchRefused(Exception):
    """The files cannot be used as they are; the message says why and what to do."""


class RowFailed(Exception):
    """One row got no answer; the message is what stands in its place.

    `heard`: Trinity said that it has none, so that the next try must be a new question. Otherwise nobody knows, and
    the same key finds the answer that may be there by then.
    """

    def __init__(self, message: str, *, heard: bool = False) -> None:
        self.heard = heard
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Row:
    """One message. `key` is the same for the same line of the same file, so that no run answers it twice."""

    number: int  # line in the input, from 1
    key: str
    text: str = field(repr=False)
    agent: str | None = None
    id: str | int | None = None  # the row's own name, handed through
    error: str | None = None  # why the line cannot be asked
    tries: int = 0  # how often earlier runs were told that there is no answer

    @property
    def asked_as(self) -> str:
        """The key under which it is asked this time."""
        return f"{self.key}-{self.tries}"


@dataclass(slots=True)
class Tally:
    """How far a run is."""

    total: int
    done: int = 0
    failed: int = 0
    kept: int = 0  # done by an earlier run


Ask = Callable[[Row], Awaitable[Mapping[str, Any]]]  # an outcome's fields; raises RowFailed


def read_rows(source: Path) -> list[Row]:
    """Every line as a row; lines that cannot be asked say why. Raises BatchRefused for a file that is no text."""
    try:
        lines = source.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BatchRefused(f"{source} cannot be read as UTF-8 text ({type(error).__name__}).") from error
    return [_row(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _row(number: int, line: str) -> Row:
    key = hashlib.sha256(f"{number}\n{line}".encode()).hexdigest()[:40]
    if len(line) > _LONGEST:
        return Row(number, key, "", error="The line is longer than 1 MB.")
    try:
        raw = json.loads(line)
    except ValueError:
        return Row(number, key, "", error="The line is not JSON.")
    if not isinstance(raw, dict):
        return Row(number, key, "", error="The line is not a JSON object.")
    text = next((raw[name] for name in _FIELDS if isinstance(raw.get(name), str)), None)
    own = raw.get("id") if isinstance(raw.get("id"), (str, int)) else None
    if text is None or not text.strip():
        return Row(number, key, "", id=own, error='There is no "prompt", "text" or "message" in it.')
    if raw.get("agent") not in _AGENTS:
        return Row(number, key, text, id=own, error="There is no such agent: c1, c2 or c3.")
    return Row(number, key, text, raw.get("agent"), own)


def _finished(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(key, line) of each row that an earlier run answered; torn and failed ones are left out."""
    for line in lines:
        try:
            raw = json.loads(line)
        except ValueError:
            continue
        if isinstance(raw, dict) and isinstance(raw.get("key"), str) and raw.get("error") is None:
            yield raw["key"], line


def _take_up(out: Path, rows: list[Row]) -> list[Row]:
    """Leave only the answered rows of this input in the output; the rows that are left to ask.

    Raises BatchRefused for a file that is not ours.
    """
    if not out.exists():
        return rows
    try:
        lines = out.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BatchRefused(f"{out} cannot be read ({type(error).__name__}). Nothing was asked.") from error
    kept = dict(_finished(lines))
    if lines and not any(_is_ours(line) for line in lines):
        raise BatchRefused(f"{out} is not the output of an earlier run. Nothing was asked; name another file.")
    mine = {row.key for row in rows}
    kept = {key: line for key, line in kept.items() if key in mine}
    beside = out.with_name(f".{out.name}.tmp")
    beside.write_text("".join(f"{line}\n" for line in kept.values()), encoding="utf-8")
    beside.replace(out)
    tries = dict(_tries(lines))
    return [replace(row, tries=tries.get(row.key, 0)) for row in rows if row.key not in kept]


def _tries(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    for line in lines:
        if _is_ours(line) and isinstance(tries := json.loads(line).get("tries"), int):
            yield json.loads(line)["key"], tries


def _is_ours(line: str) -> bool:
    try:
        raw = json.loads(line)
    except ValueError:
        return False
    return isinstance(raw, dict) and "key" in raw and "row" in raw


async def run(
    source: Path, out: Path, ask: Ask, *, at_once: int = AT_ONCE, told: Callable[[Tally], None] = lambda _: None
) -> Tally:
    """Ask every row that no earlier run answered, at most `at_once` side by side; rows stand in `out` as they end.

    Raises BatchRefused before anything is asked. A row's failure ends nothing but that row.
    """
    rows = await asyncio.to_thread(read_rows, source)
    left = await asyncio.to_thread(_take_up, out, rows)
    kept = len(rows) - len(left)
    tally = Tally(len(rows), done=kept, kept=kept)
    told(tally)
    todo = iter(left)
    with out.open("a", encoding="utf-8") as file:

        async def work() -> None:
            for row in todo:
                line = await _answered(row, ask)
                await asyncio.to_thread(_write, file, line)
                tally.done += 1
                tally.failed += line["error"] is not None
                told(tally)

        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, at_once)):
                group.create_task(work())
    return tally


async def _answered(row: Row, ask: Ask) -> dict[str, Any]:
    line: dict[str, Any] = {"row": row.number, "id": row.id, "key": row.key}
    if row.error is not None:
        return {**line, "error": row.error}
    try:
        found = await ask(row)
    except RowFailed as failed:
        return {**line, "error": str(failed), "tries": row.tries + failed.heard}
    names = ("exchange_id", "verdict", "lane", "reply", "quiet", "model", "receipt")
    return {**line, "error": None, **{name: found.get(name) for name in names}}


def _write(file: TextIO, line: Mapping[str, Any]) -> None:
    """One whole line, on the disk before the next is begun: a row that was paid for is not lost with the power."""
    file.write(json.dumps(line, ensure_ascii=False) + "\n")
    file.flush()
    os.fsync(file.fileno())
