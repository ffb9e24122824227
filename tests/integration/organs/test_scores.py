"""What `bench.score` prints is what the organs of the running product measure, row for row."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from adapters.embeddings import Embedder, make_embedder
from manifest.constitution import shipped
from organs._2_asi import HeartParts, feel
from organs.bundles import Actor, Piece, Proof, Provenance, Role, Session
from organs.floors.f05_peace import HarmJudge
from organs.floors.f06_empathy import DistressJudge
from router.freshness import FreshnessJudge
from router.sensitivity import SensitivityJudge

common = pytest.importorskip("bench.train.common", reason="needs the extra `train`")


@pytest.fixture
def embedder() -> Iterator[Embedder]:
    made = make_embedder("minilm")
    yield made
    made.close()


def some(task: str, count: int = 200) -> list[dict[str, str]]:
    try:
        rows = [r for r in common.rows(task) if r.text.strip() and len(r.text) <= 600]
    except common.DataMissing as missing:
        pytest.skip(str(missing))
    return [{"id": r.id, "text": r.text} for r in rows[:: max(1, len(rows) // count)][:count]]


def session(text: str) -> Session:
    actor = Actor("p1", "Ana", Role.MEMBER, Proof.LINKED, "console")
    own = (Piece(text, Provenance.OWN),)
    return Session("x", "console", "t", actor, own, (), datetime.now(UTC), shipped())


@pytest.mark.parametrize("task", ["harm", "empathy"])
async def test_the_heart_measures_what_is_printed(task: str, embedder: Embedder) -> None:
    from bench.score import score

    rows = some(task)
    heart = HeartParts(HarmJudge(embedder), DistressJudge(embedder))
    for row, printed in zip(rows, await score(task, rows), strict=True):
        felt = await feel(session(row["text"]), heart)
        assert (felt.harm if task == "harm" else felt.distress) == pytest.approx(printed, abs=2e-5), row["id"]


@pytest.mark.parametrize("task", ["pii", "freshness"])
async def test_the_router_measures_what_is_printed(task: str) -> None:
    from bench.score import score

    rows = some(task)
    judge = SensitivityJudge() if task == "pii" else FreshnessJudge()
    for row, printed in zip(rows, await score(task, rows), strict=True):
        assert judge.score(row["text"]) == pytest.approx(printed, abs=1e-6), row["id"]
