"""`lockproof ports`: which serial ports there are, and what answers there as a box."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import combinations

from lockproof.hw_adapter.adapter import open_box
from lockproof.hw_adapter.channel import LineSettings, open_channel
from lockproof.hw_adapter.link import NotABox, NothingAnswers, Patience
from lockproof.spec.observable import BenchError
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

BOX, IN_USE, SILENT, NO_BOX, ERROR, NOT_ASKED = "box", "in-use", "silent", "no-box", "error", "not-asked"
A_LOOK = Patience(sends=(0.4, 0.8), busy=1.5, first_frame=1.0)
"""A second or so for each port; they are asked at once."""
_AT_ONCE = 16
_SHOWN = 16  # bytes in a line
_LISTEN_S = 0.2


@dataclass(frozen=True, slots=True)
class Port:
    """A port and what the system knows of it; empty where it knows nothing, as of addresses."""

    device: str
    usb: str = ""  # vid:pid
    serial_number: str = ""
    product: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What answered at a port: `state` is one of the words above, the rest is from its hello."""

    port: Port
    state: str
    identity: str = ""
    firmware: str = ""
    classes: tuple[str, ...] = ()
    clock_modes: tuple[str, ...] = ()
    session: int = field(default=0, compare=False)
    message: str = ""


def usb_ports() -> list[ListPortInfo]:
    """The ports that the system lists, in order of their names."""
    return sorted(list_ports.comports(), key=lambda each: each.device)


def named(devices: Sequence[str], present: Sequence[ListPortInfo]) -> list[Port]:
    """These ports, with what is known of them; all that are present if none is named."""
    known = {each.device: _port(each) for each in present}
    return [known.get(device, Port(device)) for device in devices or known]


def _port(info: ListPortInfo) -> Port:
    usb = "" if info.vid is None else f"{info.vid:04x}:{info.pid or 0:04x}"
    about = info.description if info.description and info.description != "n/a" else ""
    return Port(info.device, usb, info.serial_number or "", info.product or about)


def look_at(ports: Sequence[Port], line: LineSettings) -> list[Seen]:
    """Says hello at every port, all at once. Nothing else is sent."""
    at_once = ThreadPoolExecutor(_AT_ONCE)
    try:
        return list(at_once.map(lambda port: _look(port, line), ports))
    finally:
        at_once.shutdown(wait=False, cancel_futures=True)  # after Ctrl-C, no further port is asked


def _look(port: Port, line: LineSettings) -> Seen:
    try:
        with open_box(port.device, line, A_LOOK) as box:
            hello = box.hello()
    except NothingAnswers as error:
        return Seen(port, SILENT, message=str(error))
    except NotABox as error:
        return Seen(port, NO_BOX, message=str(error))
    except BenchError as error:
        return Seen(port, IN_USE if "in use" in str(error) else ERROR, message=str(error))
    return Seen(port, BOX, hello.identity, hello.firmware, hello.classes, hello.clock_modes, hello.session)


def told(seen: Seen) -> str:
    """One port for people: what it is, and below it what answers, or why nothing does."""
    port = seen.port
    about = "   ".join(each for each in (port.usb, port.serial_number, port.product) if each)
    head = f"{port.device}   {about}".rstrip()
    if seen.state == BOX:
        says = f"{seen.identity}, firmware {seen.firmware}, class {' and '.join(seen.classes)}"
        return f"{head}\n    a box: {says}, clock {' and '.join(seen.clock_modes) or 'of no mode'}"
    if seen.state == NOT_ASKED:
        return head
    words = {IN_USE: "in use by another program", SILENT: "nothing answers"}
    said = seen.message.partition("\n")[0].removeprefix(f"{port.device}: ")
    return f"{head}\n    {words.get(seen.state, said)}"


def doubles(seen: Sequence[Seen]) -> Iterator[str]:
    """Ports at which the same box answers, or boxes that say that they are the same."""
    for one, other in combinations([each for each in seen if each.state == BOX], 2):
        where = f"{one.port.device} and {other.port.device}"
        if (one.identity, one.session) == (other.identity, other.session):
            yield f"{where}: one box, {one.identity}, reached in two ways (it is in one session); judge it at one of them"
        elif one.identity == other.identity:
            yield f"{where}: two boxes, and both say that they are {one.identity}; tell them apart by USB serial number"


def listen(url: str, line: LineSettings, seconds: float, show: Callable[[str], None]) -> int:
    """Shows what comes, as hex and text, for so many seconds, 0 for ever; how many bytes came. Sends nothing.

    Raises `PortError` and `LinkLost`.
    """
    channel = open_channel(url, line)
    started, total = time.monotonic(), 0
    try:
        while not seconds or time.monotonic() - started < seconds:
            data = channel.receive(_LISTEN_S)
            total += len(data)
            for at in range(0, len(data), _SHOWN):
                show(f"{time.monotonic() - started:8.3f} s   {_in_hex(data[at : at + _SHOWN])}")
    finally:
        channel.close()
    return total


def _in_hex(data: bytes) -> str:
    text = "".join(chr(byte) if chr(byte).isprintable() and byte < 128 else "." for byte in data)  # noqa: PLR2004 (ASCII)
    return f"{data.hex(' '):<{3 * _SHOWN - 1}}   {text}"
