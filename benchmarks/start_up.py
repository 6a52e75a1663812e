"""`lockproof --help` against bare `python -c pass`, and what it must not import."""

from __future__ import annotations

import subprocess
import sys
import time

HEAVY = ("z3", "cvc5", "hypothesis", "cryptography", "serial", "yaml", "cbor2", "rich")
LOOK = "import sys\ntry:\n    from lockproof.conformance.command import app; app(['--help'])\nexcept SystemExit:\n    pass\n"
SEE = f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"


def quickest(*command: str, times: int = 7) -> float:
    """Milliseconds of the quickest of several runs."""
    found = float("inf")
    for _ in range(times):
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        found = min(found, time.perf_counter() - begin)
    return found * 1000


if __name__ == "__main__":
    bare = quickest(sys.executable, "-c", "pass")
    full = quickest(sys.executable, "-m", "lockproof.conformance.command", "--help")
    imported = subprocess.run([sys.executable, "-c", LOOK + SEE], check=True, capture_output=True, text=True).stderr.strip()
    print(f"python -c pass     {bare:6.0f} ms")
    print(
        f"lockproof --help   {full:6.0f} ms   {full - bare:.0f} ms more, {full / bare:.1f} times; heavy modules imported: {imported}"
    )
