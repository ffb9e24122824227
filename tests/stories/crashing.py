"""Runs `trinity serve` and kills itself with -9 at one step of the first exchange; for test_killed.py only.

CRASH_AT is `stage:NNN` (right after that stage), or `before:NAME` / `after:NAME` of a step that stores something.
"""

from __future__ import annotations

import asyncio
import functools
import os
import signal
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

from adapters.embeddings import make_embedder
from adapters.tools.session import ServerSession
from holds.actions import Actions
from holds.desk import HoldDesk
from holds.running import Runner
from manifest.settings import load_settings
from organs.stages import Stages
from store.inbox import Inbox
from trinity import home, logs, serving
from vault.entry import NewEntry
from vault.ledger import Ledger

STEPS: dict[str, tuple[type, str]] = {
    "prepare": (Inbox, "prepare"),
    "hold": (HoldDesk, "open"),
    "seal": (Ledger, "append"),
    "finish": (Inbox, "finish"),
    "park": (Inbox, "park"),
    # of an approved action
    "decide": (HoldDesk, "decide"),
    "run": (Runner, "run"),
    "perform": (Actions, "perform"),
    "call": (ServerSession, "call"),
    "end": (Runner, "_end"),
    "continued": (HoldDesk, "continued"),
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def around(kind: type, name: str, *, before: bool) -> None:
    real: Callable[..., Any] = getattr(kind, name)

    @functools.wraps(real)
    async def dying(self: Any, *args: Any, **kwargs: Any) -> Any:
        entry = args[0] if args else None
        ours = not isinstance(entry, NewEntry) or entry.kind == "exchange"
        if before and ours:
            die()
        result = await real(self, *args, **kwargs)
        if ours:
            die()
        return result

    setattr(kind, name, dying)


def after_stage(stage: str) -> None:
    real = Stages.__call__

    @contextmanager
    def dying(self: Stages, name: str) -> Any:
        with real(self, name):
            yield
        if name == stage:
            die()

    Stages.__call__ = dying  # type: ignore[method-assign]


def main() -> None:
    logs.configure("info")
    when, _, name = os.environ["CRASH_AT"].partition(":")
    if when == "stage":
        after_stage(name)
    else:
        kind, method = STEPS[name]
        around(kind, method, before=when == "before")
    settings = load_settings().model_copy(update={"port": 0})
    home.prepare(settings.home)
    with home.lock(settings.home):
        asyncio.run(serving.serve_forever(settings, make_embedder(settings.embeddings), print_link=True))


if __name__ == "__main__":
    main()
