"""The sample tool server as tests declare it, start it over HTTP, and read its own log.

`python tests/servers/buckets.py` prints a tools.toml that declares it, for the walk-through in docs/holds.md.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SERVER = Path(__file__).with_name("bucket_server.py")

TOOLS = """
[server.buckets.tool.list_buckets]
summary = "List the names of all storage buckets."
effect = "read"

[server.buckets.tool.delete_bucket]
summary = "Delete a storage bucket and everything in it."
effect = "irreversible"
{classed}

[server.buckets.tool.add_note]
summary = "Save a note for the asker."
effect = "reversible"
own = true
person = "owner"
scope = "person"
undo = {{ tool = "remove_note", arguments = {{ id = "result.id" }} }}

[server.buckets.tool.remove_note]
summary = "Remove a note of the asker."
effect = "compensable"
own = true
person = "owner"

[server.buckets.tool.fetch_page]
summary = "Fetch the text of a web page."
effect = "read"
outside = true
"""
# Declared besides in tests: too much, graver than it is declared, and not there at all.
TROUBLE = """
[server.buckets.tool.huge]
summary = "Read the whole storage archive."
effect = "read"

[server.buckets.tool.calm]
summary = "Look at the settings of the storage."
effect = "read"

[server.buckets.tool.secret_door]
summary = "Open the door of the storage."
effect = "read"
roles = ["commander"]
"""


def declared(
    *, url: str | None = None, command: list[str] | None = None, action_class: str = "", more: str = "", tools: str = ""
) -> str:
    """tools.toml with the sample server over stdio, or at a URL. `action_class` is delete_bucket's."""
    where = f'url = "{url}"' if url else f"command = {json.dumps(command or [sys.executable, str(SERVER)])}"
    env = "" if url else 'env = ["BUCKET_HOME", "BUCKET_SLOW_S", "BUCKET_BROKEN"]'
    classed = f'class = "{action_class}"' if action_class else ""
    return f"[server.buckets]\n{where}\n{env}\n{more}\n{TOOLS.format(classed=classed)}{TROUBLE}\n{tools}"


def calls(folder: Path, tool: str | None = None) -> list[dict[str, Any]]:
    """Every call that the server saw, in order."""
    log = folder / "calls.jsonl"
    found = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return [one for one in found if tool is None or one["tool"] == tool]


@contextlib.contextmanager
def over_http(folder: Path) -> Iterator[str]:
    """The server in a process of its own; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, str(SERVER), "--http", str(port)],
        env=os.environ | {"BUCKET_HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert process.poll() is None, "the sample server ended"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    command = json.dumps([sys.executable, str(SERVER)])
    print(f'[server.buckets]\ncommand = {command}\nenv = ["BUCKET_HOME"]\n{TOOLS.format(classed="")}')
