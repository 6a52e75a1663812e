"""`lockproof box`: the reference box, or a faulty one, as a process of its own on a pseudo-terminal or a TCP port."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from lockproof.conformance import faults
from lockproof.conformance.surroundings import NOTHING_AROUND, Surroundings
from lockproof.conformance.targets import PARENT_PIPE, is_line_fault
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.serve import Served, serve_pty, serve_tcp
from lockproof.reference.box import ReferenceBox
from lockproof.reference.hardware import Clock
from lockproof.spec.observable import BadInput
from lockproof.spec.profile import Profile

LAST_PORT = 65535


class _Line:
    """A line with no box behind it: everything comes back, or nothing does."""

    def __init__(self, name: str) -> None:
        self._echoes = name == "echo"

    def feed(self, data: bytes) -> bytes:
        return data if self._echoes else b""

    def busy(self) -> bytes:
        return b""


def serve(
    fault: str,
    tcp: int | None,
    link: Path | None,
    store: Path | None,
    profile: Profile,
    *,
    production: bool,
    quiet: bool,
    surroundings: Surroundings = NOTHING_AROUND,
    clock: Clock | None = None,
) -> None:
    """Serve until told to stop. Raises `BenchError` for a port, a link or a store that cannot be had.

    With `clock` that only runs: the box declares that nobody can hold or move it. Raises `BadInput` for a fault that does not
    exist, and for a number that is no TCP port.
    """
    if tcp is not None and not 0 <= tcp <= LAST_PORT:
        raise BadInput(f"--tcp {tcp}: a TCP port is a number from 0 to {LAST_PORT}; 0 picks one that is free")
    make = faults.named(fault).make if fault else ReferenceBox
    device: Served = _Line(fault)
    if not is_line_fault(fault):
        box = make(store or ":memory:", profile, clock)
        if clock:
            box.clock_modes = ("wall-clock",)
        device = surroundings.around(box, lambda: Device(box, production=production))

    def ready(where: str) -> None:
        if quiet:
            told = f"{where}\n"
        else:
            who = f"a box with the fault {fault}" if fault else "the reference box"
            told = f"{where}   {who}, until Ctrl-C; judge it with: lockproof run --box {where}\n"
        sys.stdout.write(told)
        sys.stdout.flush()

    stop = threading.Event()
    if os.environ.get(PARENT_PIPE):
        threading.Thread(target=_stop_with_the_parent, args=(stop,), daemon=True).start()
    if tcp is None:
        serve_pty(device, link, ready, stop)
    else:
        serve_tcp(device, port=tcp, ready=ready, stop=stop)


def _stop_with_the_parent(stop: threading.Event) -> None:
    """Standard input is a pipe that only the parent holds open: it ends when the parent does, however that ended."""
    while os.read(0, 1):  # below sys.stdin, whose lock a thread must not hold as the process ends
        pass
    stop.set()
