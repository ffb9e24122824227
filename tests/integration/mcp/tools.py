"""MCP's published test tools from npm, run with the node that came with them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.servers.model_servers import missing

BIN = Path(__file__).resolve().parents[2] / "servers" / "node_modules" / ".bin"


def run(tool: str, *words: str, home: Path) -> subprocess.CompletedProcess[str]:
    """The tool's output; skips with the reason where it is not installed (a failure where everything must be there)."""
    if not (BIN / tool).exists() or not (BIN / "node").exists():
        missing(f"npm's {tool}")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("NODE_", "npm_", "MCP_"))}
    return subprocess.run(
        [str(BIN / tool), *words],
        env=kept | {"PATH": f"{BIN}:{kept['PATH']}", "HOME": str(home), "NO_COLOR": "1"},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
