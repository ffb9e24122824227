"""The trained prior: how likely is it that a local model falls short of a question where a strong one would not.

Three small linear models over hashed words, one per form of question (a choice between options, a sum in words, any
other), each blended with the question's length and calibrated (Platt 1999). Trained by `bench/train/routing.py` on
per-question outcomes of one strong and one weak model (RouteLLM, arXiv 2406.18665); no embedding is needed.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from adapters.classifier import word_hashes

import numpy as np  # isort: skip
from numpy.typing import NDArray

Form = Literal["options", "sum", "other"]
FORMS: tuple[Form, ...] = ("options", "sum", "other")
BITS = 17
FORMAT = 1
_MAX_CHARS = 8_192
_OPTION = re.compile(r"(?m)^\s*\(?([A-Ha-h])[.):]\s+\S")
_NUMBER = re.compile(r"\d")
_HOW_MANY = re.compile(
    r"\bhow (?:many|much|long|far|old|tall|fast|often)\b|\bwhat (?:is|was|are|will be) the (?:total|sum|average"
    r"|difference|cost|price|value|number|probability|percentage|ratio)\b|\b(?:calculate|compute|solve)\b",
    re.I,
)


def form_of(text: str) -> Form:
    """The form of a question, read off its shape."""
    if len({letter.lower() for letter in _OPTION.findall(text)}) >= 3:
        return "options"
    if len(_NUMBER.findall(text)) >= 2 and _HOW_MANY.search(text) and len(text) >= 60:
        return "sum"
    return "other"


def hashed_words(text: str, lengths: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(places, 1 + ln count) of a text's word n-grams."""
    places, counts = np.unique(word_hashes(text[:_MAX_CHARS].lower(), lengths, BITS), return_counts=True)
    return places, (1.0 + np.log(counts)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Part:
    """One form's model. `share` is the weight of the words against the length, both in units of their spread."""

    lengths: tuple[int, ...]
    idf: NDArray[np.float32]  # (2^BITS,)
    weights: NDArray[np.float32]  # (2^BITS,)
    words_mean: float
    words_scale: float
    length_mean: float  # of ln(1 + characters)
    length_scale: float
    share: float
    slope: float  # Platt's
    offset: float

    def words(self, text: str) -> float:
        """The linear part: cosine-normalised TF-IDF times its weights."""
        places, counts = hashed_words(text, self.lengths)
        values = counts * self.idf[places]
        norm = float(np.sqrt(values @ values))
        return float(values @ self.weights[places]) / norm if norm > 0 else self.words_mean

    def blend(self, text: str) -> float:
        """Words and length together, before calibration."""
        words = (self.words(text) - self.words_mean) / self.words_scale
        length = (math.log1p(len(text)) - self.length_mean) / self.length_scale
        # A greeting is far shorter, a pasted file far longer than anything seen in training: neither says more.
        return self.share * words + (1 - self.share) * max(-3.0, min(3.0, length))

    def need(self, text: str) -> float:
        """The calibrated probability."""
        return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, self.slope * self.blend(text) + self.offset))))


@dataclass(frozen=True, slots=True)
class TrainedPrior:
    """The shipped prior."""

    parts: Mapping[Form, Part]
    scores: Mapping[str, float]
    manifest_sha256: str  # of the list of rows it was trained on

    def need(self, text: str) -> float:
        """Probability in [0, 1] that the strong model is needed."""
        return self.parts[form_of(text)].need(text)

    @staticmethod
    def load() -> TrainedPrior:
        """The committed artefact, read once per process."""
        return _load()

    @staticmethod
    def from_bytes(raw: bytes) -> TrainedPrior:
        """Read an artefact. Raises ValueError when it is not one of ours."""
        with np.load(io.BytesIO(raw), allow_pickle=False) as held:
            meta = json.loads(held["meta"].tobytes().decode("utf-8"))
            if meta["format"] != FORMAT:
                raise ValueError(f"prior of format {meta['format']}, this build reads {FORMAT}")
            parts = {
                form: Part(
                    idf=held[f"{form}_idf"].astype(np.float32) * np.float32(meta[form]["idf_scale"]),
                    weights=held[f"{form}_weights"].astype(np.float32) * np.float32(meta[form]["weights_scale"]),
                    lengths=tuple(meta[form]["lengths"]),
                    **{key: meta[form][key] for key in _NUMBERS},
                )
                for form in FORMS
            }
        return TrainedPrior(parts, meta["scores"], meta["manifest_sha256"])

    def to_bytes(self) -> bytes:
        """The artefact, weights quantised to eight bits."""
        arrays: dict[str, NDArray[np.generic]] = {}
        meta: dict[str, object] = {"format": FORMAT, "scores": self.scores, "manifest_sha256": self.manifest_sha256}
        for form, part in self.parts.items():
            idf_scale = float(part.idf.max()) / 255 or 1.0
            weights_scale = float(np.abs(part.weights).max()) / 127 or 1.0
            arrays[f"{form}_idf"] = np.rint(part.idf / idf_scale).astype(np.uint8)
            arrays[f"{form}_weights"] = np.rint(part.weights / weights_scale).astype(np.int8)
            meta[form] = {
                "lengths": list(part.lengths),
                "idf_scale": idf_scale,
                "weights_scale": weights_scale,
                **{key: getattr(part, key) for key in _NUMBERS},
            }
        arrays["meta"] = np.frombuffer(json.dumps(meta, sort_keys=True).encode("utf-8"), np.uint8)
        out = io.BytesIO()
        np.savez_compressed(out, **arrays)  # type: ignore[arg-type]
        return out.getvalue()


_NUMBERS = ("words_mean", "words_scale", "length_mean", "length_scale", "share", "slope", "offset")


@cache
def _load() -> TrainedPrior:
    return TrainedPrior.from_bytes(files("router").joinpath("weights/routing.npz").read_bytes())
