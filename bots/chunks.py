"""Cuts Markdown into messages a platform takes: nothing dropped, and no fence, table, link or letter broken.

A cut is made, in this order of liking: between blocks, between list items, between lines (of code, of a table: with
its head repeated), between sentences, between words. Code cut in two is closed and opened again with its language.
Only what is longer than a whole message by itself (one endless word) is cut between letters as people see them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import regex

SMALLEST = 40  # characters; below it there is no room for a fence and its language

_FENCE = regex.compile(r"^(?P<box>(?:[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])*)(?P<mark>`{3,}|~{3,})(?P<info>[^\n`]*)$")
_ITEM = regex.compile(r"^[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_RULE = regex.compile(
    r"^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)+\|?[ \t]*$|^[ \t]*\|[ \t]*:?-+:?[ \t]*\|[ \t]*$"
)
_WHOLE = regex.compile(  # what is never cut while it fits into one message
    r"!?\[[^\[\]\n]{0,500}\]\([^()\s]{0,2000}(?:\([^()\s]{0,500}\)[^()\s]{0,500})?(?:[ ]\"[^\"\n]{0,300}\")?\)"
    r"|<[^<>\s]{1,2000}>"
    r"|https?://[^\s<>]{1,2000}"
    r"|(?<!`)(`{1,2})(?!`)[^`\n]{1,500}(?<!`)\1(?!`)"
    r"|\*\*[^*\n]{1,300}\*\*"
)
_SENTENCE = regex.compile(r"[.!?…。！？][\"')\]»”]*[ \t]+")
_WORD = regex.compile(r"[ \t]+")
_GRAPHEME = regex.compile(r"\X")
_OPENS = regex.compile(r"[ \t>]*(?:```|~~~)")

_BLOCK, _LIST, _LINE, _TEXT_LINE, _SENTENCE_END, _SPACE, _POOR = range(7)
_NEVER = -9
_EARLY = 0.3  # of the room: a cut before it wastes a message and is taken only where there is no other


@dataclass(frozen=True, slots=True)
class Chunk:
    """One message: `body` is the exact part of the source, `text` the same with what it needs to stand alone."""

    body: str
    text: str


@dataclass(frozen=True, slots=True)
class _Inside:
    """What a position lies in: the lines that open it again, and the line that closes it."""

    opening: str = ""
    closing: str = ""
    fence: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int  # after its newline
    before: _Inside  # what its beginning lies in
    rank: int  # how good a cut before it is


def utf16(text: str) -> int:
    """Length in UTF-16 units, the widest way in which a platform counts characters."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def pieces(text: str, limit: int, *, length: Callable[[str], int] = len) -> list[str]:
    """The messages to send, in order; those of white space alone are left out."""
    return [chunk.text for chunk in split(text, limit, length=length) if chunk.text.strip()]


def split(text: str, limit: int, *, length: Callable[[str], int] = len) -> list[Chunk]:
    """Cut `text` into chunks whose `text` is at most `limit` by `length`; the bodies joined are the source.

    `length` may count more than one per character, never less. Raises ValueError for a limit below 40.
    """
    if limit < SMALLEST:
        raise ValueError(f"a message of fewer than {SMALLEST} characters cannot hold Markdown")
    if not text:
        return []
    source = _Source(text, limit)
    chunks: list[Chunk] = []
    start = 0
    while start < len(text):
        end = _cut(source, start, limit, length)
        chunks.append(Chunk(text[start:end], source.rendered(start, end)))
        start = end
    return chunks


def _cut(source: _Source, start: int, limit: int, length: Callable[[str], int]) -> int:
    """Where the chunk that begins at `start` ends."""

    def fits(end: int) -> bool:
        rendered = source.rendered(start, end)
        return length(rendered) <= limit and balanced(rendered)

    low, high = start, min(len(source.text), start + limit)
    while low < high:  # the farthest that the bare characters reach
        middle = (low + high + 1) // 2
        if length(source.text[start:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    reach = max(low, start + 1)
    if reach == len(source.text) and fits(reach):
        return reach
    for end in source.candidates(start, reach):
        if fits(end):
            return end
    # One letter with more marks on it than a message holds, or text made to defeat every rule above: characters.
    for end in range(reach, start, -1):
        if length(source.rendered(start, end)) <= limit:
            return end
    return start + 1


def balanced(text: str) -> bool:
    """Whether every code fence that begins in the text ends in it."""
    mark = ""
    for line in text.split("\n"):
        mark = _after(mark, line)
    return not mark


def _after(mark: str, line: str) -> str:
    """The fence that is open after a line, given the one open before it ("" for none)."""
    found = _FENCE.match(line)
    if not mark:
        return "" if found is None else found["mark"]
    if found is None or found["info"].strip() or found["box"].strip("> \t"):
        return mark
    return "" if found["mark"].startswith(mark) else mark


class _Source:
    """The text, read once: its lines with what they lie in, and where it may be cut."""

    def __init__(self, text: str, limit: int) -> None:
        self.text, self._longest = text, limit // 4
        self._last = _Inside()  # what the end of the text lies in: nothing, or a fence that was left open
        self._lines = list(self._read())
        self._starts = [line.start for line in self._lines]
        self._whole = [found.span() for found in _WHOLE.finditer(text) if len(found[0]) <= limit // 2]
        self._whole_starts = [span[0] for span in self._whole]
        found: dict[int, int] = {line.start: line.rank for line in self._lines}
        ends = {match.end() for match in _GRAPHEME.finditer(text)}  # a space can carry an accent
        for pattern, rank in ((_SENTENCE, _SENTENCE_END), (_WORD, _SPACE)):
            for match in pattern.finditer(text):
                if match.end() not in found and match.end() < len(text) and match.end() in ends:
                    found[match.end()] = rank if self._good(match.end()) else _POOR
        found[len(text)] = _BLOCK
        self._cuts = sorted(found.items())
        self._cut_places = [place for place, _ in self._cuts]

    def candidates(self, start: int, reach: int) -> Iterator[int]:
        """Places to cut after `start` and not after `reach`, the best first."""
        first, last = bisect_right(self._cut_places, start), bisect_right(self._cut_places, reach)
        early = start + (reach - start) * _EARLY
        near = [(place, rank) for place, rank in self._cuts[first:last] if not self._in_whole(place)]
        late = sorted(((r, -p) for p, r in near if p >= early and r < _POOR))
        yield from (-place for _, place in late)
        soon = sorted(((r, -p) for p, r in near if p < early and r < _SENTENCE_END))
        yield from (-place for _, place in soon)
        letters = [start + end for end in self._letters(start, reach)]
        letters.reverse()
        yield from (place for place in letters if self._good(place) and not self._in_whole(place))
        yield from letters

    def _letters(self, start: int, reach: int) -> Iterator[int]:
        # A little past the end, so that the last cluster seen is a whole one.
        window = self.text[start : reach + 64]
        for found in _GRAPHEME.finditer(window):
            if found.end() > reach - start:
                return
            yield found.end()

    def _in_whole(self, place: int) -> bool:
        at = bisect_left(self._whole_starts, place) - 1
        return at >= 0 and self._whole[at][0] < place < self._whole[at][1]

    def _good(self, place: int) -> bool:
        """Whether what follows would read the same at the beginning of a line."""
        return _OPENS.match(self.text, place) is None

    def inside(self, place: int) -> _Inside:
        """What a place lies in; the end of the text lies in nothing but a fence left open."""
        at = bisect_right(self._starts, place) - 1
        line = self._lines[at]
        if place == line.start or line.before.fence:
            return line.before
        return _Inside()  # in the middle of a line of text or of a row: nothing can be opened again there

    def rendered(self, start: int, end: int) -> str:
        """The part as a message of its own."""
        body = self.text[start:end]
        before = self.inside(start)
        after = self.inside(end) if end < len(self.text) else self._last
        if not body.strip():
            return body
        shown = before.opening + body
        if not after.fence:
            return shown
        return shown + ("" if shown.endswith("\n") else "\n") + after.closing

    def _read(self) -> Iterator[_Line]:
        """Line by line: what each begins in, and how good a cut before it is."""
        rows = self.text.split("\n")
        fence = table = _Inside()
        mark, opened, head = "", _NEVER, _NEVER
        after_blank, in_list, place = True, False, 0
        for number, row in enumerate(rows):
            end = min(len(self.text), place + len(row) + 1)
            blank = not row.strip()
            if mark:
                now = _after(mark, row)
                yield _Line(place, end, fence, _POOR if not now or opened == number - 1 else _LINE)
                mark, after_blank, place = now, not now, end
                continue
            if head != _NEVER and (blank or "|" not in row):
                head = _NEVER
            item = _ITEM.match(row) is not None
            indented = in_list and row[:1] in (" ", "\t")
            if head != _NEVER:
                early = number - head <= 2  # its rule and its first row stay with its head
                yield _Line(place, end, table if number - head > 1 else _Inside(), _POOR if early else _LINE)
            else:
                following = rows[number + 1] if number + 1 < len(rows) else ""
                if "|" in row and _RULE.match(following):
                    lines = f"{row}\n{following}\n"
                    head, table = number, _Inside(lines if len(lines) <= self._longest else "")
                fresh = (after_blank and not indented) or head == number
                rank = _LIST if item and in_list else _BLOCK if fresh and not blank else _LIST if item else _TEXT_LINE
                yield _Line(place, end, _Inside(), rank)
            mark = _after("", row)
            if mark:
                fence, opened, head = self._fence(row), number, _NEVER
            in_list = item or (in_list and (blank or indented))
            after_blank, place = blank, end
        self._last = fence if mark else _Inside()

    def _fence(self, row: str) -> _Inside:
        found = _FENCE.match(row)
        assert found is not None
        quote = ">" * found["box"].count(">") + (" " if ">" in found["box"] else "")
        mark = found["mark"]
        opening = f"{quote}{mark}{found['info'].rstrip()}"
        if len(opening) > self._longest:
            opening = f"{quote}{mark}"
        return _Inside(f"{opening}\n", f"{quote}{mark}", True)
