"""A planted sentence, erased, is found in no file: not in any store, export, backup or index, nor after a restore."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from tests.integration.vault.kit import ORIGIN, fill
from vault import erasure
from vault.config import LedgerConfig
from vault.entry import NewEntry
from vault.errors import ErasedError, StoreError
from vault.ledger import Ledger
from vault.rate import RateSummaries
from vault.search import Query
from vault.stores.base import Batch
from vault.stores.sqlite import SqliteStore
from vault.transfer import import_from

SENTENCE = "Zwölf Reiher verließen die Weberstraße um Mitternacht"
PERSON = "p_weaver_4711"


def spellings(text: str) -> list[bytes]:
    """How the sentence could stand in a file."""
    escaped = json.dumps(text)[1:-1]
    return [
        text.encode(),
        escaped.encode(),
        text.encode("utf-16-le"),
        text.encode().hex().encode(),
        text[6:20].encode(),
    ]


def holding(folder: Path, text: str) -> list[Path]:
    """Files under a folder that hold the text in any spelling."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and any(spelling in path.read_bytes() for spelling in spellings(text))
    ]


async def dumped(url: str, folder: Path) -> None:
    """All of a database as text, for the same search."""
    db = await asyncpg.connect(url)
    folder.mkdir(parents=True, exist_ok=True)
    for table in ("entries", "tiles", "handover"):
        rows = await db.fetch(f"SELECT * FROM ledger.{table}")
        values = [bytes(value) if isinstance(value, bytes) else str(value).encode() for row in rows for value in row]
        (folder / table).write_bytes(b"\n".join(values))
    await db.close()


async def test_a_planted_sentence_is_found_nowhere_after_erasure(config: LedgerConfig, tmp_path: Path) -> None:
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 260)
        for number in range(5):
            texts = {"message": SENTENCE, "reply": f"About {SENTENCE}: yes."}
            await ledger.append(NewEntry("exchange", f"w/{number}", {"n": number}, texts=texts, person=PERSON))
        assert len(await ledger.search(Query(text="reiher"), reader="p_audit", role="auditor")) == 5
        await ledger.export(tmp_path / "before")
        keys_before = tmp_path / "keys-backup"
        shutil.copytree(config.keys, keys_before)
        done = await ledger.erase(PERSON, by="p_owner")
        assert done.keys == 1
        await ledger.export(tmp_path / "after")
        assert not await ledger.search(Query(text="reiher"), reader="p_audit", role="auditor")
        assert not await ledger.search(Query(person=PERSON))
        key = ledger.verifier_key
    if config.database_url:
        await dumped(config.database_url, tmp_path / "dump")
    assert not holding(tmp_path, SENTENCE)
    assert not holding(tmp_path, PERSON)
    # restored from a backup made before the erasure, on another machine with the keys of today
    fresh = LedgerConfig(tmp_path / "restored", ORIGIN, stores=("sqlite",))
    shutil.copytree(config.keys, fresh.keys)
    assert (await import_from(tmp_path / "before", fresh, anchor=key)).ok
    async with await Ledger.open(fresh) as ledger:
        for index in range(260, 265):
            with pytest.raises(ErasedError):
                await ledger.read_texts(index, reader="p_owner")
    assert not holding(tmp_path, SENTENCE)


async def test_an_old_backup_of_the_keys_brings_nothing_back(config: LedgerConfig, tmp_path: Path) -> None:
    async with await Ledger.open(config) as ledger:
        await ledger.append(NewEntry("exchange", "w", {}, texts={"message": SENTENCE}, person=PERSON))
        await ledger.append(NewEntry("exchange", "v", {}, texts={"message": "stays"}, person="p_other"))
        shutil.copytree(config.keys, tmp_path / "keys-backup")
        await ledger.erase(PERSON, by="p_owner")
        await fill(ledger, 300)
    shutil.rmtree(config.keys)
    shutil.copytree(tmp_path / "keys-backup", config.keys)
    async with await Ledger.open(config) as ledger:
        with pytest.raises(ErasedError):
            await ledger.read_texts(0, reader="p_owner")
        assert await ledger.read_texts(1, reader="p_owner") == {"message": "stays"}


async def test_a_kill_between_the_seal_and_the_destruction_is_finished_at_the_next_start(
    config: LedgerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vault.persons import PersonKeys

    async with await Ledger.open(config) as ledger:
        await ledger.append(NewEntry("exchange", "w", {}, texts={"message": SENTENCE}, person=PERSON))

        async def killed(self: PersonKeys, tags: set[str]) -> set[str]:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(PersonKeys, "destroy", killed)
            with pytest.raises(KeyboardInterrupt):
                await ledger.erase(PERSON, by="p_owner")
            patch.setattr(erasure.ErasureMark, "apply", lambda *_: _nothing())
            await ledger.close()
    async with await Ledger.open(config) as ledger:
        with pytest.raises(ErasedError):
            await ledger.read_texts(0, reader="p_owner")


async def _nothing() -> int:
    return 0


async def test_texts_in_a_sub_log_are_erased_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = LedgerConfig(tmp_path, ORIGIN, retry_seconds=3600)

    async def failing(self: SqliteStore, batch: Batch) -> None:
        raise StoreError("gone")

    async with await Ledger.open(config) as ledger:
        with monkeypatch.context() as patch:
            patch.setattr(SqliteStore, "commit", failing)
            await ledger.append(NewEntry("exchange", "w", {}, texts={"message": SENTENCE}, person=PERSON))
        assert await ledger._logs.recover()
        entry = await ledger.by_key("w")
        assert entry is not None
        assert await ledger.read_texts(entry.index, reader="p_owner") == {"message": SENTENCE}
        await ledger.erase(PERSON, by="p_owner")
        with pytest.raises(ErasedError):
            await ledger.read_texts(entry.index, reader="p_owner")
    assert not holding(tmp_path, SENTENCE)


async def test_key_files_are_private_and_tell_no_name(config: LedgerConfig) -> None:
    async with await Ledger.open(config) as ledger:
        await ledger.append(NewEntry("exchange", "w", {}, texts={"message": SENTENCE}, person=PERSON))
    for path in [*config.keys.rglob("*"), *config.vault.rglob("*")]:
        if path.is_file():
            assert path.stat().st_mode & 0o077 == 0, path
    names = " ".join(str(path) for path in config.home.rglob("*"))
    assert PERSON not in names
    assert not holding(config.home, PERSON)


async def test_another_key_file_opens_nothing(config: LedgerConfig, tmp_path: Path) -> None:
    from vault.errors import KeyUnavailable

    config = replace(config, key_file=tmp_path / "one.key")
    async with await Ledger.open(config) as ledger:
        await ledger.append(NewEntry("exchange", "w", {}, texts={"message": SENTENCE}, person=PERSON))
    with pytest.raises(KeyUnavailable):
        await Ledger.open(replace(config, key_file=tmp_path / "other.key"))


async def test_past_the_rate_limit_one_summary_a_minute(config: LedgerConfig) -> None:
    async with await Ledger.open(config) as ledger:
        summaries = RateSummaries(ledger.append)
        minute = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)
        for number in range(500):
            summaries.add(PERSON, f"m{number}", now=minute)
        summaries.add("p_other", "m", now=minute)
        assert not await summaries.flush(now=minute)
        assert len(await summaries.flush(now=minute.replace(minute=1))) == 2
        assert not await summaries.flush(now=minute.replace(minute=2))
        first, _ = await ledger.tail(2)
        assert first.kind == "rate.summary"
        assert (first.body["count"], first.body["minute"]) == (500, "2026-11-21T12:00Z")
        assert len(first.body["hash"]) == 64


def test_the_command_line_verifies_and_names_what_is_wrong(tmp_path: Path) -> None:
    import sqlite3
    import sys

    def trinity(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "trinity.cli.main", "vault", *arguments],
            env={"TRINITY_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
        )

    assert trinity("owner-key", str(tmp_path / "owner")).returncode == 0
    begun = trinity("begin", "--owner", str(tmp_path / "owner"))
    assert begun.returncode == 0, begun.stderr
    assert trinity("rekey").returncode == 0
    assert trinity("rekey", "--compromised", "--owner", str(tmp_path / "owner")).returncode == 0
    receipt = tmp_path / "receipt"
    assert trinity("receipt", "0", "--out", str(receipt)).returncode == 0
    good = trinity("verify", "--since", str(receipt))
    assert (good.returncode, good.stdout.split(":")[0]) == (0, "verified"), good.stderr
    db = sqlite3.connect(tmp_path / "vault" / "ledger.sqlite3")
    db.execute("DROP TRIGGER entries_no_delete")
    db.execute("DELETE FROM entries WHERE seq = 1")
    db.commit()
    db.close()
    bad = trinity("verify")
    assert bad.returncode == 1
    assert "NOT VERIFIED: rollback at entry 1" in bad.stdout
