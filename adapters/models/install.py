"""Brings better models to this machine: Ollama pulls its own, a model file is downloaded and checked by its hash."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

GGUF_MAGIC = b"GGUF"  # first bytes of the format (ggml-org, docs/gguf.md)
_MAX_BYTES = 64 * 2**30
_SAFE = re.compile(r"[^\w.-]+")

Heard = Callable[[int, int | None], None]  # bytes so far, bytes in all where known


class InstallError(Exception):
    """The model was not installed; the message says why and that nothing was changed."""


async def pull(url: str, name: str, heard: Heard) -> None:
    """Have the Ollama server at `url` fetch a model by name. Raises InstallError."""
    import httpx
    import ollama

    client = ollama.AsyncClient(host=url, trust_env=False, follow_redirects=False)
    try:
        async for part in await client.pull(name, stream=True):
            heard(part.completed or 0, part.total)
    except (ollama.ResponseError, ConnectionError, httpx.HTTPError) as error:
        raise InstallError(f"Ollama did not fetch {name} ({type(error).__name__}). Nothing was changed.") from error
    finally:
        await client.close()  # type: ignore[no-untyped-call]


def file_name(url: str) -> str:
    """The file's name below the models folder; raises InstallError where the address names no model file."""
    parts = urlsplit(url)
    name = _SAFE.sub("-", unquote(parts.path).rsplit("/", 1)[-1]).lstrip(".-")
    if parts.scheme != "https" or not name.endswith(".gguf"):
        raise InstallError("Only https addresses that end in .gguf can be installed. Nothing was changed.")
    return name


async def download(url: str, sha256: str, folder: Path, heard: Heard) -> Path:
    """Download a model file, check its hash and its format, and only then give it its name. Raises InstallError.

    A download that breaks off or does not match leaves nothing behind.
    """
    import httpx

    name = file_name(url)
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise InstallError("The SHA-256 must be 64 hexadecimal digits; the file's publisher names it.")
    await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    part = folder / f"{name}.part"
    digest, size = hashlib.sha256(), 0
    try:
        async with (
            httpx.AsyncClient(follow_redirects=True, timeout=httpx.Timeout(60.0, connect=10.0)) as client,
            client.stream("GET", url) as answer,
        ):
            answer.raise_for_status()
            total = int(answer.headers["content-length"]) if "content-length" in answer.headers else None
            with part.open("wb") as file:
                async for block in answer.aiter_bytes(1 << 20):
                    size += len(block)
                    if size > _MAX_BYTES:
                        raise InstallError("The file is larger than 64 GiB. Nothing was changed.")
                    digest.update(block)
                    await asyncio.to_thread(file.write, block)
                    heard(size, total)
        _accept(part, digest.hexdigest(), sha256)
        target = folder / name
        os.replace(part, target)
        return target
    except (httpx.HTTPError, OSError) as error:
        raise InstallError(f"The download did not succeed ({type(error).__name__}). Nothing was changed.") from error
    finally:
        part.unlink(missing_ok=True)


def _accept(part: Path, found: str, wanted: str) -> None:
    if found != wanted.lower():
        raise InstallError(f"The file's SHA-256 is {found[:12]}…, not the one given. It was thrown away.")
    with part.open("rb") as file:
        if file.read(len(GGUF_MAGIC)) != GGUF_MAGIC:
            raise InstallError("The file is no GGUF model. It was thrown away.")
