"""What a ledger does on every store: seal, read, prove, search, erase, go elsewhere."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.vault.kit import ORIGIN, fill, numbered
from vault.audit import audit
from vault.checkpoint import Checkpoint
from vault.config import LedgerConfig
from vault.entry import NewEntry
from vault.errors import (
    AccessError,
    EntryError,
    ErasedError,
    LedgerBusy,
    LedgerUnavailable,
    NoteError,
    ProofError,
    ReceiptError,
    StoreError,
    TamperError,
)
from vault.ledger import Ledger
from vault.merkle import leaf_hash, verify_consistency, verify_inclusion
from vault.note import SigningKey
from vault.receipt import verify
from vault.search import Query
from vault.transfer import import_from

SECRET = "the quick brown heron left at midnight"


async def test_append_returns_a_receipt_and_the_same_key_the_first_one(config: LedgerConfig) -> None:
    async with await Ledger.open(config) as ledger:
        first = await ledger.append(numbered(0))
        again = await ledger.append(NewEntry("exchange", "ex/0", {"another": "body"}))
        assert (again.index, again.entry_hash, again.time) == (first.index, first.entry_hash, first.time)
        assert ledger.size == 1
    async with await Ledger.open(config) as ledger:
        third = await ledger.append(numbered(0))
        assert (third.entry_hash, ledger.size) == (first.entry_hash, 1)
        entry = await ledger.by_key("ex/0")
        assert entry is not None
        assert (entry.index, entry.entry_hash) == (0, first.entry_hash)


async def test_equal_keys_at_once_are_sealed_once(config: LedgerConfig) -> None:
    async with await Ledger.open(config) as ledger:
        receipts = await asyncio.gather(*(ledger.append(numbered(i % 10)) for i in range(100)))
        assert ledger.size == 10
        assert len({receipt.entry_hash for receipt in receipts}) == 10
        assert (await ledger.verify_chain()).ok


async def test_ledger_goes_on_after_restart_at_every_kind_of_size(config: LedgerConfig) -> None:
    size = 0
    for count in (1, 254, 1, 1, 255, 3):
        async with await Ledger.open(config) as ledger:
            assert ledger.size == size
            await fill(ledger, count, start=size, batch=97)
            size += count
            report = await ledger.verify_chain()
            assert (report.ok, report.size) == (True, size), report


async def test_tail_and_get_show_public_parts_only(config: LedgerConfig) -> None:
    async with await Ledger.open(config) as ledger:
        await ledger.append(
            NewEntry("exchange", "ex/a", {"verdict": "SEAL"}, texts={"message": SECRET}, person="p_alice")
        )
        (entry,) = await ledger.tail(5)
        assert SECRET not in str(entry)
        assert "p_alice" not in str(entry)
        assert entry.has_payload
        assert list(entry.texts) == ["message"]
        assert entry == await ledger.get(0)
        assert await ledger.get(1) is None
        assert await ledger.get(-1) is None
        assert await ledger.by_key("nothing") is None


async def test_reading_a_payload_is_sealed_first(config: LedgerConfig) -> None:
    async with await Ledger.open(config) as ledger:
        await ledger.append(NewEntry("exchange", "ex/a", {}, texts={"message": SECRET}, person="p_alice"))
        assert await ledger.read_texts(0, reader="p_bob") == {"message": SECRET}
        last = (await ledger.tail(1))[0]
        assert last.kind == "payload.read"
        assert last.body == {"index": 0, "origin": ORIGIN, "purpose": "read", "reader": "p_bob"}
        with pytest.raises(AccessError):
            await ledger.read_texts(0, reader=" ")
        with pytest.raises(EntryError):
            await ledger.read_texts(99, reader="p_bob")


async def test_receipts_verify_and_refuse_every_change(config: LedgerConfig, tmp_path: Path) -> None:
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 300)
        key = ledger.verifier_key
        receipts = {i: await ledger.receipt(i) for i in (0, 1, 255, 256, 283, 299)}
        with pytest.raises(EntryError):
            await ledger.receipt(300)
        with pytest.raises(EntryError):
            await ledger.receipt(-1)
    for index, data in receipts.items():
        proven = verify(data, key)
        assert (proven.leaf.sequence, proven.leaf.origin) == (index, ORIGIN)
        assert proven.envelope["record"]["n"] == int(proven.envelope["key"].removeprefix("ex/"))
    data = receipts[283]
    for place in range(0, len(data), 7):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        try:
            proven = verify(changed, key)
        except ReceiptError:
            continue
        assert proven.leaf.envelope == verify(data, key).leaf.envelope  # only white space can be another


async def test_receipt_with_texts_discloses_them_on_purpose(config: LedgerConfig) -> None:
    async with await Ledger.open(config) as ledger:
        await ledger.append(NewEntry("exchange", "ex/a", {}, texts={"message": SECRET}, person="p_alice"))
        data = await ledger.receipt(0, texts_for="p_alice")
        assert verify(data, ledger.verifier_key).texts == {"message": SECRET}
        with pytest.raises(ReceiptError):
            verify(data.replace(b"heron", b"raven"), ledger.verifier_key)
        assert (await ledger.tail(1))[0].body["purpose"] == "receipt"
        assert SECRET.encode() not in await ledger.receipt(0)


async def test_every_inclusion_and_consistency_proof_of_a_small_log(config: LedgerConfig) -> None:
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 300, batch=50)
        log = ledger._logs.current
        rows = await log.store.rows(0, 300)
        for size in (1, 2, 3, 255, 256, 257, 299, 300):
            root = await log.root(size)
            for index in {0, size // 2, size - 1}:
                proof = await ledger.inclusion_proof(index, size)
                verify_inclusion(index, size, rows[index].hash, proof, root)
            for size1 in {1, size // 2 or 1, size}:
                proof = await ledger.consistency_proof(size1, size)
                verify_consistency(size1, size, proof, await log.root(size1), root)
        with pytest.raises(ProofError):
            await ledger.inclusion_proof(0, 301)


async def test_a_receipt_needs_only_python_and_cryptography(config: LedgerConfig, tmp_path: Path) -> None:
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 20)
        (tmp_path / "receipt.json").write_bytes(await ledger.receipt(7))
        key = str(ledger.verifier_key)
    blocker = (
        "import sys\n"
        "class Only:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        top = name.split('.')[0]\n"
        "        if top not in sys.stdlib_module_names | {'vault', 'cryptography', '_cffi_backend', 'cffi'}:\n"
        "            raise ImportError('not on this machine: ' + name)\n"
        "sys.meta_path.insert(0, Only())\n"
        "from vault.check import main\n"
        "sys.exit(main())\n"
    )
    command = [sys.executable, "-c", blocker, str(tmp_path / "receipt.json"), "--key", key]
    good = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)
    assert good.returncode == 0, good.stderr
    assert "PROVEN: entry 7" in good.stdout
    other = str(SigningKey.generate(ORIGIN).verifier)
    bad = await asyncio.to_thread(subprocess.run, [*command[:-1], other], capture_output=True, text=True)
    assert bad.returncode == 1
    assert "NOT PROVEN" in bad.stderr


async def test_proof_replayed_from_another_ledger_is_refused(config: LedgerConfig, tmp_path: Path) -> None:
    other = LedgerConfig(tmp_path / "other", "somebody.else/ledger", stores=("sqlite",))
    async with await Ledger.open(config) as ledger, await Ledger.open(other) as foreign:
        await fill(ledger, 5)
        await fill(foreign, 5)
        receipt = await foreign.receipt(3)
        with pytest.raises(ReceiptError):
            verify(receipt, ledger.verifier_key)
        head = await foreign.checkpoint()
        assert head is not None
        report = await ledger.verify_chain(since=head)
        assert (report.ok, report.kind) == (False, "signature")


async def test_inner_node_passed_as_a_leaf_is_refused(config: LedgerConfig) -> None:
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 4)
        rows = await ledger._logs.current.store.rows(0, 4)
        head = await ledger.checkpoint()
        assert head is not None
        inner = rows[0].hash + rows[1].hash
        right = await ledger.inclusion_proof(0)
        with pytest.raises(ProofError):
            verify_inclusion(0, 2, leaf_hash(inner), right[1:], head.root)
        with pytest.raises(ProofError):
            verify_inclusion(0, 4, leaf_hash(inner), right[1:], head.root)


@pytest.mark.parametrize("shift", [timedelta(days=-4000), timedelta(days=4000)], ids=["back", "far-ahead"])
async def test_order_never_comes_from_the_clock(config: LedgerConfig, shift: timedelta) -> None:
    async with await Ledger.open(config) as ledger:
        now = datetime.now(UTC)
        await ledger.append(NewEntry("exchange", "a", {}, time=now))
        await ledger.append(NewEntry("exchange", "b", {}, time=now + shift))
        await ledger.append(NewEntry("exchange", "c", {}, time=now))
        assert [entry.key for entry in await ledger.tail(3)] == ["a", "b", "c"]
        assert (await ledger.verify_chain()).ok


async def test_search_by_time_person_verdict_floor_channel_kind(config: LedgerConfig) -> None:
    async with await Ledger.open(config) as ledger:
        old = datetime(2026, 1, 5, tzinfo=UTC)
        floors = {"F2": {"score": 0.5, "passed": False}, "F7": {"score": 1, "passed": True}}
        await ledger.append(
            NewEntry("exchange", "a", {"verdict": "PARTIAL", "channel": "slack", "floors": floors}, time=old)
        )
        await ledger.append(
            NewEntry("exchange", "b", {"verdict": "SEAL", "channel": "email"}, texts={"m": SECRET}, person="p_alice")
        )
        await ledger.append(NewEntry("hold.decision", "c", {"verdict": "SEAL"}, person="p_bob"))

        async def found(**given: object) -> list[str]:
            return [hit.entry.key for hit in await ledger.search(Query(**given))]  # type: ignore[arg-type]

        assert await found() == ["c", "b", "a"]
        assert await found(verdict="PARTIAL") == ["a"]
        assert await found(floor="F2") == ["a"]
        assert await found(floor="F7") == []
        assert await found(channel="email") == ["b"]
        assert await found(kind="hold.decision") == ["c"]
        assert await found(person="p_alice") == ["b"]
        assert await found(person="p_nobody") == []
        assert await found(until=old + timedelta(days=1)) == ["a"]
        assert await found(since=old + timedelta(days=1)) == ["c", "b"]
        await ledger.append(NewEntry("exchange", "d", {"channel": "email"}))
        assert await found(channel="email", limit=1) == ["d"]


async def test_search_in_texts_needs_a_role_and_is_sealed(config: LedgerConfig) -> None:
    async with await Ledger.open(config) as ledger:
        await ledger.append(NewEntry("exchange", "a", {}, texts={"m": SECRET}, person="p_alice"))
        await ledger.append(NewEntry("exchange", "b", {}, texts={"m": "nothing"}, person="p_bob"))
        for reader, role in ((None, "auditor"), ("p_eve", "member"), ("p_eve", None)):
            with pytest.raises(AccessError):
                await ledger.search(Query(text="HERON"), reader=reader, role=role)
        assert ledger.size == 2
        (hit,) = await ledger.search(Query(text="HERON"), reader="p_audit", role="auditor")
        assert hit.texts == {"m": SECRET}
        last = (await ledger.tail(1))[0]
        assert last.kind == "payload.read"
        assert (last.body["found"], last.body["opened"], last.body["reader"]) == ([0], 2, "p_audit")
        assert "heron" not in str(last).lower()


async def test_search_index_that_lost_a_row_is_built_anew(config: LedgerConfig) -> None:
    import sqlite3

    async with await Ledger.open(config) as ledger:
        await fill(ledger, 30)
        assert len(await ledger.search(Query(limit=100))) == 30
        db = sqlite3.connect(config.vault / "search.sqlite3")
        db.execute("DELETE FROM entries WHERE seq = 11")
        db.commit()
        db.close()
        assert len(await ledger.search(Query(limit=100))) == 30


async def test_erasure_leaves_proofs_and_no_text(config: LedgerConfig) -> None:
    async with await Ledger.open(config) as ledger:
        await ledger.append(NewEntry("exchange", "a", {}, texts={"m": SECRET}, person="p_alice"))
        await ledger.append(NewEntry("exchange", "b", {}, texts={"m": "stays"}, person="p_bob"))
        receipt = await ledger.receipt(0)
        erased = await ledger.erase("p_alice", by="p_owner", reason="asked for it")
        assert erased.keys == 1
        with pytest.raises(ErasedError):
            await ledger.read_texts(0, reader="p_bob")
        assert await ledger.read_texts(1, reader="p_bob") == {"m": "stays"}
        assert verify(receipt, ledger.verifier_key).leaf.sequence == 0
        entry = await ledger.get(erased.receipt.index)
        assert entry is not None
        assert entry.kind == "erasure"
        assert "p_alice" not in str(entry)
        assert (await ledger.verify_chain(since=receipt)).ok
        # who comes back gets a new key, and the old text stays gone
        await ledger.append(NewEntry("exchange", "c", {}, texts={"m": "new"}, person="p_alice"))
        assert await ledger.read_texts(4, reader="p_bob") == {"m": "new"}
        with pytest.raises(ErasedError):
            await ledger.read_texts(0, reader="p_bob")


async def test_retention_destroys_keys_of_old_months(config: LedgerConfig) -> None:
    async with await Ledger.open(config) as ledger:
        for month in (8, 9, 10):
            when = datetime(2026, month, 3, tzinfo=UTC)
            await ledger.append(NewEntry("exchange", f"m{month}", {}, texts={"m": SECRET}, person="p_alice", time=when))
        assert (await ledger.retain_since("2026-10", by="policy")).keys == 2
        for index in (0, 1):
            with pytest.raises(ErasedError):
                await ledger.read_texts(index, reader="p_bob")
        assert await ledger.read_texts(2, reader="p_bob") == {"m": SECRET}
        with pytest.raises(EntryError):
            await ledger.retain_since("yesterday", by="policy")


async def test_export_and_import_keep_every_byte(filled: LedgerConfig, tmp_path: Path) -> None:
    async with await Ledger.open(replace(filled, read_only=True)) as ledger:
        report = await ledger.export(tmp_path / "export")
        assert (report.ok, report.size) == (True, 600)
        key, head = ledger.verifier_key, await ledger.checkpoint()
        with pytest.raises(StoreError):
            await ledger.export(tmp_path / "export")
    target = LedgerConfig(tmp_path / "new", ORIGIN, stores=("sqlite",))
    with pytest.raises(TamperError):
        await import_from(tmp_path / "export", target)
    with pytest.raises(NoteError):
        await import_from(tmp_path / "export", target, anchor=SigningKey.generate(ORIGIN).verifier)
    assert (await import_from(tmp_path / "export", target, anchor=key)).ok
    report = await audit(target, since=head)
    assert (report.ok, report.size) == (True, 600)
    with pytest.raises(StoreError):
        await import_from(tmp_path / "export", target)
    unfinished = next((tmp_path / "export" / "tile/0/002.p").iterdir())
    whole = unfinished.read_bytes()
    unfinished.write_bytes(whole[:-1] + b"x")
    with pytest.raises(TamperError):
        await import_from(tmp_path / "export", replace(target, home=tmp_path / "other"), anchor=key)
    unfinished.write_bytes(whole)
    bundle = tmp_path / "export" / "tile/entries/001"
    bundle.write_bytes(bundle.read_bytes().replace(b"SEAL", b"VOID", 1))
    with pytest.raises(TamperError):
        await import_from(tmp_path / "export", replace(target, home=tmp_path / "third"), anchor=key)


async def test_backup_restores_and_admits_what_it_lost(config: LedgerConfig, tmp_path: Path) -> None:
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 50)
        await ledger.export(tmp_path / "backup")
        await fill(ledger, 10, start=50)
    # the store is lost, keys and heads are not
    if config.database_url:
        import asyncpg

        db = await asyncpg.connect(config.database_url)
        await db.execute("DROP SCHEMA ledger CASCADE")
        await db.close()
    else:
        import shutil

        shutil.rmtree(config.vault)
    with pytest.raises(TamperError):
        await Ledger.open(config)
    with pytest.raises(TamperError):
        await import_from(tmp_path / "backup", config)
    assert (await import_from(tmp_path / "backup", config, accept_loss=True)).ok
    async with await Ledger.open(config) as ledger:
        last = (await ledger.tail(1))[0]
        assert (last.kind, last.index) == ("ledger.restored", 50)
        assert Checkpoint.parse(last.body["lost_head"]).size == 60
        assert (await ledger.verify_chain()).ok


async def test_key_rotation_keeps_old_receipts_good(config: LedgerConfig) -> None:
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 10)
        key, old = ledger.verifier_key, await ledger.receipt(3)
        await ledger.rotate_key()
        await fill(ledger, 10, start=10)
        new = await ledger.receipt(3)
        assert ledger.history.current.generation == 2
        assert ledger.history.current.key != key
        for data in (old, new):
            assert verify(data, key).leaf.sequence == 3
    async with await Ledger.open(config) as ledger:
        report = await ledger.verify_chain(since=[old, new])
        assert report.ok, report
        assert (await ledger.by_key("ledger.key/2")) is not None


async def test_rekey_after_a_theft(config: LedgerConfig) -> None:
    owner = SigningKey.generate("trinity.example/owner")
    async with await Ledger.open(config, owner=owner) as ledger:
        await fill(ledger, 10)
        trusted = await ledger.checkpoint()
        old = await ledger.receipt(3)
        await fill(ledger, 5, start=10)  # made after the theft, perhaps by the thief
        with pytest.raises(NoteError):
            await ledger.rekey_compromised(SigningKey.generate("trinity.example/owner"))
        await ledger.rekey_compromised(owner, trusted)
        assert ledger.verifier_key == owner.verifier
        entry = await ledger.by_key("ledger.key/2")
        assert entry is not None
        assert entry.body["last_trusted_size"] == 10
        new = await ledger.receipt(3)
        assert verify(new, owner.verifier).leaf.sequence == 3
        # the stolen key's signature is worth nothing to whoever knows of the theft
        with pytest.raises(ReceiptError):
            verify(old, owner.verifier, [c.note for c in ledger.history.certificates])
        assert (await ledger.verify_chain()).ok
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 5, start=20)
        assert (await ledger.verify_chain()).ok


async def test_crash_between_new_key_and_its_seal_needs_no_hand(config: LedgerConfig) -> None:
    owner = SigningKey.generate("trinity.example/owner")
    async with await Ledger.open(config, owner=owner) as ledger:
        await fill(ledger, 10)
        trusted = await ledger.checkpoint()
        await fill(ledger, 5, start=10)
        await ledger._logs.rekey(ledger._log_keys, owner, trusted)
    async with await Ledger.open(config) as ledger:
        assert await ledger.by_key("ledger.key/2") is not None
        assert (await ledger.verify_chain()).ok


async def test_two_processes_on_one_ledger(config: LedgerConfig) -> None:
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 3)
        if config.store_order()[0] == "postgres":
            async with await Ledger.open(replace(config, home=config.home.parent / "b", keys_dir=config.keys)) as other:
                assert other.state().role == "follower"
                receipt = await other.append(numbered(3))
                assert receipt.index == 3
                assert other.size == 4
                assert (await ledger.by_key("ex/3")) is not None
                assert (await other.verify_chain()).ok
        else:
            with pytest.raises(LedgerBusy):
                await Ledger.open(config)
        async with await Ledger.open(replace(config, read_only=True)) as reader:
            assert reader.size >= 3
            assert (await reader.verify_chain()).ok
            with pytest.raises(LedgerUnavailable):
                await reader.append(numbered(9))
    async with await Ledger.open(config) as ledger:
        await ledger.append(numbered(4))


async def test_progress_is_told(filled: LedgerConfig) -> None:
    told: list[tuple[int, int]] = []
    assert (await audit(filled, progress=lambda done, all_: told.append((done, all_)))).ok
    assert told[-1] == (600, 600)


async def test_heads_are_published_outside_the_database(config: LedgerConfig, tmp_path: Path) -> None:
    repository = tmp_path / "heads"
    await asyncio.to_thread(subprocess.run, ["git", "init", "-q", str(repository)], check=True)
    for name in ("user.name", "user.email"):
        await asyncio.to_thread(
            subprocess.run, ["git", "-C", str(repository), "config", name, "x@localhost"], check=True
        )
    config = replace(config, checkpoint_git=repository, checkpoint_dir=tmp_path / "published")
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 5)
        head = await ledger.checkpoint()
    assert head is not None
    assert Checkpoint.parse((tmp_path / "published" / "checkpoint").read_bytes()) == head
    shown = await asyncio.to_thread(
        subprocess.run, ["git", "-C", str(repository), "show", "HEAD:checkpoint"], capture_output=True, check=True
    )
    assert shown.stdout.decode() == head.note
