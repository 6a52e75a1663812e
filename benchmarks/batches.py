"""What a line of 115,200 baud, 16 ms of adapter latency and 256-byte frames allows, and how much of it the player makes use of.

The reference box, a process of its own, stands behind a line that is paced by another process. The same scenarios are played
with batches and with one command a request. The ceiling is what the frames of that run must take on this line at least,
if nobody ever thinks: their bits, the latency once for each reply, and the waits that the protocol prescribes (400 ms of silence
where an armed cut strikes, boot_ms after a cut).

    python benchmarks/batches.py          every twelfth scenario
    python benchmarks/batches.py --all    the whole suite
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import subprocess
import sys
import tempfile
import time
import tty
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lockproof.conformance import suite, targets
from lockproof.conformance.journal import Journal
from lockproof.conformance.player import Player
from lockproof.conformance.run import authority_for_a_bench, declared_profile, make_plan
from lockproof.conformance.scenario import DEFAULT_TODAY, Scenario
from lockproof.hw_adapter.adapter import DEFAULT_PATIENCE
from lockproof.hw_adapter.frame import FrameKind, FrameReader

BAUD = 115_200
BITS = 10  # a byte with its start and stop bit
LATENCY_S = 0.016
EVERY = 12  # of the packaged scenarios
_CHUNK = 4096


# The line


class Direction:
    """Bytes from one end to the other: each takes its time on the wire, after the ones before it, and then `latency_s` more."""

    def __init__(self, source: int, sink: int, latency_s: float) -> None:
        self.source, self._sink, self._latency_s = source, sink, latency_s
        self._free_at = 0.0
        self._under_way: deque[tuple[float, bytes]] = deque()

    @property
    def next_at(self) -> float | None:
        return self._under_way[0][0] if self._under_way else None

    def take(self) -> None:
        """What stands at the near end sets out; its last byte decides when it is there, as that ends a frame."""
        data = os.read(self.source, _CHUNK)
        self._free_at = max(self._free_at, time.monotonic()) + len(data) * BITS / BAUD
        self._under_way.append((self._free_at + self._latency_s, data))

    def deliver(self) -> None:
        while self._under_way and self._under_way[0][0] <= time.monotonic():
            os.write(self._sink, self._under_way.popleft()[1])


def pace(box: str) -> None:
    """Pass bytes between the box's pseudo-terminal and a new one, whose path is printed, until standard input ends."""
    near, far = os.openpty()
    tty.setraw(far)
    port = os.open(box, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(port)
    print(os.ttyname(far), flush=True)
    ways = (Direction(near, port, 0.0), Direction(port, near, LATENCY_S))
    parent = sys.stdin.fileno()
    while True:
        due = [way.next_at for way in ways if way.next_at is not None]
        wait = max(0.0, min(due) - time.monotonic()) if due else None
        ready = select.select([parent, *(way.source for way in ways)], [], [], wait)[0]
        if parent in ready:
            return
        for way in ways:
            if way.source in ready:
                way.take()
            way.deliver()


@contextlib.contextmanager
def paced_line() -> Iterator[str]:
    """The port at the near end of a paced line, with a reference box of its own at the far end."""
    with contextlib.ExitStack() as stack:
        with as_hardware():
            box = stack.enter_context(targets.served())
            command = [sys.executable, __file__, "--pace", box]
            line = stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert line.stdout is not None
        assert line.stdin is not None
        yield line.stdout.readline().strip()
        line.stdin.close()


@contextlib.contextmanager
def as_hardware() -> Iterator[None]:
    """Processes started meanwhile stand for hardware: whatever else runs on this machine does not slow them, where that may be."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except (AttributeError, PermissionError):
        print("box and line share this machine with whatever else runs on it, and may be slowed by that")
        yield
        return
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


# What was exchanged


@dataclass
class Exchanged:
    """Frames of one run, as they went over the line."""

    requests: int = 0
    again: int = 0
    replies: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    first: float = 0.0
    last: float = 0.0
    boots_s: float = 0.0
    commands: int = 0
    _before: bytes = b""
    _reader: FrameReader = field(default_factory=FrameReader)

    def see(self, direction: str, passed: bytes) -> None:
        self.last = time.monotonic()
        self.first = self.first or self.last
        if direction == "out":
            self.requests += 1
            self.again += passed == self._before
            self._before = passed
            self.bytes_out += len(passed)
        else:
            self.bytes_in += len(passed)
            frames = (received.frame for received in self._reader.feed(passed))
            self.replies += sum(frame is not None and frame.kind == FrameKind.REPLY for frame in frames)

    @property
    def wall_s(self) -> float:
        return self.last - self.first

    @property
    def line_s(self) -> float:
        return (self.bytes_out + self.bytes_in) * BITS / BAUD + self.replies * LATENCY_S

    @property
    def waits_s(self) -> float:
        return self.again * DEFAULT_PATIENCE.sends[0] + self.boots_s

    @property
    def ratio(self) -> float:
        return (self.line_s + self.waits_s) / self.wall_s

    def tell(self, what: str) -> None:
        speed = (self.bytes_out + self.bytes_in) / self.wall_s
        print(f"{what}: {self.commands} commands in {self.requests} requests, {self.replies} replies, {self.again} sent again")
        print(f"    {self.bytes_out} bytes out, {self.bytes_in} in, {speed:.0f} bytes/s")
        print(
            f"    {self.wall_s:.2f} s; ceiling {self.line_s + self.waits_s:.2f} s"
            f" ({self.line_s:.2f} s of line, {self.waits_s:.2f} s of waits); ratio {self.ratio:.3f}"
        )


def play(scenarios: Sequence[Scenario], folder: Path, *, one_at_a_time: bool) -> Exchanged:
    """Play scenarios behind a paced line; what went over it, hello at the start not counted."""
    journal = Journal(folder / f"{'one' if one_at_a_time else 'batches'}.jsonl")
    found, counted = Exchanged(), list[Exchanged]()

    def on_bytes(direction: str, passed: bytes) -> None:
        for each in counted:
            each.see(direction, passed)
        journal.passed(direction, passed)

    with paced_line() as port, targets.opened(targets.target(port), on_bytes) as box:
        hello = box.hello()
        profile = declared_profile(asdict(hello))
        chosen = make_plan(scenarios, hello, profile, targets.target("reference"), DEFAULT_TODAY, rehearse=False).selected
        player = Player(box, authority_for_a_bench(profile), journal, profile=profile, one_at_a_time=one_at_a_time)
        counted.append(found)
        for scenario, following in zip(chosen, [*chosen[1:], None], strict=True):
            result = player.play(scenario, following)
            assert result.verdict == "pass", (result.id, result.finding, result.message)
            found.commands += result.commands
    cuts = sum(
        record["record"] == "command" and record["name"] == "cut_power" and record["arguments"]["cut"] == "reset"
        for record in journal.records
    )
    found.boots_s = cuts * hello.boot_ms / 1000
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="play the whole suite")
    parser.add_argument("--batches-only", action="store_true", help="without the baseline")
    parser.add_argument("--pace", metavar="PORT", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.pace:
        pace(given.pace)
        return
    scenarios = suite.packaged() if given.all else suite.packaged()[::EVERY]
    print(f"{len(scenarios)} scenarios at {BAUD} baud, {LATENCY_S * 1000:.0f} ms latency, frames of 256 bytes")
    with tempfile.TemporaryDirectory() as folder:
        batches = play(scenarios, Path(folder), one_at_a_time=False)
        batches.tell("in batches")
        if given.batches_only:
            return
        single = play(scenarios, Path(folder), one_at_a_time=True)
        single.tell("one command a request")
        print(f"batches take {batches.wall_s / single.wall_s:.2f} times the time of one command a request")


if __name__ == "__main__":
    main()
