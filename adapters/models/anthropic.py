"""Claude through Anthropic's own client.

The client's retries are off (the router decides what happens next), its connections follow no redirects, and a
stream that ends without its closing event counts as dead: the client itself reports no error there.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from adapters.models.base import (
    KEEP_IDLE_S,
    ChatMessage,
    ModelError,
    ModelOverloaded,
    ModelRateLimited,
    ModelRefused,
    ModelReply,
    ModelTimeout,
    ModelUnavailable,
    PromptTooLong,
    SpendLimitReached,
    Stop,
    Timeouts,
    ToolCall,
    ToolSpec,
    Usage,
    Where,
)
from adapters.models.progress import Progress, retry_after, timed

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

Effort = Literal["low", "medium", "high"]

# Shorter prefixes are not cached by the service (Anthropic, "Prompt caching": 1024 tokens, 4096 for Haiku);
# characters at four per token.
_CACHE_FROM_CHARS = {"haiku": 16_384}
_CACHE_FROM_CHARS_DEFAULT = 4_096
_SPEND_CODES = frozenset(
    {
        "contract_spend_limit_reached",
        "enforced_spend_limit_reached",
        "linked_organization_spend_limit_reached",
        "linked_organization_billing_unavailable",
    }
)
_STOPS: dict[str, Stop] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
    "tool_use": "tools",
}


class AnthropicModel:
    """One Claude model. Knows no temperature and no seed: the service took them away with its client 2."""

    where: Where = "online"

    def __init__(
        self,
        name: str,
        api_key: str,
        *,
        base_url: str | None = None,
        timeouts: Timeouts | None = None,
        effort: Effort | None = None,
    ) -> None:
        self.name = name
        self._key = api_key
        self._base_url = base_url
        self._timeouts = timeouts or Timeouts()
        self._effort = effort
        self._client: AsyncAnthropic | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> AsyncAnthropic:
        """The client; importing it takes over a second, so that is done in a thread and only once."""
        async with self._opening:
            if self._client is None:
                await asyncio.to_thread(__import__, "anthropic")
                import httpx2
                from anthropic import AsyncAnthropic

                limits = httpx2.Timeout(self._timeouts.whole, connect=self._timeouts.connect)
                self._client = AsyncAnthropic(
                    api_key=self._key,
                    base_url=self._base_url or "https://api.anthropic.com",
                    max_retries=0,
                    http_client=httpx2.AsyncClient(
                        timeout=limits, limits=httpx2.Limits(keepalive_expiry=KEEP_IDLE_S), follow_redirects=False
                    ),
                    timeout=limits,
                )
        return self._client

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
        """See ChatModel.complete."""
        client = await self.open()
        asked = self._request(system, messages, max_tokens, json_schema)
        if tools:
            asked["tools"] = [
                {"name": t.name, "description": t.description, "input_schema": json.loads(t.schema)} for t in tools
            ]
            asked["tool_choice"] = {"type": "auto" if may_call else "none"}
        async with timed("The online model", self._timeouts, on_tokens) as progress:
            try:
                return await self._stream(client, asked, progress)
            except ModelError:
                raise
            except Exception as error:
                raise _translated(error, progress) from error

    async def probe(self) -> Usage:
        """See ChatModel.probe."""
        reply = await self.complete("", [ChatMessage("user", "Say OK.")], max_tokens=1)
        return reply.usage

    async def close(self) -> None:
        """See ChatModel.close."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _request(
        self, system: str, messages: Sequence[ChatMessage], max_tokens: int, json_schema: dict[str, Any] | None
    ) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "model": self.name,
            "max_tokens": max_tokens,
            "messages": _turns(messages),
        }
        if system:
            block: dict[str, Any] = {"type": "text", "text": system}
            if len(system) >= self.cache_from_chars:
                block["cache_control"] = {"type": "ephemeral"}
            asked["system"] = [block]
        config: dict[str, Any] = {}
        if self._effort is not None and "haiku" not in self.name:
            config["effort"] = self._effort
        if json_schema is not None:
            config["format"] = {"type": "json_schema", "schema": json_schema}
        if config:
            asked["output_config"] = config
        return asked

    @property
    def cache_from_chars(self) -> int:
        """From this length on the system prompt is cached: written once at 1.25 of the price, then read at a tenth."""
        return next((n for word, n in _CACHE_FROM_CHARS.items() if word in self.name), _CACHE_FROM_CHARS_DEFAULT)

    async def _stream(self, client: AsyncAnthropic, asked: dict[str, Any], progress: Progress) -> ModelReply:
        model, stop_reason, closed = self.name, None, False
        begun: dict[int, tuple[str, str]] = {}  # calls by the number of their block: id, name
        parts: dict[int, list[str]] = {}
        progress.sent = True
        stream = await client.messages.create(**asked, stream=True)
        async with stream:
            async for event in stream:
                if event.type == "message_start":
                    model = event.message.model
                    progress.usage = _usage(event.message.usage)
                elif event.type == "content_block_delta" and event.delta.type == "text_delta":
                    progress.heard(event.delta.text)
                elif event.type == "content_block_start" and event.content_block.type == "tool_use":
                    begun[event.index] = (event.content_block.id, event.content_block.name)
                    parts[event.index] = []
                elif event.type == "content_block_delta" and event.delta.type == "input_json_delta":
                    parts.setdefault(event.index, []).append(event.delta.partial_json)
                    progress.heard("")
                elif event.type == "content_block_delta":
                    progress.heard("")  # thinking: time passes, nothing is kept
                elif event.type == "message_delta":
                    stop_reason = event.delta.stop_reason
                    progress.usage = _later(progress.usage, event.usage)
                elif event.type == "message_stop":
                    closed = True
        if not closed or stop_reason is None or progress.usage is None:
            raise ModelUnavailable(
                "The online model's answer broke off before its end.", usage=progress.spent(), begun=True
            )
        calls = tuple(
            ToolCall(call_id, name, "".join(parts[at]) or "{}") for at, (call_id, name) in sorted(begun.items())
        )
        return ModelReply(progress.text, model, progress.usage, _STOPS.get(stop_reason, "end"), calls)


def _turns(messages: Sequence[ChatMessage]) -> list[dict[str, Any]]:
    """Turns in the service's form: a tool's answers are blocks of one user turn, right after the calls."""
    turns: list[dict[str, Any]] = []
    for m in messages:
        if m.role == "tool" and m.answers is not None:
            block = {"type": "tool_result", "tool_use_id": m.answers.id, "content": m.content}
            if turns and turns[-1]["role"] == "user" and isinstance(turns[-1]["content"], list):
                turns[-1]["content"].append(block)
            else:
                turns.append({"role": "user", "content": [block]})
        elif m.calls:
            blocks: list[dict[str, Any]] = [{"type": "text", "text": m.content}] if m.content.strip() else []
            blocks += [
                {"type": "tool_use", "id": c.id, "name": c.name, "input": json.loads(c.arguments)} for c in m.calls
            ]
            turns.append({"role": "assistant", "content": blocks})
        else:
            turns.append({"role": m.role, "content": m.content})
    return turns


def _usage(reported: Any) -> Usage:
    """Anthropic's `input_tokens` already leaves cached and cache-writing tokens out."""
    written = reported.cache_creation_input_tokens or 0
    tiers = reported.cache_creation
    one_hour = (tiers.ephemeral_1h_input_tokens or 0) if tiers else 0
    return Usage(
        reported.input_tokens or 0,
        reported.output_tokens or 0,
        reported.cache_read_input_tokens or 0,
        written - one_hour,
        one_hour,
    )


def _later(first: Usage | None, delta: Any) -> Usage:
    """The closing event's counts are cumulative; input counts missing there are taken from the first event."""
    known = first or Usage(0, 0)

    def pick(name: str, before: int) -> int:
        value = getattr(delta, name, None)
        return int(value) if value is not None else before

    written_before = known.cache_write_5m + known.cache_write_1h
    written = pick("cache_creation_input_tokens", written_before)
    return Usage(
        pick("input_tokens", known.tokens_in),
        pick("output_tokens", known.tokens_out),
        pick("cache_read_input_tokens", known.cache_read),
        max(0, written - known.cache_write_1h),
        min(written, known.cache_write_1h),
    )


def _translated(error: Exception, progress: Progress) -> ModelError:
    """Whatever the client or its transport raises, in our words. Raw transport errors escape it in mid-stream."""
    import anthropic
    import httpx2

    spent, begun = progress.spent(), progress.sent
    if isinstance(error, (anthropic.APITimeoutError, httpx2.TimeoutException)):
        if isinstance(error.__cause__, httpx2.ConnectTimeout) or isinstance(error, httpx2.ConnectTimeout):
            return ModelTimeout("The online model could not be reached in time.", "connect")
        return ModelTimeout("The online model stopped answering.", progress.phase, usage=spent, begun=begun)
    if isinstance(error, anthropic.APIStatusError):
        return _of_status(error, spent)
    if isinstance(error, anthropic.APIConnectionError) and isinstance(error.__cause__, httpx2.ConnectError):
        return ModelUnavailable("The online model cannot be reached.")
    if isinstance(error, (anthropic.AnthropicError, httpx2.HTTPError, json.JSONDecodeError, ValueError, OSError)):
        return ModelUnavailable("The connection to the online model broke off.", usage=spent, begun=begun)
    return ModelUnavailable(
        f"The online model's answer could not be read ({type(error).__name__}).", usage=spent, begun=begun
    )


def _of_status(error: Any, spent: Usage | None) -> ModelError:
    status, kind, code = int(error.status_code), error.type, error.error_code
    said = str(error.api_message or "").lower()
    if (
        code in _SPEND_CODES
        or kind == "billing_error"
        or status == 402
        or "spend limit" in said
        or "credit balance" in said
    ):
        return SpendLimitReached("The account's own limit at the model's provider is used up.")
    if status == 429 or kind == "rate_limit_error":
        return ModelRateLimited("The online model asked for a pause.", retry_after(error.response.headers))
    if status == 413 or (status == 400 and "prompt is too long" in said):
        return PromptTooLong("This conversation is too long for the online model.")
    if status == 529 or (status == 200 and kind == "overloaded_error"):
        return ModelOverloaded("The online model is overloaded just now.", usage=spent, begun=spent is not None)
    if status >= 500 or status in (200, 408, 409) or kind in ("overloaded_error", "api_error", "timeout_error"):
        return ModelUnavailable("The online model is not answering just now.", usage=spent, begun=spent is not None)
    reason = "did not accept its key" if status in (401, 403) else "turned the request down"
    return ModelRefused(f"The online model {reason} (HTTP {status}).", status)
