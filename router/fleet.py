"""The models that are configured, where each one runs, and how each server is doing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from adapters.models.anthropic import AnthropicModel, Effort
from adapters.models.base import ChatModel, ModelError, Timeouts, Where
from adapters.models.detect import Found, detect, shown
from adapters.models.ollama import OllamaModel
from adapters.models.openai_compatible import OpenAICompatibleModel
from adapters.models.reach import stays_private
from manifest.prices import Price, PriceTable
from router.breaker import Breaker
from router.words import Mode, ModelState

_FIRST_WAIT_S = 3.5  # a local server that has never been asked
_LATER_WAIT_S = 0.2  # one that is known to be down


@dataclass(frozen=True, slots=True)
class Member:
    """One model that may be asked now."""

    model: ChatModel
    breaker: Breaker  # of the server it stands on
    place: Where
    price: Price | None = None  # None: costs nothing, unless it is online, where it must not be asked
    demonstration: bool = False

    @property
    def name(self) -> str:
        return self.model.name


@dataclass(frozen=True, slots=True)
class Survey:
    """What is there at this moment."""

    inside: tuple[Member, ...]  # models that answer on this machine or network, the first choice first
    cloud: Member | None  # what LOCAL_LLM_URL leads to, where that is not private
    inside_configured: bool
    trouble: str | None = None  # why the local server names no model just now


@dataclass(slots=True)
class Claude:
    """Anthropic's models, one client per model and effort, one breaker for the service."""

    api_key: str
    base_url: str | None
    prices: PriceTable
    timeouts: Timeouts
    breaker: Breaker
    _models: dict[tuple[str, Effort | None], AnthropicModel] = field(default_factory=dict)

    def member(self, name: str, effort: Effort | None) -> Member:
        """The model of this name; whether the service knows it shows when it is asked."""
        key = (name, effort)
        if key not in self._models:
            self._models[key] = AnthropicModel(
                name, self.api_key, base_url=self.base_url, timeouts=self.timeouts, effort=effort
            )
        return Member(self._models[key], self.breaker, "online", self.prices.of(name))

    async def open(self) -> None:
        """Import and build the client ahead of the first question."""
        for model in list(self._models.values())[:1]:
            await model.open()

    async def close(self) -> None:
        """Close every client."""
        for model in self._models.values():
            await model.close()


@dataclass(slots=True)
class LocalServer:
    """What stands at LOCAL_LLM_URL; asked what it is at the first need, and again after it lost its model."""

    url: str
    wanted: str | None
    trusted: bool
    prices: PriceTable
    breaker: Breaker
    api_key: str | None = None
    trouble: str | None = None
    _found: Found | None = None
    _models: dict[tuple[str, Where], ChatModel] = field(default_factory=dict)
    _asking: asyncio.Task[None] | None = None

    async def private(self) -> bool:
        """Whether text sent to this address stays on private ground, or the operator vouches for it."""
        return self.trusted or await stays_private(self.url)

    async def member(self, preferred: str | None = None) -> Member | None:
        """The model to ask there, None while the server cannot say which it has (`trouble` says why)."""
        found = await self._detected()
        if found is None:
            return None
        chosen = (found.choose(preferred) if preferred else None) or found.choose(self.wanted)
        if chosen is None:
            named = f"no model named {self.wanted}" if self.wanted else "no model that can chat"
            self.trouble = f"the local server has {named}"
            return None
        # A tag that Ollama forwards leaves the house even where the server itself is trusted.
        place: Where = "local" if not chosen.remote and await self.private() else "online"
        model = self._model(found, chosen.name, place)
        return Member(model, self.breaker, place, self.prices.of(chosen.name) if place == "online" else None)

    async def _detected(self) -> Found | None:
        """What was found there. Nobody waits long for a server that is known to be down."""
        if self._found is None:
            if self._asking is None and (self.breaker.passes or self.breaker.claim_probe()):
                self._asking = asyncio.create_task(self._detect())
            if self._asking is not None:
                patience = _FIRST_WAIT_S if self.breaker.passes else _LATER_WAIT_S
                await asyncio.wait({self._asking}, timeout=patience)
        return self._found

    async def _detect(self) -> None:
        try:
            self._found = await detect(self.url, self.api_key)
        except ModelError as error:
            self.trouble = error.sentence
            self.breaker.failed(error.sentence)
        else:
            self.trouble = None
            self.breaker.succeeded()
        finally:
            self._asking = None

    def forget(self) -> None:
        """Its list of models is out of date: ask again at the next need."""
        self._found = None

    def _model(self, found: Found, name: str, place: Where) -> ChatModel:
        key = (name, place)
        if key not in self._models:
            self._models[key] = (
                OllamaModel(name, self.url, where=place)
                if found.kind == "ollama"
                else OpenAICompatibleModel(name, self.url, api_key=self.api_key, where=place)
            )
        return self._models[key]

    def state(self) -> ModelState:
        """As it stands, from memory."""
        chosen = self._found.choose(self.wanted) if self._found else None
        name = chosen.name if chosen else f"local model at {shown(self.url)}"
        places = [place for (model, place) in self._models if chosen is not None and model == chosen.name]
        healthy = self.breaker.passes and (self._found is None or chosen is not None) and self.trouble is None
        note = _note(self.breaker) if not self.breaker.passes else self.trouble or "ready"
        return ModelState(name, places[0] if places else "local", healthy, note)

    async def close(self) -> None:
        """Close every client."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})
        for model in self._models.values():
            await model.close()


@dataclass(slots=True)
class Fleet:
    """All configured models."""

    claude: Claude | None
    server: LocalServer | None
    installed: list[Member]
    demonstration: Member | None

    async def survey(self, preferred: str | None = None) -> Survey:
        """What is there now. Asks nothing but a local server that has not yet said what it is."""
        inside = list(self.installed)
        if self.server is None:
            return Survey(tuple(inside), None, bool(inside))
        member = await self.server.member(preferred)
        if member is None:
            private = await self.server.private()
            return Survey(tuple(inside), None, private or bool(inside), self.server.trouble or "it is being left alone")
        if member.place == "online":
            return Survey(tuple(inside), member, bool(inside))
        return Survey((member, *inside), None, True)

    def outside(self, name: str | None, effort: Effort | None, cloud: Member | None) -> Member | None:
        """The online model of this name: Claude's, or what the public address leads to."""
        if name is not None and (cloud is None or name != cloud.name) and self.claude is not None:
            return self.claude.member(name, effort)
        return cloud

    def only_demonstration(self, mode: Mode) -> bool:
        """Whether the mode leaves no other model configured, so that the demonstration model answers."""
        return self.server is None and not self.installed and (self.claude is None or mode == "offline")

    def states(self, online: tuple[str, ...], mode: Mode) -> tuple[ModelState, ...]:
        """Every model that the mode allows, as it stands, from memory."""
        found: list[ModelState] = []
        if self.claude is not None and mode != "offline":
            breaker = self.claude.breaker
            found += [ModelState(name, "online", breaker.passes, _note(breaker)) for name in dict.fromkeys(online)]
        if self.server is not None:
            found.append(self.server.state())
        for member in self.installed:
            found.append(ModelState(member.name, member.place, member.breaker.passes, _note(member.breaker)))
        if self.demonstration is not None and self.only_demonstration(mode):
            member = self.demonstration
            found.append(ModelState(member.name, "embedded", member.breaker.passes, _note(member.breaker), True))
        return tuple(found)

    async def close(self) -> None:
        """Close every client and end every child process."""
        members = [*self.installed, *([self.demonstration] if self.demonstration else [])]
        closing = [m.model.close() for m in members]
        closing += [part.close() for part in (self.claude, self.server) if part is not None]
        for outcome in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(outcome, asyncio.CancelledError):
                raise outcome


def _note(breaker: Breaker) -> str:
    if breaker.passes:
        return "ready"
    left = breaker.seconds_left
    return f"{breaker.note} Asked again in {left:.0f} s." if left else f"{breaker.note} Being asked again."
