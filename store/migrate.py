"""Brings the schema up to date with Alembic, run from the program and not by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from store.errors import SchemaTooNew

if TYPE_CHECKING:
    from alembic.config import Config

    from store.engine import Database

HEAD = "0009"  # the newest revision under migrations/versions; a test compares them
_ADVISORY = 0x7472696E  # one number for "Trinity migrates", so that replicas take turns


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings, with the connection to use handed in."""
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", "store:migrations")
    settings.attributes["connection"] = connection
    return settings


def _version(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    found = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


async def version(database: Database) -> str | None:
    """The schema's revision as it stands, None for an empty database."""
    async with database.read() as conn:
        return await conn.run_sync(_version)


def _upgrade(conn: Connection) -> None:
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY})
    found = _version(conn)
    if found == HEAD:
        return
    # Imported only when there is something to do: Alembic costs a tenth of the start otherwise.
    from alembic import command
    from alembic.script import ScriptDirectory

    settings = config(conn)
    known = {script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()}
    if found is not None and found not in known:
        raise SchemaTooNew(found, HEAD)
    command.upgrade(settings, "head")


async def upgrade(database: Database) -> None:
    """Bring the schema to HEAD in one transaction; a second process waits and then finds it done.

    Raises:
        SchemaTooNew: the database knows a revision that this program does not.
        StoreUnavailable: it cannot be reached or written.
    """
    if await version(database) == HEAD:
        return
    async with database.begin() as conn:
        await conn.run_sync(_upgrade)
