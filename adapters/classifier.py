"""Runs the small committed text models (a hashed n-gram part, a head over sentence vectors, calibration) in numpy.

A model is one `.npz` without pickle under `adapters/weights/`: TF-IDF weights of word 1–2-grams and character
2–5-grams hashed into 2^bits places (Weinberger et al. 2009), an optional small dense network over the caller's
sentence vectors, optional further numbers of the caller's, and one logistic stack over these parts, fitted on
out-of-fold scores (Platt 1999). Training lives in `bench/train`; nothing here learns.
"""

import importlib.resources
import io
import json
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from adapters import _blas  # noqa: F401  (before numpy: sets the BLAS thread count)

import numpy as np  # isort: skip
from numpy.typing import NDArray

__all__ = ["Features", "ModelError", "TextModel", "char_hashes", "hashed", "sigmoid", "word_hashes"]

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

FORMAT = 1
MAX_CHARS = 32_768  # what one call reads of one text; callers window longer ones
_WORD = re.compile(r"[\w']+")
_SPACE = re.compile(r"\s+")


class ModelError(RuntimeError):
    """A committed model is missing, damaged or of another format; the message names it."""


@dataclass(frozen=True, slots=True)
class Features:
    """How text becomes hashed n-grams; stored with the model so that training and use cannot drift apart."""

    bits: int = 17
    word_lengths: tuple[int, ...] = (1, 2)
    char_lengths: tuple[int, ...] = (2, 3, 4, 5)


def sigmoid(x: NDArray[Any]) -> NDArray[np.float64]:
    """1 / (1 + e^-x), safe for large |x|."""
    out: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(np.asarray(x, np.float64), -40, 40)))
    return out


def _mix(values: NDArray[np.uint64], bits: int) -> Places:
    """Spread 64-bit values over 2^bits places (the finaliser of MurmurHash3)."""
    v = values ^ (values >> np.uint64(33))
    v = v * np.uint64(0xFF51AFD7ED558CCD)
    v ^= v >> np.uint64(33)
    return (v >> np.uint64(64 - bits)).astype(np.int64)


def word_hashes(text: str, lengths: Sequence[int], bits: int) -> Places:
    """Places of the word n-grams of a text that is already in lower case."""
    words = np.array([zlib.crc32(w.encode("utf-8", "replace")) for w in _WORD.findall(text)], np.uint64)
    return _ngrams(words, lengths, bits, seed=0x9E37)


def char_hashes(text: str, lengths: Sequence[int], bits: int) -> Places:
    """Places of the character n-grams of a text with white space folded, a space at both ends."""
    padded = f" {_SPACE.sub(' ', text).strip()} "
    chars = np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    return _ngrams(chars, lengths, bits, seed=0x85EB)


def _ngrams(units: NDArray[np.uint64], lengths: Sequence[int], bits: int, *, seed: int) -> Places:
    found: list[Places] = []
    with np.errstate(over="ignore"):
        rolling = np.full(len(units), seed, np.uint64)
        for n in range(1, max(lengths, default=0) + 1):
            if len(units) < n:
                break
            rolling = rolling[: len(units) - n + 1] * np.uint64(0x100000001B3) + units[n - 1 :] + np.uint64(1)
            if n in lengths:
                found.append(_mix(rolling, bits))
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def hashed(text: str, features: Features) -> tuple[tuple[Places, Floats], tuple[Places, Floats]]:
    """(places, 1 + ln count) of the word part and of the character part."""
    lowered = text[:MAX_CHARS].lower()
    parts = []
    for places in (
        word_hashes(lowered, features.word_lengths, features.bits),
        char_hashes(lowered, features.char_lengths, features.bits),
    ):
        unique, counts = np.unique(places, return_counts=True)
        parts.append((unique, (1.0 + np.log(counts)).astype(np.float32)))
    return parts[0], parts[1]


@dataclass(frozen=True, slots=True)
class TextModel:
    """One loaded model. `score` gives calibrated probabilities of the positive class."""

    name: str
    version: str
    features: Features
    idf: tuple[Floats, Floats]  # (2^bits,) of the word part, of the character part
    weights: tuple[Floats, Floats]  # logistic regression's coefficients on the same places
    bias: float
    layers: tuple[tuple[Floats, Floats], ...]  # dense network over vectors: (in, out), (out,); empty without
    extra_scale: tuple[Floats, Floats] | None  # mean and scale of the caller's further numbers
    stack: Floats  # [intercept, linear part?, dense part?, *extra]
    has_linear: bool
    thresholds: dict[str, float] = field(default_factory=dict)
    manifest_sha256: str = ""
    scores: dict[str, Any] = field(default_factory=dict)

    @property
    def wants_vectors(self) -> bool:
        return bool(self.layers)

    @property
    def wants_extra(self) -> int:
        return 0 if self.extra_scale is None else len(self.extra_scale[0])

    def linear(self, texts: Sequence[str]) -> Floats:
        """(n,) log-odds of the n-gram part alone."""
        out = np.empty(len(texts), np.float32)
        for row, text in enumerate(texts):
            total = self.bias
            for (places, counts), idf, weights in zip(hashed(text, self.features), self.idf, self.weights, strict=True):
                values = counts * idf[places]
                norm = float(np.sqrt(values @ values))
                if norm > 0:
                    total += float(values @ weights[places]) / norm
            out[row] = total
        return out

    def dense(self, vectors: Floats) -> Floats:
        """(n,) log-odds of the network over (n, dim) sentence vectors alone."""
        x: Floats = np.asarray(vectors, np.float32)
        for index, (weight, offset) in enumerate(self.layers):
            x = x @ weight + offset
            if index + 1 < len(self.layers):
                x = np.maximum(x, 0)
        out: Floats = x[:, 0]
        return out

    def score(
        self,
        texts: Sequence[str],
        vectors: Floats | None = None,
        extra: Floats | None = None,
    ) -> NDArray[np.float64]:
        """(n,) probabilities in [0, 1]. Raises ModelError when a part that the model needs is not given."""
        if not len(texts):
            return np.zeros(0)
        parts: list[NDArray[Any]] = []
        if self.has_linear:
            parts.append(self.linear(texts)[:, None])
        if self.layers:
            if vectors is None:
                raise ModelError(f"The model {self.name} needs sentence vectors.")
            parts.append(self.dense(vectors)[:, None])
        if self.extra_scale is not None:
            if extra is None or extra.shape[1] != self.wants_extra:
                raise ModelError(f"The model {self.name} needs {self.wants_extra} further numbers a text.")
            parts.append((extra - self.extra_scale[0]) / self.extra_scale[1])
        return sigmoid(np.hstack(parts) @ self.stack[1:] + self.stack[0])

    @staticmethod
    def load(name: str) -> "TextModel":
        """The committed model of this name, read once per process. Raises ModelError."""
        return _load(name)

    @staticmethod
    def from_bytes(raw: bytes) -> "TextModel":
        """Read an artefact. Raises ModelError when it is not one of ours."""
        try:
            with np.load(io.BytesIO(raw), allow_pickle=False) as held:
                meta = json.loads(held["meta"].tobytes().decode("utf-8"))
                if meta["format"] != FORMAT:
                    raise ModelError(f"Model format {meta['format']} is not known; this build reads {FORMAT}.")
                arrays = {key: held[key] for key in held.files if key != "meta"}
                how = meta["features"]
                features = Features(how["bits"], tuple(how["word_lengths"]), tuple(how["char_lengths"]))
        except (ValueError, KeyError, OSError, zlib.error, zipfile.BadZipFile) as error:
            raise ModelError("A committed model cannot be read: reinstall Trinity.") from error
        none = np.zeros(1 << features.bits, np.float32)

        def part(key: str) -> Floats:
            # Quantised to 8 bits with one scale per part: 0.4 % of the largest weight.
            if key not in arrays:
                return none
            values: Floats = arrays[key].astype(np.float32)
            values *= np.float32(meta["scales"][key])
            return values

        return TextModel(
            name=meta["name"],
            version=meta["version"],
            features=features,
            idf=(part("idf_word"), part("idf_char")),
            weights=(part("weights_word"), part("weights_char")),
            bias=meta["bias"],
            layers=tuple(
                (arrays[f"layer{i}"].astype(np.float32), arrays[f"offset{i}"].astype(np.float32))
                for i in range(meta["layers"])
            ),
            extra_scale=(arrays["extra_mean"], arrays["extra_scale"]) if "extra_mean" in arrays else None,
            stack=arrays["stack"],
            has_linear=meta["has_linear"],
            thresholds=meta["thresholds"],
            manifest_sha256=meta["manifest_sha256"],
            scores=meta["scores"],
        )

    def to_bytes(self) -> bytes:
        """The artefact: what `from_bytes` reads, quantised."""
        arrays: dict[str, NDArray[Any]] = {"stack": self.stack.astype(np.float32)}
        scales: dict[str, float] = {}
        if self.has_linear:
            for key, values, kind in (
                ("idf_word", self.idf[0], np.uint8),
                ("idf_char", self.idf[1], np.uint8),
                ("weights_word", self.weights[0], np.int8),
                ("weights_char", self.weights[1], np.int8),
            ):
                top = float(np.abs(values).max()) or 1.0
                scales[key] = top / (255 if kind is np.uint8 else 127)
                arrays[key] = np.rint(values / scales[key]).astype(kind)
        for index, (weight, offset) in enumerate(self.layers):
            arrays[f"layer{index}"] = weight.astype(np.float16)
            arrays[f"offset{index}"] = offset.astype(np.float32)
        if self.extra_scale is not None:
            arrays["extra_mean"], arrays["extra_scale"] = (a.astype(np.float32) for a in self.extra_scale)
        meta = {
            "format": FORMAT,
            "name": self.name,
            "version": self.version,
            "features": {
                "bits": self.features.bits,
                "word_lengths": list(self.features.word_lengths),
                "char_lengths": list(self.features.char_lengths),
            },
            "scales": scales,
            "bias": self.bias,
            "layers": len(self.layers),
            "has_linear": self.has_linear,
            "thresholds": self.thresholds,
            "manifest_sha256": self.manifest_sha256,
            "scores": self.scores,
        }
        arrays["meta"] = np.frombuffer(json.dumps(meta, sort_keys=True).encode("utf-8"), np.uint8)
        out = io.BytesIO()
        np.savez_compressed(out, **arrays)  # type: ignore[arg-type]
        return out.getvalue()


@cache
def _load(name: str) -> TextModel:
    place = importlib.resources.files("adapters") / "weights" / f"{name}.npz"
    if not place.is_file():
        raise ModelError(f"The committed model {name} is missing: reinstall Trinity, or train it (bench/train).")
    model = TextModel.from_bytes(place.read_bytes())
    if model.name != name:
        raise ModelError(f"The file {name}.npz holds the model {model.name}.")
    return model
