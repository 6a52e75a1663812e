"""`lockproof line`: a hostile line as a process of its own, between a box and whoever opens its pseudo-terminal."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import Protocol

from lockproof.conformance import faults
from lockproof.conformance.targets import IN_PROCESS, ON_A_LINE, is_line_fault
from lockproof.hw_adapter.channel import DEFAULT_LINE, Channel, LineSettings, open_channel
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.hostile import Direction, Hostility, Kind, OneWay, Struck, UnsteadyBox
from lockproof.hw_adapter.serve import pseudo_terminal, told_to_stop, write_what_fits
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import BadInput, LinkLost

_LOOK_UP_S = 0.1
_GRAIN_S = 0.001
"""Bytes that follow one another come out together, none so much too late, and the last of them not at all."""
_CHUNK = 4096


def lay(to: str, hostility: Hostility, link: Path | None = None, *, quiet: bool = False) -> None:
    """Lays a hostile line to a box and carries bytes over it until told to stop; the last line printed says what it did.

    `to` is the URL of a port, `reference` for a box of ours, or `fault:NAME` for a faulty one; these two lose power as
    `hostility` has it. Raises `BenchError` for a port, a link or a pseudo-terminal that cannot be had, `LinkLost` when the port
    is gone, and `BadInput` for a fault that does not exist or a box whose power is not ours to cut.
    """
    struck = Struck()
    far = _far_end(to, hostility, struck)
    try:
        with told_to_stop(None) as stopped, pseudo_terminal(link) as (near, path):
            _tell(f"{path}\n" if quiet else f"{path}   a line to {to} ({_words(hostility)}), until Ctrl-C\n")
            _carry(near, far, hostility, struck, stopped)
    finally:
        far.close()
        if not quiet:
            _tell(f"{what_it_did(struck)}\n")


def what_it_did(struck: Struck) -> str:
    """In one line: bytes each way, and how often each kind struck."""
    ways = [f"{struck.entered[way]} bytes {way}, of which {struck.left[way]} came out" for way in Direction]
    return f"{'; '.join(ways)}; {', '.join(f'{kind} {struck.by_kind[kind]}' for kind in Kind)}"


def _words(hostility: Hostility) -> str:
    told = [f"{kind} {hostility.chance(kind):g}" for kind in hostility.kinds()]
    told += [f"{hostility.baud} baud"] if hostility.baud else []
    told += [f"latency {hostility.latency_ms:g} ms"] if hostility.latency_ms else []
    return ", ".join([*told, f"seed {hostility.seed}"]) if told else "a good one"


def _tell(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _carry(near: int, far: _FarEnd, hostility: Hostility, struck: Struck, stopped: threading.Event) -> None:
    """Bytes both ways, each when it is due."""
    to_box, to_host = (OneWay(hostility, way, struck) for way in Direction)
    while not stopped.is_set():
        now = time.monotonic()
        due = [at for at in (next_look(to_box, now), next_look(to_host, now)) if at is not None]
        wait = min([_LOOK_UP_S, *(max(0.0, at - now) for at in due)])
        if near in select.select([near, *far.wakes], [], [], wait)[0]:
            to_box.put(os.read(near, _CHUNK), time.monotonic())
        now = time.monotonic()
        if heard := to_box.take(now):
            far.send(heard, now)
        for at, came in far.arrived():
            to_host.put(came, at)
        if said := to_host.take(time.monotonic()):
            write_what_fits(near, said)


def next_look(way: OneWay, now: float) -> float | None:
    """When to look at a way again, None for one that is empty: a paced line has more bytes than a process can wake up for."""
    due, all_due = way.due(), way.all_due()
    return None if due is None or all_due is None else max(due, min(all_due, now + _GRAIN_S))


class _FarEnd(Protocol):
    """Where the box is. `wakes` are the descriptors that become readable when something has arrived."""

    wakes: tuple[int, ...]

    def send(self, data: bytes, now: float) -> None: ...

    def arrived(self) -> list[tuple[float, bytes]]:
        """What has come since the last time, and when. Raises `LinkLost`."""

    def close(self) -> None: ...


def _far_end(to: str, hostility: Hostility, struck: Struck) -> _FarEnd:
    kind, _, fault = to.partition(":")
    if kind == "fault":
        make = faults.named(fault).make
        if is_line_fault(fault):
            raise BadInput(f"--to {to}: that is no box; serve it with lockproof box --fault {fault}, and name its path")
        return _BoxHere(UnsteadyBox(Device(make()), hostility, struck))
    if to in {IN_PROCESS, ON_A_LINE}:
        return _BoxHere(UnsteadyBox(Device(ReferenceBox()), hostility, struck))
    if hostility.reboot:
        raise BadInput(
            f"--reboot {hostility.reboot:g}: the box at {to} has a supply of its own, which a line can't cut;"
            " for power cuts lay the line to a box of ours: --to reference, or --to fault:NAME"
        )
    return _Port(open_channel(to, LineSettings(hostility.baud) if hostility.baud else DEFAULT_LINE))


class _BoxHere:
    """A box in this process."""

    def __init__(self, box: UnsteadyBox) -> None:
        self.wakes: tuple[int, ...] = ()
        self._box = box
        self._came: list[tuple[float, bytes]] = []

    def send(self, data: bytes, now: float) -> None:
        answer = self._box.feed(data, now)
        self._came.append((time.monotonic(), answer))

    def arrived(self) -> list[tuple[float, bytes]]:
        came, self._came = self._came, []
        return came

    def close(self) -> None:
        """There is nothing to give back."""


class _Port:
    """A port. A thread listens to it, since not every port can be waited for together with a pseudo-terminal."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._came: deque[tuple[float, bytes]] = deque()
        self._lost: LinkLost | None = None
        self._closed = threading.Event()
        awake, self._waker = os.pipe()
        os.set_blocking(awake, False)
        self.wakes: tuple[int, ...] = (awake,)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def send(self, data: bytes, now: float) -> None:  # noqa: ARG002 (a port knows the time itself)
        self._channel.send(data)

    def arrived(self) -> list[tuple[float, bytes]]:
        with contextlib.suppress(BlockingIOError):
            os.read(self.wakes[0], _CHUNK)
        came = [self._came.popleft() for _ in range(len(self._came))]
        if self._lost and not came:
            raise self._lost
        return came

    def close(self) -> None:
        self._closed.set()
        self._listener.join()
        self._channel.close()
        for descriptor in (*self.wakes, self._waker):
            os.close(descriptor)

    def _listen(self) -> None:
        try:
            while not self._closed.is_set():
                if data := self._channel.receive(_LOOK_UP_S):
                    self._came.append((time.monotonic(), data))
                    os.write(self._waker, b".")
        except LinkLost as lost:
            self._lost = lost
            os.write(self._waker, b".")
