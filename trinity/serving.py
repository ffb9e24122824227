"""`trinity serve`: the life of the process around one App."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import time

import structlog

from adapters.embeddings import Embedder
from manifest.settings import Settings
from trinity.app import App

log = structlog.get_logger("app")


async def serve_forever(settings: Settings, embedder: Embedder, *, print_link: bool) -> int:
    """Start, say where, and run until SIGINT or SIGTERM. Returns the exit code; raises what App.start raises."""
    started = time.perf_counter()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    try:
        app = await App.start(settings, embedder=embedder)
    finally:
        gc.freeze()  # what a start makes lives as long as the process
        gc.enable()
    log.info("started", port=app.bridge.port, ms=round((time.perf_counter() - started) * 1000))
    if print_link:
        sys.stdout.write(f"Trinity is ready. Sign in here (works once): {await app.sign_in_link()}\n")
        sys.stdout.flush()
    try:
        await stop.wait()
    finally:
        await app.stop()
        log.info("stopped")
    return 0
