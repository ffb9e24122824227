"""One small committed model over texts: loaded on first use, off the event loop. The judges of the floors use it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from adapters.classifier import TextModel
from adapters.embeddings import Embedder

_SENTENCES = re.compile(r"(?<=[.!?;…。！？])[\"'”’)]*\s+|\n+")
_QUOTED = re.compile(
    r"“[^”]{1,900}”|„[^“”]{1,900}[“”]|«[^»]{1,900}»|\"[^\"\n]{1,900}\"|(?<!\w)'(?=\S)[^'\n]{2,300}'(?!\w)"
)
_FENCE = re.compile(r"```.*?(?:```|$)|~~~.*?(?:~~~|$)|`[^`\n]{1,300}`", re.DOTALL)
_QUOTE_LINE = re.compile(r"^\s{0,3}>.*$", re.MULTILINE)


class TextJudge:
    """Calibrated probabilities of one committed model. Raises ModelError or EmbeddingsError when a part is missing."""

    def __init__(self, name: str, embedder: Embedder) -> None:
        self.name = name
        self._embedder = embedder

    async def probabilities(
        self, texts: Sequence[str], extra: NDArray[np.float32] | None = None
    ) -> NDArray[np.float64]:
        """(n,) in [0, 1], in the order of `texts`; `extra` holds the further numbers the model wants."""
        if not texts:
            return np.zeros(0)
        model = await asyncio.to_thread(TextModel.load, self.name)
        vectors = await self._embedder.embed(texts) if model.wants_vectors else None
        return await asyncio.to_thread(model.score, list(texts), vectors, extra)

    async def threshold(self, key: str) -> float:
        """One of the operating points stored with the model. Raises KeyError for an unknown one."""
        return float((await asyncio.to_thread(TextModel.load, self.name)).thresholds[key])

    async def warm(self) -> None:
        """Load the model and score one text, or raise; for models without further numbers."""
        await self.probabilities(["ready"])


def sentences(text: str) -> list[str]:
    """The sentences of a text, empty ones left out."""
    return [s.strip() for s in _SENTENCES.split(text) if s.strip()]


def own_words(reply: str) -> str:
    """A reply without what it only quotes or shows: quotations, code and quoted lines."""
    return _QUOTED.sub(" ", _QUOTE_LINE.sub(" ", _FENCE.sub(" ", reply)))
