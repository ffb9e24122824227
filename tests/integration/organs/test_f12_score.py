"""What `bench.score injection` prints is what the airlock of the running product measures, row for row."""

from datetime import UTC, datetime

import pytest

from adapters.embeddings import make_embedder
from manifest.constitution import shipped
from manifest.replies import Replies
from organs._0_init import Airlock, Arrival, Refusal
from organs.airlock.judge import InjectionJudge
from organs.bundles import Actor, Lane, Proof, Role

common = pytest.importorskip("bench.train.common", reason="needs the extra `train`")


async def test_two_hundred_rows_score_the_same_through_the_airlock() -> None:
    try:
        rows = [r for r in common.rows("injection") if common.is_test_part(r.id)]
    except common.DataMissing as missing:
        pytest.skip(str(missing))
    from bench.score import score, threshold

    rows = [r for r in rows if len(r.text) <= 600]  # long documents take seconds each on a busy machine
    rows = rows[:: len(rows) // 200][:200]
    printed = await score("injection", [{"id": r.id, "text": r.text} for r in rows])
    assert threshold("injection") == shipped()["F12"].strict_threshold
    embedder = make_embedder("minilm")
    airlock = Airlock(InjectionJudge(embedder), shipped(), Replies.load())
    actor = Actor("p1", "Ana", Role.MEMBER, Proof.LINKED, "console")
    compared = 0
    try:
        for row, value in zip(rows, printed, strict=True):
            arrival = Arrival(row.id, "console", "t", actor, row.text, datetime.now(UTC))
            outcome = await airlock.admit(arrival)
            if isinstance(outcome, Refusal) and outcome.lane is Lane.CRISIS:
                continue  # the crisis check wins before F12 is asked
            floors = outcome.floors if isinstance(outcome, Refusal) else {f.floor: f for f in outcome.airlock}
            assert floors["F12"].score == pytest.approx(value, abs=2e-5), row.id
            compared += 1
    finally:
        embedder.close()
    assert compared > 190
