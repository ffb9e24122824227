"""Batches: resumable, bounded, a failed row is a row, and what another program wrote is not overwritten."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.batch import AT_ONCE, BatchRefused, Row, RowFailed, read_rows, run


@pytest.fixture
def source(tmp_path: Path) -> Path:
    lines = [
        {"prompt": "one", "id": "a"}, {"text": "two", "agent": "c1"}, "not an object", {"prompt": ""},
        {"prompt": "three", "agent": "c9"}, {"message": "four"},
    ]  # fmt: skip
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join([*(json.dumps(line) for line in lines), "{torn", ""]))
    return path


class Asked:
    """Answers by upper case; `fails` names texts that get none."""

    def __init__(self, *fails: str) -> None:
        self.texts: list[str] = []
        self.keys: list[str] = []
        self.fails = fails
        self.now = self.most = 0

    async def __call__(self, row: Row) -> Mapping[str, Any]:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        self.texts.append(row.text)
        self.keys.append(row.asked_as.rpartition("-")[2])
        if row.text in self.fails:
            raise RowFailed("No model answered.", heard=True)
        return {"exchange_id": "ex", "verdict": "SEAL", "reply": row.text.upper()}


def lines_of(path: Path) -> dict[int, dict[str, Any]]:
    return {line["row"]: line for line in map(json.loads, path.read_text().splitlines())}


async def test_every_line_becomes_one_line_and_a_fault_is_a_row(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    tally = await run(source, out, Asked("four"))
    found = lines_of(out)
    assert sorted(found) == [1, 2, 3, 4, 5, 6, 7]
    assert (found[1]["reply"], found[1]["id"], found[1]["error"]) == ("ONE", "a", None)
    assert {n: bool(line["error"]) for n, line in found.items()} == {
        1: False, 2: False, 3: True, 4: True, 5: True, 6: True, 7: True,
    }  # fmt: skip
    assert (tally.total, tally.done, tally.failed) == (7, 7, 5)


async def test_a_second_run_asks_only_what_failed_and_a_torn_line_is_asked_again(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    await run(source, out, Asked("four"))
    text = out.read_text()
    first = next(line for line in text.splitlines() if '"row": 1,' in line)
    out.write_text(text.replace(first, first[:20]))  # the power went while the line was being written
    again = Asked()
    tally = await run(source, out, again)
    assert sorted(again.texts) == ["four", "one"]
    assert sorted(again.keys) == ["0", "1"]  # a new question after an answer of "none", the same one otherwise
    assert (tally.kept, lines_of(out)[6]["reply"], lines_of(out)[1]["reply"]) == (1, "FOUR", "ONE")


async def test_stopped_half_way_it_goes_on(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"

    class Stops(Asked):
        async def __call__(self, row: Row) -> Mapping[str, Any]:
            if len(self.texts) == 1:
                raise RuntimeError("stopped")
            return await super().__call__(row)

    with pytest.raises(ExceptionGroup):
        await run(source, out, Stops(), at_once=1)
    again = Asked()
    await run(source, out, again)
    assert sorted(again.texts) == ["four", "two"]


async def test_no_more_than_allowed_side_by_side(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(json.dumps({"prompt": f"p{n}"}) for n in range(40)))
    asked = Asked()
    await run(source, tmp_path / "out.jsonl", asked)
    assert len(asked.texts) == 40
    assert 1 < asked.most <= AT_ONCE


async def test_another_programs_file_is_left_alone(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "thesis.txt"
    out.write_text("ten years of work\n")
    with pytest.raises(BatchRefused, match="not the output"):
        await run(source, out, Asked())
    assert out.read_text() == "ten years of work\n"
    binary = tmp_path / "in.bin"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BatchRefused, match="UTF-8"):
        await run(binary, tmp_path / "new.jsonl", Asked())


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=60), max_size=8))
def test_no_line_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = tmp_path_factory.mktemp("rows") / "in.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    rows = read_rows(path)
    assert len({row.key for row in rows}) == len(rows)
    assert all(row.error or row.text.strip() for row in rows)
