"""Cuts text into the units that a judge reads: sentences (or lines, cells) and windows of words, with their places."""

import re
from dataclasses import dataclass

MAX_SENTENCES = 400
WINDOW_WORDS = 60
WINDOW_STEP = 45
MAX_WINDOWS = 200

_BREAK = re.compile(
    r"""(?:[.!?。！？]+["'”’)\]]*(?=\s+[^\sa-z]|\s*$)|[。！？]|\n+|(?<=[a-z])[.!?](?=[A-Z][a-z])|(?:\|\s*){2,}|;{2,})"""
)
_LONG = 320  # a "sentence" longer than this is cut at commas or by words
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of text: text[start:end], outer white space left out."""

    text: str
    start: int
    end: int


def _unit(text: str, start: int, end: int) -> Unit | None:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip(" \t\n\r|>*-#$"))
    stripped = piece.strip(" \t\n\r|>*-#$")
    if not any(c.isalnum() for c in stripped):
        return None
    return Unit(stripped, start + left, start + left + len(stripped))


def sentences(text: str, limit: int = MAX_SENTENCES) -> list[Unit]:
    """Sentences, lines and table rows in order; of a very long text the first and last ones, `limit` in all."""
    found: list[Unit] = []
    start = 0
    ends = [m.end() for m in _BREAK.finditer(text)]
    if not ends or ends[-1] < len(text):
        ends.append(len(text))
    for end in ends:
        if end - start > _LONG:
            cuts = [start]
            while end - cuts[-1] > _LONG:
                at = max(text.rfind(mark, cuts[-1] + 80, cuts[-1] + _LONG) for mark in (", ", "; ", ": ", " - "))
                at = at if at > 0 else text.rfind(" ", cuts[-1] + 80, cuts[-1] + _LONG)
                cuts.append(at + 1 if at > 0 else cuts[-1] + _LONG)
            parts = [*zip(cuts, [*cuts[1:], end], strict=True)]
        else:
            parts = [(start, end)]
        for a, b in parts:
            if unit := _unit(text, a, b):
                found.append(unit)
        start = end
    if len(found) > limit:
        found = found[: limit // 2] + found[-(limit - limit // 2) :]
    return found


def windows(text: str) -> list[Unit]:
    """Windows of 60 words, 45 apart; a text of up to 75 words is one window. At most MAX_WINDOWS, evenly spread."""
    words = [m.span() for m in _WORD.finditer(text)]
    if len(words) <= WINDOW_WORDS + WINDOW_STEP // 3:
        # Without spaces (Chinese, a wall of signs) words say little: cut by characters too.
        if len(text) <= 1200:
            return [Unit(text, 0, len(text))]
        found = [Unit(text[i : i + 600], i, min(len(text), i + 600)) for i in range(0, len(text), 450)]
    else:
        found = []
        for first in range(0, len(words), WINDOW_STEP):
            chunk = words[first : first + WINDOW_WORDS]
            found.append(Unit(text[chunk[0][0] : chunk[-1][1]][:1200], chunk[0][0], chunk[-1][1]))
            if first + WINDOW_WORDS >= len(words):
                break
    if len(found) > MAX_WINDOWS:
        step = len(found) / MAX_WINDOWS
        found = [found[int(i * step)] for i in range(MAX_WINDOWS - 1)] + [found[-1]]
    return found
