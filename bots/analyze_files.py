"""Reads a folder or an archive for an analysis: text files only, in memory, within limits that a bomb cannot pass.

Nothing is written to a disk, no link is followed, an archive in an archive stays closed, and sizes are counted while
bytes are unpacked, because what an archive says of its own sizes is a claim.
"""

from __future__ import annotations

import bz2
import gzip
import io
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Final, Protocol

MOST_FILES: Final = 2_000
MOST_ENTRIES: Final = 20_000  # folders and files that are not read, too
MOST_OF_A_FILE: Final = 64 * 1024  # bytes that are read of one file
MOST_TOGETHER: Final = 16 * 1024 * 1024
MOST_UNPACKED: Final = 64 * 1024 * 1024  # a tar is one stream: what is skipped must be unpacked, too
# Not xz, nor LZMA in a zip: how much memory those take to unpack is the archive's own choice.
_ENDINGS: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2")
_UNPACKS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_SKIPPED: Final = frozenset(
    (".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".mypy_cache", "dist", "build",
     "target", ".idea", ".gradle", "vendor", ".next")
)  # fmt: skip


_DAMAGED: Final = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, RuntimeError, ValueError,
    KeyError,
)  # fmt: skip


class Unreadable(Exception):
    """It cannot be analysed; the message says why, and what was kept or not."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One text file, its beginning at most."""

    name: str
    text: str = field(repr=False)
    bytes: int  # as read
    cut: bool  # longer than what was read


@dataclass(slots=True)
class Collected:
    """What was read, and in plain words what was not."""

    files: list[SourceFile] = field(default_factory=list)
    skipped: int = 0  # no text, in a folder that holds no source, or a link
    notes: list[str] = field(default_factory=list)
    together: int = 0

    def full(self) -> bool:
        """Whether a limit is reached; says so once."""
        if len(self.files) >= MOST_FILES:
            self._once(f"Only the first {MOST_FILES:,} text files were read.")
        elif self.together >= MOST_TOGETHER:
            self._once(f"Only the first {MOST_TOGETHER // 1024 // 1024} MB of text were read.")
        else:
            return False
        return True

    def add(self, name: str, data: bytes) -> None:
        """Keep a file if it is text."""
        text = _text(data[:MOST_OF_A_FILE])
        if text is None:
            self.skipped += 1
            return
        kept = min(len(data), MOST_OF_A_FILE)
        self.together += kept
        self.files.append(SourceFile(name, text, kept, len(data) > MOST_OF_A_FILE))

    def _once(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def is_archive(name: str) -> bool:
    """Whether a file's name is that of an archive that can be read here."""
    return name.lower().endswith(_ENDINGS)


def read_archive(name: str, data: bytes) -> Collected:
    """The text files of a zip or tar. Raises Unreadable."""
    found = Collected()
    try:
        if name.lower().endswith(".zip"):
            _zip(data, found)
        else:
            _tar(data, found)
    except _DAMAGED as error:
        if not found.files:
            raise Unreadable(f"{name} cannot be unpacked ({type(error).__name__}). Nothing of it was read.") from None
        found.notes.append(f"{name} is damaged; what comes after its {len(found.files)}th file was not read.")
    if not found.files:
        raise Unreadable(f"There is no text file in {name} that could be read.")
    return found


def read_folder(path: Path) -> Collected:
    """The text files below a folder, or the one file. Raises Unreadable."""
    found = Collected()
    if path.is_file():
        if is_archive(path.name):
            return read_archive(path.name, path.read_bytes())
        with path.open("rb") as file:
            found.add(path.name, file.read(MOST_OF_A_FILE + 1))
    else:
        for one in _below(path):
            if found.full():
                break
            try:
                with one.open("rb") as file:
                    found.add(one.relative_to(path).as_posix(), file.read(MOST_OF_A_FILE + 1))
            except OSError:
                found.skipped += 1
    if not found.files:
        raise Unreadable(f"There is no text file in {path} that could be read.")
    return found


def packed(found: Collected) -> bytes:
    """The text files as one zip, to be handed to a Trinity."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in found.files:
            archive.writestr(file.name, file.text)
    return out.getvalue()


def _below(path: Path) -> Iterator[Path]:
    seen = 0
    for folder, folders, names in os.walk(path, followlinks=False):
        folders[:] = sorted(f for f in folders if f not in _SKIPPED)
        for name in sorted(names):
            seen += 1
            if seen > MOST_ENTRIES:
                return
            one = Path(folder, name)
            if not one.is_symlink() and one.is_file():
                yield one


def _zip(data: bytes, found: Collected) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for number, info in enumerate(archive.infolist()):
            if number >= MOST_ENTRIES or found.full():
                break
            name = _own_name(info.filename)
            if info.is_dir():
                continue
            link = (info.external_attr >> 28) == 0xA
            if name is None or info.flag_bits & 1 or link or info.compress_type not in _UNPACKS:  # bit 1: encrypted
                found.skipped += 1
                continue
            with archive.open(info) as member:
                found.add(name, _some(member))


def _tar(data: bytes, found: Collected) -> None:
    if data[:2] == b"\x1f\x8b":
        plain: _Reads = gzip.GzipFile(fileobj=io.BytesIO(data))
    elif data[:3] == b"BZh":
        plain = bz2.BZ2File(io.BytesIO(data))
    else:
        plain = io.BytesIO(data)
    # One pass from front to back: a header or a member that never ends meets the bound, wherever it stands.
    with tarfile.open(fileobj=_Bounded(plain), mode="r|") as archive:
        for number, info in enumerate(archive):
            if number >= MOST_ENTRIES or found.full():
                break
            name = _own_name(info.name)
            if info.isdir():
                continue
            member = archive.extractfile(info) if info.isreg() and name is not None else None
            if member is None or name is None:
                found.skipped += 1
            else:
                found.add(name, _some(member))


class _Reads(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


class _Bounded(io.RawIOBase):
    """What an archive unpacks to, up to the bound; past it the archive counts as damaged."""

    def __init__(self, inner: _Reads) -> None:
        self._inner, self._left = inner, MOST_UNPACKED

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._inner.read(min(size if size >= 0 else 65_536, 1024 * 1024))
        self._left -= len(piece)
        if self._left < 0:
            raise OSError("more than is unpacked here")
        return piece


def _some(member: IO[bytes]) -> bytes:
    """The beginning of a member: never more than is kept, whatever the archive says of its size."""
    out = bytearray()
    while len(out) <= MOST_OF_A_FILE:
        piece = member.read(MOST_OF_A_FILE + 1 - len(out))
        if not piece:
            break
        out += piece
    return bytes(out)


def _own_name(name: str) -> str | None:
    """A member's name as it is shown; None for what holds no source. It is never used as a path."""
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..", ".")]
    if not parts or any(part in _SKIPPED for part in parts[:-1]):
        return None
    shown = "/".join("".join(c for c in part if c.isprintable()) for part in parts)
    return shown[-200:] or None


def _text(data: bytes) -> str | None:
    """The text, None where it is none: a NUL, or more than a few bytes that are not UTF-8."""
    if b"\x00" in data:
        return None
    text = data.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    return text if wrong <= 2 + len(text) // 200 else None
