"""The router's door: ask it, and the right model answers or an error says why none can."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace

from adapters.models.base import ModelError, ModelRateLimited, ModelRefused, SpendLimitReached
from adapters.models.embedded import EmbeddedModel
from manifest.prices import PriceTable, dollars
from manifest.routing import Routing
from router.accounts import Purse
from router.budget import OverLimit, Totals
from router.caller import Caller, OnNotice, Paid
from router.fleet import Fleet, Member, Survey
from router.learning import EXPLORE_MONEY, Learner, kind_of
from router.policy import Around, Decision, Step, decide, effective_mode, named_local
from router.redaction import Redactor, redacted_call, restored
from router.task import Task, TaskReader
from router.words import AllFailed, Answer, Mode, ModelCall, ModelState, ModelUse, NoModel, RouterError, RouterState
from store.errors import StoreUnavailable

__all__ = [
    "AllFailed",
    "Answer",
    "ModelCall",
    "ModelState",
    "ModelUse",
    "NoModel",
    "Router",
    "RouterError",
    "RouterState",
]

_SHORT_PAUSE_S = 2.0  # a pause that is waited out where no other model may answer
_PROBE_WAIT_S = 10.0  # how long a question with nowhere else to go waits for a probe


@dataclass(frozen=True, slots=True)
class _Candidate:
    step: Step
    member: Member


@dataclass(slots=True)
class _Walk:
    """What has happened so far on the way from model to model."""

    cause: str | None = None  # why the first choice gave no answer: half a sentence for the reason line
    sentence: str | None = None  # the last failure, for the person
    refused: OverLimit | None = None
    soonest: tuple[float, _Candidate] | None = None  # who asked for the shortest pause, in seconds

    def failed(self, cause: str, sentence: str) -> None:
        self.cause = self.cause or cause
        self.sentence = sentence


class Router:
    """Chooses a model by the order sensitive, money, mode, fresh facts or complexity, cost."""

    def __init__(
        self,
        *,
        mode: Mode,
        routing: Routing,
        prices: PriceTable,
        fleet: Fleet,
        reader: TaskReader,
        purse: Purse,
        redactor: Redactor | None = None,
        learner: Learner | None = None,
        on_notice: OnNotice | None = None,
    ) -> None:
        self._redactor = redactor
        self.learner = learner
        self._mode: Mode = mode
        self._routing = routing
        self._fleet = fleet
        self._reader = reader
        self._purse = purse
        self._caller = Caller(fleet, purse, prices, routing, on_notice)

    async def ask(self, call: ModelCall) -> Answer:
        """The answer and why this model gave it. Raises NoModel or AllFailed (both RouterError)."""
        channel = self._routing.channels.get(call.channel)
        if call.agent is None and channel is not None and channel.agent is not None:
            call = replace(call, agent=channel.agent)
        if call.tools:
            call = replace(call, tools=await self._reader.showable(call.tools))
        task = await self._reader.read(call)
        agent = self._routing.agents.get(call.agent) if call.agent else None
        survey = await self._fleet.survey(named_local(call.override) or (agent.local if agent else None))
        outside_only = not survey.inside_configured and not self._fleet.only_demonstration(self._mode)
        if task.sensitive is not None and self._redactor is not None and outside_only:
            return await self._ask_redacted(call, task.sensitive, survey)
        return await self._decide(call, task, survey)

    async def _ask_redacted(self, call: ModelCall, contains: str, survey: Survey) -> Answer:
        """Where the operator allows it and no local model may see the text: placeholders go out instead of it."""
        assert self._redactor is not None
        made = await asyncio.to_thread(redacted_call, call, self._redactor)
        task = await self._reader.read(call if made is None else made[0])
        if made is None or task.sensitive is not None:  # what is left may not leave either: refused as it stands
            return await self._decide(call, replace(task, sensitive=contains), survey)
        answer = await self._decide(made[0], task, survey)
        if answer.use.where != "online":
            return restored(answer, made[1])
        use = replace(answer.use, why=f"{answer.use.why}; {contains} was replaced by a placeholder")
        return restored(replace(answer, use=use), made[1])

    async def _decide(self, call: ModelCall, task: Task, survey: Survey) -> Answer:
        channel = self._routing.channels.get(call.channel)
        kind = None if task.chore else kind_of(task.lane, task.agent, task.question)
        if self.learner is not None and kind is not None and survey.inside:
            with contextlib.suppress(StoreUnavailable):  # what was learned before still counts
                await self.learner.keep_fresh()
            learned = self.learner.need(kind, survey.inside[0].name, task.need, may_explore=self._may_explore(call))
            task = replace(task, need=learned.value)
        around = Around(
            mode=effective_mode(self._mode, channel.mode if channel else None, call.override),
            operator_mode=self._mode,
            outside=self._fleet.claude is not None or survey.cloud is not None,
            inside=survey.inside_configured,
            nothing_else=self._fleet.only_demonstration(self._mode),
            demonstration=self._fleet.demonstration is not None,
        )
        decision = decide(task, around, self._routing, call.override)
        if decision.refusal is not None:
            raise NoModel(decision.refusal)
        return await self._walk(call, decision, survey, kind)

    def _may_explore(self, call: ModelCall) -> bool:
        """Only where a weaker answer does no harm and money is left."""
        return self.to_spare() and not call.high_stakes and call.variant == 0 and call.lane in ("FACTUAL", "SOCIAL")

    async def _walk(self, call: ModelCall, decision: Decision, survey: Survey, kind: str | None) -> Answer:
        """Ask one model after the other until one answers. A stream that died is asked of the next from its start."""
        listed = [_Candidate(step, m) for step in decision.steps for m in self._members(step, survey)]
        once: dict[str, _Candidate] = {}
        for candidate in listed:
            once.setdefault(candidate.member.name, candidate)
        candidates = list(once.values())
        walk = _Walk()
        if survey.trouble is not None:
            walk.sentence = survey.trouble
            if decision.steps and decision.steps[0].side == "inside":
                walk.cause = "the local model is not answering"
        asked = False
        for candidate in candidates:
            if not self._caller.passes(candidate.member):
                cause = _cause(None, candidate.member)
                walk.failed(cause, self._caller.why_not(candidate.member) or f"{_capital(cause)}.")
                continue
            asked = True
            if (answer := await self._try(call, candidate, decision, walk, kind)) is not None:
                return answer
        members = [c.member for c in candidates]
        if not asked and await self._caller.probed(members, _PROBE_WAIT_S):
            for candidate in candidates:
                if not self._caller.passes(candidate.member):
                    continue
                if (answer := await self._try(call, candidate, decision, walk, kind)) is not None:
                    return answer
        elif walk.soonest is not None and walk.soonest[0] <= _SHORT_PAUSE_S:
            await asyncio.sleep(walk.soonest[0])
            if (answer := await self._try(call, walk.soonest[1], decision, walk, kind)) is not None:
                return answer
        raise self._no_answer(walk)

    def _no_answer(self, walk: _Walk) -> RouterError:
        if walk.refused is not None:
            kind = walk.refused.kind
            resets = None if kind == "pause" else self._purse.book.resets_at(kind)
            return NoModel(self._purse.sentence(walk.refused), resets_at=resets)
        sentence = (walk.sentence or "No model answered").rstrip(".")
        return AllFailed(f"{sentence}. Your message is kept; please try again in a moment.")

    def _members(self, step: Step, survey: Survey) -> list[Member]:
        if step.side == "demonstration":
            return [self._fleet.demonstration] if self._fleet.demonstration is not None else []
        if step.side == "outside":
            member = self._fleet.outside(step.model, step.effort, survey.cloud)
            return [member] if member is not None else []
        return sorted(survey.inside, key=lambda m: m.name != step.model)

    async def _try(
        self, call: ModelCall, candidate: _Candidate, decision: Decision, walk: _Walk, kind: str | None
    ) -> Answer | None:
        try:
            paid = await self._caller.call(call, candidate.member, kind)
        except OverLimit as over:
            walk.refused = over
            walk.cause = walk.cause or self._purse.why_not(over)
        except ModelError as error:
            if isinstance(error, ModelRateLimited) and error.retry_after is not None:
                pause = (error.retry_after, candidate)
                walk.soonest = pause if walk.soonest is None else min(walk.soonest, pause, key=lambda p: p[0])
            walk.failed(_cause(error, candidate.member), error.sentence)
        else:
            return _answer(paid, candidate, decision, walk)
        return None

    def available(self) -> RouterState:
        """What could answer now, from memory: no model is asked."""
        purse, fleet, routing = self._purse, self._fleet, self._routing
        return RouterState(
            mode=self._mode,
            models=fleet.states((routing.main, routing.light, routing.heavy), self._mode),
            paused=self._caller.paused,
            spent_today=dollars(purse.totals.day),
            limit_per_day=None if purse.limits.day is None else dollars(purse.limits.day),
            money_left=None if purse.left is None else dollars(purse.left),
            resets_at=None if purse.limits.day is None else purse.book.resets_at(),
            notices=tuple(purse.notices().values()),
        )

    def online_again(self) -> bool:
        """Whether the main online model would be asked now; where a probe of it is due, it begins."""
        claude = self._fleet.claude
        if claude is None or self._mode == "offline" or self._caller.paused:
            return False
        return self._caller.passes(claude.member(self._routing.main, None))

    def to_spare(self) -> bool:
        """Whether so much of the day's money is left that some may go to what nobody waits for."""
        left, limit = self._purse.left, self._purse.limits.day
        return left is None or limit is None or left >= EXPLORE_MONEY * limit

    def spent(self, totals: Totals) -> None:
        """What stands charged after another service was paid, so that what is shown of the day is right."""
        self._purse.totals = totals

    async def warm(self) -> None:
        """Do ahead of the first question what it would wait for: imports, the local server's list, the weights.

        Raises ModelError when the built-in model is the only one and cannot be loaded.
        """
        await self._purse.refresh()
        if self._fleet.claude is not None and self._mode != "offline":
            self._fleet.claude.member(self._routing.main, None)
            await self._fleet.claude.open()
        await self._fleet.survey()
        member = self._fleet.demonstration
        if (
            member is not None
            and self._fleet.only_demonstration(self._mode)
            and isinstance(member.model, EmbeddedModel)
        ):
            await member.model.warm()

    async def pause(self) -> None:
        """Stop all paid calls at once; free local models go on."""
        self._caller.paused = True

    async def resume(self) -> None:
        """Allow paid calls again."""
        self._caller.paused = False

    async def close(self) -> None:
        """End every probe, every model's sockets and processes."""
        await self._caller.close()
        await self._fleet.close()


def _answer(paid: Paid, candidate: _Candidate, decision: Decision, walk: _Walk) -> Answer:
    member, step, reply, cause = candidate.member, candidate.step, paid.reply, walk.cause
    outside = member.place == "online"
    why = step.why
    if cause is not None:
        why = f"{'online' if outside else 'answered offline'}: {cause}"
    elif step.model is not None and step.model != member.name and why.endswith("was asked for"):
        why = f"{'online' if outside else 'offline'}: no model named {step.model} is connected"
    use = ModelUse(
        name=member.name,
        where=member.place,
        why=why,
        cost_usd=dollars(paid.nano),
        tokens_in=reply.usage.all_in,
        tokens_out=reply.usage.tokens_out,
        ms=float(paid.ms),
        demonstration=member.demonstration,
        # Where it was money that ran out, nothing is owed: tomorrow's is not for yesterday's questions.
        stands_in_for=None if outside or walk.refused is not None else decision.preferred,
    )
    return Answer(reply.text, use, reply.stop, reply.calls)


def _cause(error: ModelError | None, member: Member) -> str:
    """Half a sentence on why a model gave no answer."""
    model = "the online model" if member.place == "online" else "the local model"
    if isinstance(error, ModelRateLimited):
        return f"{model} asked for a pause"
    if isinstance(error, SpendLimitReached):
        return "the account's own limit at the provider is used up"
    if isinstance(error, ModelRefused):
        return f"{model} did not accept its key" if error.about_the_key else f"{model} turned the request down"
    return f"{model} is not answering"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
