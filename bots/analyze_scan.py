"""The quick look at every file of an analysis: what is counted without a model, and which files are read in depth."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from bots.analyze_files import SourceFile

MOST_PICKED: Final = 12
MOST_PICKED_CHARS: Final = 40_000
_OF_ONE: Final = 8_000  # characters of one picked file
_READ_FOR_SECRETS: Final = 16_000
_LONG_FILE: Final = 800  # lines
_SHOWN: Final = 3  # findings of one file in the table

# What is worth a second look wherever it stands; each with how much it weighs.
_RISKS: Final[tuple[tuple[str, float, re.Pattern[str]], ...]] = tuple(
    (word, weight, re.compile(pattern))
    for word, weight, pattern in (
        ("runs text as code", 3.0, r"(?<![\w.])(?:eval|exec)\s*\((?!\))|new Function\s*\("),
        ("runs a shell", 2.5, r"shell\s*=\s*True|os\.system\s*\(|Runtime\.getRuntime\(\)\.exec|child_process"),
        ("loads objects from bytes", 2.5, r"pickle\.loads?\(|yaml\.load\((?!.*Safe)|ObjectInputStream|Marshal\.load"),
        ("builds SQL from pieces", 2.5, r"(?i)execute\w*\(\s*(?:f[\"']|[\"'][^\"']*[\"']\s*(?:%|\+|\.format))"),
        ("does not check certificates", 2.5, r"verify\s*=\s*False|InsecureSkipVerify|rejectUnauthorized\s*:\s*false"),
        ("puts HTML in unescaped", 2.0, r"\.innerHTML\s*=|dangerouslySetInnerHTML|\|\s*safe\b|v-html"),
        ("old hash or cipher", 1.5, r"(?i)\b(?:md5|sha1|des|rc4)\s*\("),
        ("swallows errors", 1.0, r"except[^:\n]*:\s*(?:\n\s*)?pass\b|catch\s*\([^)]*\)\s*\{\s*\}"),
        ("copies without a bound", 2.0, r"\b(?:strcpy|strcat|gets|sprintf)\s*\("),
        (
            "open to everybody",
            1.5,
            r"chmod\s+(?:-R\s+)?0?777|0\.0\.0\.0|Access-Control-Allow-Origin['\"]?\s*[:,]\s*['\"]\*",
        ),
    )
)
_TODO: Final = re.compile(r"\b(?:TODO|FIXME|HACK|XXX)\b")
_WEIGHTY: Final = re.compile(
    r"(?i)(?:^|/)(?:readme|main|app|index|server|auth|login|session|payment|billing|crypto|settings|config)"
)


class Secrets(Protocol):
    """Finds passwords and keys (`router.sensitivity`)."""

    def secret(self, text: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Look:
    """What one file showed."""

    name: str
    lines: int
    findings: tuple[str, ...]
    weight: float
    secret: bool = False


def look(file: SourceFile, secrets: Secrets | None) -> Look:
    """Count and search one file; a few milliseconds."""
    lines = file.text.count("\n") + 1
    weight = math.log1p(lines) / 2 + (2.0 if _WEIGHTY.search(file.name) else 0.0)
    findings = []
    secret = secrets is not None and secrets.secret(file.text[:_READ_FOR_SECRETS])
    if secret:
        findings.append("holds a password or key")
        weight += 4.0
    for word, worth, pattern in _RISKS:
        found = pattern.search(file.text)
        if found is not None:
            findings.append(f"{word} (line {file.text.count(chr(10), 0, found.start()) + 1})")
            weight += worth
    todo = len(_TODO.findall(file.text))
    if todo:
        findings.append(f"{todo} open {'note' if todo == 1 else 'notes'}")
        weight += min(2.0, 0.3 * todo)
    if lines > _LONG_FILE:
        findings.append("very long")
        weight += 1.0
    return Look(file.name, lines, tuple(findings), weight, secret)


def pick(files: Sequence[SourceFile], looks: Sequence[Look]) -> list[SourceFile]:
    """The files for the deep analysis, the weightiest first. One that holds a secret stays out while there are
    others: it would keep the whole analysis at home."""
    by_name = {file.name: file for file in files}
    order = sorted(looks, key=lambda one: (-one.weight, one.name))
    open_ = [one for one in order if not one.secret] or order
    picked: list[SourceFile] = []
    room = MOST_PICKED_CHARS
    for one in open_[:MOST_PICKED]:
        file = by_name[one.name]
        text = file.text[: min(_OF_ONE, room)]
        room -= len(text)
        if text:
            picked.append(SourceFile(file.name, text, len(text), file.cut or len(text) < len(file.text)))
    return picked


def table(looks: Sequence[Look], notes: dict[str, str], most: int = 25) -> str:
    """The scan as Markdown, the weightiest files first."""
    order = sorted(looks, key=lambda one: (-one.weight, one.name))
    rows = ["| file | lines | seen | a local model says (not judged) |", "|---|---|---|---|"]
    for one in order[:most]:
        seen = "; ".join(one.findings[:_SHOWN]) or "nothing unusual"
        rows.append(f"| `{_cell(one.name)}` | {one.lines:,} | {_cell(seen)} | {_cell(notes.get(one.name, ''))} |")
    left = len(order) - most
    more = f"\n\n{left:,} more {'file' if left == 1 else 'files'} showed less." if left > 0 else ""
    return "\n".join(rows) + more


def summary(looks: Sequence[Look]) -> str:
    """The scan in a few lines, as material for the deep analysis."""
    lines = sum(one.lines for one in looks)
    kinds: dict[str, int] = {}
    for one in looks:
        ending = one.name.rpartition(".")[2].lower() if "." in one.name else "none"
        kinds[ending] = kinds.get(ending, 0) + 1
    common = ", ".join(f"{n} .{kind}" for kind, n in sorted(kinds.items(), key=lambda k: -k[1])[:6])
    names = "\n".join(one.name for one in sorted(looks, key=lambda one: -one.weight)[:60])
    return f"{len(looks):,} text files, {lines:,} lines ({common}). The files:\n{names}"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").replace("`", "'").split())[:200]
