"""One organ at a time, for programs: the airlock's reading, what is asked, what would be answered, 888 on a draft.

The same functions as in the pipeline, on the same instruments. Nothing here acts, opens a hold or seals: a judgement
that reads SEAL says that 888 would seal; nothing has been sealed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from organs import _1_agi, _2_asi
from organs._0_init import Arrival, Refusal, authority
from organs._1_agi import Reasoned, Sensed
from organs._3_apex import Judgement
from organs.bundles import Actor, Evidence, Hypothesis, Lane, MindBundle, Proposal, Provenance, Role, Session, Verdict
from organs.compute import compute
from organs.pipeline import Pipeline
from organs.proposals import propose
from organs.reality import LookedUp
from organs.stages import MeteredRouter, Observe, Stages

_NO_SEARCH = "No search is connected, so nothing was looked up (BRAVE_API_KEY)."


@dataclass(frozen=True, slots=True)
class Examined:
    """A judgement and the Mind's part in it, claims and evidence included."""

    judgement: Judgement
    mind: MindBundle


class Examiner:
    """Looks at stages one by one. Raises what an organ raises: the caller closes on it."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline, self._parts = pipeline, pipeline.parts

    async def admit(self, arrival: Arrival) -> Session | Refusal:
        """000: crisis, F11 and F12 on a text."""
        return await self._parts.airlock.admit(arrival)

    def speaking(self, session: Session, actor: Actor) -> Session:
        """The session as its person stands now: a role that was lowered since counts."""
        f11 = authority(actor, Role.GUEST, session.constitution)
        return replace(session, actor=actor, airlock=(f11, *(r for r in session.airlock if r.floor != "F11")))

    async def sense(self, session: Session) -> tuple[Sensed, bool]:
        """111: what is asked, and whether it needs facts newer than a model's training."""
        sensed = await _1_agi.sense_111(session, replace(self._parts.mind, router=MeteredRouter(self._parts.router)))
        reality = self._parts.mind.reality
        return sensed, reality is not None and reality.needs_fresh(sensed.request, sensed.sense)

    async def reason(self, session: Session, observe: Observe) -> Examined:
        """111 to 666, and what 888 would say of it."""
        router, stages = self._begin(observe)
        mind, heart = await self._pipeline.side_by_side(session, stages, router)
        judgement, mind = await self._pipeline.judge(session, mind, heart, stages, router, retried=True)
        return Examined(await self._with_deciders(session, judgement), mind)

    async def judge(self, session: Session, draft: str, observe: Observe) -> Examined:
        """333 to 888 on a draft that somebody else wrote. Its words are measured; who sent it vouches for nothing."""
        router, stages = self._begin(observe)
        mind_parts = replace(self._parts.mind, router=router)
        with stages("111"):
            sensed = await _1_agi.sense_111(session, mind_parts)
        with stages("333"):
            reasoned = _given(session, sensed, draft)
            mind = await _1_agi.integrate_333(session, sensed, reasoned, mind_parts)
        heart = await _2_asi.feel(session, self._parts.heart)
        judgement, mind = await self._pipeline.judge(session, mind, heart, stages, router, retried=True)
        return Examined(await self._with_deciders(session, judgement), mind)

    async def look_up(self, session: Session) -> LookedUp:
        """`reality_search` for the session's own words."""
        reality = self._parts.mind.reality
        if reality is None:
            return LookedUp(why_not=_NO_SEARCH, off=True)
        sensed, _ = await self.sense(session)
        return await reality.look_up(session, sensed.sense.lane)

    def _begin(self, observe: Observe) -> tuple[MeteredRouter, Stages]:
        router = MeteredRouter(self._parts.router)
        return router, Stages(observe, router)

    async def _with_deciders(self, session: Session, judgement: Judgement) -> Judgement:
        if judgement.verdict is not Verdict.HOLD:
            return judgement
        return await self._pipeline.with_deciders(session, judgement)


def _given(session: Session, sensed: Sensed, draft: str) -> Reasoned:
    """222 for somebody else's draft: no model is asked, the evidence and the proposals are our own."""
    read, evidence = sensed.sense, _1_agi.evidence_of(session)
    proposals: tuple[Proposal, ...] = ()
    if read.lane is Lane.ACTION:
        proposals = propose(sensed.request, now=session.now, language=read.language, effect=sensed.effect)
    elif not session.material:
        computed = compute(sensed.request, now=session.now, language=read.language)
        if computed is not None:
            evidence = (Evidence(computed.answer, computed.how, Provenance.OWN, computed=True), *evidence)
    return Reasoned((Hypothesis(draft, None),), proposals, evidence)
