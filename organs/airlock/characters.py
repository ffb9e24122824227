"""Makes text say what it looks like: invisible characters out, NFKC, look-alikes folded to the letters they imitate.

Sources: UTS 39 (confusables), UAX 15 (NFKC), Unicode's default-ignorable code points. Joiners inside emoji and flag
tag sequences stay out of the findings: people send those every day.
"""

import importlib.resources
import re
import unicodedata
from functools import cache

_TAGS = re.compile("[\U000e0020-\U000e007e]+")
_FLAG = re.compile("\U0001f3f4[\U000e0061-\U000e007a\U000e0030-\U000e0039]{2,6}\U000e007f")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}")
_BITS = re.compile("[\u200b\u200c\u200d\u2060\u2062\u2063\ufeff]{16,}")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_ODD_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
_MARKS = re.compile("[\u0334-\u0338]|[\u0300-\u036f\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{2,}")
_REGIONAL = re.compile("[\U0001f1e6-\U0001f1ff](?:[ \t]?[\U0001f1e6-\U0001f1ff]){2,}")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")


@cache
def _look_alikes() -> dict[str, str]:
    raw = (importlib.resources.files("organs.airlock") / "confusables.tsv").read_text(encoding="utf-8")
    return dict(line.split("\t") for line in raw.splitlines())


def hidden_text(text: str) -> list[str]:
    """Text written in characters that nobody sees: tag characters, variation selectors, zero-width bits."""
    if text.isascii():
        return []
    found = []
    without_flags = _FLAG.sub("", text)
    tags = "".join(chr(ord(c) - 0xE0000) for run in _TAGS.findall(without_flags) for c in run)
    if len(tags) > 2:
        found.append(tags)
    for run in _SELECTORS.findall(text):
        raw = bytes(ord(c) - 0xFE00 if ord(c) < 0xFF00 else ord(c) - 0xE0100 + 16 for c in run)
        if (decoded := raw.decode("utf-8", "replace")).isprintable() and len(decoded) > 3:
            found.append(decoded)
    for run in _BITS.findall(text):
        kinds = sorted(set(run))
        if len(kinds) != 2:
            continue
        for one in kinds:
            bits = "".join("1" if c == one else "0" for c in run)
            raw = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) - 7, 8))
            decoded = raw.decode("ascii", "replace")
            if decoded.isprintable() and "\ufffd" not in decoded:
                found.append(decoded)
    return found


def strip(text: str) -> str:
    """Without invisible and control characters; odd spaces become plain ones; stacked marks become none."""
    text = _CONTROL.sub("", text)
    if text.isascii():
        return text
    text = _INVISIBLE.sub("", text)
    text = _ODD_SPACE.sub(" ", text)
    return _MARKS.sub("", text)


def fold(text: str) -> str:
    """NFKC, then look-alikes: in words that mix scripts, and in whole words of look-alikes within Latin text.

    A word that is honestly Cyrillic, Greek or Cherokee stays as it is, because most of its letters imitate nothing
    or the text around it is not Latin.
    """
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    if text.isascii():
        return text
    table = _look_alikes()
    text = _REGIONAL.sub(lambda m: "".join(chr(ord(c) - 0x1F1E6 + 65) if c > "\U0001f1e5" else c for c in m[0]), text)
    letters = sum(c.isalpha() for c in text)
    latin = len(_LATIN.findall(text))
    imitating = sum(c in table for c in text)
    # Honest foreign text also has letters that imitate nothing; a disguise is Latin plus look-alikes.
    disguised = letters > 0 and (latin + imitating) / letters > 0.9

    def word(match: re.Match[str]) -> str:
        w = match[0]
        if w.isascii() or not any(c in table for c in w):
            return w
        mixed = _LATIN.search(w) is not None
        whole = all(c in table or c.isascii() for c in w)
        return "".join(table.get(c, c) for c in w) if mixed or (whole and disguised) else w

    text = _WORD.sub(word, text)
    # Squared and circled letters are symbols, not word characters.
    return "".join(table.get(c, c) if c > "\U0001f14f" and c < "\U0001f18a" else c for c in text)


def clean(text: str) -> str:
    """What a reader sees: stripped and folded."""
    return fold(strip(text))
