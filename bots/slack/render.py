"""An outcome as Slack messages: sections, a footer in words, and the buttons below an answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from bots.bridge.present import duration, money, number, verdict_word
from bots.slack.mrkdwn import escape, sections
from organs.outcome import Outcome

Block = dict[str, Any]

BLOCKS = 50  # of one message (Block Kit reference)
ROOM = 9_000  # characters of one message: the whole payload fails near 13,200 (`msg_blocks_too_long`)
_HELP = (
    "Mention me with a question, or write to me directly; I answer in the thread.",
    "Mention me in a thread without words, and I answer the message above. “stop” ends a running answer.",
    "`/trinity help` lists what else I can do.",
)
WHY, UP, DOWN, UNDO = "trinity_why", "trinity_thumb_up", "trinity_thumb_down", "trinity_undo"


@dataclass(frozen=True, slots=True)
class Post:
    """One message: `text` says everything that the blocks say."""

    text: str
    blocks: list[Block] = field(default_factory=list)


def section(text: str) -> Block:
    """A section of mrkdwn."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def context(text: str) -> Block:
    """A small grey line."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text[:3_000]}]}


def button(words: str, action: str, value: str, style: str | None = None) -> Block:
    """A button; its words name the action, and its value is an id only."""
    made: Block = {
        "type": "button",
        "text": {"type": "plain_text", "text": words[:75]},
        "action_id": action,
        "value": value,
        "accessibility_label": words[:75],
    }
    return made if style is None else {**made, "style": style}


def help_text() -> str:
    """Three lines for somebody who said nothing yet."""
    return "\n".join(_HELP)


def posts(markdown: str, footer: str = "", buttons: list[Block] | None = None) -> list[Post]:
    """A text as messages within every limit of the platform; the footer and the buttons go below the last."""
    found: list[Post] = []
    blocks: list[Block] = []
    texts: list[str] = []
    for piece in sections(markdown) or ["(no text)"]:
        if blocks and (len(blocks) >= BLOCKS - 2 or sum(map(len, texts)) + len(piece) > ROOM):
            found.append(Post("\n".join(texts), blocks))
            blocks, texts = [], []
        blocks.append(section(piece))
        texts.append(piece)
    if footer:
        blocks.append(context(footer))
        texts.append(footer)
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    return [*found, Post("\n".join(texts), blocks)]


def outcome_posts(outcome: Outcome) -> list[Post]:
    """An answer with its footer and buttons."""
    if outcome.lane == "CRISIS":
        return posts(outcome.reply)  # the help alone: nothing to rate, nothing to weigh
    notes = "".join(f"\n\n_{note}_" for note in outcome.notes)
    buttons = [
        button("Why this answer?", WHY, outcome.exchange_id),
        button("Good answer", UP, outcome.exchange_id),
        button("Not a good answer", DOWN, outcome.exchange_id),
    ]
    if outcome.undo:
        buttons.append(button("Undo what was done", UNDO, outcome.exchange_id))
    return posts(outcome.reply + notes, footer(outcome), buttons)


def footer(outcome: Outcome) -> str:
    """Verdict · model and where it ran · cost · receipt."""
    word = verdict_word(outcome.verdict)
    parts = [f"{outcome.verdict} ({word.word.lower()})"]
    if outcome.model is not None:
        parts += [f"{escape(outcome.model.name)}, {escape(outcome.model.where)}", money(outcome.model.cost_usd)]
    else:
        parts += ["no model", "free"]
    parts.append("not sealed yet" if outcome.receipt is None else f"receipt {outcome.receipt.index}")
    return " · ".join(parts)


def why_view(outcome: Outcome) -> Block:
    """The modal behind “Why this answer?”: floors, witnesses, evidence, times."""
    word = verdict_word(outcome.verdict)
    lines = [f"*{outcome.verdict}*: {word.meaning}"]
    if outcome.reason:
        lines.append(escape(outcome.reason))
    if outcome.model is not None:
        lines.append(
            f"Answered by {escape(outcome.model.name)} ({escape(outcome.model.where)}): {escape(outcome.model.why)}"
        )
    blocks: list[Block] = [section("\n".join(lines)[:3_000])]
    table = [
        f"{name}: {'held' if view.passed else 'not measured or not binding' if view.passed is None else 'not held'}"
        f", {number(view.score)} (must be {view.direction} {view.threshold:g}). {escape(view.reason)}"
        for name, view in outcome.floors.items()
    ]
    blocks += [section(part) for part in _packed("*Floors*", table)]
    if outcome.w3 is not None:
        w3 = outcome.w3
        words = f"human {number(w3.human)}, AI {number(w3.ai)}, earth {number(w3.earth)}: {number(w3.value)}"
        blocks.append(section(f"*Witnesses*\n{words}"))
    if outcome.evidence:
        blocks += [section(part) for part in _packed("*Evidence*", [escape(one) for one in outcome.evidence])]
    total = sum(stage.ms for stage in outcome.stages)
    end = f"Took {duration(total)}."
    if outcome.receipt is not None:
        receipt = outcome.receipt
        end += f" Sealed as entry {receipt.index} of {escape(receipt.origin)}: `{receipt.entry_hash}`"
    return modal("Why this answer?", [*blocks[: BLOCKS - 1], context(end)])


def modal(title: str, blocks: list[Block], submit: str | None = None, callback: str = "", private: str = "") -> Block:
    """A modal view; without `submit` it only shows."""
    view: Block = {
        "type": "modal",
        "title": {"type": "plain_text", "text": title[:24]},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": blocks,
    }
    if submit is not None:
        view |= {"submit": {"type": "plain_text", "text": submit[:24]}, "callback_id": callback}
        view["private_metadata"] = private
    return view


def notice_posts(body: str) -> list[Post]:
    """Something said unasked: its JSON names the text."""
    return posts(str(json.loads(body)["text"]))


def _packed(title: str, lines: list[str]) -> list[str]:
    found, now = [], title
    for line in lines:
        short = line[:2_000]
        if len(now) + len(short) + 1 > 2_900:
            found.append(now)
            now = short
        else:
            now += f"\n{short}"
    return [*found, now]
