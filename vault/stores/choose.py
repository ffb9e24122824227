"""A store by its name."""

from __future__ import annotations

from pathlib import Path

from vault.config import LedgerConfig
from vault.errors import StoreError
from vault.stores.base import Store
from vault.stores.files import FilesStore
from vault.stores.sqlite import SqliteStore


def make_store(config: LedgerConfig, name: str, folder: Path, origin: str) -> Store:
    """A store by its name, not yet opened; `folder` is where one that lies in files lies."""
    if name == "sqlite":
        return SqliteStore(folder / "ledger.sqlite3")
    if name == "files":
        return FilesStore(folder / "files", origin)
    from vault.stores.postgres import PostgresStore  # asyncpg is loaded only where it is used

    if name != "postgres" or config.database_url is None:
        raise StoreError(f"The ledger knows no store `{name}`, or no address for it.")
    return PostgresStore(config.database_url, origin)
