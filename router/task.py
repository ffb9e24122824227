"""What kind of question this is: sensitivity, need of fresh facts, complexity, stakes, each with its reason."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from adapters.models.base import ToolSpec
from router.words import ModelCall

_REMEMBERED = 512  # readings kept by text, so that a thread's history is read once
_IN_THREAD_CHARS = 4_000  # longer texts are read beside the event loop
# A line with something in it that could be a key is read by itself too: amid prose the judge's score is watered down.
_KEY_LIKE = re.compile(r"(?=[^\s]*\d)[^\s]{16,}")
_MOST_LINES = 200
# So is a line that could be a name with a number, an address or a placeholder of a key; where there are many of them,
# several are read as one.
_TELLING = re.compile(r"\d|_|%s|[A-ZÀ-Ý]\w+ [A-ZÀ-Ý]|[^\s]{20,}")
_MOST_READINGS = 150
_TURN = 8  # readings of about a millisecond each
_SHORTEST_LINE = 6  # characters: "B. 12" tells nobody anything


class SensitivityReading(Protocol):
    """What a text holds that must not leave, in words for a person ("a phone number")."""

    @property
    def sensitive(self) -> bool: ...
    @property
    def reasons(self) -> Sequence[str]: ...


class Sensitivity(Protocol):
    """Reads a text for what must not leave. Raising means: treat it as sensitive."""

    def sensitive(self, text: str, point: Literal["recall"] = "recall") -> SensitivityReading: ...


class Freshness(Protocol):
    """Probability that a question needs facts newer than a model's training."""

    def needs_fresh(self, text: str) -> bool: ...


class Prior(Protocol):
    """Probability that a local model falls short of the question where a strong one would not."""

    def need(self, text: str) -> float: ...


@dataclass(frozen=True, slots=True)
class Task:
    """One call's features."""

    question: str
    chars: int  # of everything that would be sent
    sensitive: str | None  # what it contains, for a person; None: nothing found
    needs_fresh: bool
    need: float  # chance that a local model falls short
    stronger: bool  # a first answer was not good enough
    chore: bool  # rewriting and the like: the lightest model will do
    high_stakes: bool
    lane: str
    agent: str | None


class TaskReader:
    """Reads features off a call; holds the readers and remembers what it has read."""

    def __init__(self, sensitivity: Sensitivity, freshness: Freshness | None, prior: Prior | None) -> None:
        self._sensitivity, self._freshness, self._prior = sensitivity, freshness, prior
        self._read: OrderedDict[str, str | None] = OrderedDict()

    async def read(self, call: ModelCall) -> Task:
        """The call's features. A reader that fails makes the text sensitive and the question hard: fail closed."""
        question = next((m.content for m in reversed(call.messages) if m.role == "user"), "")
        chore = call.purpose in ("stand_alone", "rewrite")
        sensitive = await self._contains(call)
        unasked = chore or sensitive is not None  # what stays at home is not weighed: nothing would follow from it
        return Task(
            question=question,
            chars=len(call.system) + sum(len(m.content) for m in call.messages),
            sensitive=sensitive,
            needs_fresh=False if unasked else self._fresh(call, question),
            need=0.0 if unasked else self._need(question),
            stronger=call.purpose == "retry",
            chore=chore,
            high_stakes=call.high_stakes,
            lane=call.lane,
            agent=call.agent,
        )

    async def _contains(self, call: ModelCall) -> str | None:
        """Everything that would leave, piece by piece, and the turns as one: a number may be split over two."""
        said = [text for m in call.messages for text in (m.content, *(c.arguments for c in m.calls))]
        pieces = [_without(call.marks, text) for text in (call.system, *said)]
        if len(call.messages) > 1:
            pieces.append("\n".join(pieces[1:]))
        lines = [line for piece in pieces for line in piece.splitlines() if "\n" in piece and _KEY_LIKE.search(line)]
        if len(lines) > _MOST_LINES:
            return "more key-like lines than can be checked"
        pieces += dict.fromkeys([*lines, *_telling(pieces)])
        for number, piece in enumerate(pieces, 1):
            if number % _TURN == 0:
                await asyncio.sleep(0)  # others are waiting for the loop, too
            if piece.strip() and (found := await self._reading(piece)) is not None:
                return found
        return None

    async def showable(self, tools: tuple[ToolSpec, ...]) -> tuple[ToolSpec, ...]:
        """The tools whose description and arguments may leave: one that reads like a secret is left out."""
        return tuple([t for t in tools if await self._reading(f"{t.description}\n{t.schema}") is None])

    async def _reading(self, text: str) -> str | None:
        if text in self._read:
            self._read.move_to_end(text)
            return self._read[text]
        try:
            if len(text) > _IN_THREAD_CHARS:
                reading = await asyncio.to_thread(self._sensitivity.sensitive, text)
            else:
                reading = self._sensitivity.sensitive(text)
            found = (next(iter(reading.reasons), "something private") or None) if reading.sensitive else None
        except Exception:  # noqa: BLE001 - whatever goes wrong there, the text stays here
            return "text that could not be checked"
        self._read[text] = found
        if len(self._read) > _REMEMBERED:
            self._read.popitem(last=False)
        return found

    def _fresh(self, call: ModelCall, question: str) -> bool:
        if call.needs_fresh is not None or self._freshness is None:
            return bool(call.needs_fresh)
        try:
            return self._freshness.needs_fresh(question)
        except Exception:  # noqa: BLE001 - unread counts as fresh: the better informed model is asked
            return True

    def _need(self, question: str) -> float:
        return 1.0 if self._prior is None else self._prior.need(question)


def _telling(pieces: Sequence[str]) -> list[str]:
    """Lines of longer pieces to be read by themselves, or a few together where there are very many."""
    lines = [line for piece in pieces if "\n" in piece for line in piece.splitlines() if _TELLING.search(line)]
    lines = list(dict.fromkeys(line for line in lines if len(line.strip()) >= _SHORTEST_LINE))
    together = -(-len(lines) // _MOST_READINGS)
    return ["\n".join(lines[n : n + together]) for n in range(0, len(lines), together)] if lines else []


def _without(marks: tuple[str, ...], text: str) -> str:
    for mark in marks:
        text = text.replace(mark, "")
    return text
