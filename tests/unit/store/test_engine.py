from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, select, text

from store import migrate
from store.engine import Database
from store.errors import SchemaTooNew, StoreUnavailable
from store.flags import Flags
from store.tables import flags, metadata
from store.times import utcnow


def row(name: str) -> dict[str, object]:
    return {"name": name, "value": "", "by": "ana", "reason": "", "at": utcnow()}


async def test_the_migrated_schema_is_the_declared_one(database: Database) -> None:
    def differences(conn: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(conn), metadata))

    async with database.read() as conn:
        assert await conn.run_sync(differences) == []


def test_head_is_the_newest_step() -> None:
    assert ScriptDirectory.from_config(migrate.config()).get_current_head() == migrate.HEAD


async def test_a_newer_schema_is_left_alone(database: Database, database_url: str | None, tmp_path: Path) -> None:
    async with database.begin() as conn:
        await conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew, match="9999"):
        await Database.open(database_url, tmp_path)
    async with database.begin() as conn:
        await conn.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": migrate.HEAD})


async def test_two_starts_at_once_make_one_schema(tmp_path: Path) -> None:
    both = await asyncio.gather(*(Database.open(None, tmp_path) for _ in range(2)))
    for one in both:
        assert await migrate.version(one) == migrate.HEAD
        await one.close()


async def test_an_error_undoes_the_whole_transaction(database: Database) -> None:
    async def breaks() -> None:
        async with database.begin() as conn:
            await conn.execute(insert(flags).values(**row("a")))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await breaks()
    assert await Flags(database).get("a") is None


async def test_a_cancelled_transaction_is_undone_and_blocks_nobody(database: Database) -> None:
    entered = asyncio.Event()

    async def slow() -> None:
        async with database.begin() as conn:
            await conn.execute(insert(flags).values(**row("slow")))
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(slow())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await Flags(database).set("next", "1", by="ana")
    assert await Flags(database).get("slow") is None


async def test_many_writers_at_once_all_commit(database: Database) -> None:
    marks = Flags(database)
    await asyncio.gather(*(marks.set(f"n{n}", "1", by="ana") for n in range(60)))
    async with database.read() as conn:
        assert len((await conn.execute(select(flags))).all()) == 60


async def test_the_file_is_the_owners_alone_and_survives_a_power_cut(tmp_path: Path) -> None:
    database = await Database.open(None, tmp_path / "home")
    assert (tmp_path / "home" / "trinity.db").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
    async with database.read() as conn:
        found = {
            p: (await conn.execute(text(f"PRAGMA {p}"))).scalar()
            for p in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    await database.close()


async def test_a_database_that_cannot_commit_says_so(tmp_path: Path) -> None:
    database = await Database.open(None, tmp_path)
    assert await database.healthy()
    async with database.begin() as conn:
        await conn.execute(text("PRAGMA query_only=ON"))  # what a read-only disk looks like from here
    # the pool may hand out another connection; take them all through the same change
    for _ in range(8):
        async with database.read() as conn:
            await conn.execute(text("PRAGMA query_only=ON"))
    assert not await database.healthy()
    with pytest.raises(StoreUnavailable, match="Nothing was changed"):
        await Flags(database).set("a", "1", by="ana")
    await database.close()


async def test_no_server_is_a_plain_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot commit"):
        await Database.open("postgresql://nobody@127.0.0.1:1/none", tmp_path)
    with pytest.raises(StoreUnavailable, match="neither postgresql nor sqlite"):
        await Database.open("mysql://x/y", tmp_path)
    with pytest.raises(StoreUnavailable, match="not the address of a database"):
        await Database.open("user:secret@host", tmp_path)


async def test_addresses_as_hosts_of_databases_hand_them_out(postgres_url: str, tmp_path: Path) -> None:
    for url in (
        postgres_url.replace("postgresql://", "postgres://"),
        postgres_url + "?sslmode=disable&channel_binding=prefer",
    ):
        database = await Database.open(url, tmp_path)
        assert await database.healthy()
        await database.close()


async def test_when_it_is_closed_one_file_is_the_whole_database(tmp_path: Path) -> None:
    database = await Database.open(None, tmp_path)
    await Flags(database).pause(by="ana")
    await database.close()
    assert [path.name for path in tmp_path.iterdir()] == ["trinity.db"]


async def test_pause_is_durable(database: Database) -> None:
    marks = Flags(database)
    assert await marks.paused() is None
    await marks.pause(by="ana", reason="a strange bill")
    pause = await Flags(database).paused()
    assert pause is not None
    assert (pause.by, pause.reason) == ("ana", "a strange bill")
    assert await marks.resume()
    assert not await marks.resume()
