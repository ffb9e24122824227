"""Finds encoded stretches (base64, base32, hex, binary, escapes, Morse) and gives back the text inside.

Each finder works on one string and yields `Found(kind, text, start, end)`; what does not come out as readable text
is not reported. Work is linear in the length; callers cap it.
"""

import base64
import binascii
import codecs
import html
import re
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MAX_FOUND = 12  # stretches decoded per text; more is padding, the longest come first


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of the text and what it says when decoded."""

    kind: str
    text: str
    start: int
    end: int


_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_\-=])[A-Za-z0-9+/_\-]{12,}(?:\s{1,2}[A-Za-z0-9+/_\-]{20,})*={0,2}")
_BASE32 = re.compile(r"(?<![A-Za-z0-9])[A-Z2-7]{16,}={0,6}(?![A-Za-z0-9])")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:(?:0x|\\x|%|=)?[0-9A-Fa-f]{2}[\s,:;\-]{0,2}){6,}(?![0-9A-Za-z])")
_BINARY = re.compile(r"(?<!\d)(?:[01]{7,8}[\s,]{0,2}){4,}(?!\d)")
_DECIMAL = re.compile(r"(?<!\d)(?:\d{2,3}[\s,;]{1,2}){5,}\d{2,3}(?!\d)")
_ESCAPES = re.compile(r"(?:[^\\\n]{0,3}?\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[0-7]{3})){3,}[^\\\n]{0,200}")
_PERCENT = re.compile(r"(?:[\w.\-+!'*()]*%[0-9A-Fa-f]{2}){2,}[\w.\-+!'*()]*")
_ENTITY = re.compile(r"(?:[^&;\n]{0,6}&(?:#\d{2,6}|#[xX][0-9a-fA-F]{2,5}|[a-z]{2,8});){3,}[^&\n]{0,200}")
_MORSE = re.compile(r"(?<!\S)(?:[.\-·−_]{1,6}(?:\s*/\s*|[ ]{1,3}|$)){6,}")
_QUOTED_PRINTABLE = re.compile(r"(?:[^=\n]{0,3}=[0-9A-F]{2}){4,}")

_MORSE_LETTERS = dict(
    pair.split(":")
    for pair in (
        ".-:a -...:b -.-.:c -..:d .:e ..-.:f --.:g ....:h ..:i .---:j -.-:k .-..:l --:m -.:n ---:o .--.:p --.-:q "
        ".-.:r ...:s -:t ..-:u ...-:v .--:w -..-:x -.--:y --..:z -----:0 .----:1 ..---:2 ...--:3 ....-:4 .....:5 "
        "-....:6 --...:7 ---..:8 ----.:9 .-.-.-:. --..--:, ..--..:?"
    ).split()
)


def readable(raw: bytes | str, *, least: int = 6) -> str | None:
    """The text when it is text: valid UTF-8 (or UTF-16 with many zero bytes), printable, mostly letters."""
    if isinstance(raw, bytes):
        try:
            if raw.count(0) > len(raw) // 3:
                raw = raw.decode("utf-16-le" if raw[1:2] == b"\0" else "utf-16-be")
            else:
                raw = raw.decode("utf-8")
        except UnicodeDecodeError:
            return None
    text = raw.strip()
    if len(text) < least:
        return None
    letters = sum(c.isalpha() or c == " " for c in text)
    odd = sum(not (c.isprintable() or c in "\n\r\t") for c in text)
    return text if odd == 0 and letters / len(text) > 0.6 else None


def _base64(run: str) -> str | None:
    packed = re.sub(r"\s", "", run).replace("-", "+").replace("_", "/").rstrip("=")
    for cut in range(3):  # a run may have swallowed a few characters of its surroundings
        body = packed[: len(packed) - cut]
        if len(body) % 4 == 1:
            continue
        try:
            raw = base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue
        if text := readable(raw):
            return text
    return None


def _base32(run: str) -> str | None:
    packed = run.rstrip("=")
    try:
        return readable(base64.b32decode(packed + "=" * (-len(packed) % 8)))
    except (binascii.Error, ValueError):
        return None


def _hex(run: str) -> str | None:
    digits = re.sub(r"0x|\\x|[^0-9A-Fa-f]", "", run)
    return readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _binary(run: str) -> str | None:
    groups = re.findall(r"[01]{7,8}", run)
    return readable(bytes(int(g, 2) & 0xFF for g in groups), least=4)


def _decimal(run: str) -> str | None:
    numbers = [int(n) for n in re.findall(r"\d+", run)]
    return readable(bytes(numbers)) if all(9 <= n < 256 for n in numbers) else None


def _escapes(run: str) -> str | None:
    try:
        return readable(codecs.decode(run.encode("ascii", "ignore").decode(), "unicode_escape"))
    except (UnicodeDecodeError, ValueError):
        return None


def _morse(run: str) -> str | None:
    normal = run.replace("·", ".").replace("−", "-").replace("_", "-")
    words = [
        "".join(_MORSE_LETTERS.get(code, "") for code in word.split()) for word in re.split(r"\s*/\s*|\s{3,}", normal)
    ]
    return readable(" ".join(w for w in words if w))


def _quoted_printable(run: str) -> str | None:
    import quopri

    return readable(quopri.decodestring(run.encode("utf-8", "replace")))


_FINDERS: tuple[tuple[str, re.Pattern[str], Callable[[str], str | None], str], ...] = (
    # kind, pattern, decoder, a character without which the pattern cannot match
    ("binary", _BINARY, _binary, "0"),
    ("hex", _HEX, _hex, ""),
    ("base64", _BASE64, _base64, ""),
    ("base32", _BASE32, _base32, ""),
    ("decimal", _DECIMAL, _decimal, ""),
    ("escapes", _ESCAPES, _escapes, "\\"),
    ("percent", _PERCENT, lambda run: readable(urllib.parse.unquote_plus(run)), "%"),
    ("entities", _ENTITY, lambda run: readable(html.unescape(run)), "&"),
    ("morse", _MORSE, _morse, "."),
    ("quoted-printable", _QUOTED_PRINTABLE, _quoted_printable, "="),
)


def find(text: str) -> Iterator[Found]:
    """Encoded stretches that decode to readable text, at most MAX_FOUND; a stretch is reported once."""
    taken: list[tuple[int, int]] = []
    for kind, pattern, decode, needs in _FINDERS:
        if needs and needs not in text:
            continue
        matches = sorted(pattern.finditer(text), key=lambda m: m.start() - m.end())[:MAX_FOUND]
        for match in matches:
            start, end = match.span()
            if any(start < e and s < end for s, e in taken):
                continue
            decoded = decode(match[0])
            if decoded and decoded != match[0].strip():
                taken.append((start, end))
                yield Found(kind, decoded, start, end)
                if len(taken) >= MAX_FOUND:
                    return
