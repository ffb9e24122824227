"""`embeddings = "sbert"`: the same vectors through sentence-transformers and torch, in an environment of its own.

`TRINITY_TEST_SBERT` names that environment's Python; `.ci/run` makes one.
"""

import json
import os
import subprocess

import numpy as np
import pytest

from adapters.embeddings import make_embedder
from tests.instance import REPO

TEXTS = ["What is the capital of Mongolia?", "Die Rechnung ist bezahlt.", "🙂", " ".join(["word"] * 400), ""]
SCRIPT = """
import asyncio, json, sys
from adapters.embeddings import make_embedder

embedder = make_embedder("sbert")
print(json.dumps(embedder.embed_sync(json.loads(sys.stdin.read())).tolist()))
embedder.close()
"""


def test_both_forms_of_the_weights_give_the_same_vectors() -> None:
    python = os.environ.get("TRINITY_TEST_SBERT")
    if python is None:
        reason = "TRINITY_TEST_SBERT names no Python with the extra sbert"
        if os.environ.get("TRINITY_REQUIRE_SERVICES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    done = subprocess.run(
        [python, "-c", SCRIPT],
        input=json.dumps(TEXTS),
        capture_output=True,
        text=True,
        timeout=150,
        cwd=REPO,
        env={**os.environ, "PYTHONPATH": str(REPO), "HF_HUB_OFFLINE": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    theirs = np.array(json.loads(done.stdout.splitlines()[-1]), np.float32)
    embedder = make_embedder("minilm")
    try:
        ours = embedder.embed_sync(TEXTS)
    finally:
        embedder.close()
    assert theirs.shape == ours.shape == (len(TEXTS), 384)
    assert float(np.abs(theirs - ours).max()) < 1e-4
