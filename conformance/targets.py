"""What can be judged: the reference box in this process or over a pseudo-terminal, a faulty box, or any box on a wire."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import IO

from lockproof.conformance import faults
from lockproof.conformance.faults.degenerate import LINE_FAULTS
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import BadInput, BenchError, Box

IN_PROCESS, ON_A_LINE = "reference", "pty"
ADAPTER, PROGRAM = "adapter", "program"
PARENT_PIPE = "LOCKPROOF_PARENT_PIPE"
"""Environment variable: if set, `lockproof box` ends when its standard input does."""
_CRASHED = 1  # how Python ends after an error that no one expected; lockproof box never ends so of itself
OnFrame = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Target:
    """What is judged. `reference`: the authority is judged with it, since both are ours."""

    name: str
    reference: bool


def target(name: str) -> Target:
    """`reference`, `pty`, `fault:NAME`, `pty:NAME` (a faulty box on a pseudo-terminal), the URL of a port, or, for a box that
    speaks something else, `adapter:NAME[:OPTIONS]` or `program:COMMAND LINE`.

    Raises `BadInput` where nothing is named, or no fault or adapter that exists.
    """
    kind, colon, fault = name.partition(":")
    if not name.strip():
        raise BadInput(
            "--box: name a box: reference, pty, a port (/dev/ttyUSB0, COM3, socket://host:port), fault:NAME, pty:NAME,"
            " adapter:NAME or program:COMMAND"
        )
    if kind in {"fault", ON_A_LINE} and colon and not fault:
        raise BadInput(f"--box {name}: name a fault after the colon   (all faults: lockproof box --list-faults)")
    if kind == "fault" or (kind == ON_A_LINE and fault):
        faults.named(fault)
    if colon and kind in {ADAPTER, PROGRAM}:
        _check_adapter(kind, fault)
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
    elif kind in {ADAPTER, PROGRAM}:
        with _adapted(kind, fault, on_frame) as box:
            yield box
    else:
        with _wire(target.name, on_frame) as box:
            yield box


def _check_adapter(kind: str, rest: str) -> None:
    from lockproof.hw_adapter import installed, program  # noqa: PLC0415 (only where there is such a box)

    if kind == PROGRAM:
        program.words_of(rest)
        return
    name, _, options = rest.partition(":")
    installed.named(name)
    installed.options_of(options)


def _adapted(kind: str, rest: str, on_frame: OnFrame | None) -> AbstractContextManager[Box]:
    from lockproof.hw_adapter import installed, program  # noqa: PLC0415 (only where there is such a box)

    if kind == PROGRAM:
        return program.open_program(rest, on_said=on_frame)
    name, _, options = rest.partition(":")
    return installed.open_adapter(name, installed.options_of(options))


@contextmanager
def _wire(url: str, on_frame: OnFrame | None) -> Iterator[Box]:
    from lockproof.hw_adapter.adapter import open_box  # noqa: PLC0415 (pyserial only where there is a line)

    with open_box(url, on_frame=on_frame) as box:
        yield box


@contextmanager
def served(fault: str | None = None) -> Iterator[str]:
    """`lockproof box` as a process of its own on a pseudo-terminal; the path to open. It ends when this process does."""
    command = [sys.executable, "-m", "lockproof.conformance.command", "box", "--quiet", *(["--fault", fault] if fault else [])]
    with tempfile.TemporaryFile() as said:  # our own standard error it must not hold open, lest its readers wait for it
        process = subprocess.Popen(  # noqa: S603 (our own command)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env={**os.environ, PARENT_PIPE: "1"},
        )
        path = ""
        try:
            assert process.stdout is not None
            path = process.stdout.readline().strip()
            if not path:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(5)
                raise BenchError(f"the box that was to be served ended at once; try lockproof box by hand\n{_text(said)}".strip())
            yield path
        finally:
            _end(process)
            if process.returncode == _CRASHED and path:
                sys.stderr.write(_text(said))


def _text(said: IO[bytes]) -> str:
    said.seek(0)
    return said.read().decode(errors="replace")


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()


def is_line_fault(name: str) -> bool:
    return name in LINE_FAULTS
