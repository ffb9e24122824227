"""Which of many declared tools fit a request: by meaning of their plain words, before any server is started."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from adapters.cues import clean, words
from adapters.embeddings import Embedder

MOST: Final = 20  # tools that a model is shown
# Cosine of MiniLM vectors below which a tool has nothing to do with a request, and the share of a tool's content words
# that lifts it; tests/unit/adapters/tools/test_choose.py counts what they let through and what they miss.
FLOOR: Final = 0.28
_WORD_WEIGHT: Final = 0.25
_URL: Final = re.compile(r"https?://\S+")
_NAME: Final = re.compile(r"[_./-]+|(?<=[a-z])(?=[A-Z])")


async def rank(request: str, tools: Sequence[tuple[str, str]], embedder: Embedder) -> list[tuple[int, float]]:
    """Places in `tools` (name, summary) that fit, best first, with a score; those below the floor are left out.

    Raises EmbeddingsError.
    """
    if not tools or not request.strip():
        return []
    texts = [f"{_NAME.sub(' ', name.partition('.')[2] or name)}: {summary}" for name, summary in tools]
    # An address says nothing by its letters; that it is one says much.
    plain = _URL.sub("the web page", request[:2_000])
    vectors = await embedder.embed([plain, *texts])
    near = vectors[1:] @ vectors[0]
    asked = {w.stem for w in words(clean(plain)) if w.content}
    scored: list[tuple[int, float]] = []
    for place, text in enumerate(texts):
        own = {w.stem for w in words(clean(text)) if w.content}
        shared = len(asked & own) / max(1, len(own))
        scored.append((place, float(near[place]) + _WORD_WEIGHT * shared))
    return sorted((one for one in scored if one[1] >= FLOOR), key=lambda one: (-one[1], one[0]))
