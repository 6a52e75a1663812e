"""The byte channel below the adapter: three methods, and pyserial URLs that open one (PROTOCOL.md, "The line").

`/dev/ttyUSB0`, `COM3`, `socket://host:port` and `rfc2217://host:port` are such URLs. Every wait has a bound, and whatever a
driver does when a cable is pulled comes out as `LinkLost`.
"""

from __future__ import annotations

import contextlib
import errno
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import serial
from lockproof.spec.observable import BenchError, LinkLost

try:
    import termios

    _DRIVER_ERRORS: tuple[type[Exception], ...] = (OSError, termios.error)  # SerialException is an OSError
except ImportError:  # there is no termios on Windows
    _DRIVER_ERRORS = (OSError,)
_LINE_ERRORS: tuple[type[Exception], ...] = (*_DRIVER_ERRORS, TypeError)  # of pyserial over its own closed descriptor


class PortError(BenchError):
    """A port that can't be opened: which, why, and what to do."""


class Channel(Protocol):
    """Bytes to and from a box. Any method but `close` may raise `LinkLost`."""

    def send(self, data: bytes) -> None:
        """Send all of it, within a bounded time."""

    def receive(self, timeout_s: float) -> bytes:
        """What has come, as soon as there is any; nothing if nothing came in `timeout_s` seconds."""

    def close(self) -> None:
        """Give the line back. Closing twice is as good as once."""


OnBytes = Callable[[str, bytes], None]
"""Told of every byte as it passes: "out" or "in", and what went at once or came at once."""


class Recorded:
    """A channel that tells of every byte, before it is sent and as soon as it has come: noise, wake bytes and half frames, too."""

    def __init__(self, channel: Channel, on_bytes: OnBytes) -> None:
        self._channel = channel
        self._on_bytes = on_bytes

    def send(self, data: bytes) -> None:
        self._on_bytes("out", data)
        self._channel.send(data)

    def receive(self, timeout_s: float) -> bytes:
        data = self._channel.receive(timeout_s)
        if data:
            self._on_bytes("in", data)
        return data

    def close(self) -> None:
        self._channel.close()


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
_RFC2217 = "rfc2217://"
_SOCKET = "socket://"
_NETWORK = (_SOCKET, _RFC2217)
_REFUSAL_S = 0.1
_REFUSAL_LIMIT_S = 1.0
_LAST_PORT = 65535
_LAST_WORDS = 40  # bytes
_OPENING = re.compile(
    r"^could not open port \S+: (\[Errno \d+\] )?", re.IGNORECASE
)  # before what went wrong, in pyserial's words


def open_channel(url: str, line: LineSettings = DEFAULT_LINE) -> Channel:
    """Opens a port for this program alone. Raises `PortError`: it does not exist, is in use, is forbidden, or is no port."""
    if url.lower().startswith(_NETWORK):
        _check_address(url)
    try:
        port = _port_of(url)
        port.baudrate = line.baudrate
        port.timeout = _READ_SLICE_S
        if not url.lower().startswith(_RFC2217):  # pyserial has no such limit there; its socket has one, of as many seconds
            port.write_timeout = _WRITE_LIMIT_S
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
    channel = _SerialChannel(url, port)
    if url.lower().startswith(_SOCKET):
        _hear_a_refusal(channel)
    return channel


def _hear_a_refusal(channel: _SerialChannel) -> None:
    """A server whose port is in use takes the connection, says so and hangs up; sent to before that is read, its words are lost."""
    give_up = time.monotonic() + _REFUSAL_LIMIT_S
    try:
        while channel.receive(_REFUSAL_S) and time.monotonic() < give_up:
            pass
    except LinkLost as lost:
        channel.close()
        raise PortError(str(lost)) from None


def _port_of(url: str) -> Any:
    """The port, not opened, of whichever of pyserial's classes is for it. Raises ValueError for what is no port."""
    if not url.lower().startswith(_RFC2217):
        port: Any = serial.serial_for_url(url, do_not_open=True)
        if url.lower().startswith(_SOCKET):
            port.reset_input_buffer = lambda: None  # nothing in a new connection is old; a refusal would be thrown away
        return port
    from lockproof.hw_adapter.rfc2217 import Rfc2217  # noqa: PLC0415 (its client is imported only where there is a server)

    port = Rfc2217()  # named only now: with a name it would open at once
    port.port = url
    return port


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
        return f"{url}: there is no such port; plug the box in, or name another (all ports: lockproof ports)"
    if number in (errno.EBUSY, errno.EAGAIN) or "PermissionError" in text or "in use" in text:
        return f"{url}: the port is in use by another program (a terminal, a modem manager, another run); close that"
    if number in (errno.EACCES, errno.EPERM):
        return f"{url}: no permission to open the port; join the group that owns it, often dialout, and log in again"
    if "RFC2217" in text:
        address = url.partition("://")[2].partition("?")[0]
        return f"{url}: something listens there that does not speak RFC 2217; try socket://{address}, or set its server up for it"
    if "://" in url:
        return f"{url}: no connection: {_OPENING.sub('', text)}; check that something listens there"
    return f"{url}: this is no serial port: {text}"


class _SerialChannel:
    def __init__(self, url: str, port: serial.Serial) -> None:
        self._url = url
        self._port = port
        self._last = b""  # of what came

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
            while not (came := self._first(give_up - time.monotonic())):
                if time.monotonic() >= give_up:
                    return b""
        except _LINE_ERRORS as wrong:
            raise self._lost(wrong) from None
        with contextlib.suppress(*_LINE_ERRORS):  # a line that is gone says so the next time, and what came before is kept
            came += self._port.read(self._port.in_waiting)
        self._last = (self._last + came)[-_LAST_WORDS:]
        return came

    def _first(self, left_s: float) -> bytes:
        """The next byte, or nothing if none came in a slice of the time left, which is no longer than that time."""
        if left_s < _READ_SLICE_S and not self._port.in_waiting:  # a shorter time limit of the port would be set up on the line
            time.sleep(min(_LOOK_S, max(0.0, left_s)))
            return bytes(self._port.read(1)) if self._port.in_waiting else b""
        return bytes(self._port.read(1))

    def close(self) -> None:
        connection = getattr(self._port, "_socket", None)  # which pyserial leaves open where the other end is gone already
        with contextlib.suppress(*_LINE_ERRORS):
            self._port.close()
        if connection is not None:
            connection.close()

    def _lost(self, wrong: Exception) -> LinkLost:
        words = self._last.decode("ascii", errors="ignore").strip()
        if words.endswith("in use"):  # as a terminal server says before it hangs up
            return LinkLost(f"{self._url}: the port is in use by another program: its server says: {words}; close that")
        return LinkLost(f"{self._url}: the port is gone: {wrong}; check the cable and the supply, then start again")
