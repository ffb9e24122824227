"""The committed models keep the rules of training: licences, the untouched test part, size, and their manifests."""

import hashlib
import json
from pathlib import Path

import pytest

from adapters.classifier import ModelError, TextModel

WEIGHTS = Path(__file__).resolve().parents[3] / "adapters" / "weights"
MODELS = sorted(WEIGHTS.glob("*.npz"))
FORBIDDEN = {"qualifire", "donotanswer", "safety_tuned_llamas", "empatheticdialogues", "tensor_trust", "satml_ctf"}


def test_there_are_models() -> None:
    assert MODELS


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_manifest_and_model_belong_together(path: Path) -> None:
    try:
        model = TextModel.from_bytes(path.read_bytes())
    except ModelError:
        pytest.skip("a model with a form of its own, tested beside its code")
    raw = path.with_name(f"{path.stem}.manifest.json").read_bytes()
    assert model.name == path.stem
    assert hashlib.sha256(raw).hexdigest() == model.manifest_sha256


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_nothing_forbidden_was_learned_from(path: Path) -> None:
    manifest = json.loads(path.with_name(f"{path.stem}.manifest.json").read_bytes())
    assert not FORBIDDEN & set(manifest["sources"])
    touched = [i for i in manifest["ids"] if hashlib.sha256(i.encode()).hexdigest()[-1] in "01"]
    assert not touched, f"{len(touched)} rows of the test part were learned from"
    assert manifest["ids"]


def test_all_weights_together_are_small() -> None:
    assert sum(p.stat().st_size for p in WEIGHTS.iterdir()) < 15_000_000
