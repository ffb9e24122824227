"""Stories run against real processes; one Trinity per module where the story does not kill it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.instance import Instance


@pytest.fixture(scope="module")
def trinity(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A fresh machine with nothing configured: the embedded model, one person."""
    instance = Instance(tmp_path_factory.mktemp("fresh") / "home").start()
    yield instance
    instance.stop()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"
