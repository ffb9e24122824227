"""Keys of persons, one per person and month, each in a small wrapped file of its own: destroying it is erasure.

They live apart from the ledger and its backups. A key has a random tag; the tag, not the person, stands in the
ledger, so that without the key nobody can even tell which entries were whose.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from vault.errors import KeyUnavailable, LedgerUnavailable
from vault.master import Master, sync_directory, write_durably


@dataclass(frozen=True, slots=True)
class PersonKey:
    """One person's key for one month (`period`, as 2026-11)."""

    tag: str
    person: str
    period: str
    secret: bytes


class PersonKeys:
    """The key store: a folder per person (named by keyed hash), a wrapped file per month."""

    def __init__(self, folder: Path, master: Master) -> None:
        self._folder = folder
        self._master = master
        self._current: dict[tuple[str, str], PersonKey] = {}
        self._by_tag: dict[str, PersonKey] = {}
        self._paths: dict[str, Path] = {}
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        """Learn which tags there are; keys are opened when they are needed."""
        self._paths = await asyncio.to_thread(self._listing)

    def _listing(self) -> dict[str, Path]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return {path.stem.split("_", 1)[1]: path for path in self._folder.glob("*/*_*.key")}

    def tags(self) -> set[str]:
        """All tags whose keys are here."""
        return set(self._paths)

    async def current(self, person: str, time: datetime) -> PersonKey:
        """The key that encrypts this person's texts at this time; made, durably, where there is none.

        Raises LedgerUnavailable when it cannot be kept: a text is never sealed under a key that may vanish.
        """
        period = time.astimezone(UTC).strftime("%Y-%m")
        key = self._current.get((person, period))
        if key is not None:
            return key
        async with self._lock:
            for found in await self._of(person):
                if found.period == period:
                    return self._remember(found)
            key = PersonKey(secrets.token_hex(16), person, period, secrets.token_bytes(32))
            path = self._folder / self._master.name(person) / f"{period}_{key.tag}.key"
            try:
                await asyncio.to_thread(self._write, path, key)
            except OSError as error:
                raise LedgerUnavailable(f"A new person's key cannot be kept: {error.strerror}.") from error
            self._paths[key.tag] = path
            return self._remember(key)

    def _write(self, path: Path, key: PersonKey) -> None:
        text = json.dumps([key.tag, key.person, key.period, key.secret.hex()])
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_durably(path, self._master.wrap(text.encode(), f"person/{path.stem}"))
        sync_directory(path.parent.parent)

    def _remember(self, key: PersonKey) -> PersonKey:
        self._by_tag[key.tag] = key
        self._current[key.person, key.period] = key
        return key

    async def by_tag(self, tag: str) -> PersonKey | None:
        """The key behind a tag; None when it was destroyed or never was here."""
        if tag in self._by_tag:
            return self._by_tag[tag]
        path = self._paths.get(tag)
        if path is None:
            return None
        key = await asyncio.to_thread(self._read, path)
        if key is not None:
            self._by_tag[tag] = key
        return key

    def _read(self, path: Path) -> PersonKey | None:
        try:
            wrapped = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise KeyUnavailable(f"A person's key file cannot be read: {error.strerror}.") from None
        try:
            tag, person, period, secret = json.loads(self._master.unwrap(wrapped, f"person/{path.stem}"))
            return PersonKey(tag, person, period, bytes.fromhex(secret))
        except ValueError:
            raise KeyUnavailable("A person's key file is damaged.") from None

    async def _of(self, person: str) -> list[PersonKey]:
        folder = self._folder / self._master.name(person)
        tags = [tag for tag, path in self._paths.items() if path.parent == folder]
        keys = [await self.by_tag(tag) for tag in tags]
        return [key for key in keys if key is not None]

    async def tags_of(self, person: str) -> set[str]:
        """Tags under which this person's entries stand, as far as keys are left."""
        return {key.tag for key in await self._of(person)}

    async def tags_before(self, period: str) -> set[str]:
        """Tags of all keys of months before `period` (as 2026-11)."""
        return {tag for tag, path in self._paths.items() if path.stem.split("_", 1)[0] < period}

    async def destroy(self, tags: set[str]) -> set[str]:
        """Overwrite and remove these keys, durably; gives the tags that were here."""
        async with self._lock:
            gone = {tag: self._paths[tag] for tag in tags if tag in self._paths}
            await asyncio.to_thread(_shred, list(gone.values()))
            for tag in tags:
                self._paths.pop(tag, None)
                key = self._by_tag.pop(tag, None)
                if key is not None:
                    self._current.pop((key.person, key.period), None)
            return set(gone)


def _shred(paths: list[Path]) -> None:
    for path in paths:
        try:
            with path.open("r+b") as file:
                file.write(b"\0" * path.stat().st_size)
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
        except FileNotFoundError:
            continue
        sync_directory(path.parent)
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
            sync_directory(path.parent.parent)
