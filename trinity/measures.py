"""The judges that measure what is said, made once over one encoder and loaded in the order they are needed."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.embeddings import Embedder
from adapters.meaning import Meaning
from organs._2_asi import HeartParts
from organs.align import AlignParts
from organs.floors.f05_peace import HarmJudge
from organs.floors.f06_empathy import CareJudge, DistressJudge
from organs.floors.f09_antihantu import HantuJudge
from organs.floors.f10_ontology import OntologyJudge
from organs.floors.f12_injection import InjectionJudge
from router.sensitivity import SensitivityJudge


@dataclass(frozen=True, slots=True)
class Measures:
    """Every judge, shared by all exchanges."""

    injection: InjectionJudge
    heart: HeartParts
    align: AlignParts
    sensitivity: SensitivityJudge
    meaning: Meaning

    @classmethod
    def over(cls, embedder: Embedder) -> Measures:
        """All judges over this encoder; nothing is loaded yet."""
        return cls(
            InjectionJudge(embedder),
            HeartParts(HarmJudge(embedder), DistressJudge(embedder)),
            AlignParts(CareJudge(embedder), HantuJudge(embedder), OntologyJudge()),
            SensitivityJudge(),
            Meaning(embedder),
        )

    async def warm(self) -> None:
        """Load now what every message needs, the airlock first; what cannot be loaded shows in /readyz."""
        await self.injection.warm()
        await self.heart.warm()
        await self.align.warm()

    def private(self, text: str) -> bool:
        """Whether a text holds what may not leave, at the recall-first point."""
        return self.sensitivity.sensitive(text).sensitive
