"""A model behind a server that speaks OpenAI's chat format: LM Studio, llama.cpp, vLLM; through OpenAI's client."""

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
from adapters.models.progress import Progress, retry_after, timed

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_STOPS: dict[str, Stop] = {"stop": "end", "length": "length", "content_filter": "refusal", "tool_calls": "tools"}


class OpenAICompatibleModel:
    """One model of one server; `url` is the server's root, to which `/v1` is added where it is missing."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        api_key: str | None = None,
        where: Where = "local",
        timeouts: Timeouts | None = None,
    ) -> None:
        self.name = name
        self.where: Where = where
        self._url = url if url.endswith("/v1") else f"{url}/v1"
        self._key = api_key
        self._timeouts = timeouts or Timeouts(first_token=60.0, whole=180.0)
        self._client: AsyncOpenAI | None = None
        self._knows_tools = True  # until the server says that this model does not
        self._opening = asyncio.Lock()

    async def _open(self) -> AsyncOpenAI:
        async with self._opening:
            if self._client is None:
                await asyncio.to_thread(__import__, "openai")
                import httpx2
                from openai import AsyncOpenAI

                limits = httpx2.Timeout(self._timeouts.whole, connect=self._timeouts.connect)
                # No redirect and no proxy from the environment: either would carry a private text elsewhere.
                transport = httpx2.AsyncClient(
                    timeout=limits,
                    limits=httpx2.Limits(keepalive_expiry=KEEP_IDLE_S),
                    follow_redirects=False,
                    trust_env=self.where == "online",
                )
                self._client = AsyncOpenAI(
                    api_key=self._key or "none",
                    base_url=self._url,
                    organization="",
                    project="",
                    max_retries=0,
                    timeout=limits,
                    http_client=transport,
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
        asked: dict[str, Any] = {
            "model": self.name,
            "messages": turns,
            "max_tokens": max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if temperature is not None:
            asked["temperature"] = temperature
        if seed is not None:
            asked["seed"] = seed
        if json_schema is not None:
            asked["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": json_schema, "strict": True},
            }
        if tools and self._knows_tools:
            asked["tools"] = [
                {
                    "type": "function",
                    "function": {"name": t.name, "description": t.description, "parameters": json.loads(t.schema)},
                }
                for t in tools
            ]
            asked["tool_choice"] = "auto" if may_call else "none"
        async with timed("The local model", self._timeouts, on_tokens) as progress:
            try:
                return await self._stream(client, asked, progress)
            except ModelError:
                raise
            except Exception as error:
                if "tools" not in asked or not _without_tools(error):
                    raise _translated(error, progress) from error
            # The server has this model without tools: asked again, once, as it can be.
            self._knows_tools = False
            plain = {k: v for k, v in asked.items() if k not in ("tools", "tool_choice")}
            try:
                return await self._stream(client, plain, progress)
            except ModelError:
                raise
            except Exception as error:
                raise _translated(error, progress) from error

    async def _stream(self, client: AsyncOpenAI, asked: dict[str, Any], progress: Progress) -> ModelReply:
        finish: str | None = None
        model = self.name
        calls: dict[int, list[str]] = {}  # by number: id, name, arguments
        progress.sent = True
        async with await client.chat.completions.create(**asked) as stream:
            async for chunk in stream:
                model = chunk.model or model
                if chunk.usage is not None:
                    progress.usage = _usage(chunk.usage)
                for choice in chunk.choices or ():
                    if choice.delta.content:
                        progress.heard(choice.delta.content)
                    for part in choice.delta.tool_calls or ():
                        call = calls.setdefault(part.index, ["", "", ""])
                        call[0] = part.id or call[0]
                        if part.function is not None:
                            call[1] += part.function.name or ""
                            call[2] += part.function.arguments or ""
                        progress.heard("")
                    finish = choice.finish_reason or finish
        if finish is None:  # the client reports no error when a stream just ends
            raise ModelUnavailable(
                "The local model's answer broke off before its end.", usage=progress.spent(), begun=True
            )
        usage = progress.usage or Usage(0, len(progress.pieces))
        asked_for = tuple(ToolCall(c[0] or f"call_{n}", c[1], c[2] or "{}") for n, c in sorted(calls.items()) if c[1])
        return ModelReply(progress.text, model, usage, _STOPS.get(finish, "end"), asked_for)

    async def probe(self) -> Usage:
        """See ChatModel.probe."""
        return (await self.complete("", [ChatMessage("user", "Say OK.")], max_tokens=1)).usage

    async def close(self) -> None:
        """See ChatModel.close."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()


def _turn(m: ChatMessage) -> dict[str, Any]:
    if m.role == "tool" and m.answers is not None:
        return {"role": "tool", "tool_call_id": m.answers.id, "content": m.content}
    turn: dict[str, Any] = {"role": m.role, "content": m.content}
    if m.calls:
        turn["tool_calls"] = [
            {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}} for c in m.calls
        ]
    return turn


def _without_tools(error: Exception) -> bool:
    """Whether the server says that this model, as it is served, knows no tools (llama.cpp, vLLM and others)."""
    said = str(getattr(error, "message", "")).lower()
    return getattr(error, "status_code", None) in (400, 422, 500, 501) and ("tool" in said or "jinja" in said)


def _usage(reported: Any) -> Usage:
    """OpenAI's `prompt_tokens` includes cached ones; ours does not."""
    details = getattr(reported, "prompt_tokens_details", None)
    cached = (getattr(details, "cached_tokens", None) or 0) if details else 0
    return Usage(max(0, (reported.prompt_tokens or 0) - cached), reported.completion_tokens or 0, cached)


def _translated(error: Exception, progress: Progress) -> ModelError:
    import httpx2
    import openai

    begun = bool(progress.pieces)
    if isinstance(error, (openai.APITimeoutError, httpx2.TimeoutException)):
        if isinstance(error.__cause__, httpx2.ConnectTimeout) or isinstance(error, httpx2.ConnectTimeout):
            return ModelTimeout("The local model could not be reached in time.", "connect")
        return ModelTimeout("The local model stopped answering.", progress.phase, usage=progress.spent(), begun=True)
    if isinstance(error, openai.APIStatusError):
        return _of_status(error)
    known = (openai.OpenAIError, httpx2.HTTPError, json.JSONDecodeError, ValueError, OSError)
    if isinstance(error, known):
        return ModelUnavailable("The local model cannot be reached, or broke off.", usage=progress.spent(), begun=begun)
    return ModelUnavailable(f"The local model's answer could not be read ({type(error).__name__}).", begun=True)


def _of_status(error: Any) -> ModelError:
    status = int(error.status_code)
    said = str(error.message).lower()
    if status == 429:
        return ModelRateLimited("The model's server asked for a pause.", retry_after(error.response.headers))
    if status == 402:
        return SpendLimitReached("The account's own limit at the model's provider is used up.")
    if status == 413 or (status == 400 and ("context" in said or "too long" in said)):
        return PromptTooLong("This conversation is too long for the local model.")
    if 400 <= status < 500 and status != 408:
        words = "does not have this model" if status == 404 else "turned the request down"
        return ModelRefused(f"The local model server {words} (HTTP {status}).", status)
    return ModelUnavailable("The local model failed while answering.")
