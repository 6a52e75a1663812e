"""Time that costs nothing, and a hostile line in it: a device and a host in one process, thousands of runs without waiting."""

from __future__ import annotations

from collections.abc import Callable

from lockproof.hw_adapter.adapter import DEFAULT_PATIENCE, SerialBox
from lockproof.hw_adapter.bench_time import VirtualTime
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.hostile import Direction, Hostility, OneWay, Struck, UnsteadyBox
from lockproof.hw_adapter.link import Patience
from lockproof.spec.observable import BenchError, Box


def hostile_box(
    make_box: Callable[[VirtualTime], Box],
    hostility: Hostility,
    patience: Patience = DEFAULT_PATIENCE,
    struck: Struck | None = None,
) -> tuple[SerialBox, VirtualTime]:
    """The adapter to a new box at the other end of a hostile line, and the time in which both live.

    `make_box` gets that time, for the box's clock. What the line does is counted in `struck`.
    """
    time, counted = VirtualTime(), struck or Struck()
    far = UnsteadyBox(Device(make_box(time)), hostility, counted)
    return SerialBox(VirtualLine(far, hostility, time, counted), "hostile line", patience, now=time.now), time


class VirtualLine:
    """A channel to a box at the other end of a hostile line. To receive is to let time go on, up to the next byte."""

    def __init__(self, box: UnsteadyBox, hostility: Hostility, time: VirtualTime, struck: Struck) -> None:
        self._box = box
        self._time = time
        self._to_box = OneWay(hostility, Direction.TO_BOX, struck)
        self._to_host = OneWay(hostility, Direction.FROM_BOX, struck)
        self._closed = False

    def send(self, data: bytes) -> None:
        if self._closed:
            raise BenchError("the line was closed, and is used again; open another")
        self._to_box.put(data, self._time.now())

    def receive(self, timeout_s: float) -> bytes:
        give_up = self._time.now() + timeout_s
        while True:
            due = [at for at in (self._to_box.due(), self._to_host.due()) if at is not None]
            self._time.sleep_until(min([*due, give_up]))
            now = self._time.now()
            if heard := self._to_box.take(now):
                self._to_host.put(self._box.feed(heard, now), now)
            if (came := self._to_host.take(now)) or now >= give_up:
                return came

    def close(self) -> None:
        self._closed = True
