"""Installing a model file: only the file that was meant gets its name."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.models import install
from adapters.models.embedded import installed_weights
from adapters.models.install import InstallError, download, file_name

MODEL = b"GGUF" + bytes(range(256)) * 10
URL = "https://models.invalid/path/Some%20Model-Q4.gguf"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the download finds; no socket is opened."""
    page: dict[str, Any] = {"status": 200, "body": MODEL}
    real = httpx.AsyncClient

    def client(**given: Any) -> httpx.AsyncClient:
        given["transport"] = httpx.MockTransport(lambda _: httpx.Response(page["status"], content=page["body"]))
        return real(**given)

    monkeypatch.setattr(httpx, "AsyncClient", client)
    return page


def quiet(done: int, total: int | None) -> None:
    pass


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


async def test_the_right_file_becomes_a_local_model(tmp_path: Path, served: dict[str, Any]) -> None:
    target = await download(URL, sha(MODEL), tmp_path / "models", quiet)
    assert target.name == "Some-Model-Q4.gguf"
    assert target.read_bytes() == MODEL
    found = installed_weights(tmp_path / "models")
    assert [(w.name, w.demonstration) for w in found] == [("Some-Model-Q4", False)]


@pytest.mark.parametrize(
    ("status", "body", "wanted"),
    [(200, MODEL, sha(b"other")), (404, b"", sha(b"")), (200, b"<html>", sha(b"<html>")), (200, MODEL, "short")],
)
async def test_anything_else_leaves_nothing_behind(
    tmp_path: Path, served: dict[str, Any], status: int, body: bytes, wanted: str
) -> None:
    served |= {"status": status, "body": body}
    with pytest.raises(InstallError):
        await download(URL, wanted, tmp_path, quiet)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["http://x/y.gguf", "https://x/y.bin", "https://x/", "ftp://x/y.gguf"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(InstallError):
        file_name(url)


def test_a_name_cannot_leave_the_folder() -> None:
    assert "/" not in file_name("https://x/..%2F..%2Fetc%2Fpasswd.gguf")
    assert install.file_name("https://x/a/../.hidden.gguf") == "hidden.gguf"
