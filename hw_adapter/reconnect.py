"""A channel that comes back: when its port is lost, it waits for it, a bounded time, and opens it anew, also under another name.

What was out when the line was lost gets no answer (`LinkLost`, a `NoAnswer`): nobody knows what became of it. The next send
waits. A line that does not come back is `DidNotComeBack`, for good, and at once from then on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lockproof.hw_adapter.channel import Channel, PortError
from lockproof.spec.observable import BenchError, LinkLost

_LOOK_EVERY_S = 0.25
_TRIAL_S = 5.0
"""Seconds: a port that was opened anew, and from which nothing has come for so long, is not the one that was lost."""


class DidNotComeBack(BenchError):  # noqa: N818  (reads as what happened)
    """The line was lost and did not come back in time. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class ComingBack:
    """How a lost line is got back: how long to wait in seconds, where to look for it, and who is told.

    `find` says under which name the port is there now, and raises `BenchError` while it is not; without it, `finder` of the
    port's own name does.
    """

    wait_s: float = 30.0
    find: Callable[[], str] | None = None
    tell: Callable[[str], object] | None = None


def finder(url: str) -> Callable[[], str]:
    """Looks for the port `url` when it was lost: by the USB serial number of its adapter where it has one, else by its name."""
    if "://" in url:
        return lambda: url
    adapter = next((_adapter(port) for port in _ports() if os.path.realpath(port.device) == os.path.realpath(url)), None)
    if adapter is None:
        return lambda: url

    def find() -> str:
        found = next((str(port.device) for port in _ports() if _adapter(port) == adapter), None)
        if found is None:
            raise PortError("no port has its USB serial number")
        return url if os.path.realpath(url) == os.path.realpath(found) else found

    return find


def _ports() -> list[Any]:
    from serial.tools import list_ports  # noqa: PLC0415 (only where a port is looked for)

    return list(list_ports.comports())


def _adapter(port: Any) -> tuple[Any, ...] | None:
    """What tells this adapter from all others, and its ports from each other; None without a serial number."""
    if not port.serial_number:
        return None
    interface = str(port.location or "").partition(":")[2]
    return port.vid, port.pid, port.serial_number, interface


class ReturningChannel:
    """A channel on the port `url`, opened with `open_port`, that comes back; `on_return` is called when it has.

    Raises `PortError` where it can't be opened to begin with.
    """

    def __init__(
        self,
        url: str,
        open_port: Callable[[str], Channel],
        how: ComingBack,
        on_return: Callable[[], None],
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url
        self._open_port = open_port
        self._how = how
        self._on_return = on_return
        self._now = now
        self._sleep = sleep
        self._channel: Channel | None = open_port(url)
        self._find = how.find or finder(url)
        self._give_up: float | None = None  # while nothing has come since the line was lost
        self._opened = now()
        self._gone = ""

    def send(self, data: bytes) -> None:
        if self._gone:
            raise DidNotComeBack(self._gone)
        if self._give_up is not None and self._now() - self._opened >= _TRIAL_S:
            self.close()
        channel = self._channel or self._come_back()
        try:
            channel.send(data)
        except LinkLost:
            self.close()
            raise

    def receive(self, timeout_s: float) -> bytes:
        if self._channel is None:
            raise LinkLost(f"{self._url}: the line is gone, and is waited for only when there is something to send")
        try:
            came = self._channel.receive(timeout_s)
        except LinkLost:
            self.close()
            raise
        if came:
            self._give_up = None
        return came

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
        self._channel = None

    def _come_back(self) -> Channel:
        wait = self._how.wait_s
        if self._give_up is None:
            self._give_up = self._now() + wait
            self._tell(f"{self._url}: the line is gone; waiting up to {wait:g} s for it: check the cable and the supply")
        while True:
            where, why = self._look()
            if self._channel is not None:
                break
            if (left := self._give_up - self._now()) <= 0:
                self._gone = f"{self._url}: the line was lost and did not come back in {wait:g} s: {why}"
                raise DidNotComeBack(self._gone)
            self._sleep(min(_LOOK_EVERY_S, left))
        self._opened = self._now()
        self._tell(f"{self._url}: the line is back" + (f", as {where}" if where != self._url else ""))
        self._on_return()
        return self._channel

    def _look(self) -> tuple[str, str]:
        """Opens the port if it is there: under which name, or why not."""
        where = self._url
        try:
            where = self._find()
            self._channel = self._open_port(where)
        except BenchError as wrong:
            return where, str(wrong)
        return where, ""

    def _tell(self, message: str) -> None:
        if self._how.tell is not None:
            self._how.tell(message)
