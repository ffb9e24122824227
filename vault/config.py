"""What a ledger is told at start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LedgerConfig:
    """Where a ledger lives and how it behaves.

    home: the Trinity's home; the ledger keeps to `home/vault`, `home/keys` and `home/checkpoints`.
    origin: the log's name, for ever (no spaces, no plus), e.g. "trinity.example/ledger".
    database_url: PostgreSQL, where there is one; it then is the first store.
    key_file: TRINITY_KEY_FILE; without it the system keyring if `use_keyring`, else a file in `home/keys`.
    keys_dir: where keys live instead of `home/keys` (replicas of one team share it).
    checkpoint_dir, checkpoint_git: where heads are pushed, every `checkpoint_every` entries or
        `checkpoint_seconds`.
    stores: the order in which stores are used; None takes PostgreSQL (if set), SQLite, files.
    queue_max, batch_max: how many entries may wait, and how many become one commit.
    text_roles: roles that may search people's texts.
    retry_seconds: how long a failed store is left alone before it is opened and verified anew.
    """

    home: Path
    origin: str
    database_url: str | None = None
    key_file: Path | None = None
    use_keyring: bool = False
    keys_dir: Path | None = None
    checkpoint_dir: Path | None = None
    checkpoint_git: Path | None = None
    checkpoint_every: int = 1000
    checkpoint_seconds: float = 60.0
    stores: Sequence[str] | None = None
    queue_max: int = 4096
    batch_max: int = 256
    text_roles: frozenset[str] = frozenset({"owner", "auditor"})
    retry_seconds: float = 15.0
    read_only: bool = False

    @property
    def vault(self) -> Path:
        """Folder of the stores."""
        return self.home / "vault"

    @property
    def keys(self) -> Path:
        """Folder of the keys."""
        return self.keys_dir or self.home / "keys"

    @property
    def checkpoints(self) -> Path:
        """Folder of the published heads."""
        return self.checkpoint_dir or self.home / "checkpoints"

    def store_order(self) -> tuple[str, ...]:
        """Names of the stores, first choice first."""
        if self.stores is not None:
            return tuple(self.stores)
        return ("postgres", "sqlite", "files") if self.database_url else ("sqlite", "files")
