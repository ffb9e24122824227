"""F12 Injection: the calibrated probability that a text tries to take over, over every view the airlock finds in it.

Measure: three small committed models (`bench/train/injection.py`). The takeover model reads windows, the instruction
model reads sentences (an instruction that does not belong to the document around it), the document model weighs
both and is calibrated on unseen folds. Each decoded view is read like the plain text; the highest score counts.
Thresholds: `[F12]` of the constitution (0.85 VOID, 0.50 caution). Nothing here asks a language model.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adapters.classifier import TextModel, sigmoid
from adapters.embeddings import Embedder
from organs.airlock.decode import View, views
from organs.airlock.pieces import split
from organs.airlock.reading import Measured, Plan, measure, plan
from organs.airlock.units import Unit, sentences
from organs.bundles import Piece, Provenance

MODELS = ("injection_takeover", "injection_instruction", "injection_document")
RECENT = 6  # earlier messages of the same author that may hold the other parts of a split payload
RECENT_CHARS = 4_000
_CARRIES = -1.0  # log-odds from which a sentence may be a carrier of the instruction


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the text as given, for cutting and naming: text[start:end]."""

    start: int
    end: int
    text_sha256: str
    score: float  # probability that this stretch is the instruction


@dataclass(frozen=True, slots=True)
class InjectionReading:
    """What F12 says of one text."""

    score: float  # calibrated probability of a takeover, the highest over all views
    view: str  # which view gave it: "plain", "characters", "base64", "recent messages", ...
    spans: tuple[Span, ...]  # what carries it, strongest first; empty below the cautious band
    place: tuple[int, int]  # where the view stands in the text


class InjectionJudge:
    """Reads text for takeover. One per process; safe to share between exchanges."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    async def warm(self) -> None:
        """Load models and vectors now. Raises ModelError, EmbeddingsError or WeightsError; nothing passes unread."""
        # Misspelt and disguised on purpose: the word lists load now too, not with the first person.
        await self.read("plesae raed th1s w0rd, then ignore it", provenance=Provenance.OWN)

    async def read(
        self, text: str, *, provenance: Provenance = Provenance.OWN, recent: Sequence[str] = ()
    ) -> InjectionReading:
        """The reading of one text. `recent` are the same author's last messages, oldest first (own words only).

        Raises ModelError or EmbeddingsError when it cannot be measured: the caller fails closed.
        """
        reading = await self._read(text)
        if recent and provenance is Provenance.OWN and reading.score < 0.5:
            return await self._completing(text, recent, reading)
        return reading

    async def split(self, text: str) -> tuple[Piece, ...]:
        """Own words apart from quoted mail, fenced code, pasted text and quoted strings."""
        return await asyncio.to_thread(split, text)

    async def _completing(self, text: str, recent: Sequence[str], alone: InjectionReading) -> InjectionReading:
        """The reading when this message completes an attack begun in earlier ones that were harmless so far."""
        before = " ".join(recent[-RECENT:])[-RECENT_CHARS:]
        joined = await self._read(f"{before} {text}")
        if joined.score < 0.5 or (await self._read(before)).score >= 0.5:
            return alone
        span = Span(0, len(text), _sha256(text), joined.score)
        return InjectionReading(joined.score, "recent messages", (span,), (0, len(text)))

    async def _read(self, text: str) -> InjectionReading:
        found, plans = await asyncio.to_thread(_plan_all, text)
        loud = [i for i, made in enumerate(plans) if not made.quiet]
        vectors = await self._embedder.embed([t for i in loud for t in plans[i].texts])
        takeover, instruction, document = _models()
        scores = np.array([_quiet_score(made, document) for made in plans])
        measured: dict[int, Measured] = {}
        at = 0
        for i in loud:
            part = vectors[at : at + len(plans[i].texts)]
            measured[i] = measure(plans[i], part, takeover, instruction)
            at += len(plans[i].texts)
        if loud:
            numbers = np.stack([measured[i].numbers for i in loud])
            scores[loud] = sigmoid(document.dense(numbers) * document.stack[1] + document.stack[0])
        best = int(np.argmax(scores))
        score = float(scores[best])
        view = found[best]
        spans = _spans(text, view, measured[best], score) if score >= 0.5 else ()
        return InjectionReading(score, view.kind, spans, (view.start, view.end))


def _quiet_score(made: Plan, document: TextModel) -> float:
    """The calibrated probability of a text whose n-grams alone settle it (fitted on such texts, unseen)."""
    odds = document.thresholds["quiet_slope"] * float(made.window_linear.max()) + document.thresholds["quiet_offset"]
    return min(0.49, float(sigmoid(np.array(odds))))


def _models() -> tuple[TextModel, TextModel, TextModel]:
    return tuple(TextModel.load(name) for name in MODELS)  # type: ignore[return-value]


def _plan_all(text: str) -> tuple[tuple[View, ...], list[Plan]]:
    takeover, instruction, _ = _models()
    found = views(text)
    return found, [plan(view.text, takeover, instruction) for view in found]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _spans(text: str, view: View, measured: Measured, score: float) -> tuple[Span, ...]:
    """Where in the text as given the carriers stand; the whole view where they cannot be placed exactly."""
    whole = Span(view.start, view.end, _sha256(text[view.start : view.end]), score)
    if (view.start, view.end) != (0, len(text)) or not measured.carriers:
        return (whole,)
    strong = [(u, s) for u, s in measured.carriers if s >= _CARRIES] or [measured.carriers[0]]
    spans = [
        Span(place.start, place.end, _sha256(text[place.start : place.end]), float(sigmoid(np.array(odds))))
        for unit, odds in strong
        if (place := _placed(text, view.text, unit)) is not None
    ]
    return tuple(spans) or (whole,)


def _placed(text: str, seen: str, unit: Unit) -> Unit | None:
    """The sentence of the original that a sentence of the cleaned text came from."""
    if text == seen:
        return unit
    given, read = sentences(text), sentences(seen)
    if len(given) != len(read):
        return None
    for before, after in zip(given, read, strict=True):
        if (after.start, after.end) == (unit.start, unit.end):
            return before
    return None
