"""Structured logs: one JSON object a line on standard error, without message text, tokens or addresses."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

# Names under which a person's words or secrets could slip into a log line; their values are never printed.
_NEVER = frozenset(
    {
        "text",
        "message",
        "reply",
        "content",
        "prompt",
        "body",
        "token",
        "secret",
        "key",
        "phone",
        "email",
        "address",
        "payload",
    }
)


def _without_words(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in _NEVER & event.keys():
        event[name] = "(kept out of the log)"
    return event


def _places_only(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Where an error came from, never what it says: an exception's own text may hold a person's words."""
    if event.pop("exc_info", None):
        event["where"] = _frames(sys.exc_info()[2])
    return event


class _NamesOnly(logging.Formatter):
    """A library's line without what it says: its logger, the level, and where an exception came from."""

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object; the message and an exception's own text may hold a person's words."""
        line: dict[str, Any] = {"event": record.name, "level": record.levelname.lower()}
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["where"] = _frames(record.exc_info[2])
        return json.dumps(line)


def _frames(raised: TracebackType | None) -> list[str]:
    return [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in traceback.extract_tb(raised)]


def configure(level: str = "info", *, pretty: bool = False) -> None:
    """Set up logging for the process; library loggers speak from `warning` on."""
    threshold = getattr(logging, level.upper())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_words,
            _places_only,
            structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_NamesOnly())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
