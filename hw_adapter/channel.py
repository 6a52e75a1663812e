"""The byte channel below the adapter: three methods, and pyserial URLs that open one (PROTOCOL.md, "The line").

`/dev/ttyUSB0`, `COM3`, `socket://host:port` and `rfc2217://host:port` are such URLs. Every wait has a bound, and whatever a
driver does when a cable is pulled comes out as `LinkLost`.
"""

from __future__ import annotations

import contextlib
import errno
import time
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

import serial
from lockproof.spec.observable import BenchError, NoAnswer

try:
    import termios

    _DRIVER_ERRORS: tuple[type[Exception], ...] = (OSError, termios.error)  # SerialException is an OSError
except ImportError:  # there is no termios on Windows
    _DRIVER_ERRORS = (OSError,)
_LINE_ERRORS: tuple[type[Exception], ...] = (*_DRIVER_ERRORS, TypeError)  # of pyserial over its own closed descriptor


class PortError(BenchError):
    """A port that can't be opened: which, why, and what to do."""


class LinkLost(NoAnswer):
    """The line was open and is gone: unplugged, closed at the other end, or its driver gave up."""


class Channel(Protocol):
    """Bytes to and from a box. Any method but `close` may raise `LinkLost`."""

    def send(self, data: bytes) -> None:
        """Send all of it, within a bounded time."""

    def receive(self, timeout_s: float) -> bytes:
        """What has come, as soon as there is any; nothing if nothing came in `timeout_s` seconds."""

    def close(self) -> None:
        """Give the line back. Closing twice is as good as once."""


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How a port is driven: baud, and whether DTR and RTS are asserted; 8 data bits, no parity, 1 stop bit, no flow control."""

    baudrate: int = 115_200
    dtr: bool = True
    rts: bool = True


DEFAULT_LINE: Final = LineSettings()
_READ_SLICE_S = 0.05
_LOOK_S = 0.002
_WRITE_LIMIT_S = 5.0
_NETWORK = ("socket://", "rfc2217://")
_LAST_PORT = 65535


def open_channel(url: str, line: LineSettings = DEFAULT_LINE) -> Channel:
    """Opens a port for this program alone. Raises `PortError`: it does not exist, is in use, is forbidden, or is no port."""
    if url.lower().startswith(_NETWORK):
        _check_address(url)
    try:
        port = serial.serial_for_url(url, do_not_open=True)
        port.baudrate = line.baudrate
        port.timeout, port.write_timeout = _READ_SLICE_S, _WRITE_LIMIT_S
        port.dtr, port.rts = line.dtr, line.rts
        if "://" not in url:
            port.exclusive = True  # two programs on one line answer each other's questions
        port.open()
    except ValueError as wrong:
        kinds = "a device path, COM3, socket://host:port or rfc2217://host:port"
        raise PortError(f"{url}: not a port: {wrong}; a port is {kinds}") from None
    except _DRIVER_ERRORS as wrong:
        raise PortError(_why_not_open(url, wrong)) from None
    with contextlib.suppress(AttributeError, NotImplementedError, ValueError, *_DRIVER_ERRORS):
        port.set_low_latency_mode(True)  # an adapter chip otherwise keeps bytes back for up to 16 ms
    return _SerialChannel(url, port)


def _check_address(url: str) -> None:
    """Host and port, before pyserial takes a missing one for a fault of its own."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as wrong:
        raise PortError(f"{url}: not an address: {wrong}; write it as socket://192.0.2.7:4000") from None
    write_it = f"write it as {parts.scheme}://{host or 'host'}:4000"
    if not host:
        raise PortError(f"{url}: names no host; {write_it}")
    try:
        number = parts.port
    except ValueError:
        number = 0
    if number is None:
        raise PortError(f"{url}: names no TCP port; {write_it}")
    if not number:
        raise PortError(f"{url}: a TCP port to connect to is a number from 1 to {_LAST_PORT}; {write_it}")


def _why_not_open(url: str, wrong: Exception) -> str:
    number = getattr(wrong, "errno", None)
    text = str(wrong)
    if number == errno.ENOENT or "FileNotFoundError" in text:
        return f"{url}: there is no such port; plug the box in, or name another (all ports: python -m serial.tools.list_ports)"
    if number in (errno.EBUSY, errno.EAGAIN) or "PermissionError" in text:
        return f"{url}: the port is in use by another program (a terminal, a modem manager, another run); close that"
    if number in (errno.EACCES, errno.EPERM):
        return f"{url}: no permission to open the port; join the group that owns it, often dialout, and log in again"
    if "://" in url:
        return f"{url}: no connection: {text}; check that something listens there"
    return f"{url}: this is no serial port: {text}"


class _SerialChannel:
    def __init__(self, url: str, port: serial.Serial) -> None:
        self._url = url
        self._port = port

    def send(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except serial.SerialTimeoutException:
            raise LinkLost(
                f"{self._url}: the line took no bytes for {_WRITE_LIMIT_S:.0f} s; check the cable and that flow control is off"
            ) from None
        except _LINE_ERRORS as wrong:
            raise self._lost(wrong) from None

    def receive(self, timeout_s: float) -> bytes:
        give_up = time.monotonic() + timeout_s
        try:
            while not (first := self._first(give_up - time.monotonic())):
                if time.monotonic() >= give_up:
                    return b""
            return bytes(first + self._port.read(self._port.in_waiting))
        except _LINE_ERRORS as wrong:
            raise self._lost(wrong) from None

    def _first(self, left_s: float) -> bytes:
        """The next byte, or nothing if none came in a slice of the time left, which is no longer than that time."""
        if left_s < _READ_SLICE_S and not self._port.in_waiting:  # a shorter time limit of the port would be set up on the line
            time.sleep(min(_LOOK_S, max(0.0, left_s)))
            return bytes(self._port.read(1)) if self._port.in_waiting else b""
        return bytes(self._port.read(1))

    def close(self) -> None:
        with contextlib.suppress(*_LINE_ERRORS):
            self._port.close()

    def _lost(self, wrong: Exception) -> LinkLost:
        return LinkLost(f"{self._url}: the port is gone: {wrong}; check the cable and the supply, then start again")
