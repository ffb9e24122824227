"""The child process that holds the embedded model: JSON lines in on stdin, JSON lines out on stdout.

A process of its own, because loading holds the interpreter's lock and a crash in native code must not take
Trinity along. It dies with its parent: the kernel is asked to see to that where it can, and the end of stdin
means the same everywhere. It knows no secrets: its environment is stripped by the parent.

In:  {"id", "messages", "max_tokens", "temperature"?, "seed"?, "schema"?}   or   {"cancel": id}
Out: {"ready": true}, then per call any number of {"id", "piece"} and one {"id", "done", "tokens_in", "tokens_out"}
     or {"id", "error"}
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import queue
import secrets
import signal
import sys
import threading
from typing import Any, TextIO

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_NICENESS = 5  # the conversation's process comes first on a busy machine


def _die_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was gone before we asked
            os._exit(0)
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)


def _private_stdout() -> TextIO:
    """Our own line to the parent; whatever native code prints to stdout goes nowhere."""
    line = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)  # native logs may quote prompts
    os.close(nothing)
    return line


def _load(path: str, threads: int, context: int) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_ctx = context
    params.n_parallel = 1
    params.n_batch = 512
    params.n_ubatch = 128  # smaller working memory; the speed of short prompts hardly changes
    params.cache_ram_mib = 0
    params.n_ctx_checkpoints = 0
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    # The library opens an HTTP port; nobody knows this key, and only this machine reaches it.
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_threads_http = 1
    params.api_keys = [secrets.token_urlsafe(32)]
    params.ui = False
    params.endpoint_slots = False
    params.endpoint_props = False
    params.verbosity = 0
    return xllamacpp.Server(params)


class Worker:
    """Answers one call at a time; a cancelled call stops at its next token."""

    def __init__(self, server: Any, out: TextIO) -> None:
        self._server = server
        self._out = out
        self._cancelled: set[int] = set()
        self._calls: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._writing = threading.Lock()

    def say(self, **message: Any) -> None:
        with self._writing:
            self._out.write(json.dumps(message) + "\n")
            self._out.flush()

    def read(self) -> None:
        """Read calls until the parent closes the line."""
        for line in sys.stdin:
            message = json.loads(line)
            if "cancel" in message:
                self._cancelled.add(message["cancel"])
            else:
                self._calls.put(message)
        os._exit(0)

    def work(self) -> None:
        """Answer calls for ever."""
        while True:
            call = self._calls.get()
            if call is None:
                return
            if call["id"] in self._cancelled:
                self._cancelled.discard(call["id"])
                self.say(id=call["id"], error="cancelled")
                continue
            try:
                self._answer(call)
            except Exception as error:  # noqa: BLE001 - reported to the parent, which turns it into an error
                self.say(id=call["id"], error=type(error).__name__)
            self._cancelled.discard(call["id"])

    def _answer(self, call: dict[str, Any]) -> None:
        number = call["id"]
        state: dict[str, Any] = {"finish": None, "in": 0, "out": 0, "pieces": 0, "error": None}

        def hear(chunk: dict[str, Any]) -> bool:
            # Exceptions are swallowed by the library, so nothing here may raise for a well-formed chunk.
            if "error" in chunk:
                state["error"] = chunk["error"]
                return True
            usage = chunk.get("usage")
            if usage:
                state["in"], state["out"] = usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0)
            for choice in chunk.get("choices", ()):
                piece = (choice.get("delta") or {}).get("content")
                if piece:
                    state["pieces"] += 1
                    self.say(id=number, piece=piece)
                state["finish"] = choice.get("finish_reason") or state["finish"]
            return number in self._cancelled

        asked: dict[str, Any] = {
            "messages": call["messages"],
            "max_tokens": call["max_tokens"],
            "stream": True,
            "stream_options": {"include_usage": True},
            # A very small model falls into saying one sentence again and again without these.
            "repeat_penalty": 1.1,
            "repeat_last_n": 256,
            "dry_multiplier": 0.4,
        }
        for name in ("temperature", "seed"):
            if call.get(name) is not None:
                asked[name] = call[name]
        if call.get("schema") is not None:
            asked["response_format"] = {"type": "json_schema", "json_schema": {"schema": call["schema"]}}
        refused = self._server.handle_chat_completions(asked, hear)
        error = state["error"] or (refused.get("error") if isinstance(refused, dict) else None)
        if error:
            kind = error.get("type") if isinstance(error, dict) else None
            self.say(id=number, error="too_long" if kind == "exceed_context_size_error" else "refused")
        elif number in self._cancelled:
            self.say(id=number, error="cancelled")
        elif state["finish"] is None:
            self.say(id=number, error="broke_off")
        else:
            self.say(id=number, done=state["finish"], tokens_in=state["in"], tokens_out=state["out"] or state["pieces"])


def main() -> None:
    """`python -m adapters.models.embedded_worker WEIGHTS THREADS CONTEXT PARENT`"""
    path, threads, context, parent = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal reaches the parent, which ends us
    _die_with_parent(parent)
    out = _private_stdout()
    worker = Worker(_load(path, threads, context), out)
    worker.say(ready=True)
    threading.Thread(target=worker.work, daemon=True).start()
    worker.read()


if __name__ == "__main__":
    main()
