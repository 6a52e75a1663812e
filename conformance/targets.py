"""What can be judged: the reference box in this process or over a pseudo-terminal, a faulty box, or any box on a wire."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lockproof.conformance import faults
from lockproof.conformance.faults.degenerate import LINE_FAULTS
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import BenchError, Box

IN_PROCESS, ON_A_LINE = "reference", "pty"
OnFrame = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Target:
    """What is judged. `reference`: the authority is judged with it, since both are ours."""

    name: str
    reference: bool

    @property
    def on_a_line(self) -> bool:
        return self.name != IN_PROCESS and not self.name.startswith("fault:")


def target(name: str) -> Target:
    """`reference`, `pty`, `fault:NAME`, `pty:NAME` (a faulty box on a pseudo-terminal), or the URL of a port."""
    kind, _, fault = name.partition(":")
    if kind == "fault" or (kind == ON_A_LINE and fault):
        faults.named(fault)
    return Target(name, reference=name in {IN_PROCESS, ON_A_LINE})


@contextmanager
def opened(target: Target, on_frame: OnFrame | None = None) -> Iterator[Box]:
    """The box, ready to be asked; whatever was started for it ends with it. Raises `BenchError`."""
    kind, _, fault = target.name.partition(":")
    if target.name == IN_PROCESS:
        yield ReferenceBox()
    elif kind == "fault":
        yield faults.named(fault).make()
    elif kind == ON_A_LINE and "/" not in fault:
        with served(fault or None) as path, _wire(path, on_frame) as box:
            yield box
    else:
        with _wire(target.name, on_frame) as box:
            yield box


@contextmanager
def _wire(url: str, on_frame: OnFrame | None) -> Iterator[Box]:
    from lockproof.hw_adapter.adapter import open_box  # noqa: PLC0415 (pyserial only where there is a line)

    with open_box(url, on_frame=on_frame) as box:
        yield box


@contextmanager
def served(fault: str | None = None) -> Iterator[str]:
    """`lockproof box` as a process of its own on a pseudo-terminal; the path to open."""
    command = [sys.executable, "-m", "lockproof.conformance.command", "box", "--quiet"]
    process = subprocess.Popen([*command, *(["--fault", fault] if fault else [])], stdout=subprocess.PIPE, text=True)  # noqa: S603 (our own command)
    try:
        assert process.stdout is not None
        path = process.stdout.readline().strip()
        if not path:
            raise BenchError("the box that was to be served ended at once; try lockproof box by hand")
        yield path
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def is_line_fault(name: str) -> bool:
    return name in LINE_FAULTS
