"""The one small interface behind which every language model stands, and the errors it may raise.

An adapter translates, measures usage and times its phases; it never retries, routes or counts money.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Where = Literal["online", "local", "embedded"]
Stop = Literal["end", "length", "refusal", "tools"]
Phase = Literal["connect", "first token", "whole answer"]

# Seconds an idle connection is kept. Many local servers close theirs after five; a request sent into that very moment
# would be lost, so ours must be shorter.
KEEP_IDLE_S = 2.0


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a model is shown it; `name` has letters, digits, _ and - only, `schema` is a JSON schema as text."""

    name: str
    description: str
    schema: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model asks for. `arguments` is a JSON object as text, as it came; nothing has checked it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn as a model sees it. A turn of role "tool" answers one call of the assistant's turn before it."""

    role: Literal["user", "assistant", "tool"]
    content: str
    calls: tuple[ToolCall, ...] = ()  # of an assistant's turn
    answers: ToolCall | None = None  # of a tool's turn


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the model reported them. `tokens_in` counts fresh input only, never cached or cache-writing input."""

    tokens_in: int
    tokens_out: int
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0

    @property
    def all_in(self) -> int:
        """Every token the model read, cached or not."""
        return self.tokens_in + self.cache_read + self.cache_write_5m + self.cache_write_1h


@dataclass(frozen=True, slots=True)
class ModelReply:
    """A complete answer; streams end inside the adapter, so nothing unjudged can be shown."""

    text: str
    model: str  # as the server named it
    usage: Usage
    stop: Stop
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds allowed per phase of one call. A hang costs at most `first_token`, a slow stream `whole`."""

    connect: float = 3.0
    first_token: float = 20.0
    whole: float = 120.0


class ChatModel(Protocol):
    """A model that answers. One instance serves many calls at once; `close` ends them."""

    name: str
    where: Where

    async def complete(
        self,
        system: str,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        temperature: float | None = None,
        seed: int | None = None,
        json_schema: dict[str, Any] | None = None,
        on_tokens: Callable[[int], None] | None = None,
        tools: Sequence[ToolSpec] = (),
        may_call: bool = True,
    ) -> ModelReply:
        """The whole answer; `tools` are those it may ask to be called, with `may_call` false they are only named.

        `on_tokens` hears how many pieces have come so far, never their text. A model that knows no temperature, seed
        or tools leaves them out. Raises a ModelError and nothing else,
        besides cancellation.
        """
        ...

    async def probe(self) -> Usage:
        """Ask for one token, with no text of anybody's in it, to learn whether the model answers again.

        The smallest real question, because a server can list its models and still fail every answer.
        Raises a ModelError when it does not answer.
        """
        ...

    async def close(self) -> None:
        """Give back sockets and processes; calls under way fail with ModelUnavailable."""
        ...


class ModelError(Exception):
    """A model gave no answer. `sentence` says so to a person; it never holds prompt text, keys or addresses.

    `usage` is what the model reported before it failed, None when it reported nothing; `begun` says that the
    request may have reached it, so that money may be owed all the same.
    """

    breaks = True  # counts towards the model's breaker

    def __init__(self, sentence: str, *, usage: Usage | None = None, begun: bool = False) -> None:
        self.sentence = sentence
        self.usage = usage
        self.begun = begun
        super().__init__(sentence)


class ModelUnavailable(ModelError):
    """The model could not be reached, answered with a server error, or died in mid-answer."""


class ModelOverloaded(ModelUnavailable):
    """This one model is overloaded (529); another of the same provider may still answer."""


class ModelBusy(ModelUnavailable):
    """Too many questions wait for this model already; it is well, so this says nothing about its health."""

    breaks = False


class ModelTimeout(ModelError):
    """The model took too long; `phase` says in which part."""

    def __init__(self, sentence: str, phase: Phase, *, usage: Usage | None = None, begun: bool = False) -> None:
        self.phase: Phase = phase
        super().__init__(sentence, usage=usage, begun=begun)


class ModelRateLimited(ModelError):
    """The model asked for a pause; `retry_after` is in seconds, None when it did not say how long."""

    def __init__(self, sentence: str, retry_after: float | None) -> None:
        self.retry_after = retry_after
        super().__init__(sentence)


class ModelRefused(ModelError):
    """The request itself was turned down (400, 401, 403, 404): asking this model again cannot help."""

    def __init__(self, sentence: str, status: int) -> None:
        self.status = status
        super().__init__(sentence)

    @property
    def about_the_key(self) -> bool:
        """Whether the credential, not this one request, was turned down."""
        return self.status in (401, 403)


class SpendLimitReached(ModelError):
    """The provider's own spending limit or balance is used up."""


class PromptTooLong(ModelError):
    """The conversation is longer than the model can read; another model may still answer."""

    breaks = False
