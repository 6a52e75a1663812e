"""A box in memory that writes down what is done to it, and lines to reach it by."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from lockproof.hw_adapter import vectors
from lockproof.hw_adapter.adapter import Patience, SerialBox
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.serve import serve_pty, serve_tcp
from lockproof.spec.observable import (
    ClockReading,
    CutClass,
    Decision,
    Hello,
    LogEntry,
    LogKind,
    LogPage,
    NoAnswer,
    PowerCut,
    Provisioning,
)


class FakeBox:
    """Accepts one code, says what was done to it in `done`, and boots when power is cut."""

    def __init__(self) -> None:
        self.declared = replace(vectors.HELLO, boot_ms=0, wake_bytes=0)
        self.done: list[Any] = []
        self.log: tuple[LogEntry, ...] = ()
        self.armed = False
        self.boots_when_cut = True
        self.raises: Exception | None = None
        self.slow = 0.0

    def hello(self) -> Hello:
        return self.declared

    def reset(self) -> None:
        self._did("reset")

    def provision(self, provisioning: Provisioning) -> None:
        self._did("provision", provisioning)

    def time_order(self, order: bytes) -> Decision:
        return self._decided("time order", order)

    def revocation_order(self, order: bytes) -> Decision:
        return self._decided("revocation order", order)

    def enter(self, digits: str) -> Decision:
        return self._decided("enter", digits)

    def challenge(self) -> bytes:
        self._did("challenge")
        return bytes(15) + bytes([len(self.done)])

    def present(self, ticket: bytes) -> Decision:
        return self._decided("present", ticket)

    def read_log(self, from_number: int) -> LogPage:
        self._did("read log", from_number)
        found = tuple(entry for entry in self.log if entry.number >= from_number)
        return LogPage(1, found, self.log[-1].number + 1 if self.log else 1, more=False)

    def read_clock(self) -> ClockReading:
        self._did("read clock")
        return ClockReading(vectors.NOON, len(self.done), False)

    def hold_clock(self, held: bool) -> ClockReading:
        self._did("hold", held)
        return ClockReading(vectors.NOON, len(self.done), held)

    def advance_clock(self, seconds: int) -> ClockReading:
        self._did("advance", seconds)
        return ClockReading(vectors.NOON + seconds, len(self.done), True)

    def disturb_clock(self, seconds: int) -> ClockReading:
        self._did("disturb", seconds)
        return ClockReading(vectors.NOON - seconds, len(self.done), True)

    def cut_power(self, cut: PowerCut) -> None:
        self._did("cut", cut)
        if cut.cut is CutClass.NTH_WRITE:
            self.armed = cut.nth > 0
        else:
            self._boot()

    def _decided(self, what: str, held_out: object) -> Decision:
        self._did(what, held_out)
        good = held_out in ("47112345", b"good")
        return Decision(good, None if good else "code.digits", vectors.NOON)

    def _did(self, *what: object) -> None:
        if self.slow:
            threading.Event().wait(self.slow)
        if self.raises:
            raise self.raises
        self.done.append(what if len(what) > 1 else what[0])
        if self.armed and what[0] != "cut":
            self.armed = False
            self._boot()
            raise NoAnswer("power was cut")

    def _boot(self) -> None:
        if self.boots_when_cut:
            self.declared = replace(self.declared, session=self.declared.session + 1, reset_cause="power-cut")


def some_entries(count: int) -> tuple[LogEntry, ...]:
    """Log entries, as large as they get."""
    return tuple(
        LogEntry(2**40 + n, LogKind.CONNECT, False, 2**40, bytes(16), "connect.window.bounds", 2**30) for n in range(count)
    )


class Wire:
    """A channel to a device in this process. What `mangle` makes of each answer comes back, at a time that only it lets pass."""

    def __init__(self, device: Device | None) -> None:
        self.device = device
        self.time = 0.0
        self.sent: list[bytes] = []
        self.mangle: Callable[[bytes], bytes] = lambda answer: answer
        self.chatter = b""  # comes at every look
        self._coming = b""
        self.closed = False

    def send(self, data: bytes) -> None:
        self.sent.append(data)
        if self.device is not None:
            self._coming += self.mangle(self.device.feed(data))

    def receive(self, timeout_s: float) -> bytes:
        coming, self._coming = self._coming + self.chatter, b""
        self.time += min(timeout_s, 0.1) if coming else timeout_s
        return coming

    def close(self) -> None:
        self.closed = True


@dataclass
class Bench:
    """A fake box, the wire to it, and the adapter that speaks to it."""

    box: FakeBox
    device: Device
    wire: Wire
    host: SerialBox


@pytest.fixture
def bench() -> Bench:
    box = FakeBox()
    device = Device(box)
    wire = Wire(device)
    return Bench(box, device, wire, SerialBox(wire, "test", now=lambda: wire.time))


@pytest.fixture(scope="session")
def new_box() -> type[FakeBox]:
    """For tests with many examples, each of which wants a box of its own."""
    return FakeBox


@pytest.fixture
def box() -> FakeBox:
    return FakeBox()


@pytest.fixture
def largest_entries() -> Callable[[int], tuple[LogEntry, ...]]:
    return some_entries


@pytest.fixture
def host_on() -> Callable[..., tuple[Wire, SerialBox]]:
    """An adapter on a wire with no device, or with one given."""

    def on(device: Device | None = None, patience: Patience | None = None) -> tuple[Wire, SerialBox]:
        wire = Wire(device)
        return wire, SerialBox(wire, "test", patience or Patience(), now=lambda: wire.time)

    return on


@pytest.fixture(params=["pty", "tcp"])
def served(request: pytest.FixtureRequest, box: FakeBox, tmp_path: Path) -> Iterator[str]:
    """Where the fake box can be reached, on a real line."""
    stop, ready, place = threading.Event(), threading.Event(), []

    def tell(url: str) -> None:
        place.append(url)
        ready.set()

    device = Device(box)
    serve = {
        "pty": lambda: serve_pty(device, tmp_path / "box", ready=tell, stop=stop),
        "tcp": lambda: serve_tcp(device, ready=tell, stop=stop),
    }[request.param]
    thread = threading.Thread(target=serve)
    thread.start()
    assert ready.wait(5)
    yield place[0]
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
