"""The current moment, as something a test can replace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utcnow() -> datetime:
    """The current moment, aware, in UTC."""
    return datetime.now(UTC)
