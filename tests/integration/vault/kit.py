"""Ledgers on all three stores, and an attacker who holds the database but no key."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sqlite3
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import pytest

from vault.config import LedgerConfig
from vault.entry import NewEntry
from vault.framing import genesis, head_of, leaf_data, row_hash
from vault.ledger import Ledger
from vault.stores.base import Row
from vault.stores.choose import make_store
from vault.stores.files import heads_path
from vault.stores.journal import encode, pack
from vault.tiles import WIDTH, Edge, Tile, entries_path, path, payload_path

ORIGIN = "trinity.example/ledger"
STORES = ["sqlite", "postgres", "files"]


def _answers(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


@pytest.fixture(scope="session")
def pg_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a PostgreSQL without a database name: TRINITY_TEST_POSTGRES, loopback, or one we start."""
    if given := os.environ.get("TRINITY_TEST_POSTGRES"):
        yield given.rstrip("/")
        return
    if _answers("127.0.0.1", 5432):
        yield "postgresql://postgres@127.0.0.1:5432"
        return
    if shutil.which("initdb") is None:
        reason = "no PostgreSQL: TRINITY_TEST_POSTGRES is unset, 127.0.0.1:5432 is silent, initdb is missing"
        if os.environ.get("TRINITY_REQUIRE_SERVICES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    server = OwnPostgres(tmp_path_factory.mktemp("pg"))
    server.start()
    yield server.url
    server.stop()


class OwnPostgres:
    """A PostgreSQL server of the test's own, as an unprivileged user where we are root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "data"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}"
        if os.geteuid() == 0:
            for part in (folder, *folder.parents):
                if str(part).startswith("/tmp/"):
                    part.chmod(part.stat().st_mode | 0o011)
            shutil.chown(folder, "postgres", "postgres")
        self._run("initdb", "-D", str(self.folder), "-U", "postgres", "-A", "trust", "--no-sync")

    def _run(self, *command: str) -> None:
        prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        subprocess.run([*prefix, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self) -> None:
        """Start and wait until it answers; after a kill its orphaned children must be gone first."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        command = [
            "pg_ctl",
            "-D",
            str(self.folder),
            "-w",
            "-t",
            "60",
            "-l",
            f"{self.folder}/log",
            "-o",
            options,
            "start",
        ]
        for attempt in range(20):
            try:
                self._run(*command)
                return
            except subprocess.CalledProcessError:
                if attempt == 19:
                    raise
                time.sleep(0.5)

    def kill(self) -> None:
        """kill -9 of the postmaster; its children notice and die."""
        pid = int((self.folder / "postmaster.pid").read_text().split()[0])
        os.kill(pid, 9)

    def stop(self) -> None:
        """Stop at once."""
        self._run("pg_ctl", "-D", str(self.folder), "-m", "immediate", "stop")


@pytest.fixture
async def pg_url(pg_server: str) -> AsyncIterator[str]:
    """A fresh database, dropped afterwards."""
    url = await _create_database(pg_server)
    try:
        yield url
    finally:
        await _drop_database(url)


async def _create_database(server: str) -> str:
    name = f"vault_{uuid.uuid4().hex}"
    admin = await asyncpg.connect(f"{server}/postgres")
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    return f"{server}/{name}"


async def _drop_database(url: str) -> None:
    server, _, name = url.rpartition("/")
    admin = await asyncpg.connect(f"{server}/postgres")
    await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> str:
    """Name of a store; a test that asks for it runs on all three."""
    return str(request.param)


@pytest.fixture
def config(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> LedgerConfig:
    """A ledger with exactly this store, and no other to fall back to."""
    url = request.getfixturevalue("pg_url") if store == "postgres" else None
    return LedgerConfig(home=tmp_path / "home", origin=ORIGIN, database_url=url, stores=(store,))


async def fill(ledger: Ledger, count: int, *, start: int = 0, batch: int = 60) -> None:
    """Append `count` entries, some of them with a person's text."""
    for first in range(start, start + count, batch):
        last = min(first + batch, start + count)
        await asyncio.gather(*(ledger.append(numbered(i)) for i in range(first, last)))


def numbered(number: int) -> NewEntry:
    """The entry with this number."""
    body = {"n": number, "verdict": "SEAL", "floors": {"F2": 0.97}}
    if number % 7 == 0:
        return NewEntry("exchange", f"ex/{number}", body, texts={"message": f"text {number}"}, person=f"p{number % 3}")
    return NewEntry("exchange", f"ex/{number}", body)


@dataclass
class Attacker:
    """Reads and rewrites every stored byte of a ledger, guards switched off; has no key."""

    config: LedgerConfig

    @property
    def kind(self) -> str:
        """Which store."""
        return self.config.store_order()[0]

    async def read(self) -> list[Row]:
        """All rows."""
        store = make_store(self.config, self.kind, self.config.vault, self.config.origin)
        await store.open(write=False)
        try:
            return await store.rows(0, await store.size())
        finally:
            await store.close()

    async def write(self, rows: Sequence[Row], tiles: Sequence[Tile] | None = None) -> None:
        """Replace all that is stored; tiles are made to fit the rows' hashes unless given."""
        tiles = tiles_of(rows) if tiles is None else tiles
        if self.kind == "sqlite":
            self._write_sqlite(rows, tiles)
        elif self.kind == "postgres":
            await self._write_postgres(rows, tiles)
        else:
            self._write_files(rows, tiles)

    def _write_sqlite(self, rows: Sequence[Row], tiles: Sequence[Tile]) -> None:
        db = sqlite3.connect(self.config.vault / "ledger.sqlite3", isolation_level=None)
        db.execute("PRAGMA synchronous=OFF")
        db.executescript(
            """DROP TABLE entries; DROP TABLE tiles;
            CREATE TABLE entries (seq, prev, hash, key, envelope, payload, head);
            CREATE TABLE tiles (level, idx, data, root);"""
        )
        raw = [(*row[:3], row.key.encode(), *row[4:]) for row in rows]
        db.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", raw)
        db.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", [(t.level, t.index, t.data, t.root) for t in tiles])
        db.close()

    async def _write_postgres(self, rows: Sequence[Row], tiles: Sequence[Tile]) -> None:
        db = await asyncpg.connect(self.config.database_url)
        await db.execute(
            """DROP TABLE ledger.entries; DROP TABLE ledger.tiles;
            CREATE TABLE ledger.entries
                (ledger text, seq bigint, prev bytea, hash bytea, key text, envelope bytea, payload bytea, head bytea);
            CREATE TABLE ledger.tiles (ledger text, level int, idx bigint, data bytea, root bytea);
            GRANT SELECT, INSERT ON ledger.entries, ledger.tiles TO trinity_ledger_writer;"""
        )
        await db.executemany(
            "INSERT INTO ledger.entries VALUES ($1,$2,$3,$4,$5,$6,$7,$8)", [(ORIGIN, *r) for r in rows]
        )
        await db.executemany(
            "INSERT INTO ledger.tiles VALUES ($1,$2,$3,$4,$5)",
            [(ORIGIN, t.level, t.index, t.data, t.root) for t in tiles],
        )
        await db.close()

    def _write_files(self, rows: Sequence[Row], tiles: Sequence[Tile]) -> None:
        folder = self.config.vault / "files"
        shutil.rmtree(folder)
        frame = head_of(self.config.origin)
        for tile in tiles:
            _put(folder / path(tile.level, tile.index), tile.data)
        full = len(rows) // WIDTH
        for number in range(full):
            part = rows[number * WIDTH : (number + 1) * WIDTH]
            leaves = [leaf_data(frame, r.seq, r.prev, r.envelope) for r in part]
            _put(folder / entries_path(number), b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves))
            _put(folder / payload_path(number), b"".join(pack(r.payload) for r in part))
            _put(folder / heads_path(number), b"".join(pack(r.head) for r in part))
            _put(folder / path(0, number), b"".join(r.hash for r in part))
        rest = rows[full * WIDTH :]
        _put(folder / "journal" / f"{full * WIDTH:020d}", encode(frame, rest) if rest else b"")


def _put(name: Path, data: bytes) -> None:
    name.parent.mkdir(parents=True, exist_ok=True)
    name.write_bytes(data)


def tiles_of(rows: Sequence[Row]) -> list[Tile]:
    """The tiles that fit these rows' hashes."""
    edge, tiles = Edge.empty(), []
    for row in rows:
        tiles += edge.append(row.hash)
    return tiles


def rechained(rows: Sequence[Row], start: int = 0, origin: str = ORIGIN) -> list[Row]:
    """Rows from `start` on with number, link and hash computed anew: what an attacker without the key can do."""
    frame, out = head_of(origin), list(rows[:start])
    previous = out[-1].hash if out else genesis(origin)
    for row in rows[start:]:
        value = row_hash(frame, len(out), previous, row.envelope)
        out.append(row._replace(seq=len(out), prev=previous, hash=value))
        previous = value
    return out


@dataclass
class Prefilled:
    """A closed ledger of 600 entries in batches of 60 (two full tiles and a piece), to be copied per test."""

    config: LedgerConfig
    rows: list[Row]


@pytest.fixture(scope="session")
def prefilled(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], Prefilled]]:
    """Makes the filled ledger of a store once a session."""
    made: dict[str, Prefilled] = {}
    databases: list[str] = []

    def get(store: str) -> Prefilled:
        if store not in made:
            url = None
            if store == "postgres":
                url = asyncio.run(_create_database(request.getfixturevalue("pg_server")))
                databases.append(url)
            made[store] = asyncio.run(_prefill(tmp_path_factory.mktemp(f"filled-{store}"), store, url))
        return made[store]

    yield get
    for url in databases:
        asyncio.run(_drop_database(url))


async def _prefill(home: Path, store: str, url: str | None) -> Prefilled:
    config = LedgerConfig(home=home, origin=ORIGIN, database_url=url, stores=(store,))
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 600)
    return Prefilled(config, await Attacker(config).read())


@pytest.fixture
async def filled(store: str, tmp_path: Path, prefilled: Callable[[str], Prefilled]) -> LedgerConfig:
    """A test's own copy of the filled ledger; in PostgreSQL the attacker has been there already: no guards."""
    original = await asyncio.to_thread(prefilled, store)
    shutil.copytree(original.config.home, tmp_path / "home")
    if store == "postgres":
        await Attacker(original.config).write(original.rows)
    return replace(original.config, home=tmp_path / "home")


@pytest.fixture
def attacker(filled: LedgerConfig) -> Attacker:
    """The attacker on the filled ledger."""
    return Attacker(filled)


def moved(config: LedgerConfig, home: Path) -> LedgerConfig:
    """The same configuration with another home."""
    return replace(config, home=home)


Mutation = Callable[[list[Row]], list[Row]]
