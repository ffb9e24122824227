"""Telling Ollama from LM Studio by what they say, and choosing a model that can chat and stays here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.models.base import ModelRefused, ModelUnavailable
from adapters.models.detect import Found, Listed, detect, shown


@asynccontextmanager
async def answering(pages: Mapping[str, tuple[int, Any]], other: tuple[int, Any]) -> AsyncIterator[str]:
    """A small HTTP server that says fixed things."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
        status, body = pages.get(path, other)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        writer.write(
            f"HTTP/1.1 {status} X\r\nLocation: http://8.8.8.8/\r\nContent-Length: {len(raw)}\r\n"
            "Connection: close\r\n\r\n".encode()
            + raw
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


LM_STUDIO_MISS = (200, {"error": "Unexpected endpoint or method. (GET /api/tags). Returning 200 anyway"})


async def test_lm_studio_answers_200_to_what_it_does_not_know() -> None:
    pages = {"/v1/models": (200, {"data": [{"id": "text-embedding-nomic"}, {"id": "qwen3-8b"}]})}
    async with answering(pages, LM_STUDIO_MISS) as url:
        found = await detect(url)
    assert found.kind == "openai"
    assert found.choose(None) == Listed("qwen3-8b", remote=False)


async def test_ollama_names_what_it_forwards() -> None:
    models = [
        {"name": "mine:latest", "model": "mine:latest", "remote_host": "https://elsewhere", "remote_model": "big"},
        {"name": "gpt-oss:120b-cloud", "model": "gpt-oss:120b-cloud"},
        {"name": "llama3.1:latest", "model": "llama3.1:latest"},
    ]
    async with answering({"/api/tags": (200, {"models": models})}, (404, {})) as url:
        found = await detect(url)
    assert found.kind == "ollama"
    assert [m.remote for m in found.models] == [True, True, False]
    assert found.choose(None) == Listed("llama3.1:latest", remote=False)
    assert found.choose("llama3.1") == Listed("llama3.1:latest", remote=False)
    assert found.choose("mine") == Listed("mine:latest", remote=True)
    assert found.choose("absent") is None


async def test_something_else_is_refused() -> None:
    async with answering({}, (200, b"<html>hello</html>")) as url:
        with pytest.raises(ModelRefused):
            await detect(url)


async def test_a_redirect_is_not_followed() -> None:
    async with answering({}, (302, {})) as url:
        with pytest.raises(ModelRefused):
            await detect(url)


async def test_a_key_that_is_not_accepted_is_said() -> None:
    async with answering({}, (401, {})) as url:
        with pytest.raises(ModelRefused) as refused:
            await detect(url)
    assert refused.value.about_the_key


async def test_nobody_there() -> None:
    with pytest.raises(ModelUnavailable) as gone:
        await detect("http://127.0.0.1:9")
    assert "127.0.0.1:9" in gone.value.sentence


def test_an_address_is_shown_without_what_may_be_secret() -> None:
    assert shown("http://user:word@host:1234/path?key=1") == "host:1234"


def test_a_server_with_nothing_to_chat_with() -> None:
    assert Found("openai", (Listed("bge-small", remote=False),)).choose(None) is None
