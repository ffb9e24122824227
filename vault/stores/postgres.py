"""The team's store: PostgreSQL over asyncpg; one multi-row insert and commit per batch, one leader by session lock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import asyncpg

from vault.errors import DuplicateKey, FateUnknown, Fenced, LedgerBusy, StoreError
from vault.stores.base import Batch, RawRow, Row
from vault.stores.postgres_schema import SCHEMA, WRITER_ROLE
from vault.tiles import Coordinate, Tile

CONNECT_TIMEOUT = 5.0
COMMIT_TIMEOUT = 30.0
"""Seconds; a commit that takes longer has an unknown fate."""
RUN = 2048
_COLUMNS = "seq, prev, hash, key, envelope, payload, head"
_ROWS = """
    INSERT INTO ledger.entries (ledger, seq, prev, hash, key, envelope, payload, head)
    SELECT $1, * FROM unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::text[], $6::bytea[], $7::bytea[], $8::bytea[])
"""
_ROWS_AND_TILES = f"""
    WITH full_tiles AS (
        INSERT INTO ledger.tiles (ledger, level, idx, data, root)
        SELECT $1, * FROM unnest($9::int[], $10::bigint[], $11::bytea[], $12::bytea[])
    ) {_ROWS}
"""  # noqa: S608
_ONE_ROW = """
    INSERT INTO ledger.entries (ledger, seq, prev, hash, key, envelope, payload, head)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_LOST = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
)


class PostgresStore:
    """Rows of one origin in the `ledger` schema.

    The writer's connection holds the advisory lock for as long as it lives, so losing the connection is
    losing the leadership; the unique keys (ledger, seq) and (ledger, prev) fence a writer that has not
    noticed yet.
    """

    name = "postgres"

    def __init__(self, url: str, origin: str) -> None:
        self._url = url.replace("postgresql+asyncpg://", "postgresql://", 1)
        self._origin = origin
        self._writer: Any = None
        self._pool: Any = None

    async def open(self, *, write: bool) -> None:
        """Connect (and install the schema where it is missing and we may); with `write`, take the lead.

        Raises LedgerBusy where another replica leads; the store then can be read, and `hand_over` works.
        """
        with _translated("cannot be reached"):
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=0,
                max_size=4,
                timeout=CONNECT_TIMEOUT,
                command_timeout=COMMIT_TIMEOUT,
                init=_as_writer,
                server_settings={"application_name": "trinity-ledger"},
            )
            async with self._connection() as db:
                await _install_if_missing(db)
        if write:
            await self._lead()

    async def _lead(self) -> None:
        with _translated("cannot be reached"):
            db = await asyncpg.connect(
                self._url,
                timeout=CONNECT_TIMEOUT,
                command_timeout=COMMIT_TIMEOUT,
                server_settings={"application_name": "trinity-ledger-writer"},
            )
            try:
                await _as_writer(db)
                # `on` waits for the disk of this server; `local`, `off` would acknowledge before it
                await db.execute("SET synchronous_commit = on")
                got = await db.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 999))", self._origin)
            except BaseException:
                db.terminate()
                raise
        if not got:
            db.terminate()
            raise LedgerBusy("Another replica is writing this ledger.")
        self._writer = db

    async def commit(self, batch: Batch) -> None:
        """One statement, which is one transaction: one round trip until it is durable."""
        if self._writer is None:
            raise StoreError("The PostgreSQL ledger is not open for writing.")
        rows, tiles = batch.rows, batch.tiles
        try:
            if len(rows) == 1 and not tiles:
                await self._writer.execute(_ONE_ROW, self._origin, *rows[0])
            elif tiles:
                columns = [list(column) for column in zip(*rows, strict=True)]
                kinds = zip(*((t.level, t.index, t.data, t.root) for t in tiles), strict=True)
                await self._writer.execute(_ROWS_AND_TILES, self._origin, *columns, *(list(kind) for kind in kinds))
            else:
                await self._writer.execute(_ROWS, self._origin, *(list(column) for column in zip(*rows, strict=True)))
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name == "entries_key":
                raise DuplicateKey("An entry with this idempotency key is sealed already.") from None
            raise Fenced("This position of the ledger is taken by another writer.") from None
        except _LOST as error:
            raise FateUnknown(f"PostgreSQL did not answer to a commit: {type(error).__name__}.") from error
        except asyncpg.PostgresError as error:
            raise StoreError(f"PostgreSQL refused a commit: {type(error).__name__}.") from error

    async def size(self) -> int:
        """Highest sequence number plus one."""
        found = await self._fetch("SELECT coalesce(max(seq) + 1, 0) FROM ledger.entries WHERE ledger = $1")
        return int(found[0][0])

    async def rows(self, start: int, end: int) -> list[Row]:
        """Rows of a range."""
        return [Row(*row) for row in await self._fetch(_between(_COLUMNS), start, end)]

    async def hashes(self, start: int, end: int) -> list[bytes]:
        """Row hashes of a range."""
        return [row[0] for row in await self._fetch(_between("hash"), start, end)]

    async def by_keys(self, keys: Sequence[str]) -> list[Row]:
        """Rows with these idempotency keys."""
        query = f"SELECT {_COLUMNS} FROM ledger.entries WHERE ledger = $1 AND key = ANY($2::text[]) ORDER BY seq"  # noqa: S608
        return [Row(*row) for row in await self._fetch(query, list(keys))]

    async def tile_data(self, coordinates: Sequence[Coordinate]) -> dict[Coordinate, bytes]:
        """Full tiles by coordinate."""
        query = """
            SELECT level, idx, data FROM ledger.tiles
            JOIN unnest($2::int[], $3::bigint[]) AS wanted (l, i) ON level = l AND idx = i WHERE ledger = $1
        """
        levels, indexes = [c[0] for c in coordinates], [c[1] for c in coordinates]
        return {(row[0], row[1]): row[2] for row in await self._fetch(query, levels, indexes)}

    async def tile_roots(self, level: int, start: int, end: int) -> list[bytes]:
        """Roots of full tiles of one level."""
        query = """
            SELECT root FROM ledger.tiles WHERE ledger = $1 AND level = $2 AND idx >= $3 AND idx < $4 ORDER BY idx
        """
        return [row[0] for row in await self._fetch(query, level, start, end)]

    async def scan(self, start: int, end: int | None = None) -> AsyncIterator[list[RawRow]]:
        """All rows in order, from one consistent snapshot."""
        columns = _COLUMNS.replace("key", "convert_to(key, 'UTF8')")
        if start == 0 and end is None:  # the whole log means every row there is, whatever its number
            query = f"SELECT {columns} FROM ledger.entries WHERE ledger = $1 ORDER BY seq NULLS FIRST"  # noqa: S608
            async for run in self._snapshot(query):
                yield run
            return
        limit = (1 << 63) - 1 if end is None else end
        async for run in self._snapshot(_between(columns), start, limit):
            yield run

    async def scan_tiles(self) -> AsyncIterator[list[Tile]]:
        """All full tiles."""
        query = "SELECT level, idx, data, root FROM ledger.tiles WHERE ledger = $1 ORDER BY level, idx"
        async for run in self._snapshot(query):
            yield [Tile(*row) for row in run]

    async def _snapshot(self, query: str, *arguments: int) -> AsyncIterator[list[Any]]:
        with _translated("failed while it was read"):
            async with (
                self._connection() as db,
                db.transaction(isolation="repeatable_read", readonly=True),
            ):
                cursor = await db.cursor(query, self._origin, *arguments)
                while run := await cursor.fetch(RUN):
                    yield run

    async def hand_over(self, rows: Sequence[tuple[str, bytes, bytes | None]]) -> None:
        """Lay entries (key, envelope, payload) before the replica that leads, and wake it."""
        query = """
            INSERT INTO ledger.handover (ledger, key, envelope, payload)
            SELECT $1, * FROM unnest($2::text[], $3::bytea[], $4::bytea[])
        """
        with _translated("did not take over entries for the leader"):
            async with self._connection() as db, db.transaction():
                await db.execute(query, self._origin, *(list(column) for column in zip(*rows, strict=True)))
                await db.execute("SELECT pg_notify('ledger_handover', $1)", self._origin)

    async def handed_over(self, limit: int) -> list[tuple[int, str, bytes, bytes | None]]:
        """Entries that other replicas laid before us: (id, key, envelope, payload)."""
        query = "SELECT id, key, envelope, payload FROM ledger.handover WHERE ledger = $1 ORDER BY id LIMIT $2"
        return [tuple(row) for row in await self._fetch(query, limit)]

    async def taken_over(self, ids: Sequence[int]) -> None:
        """Clear entries that were sealed, and wake those who wait for them."""
        with _translated("did not clear handed over entries"):
            async with self._connection() as db, db.transaction():
                await db.execute(
                    "DELETE FROM ledger.handover WHERE ledger = $1 AND id = ANY($2)", self._origin, list(ids)
                )
                await db.execute("SELECT pg_notify('ledger_sealed', $1)", self._origin)

    @contextlib.asynccontextmanager
    async def listening(self, channel: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever somebody notifies this channel about this ledger."""
        event = asyncio.Event()

        def wake(_: object, __: int, ___: str, payload: str) -> None:
            if payload == self._origin:
                event.set()

        with _translated("cannot be listened to"):
            async with self._connection() as db:
                await db.add_listener(channel, wake)
                try:
                    yield event
                finally:
                    with contextlib.suppress(*_LOST, asyncpg.PostgresError):
                        await db.remove_listener(channel, wake)

    async def _fetch(self, query: str, *arguments: Any) -> list[Any]:
        with _translated("failed while it was read"):
            async with self._connection() as db:
                return list(await db.fetch(query, self._origin, *arguments))

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        if self._pool is None:
            raise StoreError("The PostgreSQL ledger is not open.")
        async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as db:
            yield db

    async def close(self) -> None:
        """Close all connections; the advisory lock goes with its own."""
        for closable in (self._writer, self._pool):
            if closable is None:
                continue
            try:
                await asyncio.wait_for(closable.close(), CONNECT_TIMEOUT)
            except (*_LOST, asyncpg.PostgresError):
                closable.terminate()
        self._writer = self._pool = None


async def install(url: str) -> None:
    """Create the schema, its guards and the writer's role, as the owner that `url` logs in as. Raises StoreError."""
    with _translated("did not take the ledger's schema"):
        db = await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://", 1), timeout=CONNECT_TIMEOUT)
        try:
            await db.execute(SCHEMA)
        finally:
            await db.close()


async def _install_if_missing(db: Any) -> None:
    if await db.fetchval("SELECT to_regclass('ledger.entries') IS NULL OR to_regclass('ledger.handover') IS NULL"):
        await db.execute("RESET ROLE")
        # two replicas may start on one empty database: the second waits, and finds everything there
        async with db.transaction():
            await db.execute("SELECT pg_advisory_xact_lock(999000999)")
            await db.execute(SCHEMA)
    await db.execute(f"SET ROLE {WRITER_ROLE}")


async def _as_writer(db: Any) -> None:
    """Give up every right but adding and reading, where the login has more."""
    if await db.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", WRITER_ROLE):
        await db.execute(f"SET ROLE {WRITER_ROLE}")


def _between(columns: str) -> str:
    return f"SELECT {columns} FROM ledger.entries WHERE ledger = $1 AND seq >= $2 AND seq < $3 ORDER BY seq"  # noqa: S608


@contextlib.contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except asyncpg.PostgresError as error:
        raise StoreError(f"PostgreSQL {what}: {type(error).__name__}.") from error
    except _LOST as error:
        raise StoreError(f"PostgreSQL {what}: {type(error).__name__}.") from error
