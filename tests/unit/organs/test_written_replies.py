"""Written replies are said without a model, so they are measured here instead: honest in every language."""

from __future__ import annotations

import pytest

from adapters.embeddings import make_embedder
from manifest.constitution import shipped
from manifest.replies import Replies
from organs.floors import f09_antihantu, f10_ontology
from organs.floors.f09_antihantu import HantuJudge
from organs.floors.f10_ontology import OntologyJudge

RULES = shipped()
SAID = [
    (key, language, text)
    for key, table in Replies.load().texts.items()
    if key.split(".")[0] in ("greeting", "thanks", "farewell", "ack", "how_are_you", "identity", "feelings", "help")
    for language, text in table.items()
]


@pytest.fixture(scope="module")
def judge() -> HantuJudge:
    return HantuJudge(make_embedder("minilm"))


@pytest.mark.parametrize(("key", "language", "text"), SAID, ids=[f"{k}-{lang}" for k, lang, _ in SAID])
async def test_no_written_reply_claims_what_a_tool_is_not(
    judge: HantuJudge, key: str, language: str, text: str
) -> None:
    hantu = await f09_antihantu.measure(text, judge, RULES["F9"])
    assert hantu.passed, hantu.reason
    ontology = f10_ontology.measure(text, OntologyJudge(), RULES["F10"])
    assert ontology.passed, ontology.reason
