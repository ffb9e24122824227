"""The folder a Trinity lives in: made private, locked by the one process that runs in it."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vault import master
from vault.master import Master


class HomeBusy(Exception):
    """Another process runs in this home."""

    def __init__(self, home: Path) -> None:
        super().__init__(f"Another Trinity runs in {home} but does not answer on its socket. Stop it and try again.")


def prepare(home: Path) -> None:
    """Make the folder, readable by its owner only. Raises OSError where that cannot be."""
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)


@contextmanager
def lock(home: Path) -> Iterator[None]:
    """Hold the home for this process; the system lets go of it however the process ends.

    Raises HomeBusy when somebody has it.
    """
    handle = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise HomeBusy(home) from error
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        os.close(handle)


def socket_path(home: Path) -> Path:
    """Where terminal verbs reach a running instance. Unix socket paths are limited to about 100 bytes."""
    near = home / "trinity.sock"
    if len(str(near).encode()) < 100:
        return near
    import hashlib

    name = hashlib.sha256(str(home).encode()).hexdigest()[:16]
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", f"/tmp/trinity-{os.getuid()}"))  # noqa: S108  # made 0700 below
    runtime.mkdir(mode=0o700, exist_ok=True)
    if runtime.stat().st_uid != os.getuid() or runtime.stat().st_mode & 0o077:
        raise PermissionError(f"{runtime} is not private to this user")
    return runtime / f"{name}.sock"


async def master_key(home: Path) -> Master:
    """The key that wraps every stored secret of this home, the ledger's and the step-up seeds alike."""
    return await master.load(home / "keys", key_file=None, keyring_user=None)


def origin(home: Path, given: str | None) -> str:
    """The name of this home's ledger: the operator's, else one made once and kept."""
    if given:
        return given
    path = home / "origin"
    if path.exists():
        return path.read_text(encoding="utf-8").strip()
    name = f"trinity/{secrets.token_hex(6)}"
    path.write_text(name + "\n", encoding="utf-8")
    path.chmod(0o600)
    return name
