"""`trinity bulk` on a real instance: rows answered at home through the whole pipeline, again at no cost."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.instance import Instance
from tests.servers import model_servers
from tests.stories.test_models import configured


@pytest.mark.timeout(300)
def test_a_file_of_prompts_is_answered_offline_sealed_and_never_twice(home: Path) -> None:
    fixtures = [{"match": {"userMessage": "noun"}, "response": {"content": "A noun is a word that names a thing."}}]
    with model_servers.aimock(home.parent, fixtures) as local:
        trinity = configured(home, "hybrid", "http://127.0.0.1:9", local).start()
        try:
            source, out = home / "in.jsonl", home / "out.jsonl"
            prompts = [{"prompt": f"what is {n} * 7?", "id": n} for n in range(40)] + [{"prompt": "what is a noun?"}]
            source.write_text("".join(json.dumps(p) + "\n" for p in [*prompts, {"nothing": 1}]))
            first = bulk(trinity, source, out)
            assert first.returncode == 1  # the row without a prompt
            lines = {line["row"]: line for line in map(json.loads, out.read_text().splitlines())}
            assert len(lines) == 42
            assert "273" in lines[40]["reply"]
            assert lines[41]["model"]["where"] == "local"
            assert lines[41]["model"]["why"] == "offline: asked for"
            assert "prompt" in lines[42]["error"]
            assert all(line["receipt"] for line in lines.values() if line["error"] is None)
            size = trinity.get("/api/trinity/status").json()["ledger_size"]
            assert bulk(trinity, source, out).returncode == 1
            assert trinity.get("/api/trinity/status").json()["ledger_size"] == size
        finally:
            trinity.stop()


def bulk(trinity: Instance, source: Path, out: Path) -> subprocess.CompletedProcess[bytes]:
    return trinity.run("bulk", str(source), "--out", str(out))
