"""The straight walk of one exchange: 000, then Mind and Heart side by side, 444 … 888. 999 follows outside.

What comes back is a `Prepared`: everything decided and nothing done that cannot be taken back. An error inside
an organ is a verdict (SABAR, with the error's class), never a shrug.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from adapters.models.base import ChatMessage
from manifest.constitution import Constitution
from organs import _1_agi, _2_asi, _3_apex, _4_vault, prompts
from organs._0_init import Airlock, Arrival, Refusal, authority, clean
from organs._3_apex import Judgement
from organs.align import AlignParts, Rewrite, align_666, validate_555
from organs.bundles import (
    FloorResult,
    HeartBundle,
    Lane,
    MindBundle,
    Proposal,
    Role,
    Session,
    SoulBundle,
    Verdict,
)
from organs.consensus import compute_consensus
from organs.forge import forge_777
from organs.language import detect
from organs.outcome import Outcome, floor_results, floor_views, model_view, stage_views, witness_view
from organs.ports import Deed, Hands, HoldDesk, HumanWord, Models
from organs.prepared import HeldProposal, HoldAsk, Prepared
from organs.stages import MeteredRouter, Observe, Stages, total
from organs.wording import Wording
from router.words import ModelCall, RouterError

log = structlog.get_logger("pipeline")

# An exchange's own time (a model's not counted) within which E of G is 1: one answer to a message is tactical,
# several answers or material to read are strategic (DESIGN, Lanes and F8).
_TACTICAL_MS, _STRATEGIC_MS = 2_000.0, 60_000.0


@dataclass(frozen=True, slots=True)
class PipelineParts:
    """The organs' instruments; made once, shared by all exchanges."""

    airlock: Airlock
    router: Models
    mind: _1_agi.MindParts
    heart: _2_asi.HeartParts
    align: AlignParts
    desk: HoldDesk
    hands: Hands
    wording: Wording
    constitution: Constitution
    crisis_contact: Callable[[], bool]  # whether anybody is named who will be alerted


class Pipeline:
    """Runs exchanges; keeps nothing between them."""

    def __init__(self, parts: PipelineParts) -> None:
        self._parts = parts

    @property
    def parts(self) -> PipelineParts:
        """The instruments, for who looks at one stage alone (`organs/examination.py`)."""
        return self._parts

    def with_hands(self, hands: Hands) -> Pipeline:
        """The same organs with other hands."""
        return Pipeline(replace(self._parts, hands=hands))

    async def run(self, arrival: Arrival, observe: Observe) -> Prepared:
        """000 to 888, reversible own actions included. Never raises for a fault of an organ."""
        router = MeteredRouter(self._parts.router, arrival.route)
        stages = Stages(observe, router)
        try:
            with stages("000"):
                admitted = await self._parts.airlock.admit(arrival)
        except Exception as error:  # a fault in the airlock must not open it
            log.error("airlock.failed", error=type(error).__name__, exc_info=True)
            return self.gave_up(arrival, "stage 000", type(error).__name__, stages)
        if isinstance(admitted, Refusal):
            return self._refused(arrival, admitted, stages)
        try:
            return await self._through(arrival, admitted, stages, router)
        except Exception as error:  # an error inside an organ is a verdict (DESIGN, Fail closed)
            log.error("organ.failed", stage=stages.current, error=type(error).__name__, exc_info=True)
            return self.gave_up(arrival, f"stage {stages.current}", type(error).__name__, stages)

    async def _through(self, arrival: Arrival, session: Session, stages: Stages, router: MeteredRouter) -> Prepared:
        mind, heart = await self.side_by_side(session, stages, router)
        again_possible = self._another_answer_possible(mind)
        judgement, mind = await self.judge(session, mind, heart, stages, router, retried=not again_possible)
        if judgement.verdict is Verdict.SABAR and again_possible:
            stages.note("once more, with a stronger model")
            again = await self._mind(session, stages, router, stronger=True)
            if again.failure is None:
                mind = again
            judgement, mind = await self.judge(session, mind, heart, stages, router, retried=True)
        if judgement.verdict is Verdict.HOLD:
            judgement = await self.with_deciders(session, judgement)
        deed = None
        if judgement.verdict.weight <= Verdict.PARTIAL.weight and judgement.proposals:
            deed = await self._act(session, judgement)
        return self._prepared(arrival, session, judgement, mind, stages, deed)

    async def side_by_side(
        self, session: Session, stages: Stages, router: MeteredRouter
    ) -> tuple[MindBundle, HeartBundle]:
        """Mind and Heart at once, each from the Session alone. One failing does not stop the other's result."""
        async with asyncio.TaskGroup() as group:
            mind = group.create_task(self._mind(session, stages, router, stronger=False))
            heart = group.create_task(_2_asi.feel(session, self._parts.heart))
        return mind.result(), heart.result()

    async def _mind(self, session: Session, stages: Stages, router: MeteredRouter, *, stronger: bool) -> MindBundle:
        parts = replace(self._parts.mind, router=router)
        with stages("111"):
            sensed = await _1_agi.sense_111(session, parts)
        with stages("222"):
            reasoned = await _1_agi.reason_222(session, sensed, parts, stages.note, stronger=stronger)
        with stages("333"):
            return await _1_agi.integrate_333(session, sensed, reasoned, parts)

    async def judge(
        self,
        session: Session,
        mind: MindBundle,
        heart: HeartBundle,
        stages: Stages,
        router: MeteredRouter,
        *,
        retried: bool,
    ) -> tuple[Judgement, MindBundle]:
        """444 to 888 on what Mind and Heart found; nothing is done or sealed."""
        parts = self._parts
        with stages("444"):
            soul = compute_consensus(mind, heart)
            soul = replace(soul, model=total(soul.model, router.cost), floors=_entry_floors(session, soul))
        with stages("555"):
            soul = validate_555(soul, session)
        with stages("666"):
            before = soul.draft
            soul = await align_666(soul, session, parts.align, self._rewriter(session, soul, router))
            if soul.draft is not None and soul.draft != before and mind.hypotheses:
                mind = await _1_agi.ground(mind, soul.draft, replace(parts.mind, router=router))
                soul = replace(soul, mind=mind)
        with stages("777"):
            own_ms = sum(t.ms - t.model_ms for t in stages.times)
            strategic = bool(session.material) or mind.looked_up or len(mind.hypotheses) > 1 or retried
            budget = _STRATEGIC_MS if strategic else _TACTICAL_MS
            soul = forge_777(soul, session, within_budget=own_ms <= budget)
        with stages("888"):
            evidence = tuple(dict.fromkeys(c.evidence for c in soul.mind.claims if c.evidence))
            judgement = _3_apex.audit(
                soul,
                say=lambda verdict, reason, found: parts.wording.say(soul, session, verdict, reason, found),
                retried=retried,
                evidence=evidence,
            )
            _4_vault.examine(judgement, session.constitution, ratified=False)
        return judgement, mind

    def _another_answer_possible(self, mind: MindBundle) -> bool:
        """SABAR's one retry: only where another answer could come out of it. Else the first look is the last."""
        if mind.failure is not None or not mind.hypotheses or mind.readings:
            return False
        first = mind.hypotheses[0]
        better = any(m.healthy and not m.demonstration for m in self._parts.router.available().models)
        return not (first.written or first.computed) and better

    def _rewriter(self, session: Session, soul: SoulBundle, router: MeteredRouter) -> Rewrite:
        """One rewrite by the router, unless only the demonstration model could do it: it mends nothing."""

        async def rewrite(draft: str, fault: str) -> str | None:
            if soul.model is None or soul.model.demonstration:
                return None
            call = ModelCall(
                exchange_id=session.exchange_id,
                person=session.actor.person,
                channel=session.channel,
                purpose="rewrite",
                system=prompts.REWRITE.format(fault=fault),
                messages=(ChatMessage("user", draft),),
                lane=soul.lane.value,
                agent=session.agent,
            )
            try:
                return (await router.ask(call)).text.strip() or None
            except RouterError:
                return None

        return rewrite

    async def with_deciders(self, session: Session, judgement: Judgement) -> Judgement:
        """F1: where policy names nobody who could allow this to this person, the hold would wait for ever: VOID."""
        for proposal in judgement.proposals:
            deciders = await self._parts.desk.deciders(proposal, session.actor)
            if deciders.nobody:
                words = self._parts.wording.nobody(session, proposal.summary, deciders.words)
                return replace(judgement, verdict=Verdict.VOID, reply=words, reason=deciders.words)
        return judgement

    async def _act(self, session: Session, judgement: Judgement) -> Deed:
        """Run what needs no mandate, once (the key is the exchange's)."""
        deed = Deed("done", judgement.reply)
        for number, proposal in enumerate(judgement.proposals):
            deed = await self._parts.hands.run(
                proposal,
                actor=session.actor,
                key=f"{session.exchange_id}:{number}",
                channel=session.channel,
                thread=session.thread,
            )
            if deed.state != "done":
                break
        return deed

    def _prepared(
        self,
        arrival: Arrival,
        session: Session,
        judgement: Judgement,
        mind: MindBundle,
        stages: Stages,
        deed: Deed | None,
    ) -> Prepared:
        verdict, reply = judgement.verdict, judgement.reply
        if deed is not None:
            reply = deed.sentence or reply
            if deed.state != "done":
                verdict = Verdict.SABAR
        outcome = Outcome(
            exchange_id=session.exchange_id,
            verdict=verdict.value,
            lane=judgement.lane.value,
            reply=reply,
            floors=floor_views(judgement.floors),
            w3=witness_view(judgement.w3),
            model=model_view(judgement.model),
            stages=stage_views(stages.times),
            reason=judgement.reason,
            quiet=judgement.quiet,
            notes=(*session.notes, *session.attacks, *session.unread, *judgement.notes),
            evidence=judgement.evidence,
            undo=deed.undo if deed else None,
        )
        hold = None
        if verdict is Verdict.HOLD:
            proposal = judgement.proposals[0]
            hold = HoldAsk(
                kind="action",
                summary=proposal.summary,
                content=exact_content(proposal),
                proposals=(HeldProposal.of(proposal),),
            )
        return self._record(arrival, outcome, hold=hold, request=mind.request, language=session.language)

    def _refused(self, arrival: Arrival, refusal: Refusal, stages: Stages) -> Prepared:
        reply, hold = refusal.reply, None
        language = detect(arrival.text)
        if refusal.crisis is not None:
            told = self._parts.crisis_contact()
            language = refusal.crisis.language or language
            reply = self._parts.wording.crisis(refusal.crisis, language, arrival.locale, told=told)
            # The least text: who and where, never what was written.
            summary = self._parts.wording.get("crisis.alert", "en", name=arrival.actor.name, channel=arrival.channel)
            hold = HoldAsk(kind="crisis", summary=summary, content=f"{arrival.channel} {arrival.thread}")
        outcome = Outcome(
            exchange_id=arrival.exchange_id,
            verdict=refusal.verdict.value,
            lane=refusal.lane.value,
            reply=reply,
            floors=floor_views(refusal.floors),
            stages=stage_views(stages.times),
            reason=refusal.reason,
        )
        return self._record(arrival, outcome, hold=hold, language=language)

    def gave_up(self, arrival: Arrival, why: str, error: str | None = None, stages: Stages | None = None) -> Prepared:
        """SABAR without an answer: stopped, out of time, or a fault whose class goes into the seal."""
        language = detect(arrival.text)
        outcome = Outcome(
            exchange_id=arrival.exchange_id,
            verdict=Verdict.SABAR.value,
            lane=Lane.FACTUAL.value,
            reply=self._parts.wording.gave_up(why, language),
            floors={},
            stages=stage_views(stages.times) if stages else (),
            reason=f"{why}: {error}" if error else why,
        )
        return self._record(arrival, outcome, language=language)

    async def decided(self, stored: Prepared, arrival: Arrival, word: HumanWord, observe: Observe) -> Prepared:
        """888 again on a human's word, then the action once; what comes back is sealed as the second phase."""
        router = MeteredRouter(self._parts.router)
        stages = Stages(observe, router)
        before = stored.outcome
        proposals = tuple(p.proposal() for p in stored.hold.proposals) if stored.hold else ()
        deed: Deed | None = None
        verdict, floors, reason = Verdict.VOID, before.floors, word.reason
        with stages("888"):
            if word.state == "approved":
                reason = f"Approved by {word.by}."
                judgement = _3_apex.ratify(
                    lane=Lane(before.lane),
                    reply=before.reply,
                    reason=reason,
                    floors=floor_results(before.floors),
                    w3=None,
                    model=None,
                    proposals=proposals,
                )
                _4_vault.examine(judgement, self._parts.constitution, ratified=True)
                verdict, floors = judgement.verdict, floor_views(judgement.floors)
                deed = await self._parts.hands.run(
                    proposals[0],
                    actor=arrival.actor,
                    key=arrival.exchange_id,
                    channel=arrival.channel,
                    thread=arrival.thread,
                    hold_id=word.hold_id,
                )
                if deed.state in ("failed", "unknown"):
                    verdict = Verdict.SABAR
            elif word.state != "denied":
                verdict, reason = Verdict.SABAR, f"The hold was {word.state}."
        reply = self._parts.wording.decided(word, deed, stored.language)
        outcome = before.model_copy(
            update={
                "verdict": verdict.value,
                "reply": reply,
                "floors": floors,
                "reason": reason,
                "stages": stage_views(stages.times),
                "receipt": None,
                "undo": deed.undo if deed else None,
            }
        )
        return stored.model_copy(update={"outcome": outcome, "phase": "decided"})

    def _record(
        self,
        arrival: Arrival,
        outcome: Outcome,
        *,
        language: str,
        hold: HoldAsk | None = None,
        request: str | None = None,
    ) -> Prepared:
        return Prepared(
            outcome=outcome,
            hold=hold,
            message=clean(arrival.text, ()).text,
            request=request,
            person=arrival.actor.person,
            role=arrival.actor.role.value,
            channel=arrival.channel,
            received_at=arrival.received_at,
            constitution=self._parts.constitution.sha256,
            language=language,
        )


def _entry_floors(session: Session, soul: SoulBundle) -> dict[str, FloorResult]:
    """F11 and F12 as INIT measured them, F11 again where an action needs more than a guest."""
    floors = {r.floor: r for r in session.airlock}
    if soul.lane is Lane.ACTION:
        floors["F11"] = authority(session.actor, Role.MEMBER, session.constitution)
    return floors


def exact_content(proposal: Proposal) -> str:
    """The text that a decision is about, to the letter: canonical JSON of the arguments where a tool would get
    them, else the request and the plan as they are written."""
    if proposal.action != "unknown":
        return json.dumps(dict(proposal.arguments), ensure_ascii=False, sort_keys=True)
    return proposal.plan or proposal.summary
