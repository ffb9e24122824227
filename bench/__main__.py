"""`make bench`: every measurement, one after the other, each as its own table."""

from __future__ import annotations

import subprocess
import sys

BENCHES = ("bench.floors", "bench.real_traffic", "bench.vault", "bench.router", "bench.holds")


def main() -> int:
    """Run them all, also when one fails; the exit code says whether one did."""
    failed = []
    for bench in BENCHES:
        print(f"\n## {bench}\n", flush=True)
        if subprocess.run([sys.executable, "-m", bench], check=False).returncode:
            failed.append(bench)
    if failed:
        print(f"\nNot measured: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
