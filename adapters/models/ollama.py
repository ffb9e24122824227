"""A model behind Ollama, through its official client.

Ollama silently drops the beginning of a prompt that is longer than the model's window as loaded, so the window is
asked for by size here, and what does not fit the largest step is an error.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from adapters.models.base import (
    KEEP_IDLE_S,
    ChatMessage,
    ModelError,
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
from adapters.models.progress import Progress, timed

if TYPE_CHECKING:
    from ollama import AsyncClient

# Few steps, because every change of window makes Ollama load the model anew.
_WINDOWS = (8_192, 16_384, 32_768)
_CHARS_PER_TOKEN = 3  # low on purpose: dense text must not be cut


class OllamaModel:
    """One model of one Ollama server."""

    def __init__(self, name: str, url: str, *, where: Where = "local", timeouts: Timeouts | None = None) -> None:
        self.name = name
        self.where: Where = where
        self._url = url
        self._timeouts = timeouts or Timeouts(first_token=60.0, whole=180.0)
        self._client: AsyncClient | None = None
        self._knows_tools = True  # until the server says that this model does not
        self._opening = asyncio.Lock()

    async def _open(self) -> AsyncClient:
        async with self._opening:
            if self._client is None:
                await asyncio.to_thread(__import__, "ollama")
                import httpx
                from ollama import AsyncClient

                # No redirect and no proxy from the environment: either would carry a private text elsewhere.
                self._client = AsyncClient(
                    host=self._url,
                    follow_redirects=False,
                    trust_env=self.where == "online",
                    limits=httpx.Limits(keepalive_expiry=KEEP_IDLE_S),
                    timeout=httpx.Timeout(self._timeouts.whole, connect=self._timeouts.connect),
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
        client = await self._open()
        turns = [_turn(m) for m in messages]
        if system:
            turns.insert(0, {"role": "system", "content": system})
        offered = [_offered(t) for t in tools] if may_call and self._knows_tools else []
        options: dict[str, Any] = {
            "num_predict": max_tokens,
            "num_ctx": _window(sum(len(str(t)) for t in (*turns, *offered)), max_tokens),
        }
        if temperature is not None:
            options["temperature"] = temperature
        if seed is not None:
            options["seed"] = seed
        async with timed("The local model", self._timeouts, on_tokens) as progress:
            try:
                return await self._stream(client, turns, options, json_schema, progress, offered)
            except ModelError:
                raise
            except Exception as error:
                if not offered or "does not support tools" not in str(getattr(error, "error", "")):
                    raise _translated(error, progress) from error
            self._knows_tools = False  # asked again, once, as this model can be
            try:
                return await self._stream(client, turns, options, json_schema, progress, [])
            except ModelError:
                raise
            except Exception as error:
                raise _translated(error, progress) from error

    async def _stream(
        self,
        client: AsyncClient,
        turns: list[dict[str, Any]],
        options: dict[str, Any],
        json_schema: dict[str, Any] | None,
        progress: Progress,
        offered: list[dict[str, Any]],
    ) -> ModelReply:
        progress.sent = True
        stream = await client.chat(
            self.name,
            turns,
            stream=True,
            think=False,
            format=json_schema or None,
            options=options,
            tools=offered or None,
        )
        calls: list[ToolCall] = []
        async for part in stream:
            for call in part.message.tool_calls or ():
                # Ollama gives calls no ids; their order is what ties an answer to its call.
                text = json.dumps(dict(call.function.arguments or {}), ensure_ascii=False)
                calls.append(ToolCall(f"call_{len(calls)}", call.function.name, text))
                progress.heard("")
            if part.message.content or part.message.thinking:
                progress.heard(part.message.content or "")
            if part.done:
                usage = Usage(part.prompt_eval_count or 0, part.eval_count or len(progress.pieces))
                stop: Stop = "length" if part.done_reason == "length" else "tools" if calls else "end"
                return ModelReply(progress.text, part.model or self.name, usage, stop, tuple(calls))
        raise ModelUnavailable("The local model's answer broke off before its end.", begun=True)

    async def probe(self) -> Usage:
        """See ChatModel.probe."""
        return (await self.complete("", [ChatMessage("user", "Say OK.")], max_tokens=1)).usage

    async def close(self) -> None:
        """See ChatModel.close."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()  # type: ignore[no-untyped-call]


def _turn(m: ChatMessage) -> dict[str, Any]:
    if m.role == "tool" and m.answers is not None:
        return {"role": "tool", "content": m.content, "tool_name": m.answers.name}
    turn: dict[str, Any] = {"role": m.role, "content": m.content}
    if m.calls:
        turn["tool_calls"] = [{"function": {"name": c.name, "arguments": json.loads(c.arguments)}} for c in m.calls]
    return turn


def _offered(t: ToolSpec) -> dict[str, Any]:
    function = {"name": t.name, "description": t.description, "parameters": json.loads(t.schema)}
    return {"type": "function", "function": function}


def _window(chars: int, max_tokens: int) -> int:
    needed = chars // _CHARS_PER_TOKEN + max_tokens + 64
    for step in _WINDOWS:
        if needed <= step:
            return step
    raise PromptTooLong("This conversation is too long for the local model.")


def _translated(error: Exception, progress: Progress) -> ModelError:
    import httpx
    import ollama

    if isinstance(error, httpx.ConnectTimeout):
        return ModelTimeout("The local model could not be reached in time.", "connect")
    if isinstance(error, httpx.TimeoutException):
        return ModelTimeout("The local model stopped answering.", progress.phase, begun=True)
    if isinstance(error, ollama.ResponseError):
        return _of_status(error)
    if isinstance(error, (ConnectionError, httpx.HTTPError, json.JSONDecodeError, ValueError, OSError)):
        return ModelUnavailable("The local model cannot be reached, or broke off.", begun=bool(progress.pieces))
    return ModelUnavailable(f"The local model's answer could not be read ({type(error).__name__}).", begun=True)


def _of_status(error: Any) -> ModelError:
    status = int(error.status_code)
    if status == 429:
        return ModelRateLimited("The model's server asked for a pause.", None)
    if status == 402:
        return SpendLimitReached("The account's own limit at the model's provider is used up.")
    if 400 <= status < 500 and status != 408:
        words = "does not have this model" if status == 404 else "turned the request down"
        return ModelRefused(f"The local model server {words} (HTTP {status}).", status)
    return ModelUnavailable("The local model failed while answering.")
