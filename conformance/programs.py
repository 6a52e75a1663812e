"""Running a program of the bench: bounded, with everything that it started, and with what it said where it goes wrong."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from typing import IO

from lockproof.conformance.bench import Program
from lockproof.spec.observable import BenchError

_SAID = 2000  # bytes of output that are looked at


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended, and the end of what it wrote."""

    status: int
    said: str


class ProgramError(BenchError):
    """A program of the bench can't do its work: which, from which line of the bench file, what was seen."""

    def __init__(self, program: Program, what: str, said: str = "") -> None:
        told = f"\n    it says: {said}" if said else ""
        super().__init__(f"{program.place}: {shlex.join(program.words)}: {what}; try it by hand in {program.folder}{told}")


def run_program(program: Program, timeout_s: float, box: str) -> Ended:
    """Runs it to its end. Raises `ProgramError` where it can't be started or takes longer than `timeout_s` seconds.

    The environment variable LOCKPROOF_BOX is the name of the box, LOCKPROOF_KIT the id of this process: what the program leaves
    running may look whether that is still there.
    """
    with tempfile.TemporaryFile() as output:  # no pipe: what it leaves running would hold that open
        try:
            process = subprocess.Popen(  # noqa: S603 (the bench file is the user's own)
                program.words,
                cwd=program.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "LOCKPROOF_BOX": box, "LOCKPROOF_KIT": str(os.getpid())},
                start_new_session=True,
            )
        except OSError as error:
            raise ProgramError(program, f"can't be started: {error.strerror}") from None
        try:
            status = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            _end(process)
            raise ProgramError(program, f"did not end within {timeout_s:g} s", _end_of(output)) from None
        except BaseException:
            _end(process)
            raise
        return Ended(status, _end_of(output))


def run_well(program: Program, timeout_s: float, box: str) -> None:
    """The same, of a program that must end with status 0; raises `ProgramError` where it ends with another."""
    ended = run_program(program, timeout_s, box)
    if ended.status != 0:
        raise ProgramError(program, f"ended with status {ended.status}", ended.said)


def _end(process: subprocess.Popen[bytes]) -> None:
    """It and whatever it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _end_of(output: IO[bytes]) -> str:
    output.seek(max(0, output.seek(0, os.SEEK_END) - _SAID))
    return output.read().decode(errors="replace").strip()
