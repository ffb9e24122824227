"""Declared tools as actions: who may ask, what runs at once, what waits for a human, and each call once.

The pipeline sees `organs.ports.Tools`; the registry sees one `Action` per declared tool and webhook. Whether a call
needs a human's word is worked out from the declaration and the server's claims, never from what a model says.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from adapters.embeddings import Embedder, EmbeddingsError
from adapters.models.reach import stays_private
from adapters.tools import choose, schema
from adapters.tools.base import ListedTool, NoAnswer, NotSent, ToolAnswer
from adapters.tools.session import ServerSession
from holds.actions import Action, ActionFailed, Actions, ActionUnclear, Done
from holds.runs import ActionContext
from holds.tool_meaning import Meant, as_declared, meant
from holds.webhooks import Webhook
from manifest.errors import ConfigError
from manifest.tools import ServerDeclaration, ToolDeclaration, ToolManifest
from organs.airlock.judge import InjectionJudge
from organs.bundles import Actor, Effect, Proof, Provenance, Role
from organs.ports import Deed, Offer, OfferedTool

log = structlog.get_logger(__name__)

KEY_META = "trinity/idempotency-key"
# Where the asker alone reads what comes back; a tool of scope "person" is used nowhere else.
_OWN_CHANNELS = frozenset({"bridge", "console", "api"})
_WIRE = re.compile(r"[^A-Za-z0-9_-]")
_WIRE_CHARS = 64  # the longest name that every service takes
_SUSPECT = 0.5  # F12's lower limit: a description that reads like an order is not shown to a model
_SHOWN_CHARS = 4_000  # of a description and its schema

Sensitive = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class _Tool:
    name: str
    server: ServerDeclaration
    declared: ToolDeclaration


class ToolDesk:
    """Every declared tool. Servers start at their first use; `close` ends them."""

    def __init__(
        self,
        manifest: ToolManifest,
        actions: Actions,
        embedder: Embedder,
        judge: InjectionJudge,
        sensitive: Sensitive,
    ) -> None:
        self._actions, self._embedder, self._judge, self._sensitive = actions, embedder, judge, sensitive
        self.sessions = {name: ServerSession(server) for name, server in manifest.servers.items()}
        self._tools = {
            f"{server.name}.{tool.name}": _Tool(f"{server.name}.{tool.name}", server, tool)
            for server in manifest.servers.values()
            for tool in server.tools.values()
        }
        self._webhooks = {f"webhook.{one.name}": Webhook(one) for one in manifest.webhooks.values()}
        self._suspects: dict[str, bool] = {}

    def register(self, classes: frozenset[str]) -> None:
        """Put everything declared into the registry.

        Raises:
            ConfigError: a tool names a class that holds.toml does not have.
        """
        for tool in self._tools.values():
            _known_class(tool.name, tool.declared.meaning.action_class, classes)
            self._actions.register(self._action(tool, as_declared(tool.declared)))
        for name, hook in self._webhooks.items():
            _known_class(name, hook.declared.meaning.action_class, classes)
            self._actions.register(hook.action(name))

    async def close(self) -> None:
        """End every server that was started."""
        await asyncio.gather(*(session.close() for session in self.sessions.values() if session.running))

    def state(self) -> str | None:
        """What is wrong with the servers that were used so far, in words; "" for nothing, None for none declared."""
        if not self.sessions and not self._webhooks:
            return None
        troubles = [s.trouble for s in self.sessions.values() if s.trouble]
        for name, session in self.sessions.items():
            left = sorted(set(session.seen) - set(session.declared.tools))
            if left:
                troubles.append(f"{name} offers what is not declared and cannot be used: {', '.join(left)[:200]}.")
        return " ".join([*troubles, "See `trinity tools check`."] if troubles else [])

    # -- what is offered ---------------------------------------------------------------------------------------------

    async def offer(self, request: str, *, actor: Actor, channel: str, most: int, changes_only: bool = False) -> Offer:
        """See `organs.ports.Tools`."""
        allowed = [n for n in (*self._tools, *self._webhooks) if self._may(n, actor, channel, changes_only)]
        if not allowed:
            return Offer()
        try:
            ranked = await choose.rank(request, [(n, self._summary(n)) for n in allowed], self._embedder)
        except EmbeddingsError:
            return Offer(notes=("No tool was used: which one fits could not be worked out.",))
        chosen = [allowed[place] for place, _ in ranked]
        if not changes_only:
            chosen += [n for n in allowed if n in self._tools and self._tools[n].declared.always and n not in chosen]
        found = await asyncio.gather(*(self._offered(name) for name in chosen[: min(most, choose.MOST)]))
        tools = [one for one in found if isinstance(one, OfferedTool)]
        if changes_only:
            tools = [one for one in tools if one.effect.weight > Effect.READ.weight]
        return Offer(_apart(tools), tuple(dict.fromkeys(one for one in found if isinstance(one, str))))

    def _may(self, name: str, actor: Actor, channel: str, changes_only: bool) -> bool:
        """Role and scope, in code: a tool that this person may not ask for is not even named to a model."""
        role = actor.role.value if actor.proof is not Proof.UNPROVED else Role.GUEST.value
        if name in self._webhooks:
            return role in self._webhooks[name].declared.meaning.roles
        tool = self._tools[name].declared
        if role not in tool.meaning.roles or (tool.scope == "person" and channel not in _OWN_CHANNELS):
            return False
        # A tool that takes others back is reached by Undo, not by asking.
        undoes = {one.undo.tool for one in self._tools[name].server.tools.values() if one.undo is not None}
        return tool.name not in undoes and not (changes_only and tool.always)

    def _summary(self, name: str) -> str:
        if name in self._webhooks:
            return self._webhooks[name].declared.meaning.summary
        return self._tools[name].declared.meaning.summary

    async def _offered(self, name: str) -> OfferedTool | str:
        if name in self._webhooks:
            return await self._webhooks[name].offered(name)
        tool = self._tools[name]
        try:
            listed, now = await self._look(tool)
        except NotSent as error:
            return error.sentence
        shown = schema.without(listed.schema, _hidden(tool.declared))
        description = tool.declared.meaning.summary
        told = f"{listed.description}\n{json.dumps(shown, ensure_ascii=False)}"
        if len(told) > _SHOWN_CHARS or await self._suspect(told):
            shown = _bare(shown)  # names and types alone: words of the server's that read like orders stay here
        elif listed.description and listed.description != description:
            description = f"{description}\n{listed.description}"
        return OfferedTool(
            name, _wire(name), tool.declared.meaning.summary, description, shown, now.effect, now.own, now.outside
        )

    async def _look(self, tool: _Tool, *, fresh: bool = False) -> tuple[ListedTool, Meant]:
        """What the server says of it now; the registry's action is made graver where that is graver. Raises NotSent."""
        listing = await self.sessions[tool.server.name].listed(fresh=fresh)
        listed = listing.get(tool.declared.name)
        if listed is None:
            raise NotSent(f"The tool server “{tool.server.name}” does not offer {tool.declared.name}.")
        now = meant(tool.declared, listed, remote=await self._remote(tool.server))
        known = self._actions.get(tool.name)
        if known is not None and now.effect.weight > known.effect.weight:
            self._actions.graver(self._action(tool, now))
        return listed, now

    @staticmethod
    async def _remote(server: ServerDeclaration) -> bool:
        return server.url is not None and not server.trusted and not await stays_private(server.url)

    async def _suspect(self, text: str) -> bool:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        if digest not in self._suspects:
            try:
                reading = await self._judge.read(text, provenance=Provenance.TOOL)
            except Exception as error:  # noqa: BLE001 - what cannot be read is not shown
                log.warning("tools.unread", error=type(error).__name__)
                return True
            self._suspects[digest] = reading.score >= _SUSPECT
        return self._suspects[digest]

    # -- what is done ------------------------------------------------------------------------------------------------

    async def read(
        self,
        tool: OfferedTool,
        arguments: Mapping[str, str],
        *,
        actor: Actor,
        exchange_id: str,
        channel: str,
        thread: str,
    ) -> Deed:
        """See `organs.ports.Tools`. The registry refuses whatever does not only read."""
        digest = hashlib.sha256(json.dumps([tool.action, dict(arguments)], sort_keys=True).encode()).hexdigest()
        outcome = await self._actions.run(
            tool.action,
            arguments,
            key=f"{exchange_id}:read:{digest[:20]}",
            exchange_id=exchange_id,
            person=actor.person,
            channel=channel,
            thread=thread,
        )
        return Deed("done" if outcome.state == "executed" else "failed", outcome.text)

    async def private(self, arguments: Mapping[str, str]) -> bool:
        """See `organs.ports.Tools`."""
        try:
            return await asyncio.to_thread(self._sensitive, "\n".join(arguments.values()))
        except Exception as error:  # noqa: BLE001 - unread counts as private
            log.warning("tools.unread", error=type(error).__name__)
            return True

    def _action(self, tool: _Tool, now: Meant) -> Action:
        declared = tool.declared

        async def run(arguments: Mapping[str, str], context: ActionContext) -> Done:
            return await self._call(tool, arguments, context)

        async def undo(saved: str, context: ActionContext) -> str:
            return await self._undo(tool, saved, context)

        return Action(
            name=tool.name,
            summary=declared.meaning.summary,
            effect=now.effect,
            run=run,
            action_class=now.action_class,
            own=now.own,
            undo=undo if declared.undo is not None else None,
            # A start, a listing and the call itself may each take their own time; the session ends them.
            timeout_s=2 * tool.server.start_s + tool.server.call_s + 5.0,
        )

    async def _call(self, tool: _Tool, arguments: Mapping[str, str], context: ActionContext) -> Done:
        """One call. What is not certain is said to be so; a tool that only reads can have changed nothing."""
        try:
            listed, now = await self._look(tool, fresh=True)
        except NotSent as error:
            raise ActionFailed(f"Not done. {error.sentence}") from error
        if now.effect.weight > context.allowed.weight:
            raise ActionFailed(
                f"Not done: the server of {tool.name} now says that it does more than what was allowed. Ask again."
            )
        values = self._values(tool, listed, arguments, context)
        reads = now.effect.weight <= Effect.READ.weight
        try:
            answer = await self.sessions[tool.server.name].call(
                tool.declared.name, values, {KEY_META: context.key, "trinity/person": context.person}, fresh=False
            )
        except NotSent as error:
            raise ActionFailed(f"Not done. {error.sentence}") from error
        except NoAnswer as error:
            raise (ActionFailed if reads else ActionUnclear)(error.sentence) from error
        if answer.error:
            said = _quoted(answer)
            if tool.declared.error == "nothing":
                raise ActionFailed(f"Not done. {tool.name} says:\n{said}")
            raise ActionUnclear(f"{tool.name} reports an error:\n{said}\n")
        undo = self._undo_call(tool, answer, values)
        if reads:
            if context.by_hold:  # it goes to a person as it is, not through F12 to a model
                return Done(f"{tool.name} says:\n{_quoted(answer)}")
            more = f"\n[{answer.left_out:,} characters more were not read.]" if answer.left_out else ""
            return Done(answer.text + more)
        return Done(f"Done: {tool.declared.meaning.summary} {tool.name} says:\n{_quoted(answer)}", undo)

    @staticmethod
    def _values(
        tool: _Tool, listed: ListedTool, arguments: Mapping[str, str], context: ActionContext
    ) -> dict[str, object]:
        """The arguments as the tool takes them, with what code fills in; checked against its whole schema."""
        values: dict[str, object] = schema.as_values(arguments, listed.schema)
        for name in _hidden(tool.declared):
            values.pop(name, None)
        if tool.declared.idempotency is not None:
            values[tool.declared.idempotency] = context.key
        if tool.declared.person is not None:
            values[tool.declared.person] = context.person
        try:
            schema.check(values, listed.schema)
        except schema.BadArguments as error:
            raise ActionFailed(f"Not done: the arguments of {tool.name} do not fit: {error}.") from error
        return values

    @staticmethod
    def _undo_call(tool: _Tool, answer: ToolAnswer, values: Mapping[str, object]) -> str | None:
        """The arguments of the tool that takes this back; None where the answer does not say enough for that."""
        if tool.declared.undo is None:
            return None
        filled: dict[str, object] = {}
        for name, source in tool.declared.undo.arguments.items():
            where, _, key = source.partition(".")
            value = (answer.values if where == "result" else values).get(key)
            if not isinstance(value, str | int | float):
                return None
            filled[name] = value
        return json.dumps(filled)

    async def _undo(self, tool: _Tool, saved: str, context: ActionContext) -> str:
        undo = tool.declared.undo
        assert undo is not None
        other = tool.server.tools[undo.tool]
        values = json.loads(saved)
        if other.person is not None:
            values[other.person] = context.person
        if other.idempotency is not None:
            values[other.idempotency] = f"{context.key}:undo"
        try:
            answer = await self.sessions[tool.server.name].call(
                other.name, values, {KEY_META: f"{context.key}:undo", "trinity/person": context.person}
            )
        except NotSent as error:
            raise ActionFailed(f"Not taken back. {error.sentence}") from error
        except NoAnswer as error:
            raise TimeoutError(error.sentence) from error
        if answer.error:
            raise ActionFailed(f"Not taken back. The tool says:\n{_quoted(answer)}")
        return f"Taken back. {tool.server.name} says:\n{_quoted(answer)}"


def _known_class(name: str, action_class: str | None, classes: frozenset[str]) -> None:
    if action_class is not None and action_class not in classes:
        raise ConfigError(
            f"tools.toml: {name}: class", f"{action_class!r} is not in holds.toml", ", ".join(sorted(classes))
        )


def _hidden(tool: ToolDeclaration) -> tuple[str, ...]:
    """The arguments that code fills in; a model never sees them."""
    return tuple(one for one in (tool.idempotency, tool.person) if one is not None)


def _wire(name: str) -> str:
    safe = _WIRE.sub("_", name)
    if len(safe) <= _WIRE_CHARS:
        return safe
    return f"{safe[: _WIRE_CHARS - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _apart(tools: list[OfferedTool]) -> tuple[OfferedTool, ...]:
    """Tools whose wire names differ; of two that would be called the same, the second is left out."""
    seen: dict[str, OfferedTool] = {}
    for tool in tools:
        seen.setdefault(tool.wire, tool)
    return tuple(seen.values())


def _bare(shown: Mapping[str, object]) -> Mapping[str, object]:
    """A schema without a word of its server's: names of arguments, types, bounds."""
    kept = ("type", "minimum", "maximum", "minLength", "maxLength", "format")
    found = schema.properties(shown)
    plain = {
        name: {k: v for k, v in one.items() if k in kept and isinstance(v, str | int | float | list)}
        for name, one in found.items()
    }
    return {"type": "object", "properties": plain, "required": list(schema.required(shown))}


def _quoted(answer: ToolAnswer) -> str:
    """What a tool said, so that nothing in it is read as our words, a link or a picture."""
    text = answer.text.strip()[:2_000].replace("`", "ʼ") or "(nothing)"
    return f"```text\n{text}\n```"
