"""`lockproof box`: the reference box, or a faulty one, as a process of its own on a pseudo-terminal or a TCP port."""

from __future__ import annotations

import sys
from pathlib import Path

from lockproof.conformance import faults
from lockproof.conformance.targets import is_line_fault
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.serve import serve_pty, serve_tcp
from lockproof.reference.box import ReferenceBox
from lockproof.spec.profile import Profile


class _Line:
    """A line with no box behind it: everything comes back, or nothing does."""

    def __init__(self, name: str) -> None:
        self._echoes = name == "echo"

    def feed(self, data: bytes) -> bytes:
        return data if self._echoes else b""

    def busy(self) -> bytes:
        return b""


def serve(
    fault: str, tcp: int | None, link: Path | None, store: Path | None, profile: Profile, *, production: bool, quiet: bool
) -> None:
    """Serve until told to stop. Raises `BenchError` for a port, a link or a store that cannot be had."""
    make = faults.named(fault).make if fault else ReferenceBox
    device = _Line(fault) if is_line_fault(fault) else Device(make(store or ":memory:", profile), production=production)

    def ready(where: str) -> None:
        if quiet:
            told = f"{where}\n"
        else:
            who = f"a box with the fault {fault}" if fault else "the reference box"
            told = f"{where}   {who}, until Ctrl-C; judge it with: lockproof run --box {where}\n"
        sys.stdout.write(told)
        sys.stdout.flush()

    if tcp is None:
        serve_pty(device, link, ready)
    else:
        serve_tcp(device, port=tcp, ready=ready)
