"""A box of a bench file, opened: found by its USB serial number, known to be the right one, with the bench's power and eyes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

from lockproof.conformance.bench import OPERATOR, SENSOR, Board
from lockproof.conformance.observing import ObservedBox, Operator, Sensor
from lockproof.conformance.ports import usb_ports
from lockproof.conformance.supply import supplied
from lockproof.hw_adapter.adapter import SerialBox, open_box
from lockproof.hw_adapter.channel import LineSettings, OnBytes
from lockproof.spec.observable import BenchError, Box, Hello
from serial.tools.list_ports_common import ListPortInfo


@contextmanager
def opened(board: Board, on_bytes: OnBytes | None = None) -> Iterator[Box]:
    """Raises `BenchError`: there is no such port, nothing answers, or another box does than the file says."""
    line = LineSettings(board.baud, board.dtr, board.rts)

    def at_its_port() -> SerialBox:
        return open_box(port_of(board, usb_ports()), line, on_bytes=on_bytes)

    box: AbstractContextManager[Box] = (
        supplied(at_its_port, board.power, board.name, lambda hello: recognise(board, hello)) if board.power else at_its_port()
    )
    with box as reached:
        hello = reached.hello()
        recognise(board, hello)
        if board.identity and hello.identity != board.identity:
            raise _another(board, "identity", board.identity, hello.identity)
        yield _watched(reached, board)


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


def recognise(board: Board, hello: Hello) -> None:
    """Raises `BenchError` where another firmware answers than the file says."""
    if board.firmware and hello.firmware != board.firmware:
        raise _another(board, "firmware", board.firmware, hello.firmware)


def _another(board: Board, what: str, wanted: str, seen: str) -> BenchError:
    return BenchError(
        f"{board.place}: box {board.name} has the {what} {wanted}, and what answers has {seen}; the wrong box is on the port, or"
        " the file is out of date"
    )


def _watched(box: Box, board: Board) -> Box:
    if board.observation.by == OPERATOR:
        return ObservedBox(box, Operator(board.name))
    return ObservedBox(box, Sensor(board.name, board.observation)) if board.observation.by == SENSOR else box
