"""The model servers, one of each kind for the whole run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import model_servers
from tests.servers.model_servers import LLMock, Local


@pytest.fixture(scope="session")
def _llmock() -> Iterator[LLMock]:
    with model_servers.llmock() as server:
        yield server


@pytest.fixture
def llmock(_llmock: LLMock) -> LLMock:
    """Anthropic's format with faults on demand, with nothing left over from another test."""
    _llmock.reset()
    return _llmock


@pytest.fixture(scope="session")
def _quick() -> Iterator[LLMock]:
    with model_servers.llmock() as server:
        yield server


@pytest.fixture
def quick(_quick: LLMock) -> str:
    """The address of a local server of OpenAI's format that answers at once, for tests that are not about models."""
    _quick.reset()
    return f"http://127.0.0.1:{_quick.port}"


@pytest.fixture(scope="session")
def lm_studio() -> Iterator[Local]:
    with model_servers.lm_studio() as server:
        yield server


@pytest.fixture(scope="session")
def ollama() -> Iterator[Local]:
    with model_servers.ollama() as server:
        yield server
