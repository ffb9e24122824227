"""Carries signed heads out of the database: to a local watermark after each commit, to files and git now and then."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

import structlog

from vault.checkpoint import Checkpoint
from vault.errors import NoteError, TamperError
from vault.master import write_durably

_log = structlog.get_logger(__name__)
GIT_TIMEOUT = 60.0
"""Seconds for one git command; a remote that hangs must not hold up the next head."""


@dataclass(frozen=True, slots=True)
class PublishOptions:
    """`folder` for checkpoint files; `git`: a repository to commit and push them to; every n entries or t seconds."""

    folder: Path
    git: Path | None = None
    every: int = 1000
    seconds: float = 60.0


class Watermark:
    """The last head that this machine saw, in one small file outside the database.

    It is what tells a cut tail or an old backup from the truth. Written after each commit and before the
    commit is acknowledged; not synced, because it may lag after a power failure but never lead.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._length = 0

    @staticmethod
    def place(home: Path, origin: str, main: str) -> Path:
        """Where the watermark of a log lies: the main log's, or that of one of its sub-logs."""
        name = "watermark" if origin == main else f"watermark-{origin.rpartition('/')[2]}"
        return home / "checkpoints" / name

    def read(self) -> Checkpoint | None:
        """The head that was kept; None where there is none yet. Raises TamperError for a damaged file."""
        try:
            data = self._path.read_bytes().rstrip(b"\0")
        except FileNotFoundError:
            return None
        if not data:
            return None
        try:
            return Checkpoint.parse(data)
        except NoteError:
            raise TamperError(f"The watermark {self._path.name} is damaged.") from None

    def keep(self, checkpoint: Checkpoint) -> None:
        """Remember a newer head: one small write in place."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._length = os.fstat(self._file).st_size
        data = checkpoint.note.encode()
        # one write covers a longer old text with zeros, so that a killed process leaves the old or the new head
        padded = data.ljust(self._length, b"\0")
        os.pwrite(self._file, padded, 0)
        self._length = max(self._length, len(data))

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


class Publisher:
    """Writes `checkpoint` (the newest) and `history/<size>` into a folder, and commits them to git if set."""

    def __init__(self, options: PublishOptions) -> None:
        self.options = options
        self.published: Checkpoint | None = None
        self.last_error: str | None = None

    async def load(self) -> Checkpoint | None:
        """The head that was published last. Raises TamperError when the file is damaged."""
        path = self.options.folder / "checkpoint"
        if not await asyncio.to_thread(path.exists):
            return None
        try:
            self.published = Checkpoint.parse(await asyncio.to_thread(path.read_bytes))
        except NoteError:
            raise TamperError("The published checkpoint file is damaged.") from None
        return self.published

    def due(self, size: int) -> bool:
        """Whether enough entries came since the last publication."""
        return size - (self.published.size if self.published else 0) >= self.options.every

    async def publish(self, checkpoint: Checkpoint) -> None:
        """Write the files; a failing git push is logged and kept in `last_error`, the files stand."""
        if self.published is not None and self.published.size == checkpoint.size:
            return
        await asyncio.to_thread(self._write, checkpoint)
        self.published = checkpoint
        if self.options.git is not None:
            await self._push(self.options.git, checkpoint)

    def _write(self, checkpoint: Checkpoint) -> None:
        data = checkpoint.note.encode()
        write_durably(self.options.folder / "history" / f"{checkpoint.size:012d}", data)
        write_durably(self.options.folder / "checkpoint", data)

    async def _push(self, repository: Path, checkpoint: Checkpoint) -> None:
        await asyncio.to_thread(write_durably, repository / "checkpoint", checkpoint.note.encode())
        message = f"checkpoint {checkpoint.origin} {checkpoint.size}"
        commands = [["add", "checkpoint"], ["commit", "-q", "-m", message, "--", "checkpoint"]]
        if await self._git(repository, ["remote"], quiet=True):
            commands.append(["push", "-q"])
        try:
            for command in commands:
                await self._git(repository, command)
            self.last_error = None
        except OSError as error:
            self.last_error = f"git: {error}"
            _log.warning("checkpoint_push_failed", reason=self.last_error, size=checkpoint.size)

    async def _git(self, repository: Path, command: list[str], *, quiet: bool = False) -> bytes:
        process = await asyncio.create_subprocess_exec(
            "git",
            "-C",
            str(repository),
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), GIT_TIMEOUT)
        except (TimeoutError, asyncio.CancelledError):
            process.kill()
            await process.wait()
            raise
        if process.returncode and not quiet:
            raise OSError(f"`git {command[0]}` ended with {process.returncode}")
        return output
