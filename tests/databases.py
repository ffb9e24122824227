"""Real databases for tests: SQLite in a temporary folder, and a PostgreSQL found where DESIGN says to look."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg

_LOOPBACK = "postgresql://postgres@127.0.0.1:5432/postgres"


async def _answers(url: str) -> bool:
    try:
        conn = await asyncpg.connect(url, timeout=3)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return False
    await conn.close()
    return True


async def _execute(url: str, statement: str) -> None:
    conn = await asyncpg.connect(url, timeout=10)
    try:
        await conn.execute(statement)
    finally:
        await conn.close()


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


@contextmanager
def postgres_server() -> Iterator[str | None]:
    """The address of a server's maintenance database: `TRINITY_TEST_POSTGRES`, else 127.0.0.1:5432, else one of our
    own in a temporary folder; None where there is none to be had."""
    given = os.environ.get("TRINITY_TEST_POSTGRES")
    if given:
        yield given
        return
    if asyncio.run(_answers(_LOOPBACK)):
        yield _LOOPBACK
        return
    binaries = _binaries()
    if binaries is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="trinity-pg-") as folder:
        yield from _own_server(binaries, Path(folder))


def _own_server(binaries: Path, folder: Path) -> Iterator[str | None]:
    runner: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = "postgres" if _user_exists("postgres") else "nobody"
        shutil.chown(folder, user)
        runner = ["setpriv", f"--reuid={user}", f"--regid={_group_of(user)}", "--clear-groups"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    try:
        subprocess.run([*runner, binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust"], check=True, **quiet)
        subprocess.run(
            [*runner, binaries / "pg_ctl", "-D", data, "-o", options, "-w", "-l", folder / "log", "start"],
            check=True,
            **quiet,
        )
    except (OSError, subprocess.CalledProcessError):
        yield None
        return
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*runner, binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=False, **quiet)


def _user_exists(name: str) -> bool:
    import pwd

    with suppress(KeyError):
        pwd.getpwnam(name)
        return True
    return False


def _group_of(user: str) -> str:
    import grp
    import pwd

    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name


@contextmanager
def fresh_postgres(server: str) -> Iterator[str]:
    """A new, empty database on a server, dropped afterwards."""
    name = f"trinity_test_{secrets.token_hex(6)}"
    asyncio.run(_execute(server, f"CREATE DATABASE {name}"))
    try:
        yield server.rsplit("/", 1)[0] + f"/{name}"
    finally:
        asyncio.run(_execute(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
