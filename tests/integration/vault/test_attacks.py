"""Attacks on the stored bytes, by somebody who holds the database and not the key: each is named by `verify`."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.vault.kit import ORIGIN, Attacker, fill, rechained, tiles_of
from vault.audit import audit
from vault.checkpoint import Checkpoint
from vault.config import LedgerConfig
from vault.errors import TamperError, VaultError
from vault.head import Head
from vault.ledger import Ledger
from vault.note import SigningKey
from vault.stores.base import Row
from vault.verify import VerifyReport

PLACES = {"first": 0, "middle": 283, "last": 599}
COLUMNS = ["seq", "prev", "hash", "key", "envelope", "payload", "head"]


async def named(config: LedgerConfig, *, at: int | None = None, kind: str | None = None) -> VerifyReport:
    """The report of a ledger that must not verify, checked for the kind and the first bad position."""
    report = await audit(config)
    assert not report.ok
    assert report.kind
    assert report.message
    assert report.first_bad is not None
    if at is not None:
        assert report.first_bad == at, report
    if kind is not None:
        assert report.kind == kind, report
    return report


async def refused_or_named(config: LedgerConfig) -> None:
    """Neither `verify` nor a start takes it."""
    await named(config)
    with pytest.raises(VaultError):
        await Ledger.open(config)


def edited(row: Row, column: str) -> Row:
    """The row with one column changed by as little as possible."""
    value = getattr(row, column)
    if column == "seq":
        return row._replace(seq=row.seq + 5000)
    if column == "key":
        return row._replace(key=value + "x")
    if column == "head" and value is not None:
        return row._replace(head=value[:-10] + bytes([value[-10] ^ 1]) + value[-9:])
    if value is None:
        return row._replace(**{column: b"\x00"})
    middle = len(value) // 2
    return row._replace(**{column: value[:middle] + bytes([value[middle] ^ 1]) + value[middle + 1 :]})


async def test_untouched_ledger_verifies(filled: LedgerConfig) -> None:
    report = await audit(filled)
    assert report.ok, report
    assert (report.size, report.texts) == (600, 86)


async def test_rewriting_the_same_bytes_still_verifies(attacker: Attacker) -> None:
    # the attacker's tools change nothing by themselves, so what the other tests find is the attack
    await attacker.write(await attacker.read())
    assert (await audit(attacker.config)).ok


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("column", COLUMNS)
async def test_edit_any_column(attacker: Attacker, column: str, place: str) -> None:
    at, rows = PLACES[place], await attacker.read()
    if attacker.kind == "files" and column == "key":
        pytest.skip("files hold the key inside the envelope only")
    original = tiles_of(rows)
    rows[at] = edited(rows[at], column)
    if column == "seq" and attacker.kind != "files":
        rows.sort(key=lambda row: row.seq)
    await attacker.write(rows, original)
    await named(attacker.config, at=at if place != "last" or column != "seq" else None)


@pytest.mark.parametrize("place", PLACES)
async def test_edit_with_the_rows_hash_recomputed(attacker: Attacker, place: str) -> None:
    at, rows = PLACES[place], await attacker.read()
    changed = rows[at]._replace(envelope=rows[at].envelope.replace(b'"SEAL"', b'"VOID"'))
    rows[at] = rechained([*rows[:at], changed], at)[at]
    await attacker.write(rows)
    report = await named(attacker.config)
    # the next row's link betrays it; on the last row the signed head does
    assert report.first_bad == (at + 1 if at < 599 else at)


@pytest.mark.parametrize("place", PLACES)
async def test_edit_with_the_whole_rest_recomputed(attacker: Attacker, place: str) -> None:
    at, rows = PLACES[place], await attacker.read()
    rows[at] = rows[at]._replace(envelope=rows[at].envelope.replace(b'"SEAL"', b'"VOID"'))
    await attacker.write(rechained(rows, at))
    report = await named(attacker.config)
    assert report.kind in {"tree", "head", "fork"}
    # the first signed head that covers the edit is the one that does not fit: batches may be small, not above 60
    assert at <= (report.first_bad or 0) < at + 60


@pytest.mark.parametrize("place", PLACES)
async def test_everything_recomputed_and_signed_with_a_foreign_key_of_the_same_name(
    attacker: Attacker, place: str
) -> None:
    at, rows = PLACES[place], await attacker.read()
    rows[at] = rows[at]._replace(envelope=rows[at].envelope.replace(b'"SEAL"', b'"VOID"'))
    await attacker.write(resigned(rechained(rows, at), SigningKey.generate(ORIGIN)))
    await named(attacker.config)


def resigned(rows: list[Row], key: SigningKey) -> list[Row]:
    """All heads made anew, under another key."""
    from vault.checkpoint import link
    from vault.head import digest
    from vault.tiles import Edge

    edge, before, out = Edge.empty(), digest(b""), []
    for row in rows:
        edge.append(row.hash)
        if row.head is not None:
            checkpoint = Checkpoint(ORIGIN, edge.size, edge.root(), (link(before),)).signed(key)
            data = Head(tuple(edge.stack), checkpoint).encode()
            before = digest(data)
            row = row._replace(head=data)
        out.append(row)
    return out


@pytest.mark.parametrize("number", [-1, 2**63 - 1, None])
async def test_a_row_outside_the_numbering_is_named(attacker: Attacker, number: int | None) -> None:
    if attacker.kind == "files":
        pytest.skip("files have no row without a place")
    rows = await attacker.read()
    await attacker.write([*rows, renamed(rows[5])._replace(seq=number)], tiles_of(rows))
    await named(attacker.config)


@pytest.mark.parametrize("column", ["prev", "hash", "envelope", "payload", "head"])
async def test_a_column_of_another_type_is_named(attacker: Attacker, column: str) -> None:
    if attacker.kind != "sqlite":
        pytest.skip("only SQLite keeps any type in any column")
    rows = await attacker.read()
    tiles = tiles_of(rows)
    rows[283] = rows[283]._replace(**{column: "text"})
    await attacker.write(rows, tiles)
    report = await named(attacker.config)
    assert report.first_bad == 283


async def test_key_swap_under_the_same_name(attacker: Attacker) -> None:
    rows = await attacker.read()
    await attacker.write(resigned(rows, SigningKey.generate(ORIGIN)))
    # every root is true, only the signer is not: a signature fault, at the last head
    await named(attacker.config, at=599, kind="signature")


async def test_key_swap_in_the_key_folder_too(filled: LedgerConfig, tmp_path: Path) -> None:
    # Somebody who also replaces certificates and anchor is caught by any key or head kept elsewhere.
    from vault.logkeys import read_history

    true_key = read_history(filled.keys / "log").current.key
    other = replace(filled, home=tmp_path / "other", stores=("sqlite",), database_url=None)
    async with await Ledger.open(other):
        pass
    shutil.rmtree(filled.keys / "log")
    shutil.copytree(other.keys / "log", filled.keys / "log")
    await named(filled, kind="signature")
    report = await audit(filled, anchor=true_key)
    assert not report.ok


async def test_delete_in_the_middle(attacker: Attacker) -> None:
    rows = await attacker.read()
    original = tiles_of(rows)
    del rows[300]
    await attacker.write(rows, original)
    report = await named(attacker.config)
    assert report.first_bad in ({300} if attacker.kind != "files" else {256, 300})


async def test_delete_in_the_middle_and_renumber(attacker: Attacker) -> None:
    rows = await attacker.read()
    del rows[300]
    renumbered = [row._replace(seq=place) for place, row in enumerate(rows)]
    await attacker.write(renumbered)
    await named(attacker.config, at=300)


async def test_delete_and_recompute_the_rest(attacker: Attacker) -> None:
    rows = await attacker.read()
    del rows[300]
    await attacker.write(rechained(rows, 300))
    report = await named(attacker.config)
    assert 300 <= (report.first_bad or 0) < 360


@pytest.mark.parametrize("cut", ["one", "some", "to-last-head", "to-empty"])
async def test_cut_the_tail(attacker: Attacker, cut: str) -> None:
    rows = await attacker.read()
    heads = [place for place, row in enumerate(rows) if row.head is not None]
    left = {"one": 599, "some": 577, "to-last-head": heads[-2] + 1, "to-empty": 0}[cut]
    await attacker.write(rows[:left])
    report = await named(attacker.config, at=left)
    assert report.kind == "rollback"
    await refused_or_named(attacker.config)


async def test_restore_of_an_old_backup(config: LedgerConfig) -> None:
    attacker = Attacker(config)
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 300)
    backup = await attacker.read()
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 300, start=300)
    await attacker.write(backup)
    await named(config, at=300, kind="rollback")
    with pytest.raises(TamperError):
        await Ledger.open(config)


async def test_an_old_backup_is_seen_from_any_head_that_was_sent_out(config: LedgerConfig) -> None:
    # even where the attacker rolls back the local watermark and the published heads with it
    attacker = Attacker(config)
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 300)
    backup = await attacker.read()
    async with await Ledger.open(config) as ledger:
        await fill(ledger, 60, start=300)
        receipt = await ledger.receipt(355)
        head = await ledger.checkpoint()
    await attacker.write(backup)
    shutil.rmtree(config.checkpoints)
    assert (await audit(config)).ok
    assert head is not None
    mail = f"Weekly report\r\n\r\nThe ledger stands at:\r\n\r\n{head.note}\r\nGoodbye.\r\n"
    for known in (receipt, head, head.note, mail):
        report = await audit(config, since=known)
        assert (report.ok, report.kind, report.first_bad) == (False, "rollback", 300), known


async def test_swap(attacker: Attacker) -> None:
    rows = await attacker.read()
    rows[100], rows[101] = rows[101]._replace(seq=100), rows[100]._replace(seq=101)
    await attacker.write(rows)
    await named(attacker.config, at=100)


async def test_swap_two_envelopes(attacker: Attacker) -> None:
    rows = await attacker.read()
    one, two = rows[100], rows[101]
    rows[100] = one._replace(envelope=two.envelope, payload=two.payload, key=two.key)
    rows[101] = two._replace(envelope=one.envelope, payload=one.payload, key=one.key)
    await attacker.write(rows)
    await named(attacker.config, at=100)


def renamed(row: Row) -> Row:
    """The same entry under a key that the ledger does not have."""
    return row._replace(envelope=row.envelope.replace(row.key.encode(), b"ex/xxx", 1), key="ex/xxx", head=None)


async def test_duplicate(attacker: Attacker) -> None:
    rows = await attacker.read()
    await attacker.write([*rows[:101], rows[100], *rows[101:]], tiles_of(rows))
    report = await named(attacker.config)
    assert report.first_bad in ({101} if attacker.kind != "files" else {101, 256})


async def test_insert(attacker: Attacker) -> None:
    rows = await attacker.read()
    extra = renamed(rows[100])
    await attacker.write(rechained([*rows[:101], extra, *rows[101:]], 101))
    report = await named(attacker.config)
    assert 101 <= (report.first_bad or 0) < 162


async def test_append_without_the_key(attacker: Attacker) -> None:
    rows = await attacker.read()
    extra = renamed(rows[100])
    await attacker.write(rechained([*rows, extra], 600))
    await named(attacker.config, at=600, kind="unsigned")
    await refused_or_named(attacker.config)


async def test_entry_replayed_from_another_ledger(attacker: Attacker, tmp_path: Path) -> None:
    other = LedgerConfig(tmp_path / "other", "somebody.else/ledger", stores=("sqlite",))
    async with await Ledger.open(other) as ledger:
        await fill(ledger, 101)
    foreign = await Attacker(other).read()
    rows = await attacker.read()
    rows[100] = rows[100]._replace(hash=foreign[100].hash, envelope=foreign[100].envelope)
    await attacker.write(rows)
    await named(attacker.config, at=100)


async def test_whole_ledger_replaced_by_another(attacker: Attacker, tmp_path: Path) -> None:
    other = LedgerConfig(tmp_path / "other", ORIGIN, stores=("sqlite",))
    async with await Ledger.open(other) as ledger:
        await fill(ledger, 600)
    await attacker.write(await Attacker(other).read())
    await refused_or_named(attacker.config)


async def test_chain_right_with_tree_wrong(attacker: Attacker) -> None:
    rows = await attacker.read()
    tiles = tiles_of(rows)
    data = tiles[1].data
    if attacker.kind == "files":
        # the files' tile of level 0 is the row hash itself; there the tree above it is in the heads
        row = rows[283]
        rows[283] = row._replace(hash=hashlib.sha256(row.hash).digest())
        await attacker.write(rows)
        await named(attacker.config, at=283)
        return
    tiles[1] = replace(tiles[1], data=data[:32] + hashlib.sha256(b"").digest() + data[64:])
    await attacker.write(rows, tiles)
    await named(attacker.config, at=256, kind="tree")


async def test_tile_root_wrong_or_tile_missing(attacker: Attacker) -> None:
    rows = await attacker.read()
    tiles = tiles_of(rows)
    if attacker.kind != "files":
        await attacker.write(rows, [tiles[0], replace(tiles[1], root=bytes(32))])
        await named(attacker.config, at=256, kind="tree")
    await attacker.write(rows, tiles[:1])
    if attacker.kind == "files":
        (attacker.config.vault / "files/tile/0/001").unlink()
    await named(attacker.config)


async def test_tree_of_the_head_wrong_with_chain_right(attacker: Attacker) -> None:
    rows = await attacker.read()
    at = next(place for place, row in enumerate(rows) if row.head is not None and place > 300)
    head = rows[at].head or b""
    rows[at] = rows[at]._replace(head=head[:1] + bytes([head[1] ^ 1]) + head[2:])
    await attacker.write(rows)
    await named(attacker.config, at=at, kind="head")


async def test_tree_right_with_chain_wrong(attacker: Attacker) -> None:
    rows = await attacker.read()
    rows[283] = rows[283]._replace(prev=hashlib.sha256(b"elsewhere").digest())
    await attacker.write(rows)
    await named(attacker.config, at=283, kind="chain")


@pytest.mark.parametrize("what", ["edited", "removed", "moved"])
async def test_root_right_with_a_stored_payload_changed(attacker: Attacker, what: str) -> None:
    rows = await attacker.read()
    at = next(place for place, row in enumerate(rows) if row.payload is not None and place > 300)
    payload = rows[at].payload or b""
    other = next(row.payload for row in rows[:at] if row.payload is not None)
    changed = {"edited": payload[:-1] + bytes([payload[-1] ^ 1]), "removed": None, "moved": other}[what]
    rows[at] = rows[at]._replace(payload=changed)
    await attacker.write(rows)
    await named(attacker.config, at=at, kind="payload")


async def test_head_of_a_later_batch_moved_to_an_earlier_one(attacker: Attacker) -> None:
    rows = await attacker.read()
    heads = [place for place, row in enumerate(rows) if row.head is not None]
    rows[heads[2]] = rows[heads[2]]._replace(head=rows[heads[4]].head)
    await attacker.write(rows)
    await named(attacker.config, at=heads[2], kind="head")


async def test_a_middle_head_taken_away(attacker: Attacker) -> None:
    rows = await attacker.read()
    heads = [place for place, row in enumerate(rows) if row.head is not None]
    rows[heads[2]] = rows[heads[2]]._replace(head=None)
    await attacker.write(rows)
    await named(attacker.config, at=heads[3], kind="head")


async def test_watermark_edited(filled: LedgerConfig) -> None:
    mark = filled.home / "checkpoints" / "watermark"
    mark.write_bytes(mark.read_bytes().replace(b"\n600\n", b"\n601\n"))
    report = await audit(filled)
    assert not report.ok
    assert report.kind == "signature"
    with pytest.raises(TamperError):
        await Ledger.open(filled)
