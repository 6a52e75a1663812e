"""A box of a bench file, opened: found by its USB serial number, known to be the right one, with the bench's power and eyes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace

from lockproof.conformance.alone import alone_with
from lockproof.conformance.bench import OPERATOR, SENSOR, Board
from lockproof.conformance.observing import ObservedBox, Operator, Sensor
from lockproof.conformance.ports import usb_ports
from lockproof.conformance.programs import run_well
from lockproof.conformance.supply import cut_and_wait, supplied
from lockproof.hw_adapter import board as known_board
from lockproof.hw_adapter.adapter import SerialBox, open_box
from lockproof.hw_adapter.board import Expected
from lockproof.hw_adapter.channel import LineSettings, OnBytes
from lockproof.hw_adapter.reconnect import ComingBack
from lockproof.spec.observable import BenchError, Box
from serial.tools.list_ports_common import ListPortInfo

SCRIPT_S = 300.0
"""How long a script before or after a run may take, in seconds: it may build a firmware, or flash one."""


@contextmanager
def opened(
    board: Board, on_bytes: OnBytes | None = None, back: ComingBack | None = None, *, without_power: bool = False
) -> Iterator[Box]:
    """The box; a line that is lost later is waited for as `back` says, at whatever port its USB serial number is then.

    `without_power`: its supply may have been left off, and is switched on first.

    Raises `BenchError`: there is no such port, nothing answers, another box does than the file says, or a script fails.
    """
    with between_scripts(board):
        if without_power and board.power:
            cut_and_wait(board.power, board.name)  # off first: a program that starts a box starts a second one otherwise
        yield from _opened(board, on_bytes, back)


def _opened(board: Board, on_bytes: OnBytes | None, back: ComingBack | None) -> Iterator[Box]:
    line = LineSettings(board.baud, board.dtr, board.rts)
    known = known_board.Board(f"{board.place}: box {board.name}", Expected(board.identity, board.firmware))

    def port() -> str:
        return port_of(board, usb_ports())

    def at_its_port() -> SerialBox:
        known.doubt()  # which asks nothing of the first one
        return open_box(port(), line, on_bytes=on_bytes, back=back and replace(back, find=port), board=known)

    box: AbstractContextManager[Box] = supplied(at_its_port, board.power, board.name) if board.power else at_its_port()
    with box as reached:
        yield _watched(reached, board)


@contextmanager
def between_scripts(board: Board) -> Iterator[None]:
    """What the file has run before and after; after, also where something went wrong, which is then what is told.

    Raises `BenchError` where one of them fails, and, before any is run, where another run has this box.
    """
    with alone_with(board):
        try:
            if board.pre_script:
                run_well(board.pre_script, SCRIPT_S, board.name)
            yield
        except BaseException:
            if board.post_script:
                with suppress(BenchError):
                    run_well(board.post_script, SCRIPT_S, board.name)
            raise
        if board.post_script:
            run_well(board.post_script, SCRIPT_S, board.name)


def port_of(board: Board, present: Iterable[ListPortInfo]) -> str:
    """The URL of the box's port: the one of its USB serial number, whatever it is called today, or the one that the file names.

    Raises `BenchError` where no port has that number, and where several have it and the file does not name one of them.
    """
    if not board.id:
        return board.serial
    present = list(present)
    found = [each.device for each in present if each.serial_number == board.id]
    if not found:
        others = ", ".join(f"{each.serial_number} at {each.device}" for each in present if each.serial_number) or "none"
        raise BenchError(
            f"{board.place}: no USB device with the serial number {board.id} is here, so box {board.name} is not;"
            f" plug it in (USB serial numbers that are here: {others})"
        )
    if len(found) == 1:
        return found[0]
    if board.serial in found:
        return board.serial
    raise BenchError(
        f"{board.place}: {' and '.join(found)} have the USB serial number {board.id}; say which one box {board.name} is at:"
        f' serial = "{found[0]}"'
    )


def _watched(box: Box, board: Board) -> Box:
    if board.observation.by == OPERATOR:
        return ObservedBox(box, Operator(board.name))
    return ObservedBox(box, Sensor(board.name, board.observation)) if board.observation.by == SENSOR else box
