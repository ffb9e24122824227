#!/bin/sh
# Installs the model servers that tests/integration/models talks to, and MCP's test tools for tests/integration/mcp,
# apart from Trinity's own environment.
# Safe to run again; does nothing when the pinned versions are there already.
set -eu
cd "$(dirname "$0")"
stamp=.venv-servers/installed
if ! cmp -s requirements.txt "$stamp"; then
    if command -v uv >/dev/null 2>&1; then
        uv venv -q --clear .venv-servers
        uv pip install -q --python .venv-servers/bin/python -r requirements.txt
    else
        "${PYTHON:-python3}" -m venv .venv-servers
        .venv-servers/bin/python -m pip install -q -r requirements.txt
    fi
    cp requirements.txt "$stamp"
fi
if command -v npm >/dev/null 2>&1; then
    # MCP's tools want a newer node than Debian's: npm brings it, and the tests put it first on their PATH.
    if ! cmp -s package.json node_modules/.installed; then
        npm install --silent --no-audit --no-fund --no-package-lock
        cp package.json node_modules/.installed
    fi
else
    echo "npm is not here: the tests that need aimock or MCP's test tools will say so and be skipped" >&2
fi
