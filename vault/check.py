"""Check a receipt offline: `python -m vault.check FILE --key PUBKEY`; needs only Python and `cryptography`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from vault.errors import VaultError
from vault.note import VerifierKey
from vault.receipt import Proven, verify

_BETWEEN = "\n\x0c\n"


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when the receipt holds, 1 when it does not, 2 when the question is malformed."""
    parser = argparse.ArgumentParser(prog="python -m vault.check", description=__doc__)
    parser.add_argument("file", type=Path, help="receipt file")
    parser.add_argument("--key", required=True, help="public key you trust (name+hash+base64), or a file that holds it")
    parser.add_argument("--certificates", type=Path, help="the log's present `certificates` file, if you have it")
    parser.add_argument("--json", action="store_true", help="print the proven entry as JSON")
    options = parser.parse_args(arguments)
    try:
        key = VerifierKey.parse(_key_text(options.key))
        data = options.file.read_bytes()
        newer = options.certificates.read_text().split(_BETWEEN) if options.certificates else []
    except (VaultError, OSError, UnicodeDecodeError) as error:
        print(f"cannot check: {error}", file=sys.stderr)
        return 2
    try:
        proven = verify(data, key, newer)
    except VaultError as error:
        print(f"NOT PROVEN: {error.diagnostics()}", file=sys.stderr)
        return 1
    print(json.dumps(_facts(proven), ensure_ascii=False) if options.json else _sentence(proven))
    return 0


def _key_text(argument: str) -> str:
    path = Path(argument)
    try:
        return path.read_text() if path.is_file() else argument
    except OSError:
        return argument


def _facts(proven: Proven) -> dict[str, object]:
    return {
        "origin": proven.leaf.origin,
        "index": proven.leaf.sequence,
        "entry_hash": proven.entry_hash.hex(),
        "tree_size": proven.checkpoint.size,
        "signed_by": str(proven.signed_by),
        "entry": dict(proven.envelope),
        "texts": dict(proven.texts),
    }


def _sentence(proven: Proven) -> str:
    envelope = proven.envelope
    lines = [
        f"PROVEN: entry {proven.leaf.sequence} of {proven.leaf.origin}, in a signed tree of {proven.checkpoint.size}.",
        f"  hash  {proven.entry_hash.hex()}",
        f"  kind  {envelope['kind']}   time {envelope['time']} (as stated by the log)",
        f"  body  {json.dumps(envelope['record'], ensure_ascii=False)}",
    ]
    lines += [f"  text  {name}: {text}" for name, text in proven.texts.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
