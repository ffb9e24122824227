"""Fixtures that any test may use: the same test body on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from store.engine import FILE, Database
from store.tables import metadata
from tests.databases import fresh_postgres, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[str | None]:
    """A PostgreSQL server's address, None where there is none."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="module")
def postgres_url(postgres: str | None) -> Iterator[str]:
    """A fresh PostgreSQL database for this module."""
    if postgres is None:
        pytest.skip("no PostgreSQL: set TRINITY_TEST_POSTGRES, or install it")
    with fresh_postgres(postgres) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """None for SQLite in the home, else the module's PostgreSQL database."""
    return request.getfixturevalue("postgres_url") if request.param == "postgres" else None


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file: copying it is quicker than migrating for every test."""
    home = tmp_path_factory.mktemp("template")

    async def make() -> None:
        await (await Database.open(None, home)).close()

    asyncio.run(make())
    return home / FILE


@pytest.fixture
async def database(database_url: str | None, tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Database]:
    """An empty application database with today's schema."""
    if database_url is None:
        shutil.copy(sqlite_template, tmp_path / FILE)
    opened = await Database.open(database_url, tmp_path)
    if not opened.sqlite:
        async with opened.begin() as conn:
            for table in reversed(metadata.sorted_tables):
                await conn.execute(table.delete())
    yield opened
    await opened.close()
