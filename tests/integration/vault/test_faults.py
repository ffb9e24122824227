"""Stores that fail under the ledger: it goes on in the next one, says so, and comes back; nothing lost or doubled."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from tests.integration.vault.crashes import check, run_child
from tests.integration.vault.kit import ORIGIN, OwnPostgres, fill, numbered
from vault.audit import audit
from vault.config import LedgerConfig
from vault.entry import NewEntry
from vault.errors import FateUnknown, LedgerUnavailable, StoreError, TamperError
from vault.ledger import Ledger
from vault.stores.base import Batch
from vault.stores.postgres import PostgresStore
from vault.stores.sqlite import SqliteStore

ROOT = os.geteuid() == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)]
    if not ROOT or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill_up(descriptor: int) -> None:
    """Write until there is no room."""
    while True:
        os.write(descriptor, b"x" * 4096)


async def test_disk_full_refuses_and_goes_on_once_there_is_room(small_disk: Path, tmp_path: Path) -> None:
    config = LedgerConfig(small_disk, ORIGIN, keys_dir=tmp_path / "keys", retry_seconds=0.2)
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 100)
        ballast = small_disk / "ballast"
        descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
        with pytest.raises(OSError, match="No space"):
            fill_up(descriptor)
        os.close(descriptor)
        told = {}
        refused = 0
        for number in range(100, 9000):
            try:
                receipt = await ledger.append(NewEntry("exchange", f"ex/{number}", {"pad": "y" * 2000}))
                told[receipt.key] = (receipt.origin, receipt.index, receipt.entry_hash)
            except LedgerUnavailable:
                refused += 1
                if refused > 5:
                    break
        assert refused
        assert not ledger.state().healthy
        ballast.unlink()
        async with asyncio.timeout(20):
            while not ledger.state().healthy:
                await asyncio.sleep(0.1)
        receipt = await ledger.append(numbered(1))
        assert receipt.origin == ORIGIN
    await check(config, told)


async def test_failed_sync_is_never_retried_and_falls_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = LedgerConfig(tmp_path, ORIGIN, retry_seconds=3600)
    commits: list[int] = []

    async def failing(self: SqliteStore, batch: Batch) -> None:
        commits.append(len(batch.rows))
        raise FateUnknown("The SQLite ledger failed: disk I/O error (SQLITE_IOERR_FSYNC).")

    async with await Ledger.open(config) as ledger:
        await fill(ledger, 10)
        with monkeypatch.context() as patch:
            patch.setattr(SqliteStore, "commit", failing)
            receipt = await ledger.append(numbered(10))
            await fill(ledger, 5, start=11)
        assert commits == [1], "the failed store was written again"
        state = ledger.state()
        assert (state.healthy, state.store) == (False, "files")
        assert state.reason is not None
        assert "fsync" in state.reason.lower()
        assert receipt.origin.startswith(f"{ORIGIN}/sub/")
        assert (await ledger.by_key("ex/3")) is not None  # the main log is still read
        assert (await ledger.by_key("ex/12")) is not None
        assert (await ledger.verify_chain()).ok
        assert await ledger._logs.recover()
        assert ledger.state().healthy
        assert (tmp_path / "vault" / "ledger.sqlite3.failed").exists()
        merged = await ledger.by_key("ex/10")
        assert merged is not None
        assert merged.source is not None
        assert (merged.source.origin, merged.source.entry_hash) == (receipt.origin, receipt.entry_hash)
        merge = (await ledger.tail(1))[0]
        assert (merge.kind, merge.body["size"], merge.body["already_sealed"]) == ("ledger.merge", 7, 0)
        again = await ledger.append(numbered(12))
        assert again.index == (await ledger.by_key("ex/12")).index  # type: ignore[union-attr]
    assert (await audit(config)).ok


@pytest.mark.parametrize("first", ["sqlite", "postgres"])
async def test_entry_of_unknown_fate_is_merged_by_its_key(
    first: str, tmp_path: Path, pg_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = pg_url if first == "postgres" else None
    config = LedgerConfig(tmp_path, ORIGIN, database_url=url, retry_seconds=3600)
    owner = PostgresStore if first == "postgres" else SqliteStore
    original = owner.commit

    async def committed_but_unanswered(self: object, batch: Batch) -> None:
        await original(self, batch)  # type: ignore[arg-type]
        raise StoreError("no answer")

    async with await Ledger.open(config) as ledger:
        await fill(ledger, 10)
        with monkeypatch.context() as patch:
            patch.setattr(owner, "commit", committed_but_unanswered)
            await ledger.append(numbered(10))
        await ledger.append(numbered(11))
        assert not ledger.state().healthy
        assert await ledger._logs.recover()
        entry = await ledger.by_key("ex/10")
        assert entry is not None
        assert (entry.index, entry.source) == (10, None)
        merge = (await ledger.tail(1))[0]
        assert merge.body["already_sealed_keys"] == ["ex/10"]
        keys = [entry.key for entry in await ledger.tail(100)]
        assert len(keys) == len(set(keys))
    assert (await audit(config)).ok


async def test_sub_logs_left_by_a_killed_process_are_merged_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = LedgerConfig(tmp_path, ORIGIN, retry_seconds=3600)
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 10)
        with monkeypatch.context() as patch:

            async def failing(self: SqliteStore, batch: Batch) -> None:
                raise StoreError("gone")

            patch.setattr(SqliteStore, "commit", failing)
            await fill(ledger, 10, start=10)
            state = ledger.state()
        assert state.unmerged
    async with await Ledger.open(config) as ledger:
        assert ledger.state().healthy
        assert not ledger.state().unmerged
        assert ledger.size == 10 + 11 + 1  # its own, the sub-log's opening and ten, the merge
    async with await Ledger.open(config) as ledger:
        assert ledger.size == 22  # merged once
    assert (await audit(config)).ok


async def test_a_sub_log_that_was_tampered_with_is_not_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = LedgerConfig(tmp_path, ORIGIN, retry_seconds=3600)
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 3)
        with monkeypatch.context() as patch:

            async def failing(self: SqliteStore, batch: Batch) -> None:
                raise StoreError("gone")

            patch.setattr(SqliteStore, "commit", failing)
            await fill(ledger, 5, start=3)
        folder = tmp_path / "vault" / "sub" / ledger.state().unmerged[0]
    journal = next((folder / "files" / "journal").iterdir())
    data = journal.read_bytes()
    journal.write_bytes(data[: len(data) * 2 // 3])  # its tail is cut
    async with await Ledger.open(config) as ledger:
        assert ledger.size == 3
        assert ledger.state().unmerged
    assert not (await audit(config)).ok


async def test_database_away_at_the_start_and_back_later(pg_server: str, tmp_path: Path) -> None:
    name = f"vault_{uuid.uuid4().hex}"
    config = LedgerConfig(tmp_path, ORIGIN, database_url=f"{pg_server}/{name}", retry_seconds=3600)
    async with await Ledger.open(config) as ledger:
        state = ledger.state()
        assert (state.healthy, state.store) == (False, "sqlite")
        await fill(ledger, 10)
        admin = await asyncpg.connect(f"{pg_server}/postgres")
        await admin.execute(f"CREATE DATABASE {name}")
        try:
            assert await ledger._logs.recover()
            assert ledger.state().store == "postgres"
            assert ledger.size == 12
            assert (await ledger.verify_chain()).ok
        finally:
            await ledger.close()
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
            await admin.close()


async def test_connection_cut_between_commit_and_its_reply(pg_url: str, tmp_path: Path) -> None:
    """A proxy lets the commit through and cuts the line before the answer."""
    async with CuttingProxy(pg_url) as proxy:
        config = LedgerConfig(tmp_path, ORIGIN, database_url=proxy.url, retry_seconds=3600)
        async with await Ledger.open(config) as ledger:
            await fill(ledger, 10)
            for number in range(10, 20):
                proxy.cut_next_reply = True
                receipt = await ledger.append(numbered(number))
                assert receipt.index == number
                assert not proxy.cut_next_reply
            assert ledger.state().healthy
            assert ledger.size == 20
            assert (await ledger.verify_chain()).ok
    report = await audit(replace(config, database_url=pg_url))
    assert (report.ok, report.size) == (True, 20)


class CuttingProxy:
    """Forwards to PostgreSQL; when told, drops the connection instead of passing on the reply to an INSERT."""

    def __init__(self, url: str) -> None:
        address, _, self._database = url.rpartition("/")
        host, _, port = address.rpartition("@")[2].partition(":")
        self._host, self._port = host, int(port)
        self.cut_next_reply = False

    async def __aenter__(self) -> CuttingProxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"postgresql://postgres@127.0.0.1:{port}/{self._database}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(self._host, self._port)

        async def forward() -> None:
            while data := await reader.read(65536):
                up_writer.write(data)
                await up_writer.drain()
            up_writer.close()

        task = asyncio.create_task(forward())
        try:
            while data := await up_reader.read(65536):
                if self.cut_next_reply and b"INSERT 0 " in data:
                    self.cut_next_reply = False
                    break
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for stream in (writer, up_writer):
            stream.transport.abort()


async def test_kill_9_of_postgresql_itself(tmp_path: Path) -> None:
    if shutil.which("initdb") is None:
        pytest.skip("initdb is missing")
    server = OwnPostgres(tmp_path / "pg") if not (tmp_path / "pg").mkdir() else None
    assert server is not None
    await asyncio.to_thread(server.start)
    try:
        config = LedgerConfig(tmp_path / "home", ORIGIN, database_url=f"{server.url}/postgres", retry_seconds=3600)
        told: dict[str, tuple[str, int, str]] = {}

        async def writers(ledger: Ledger, first: int, last: int) -> None:
            async def one(number: int) -> None:
                receipt = await ledger.append(numbered(number))
                told[receipt.key] = (receipt.origin, receipt.index, receipt.entry_hash)

            await asyncio.gather(*(one(number) for number in range(first, last)))

        async with await Ledger.open(config) as ledger:
            await writers(ledger, 0, 200)
            running = asyncio.create_task(writers(ledger, 200, 1500))
            await asyncio.sleep(0.02)
            await asyncio.to_thread(server.kill)
            await running
            assert ledger.state().store == "sqlite"
            await asyncio.to_thread(server.start)
            assert await ledger._logs.recover()
            assert ledger.state().store == "postgres"
        assert len(told) == 1500
        await check(config, told)
    finally:
        await asyncio.to_thread(server.stop)


@pytest.fixture
def strace() -> list[str]:
    """strace that can inject errors."""
    if shutil.which("strace") is None:
        pytest.skip("strace is missing")
    probe = subprocess.run(
        ["strace", "-o", "/dev/null", "-e", "inject=fsync:error=EIO:when=1", "true"], capture_output=True
    )
    if probe.returncode:
        pytest.skip("strace may not trace here")
    return ["strace", "-f", "-qq", "-o", "/dev/null"]


@pytest.mark.parametrize(
    ("stores", "inject"),
    [
        ("sqlite,files", "fdatasync:error=EIO:when=12+"),
        ("sqlite,files", "pwrite64:error=EIO:when=60+"),
        ("sqlite,files", "pwrite64:error=EROFS:when=60+"),
        ("files,sqlite", "fdatasync:error=EIO:when=5"),
        ("files,sqlite", "fdatasync:error=EROFS:when=5"),
    ],
)
async def test_injected_disk_errors(strace: list[str], tmp_path: Path, stores: str, inject: str) -> None:
    config = LedgerConfig(tmp_path, ORIGIN, stores=tuple(stores.split(",")))
    outcome = await run_child(config, "1", limit=4, prefix=[*strace, "-e", f"inject={inject}"], timeout=120)
    assert not outcome.timed_out
    assert outcome.acknowledged
    # the child said at its end what became of the store, or was still refusing: never a lie
    await check(config, outcome.acknowledged)


async def test_read_only_file_system(small_disk: Path, tmp_path: Path) -> None:
    config = LedgerConfig(small_disk, ORIGIN, keys_dir=tmp_path / "keys", retry_seconds=3600)
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 20)
    await asyncio.to_thread(subprocess.run, ["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises((StoreError, LedgerUnavailable)):
        await Ledger.open(config)
    report = await audit(config)
    assert report.kind == "store" or report.ok
    await asyncio.to_thread(subprocess.run, ["mount", "-o", "remount,rw", str(small_disk)], check=True)
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 5, start=20)
        assert (await ledger.verify_chain()).ok


@pytest.mark.parametrize("bit", [3, 300])
async def test_one_flipped_bit_before_signing_is_not_signed(
    config: LedgerConfig, monkeypatch: pytest.MonkeyPatch, bit: int
) -> None:
    from vault.log import Log

    build = Log._build
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 10)
        head = await ledger.checkpoint()

        def flipping(self: Log, sealed: object) -> object:
            edge, rows, tiles = build(self, sealed)  # type: ignore[arg-type]
            data = bytearray(rows[0].envelope)
            data[bit // 8] ^= 1 << bit % 8
            rows[0] = rows[0]._replace(envelope=bytes(data))
            return edge, rows, tiles

        with monkeypatch.context() as patch:
            patch.setattr(Log, "_build", flipping)
            with pytest.raises(LedgerUnavailable):
                await ledger.append(numbered(10))
        assert await ledger._logs.recover()
        assert await ledger.checkpoint() == head
        await ledger.append(numbered(10))
        assert (await ledger.verify_chain()).ok


async def test_one_flipped_bit_in_the_tree_before_signing_is_not_signed(
    config: LedgerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vault.log import Log

    build = Log._build
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 10)

        def flipping(self: Log, sealed: object) -> object:
            edge, rows, tiles = build(self, sealed)  # type: ignore[arg-type]
            place = next(height for height, value in enumerate(edge._open) if value is not None)
            edge._open[place] = bytes([edge._open[place][0] ^ 1]) + edge._open[place][1:]
            return edge, rows, tiles

        with monkeypatch.context() as patch:
            patch.setattr(Log, "_build", flipping)
            with pytest.raises(LedgerUnavailable):
                await ledger.append(numbered(10))
        assert await ledger._logs.recover()
        await ledger.append(numbered(10))
        assert (await ledger.verify_chain()).ok


async def test_clock_stepped_back(config: LedgerConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    import time
    from datetime import UTC, datetime, timedelta

    import vault.sealing

    class Back(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) - timedelta(days=400)

    async with await Ledger.open(config) as ledger:
        await ledger.append(numbered(0))
        with monkeypatch.context() as patch:
            patch.setattr(vault.sealing, "datetime", Back)
            patch.setattr(time, "time", lambda: 0.0)
            await ledger.append(numbered(1))
        await ledger.append(numbered(2))
        first, second, third = await ledger.tail(3)
        assert second.time < first.time < third.time
        assert [entry.index for entry in (first, second, third)] == [0, 1, 2]
        assert (await ledger.verify_chain()).ok


async def test_wal_of_another_ledger_is_named(tmp_path: Path) -> None:
    one, other = (LedgerConfig(tmp_path / name, ORIGIN, stores=("sqlite",)) for name in ("one", "other"))
    for config in (one, other):
        async with await Ledger.open(config) as ledger:
            await fill(ledger, 20)
    shutil.copy(other.vault / "ledger.sqlite3", one.vault / "ledger.sqlite3")
    assert not (await audit(one)).ok
    with pytest.raises(TamperError):
        await Ledger.open(one)


async def test_a_follower_hands_over_and_takes_the_lead_when_the_leader_dies(pg_url: str, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    leader = await Ledger.open(LedgerConfig(tmp_path / "a", ORIGIN, database_url=pg_url, keys_dir=keys))
    follower = await Ledger.open(LedgerConfig(tmp_path / "b", ORIGIN, database_url=pg_url, keys_dir=keys))
    try:
        assert (leader.state().role, follower.state().role) == ("leader", "follower")
        receipts = await asyncio.gather(
            *(ledger.append(numbered(i)) for i in range(60) for ledger in (leader, follower))
        )
        assert len({receipt.entry_hash for receipt in receipts}) == 60  # both asked for every entry: sealed once
        # the leader's process is gone: its connection, and with it the lock
        await leader.close()
        await asyncio.gather(*(follower.append(numbered(i)) for i in range(60, 90)))
        assert follower.state().role == "leader"
        assert follower.size == 90
        assert (await follower.verify_chain()).ok
        again = await Ledger.open(LedgerConfig(tmp_path / "a", ORIGIN, database_url=pg_url, keys_dir=keys))
        await again.append(numbered(90))
        assert again.state().role == "follower"
        await again.close()
    finally:
        await follower.close()


async def test_a_deposed_leader_is_fenced_and_becomes_a_follower(pg_url: str, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    async with (
        await Ledger.open(LedgerConfig(tmp_path / "a", ORIGIN, database_url=pg_url, keys_dir=keys)) as one,
        await Ledger.open(LedgerConfig(tmp_path / "b", ORIGIN, database_url=pg_url, keys_dir=keys)) as two,
    ):
        await fill(one, 5)
        admin = await asyncpg.connect(pg_url)
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'trinity-ledger-writer'"
            " AND datname = current_database()"
        )
        await admin.close()
        await two.append(numbered(5))
        assert two.state().role == "leader"
        await asyncio.gather(*(ledger.append(numbered(i)) for i in range(6, 30) for ledger in (one, two)))
        assert one.state().role == "follower"
        assert two.size == 30
        assert (await two.verify_chain()).ok


ROLE_ATTACKS = [
    "UPDATE ledger.entries SET payload = NULL",
    "DELETE FROM ledger.entries WHERE seq = 3",
    "TRUNCATE ledger.entries",
    "INSERT INTO ledger.entries SELECT * FROM ledger.entries WHERE seq = 3 "
    "ON CONFLICT (ledger, seq) DO UPDATE SET key = 'x'",
    "INSERT INTO ledger.entries SELECT * FROM ledger.entries WHERE seq = 3",
    "DROP TABLE ledger.entries",
    "DROP SCHEMA ledger CASCADE",
    "ALTER TABLE ledger.entries DISABLE TRIGGER ALL",
    "DROP TRIGGER only_grows ON ledger.entries",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION ledger.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "UPDATE ledger.tiles SET root = data",
    "DELETE FROM ledger.tiles",
    "TRUNCATE ledger.tiles",
    "ALTER TABLE ledger.entries OWNER TO trinity_ledger_writer",
    "GRANT ALL ON ledger.entries TO trinity_ledger_writer",
]


@pytest.fixture
async def as_writer(pg_url: str, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    """A connection of a login that has nothing but the writer's role, to a ledger of 300 entries."""
    async with await Ledger.open(LedgerConfig(tmp_path, ORIGIN, database_url=pg_url)) as ledger:
        await fill(ledger, 300)
    login = f"vault_login_{uuid.uuid4().hex[:12]}"
    admin = await asyncpg.connect(pg_url)
    await admin.execute(f"CREATE ROLE {login} LOGIN IN ROLE trinity_ledger_writer")
    db = await asyncpg.connect(pg_url.replace("postgres@", f"{login}@"))
    try:
        yield db
    finally:
        await db.close()
        await admin.execute(f"DROP ROLE {login}")
        await admin.close()


async def test_the_applications_role_can_only_add_and_read(
    as_writer: asyncpg.Connection, pg_url: str, tmp_path: Path
) -> None:
    config = LedgerConfig(tmp_path, ORIGIN, database_url=pg_url, stores=("postgres",))
    for attack in ROLE_ATTACKS:
        try:
            await as_writer.execute(attack)
        except asyncpg.PostgresError:
            continue
        # one command warns instead of failing; it must not have given anything
        assert attack.startswith("GRANT"), attack
    with pytest.raises(asyncpg.PostgresError):
        await as_writer.execute(ROLE_ATTACKS[0])
    report = await audit(config)
    assert (report.ok, report.size) == (True, 300)
    # what it can do is add; an entry it adds without the key is named
    await as_writer.execute(
        "INSERT INTO ledger.entries SELECT ledger, 300, sha256('x'), hash, 'forged', envelope, payload, head"
        " FROM ledger.entries WHERE seq = 299"
    )
    report = await audit(config)
    assert (report.ok, report.first_bad) == (False, 300)


async def test_triggers_hold_even_for_the_owner_in_replica_mode(pg_url: str, tmp_path: Path) -> None:
    async with await Ledger.open(LedgerConfig(tmp_path, ORIGIN, database_url=pg_url)) as ledger:
        await fill(ledger, 5)
    owner = await asyncpg.connect(pg_url)
    try:
        for mode in ("origin", "replica"):
            await owner.execute(f"SET session_replication_role = {mode}")
            for attack in (*ROLE_ATTACKS[:4], *ROLE_ATTACKS[11:14]):
                with pytest.raises(asyncpg.PostgresError):
                    await owner.execute(attack if "tiles" not in attack or "TRUNCATE" in attack else ROLE_ATTACKS[0])
    finally:
        await owner.close()


SQLITE_ATTACKS = [
    "UPDATE entries SET payload = NULL",
    "DELETE FROM entries WHERE seq = 3",
    "INSERT OR REPLACE INTO entries SELECT * FROM entries WHERE seq = 3",
    "INSERT OR REPLACE INTO entries SELECT 0, prev, hash, x'00', envelope, payload, head FROM entries LIMIT 1",
    "INSERT OR REPLACE INTO entries SELECT 9999, hash, hash, key, envelope, payload, head FROM entries WHERE seq = 3",
    "INSERT INTO entries SELECT * FROM entries WHERE seq = 3 ON CONFLICT (seq) DO UPDATE SET key = 'x'",
    "UPDATE tiles SET root = x'00'",
    "DELETE FROM tiles",
    "INSERT OR REPLACE INTO tiles SELECT level, idx, data, root FROM tiles",
]


@pytest.mark.parametrize("recursive", ["OFF", "ON"])
async def test_sqlite_guards_refuse_changes_and_replacements(tmp_path: Path, recursive: str) -> None:
    config = LedgerConfig(tmp_path, ORIGIN, stores=("sqlite",))
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 300)
    db = sqlite3.connect(config.vault / "ledger.sqlite3", isolation_level=None)
    db.execute(f"PRAGMA recursive_triggers={recursive}")
    for attack in SQLITE_ATTACKS:
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            db.execute(attack)
    db.close()
    assert (await audit(config)).ok


async def test_files_store_cuts_off_only_what_was_never_acknowledged(tmp_path: Path) -> None:
    config = LedgerConfig(tmp_path, ORIGIN, stores=("files",))
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 10)
    journal = next((config.vault / "files" / "journal").iterdir())
    with journal.open("ab") as file:
        file.write(b"TLJ1 torn in the middle of a write")
    async with await Ledger.open(config) as ledger:
        assert ledger.size == 10
        await fill(ledger, 10, start=10)
        assert (await ledger.verify_chain()).ok


async def test_cancelled_caller_does_not_lose_the_entry(config: LedgerConfig) -> None:
    async with await Ledger.open(config) as ledger:
        task = asyncio.create_task(ledger.append(numbered(1)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        receipt = await ledger.append(numbered(1))
        assert (receipt.index, ledger.size) == (0, 1)


async def test_queue_is_bounded_and_everyone_is_served(config: LedgerConfig) -> None:
    async with await Ledger.open(replace(config, queue_max=8, batch_max=4)) as ledger:
        await asyncio.gather(*(ledger.append(numbered(i)) for i in range(100)))
        assert ledger.size == 100
        assert ledger._writer.waiting == 0
