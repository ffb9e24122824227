"""What in a text must not leave: personal data, secrets, and special matters (staff, health, legal, salary).

One judge, two operating points. `precise` marks what is almost surely private and is used for masking and for telling
a person to rotate a key. `recall` marks what might be and decides whether a text may go to an outside service: there a
false alarm costs a slower answer, a miss cannot be taken back.

Detectors are patterns with validity checks (`router/_pii`); a small trained model over n-grams and over what the
detectors saw joins them into one calibrated score. No network, no sentence vectors: a chat message takes about a
millisecond.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from adapters.classifier import TextModel
from router._pii import matters, personal, tokens
from router._pii.finding import Finding

__all__ = ["Finding", "Redaction", "SensitivityJudge", "SensitivityReading", "pii_signs"]

Point = Literal["precise", "recall"]

_KINDS: Final = (
    "card", "iban", "phone number", "mail address", "social security number", "network address", "street address",
    "birth date", "id number", "national id", "secret",
)  # fmt: skip
_MARKED: Final = 0.5  # score from which a stretch is masked
_WINDOW: Final = 2_000  # characters the model reads at once; detectors always read everything
_STEP: Final = 1_800


@dataclass(frozen=True, slots=True)
class SensitivityReading:
    """Whether a text may leave, how sure that is, and why not, in words for a person ("a phone number")."""

    sensitive: bool
    score: float
    reasons: tuple[str, ...] = ()
    rotate: bool = False  # a secret was pasted: the person is told to change it


@dataclass(frozen=True, slots=True)
class Redaction:
    """A text with typed placeholders ("[PHONE_NUMBER_1]") and what stood there, to restore a reply."""

    text: str
    values: tuple[tuple[str, str], ...]

    def restore(self, reply: str) -> str:
        """A reply in which the placeholders stand for the values again."""
        for placeholder, value in self.values:
            reply = reply.replace(placeholder, value)
        return reply


class SensitivityJudge:
    """Reads texts; holds no state but the committed model, which is loaded on first use."""

    def findings(self, text: str) -> tuple[Finding, ...]:
        """What is private enough to mask, in order, without overlaps; special matters are not stretches to mask."""
        strong = [f for f in _seen(text) if f.score >= _MARKED]
        return _apart(strong)

    def score(self, text: str) -> float:
        """Calibrated probability that the text holds personal data or a secret; special matters not counted."""
        return float(self.scores([text])[0])

    def scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """The same for several texts. Raises ModelError when the committed model is missing."""
        model = TextModel.load("pii")
        out = np.zeros(len(texts))
        for row, text in enumerate(texts):
            parts = _windows(text)
            out[row] = model.score(parts, extra=np.stack([pii_signs(part) for part in parts])).max()
        return out

    def sensitive(self, text: str, point: Point = "recall") -> SensitivityReading:
        """Whether `text` may leave at this operating point. Raises ModelError when the committed model is missing."""
        if not text.strip():
            return SensitivityReading(False, 0.0)
        score = self.score(text)
        stretches = self.findings(text)
        special = matters.find(text)
        limit = TextModel.load("pii").thresholds[point]
        reasons = [_words(f.kind) for f in stretches] + [_words(f.kind) for f in special]
        held = score >= limit or bool(special) or any(f.score >= 0.85 for f in stretches)
        if held and not reasons:
            reasons.append("something that reads like personal data")
        rotate = any(f.secret for f in stretches)
        best = max([score, *(f.score for f in special)])
        return SensitivityReading(held, best, tuple(dict.fromkeys(reasons)) if held else (), rotate)

    def redact(self, text: str) -> Redaction:
        """Typed placeholders in place of every marked stretch; equal values get equal placeholders."""
        out: list[str] = []
        names: dict[tuple[str, str], str] = {}
        counts: dict[str, int] = {}
        last = 0
        for found in self.findings(text):
            value = text[found.start : found.end]
            kind = re.sub(r"\W+", "_", found.kind.split(" (")[0]).strip("_").upper()
            if (kind, value) not in names:
                counts[kind] = counts.get(kind, 0) + 1
                names[kind, value] = f"[{kind}_{counts[kind]}]"
            out += [text[last : found.start], names[kind, value]]
            last = found.end
        out.append(text[last:])
        return Redaction("".join(out), tuple((name, value) for (_, value), name in names.items()))

    def secret(self, text: str) -> bool:
        """Whether a password or key stands in the text: whoever typed it is told to change it."""
        return any(f.score >= _MARKED for f in _tokens(text))

    def mask(self, text: str) -> str:
        """The text with secrets alone blanked, for the seal."""
        out, last = [], 0
        for found in _apart([f for f in _tokens(text) if f.score >= _MARKED]):
            out += [text[last : found.start], "•" * 8]
            last = found.end
        return "".join([*out, text[last:]])

    def warm(self) -> None:
        """Load the model and read one text, or raise ModelError; call it from a thread."""
        self.sensitive("ready")


@lru_cache(maxsize=4)
def _seen(text: str) -> tuple[Finding, ...]:
    """What the detectors see; kept for the few texts that are just being read, because two readers ask for it."""
    return (*personal.find(text), *_tokens(text))


@lru_cache(maxsize=8)
def _tokens(text: str) -> tuple[Finding, ...]:
    """Secrets alone: what a seal leaves out, half the time of reading everything."""
    return tuple(tokens.find(text))


def pii_signs(text: str) -> NDArray[np.float32]:
    """(16,) what the detectors saw: the best score of each kind, how many stretches, and how the text is built."""
    found = _seen(text)
    best = dict.fromkeys(_KINDS, 0.0)
    for f in found:
        kind = next((k for k in _KINDS if f.kind.startswith(k)), "national id")
        best[kind] = max(best[kind], f.score)
    top = max(best.values(), default=0.0)
    miss = 1.0
    for value in best.values():
        miss *= 1.0 - min(0.98, value)
    digits = sum(c.isdigit() for c in text) / max(1, len(text))
    return np.array(
        [
            *best.values(),
            top,
            -np.log(miss),
            min(4, sum(f.score >= _MARKED for f in found)),
            digits,
            min(3, text.count("\n")),
        ],
        np.float32,
    )


def _words(kind: str) -> str:
    """A kind in words for a person."""
    if kind.startswith("matter"):
        return {
            "matter (salary)": "a salary matter",
            "matter (health)": "a health matter",
            "matter (legal)": "a legal matter",
            "matter (staff)": "a staff matter",
        }[kind]
    if kind.startswith("secret"):
        inner = kind.removeprefix("secret (").rstrip(")")
        return "a password or key" if inner in {"assigned", "header", "login"} else f"a secret ({inner})"
    plain = kind.split(" (")[0]
    return f"{'an' if plain[0] in 'aeio' else 'a'} {plain if plain != 'iban' else 'account number (IBAN)'}"


def _apart(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings in order of place; of overlapping ones the surest stays, its stretch widened over the others."""
    kept: list[Finding] = []
    for f in sorted(found):
        if kept and f.start < kept[-1].end:
            before = kept[-1]
            best = max(before, f, key=lambda x: (x.score, x.end - x.start))
            kept[-1] = Finding(before.start, max(before.end, f.end), best.kind, best.score)
        else:
            kept.append(f)
    return tuple(kept)


def _windows(text: str) -> list[str]:
    if len(text) <= _WINDOW:
        return [text]
    return [text[start : start + _WINDOW] for start in range(0, len(text), _STEP)]
