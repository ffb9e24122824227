"""Splits one message into the person's own words and what they quote, fence, forward or paste, with provenance.

The split decides what a detection may do (DESIGN, F12), so it is conservative: text counts as quoted only where the
form says so (quote marks, fences, mail headers, a request followed by a pasted block), and a message with no own
words beside the quotation is own words altogether.
"""

import re

from organs.bundles import Piece, Provenance

_FENCE = re.compile(r"^(?P<f>```+|~~~+)[^\n]*\n.*?(?:^(?P=f)[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_INLINE_FENCE = re.compile(r"```.+?```", re.DOTALL)
_QUOTED_LINES = re.compile(
    r"(?:^.{0,120}\b(?:wrote|schrieb|escribió|a écrit|ha scritto|escreveu)[^\n]{0,40}:[ \t]*\n\s*)?"
    r"(?:^[ \t]{0,3}>.*(?:\n|\Z))+",
    re.MULTILINE,
)
_TRIPLE = re.compile(r'"""(.+?)"""|\'\'\'(.+?)\'\'\'|<<<(.+?)>>>', re.DOTALL)
_TAGGED = re.compile(
    r"<(document|mail|email|e-mail|message|text|article|page|quote|blockquote|data|input|content|context|file)\b[^<>]*>"
    r".*?(?:</\1>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_MAIL = re.compile(
    r"^(?:-{2,}\s*(?:original message|forwarded message|ursprüngliche nachricht|mensaje (?:original|reenviado)|"
    r"message (?:d'origine|transféré)|messaggio (?:originale|inoltrato)|mensagem (?:original|encaminhada))\s*-{2,}"
    r"|begin forwarded message:|(?:from|von|de|da|subject|betreff|asunto|objet|oggetto|assunto)\s*:[^\n]+\n"
    r"(?:[\w-]{2,20}(?: [\w-]{2,10})?\s*:[^\n]*\n){0,6}).*\Z",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_SIGNATURE = re.compile(r"^-- ?\n.*\Z", re.MULTILINE | re.DOTALL)
# A first line that asks for something to be done with what follows it.
_ABOUT = re.compile(
    r"\b(?:summar\w+|translat\w+|review|proofread|rewrite|rephrase|correct|check|explain|analy[sz]e|classify|extract|"
    r"read|look at|reply to|answer|draft|shorten|tl;?dr|this (?:mail|e-?mail|text|message|article|document|page|log|"
    r"note|post|letter)|the (?:following|mail|e-?mail|text|article|document) ?(?:below)?|"
    r"zusammen|übersetz\w*|korrigier\w*|prüf\w*|erklär\w*|diese (?:mail|nachricht)|diesen text|"
    r"resum\w+|résum\w+|traduc\w+|traduis\w*|traduz\w*|riassum\w*|corrig\w*|revis\w*|explic\w*|explique\w*)\b",
    re.IGNORECASE,
)
_STRING = re.compile(
    r"\"([^\"\n]{8,2000})\"|“([^”]{8,2000})”|„([^“”]{8,2000})[“”]|«([^»]{8,2000})»"
    r"|(?<![\w'])'((?:[^'\n]|(?<=\w)'(?=\w)){8,2000})'(?![\w'])|‘((?:[^’\n]|(?<=\w)’(?=\w)){8,2000})’|`([^`\n]{8,2000})`"
)
_FEW_WORDS = 2  # fewer own words than this beside a quotation are no request about it


def split(text: str) -> tuple[Piece, ...]:
    """Own words and quoted pieces in the order of the text; joined they hold every word of it."""
    taken: list[tuple[int, int, str]] = []

    def take(start: int, end: int, source: str) -> None:
        if end > start and all(end <= s or start >= e for s, e, _ in taken):
            taken.append((start, end, source))

    for pattern, source in (
        (_FENCE, "code block"),
        (_INLINE_FENCE, "code block"),
        (_TRIPLE, "quoted text"),
        (_TAGGED, "quoted text"),
        (_QUOTED_LINES, "quoted message"),
        (_MAIL, "quoted mail"),
    ):
        for match in pattern.finditer(text):
            take(*match.span(), source)
    if not taken and (pasted := _pasted(text)):
        take(*pasted, "pasted text")
    for match in _STRING.finditer(text):
        take(*match.span(), "quoted words")
    if not taken:
        return (Piece(text, Provenance.OWN),)
    taken.sort()
    pieces: list[Piece] = []
    at = 0
    for start, end, source in taken:
        if text[at:start].strip():
            pieces.append(Piece(text[at:start].strip(), Provenance.OWN))
        pieces.append(Piece(text[start:end].strip(), Provenance.QUOTED, source))
        at = end
    if text[at:].strip():
        pieces.append(Piece(text[at:].strip(), Provenance.OWN))
    own_words = sum(len(re.findall(r"\w+", p.text)) for p in pieces if p.provenance is Provenance.OWN)
    if own_words < _FEW_WORDS and not any(p.source in ("quoted mail", "quoted message") for p in pieces):
        return (Piece(text, Provenance.OWN),)
    return tuple(pieces)


def _pasted(text: str) -> tuple[int, int] | None:
    """The block after a request about a text: "summarise this:" and a line break, then at least eight words."""
    lines = text.split("\n", 1)
    if len(lines) == 2 and len(lines[0]) <= 300:
        first, rest = lines
        if (
            _ABOUT.search(first)
            and len(rest.split()) >= 8
            and (first.rstrip().endswith((":", ".", "?", "!")) or rest.startswith("\n"))
        ):
            start = len(first) + 1
            return start, len(text)
    inline = re.match(r"[^:\n]{3,160}:\s+", text)
    if inline and _ABOUT.search(inline[0]) and len(text[inline.end() :].split()) >= 8:
        return inline.end(), len(text)
    return None
