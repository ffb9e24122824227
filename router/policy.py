"""The order of questions that picks a model: sensitive, money, mode, fresh facts or complexity, cost.

Pure: it sees what there is and says whom to ask, in which order, and why. Money is asked last of all in time, since
only a reservation knows; a step that it refuses passes its reason on to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from manifest.routing import Effort, Routing
from router.task import Task
from router.words import Mode

Side = Literal["outside", "inside", "demonstration"]

CONNECT = "Connect a local model (Ollama or LM Studio): start it and set LOCAL_LLM_URL, such as http://localhost:11434."


@dataclass(frozen=True, slots=True)
class Around:
    """What is configured and could be asked."""

    mode: Mode  # of this call
    operator_mode: Mode  # as Trinity was started
    outside: bool  # some model beyond this machine and network
    inside: bool  # a local model is configured, whether it answers now or not
    nothing_else: bool  # the mode leaves no model configured but the demonstration model
    demonstration: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One model to ask. `model` None lets the side choose; `why` is told to the person."""

    side: Side
    why: str
    model: str | None = None
    effort: Effort | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whom to ask, in order; with no steps, `refusal` says why nobody may be asked."""

    steps: tuple[Step, ...]
    refusal: str | None = None
    preferred: str | None = None  # the online model that policy wanted; a local answer instead of it is marked


def effective_mode(operator: Mode, channel: Mode | None, override: str | None) -> Mode:
    """The mode of one call. What the operator keeps offline, no channel and no message opens."""
    if operator == "offline":
        return "offline"
    if override in ("online", "offline", "hybrid"):
        return override  # type: ignore[return-value]
    return channel or operator


def decide(task: Task, around: Around, routing: Routing, override: str | None = None) -> Decision:
    """Whom to ask for this task. `override` is a model or mode named in the message or by the channel."""
    if around.nothing_else:
        return _only_demonstration(around)
    if task.sensitive is not None:
        return _stays(task.sensitive, around)
    if around.mode == "offline":
        why = "offline: Trinity runs in offline mode" if around.operator_mode == "offline" else "offline: asked for"
        if not around.inside:
            return Decision((), f"This is to stay offline, and no local model is connected. {CONNECT}")
        return Decision((Step("inside", why, _named_local(task, routing, override)),))
    outside = _outside(task, routing, override)
    if not around.outside and not around.inside:
        return Decision(())  # an address is configured, and what it leads to is not known: nothing answers there
    if not around.outside:
        missing = "no online model is connected"
        return Decision((Step("inside", f"offline: {missing}", _local(task, routing)),))
    if not around.inside:
        steps = [Step("outside", "online: no local model is connected", m, e) for m, e in outside]
        return Decision(tuple(steps), preferred=outside[0][0])
    wants_out, why = _weigh(task, around, routing, override)
    go_out = [Step("outside", why if wants_out else "online: the local model did not answer", m, e) for m, e in outside]
    stay = [Step("inside", why, _named_local(task, routing, override))]
    if wants_out:
        return Decision((*go_out, *stay), preferred=outside[0][0])
    return Decision((*stay, *go_out))


def _only_demonstration(around: Around) -> Decision:
    if around.demonstration:
        return Decision((Step("demonstration", "offline: no other model is connected"),))
    online = "" if around.operator_mode == "offline" else " Or set ANTHROPIC_API_KEY for an online one."
    return Decision((), f"No model is connected. {CONNECT}{online}")


def _stays(contains: str, around: Around) -> Decision:
    if around.inside:
        return Decision((Step("inside", f"offline: contains {contains}"),))
    return Decision(
        (),
        f"This contains {contains}, so it may not go to an online model, and no local model is connected. "
        f"Nothing was sent. {CONNECT}",
    )


def _outside(task: Task, routing: Routing, override: str | None) -> list[tuple[str | None, Effort | None]]:
    """The online models to try, the one meant for this weight first, then one of the others."""
    agent = routing.agents.get(task.agent) if task.agent else None
    if override is not None and override not in ("online", "offline", "hybrid"):
        first, effort = override, None
    elif task.chore:
        first, effort = routing.light, None
    elif agent is not None and agent.online and not task.stronger:
        first, effort = agent.online, agent.effort
    elif task.stronger or task.high_stakes or task.need >= routing.very_hard:
        first, effort = routing.heavy, None
    else:
        first, effort = routing.main, None
    second = routing.light if first == routing.main else routing.main
    return [(first, effort), (second, None)]


def _weigh(task: Task, around: Around, routing: Routing, override: str | None) -> tuple[bool, str]:
    """Whether to ask outside first, where both sides may be asked, and why."""
    if override == "online":
        return True, "online: asked for"
    if override is not None and override != "hybrid":
        out = override.startswith("claude-")
        return out, f"{'online' if out else 'offline'}: {override} was asked for"
    if around.mode == "online":
        return True, "online: Trinity runs in online mode"
    if task.chore:
        return False, "offline: a small chore"
    if task.stronger:
        return True, "online: asked again of a stronger model"
    if task.high_stakes:
        return True, "online: the stakes are high"
    if task.needs_fresh:
        return True, "online: needs fresh facts"
    if task.need >= routing.hard:
        return True, f"online: a hard question ({task.need:.2f})"
    return False, f"offline: a simple question ({task.need:.2f}), free of charge"


def _local(task: Task, routing: Routing) -> str | None:
    agent = routing.agents.get(task.agent) if task.agent else None
    return agent.local if agent else None


def _named_local(task: Task, routing: Routing, override: str | None) -> str | None:
    return named_local(override) or _local(task, routing)


def named_local(override: str | None) -> str | None:
    """The local model that a message names, None where it names a mode, an online model or nothing."""
    if override is None or override in ("online", "offline", "hybrid") or override.startswith("claude-"):
        return None
    return override
