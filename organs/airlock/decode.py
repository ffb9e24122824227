"""Turns one text into the views that a reader or a model could take of it: as seen, decoded, lifted out of hiding.

The first view is always the whole text as a reader sees it; each further view is one stretch that says something
else when undone. Every view knows which characters of the original it came from, so that it can be cut there.
Time is bounded: at most MAX_CHARS characters are worked on (head and tail of a longer text; `View.whole` says so),
MAX_VIEWS views come out, nested disguises are undone MAX_DEPTH deep.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from organs.airlock import ciphers, encodings
from organs.airlock.characters import clean, hidden_text, strip

MAX_CHARS = 48_000
MAX_VIEWS = 24
MAX_DEPTH = 2
_CIPHER_CHARS = 8_000  # letter disguises are undone within this much of a text: they wrap messages, not books
_HEAD = MAX_CHARS * 3 // 4


@dataclass(frozen=True, slots=True)
class View:
    """One reading of a text."""

    kind: str  # "plain", or what was undone: "characters", "base64", "rot", "html comment", ...
    text: str
    start: int  # where in the original the view comes from; for the first view the whole of it
    end: int
    whole: bool = True  # False where the text was too long and only head and tail were read


_COMMENT = re.compile(r"<!--(.*?)(?:-->|$)", re.DOTALL)
_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]{0,400}|!doctype[^<>]{0,200})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""\b(?:title|alt|aria-label|content|value|placeholder|data-[\w-]+)\s*=\s*(?:"([^"]{8,})"|'([^']{8,})')"""
)
_UNSEEN = re.compile(
    r"<(\w+)[^<>]{0,200}(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?![.\d])|"
    r"color\s*:\s*(?:white|#fff(?:fff)?)\b|\bhidden\b)[^<>]{0,200}>(.*?)(?:</\1>|$)",
    re.IGNORECASE | re.DOTALL,
)
_LINK_TITLE = re.compile(
    r"""\]\(\s*<?[^\s()<>]*>?\s+(?:"(.{4,1500}?)"|'(.{4,1500}?)'|\(([^)\n]{4,})\))\s*\)""", re.DOTALL
)
_LINK_DEFINITION = re.compile(r"""^\s{0,3}\[([^\]\n]+)\]:\s*\S+(?:[ \t]+["'(](.{4,})["')])?[ \t]*$""", re.MULTILINE)
_IMAGE_ALT = re.compile(r"!\[([^\]\n]{8,})\]\(")
_QUOTED_LINES = re.compile(r"(?:^[ \t]{0,3}>.*(?:\n|$))+", re.MULTILINE)
_QUOTE_MARK = re.compile(r"^[ \t]{0,3}(?:>[ \t]?)+", re.MULTILINE)
_WROTE = re.compile(r"^.{0,120}\b(?:wrote|schrieb|escribió|écrit|ha scritto|escreveu)\s*:?\s*$", re.MULTILINE)
_FENCE = re.compile(r"^(```+|~~~+)[^\n]*\n(.*?)(?:^\1|\Z)", re.MULTILINE | re.DOTALL)
_CODE_COMMENT = re.compile(r"(?:(?<=\s)|^)(?:#|//|--)[ \t]*([^\n]{12,})|/\*(.*?)\*/", re.MULTILINE | re.DOTALL)
_NEXT = r"(?=\s*(?:,|;|\.|\n|$|\band\b|&))"  # what follows a string's closing quote
_ASSIGNED = re.compile(
    r"""\b([A-Za-z_]\w{0,15})\s*(?:=|:=|\bis\b|:)\s*"""
    rf"""(?:"(.{{1,600}}?)"{_NEXT}|'(.{{1,600}}?)'{_NEXT}|“([^”]{{1,600}})”)""",
    re.DOTALL,
)
_JOINED = re.compile(r"\b[A-Za-z_]\w{0,15}(?:\s*[+&]\s*[A-Za-z_]\w{0,15})+|(?:\bjoin|\bconcat|\bcombin|\btogether)")
_STRINGS = re.compile(r"\"([^\"\n]{2,300})\"|(?<!\w)'((?:[^'\n]|(?<=\w)'(?=\w)){2,300})'(?!\w)|“([^”\n]{2,300})”")
_PARTS = re.compile(r"\b(?:part|piece|combin\w*|concat\w*|join\w*|merge|put together|assemble)\b", re.IGNORECASE)


def views(text: str) -> tuple[View, ...]:
    """All views of one text, the whole one first; never empty, never raises."""
    whole = len(text) <= MAX_CHARS
    size = len(text)
    hidden = hidden_text(text[:MAX_CHARS])
    window = text if whole else f"{text[:_HEAD]}\n{text[size - (MAX_CHARS - _HEAD) :]}"
    seen = clean(window)
    same = seen == window
    first = View("plain" if same else "characters", ciphers.respelled(_as_read(seen)), 0, size, whole)
    found: list[View] = [first]
    known = {_key(first.text)}

    def add(view: View) -> bool:
        key = _key(view.text)
        if len(view.text) < 4 or key in known or len(found) >= MAX_VIEWS:
            return False
        known.add(key)
        found.append(view)
        return True

    for stretch in hidden:
        add(View("hidden characters", clean(stretch), 0, size, whole))
    # Positions are exact only while cleaning changed nothing; else a view stands for the whole text.
    frontier = [(view, 0) for view in found]
    while frontier:
        view, depth = frontier.pop(0)
        if depth >= MAX_DEPTH:
            continue
        source = seen if view is first else view.text
        exact = same and view is first and whole
        for made in _undone(source):
            place = (made.start, made.end) if exact else (view.start, view.end)
            derived = View(made.kind, ciphers.respelled(clean(made.text)), *place, whole)
            if add(derived):
                frontier.append((derived, depth + 1))
    return tuple(found)


def _as_read(text: str) -> str:
    """The text as a reader takes it in: letters set apart, leet and named parts undone in their place, quoted mail
    left to its own view. Neither a model nor a person reads "h e l l o" as five words, and what a quoted mail asks for
    is asked of its own reader."""
    head = text[:_CIPHER_CHARS]
    if made := ciphers.unspaced(head):
        undone, start, end = made
        text = f"{text[:start]}{undone}{text[end:]}"
    elif plain := ciphers.unleet(head):
        text = plain + text[_CIPHER_CHARS:]
    elif joined := _put_together(head):
        text = f"{text[: joined.start]}{joined.text}{text[joined.end :]}"
    if ">" in text:
        around = _QUOTED_LINES.sub("\n", text)
        if len(around.split()) >= 3:
            return around
    return text


def _key(text: str) -> str:
    return re.sub(r"\W+", "", text).lower()


def _undone(text: str) -> Iterator[encodings.Found]:
    """Stretches of one text that say something else, or hide, in the order of how sure they are."""
    yield from encodings.find(text)
    yield from _lifted(text)
    head = text[:_CIPHER_CHARS]
    for kind, undo in (
        ("rot", ciphers.shifted),
        ("reversed", ciphers.reversed_text),
        ("spaced", ciphers.unspaced),
    ):
        if made := undo(head):
            yield encodings.Found(kind, *made)
    if plain := ciphers.unleet(head):
        yield encodings.Found("leet", plain, 0, len(text))
    if joined := _put_together(head):
        yield joined


def _lifted(text: str) -> Iterator[encodings.Found]:
    """Comments, hidden elements, attributes, link titles, quoted replies, text of markup: each alone."""
    if "<" in text:
        for match in _COMMENT.finditer(text):
            yield encodings.Found("html comment", match[1].strip(), *match.span())
        for match in _UNSEEN.finditer(text):
            yield encodings.Found("hidden element", _TAG.sub(" ", match[2]).strip(), *match.span())
        for match in _ATTRIBUTE.finditer(text):
            yield encodings.Found("attribute", (match[1] or match[2]).strip(), *match.span())
        if len(_TAG.findall(text)) >= 2:
            bare = re.sub(r"[ \t]+", " ", _TAG.sub(" ", _COMMENT.sub(" ", text))).strip()
            yield encodings.Found("markup", bare, 0, len(text))
    if "](" in text:
        for match in _LINK_TITLE.finditer(text):
            yield encodings.Found("link title", (match[1] or match[2] or match[3]).strip(), *match.span())
        for match in _IMAGE_ALT.finditer(text):
            yield encodings.Found("image text", match[1].strip(), *match.span())
    if "]:" in text:
        for match in _LINK_DEFINITION.finditer(text):
            yield encodings.Found("link title", (match[2] or match[1]).strip(), *match.span())
    if ">" in text:
        quoted = list(_QUOTED_LINES.finditer(text))
        for match in quoted:
            inner = _WROTE.sub("", _QUOTE_MARK.sub("", match[0])).strip()
            yield encodings.Found("quoted reply", inner, *match.span())
        if len(quoted) > 1:  # a message cut up by quote marks says itself only as a whole
            yield encodings.Found("quote marks", _QUOTE_MARK.sub("", text), 0, len(text))
    if "```" in text or "~~~" in text:
        for match in _FENCE.finditer(text):
            yield encodings.Found("fenced block", match[2].strip(), *match.span())
            for comment in _CODE_COMMENT.finditer(match[2]):
                yield encodings.Found("code comment", (comment[1] or comment[2] or "").strip(), *match.span())


def _put_together(text: str) -> encodings.Found | None:
    """A message cut into named strings or parts, put together again in the order the text asks for."""
    named: dict[str, str] = {}
    spans = []
    for match in _ASSIGNED.finditer(text):
        named[match[1]] = match[2] or match[3] or match[4] or ""
        spans.append(match.span())
    if len(named) >= 2 and (asked := _JOINED.search(text)):
        order = [n for n in re.findall(r"\w+", asked[0]) if n in named] or list(named)
        joined = "".join(named[n] for n in order)
        if " " in joined and not any(c in joined for c in "{}"):
            return encodings.Found("put together", joined.strip(), spans[0][0], max(asked.end(), spans[-1][1]))
    strings = [m for m in _STRINGS.finditer(text) if len(m[0]) > 3]
    if 2 <= len(strings) <= 12 and len(_PARTS.findall(text)) >= 2:
        joined = " ".join((m[1] or m[2] or m[3]).strip() for m in strings)
        return encodings.Found("put together", joined, strings[0].start(), strings[-1].end())
    return None


def visible(text: str) -> str:
    """The text without invisible and control characters: what may be shown and stored."""
    return strip(text)
