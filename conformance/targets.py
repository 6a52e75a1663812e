"""What can be judged: the reference box in this process or over a pseudo-terminal, a faulty box, or any box on a wire."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from lockproof.conformance import authorities, faults
from lockproof.conformance.authorities import Judged
from lockproof.conformance.bench import OPERATOR, Bench, Board, read
from lockproof.conformance.faults.degenerate import LINE_FAULTS
from lockproof.hw_adapter.bench_time import BenchTime, RealTime, VirtualTime
from lockproof.reference.box import ReferenceBox
from lockproof.reference.hardware import Clock
from lockproof.spec.observable import BadInput, BenchError, Box

if TYPE_CHECKING:
    from lockproof.hw_adapter.reconnect import ComingBack

IN_PROCESS, ON_A_LINE, FIRMWARE = "reference", "pty", "firmware"
ADAPTER, PROGRAM = "adapter", "program"
IN_PROCESS_FAULT = "fault"
PARENT_PIPE = "LOCKPROOF_PARENT_PIPE"
"""Environment variable: if set, `lockproof box` ends when its standard input does."""
SHORT_OFF_S = 0.5
"""For how long a supply may be off where the clock runs, in seconds: what comes next must be carried out in the same second."""
COMES_BACK_S = 30.0
"""How long a run waits for a line that is lost, in seconds."""
_AUTHORITY, _WITH = "authority", " with "
OnBytes = Callable[[str, bytes], None]


@dataclass(frozen=True, slots=True)
class Target:
    """What is judged. `reference`: the authority is judged with it, since both are ours.

    `authority` names one that is judged instead of the reference, `box` the box beside it, which is judged, too, if it was named.
    """

    name: str
    reference: bool
    board: Board | None = None  # of a bench file
    time: BenchTime = field(
        default_factory=RealTime, compare=False
    )  # in which it lives: a box in this process, in one of its own
    authority: str = ""
    box: str = ""
    make: Callable[..., ReferenceBox] | None = field(default=None, compare=False)  # of a box in this process that no name names

    @property
    def judges_box(self) -> bool:
        """It is more than the reference box beside an authority."""
        return self.authority == "" or self.box != ""

    @property
    def judges_authority(self) -> bool:
        return self.reference or self.authority != ""

    def cuts_supply(self, holdover: int, *, held: bool) -> bool:
        """The bench can cut this box's supply, for less time than its clock runs without power, so that it still knows the time.

        A clock that is not held runs on meanwhile, and what comes next is meant for the same second.
        """
        power = self.board.power if self.board else None
        return power is not None and power.longest_off <= holdover and (held or power.minimum_off <= SHORT_OFF_S)

    @property
    def asks_the_operator(self) -> bool:
        """Somebody at the terminal is asked what this box does."""
        return self.board is not None and self.board.observation.by == OPERATOR

    def refuse_beyond_budget(self, writes: int, cuts: int) -> None:
        """Raises `BadInput` for a plan that costs the box more than its bench file allows."""
        if self.board is None:
            return
        for what, cost, most in (("writes", writes, self.board.budget.writes), ("cuts", cuts, self.board.budget.cuts)):
            if most is not None and cost > most:
                raise BadInput(
                    f"{self.board.place}: this run costs box {self.board.name} about {cost} {what}, and its budget is {most};"
                    " choose fewer scenarios with --scenario or --suite, or raise the budget"
                )


def chosen(names: Sequence[str], bench_file: Path | None = None, authority: str = "") -> list[Target]:
    """The targets of these names; if there are none, every connected box of the bench file, or the reference box in both places.

    With an authority, that is judged beside each of them, or beside the reference box if none is named. Raises `BadInput` for names
    that are none, and for what is wrong in the file.
    """
    if authority:
        return with_authority(authority, chosen(names, bench_file) if names or bench_file else ())
    bench = read(bench_file) if bench_file else None
    if bench is None:
        return [target(name) for name in names or (IN_PROCESS, ON_A_LINE)]
    connected = [board.name for board in bench.boards.values() if board.connected]
    if not (names or connected):
        raise BadInput(f"{bench.path}: no box is connected; write connected = true where one is")
    return [target(name, bench) for name in names or connected]


def with_authority(name: str, boxes: Sequence[Target]) -> list[Target]:
    """The authority of this name, beside each of these boxes, or beside the reference box in this process if there are none.

    Raises `BadInput` where none is named.
    """
    authorities.check(name)
    if not boxes:
        return [Target(f"{_AUTHORITY} {name}", reference=False, time=VirtualTime(), authority=name)]
    return [
        replace(box, name=f"{_AUTHORITY} {name}{_WITH}{box.name}", reference=False, authority=name, box=box.name) for box in boxes
    ]


def of_authority(name: str) -> tuple[str, str]:
    """Of the name of a target: that of the authority that is judged, and of the box that is named beside it, each empty if none is."""
    kind, _, rest = name.partition(" ")
    if kind != _AUTHORITY:
        return "", ""
    authority, _, box = rest.rpartition(_WITH)
    return (authority, box) if authority else (rest, "")


def target(name: str, bench: Bench | None = None) -> Target:
    """`reference`, `pty`, `fault:NAME`, `pty:NAME` (a faulty box on a pseudo-terminal), `firmware` (the port kit's host port, built
    and started), `firmware:NAME` (with a fault of its own), the URL of a port, a box of a bench file, or, for a box that speaks
    something else, `adapter:NAME[:OPTIONS]` or `program:COMMAND LINE`.

    A box of a bench is `bench:NAME`, or NAME alone where the file has it. Raises `BadInput` where nothing is named, no fault that
    exists, or no box of the bench.
    """
    in_bench = name.removeprefix("bench:")
    if bench is not None and (name != in_bench or in_bench in bench.boards or _is_no_port(name)):
        return Target(in_bench, reference=False, board=bench.board(in_bench))
    if name != in_bench:
        raise BadInput(f"--box {name}: {in_bench or 'that'} is looked for in a bench file, and none is named; add --bench FILE")
    kind, colon, fault = name.partition(":")
    if not name.strip():
        raise BadInput(
            "--box: name a box: reference, pty, firmware, a port (/dev/ttyUSB0, COM3, socket://host:port), fault:NAME, pty:NAME,"
            " adapter:NAME or program:COMMAND"
        )
    if kind in {IN_PROCESS_FAULT, ON_A_LINE, FIRMWARE} and colon and not fault:
        raise BadInput(f"--box {name}: name a fault after the colon   (all faults: lockproof box --list-faults)")
    if kind == IN_PROCESS_FAULT or (kind == ON_A_LINE and fault):
        faults.named(fault)
    if colon and kind in {ADAPTER, PROGRAM}:
        _check_adapter(kind, fault)
    if kind == FIRMWARE:
        return Target(name, reference=False, board=_port_kit(fault))
    in_process = name == IN_PROCESS or kind == IN_PROCESS_FAULT
    return Target(name, reference=name in {IN_PROCESS, ON_A_LINE}, time=VirtualTime() if in_process else RealTime())


def _is_no_port(name: str) -> bool:
    """A word that can only be meant for a box of the bench file."""
    word = re.fullmatch(r"[\w.-]+", name) and not re.fullmatch(r"COM\d+", name, re.IGNORECASE)
    return bool(word) and name not in {IN_PROCESS, ON_A_LINE, FIRMWARE} and not Path(name).exists()


@contextmanager
def opened(
    target: Target, on_bytes: OnBytes | None = None, *, without_power: bool = False, beside: Judged | None = None
) -> Iterator[Box]:
    """The box, ready to be asked, `on_bytes` told of every byte on its line; whatever was started for it ends with it.

    `without_power`: a run that was stopped may have left it so; where the bench can, its supply is switched on. `beside`: the
    authority that is judged, where one is. Raises `BenchError`.
    """
    name = target.box or target.name
    kind, _, fault = name.partition(":")
    if beside is not None and not target.judges_box:
        yield beside.box(Clock(target.time.now))
    elif target.board is not None:
        from lockproof.conformance import boards  # noqa: PLC0415 (pyserial only where there is a line)

        with boards.opened(target.board, on_bytes, _coming_back(), without_power=without_power) as box:
            yield box
    elif target.make is not None:
        yield target.make(clock=Clock(target.time.now))
    elif name == IN_PROCESS:
        yield ReferenceBox(clock=Clock(target.time.now))
    elif kind == IN_PROCESS_FAULT:
        yield faults.named(fault).make(clock=Clock(target.time.now))
    elif kind == ON_A_LINE and "/" not in fault:
        with served(fault or None) as path, _wire(path, on_bytes) as box:
            yield box
    elif kind in {ADAPTER, PROGRAM}:
        with _adapted(kind, fault, on_bytes) as box:
            yield box
    else:
        with _wire(name, on_bytes, _coming_back()) as box:
            yield box


@contextmanager
def opened_authority(target: Target, on_said: OnBytes | None = None) -> Iterator[Judged | None]:
    """The authority that is judged instead of the reference, None where none is. Raises `BenchError`."""
    if not target.authority:
        yield None
        return
    with authorities.opened(target.authority, on_said) as judged:
        yield judged


def _port_kit(fault: str) -> Board:
    from lockproof.conformance import port_kit  # noqa: PLC0415 (only where there is such a box)

    if fault:
        faults.one_of(port_kit.all_faults(), fault)
    return port_kit.board(fault)


def _check_adapter(kind: str, rest: str) -> None:
    from lockproof.hw_adapter import installed, line_program  # noqa: PLC0415 (only where there is such a box)

    if kind == PROGRAM:
        line_program.words_of(rest)
        return
    name, _, options = rest.partition(":")
    installed.named(name)
    installed.options_of(options)


def _adapted(kind: str, rest: str, on_bytes: OnBytes | None) -> AbstractContextManager[Box]:
    from lockproof.hw_adapter import installed, program  # noqa: PLC0415 (only where there is such a box)

    if kind == PROGRAM:
        return program.open_program(rest, on_said=on_bytes)
    name, _, options = rest.partition(":")
    return installed.open_adapter(name, installed.options_of(options))


@contextmanager
def _wire(url: str, on_bytes: OnBytes | None, back: ComingBack | None = None) -> Iterator[Box]:
    from lockproof.hw_adapter.adapter import open_box  # noqa: PLC0415 (pyserial only where there is a line)

    with open_box(url, on_bytes=on_bytes, back=back) as box:
        yield box


def _coming_back() -> ComingBack:
    from lockproof.hw_adapter.reconnect import ComingBack  # noqa: PLC0415 (pyserial only where there is a line)

    return ComingBack(COMES_BACK_S, tell=lambda message: sys.stderr.write(f"{message}\n"))


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
            if process.returncode > 0 and path:  # of itself, and not by us
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
