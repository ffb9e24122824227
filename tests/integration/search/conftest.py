"""A pipeline whose one model says what the test wants, with a real search behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.embeddings import make_embedder
from adapters.meaning import Meaning
from adapters.search import BraveSearch
from manifest.agents import Agents
from manifest.constitution import shipped
from manifest.prices import nanodollars
from manifest.replies import Replies
from manifest.routing import load_routing
from organs import _1_agi, _2_asi, align
from organs._0_init import Airlock, Arrival
from organs.bundles import Actor, Proof, Proposal, Role, Turn
from organs.floors.f05_peace import HarmJudge
from organs.floors.f06_empathy import CareJudge, DistressJudge
from organs.floors.f09_antihantu import HantuJudge
from organs.floors.f10_ontology import OntologyJudge
from organs.floors.f12_injection import InjectionJudge
from organs.outcome import Outcome
from organs.pipeline import Pipeline, PipelineParts
from organs.ports import Deciders, Deed
from organs.reality import Reality
from organs.wording import Wording
from router.budget import DatabaseSpendBook, Limits
from router.freshness import FreshnessJudge
from router.searching import Searching
from router.sensitivity import SensitivityJudge
from router.task import TaskReader
from router.words import Answer, ModelCall, ModelState, ModelUse, RouterState
from store.engine import Database
from store.flags import Flags
from tests.platforms.brave import KEY, Brave, brave

DI = Actor("di", "Di", Role.MEMBER, Proof.LINKED, "bridge")


class Models:
    """One model; what it was shown is kept."""

    def __init__(self, answer: str | Callable[[ModelCall], str]) -> None:
        self.answer, self.calls = answer, list[ModelCall]()

    async def ask(self, call: ModelCall) -> Answer:
        self.calls.append(call)
        text = self.answer if isinstance(self.answer, str) else self.answer(call)
        return Answer(text, ModelUse("m", "local", "the only one", Decimal(0), 5, 5, 1.0), "end")

    def available(self) -> RouterState:
        model = ModelState("m", "local", True, "ready")
        return RouterState("hybrid", (model,), False, Decimal(0), None, None, None)


class _Desk:
    async def deciders(self, proposal: Proposal, actor: Actor) -> Deciders:
        return Deciders("Bo", nobody=False)


class _Hands:
    async def run(self, proposal: Proposal, **_: Any) -> Deed:
        return Deed("done", "Done.")


@dataclass
class Rig:
    """The parts of one search that tests turn."""

    service: Brave
    database: Database
    flags: Flags
    home: Path
    mode: str = "hybrid"
    limits: Limits = field(default_factory=lambda: Limits(day=nanodollars(Decimal(5))))
    key: str | None = KEY
    price: int | None = nanodollars(Decimal("0.005"))
    made: list[Searching] = field(default_factory=list)
    models: Models = field(default_factory=lambda: Models(""))

    @property
    def book(self) -> DatabaseSpendBook:
        return DatabaseSpendBook(self.database)

    def searching(self) -> Searching:
        engine = None
        if self.key is not None:
            engine = BraveSearch(self.key, self.service.url)
            engine._pause = 0.0  # the server's own pace holds from its first answer on
        made = Searching(
            engine,
            mode=self.mode,  # type: ignore[arg-type]
            routing=load_routing(self.home),
            reader=TaskReader(SensitivityJudge(), None, None),
            book=self.book,
            limits=self.limits,
            price=self.price,
        )
        self.made.append(made)
        return made

    def pipeline(self, answer: str | Callable[[ModelCall], str]) -> Pipeline:
        embedder, rules, replies = make_embedder("minilm"), shipped(), Replies.load()
        self.models = Models(answer)
        injection = InjectionJudge(embedder)
        reality = Reality(self.searching(), injection, FreshnessJudge())
        mind = _1_agi.MindParts(self.models, embedder, Meaning(embedder), replies, Agents.load(), reality)
        return Pipeline(
            PipelineParts(
                airlock=Airlock(injection, rules, replies),
                router=self.models,
                mind=mind,
                heart=_2_asi.HeartParts(HarmJudge(embedder), DistressJudge(embedder)),
                align=align.AlignParts(CareJudge(embedder), HantuJudge(embedder), OntologyJudge()),
                desk=_Desk(),
                hands=_Hands(),
                wording=Wording(replies),
                constitution=rules,
                crisis_contact=lambda: False,
            )
        )

    async def ask(self, answer: str | Callable[[ModelCall], str], text: str, **more: Any) -> Outcome:
        arrival = replace(Arrival("ex_1", "bridge", "t", DI, text, datetime(2026, 11, 21, 12, tzinfo=UTC)), **more)
        return (await self.pipeline(answer).run(arrival, lambda *_: None)).outcome


@pytest.fixture
def service() -> Iterator[Brave]:
    with brave() as told:
        yield told


@pytest.fixture
async def rig(service: Brave, tmp_path: Path) -> AsyncIterator[Rig]:
    database = await Database.open(None, tmp_path)
    made = Rig(service, database, Flags(database), tmp_path)
    yield made
    for searching in made.made:
        await searching.close()
    await database.close()


def said(text: str) -> Turn:
    return Turn("user", text, "di")
