"""What leaves: canaries cut, images and links that could carry data out taken apart, code fences checked."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_IMAGE = re.compile(r"!\[([^\]]*)\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_LINK = re.compile(r"\[([^\]]+)\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_BARE = re.compile(r"\bhttps?://[^\s<>()\[\]]+", re.IGNORECASE)
_FENCE = re.compile(r"^(`{3,}|~{3,})[ \t]*([\w+-]*)[^\n]*\n(.*?)^\1[ \t]*$", re.DOTALL | re.MULTILINE)


def without_canary(text: str, canary: str) -> tuple[str, bool]:
    """The text without any line that repeats the canary of the system prompt, and whether there was one."""
    if canary not in text:
        return text, False
    return "\n".join(line for line in text.splitlines() if canary not in line).strip(), True


def without_carriers(text: str, known: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """Images and query-carrying links whose address nobody in the exchange named are reduced to their words.

    `known` is every text of the exchange and its evidence: an address that stands there may stay. An image
    is fetched by whoever renders it, so it goes in every other case; a link goes when its query or fragment
    could carry data.
    """
    seen = "\n".join(known)
    notes: list[str] = []

    def image(match: re.Match[str]) -> str:
        if match[2] in seen:
            return match[0]
        notes.append("An image from an address that nobody named was taken out.")
        return match[1] or "(image)"

    def carries(address: str) -> bool:
        parts = urlsplit(address)
        return address not in seen and bool(parts.query or parts.fragment or len(parts.path) > 120)

    def link(match: re.Match[str]) -> str:
        if not carries(match[2]):
            return match[0]
        notes.append("A link that could carry data out was reduced to its words.")
        return match[1]

    def bare(match: re.Match[str]) -> str:
        if not carries(match[0]):
            return match[0]
        notes.append("A link that could carry data out was shortened to its host.")
        return urlsplit(match[0]).hostname or "(link)"

    parts = _split_code(text)
    out = [p if code else _BARE.sub(bare, _LINK.sub(link, _IMAGE.sub(image, p))) for p, code in parts]
    return "".join(out), tuple(dict.fromkeys(notes))


def code_faults(text: str) -> tuple[str, ...]:
    """Fenced Python that does not parse, named by its line; other languages are not judged."""
    faults: list[str] = []
    for match in _FENCE.finditer(text):
        if match[2].lower() in ("python", "py", "python3"):
            try:
                ast.parse(match[3])
            except SyntaxError as error:
                faults.append(f"The Python code does not parse (line {error.lineno}).")
            except (ValueError, RecursionError, MemoryError):
                faults.append("The Python code could not be checked.")
    return tuple(faults)


def _split_code(text: str) -> list[tuple[str, bool]]:
    parts: list[tuple[str, bool]] = []
    end = 0
    for match in _FENCE.finditer(text):
        parts += [(text[end : match.start()], False), (match[0], True)]
        end = match.end()
    parts.append((text[end:], False))
    return parts
