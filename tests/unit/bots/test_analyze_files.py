"""Archives: read within limits, whatever they claim; nothing outside memory is touched."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.analyze_files import MOST_FILES, MOST_OF_A_FILE, Unreadable, packed, read_archive, read_folder


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def tarred(*members: tuple[str, bytes], link: str | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        if link is not None:
            info = tarfile.TarInfo("link")
            info.type, info.linkname = tarfile.SYMTYPE, link
            archive.addfile(info)
    return out.getvalue()


@pytest.mark.parametrize(("name", "pack"), [("a.zip", zipped), ("a.tar.gz", tarred)])
def test_text_files_are_read_and_the_rest_is_counted(name: str, pack: object) -> None:
    data = pack(("src/a.py", b"x = 1\n"), ("logo.png", b"\x89PNG\x00\x00"), ("node_modules/b.js", b"no"))  # type: ignore[operator]
    found = read_archive(name, data)
    assert [(f.name, f.text, f.cut) for f in found.files] == [("src/a.py", "x = 1\n", False)]
    assert found.skipped == 2


def test_names_never_lead_anywhere_and_links_are_not_followed(tmp_path: Path) -> None:
    found = read_archive("a.tar.gz", tarred(("../../etc/passwd", b"root"), ("/abs", b"x"), link="/etc/passwd"))
    assert [f.name for f in found.files] == ["etc/passwd", "abs"]
    assert found.files[0].text == "root"
    (tmp_path / "real.py").write_text("x = 1")
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    assert [f.name for f in read_folder(tmp_path).files] == ["real.py"]


def test_a_zip_bomb_costs_one_beginning(tmp_path: Path) -> None:
    bomb = zipped(("big.txt", b"a" * 200_000_000), ("small.txt", b"b"))
    found = read_archive("bomb.zip", bomb)
    assert [(f.name, len(f.text), f.cut) for f in found.files] == [
        ("big.txt", MOST_OF_A_FILE, True),
        ("small.txt", 1, False),
    ]


def test_a_tar_bomb_is_left_at_the_bound() -> None:
    head = tarfile.TarInfo("big.bin")
    head.size = 20_000_000_000
    raw = io.BytesIO()
    with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=1) as out:
        small = tarfile.TarInfo("small.txt")
        small.size = 1
        out.write(small.tobuf() + b"b" + b"\0" * 511 + head.tobuf())
        for _ in range(100):
            out.write(b"a" * 1_000_000)
    found = read_archive("bomb.tgz", raw.getvalue())
    assert [f.name for f in found.files] == ["small.txt", "big.bin"]
    assert "damaged" in found.notes[0]


def test_many_files_are_cut_off_and_said() -> None:
    found = read_archive("a.zip", zipped(*((f"f{n}.txt", b"x") for n in range(MOST_FILES + 5))))
    assert len(found.files) == MOST_FILES
    assert found.notes == [f"Only the first {MOST_FILES:,} text files were read."]


def test_what_is_packed_reads_back(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("größe = 1\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("secret")
    once = read_folder(tmp_path)
    again = read_archive("all.zip", packed(once))
    assert [(f.name, f.text) for f in again.files] == [("src/a.py", "größe = 1\n")]


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tgz"])
@given(data=st.binary(max_size=400))
def test_noise_is_refused_in_one_sentence(name: str, data: bytes) -> None:
    with pytest.raises(Unreadable, match=r"a\.|no text"):
        read_archive(name, data)
