"""Outcomes and notices in Discord's Markdown: always whole as text, never by colour or emoji alone."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bots.bridge.present import count, floor_rows, money, verdict_word
from bots.chunks import pieces, utf16
from manifest.constitution import Constitution
from organs.outcome import Outcome

LIMIT = 2000  # characters of a message (Discord, resources/message)
_MOST = 4  # messages of one answer; a longer one is sent as a file with its beginning
_HEAD = 1500  # characters of the beginning that stands before a file
_QUIET = "-# "  # Discord's small print


@dataclass(frozen=True, slots=True)
class Said:
    """What is posted for one outbox message: texts in order, and a file where there would be too many of them."""

    texts: tuple[str, ...]
    file: str | None = None


def cut(text: str) -> Said:
    """Into messages, or a beginning and a file. Nothing is dropped."""
    parts = tuple(pieces(text.strip() or "…", LIMIT, length=utf16))
    if len(parts) <= _MOST:
        return Said(parts)
    head = pieces(text, _HEAD, length=utf16)[0].rstrip()
    return Said((f"{head}\n\n{_QUIET}This is the beginning; the whole answer is in the file.",), text)


def reply(outcome: Outcome) -> Said:
    """An answer with its notes and its footer."""
    if outcome.lane == "CRISIS":
        return cut(outcome.reply)
    # The reply names its weak points itself; what else is to be said stands below it in small print.
    lines = [f"{_QUIET}{' '.join(note.split())}" for note in outcome.notes if note not in outcome.reply]
    said = cut("\n\n".join(part for part in (outcome.reply, "\n".join(lines)) if part))
    foot = f"{_QUIET}{footer(outcome)}"
    last = f"{said.texts[-1].rstrip()}\n{foot}"
    if utf16(last) <= LIMIT:
        return Said((*said.texts[:-1], last), said.file)
    return Said((*said.texts, foot), said.file)


def footer(outcome: Outcome) -> str:
    """Verdict, model and where it ran, cost, receipt."""
    word = verdict_word(outcome.verdict)
    parts = [f"{outcome.verdict} ({word.word.lower()})"]
    if outcome.model is None:
        parts.append("no model")
    else:
        parts.append(f"{outcome.model.name}, {outcome.model.where}")
        parts.append(money(outcome.model.cost_usd))
    parts.append("not sealed yet" if outcome.receipt is None else f"receipt {outcome.receipt.index}")
    return " · ".join(parts)


def notice(body: str) -> tuple[str, str | None]:
    """What is said unasked, and the hold it is about."""
    said = json.loads(body)
    hold = said.get("hold")
    return str(said["text"]), None if hold is None else str(hold)


def why(outcome: Outcome, constitution: Constitution) -> str:
    """Floors and evidence of an answer, for the one who asks why."""
    rows = floor_rows(outcome, constitution)
    word = verdict_word(outcome.verdict)
    lines = [f"**{outcome.verdict}**: {word.meaning}. {count(rows).sentence}."]
    if outcome.reason:
        lines.append(outcome.reason)
    for row in rows:
        if row.state == "open":
            continue
        measure = "" if row.score == "–" else f" {row.score} {row.rule}"
        lines.append(f"- **{row.floor} {row.name}** {row.word}{measure}. {row.reason}".rstrip())
    if outcome.w3 is not None:
        w3 = outcome.w3
        lines.append(f"Witnesses: human {w3.human}, AI {w3.ai}, earth {w3.earth}; together {w3.value}.")
    if outcome.evidence:
        lines.append("**Evidence**")
        lines += [f"- {' '.join(item.split())}" for item in outcome.evidence]
    if outcome.model is not None:
        lines.append(f"Model: {outcome.model.name} ({outcome.model.where}). {outcome.model.why}")
    if outcome.receipt is not None:
        lines.append(f"Receipt {outcome.receipt.index}, entry `{outcome.receipt.entry_hash}`.")
    return "\n".join(lines)
