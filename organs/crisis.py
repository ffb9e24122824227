"""The crisis check of 000: does somebody say that they, or a person they know, are in danger now?

No model. The rules are a lexicon and a small grammar per language (`organs/_crisis/<language>.toml`), and each
finding names the rule that fired. How a text is read:

1. It is folded: NFKC, lower case, accents and invisible characters removed, apostrophes made plain.
2. Sentence by sentence, the danger rules are tried, unless a frame (fiction, statistics, a joke) holds the sentence.
3. A rule that fired must fire again with the look-alikes ("kill the process", "dying to see it") blanked out.
4. Rules that need two sentences ("I bought a rope. I am calm now.") are tried on the whole.

Every language's rules are tried on every text: people in distress mix languages, and guessing one first would be
one more thing that can go wrong. Only the person's own words belong in here; the caller sees to that.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

__all__ = ["LANGUAGES", "CrisisReading", "check_crisis", "warm"]

LANGUAGES = ("en", "de", "es", "fr", "pt", "it", "ms")

Kind = Literal["self", "violence", "medical"]

_KINDS: tuple[Kind, ...] = ("self", "violence", "medical")
_MACRO = re.compile(r"\{([A-Z][A-Z_]*)\}")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|[\n\r]+")
_SPACES = re.compile(r"\s+")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'", "ß": "ss", "æ": "ae", "œ": "oe"})
_BLANK = " ▢ "


@dataclass(frozen=True, slots=True)
class CrisisReading:
    """What the check found. `rule` and `language` are None when nothing was found."""

    found: bool
    kind: Kind | None = None
    rule: str | None = None  # the rule's name, for the evidence view
    language: str | None = None  # language of the rule: picks the help lines when no locale is known
    reason: str = "No sign of danger to a person in the message."


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    kind: Kind
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Rules:
    language: str
    look_alikes: tuple[re.Pattern[str], ...]
    frames: tuple[re.Pattern[str], ...]
    danger: tuple[_Rule, ...]
    anywhere: tuple[_Rule, ...]


_NOTHING = CrisisReading(found=False)


def check_crisis(text: str, *, locale: str | None = None) -> CrisisReading:
    """Read the person's own words for danger to themselves or to another person, now.

    `locale` ("de-AT") only orders the languages, so that the rule named is one in the person's language.
    Never raises on any text; the cost grows with the text's length alone.
    """
    folded = fold(text)
    if not folded:
        return _NOTHING
    first = (locale or "").lower().split("-")[0]
    for language in sorted(LANGUAGES, key=lambda name: name != first):
        hit = _read(folded, _rules(language))
        if hit is not None:
            return CrisisReading(
                found=True,
                kind=hit.kind,
                rule=hit.name,
                language=language,
                reason=f"The message reads as danger to a person ({hit.kind}: {hit.name}, {language}).",
            )
    return _NOTHING


def warm() -> None:
    """Compile every language's rules (about 0.2 s in all); call it from a thread at start."""
    for language in LANGUAGES:
        _rules(language)


def fold(text: str) -> str:
    """One plain form for rules and text: NFKC, lower case, no accents, no invisible characters, plain apostrophes.

    Line breaks stay, since they end sentences; other white space becomes one space.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)
    kept = "".join(
        c
        for c in unicodedata.normalize("NFD", plain)
        if unicodedata.category(c) not in {"Mn", "Cf", "Cc"} or c in "\n\r\t"
    )
    return "\n".join(filter(None, (_SPACES.sub(" ", line).strip() for line in kept.splitlines())))


def _read(folded: str, rules: _Rules) -> _Rule | None:
    """The first rule that fires outside every frame and look-alike, or None."""
    if _first(folded, rules) is None:
        return None  # the common case: look-alikes need no blanking where nothing fires
    blanked = folded
    for look_alike in rules.look_alikes:
        blanked = look_alike.sub(_BLANK, blanked)
    return _first(blanked, rules)


def _first(text: str, rules: _Rules) -> _Rule | None:
    framed = False
    for sentence in _SENTENCE_END.split(text):
        in_frame = any(frame.search(sentence) for frame in rules.frames)
        framed = framed or in_frame
        if in_frame:
            continue
        hit = next((rule for rule in rules.danger if rule.pattern.search(sentence)), None)
        if hit is not None:
            return hit
    if framed:
        return None
    whole = text.replace("\n", " ")
    return next((rule for rule in rules.anywhere if rule.pattern.search(whole)), None)


@cache
def _rules(language: str) -> _Rules:
    source = (files("organs") / "_crisis" / f"{language}.toml").read_text(encoding="utf-8")
    table = tomllib.loads(source)
    words: dict[str, str] = table["words"]

    def build(pattern: str) -> re.Pattern[str]:
        return re.compile(_MACRO.sub(lambda m: words[m.group(1)], pattern))

    def group(section: str) -> tuple[_Rule, ...]:
        found = table.get(section, {})
        return tuple(_Rule(name, kind, build(p)) for kind in _KINDS for name, p in found.get(kind, {}).items())

    return _Rules(
        language=language,
        look_alikes=tuple(build(p) for p in table["look_alike"].values()),
        frames=tuple(build(p) for p in table["frame"].values()),
        danger=group("danger"),
        anywhere=group("danger_anywhere"),
    )
