"""Organ 1, the Mind: 111 what is asked, 222 what could be said, 333 how far it is borne out.

It receives the Session and nothing of the Heart; what it hands on is a MindBundle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from adapters.embeddings import Embedder
from adapters.meaning import Meaning
from adapters.models.base import ChatMessage
from manifest.agents import Agents
from manifest.replies import Replies
from organs import prompts
from organs.bundles import (
    Claim,
    Effect,
    Evidence,
    Hypothesis,
    Lane,
    MindBundle,
    ModelUse,
    Proposal,
    Provenance,
    Session,
    Support,
)
from organs.compute import compute
from organs.floors import f02_truth, f07_humility, f08_genius
from organs.floors.f01_amanah import classify_imperative
from organs.outgoing import without_canary
from organs.ports import Models, Offer
from organs.proposals import propose
from organs.reality import LookedUp, Reality
from organs.sense import Sense, sense
from organs.standalone import stand_alone
from organs.tool_use import ToolUse, Used
from router.words import Answer, ModelCall, RouterError

Note = Callable[[str], None]

# Hypotheses where the stakes are high (DESIGN, Lanes); otherwise one.
_HIGH_STAKES_HYPOTHESES = 3
_MAX_TOKENS = 900


@dataclass(frozen=True, slots=True)
class MindParts:
    """What the Mind works with."""

    router: Models
    embedder: Embedder
    meaning: Meaning
    replies: Replies
    agents: Agents
    reality: Reality | None = None
    tools: ToolUse | None = None


@dataclass(frozen=True, slots=True)
class Sensed:
    """111's result: the request as it stands alone, and what it is."""

    request: str
    sense: Sense
    effect: Effect
    uses: tuple[ModelUse, ...] = ()


@dataclass(frozen=True, slots=True)
class Reasoned:
    """222's result: candidate answers, or the plain sentence that says why there is none."""

    hypotheses: tuple[Hypothesis, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[str, ...] = ()
    failure: str | None = None
    failure_class: str | None = None
    fresh: bool = False
    looked_up: LookedUp | None = None


async def sense_111(session: Session, parts: MindParts) -> Sensed:
    """Rewrite a follow-up so that it stands alone, then say what kind of request it is."""
    rewritten = stand_alone(session.own_text, session.history)
    request, uses = rewritten.text, ()
    if rewritten.needs_model and _real_model(parts.router):
        try:
            answer = await parts.router.ask(_stand_alone_call(session))
            if answer.text.strip() and len(answer.text) < 4 * len(session.own_text) + 400:
                request = answer.text.strip()
        except RouterError:
            request = rewritten.text  # the follow-up is then measured as it was written
    read = sense(request, material=bool(session.material), history=session.history)
    return Sensed(request, read, classify_imperative(request).effect, uses)


async def reason_222(session: Session, sensed: Sensed, parts: MindParts, note: Note, *, stronger: bool) -> Reasoned:
    """Candidate answers: written, computed, a plan of typed proposals, or from models."""
    evidence = evidence_of(session)
    read = sensed.sense
    if read.written_reply is not None:
        text = parts.replies.get(read.written_reply, read.language)
        return Reasoned((Hypothesis(text, None, written=True),))
    if read.lane is Lane.ACTION:
        proposals = propose(sensed.request, now=session.now, language=read.language, effect=sensed.effect)
        if not any(p.action == "unknown" and not p.missing for p in proposals):
            return Reasoned(proposals=proposals, evidence=evidence)
        used, plan = await _by_tool(session, sensed, parts, note)
        if used.proposals:
            proposals = used.proposals
        elif plan:
            proposals = _planned(proposals, plan)
        elif _real_model(parts.router):
            proposals = await _with_plans(session, sensed, proposals, parts, note)
        return Reasoned(proposals=proposals, evidence=(*evidence, *used.evidence), notes=used.notes)
    computed = None if session.material else compute(sensed.request, now=session.now, language=read.language)
    if computed is not None:
        fact = Evidence(computed.answer, computed.how, Provenance.OWN, computed=True)
        return Reasoned((Hypothesis(computed.answer, None, computed=True),), evidence=(fact, *evidence))
    reality, seen, shown = parts.reality, None, session
    fresh = reality is not None and reality.needs_fresh(sensed.request, read)
    if reality is not None and reality.before(session, read, evidence, fresh=fresh, retry=stronger):
        note("looking it up")
        seen = await reality.look_up(session, read.lane)
        evidence += seen.evidence
        shown = replace(session, pieces=(*session.pieces, *seen.prompt))
    reasoned = await _ask_models(shown, sensed, evidence, parts, note, stronger)
    return replace(reasoned, fresh=fresh, looked_up=seen)


async def integrate_333(session: Session, sensed: Sensed, reasoned: Reasoned, parts: MindParts) -> MindBundle:
    """Check the leading hypothesis against the evidence, and measure agreement, clarity and confidence."""
    read = sensed.sense
    bundle = MindBundle(
        request=sensed.request,
        lane=Lane.ACTION if reasoned.proposals else read.lane,
        needs_fresh=reasoned.fresh,
        high_stakes=read.high_stakes,
        professional=read.professional,
        hypotheses=reasoned.hypotheses,
        claims=(),
        evidence=reasoned.evidence,
        proposals=reasoned.proposals,
        precision=None,
        agreement=None,
        delta_s=None,
        omega_0=None,
        relevance=None,
        failure=reasoned.failure,
        failure_class=reasoned.failure_class,
        creative=read.creative,
        notes=reasoned.notes,
    )
    if not reasoned.hypotheses:
        return bundle
    bundle = await ground(await _clarity(bundle, parts), bundle.hypotheses[0].text, parts)
    seen = reasoned.looked_up
    if seen is None and parts.reality is not None:
        if not parts.reality.after(session, read, bundle.hypotheses[0], bundle.claims):
            return bundle
        seen = await parts.reality.look_up(session, read.lane)
        if seen.evidence:
            bundle = replace(bundle, evidence=(*bundle.evidence, *seen.evidence))
            bundle = await _clarity(bundle, parts)
            bundle = await ground(bundle, bundle.hypotheses[0].text, parts)
    if seen is None:
        return bundle
    why_not = "" if seen.off else seen.why_not
    return replace(bundle, notes=(*bundle.notes, *seen.notes), looked_up=not seen.off, not_looked_up=why_not)


async def ground(bundle: MindBundle, draft: str, parts: MindParts) -> MindBundle:
    """The bundle with claims, precision, confidence and relevance measured on `draft` (again after a rewrite)."""
    first = bundle.hypotheses[0]
    if first.written:
        return bundle
    claims: tuple[Claim, ...] = ()
    if not bundle.creative:
        claims = await f02_truth.read_claims(draft, bundle.evidence, request=bundle.request, embedder=parts.embedder)
    confidence = f07_humility.confidence(claims, agreement=bundle.agreement)
    relevance = None if first.computed else await f08_genius.relevance(bundle.request, draft, embedder=parts.embedder)
    return replace(
        bundle,
        claims=claims,
        precision=confidence,
        omega_0=None if confidence is None else 1.0 - confidence,
        sources_disagree=any(c.against and c.support is Support.GROUNDED for c in claims),
        relevance=relevance,
    )


async def _clarity(bundle: MindBundle, parts: MindParts) -> MindBundle:
    """ΔS over the clusters of meaning: all hypotheses before, those the evidence bears out best after."""
    if len(bundle.hypotheses) < 2:
        return bundle
    texts = [h.text for h in bundle.hypotheses]
    before = await parts.meaning.clusters(texts, question=bundle.request)
    support = []
    for text in texts:
        claims = await f02_truth.read_claims(text, bundle.evidence, request=bundle.request, embedder=parts.embedder)
        support.append(sum(c.score for c in claims) / len(claims) if claims else 0.0)
    best = max(support)
    kept = [t for t, s in zip(texts, support, strict=True) if best - s < 0.25] if best > 0 else texts
    after = await parts.meaning.clusters(kept, question=bundle.request)
    order = sorted(range(len(texts)), key=lambda i: (-before.labels.count(before.labels[i]), -support[i], i))
    return replace(
        bundle,
        hypotheses=tuple(bundle.hypotheses[i] for i in order),
        agreement=before.agreement,
        delta_s=after.entropy - before.entropy,
    )


async def _ask_models(
    session: Session,
    sensed: Sensed,
    evidence: tuple[Evidence, ...],
    parts: MindParts,
    note: Note,
    stronger: bool,
) -> Reasoned:
    read = sensed.sense
    framed = prompts.frame(
        session,
        sensed.request,
        care=read.lane is Lane.CARE,
        agent_prompt=parts.agents.prompt(session.agent),
        small=not _real_model(parts.router),
    )
    wanted = _HIGH_STAKES_HYPOTHESES if read.high_stakes and _real_model(parts.router) else 1
    messages = (
        *(ChatMessage(t.role, t.text) for t in framed.history),
        ChatMessage("user", framed.user),
    )
    found: list[Hypothesis] = []
    notes: list[str] = []
    offer = Offer()
    if parts.tools is not None and _real_model(parts.router):
        offer = await parts.tools.offer(session, sensed.request, read.lane)
    told: ModelCall | None = None  # the first answer's turns with what tools gave back, for the answers after it
    for variant in range(wanted):
        call = ModelCall(
            exchange_id=session.exchange_id,
            person=session.actor.person,
            channel=session.channel,
            purpose="retry" if stronger else "hypothesis",
            system=framed.system,
            messages=messages,
            lane=read.lane.value,
            agent=session.agent,
            high_stakes=read.high_stakes,
            max_tokens=_MAX_TOKENS,
            variant=variant + (wanted if stronger else 0),
            marks=(framed.fence, framed.canary),
        )
        try:
            if told is not None:
                call = replace(call, system=told.system, messages=told.messages, tools=told.tools, may_call=False)
            if parts.tools is not None and offer.tools and told is None:
                call = replace(call, system=f"{framed.system}\n\n{prompts.TOOLS}")
                used = await parts.tools.ask(call, session, read.lane, offer, parts.router, note, fence=framed.fence)
                evidence, told, notes = (*evidence, *used.evidence), used.call, [*notes, *used.notes]
                if used.proposals or used.answer is None:
                    return Reasoned(proposals=used.proposals, evidence=evidence, notes=tuple(notes))
                answer = used.answer
            else:
                answer = await parts.router.ask(call)
        except RouterError as error:
            if found:
                notes.append(f"One of {wanted} answers failed: {error.reason_for_person}")
                break
            return Reasoned(evidence=evidence, failure=error.reason_for_person, failure_class=type(error).__name__)
        note(f"{answer.use.name}: {answer.use.why}")
        text, leaked = without_canary(answer.text.strip(), framed.canary)
        if leaked:
            notes.append("The model repeated its instructions; that part was cut.")
        if text:
            found.append(Hypothesis(text, use_of(answer)))
    if not found:
        return Reasoned(
            evidence=evidence,
            failure="The model gave an empty answer. Nothing was lost; please try again.",
            failure_class="EmptyAnswer",
        )
    if framed.left_out:
        notes.append(f"{framed.left_out:,} characters of the material did not fit and were not read.")
    return Reasoned(tuple(found), evidence=evidence, notes=tuple(notes))


async def _by_tool(session: Session, sensed: Sensed, parts: MindParts, note: Note) -> tuple[Used, str]:
    """A declared tool that does what the own words ask for, or the plan that a model wrote because none does."""
    if parts.tools is None:
        return Used(), ""
    return await parts.tools.act(
        session,
        sensed.request,
        parts.router if _real_model(parts.router) else None,
        note,
        agent=session.agent,
        high_stakes=sensed.sense.high_stakes,
    )


def _planned(proposals: tuple[Proposal, ...], plan: str) -> tuple[Proposal, ...]:
    return tuple(replace(p, plan=plan) if p.action == "unknown" and plan else p for p in proposals)


async def _with_plans(
    session: Session, sensed: Sensed, proposals: tuple[Proposal, ...], parts: MindParts, note: Note
) -> tuple[Proposal, ...]:
    """The written plan that approval delivers where no tool exists; the rule's own plan when no model answers."""
    call = ModelCall(
        exchange_id=session.exchange_id,
        person=session.actor.person,
        channel=session.channel,
        purpose="hypothesis",
        system=prompts.PLAN,
        messages=(ChatMessage("user", sensed.request),),
        lane=Lane.ACTION.value,
        agent=session.agent,
        high_stakes=sensed.sense.high_stakes,
        max_tokens=500,
    )
    try:
        answer = await parts.router.ask(call)
    except RouterError:
        return proposals
    note(f"{answer.use.name}: {answer.use.why}")
    return _planned(proposals, answer.text.strip())


def evidence_of(session: Session) -> tuple[Evidence, ...]:
    """What the draft may rest on: material of this exchange and what people said earlier in the thread.

    The cautious band of F12 takes knowledge away, not what the person just handed over.
    """
    material = tuple(
        Evidence(p.text, p.source or p.provenance.value, p.provenance) for p in session.material if p.text.strip()
    )
    thread = tuple(
        Evidence(t.text, "earlier in this thread", Provenance.QUOTED) for t in session.history if t.role == "user"
    )
    return material + thread


def _stand_alone_call(session: Session) -> ModelCall:
    history = prompts.recent(session.history)
    return ModelCall(
        exchange_id=session.exchange_id,
        person=session.actor.person,
        channel=session.channel,
        purpose="stand_alone",
        system=prompts.STAND_ALONE,
        messages=(*(ChatMessage(t.role, t.text) for t in history), ChatMessage("user", session.own_text)),
        lane=Lane.FACTUAL.value,
        agent=session.agent,
        max_tokens=200,
    )


def _real_model(router: Models) -> bool:
    """Whether anything better than the demonstration model could answer now."""
    return any(m.healthy and not m.demonstration for m in router.available().models)


def use_of(answer: Answer) -> ModelUse:
    """The router's account in the organs' words."""
    use = answer.use
    return ModelUse(
        use.name,
        use.where,
        use.why,
        use.cost_usd,
        use.tokens_in,
        use.tokens_out,
        use.ms,
        use.demonstration,
        use.stands_in_for,
    )
