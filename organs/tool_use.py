"""How the Mind uses tools: a model may ask for calls, code decides which of them may run, wait or not be made.

What only reads runs at once, and its answer is untrusted evidence: cut by F12 like any page, fenced, and read again by
the router for what may leave. Everything else becomes one typed proposal. Nothing a model or a tool says can change
that: effect, reach and roles come from the declaration (`organs.ports.OfferedTool`).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import structlog

from adapters.models.base import ChatMessage, ToolCall, ToolSpec
from adapters.tools import schema
from organs import literal, prompts
from organs.airlock.judge import InjectionJudge, cut
from organs.bundles import Effect, Evidence, Lane, Piece, Proposal, Provenance, Session
from organs.ports import Models, Offer, OfferedTool, Tools
from router.words import Answer, ModelCall, RouterError

log = structlog.get_logger("tools")

MOST_TOOLS: Final = 20
ROUNDS: Final = 4  # times a model is asked in one exchange; the last time it may only answer
_CALLS: Final = 6  # of one round; what is asked for beyond is not heard
_WHOLE_S: Final = 60.0  # after that no further call is made
_LITERAL_TOOLS: Final = 3  # tools whose servers are asked to fit the person's own words
_SHORT: Final = 80  # characters of one argument in a summary; the exact content is shown apart
_TOKEN: Final = re.compile(r"\w[\w.:/@%?&=+#~-]*\w|\w")


@dataclass(frozen=True, slots=True)
class Used:
    """What came of asking with tools: an answer, or one proposal; and the turns, for further answers to the same."""

    answer: Answer | None = None
    proposals: tuple[Proposal, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[str, ...] = ()
    call: ModelCall | None = None  # with every turn so far, calling no more


@dataclass(frozen=True, slots=True)
class ToolUse:
    """The port, and F12 for what comes back. Made once; holds nothing of an exchange."""

    tools: Tools
    judge: InjectionJudge

    async def offer(self, session: Session, request: str, lane: Lane) -> Offer:
        """The tools that this exchange may use, by lane and caution; role and scope are the port's matter."""
        if session.cautious or lane not in (Lane.FACTUAL, Lane.ACTION):
            return Offer()
        return await self.tools.offer(request, actor=session.actor, channel=session.channel, most=MOST_TOOLS)

    async def ask(
        self,
        call: ModelCall,
        session: Session,
        lane: Lane,
        offer: Offer,
        router: Models,
        note: Callable[[str], None],
        *,
        fence: str,
    ) -> Used:
        """Ask, run what only reads, ask again, until there is an answer or a proposal. Raises RouterError."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _WHOLE_S
        by_wire = {tool.wire: tool for tool in offer.tools}
        specs = tuple(ToolSpec(t.wire, t.description, json.dumps(t.schema, sort_keys=True)) for t in offer.tools)
        messages, notes = list(call.messages), list(offer.notes)
        evidence: list[Evidence] = []
        tainted = _untrusted(session)
        for number in range(ROUNDS):
            last = number == ROUNDS - 1 or loop.time() >= until
            now = replace(call, messages=tuple(messages), tools=specs, may_call=not last)
            answer = await router.ask(now)
            settled = replace(now, may_call=False)
            if not answer.calls or last:
                return Used(answer, (), tuple(evidence), tuple(notes), settled)
            read = [
                self._judged(one, by_wire, session, lane, place=f"{number}_{place}", tainted=tainted)
                for place, one in enumerate(answer.calls[:_CALLS])
            ]
            for one in read:
                if one.tool is not None and one.outgoing and await self.tools.private(one.texts):
                    one.proposal = _proposal(one.tool, one.texts, held="outside")
            proposal = next((one.proposal for one in read if one.proposal is not None), None)
            if proposal is not None:
                if sum(one.proposal is not None for one in read) > 1:
                    notes.append("The model asked for several changes; one at a time is put before a person.")
                return Used(answer, (proposal,), tuple(evidence), tuple(notes), settled)
            messages.append(ChatMessage("assistant", answer.text, tuple(one.call for one in read)))
            for one in read:
                text, found, cuts = await self._result(one, session, note)
                evidence += [found] if found is not None else []
                tainted = tainted or one.tool is not None  # its errors, too, are words from outside
                notes += cuts
                messages.append(ChatMessage("tool", f"{fence}\n{text.replace(fence, '')}\n{fence}", answers=one.call))
        raise AssertionError  # pragma: no cover - the last round returns

    async def act(
        self,
        session: Session,
        request: str,
        router: Models | None,
        note: Callable[[str], None],
        *,
        agent: str | None,
        high_stakes: bool,
    ) -> tuple[Used, str]:
        """The proposal for a change that the person's own words ask for, and the written plan where no tool fits.

        With a real model (`router`) it chooses and looks things up; without one, or where it gives no call, a tool
        is taken only where the person's own words name the thing and fill in every argument.
        """
        used, plan = Used(), ""
        if session.cautious:
            return used, plan
        if router is not None:
            offer = await self.offer(session, request, Lane.ACTION)
            if offer.tools:
                fence = f"<<{session.exchange_id[-12:]}>>"
                call = ModelCall(
                    exchange_id=session.exchange_id,
                    person=session.actor.person,
                    channel=session.channel,
                    purpose="hypothesis",
                    system=prompts.ACT,
                    messages=(ChatMessage("user", request),),
                    lane=Lane.ACTION.value,
                    agent=agent,
                    high_stakes=high_stakes,
                    max_tokens=500,
                    marks=(fence,),
                )
                try:
                    used = await self.ask(call, session, Lane.ACTION, offer, router, note, fence=fence)
                except RouterError:
                    used = Used(notes=offer.notes)
                if used.proposals:
                    return used, plan
                plan = used.answer.text.strip() if used.answer is not None else ""
        offer = await self.tools.offer(
            request, actor=session.actor, channel=session.channel, most=_LITERAL_TOOLS, changes_only=True
        )
        fit = literal.fit(request, offer.tools)
        if fit is not None:
            tool, texts = fit
            return replace(used, proposals=(_proposal(tool, texts),)), ""
        return replace(used, notes=tuple(dict.fromkeys((*used.notes, *offer.notes)))), plan

    def _judged(
        self,
        given: ToolCall,
        by_wire: Mapping[str, OfferedTool],
        session: Session,
        lane: Lane,
        *,
        place: str,
        tainted: bool,
    ) -> _Asked:
        """What may become of one call. Pure: only the declaration, the arguments and where text came from decide."""
        call, tool = _sound(given, place), by_wire.get(given.name)
        if tool is None:
            return _Asked(call, fault="There is no such tool.")
        try:
            values = json.loads(given.arguments)
            if not isinstance(values, dict):
                raise schema.BadArguments("they are no object")
            schema.check(values, tool.schema)
            texts = schema.as_texts(values, tool.schema)
        except (schema.BadArguments, json.JSONDecodeError, RecursionError) as error:
            return _Asked(call, fault=f"The arguments do not fit: {error}")
        loose = tool.outside and tainted and not from_own_words(values, session.own_text)
        if tool.effect.weight <= Effect.READ.weight:
            held = _proposal(tool, texts, held="outside") if loose else None
            return _Asked(call, tool, texts, held, outgoing=tool.outside)
        if loose:
            return _Asked(call, tool, texts, _proposal(tool, texts, held="outside"))
        return _Asked(call, tool, texts, _proposal(tool, texts, held="" if lane is Lane.ACTION else "unasked"))

    async def _result(
        self, asked: _Asked, session: Session, note: Callable[[str], None]
    ) -> tuple[str, Evidence | None, list[str]]:
        """A call's answer as the model gets it, as evidence, and what was cut from it."""
        if asked.tool is None:
            return asked.fault, None, []
        name = asked.tool.action
        note(f"asking {name}")
        deed = await self.tools.read(
            asked.tool,
            asked.texts,
            actor=session.actor,
            exchange_id=session.exchange_id,
            channel=session.channel,
            thread=session.thread,
        )
        rule = session.constitution["F12"]
        caution = rule.threshold if rule.strict_threshold is None else rule.strict_threshold
        try:
            piece, count = await cut(self.judge, Piece(deed.sentence, Provenance.TOOL, name), caution)
        except Exception as error:  # noqa: BLE001 - what could not be checked is not read
            log.error("tools.unchecked", error=type(error).__name__)
            return "The answer could not be checked, so it is not shown.", None, [f"{name}: not checked, not read"]
        many = "an instruction" if count == 1 else f"{count} instructions"
        cuts = [f"{name}: {many} aimed at the assistant, cut and not followed"] if count else []
        if deed.state != "done":
            return piece.text, None, [*cuts, f"{name} gave no answer."]
        return piece.text, Evidence(piece.text, name, Provenance.TOOL), cuts


@dataclass(slots=True)
class _Asked:
    """One call that a model asked for, and what may become of it."""

    call: ToolCall
    tool: OfferedTool | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    proposal: Proposal | None = None
    fault: str = ""
    outgoing: bool = False  # it reads, and what it is asked leaves this machine and team


def from_own_words(values: Mapping[str, Any], own: str) -> bool:
    """Whether every argument stands word for word in the person's own message: then no model wrote it."""
    tokens = [t.casefold() for t in _TOKEN.findall(own)]

    def stands(value: Any) -> bool:
        if isinstance(value, bool) or value is None:
            return True
        if isinstance(value, int | float):
            return str(value) in tokens
        if isinstance(value, str):
            wanted = [t.casefold() for t in _TOKEN.findall(value)]
            size = len(wanted)
            return bool(wanted) and any(tokens[at : at + size] == wanted for at in range(len(tokens) - size + 1))
        if isinstance(value, list):
            return all(stands(one) for one in value)
        return isinstance(value, dict) and all(stands(one) for one in value.values())

    return all(stands(value) for value in values.values())


def _untrusted(session: Session) -> bool:
    """Whether text that nobody vouches for is in the exchange: material, or what was said by others or by models."""
    others = any(t.role == "assistant" or t.person not in (None, session.actor.person) for t in session.history)
    return bool(session.material) or others


def _sound(call: ToolCall, place: str) -> ToolCall:
    """The call as it can be said back to any model: an id, and arguments that are a JSON object."""
    try:
        fine = isinstance(json.loads(call.arguments), dict)
    except (json.JSONDecodeError, RecursionError):
        fine = False
    return ToolCall(call.id or f"call_{place}", call.name, call.arguments if fine else "{}")


def _proposal(tool: OfferedTool, texts: Mapping[str, str], *, held: Any = "") -> Proposal:
    said = ", ".join(f"{name} “{_short(text)}”" for name, text in texts.items())
    summary = f"{tool.summary.rstrip('.')}: {said}" if said else tool.summary
    return Proposal(tool.action, summary, dict(texts), tool.effect, own=tool.own, held=held)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHORT else f"{line[: _SHORT - 1]}…"
