"""Runs a small boosted forest of regression trees beside a logistic head, calibrated; numpy only, from one `.npz`.

Made by `bench/train` from scikit-learn's gradient boosting (Friedman 2001); nothing here learns. No pickle.
"""

from __future__ import annotations

import importlib.resources
import io
import json
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from adapters import _blas  # noqa: F401  (before numpy: sets the BLAS thread count)

import numpy as np  # isort: skip
from numpy.typing import NDArray

from adapters.classifier import ModelError, sigmoid

Floats = NDArray[np.float32]
FORMAT = "forest-1"


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees as flat arrays: node i goes left where x[feature[i]] <= cut[i]; a leaf has feature -1."""

    name: str
    names: tuple[str, ...]  # what each input number means, checked against the caller's
    feature: NDArray[np.int16]  # (nodes,)
    cut: Floats  # (nodes,)
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Floats  # (nodes,) leaf value times the learning rate
    roots: NDArray[np.int32]  # (trees,)
    start: float  # log-odds before the first tree
    mean: Floats  # (inputs,) of the logistic head
    scale: Floats
    coefficients: Floats
    intercept: float
    calibration: tuple[float, float, float]  # intercept, weight of the forest's log-odds, weight of the head's
    table: dict[str, float] = field(default_factory=dict)  # further numbers by word (rarity)
    scores: dict[str, Any] = field(default_factory=dict)

    def forest_odds(self, x: Floats) -> NDArray[np.float64]:
        """(n,) log-odds of the trees alone."""
        total = np.full(len(x), self.start)
        rows = np.arange(len(x))
        for root in self.roots:
            node = np.full(len(x), root, np.int32)
            for _ in range(16):  # deeper trees are not made
                split = self.feature[node]
                inner = split >= 0
                if not inner.any():
                    break
                goes_left = x[rows, np.maximum(split, 0)] <= self.cut[node]
                node = np.where(inner, np.where(goes_left, self.left[node], self.right[node]), node)
            total += self.value[node]
        return total

    def head_odds(self, x: Floats) -> NDArray[np.float64]:
        """(n,) log-odds of the logistic head alone."""
        out: NDArray[np.float64] = ((x - self.mean) / self.scale).astype(
            np.float64
        ) @ self.coefficients + self.intercept
        return out

    def score(self, x: Floats) -> NDArray[np.float64]:
        """(n, inputs) → (n,) calibrated probabilities. Raises ModelError on a wrong number of inputs."""
        x = np.asarray(x, np.float32)
        if x.ndim != 2 or x.shape[1] != len(self.names):
            raise ModelError(f"The model {self.name} needs {len(self.names)} numbers a row.")
        if not len(x):
            return np.zeros(0)
        a, b, c = self.calibration
        return sigmoid(a + b * self.forest_odds(x) + c * self.head_odds(x))

    def to_bytes(self) -> bytes:
        """The artefact."""
        meta = {
            "format": FORMAT,
            "name": self.name,
            "names": list(self.names),
            "start": self.start,
            "intercept": self.intercept,
            "calibration": list(self.calibration),
            "table": self.table,
            "scores": self.scores,
        }
        out = io.BytesIO()
        np.savez_compressed(
            out,
            meta=np.frombuffer(json.dumps(meta, ensure_ascii=False, sort_keys=True).encode(), np.uint8),
            feature=self.feature,
            cut=self.cut,
            left=self.left,
            right=self.right,
            value=self.value,
            roots=self.roots,
            mean=self.mean,
            scale=self.scale,
            coefficients=self.coefficients,
        )
        return out.getvalue()

    @staticmethod
    def from_bytes(raw: bytes) -> Forest:
        """Read an artefact. Raises ModelError when it is not one of ours."""
        try:
            with np.load(io.BytesIO(raw), allow_pickle=False) as held:
                meta = json.loads(held["meta"].tobytes().decode("utf-8"))
                if meta["format"] != FORMAT:
                    raise ModelError(f"Forest format {meta['format']} is not known; this build reads {FORMAT}.")
                arrays = {key: held[key] for key in held.files if key != "meta"}
        except (ValueError, KeyError, OSError, zlib.error, zipfile.BadZipFile) as error:
            raise ModelError("A committed model cannot be read: reinstall Trinity.") from error
        a, b, c = meta["calibration"]
        return Forest(
            meta["name"],
            tuple(meta["names"]),
            start=float(meta["start"]),
            intercept=float(meta["intercept"]),
            calibration=(float(a), float(b), float(c)),
            table=meta["table"],
            scores=meta["scores"],
            **arrays,
        )

    @staticmethod
    def load(name: str) -> Forest:
        """The committed model of this name, read once per process. Raises ModelError."""
        return _load(name)


@cache
def _load(name: str) -> Forest:
    try:
        raw = importlib.resources.files("adapters").joinpath("weights", f"{name}.npz").read_bytes()
    except (FileNotFoundError, ModuleNotFoundError) as error:
        raise ModelError(f"The committed model {name} is missing: reinstall Trinity.") from error
    return Forest.from_bytes(raw)
