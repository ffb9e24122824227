"""Sentence embeddings behind one interface: texts in, L2-normalised vectors out, never on the event loop.

Two forms of the same all-MiniLM-L6-v2 weights: `minilm` (numpy, the default) and `sbert`
(sentence-transformers through torch, extra `sbert`). One thread owns the model, so callers share it safely;
vectors are cached by the text's hash, so an exchange embeds each text once.
"""

import asyncio
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, Protocol

from adapters import _blas

import numpy as np  # isort: skip
import structlog
from numpy.typing import NDArray

from adapters._minilm import DIM, MAX_CHARS, MiniLM, WeightsError

__all__ = ["Embedder", "EmbeddingsError", "ThreadedEmbedder", "make_embedder"]

Floats = NDArray[np.float32]
CACHE_ENTRIES = 4096  # 1.5 KB each: about 6 MB at most

log = structlog.get_logger(__name__)


class EmbeddingsError(RuntimeError):
    """The embedding model could not be loaded; the message says what is missing and how to get it."""


class Embedder(Protocol):
    """What the house needs of an embedding model."""

    @property
    def name(self) -> str: ...

    @property
    def dim(self) -> int: ...

    async def embed(self, texts: Sequence[str]) -> Floats:
        """(n, dim) float32, L2-normalised, in the order of `texts`. Raises EmbeddingsError."""
        ...

    def embed_sync(self, texts: Sequence[str]) -> Floats:
        """The same from a plain thread (training, benches, floors already off the loop)."""
        ...

    async def warm(self) -> None:
        """Load the model and compute one vector, or raise EmbeddingsError."""
        ...


class _Encoder(Protocol):
    def encode(self, texts: Sequence[str]) -> Floats: ...


class ThreadedEmbedder:
    """An Embedder whose model lives in one thread of its own and is loaded there on first use.

    A failed load is raised to every caller and tried again on the next call; nothing falls back silently.
    """

    def __init__(self, name: str, load: Callable[[], _Encoder], *, cache_entries: int = CACHE_ENTRIES) -> None:
        self.name = name
        self.dim = DIM
        self._load = load
        self._encoder: _Encoder | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"embed-{name}")
        self._cache: OrderedDict[bytes, Floats] = OrderedDict()
        self._cache_entries = cache_entries
        self._lock = threading.Lock()

    async def embed(self, texts: Sequence[str]) -> Floats:
        batch = list(texts)
        ready = self._from_cache(batch)
        if ready is not None:
            return ready
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._compute, batch)

    def embed_sync(self, texts: Sequence[str]) -> Floats:
        batch = list(texts)
        ready = self._from_cache(batch)
        return ready if ready is not None else self._thread.submit(self._compute, batch).result()

    async def warm(self) -> None:
        await self.embed(["ready"])

    def preload(self) -> None:
        """Begin to load in the model's own thread and come back at once; a failure shows at the first use."""
        self._thread.submit(lambda: self._encoder or self._loaded_encoder())

    def loaded(self) -> bool:
        """True once the model is in memory (for /readyz)."""
        return self._encoder is not None

    def close(self) -> None:
        """Stop the thread; texts under way are finished."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _from_cache(self, texts: list[str]) -> Floats | None:
        """All vectors from the cache, or None when any is missing."""
        found = np.empty((len(texts), self.dim), np.float32)
        with self._lock:
            for row, text in enumerate(texts):
                key = _key(text)
                vector = self._cache.get(key)
                if vector is None:
                    return None
                self._cache.move_to_end(key)
                found[row] = vector
        return found

    def _compute(self, texts: list[str]) -> Floats:
        encoder = self._encoder or self._loaded_encoder()
        keys = [_key(text) for text in texts]
        with self._lock:
            vectors = {key: self._cache[key] for key in keys if key in self._cache}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in vectors}
        if missing:
            vectors.update(zip(missing, encoder.encode(list(missing.values())), strict=True))
            with self._lock:
                for key in missing:
                    self._cache[key] = vectors[key].copy()
                while len(self._cache) > self._cache_entries:
                    self._cache.popitem(last=False)
        out = np.empty((len(texts), self.dim), np.float32)
        for row, key in enumerate(keys):
            out[row] = vectors[key]
        return out

    def _loaded_encoder(self) -> _Encoder:
        try:
            self._encoder = self._load()
        except (WeightsError, ImportError, OSError, ValueError) as error:
            log.error("embeddings.load_failed", name=self.name, error=type(error).__name__)
            raise EmbeddingsError(f"Embeddings ({self.name}) could not be loaded: {error}") from error
        if _blas.late():
            log.warning("embeddings.blas_threads", hint="numpy was imported before OPENBLAS_NUM_THREADS was set")
        return self._encoder


def _key(text: str) -> bytes:
    return hashlib.blake2b(text[:MAX_CHARS].encode("utf-8", "surrogatepass"), digest_size=16).digest()


class _SentenceTransformer:
    """The sentence-transformers form; needs the extra `sbert` (torch, CPU build by constraints)."""

    def __init__(self) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise EmbeddingsError(
                'embeddings = "sbert" needs the extra: pip install -c constraints-cpu.txt -e ".[sbert]", '
                'or set embeddings = "minilm".'
            ) from error
        from adapters._minilm import weights_folder

        self._model: Any = SentenceTransformer(str(weights_folder()), device="cpu")

    def encode(self, texts: Sequence[str]) -> Floats:
        clean = [t[:MAX_CHARS].encode("utf-8", "replace").decode("utf-8") for t in texts]
        vectors = self._model.encode(clean, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)


def make_embedder(name: Literal["minilm", "sbert"] = "minilm") -> ThreadedEmbedder:
    """The embedder that the settings name; nothing is loaded until `warm` or the first text."""
    if name == "minilm":
        return ThreadedEmbedder("minilm", MiniLM)
    if name == "sbert":
        return ThreadedEmbedder("sbert", _SentenceTransformer)
    raise EmbeddingsError(f'embeddings = "{name}" is not known: use "minilm" or "sbert".')
