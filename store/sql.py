"""The two statements that SQLite and PostgreSQL spell differently enough to need a helper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def _insert(conn: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if conn.dialect.name == "sqlite" else postgresql.insert(table)


async def insert_once(conn: AsyncConnection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless a unique key already has it; True when this call wrote it."""
    statement = _insert(conn, table).values(**values).on_conflict_do_nothing()
    return (await conn.execute(statement)).rowcount == 1


async def upsert(conn: AsyncConnection, table: Table, keys: Sequence[str], values: Mapping[str, Any]) -> None:
    """Insert a row, or overwrite the other columns of the row with the same keys."""
    rest = {name: value for name, value in values.items() if name not in keys}
    statement = _insert(conn, table).values(**values).on_conflict_do_update(index_elements=list(keys), set_=rest)
    await conn.execute(statement)
