"""The connection to the application database: SQLite in the home by default, PostgreSQL where it is declared."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from store.errors import StoreUnavailable
from store.sql import upsert
from store.tables import flags
from store.times import utcnow

FILE = "trinity.db"
_BUSY_MS = 5_000  # another process may hold SQLite's one write lock for a moment (`trinity` beside a server)
_CONNECT_S = 10.0


def _address(url: str | None, home: Path) -> tuple[URL, dict[str, Any]]:
    """The driver's address, and what it wants beside it."""
    if url is None:
        return URL.create("sqlite+aiosqlite", database=str(home / FILE)), {}
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreUnavailable("DATABASE_URL is not the address of a database") from error
    backend = parsed.get_backend_name()
    if backend in ("postgresql", "postgres"):
        # libpq's word in the address, as hosts of databases hand it out; asyncpg takes it as an argument.
        mode = parsed.query.get("sslmode")
        bare = parsed.set(drivername="postgresql+asyncpg").difference_update_query(["sslmode", "channel_binding"])
        return bare, {"ssl": mode} if isinstance(mode, str) else {}
    if backend == "sqlite":
        return parsed.set(drivername="sqlite+aiosqlite"), {}
    raise StoreUnavailable(f"{backend} is neither postgresql nor sqlite")


def _private_file(path: Path) -> None:
    """Make the file before SQLite does, readable by its owner only; SQLite gives its side files the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)


def _tune_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # we say BEGIN ourselves; the driver's own would come too late and never IMMEDIATE
        cursor = dbapi.cursor()
        for pragma in (
            f"busy_timeout={_BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",  # a committed row survives a power cut, not only a killed process
            "foreign_keys=ON",
            "secure_delete=ON",  # erased text is overwritten, not only unlinked
            "trusted_schema=OFF",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(conn: Connection) -> None:
        # A writer takes the lock at once: a reader that turns writer half-way fails without waiting.
        conn.exec_driver_sql("BEGIN IMMEDIATE" if conn.get_execution_options().get("writes") else "BEGIN")


class Database:
    """The application database. Use `begin` to change rows and `read` to look; never nest them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.sqlite = engine.dialect.name == "sqlite"
        # In one process writers queue here, in order, instead of polling SQLite's lock.
        self._writer = asyncio.Lock()

    @classmethod
    async def open(cls, url: str | None, home: Path) -> Database:
        """Connect and bring the schema up to date.

        Args:
            url: `postgresql://…`, `sqlite:///…`, or None for `trinity.db` in the home.
            home: the home's folder; made (0700) where it is missing.

        Raises:
            StoreUnavailable: it cannot be reached, or cannot be written.
            SchemaTooNew: a newer Trinity wrote it.
        """
        database = await cls.connect(url, home)
        try:
            from store.migrate import upgrade

            await upgrade(database)
        except BaseException:
            await database.close()
            raise
        return database

    @classmethod
    async def connect(cls, url: str | None, home: Path) -> Database:
        """Connect without touching the schema (`trinity db status`)."""
        address, more = _address(url, home)
        if address.get_backend_name() == "sqlite":
            try:
                await asyncio.to_thread(_private_file, Path(address.database or home / FILE))
            except OSError as error:
                raise StoreUnavailable(f"{type(error).__name__}: {error.strerror}") from error
            engine = create_async_engine(address, pool_size=4, max_overflow=4, hide_parameters=True)
            _tune_sqlite(engine)
        else:
            engine = create_async_engine(
                address,
                pool_size=10,
                max_overflow=10,
                pool_pre_ping=True,
                pool_timeout=_CONNECT_S,
                hide_parameters=True,
                connect_args={"timeout": _CONNECT_S, "command_timeout": 30.0, **more},
            )
        return cls(engine)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One writing transaction: committed when the block ends, rolled back when it raises.

        Raises:
            StoreUnavailable: the database is gone, full, locked for too long, or read-only. Nothing was written.
        """
        if self.sqlite:
            async with self._writer, self._transaction(writes=True) as conn:
                yield conn
        else:
            async with self._transaction(writes=True) as conn:
                yield conn

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One reading transaction: everything in the block sees the same moment on SQLite."""
        async with self._transaction(writes=False) as conn:
            yield conn

    @asynccontextmanager
    async def _transaction(self, *, writes: bool) -> AsyncIterator[AsyncConnection]:
        try:
            conn = await self.engine.connect()
        except (OSError, SQLAlchemyError, TimeoutError) as error:
            raise StoreUnavailable(type(error).__name__) from error
        try:
            if writes:
                await conn.execution_options(writes=True)
            async with conn.begin():
                yield conn
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise StoreUnavailable(_cause(error)) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise StoreUnavailable(_cause(error)) from error
            raise
        finally:
            await asyncio.shield(conn.close())  # a cancelled caller must not leave the connection checked out

    async def healthy(self) -> bool:
        """Whether a row can be committed now: a real small commit, because a full disk still answers reads."""
        row = {"name": "pulse", "value": "", "by": "", "reason": "", "at": utcnow()}
        try:
            async with asyncio.timeout(_CONNECT_S), self.begin() as conn:
                await upsert(conn, flags, ["name"], row)
        except (StoreUnavailable, SQLAlchemyError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        """Let go of every connection; SQLite folds its write-ahead log back when the last one is closed."""
        await self.engine.dispose()


def _cause(error: SQLAlchemyError) -> str:
    """The database's own word for what failed: it names no row and no value (parameters are hidden)."""
    original = getattr(error, "orig", None)
    text_ = str(original) if original is not None else type(error).__name__
    return text_.splitlines()[0][:200]
