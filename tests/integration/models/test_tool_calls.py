"""Models that ask for tools, over each real wire format: a call comes back whole, and its answer is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.models.anthropic import AnthropicModel
from adapters.models.base import ChatMessage, ChatModel, ToolSpec
from adapters.models.ollama import OllamaModel
from adapters.models.openai_compatible import OpenAICompatibleModel
from router.call import NoModel
from store.engine import Database
from tests.integration.models.routers import MARKER, Set, question, router_for
from tests.servers import model_servers
from tests.servers.model_servers import AIMock, Local

LIST = ToolSpec("buckets_list", "List all buckets.", '{"type":"object","properties":{"zone":{"type":"string"}}}')
WIPE = ToolSpec("buckets_wipe", "Empty a bucket.", '{"type":"object","properties":{"name":{"type":"string"}}}')
CALLS = [
    {"name": "buckets_list", "arguments": {"zone": "eu “1”\n"}, "id": "call_a"},
    {"name": "buckets_wipe", "arguments": {"name": "x"}, "id": "call_b"},
]
FIXTURES: list[dict[str, Any]] = [
    {"match": {"hasToolResult": True}, "response": {"content": "There are two buckets."}},
    {"match": {"userMessage": "which buckets"}, "response": {"content": "I look.", "toolCalls": CALLS}},
]
ASK = ChatMessage("user", "which buckets are there?")
MODELS: dict[str, Callable[[str], ChatModel]] = {
    "anthropic": lambda url: AnthropicModel("claude-sonnet-5-5", "test", base_url=url),
    "ollama": lambda url: OllamaModel("qwen", url),
    "openai": lambda url: OpenAICompatibleModel("qwen", url),
}


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AIMock]:
    folder: Path = tmp_path_factory.mktemp("aimock")
    with model_servers.aimock(folder, FIXTURES) as server:
        yield server


@pytest.mark.parametrize("kind", MODELS)
async def test_a_call_comes_back_whole_and_its_answer_is_read(mock: AIMock, kind: str) -> None:
    model = MODELS[kind](mock.url)
    try:
        first = await model.complete("Be brief.", [ASK], max_tokens=200, tools=(LIST, WIPE))
        assert first.stop == "tools"
        assert [(c.name, json.loads(c.arguments)) for c in first.calls] == [
            ("buckets_list", {"zone": "eu “1”\n"}),
            ("buckets_wipe", {"name": "x"}),
        ]
        assert len({c.id for c in first.calls}) == 2
        turns = [
            ASK,
            ChatMessage("assistant", first.text, first.calls),
            *(ChatMessage("tool", f"answer of {c.name}", answers=c) for c in first.calls),
        ]
        second = await model.complete("Be brief.", turns, max_tokens=200, tools=(LIST, WIPE), may_call=False)
        assert (second.text, second.calls, second.stop) == ("There are two buckets.", (), "end")
    finally:
        await model.close()
    asked, told = (entry["body"] for entry in mock.journal()[-2:])
    assert "buckets_list" in json.dumps(asked["tools"])
    assert "answer of buckets_wipe" in json.dumps(told["messages"])


async def test_a_model_without_tools_is_asked_again_without_them(ollama: Local) -> None:
    """llama.cpp behind an Ollama server: the small model's template knows no tools, or its server says so."""
    model = OllamaModel("lms/smollm2-135m", ollama.url)
    try:
        reply = await model.complete("Be brief.", [ASK], max_tokens=4, tools=(LIST,))
        assert reply.usage.tokens_out > 0
    finally:
        await model.close()


async def test_llama_cpp_answers_although_tools_are_named(lm_studio: Local) -> None:
    model = OpenAICompatibleModel("smollm2-135m", lm_studio.url)
    try:
        reply = await model.complete("Be brief.", [ASK], max_tokens=4, tools=(LIST,))
        assert reply.usage.tokens_out > 0
    finally:
        await model.close()


async def test_a_private_answer_of_a_tool_never_goes_online(mock: AIMock, database: Database, tmp_path: Path) -> None:
    settings = Set(tmp_path, "online", anthropic_base_url=mock.url, embedded=False)
    router = await router_for(settings, database)
    try:
        call = question(ASK.content, tools=(LIST, WIPE), max_tokens=200)
        first = await router.ask(call)
        assert [c.name for c in first.calls] == ["buckets_list", "buckets_wipe"]
        before = len(mock.journal())
        said = ChatMessage("tool", f"the caller is {MARKER}", answers=first.calls[0])
        told = replace(call, messages=(*call.messages, ChatMessage("assistant", "", first.calls[:1]), said))
        with pytest.raises(NoModel) as caught:
            await router.ask(told)
        assert "Nothing was sent" in caught.value.reason_for_person
        assert len(mock.journal()) == before
    finally:
        await router.close()


async def test_a_tool_whose_description_is_private_is_not_shown(
    mock: AIMock, database: Database, tmp_path: Path
) -> None:
    settings = Set(tmp_path, "online", anthropic_base_url=mock.url, embedded=False)
    router = await router_for(settings, database)
    try:
        private = replace(WIPE, description=f"Empty the bucket of {MARKER}.")
        await router.ask(question(ASK.content, tools=(LIST, private), max_tokens=200))
    finally:
        await router.close()
    sent = json.dumps(mock.journal()[-1]["body"])
    assert "buckets_list" in sent
    assert MARKER not in sent
