"""What a line of 115,200 baud, 16 ms of adapter latency and 256-byte frames allows, and how much of it the player makes use of.

The reference box stands behind `lockproof line`, in a process of its own. The same scenarios are played with batches and with
one command a request. The ceiling is what the frames of that run must take on this line, if nobody ever thinks.

    python benchmarks/batches.py                  every twelfth scenario
    python benchmarks/batches.py --all            the whole suite
    python benchmarks/batches.py --undisturbed    the player, too, goes before whatever else runs on this machine
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

from lockproof.conformance import journal as journals
from lockproof.conformance import recording, suite, targets
from lockproof.conformance.journal import Journal, Record
from lockproof.conformance.planning import authority_for_a_bench, declared_profile, make_plan
from lockproof.conformance.player import Player
from lockproof.conformance.scenario import DEFAULT_TODAY, Scenario
from lockproof.hw_adapter import cbor
from lockproof.hw_adapter.adapter import DEFAULT_PATIENCE
from lockproof.hw_adapter.frame import FrameKind, body_room
from lockproof.hw_adapter.hostile import CHIP_BYTES, Direction, Hostility, OneWay, Struck
from lockproof.hw_adapter.messages import COMMANDS, Code
from lockproof.spec.observable import Hello

BAUD = 115_200
LATENCY_MS = 16
EVERY = 12  # of the packaged scenarios

CEILING = f"""The ceiling: each byte takes ten bits of {BAUD} baud, one way after the other, since a reply follows its request.
The adapter's chip passes {CHIP_BYTES} bytes on at once, and keeps the rest of a reply for {LATENCY_MS} ms from its first byte.
The box is deaf for the boot_ms that it declares, after each cut. Where an armed cut strikes, the host hears nothing for
{DEFAULT_PATIENCE.sends[0] * 1000:.0f} ms before it asks again. The line and the box answer without thinking, and the player needs no time
between an answer and its next request."""

FEWEST = """The fewest requests possible: the same commands in their order, as many in a request as its frame, the answers and the box's
limit allow, but never one after another on whose answer it depends (a ticket or an order for a nonce, the next page of a log),
none after a read-log, a power cut or hello, as the protocol has it, one at a time while a cut is armed, and none of two scenarios."""


@contextlib.contextmanager
def paced_line() -> Iterator[str]:
    """The port at the near end of a paced line, with a reference box of its own at the far end."""
    command = [sys.executable, "-m", "lockproof.conformance.command", "line", "--to", "reference", "--quiet"]
    command += ["--baud", str(BAUD), "--latency", str(LATENCY_MS)]
    with before_all_else("box and line"):
        line = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with line:
        assert line.stdout is not None
        yield line.stdout.readline().strip()
        line.terminate()


@contextlib.contextmanager
def before_all_else(what: str) -> Iterator[None]:
    """This process and what it starts meanwhile get the processors before all others, where that may be: as hardware does."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except (AttributeError, PermissionError):
        print(f"{what} may be slowed by whatever else runs on this machine: there is no real-time scheduling for this user")
        yield
        return
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


# What was exchanged


@dataclass
class Exchanged:
    """What went over the line in one run, from its first scenario on, and what it must take. Durations in seconds."""

    requests: int = 0
    again: int = 0
    replies: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    commands: int = 0
    wall_s: float = 0.0
    line_s: float = 0.0
    boots_s: float = 0.0
    between_s: float = 0.0  # from an answer to the next request
    ended_by: Counter[str] = field(default_factory=Counter)  # the fewest requests, by what ends them
    cuts_alone: int = 0  # how many more they are where each power cut goes alone

    @property
    def silences_s(self) -> float:
        return self.again * DEFAULT_PATIENCE.sends[0]

    @property
    def ceiling_s(self) -> float:
        return self.line_s + self.silences_s + self.boots_s

    def tell(self, what: str) -> None:
        passed = self.bytes_out + self.bytes_in
        player = self.between_s - self.boots_s
        rest = self.wall_s - self.ceiling_s - player
        print(
            f"{what}: {self.commands} commands; requests: {self.requests}, of which {self.again} sent again; {self.replies} replies"
        )
        print(
            f"    {self.bytes_out} bytes out, {self.bytes_in} in: {passed / self.wall_s:.0f} bytes/s of {passed / self.ceiling_s:.0f}"
        )
        print(
            f"    {self.wall_s:.2f} s; ceiling {self.ceiling_s:.2f} s ({self.line_s:.2f} s of line,"
            f" {self.silences_s:.2f} s of silence, {self.boots_s:.2f} s of booting); ratio {self.ceiling_s / self.wall_s:.3f}"
        )
        print(f"    above it: {player:.2f} s from an answer to the next request; {rest:.2f} s of the line, the box and waking up")


@cache
def takes_s(size: int, way: Direction) -> float:
    """How long a frame of so many bytes takes, from its first bit to the last that comes out, in seconds."""
    line, last = OneWay(Hostility(baud=BAUD, latency_ms=LATENCY_MS), way, Struck()), 0.0
    line.put(bytes(size), last)
    while (due := line.due()) is not None:
        last = due
        line.take(due)
    return last


def exchanged(path: Path, hello: Hello) -> Exchanged:
    """What a journal says of the line."""
    found, answered, last_out = Exchanged(), 0.0, b""
    records = list(journals.read(path))
    first = next(number for number, record in enumerate(records) if record["record"] == "scenario")
    passed = list(recording.frames(records[first:]))
    for each in passed:
        size = len(each.raw) + 1
        if each.direction == "out":
            size += max(1, hello.wake_bytes)
            found.requests += 1
            found.bytes_out += size
            found.line_s += takes_s(size, Direction.TO_BOX)
            found.again += each.raw == last_out
            found.between_s += each.began - answered if answered else 0.0
            answered, last_out = 0.0, each.raw
        else:
            assert each.frame is not None, each.why
            assert each.frame.kind == FrameKind.REPLY
            found.replies += 1
            found.bytes_in += size
            found.line_s += takes_s(size, Direction.FROM_BOX)
            answered = each.ended
    found.wall_s = passed[-1].ended - passed[0].began
    found.boots_s = sum(map(_cuts_at_once, records)) * hello.boot_ms / 1000
    found.commands = sum(record["record"] == "command" for record in records)
    commands = asked(passed)
    found.ended_by = ends(commands, hello)
    found.cuts_alone = ends(commands, hello, cuts_alone=True).total() - found.ended_by.total()
    return found


def _cuts_at_once(record: Record) -> bool:
    return record["record"] == "command" and record["name"] == "cut_power" and record["arguments"]["cut"] == "reset"


# The fewest requests


@dataclass(frozen=True)
class Asked:
    """A command that went over the line, with its size and that of its answer in bytes."""

    values: list[cbor.Value]
    answer: list[cbor.Value] | None

    @property
    def code(self) -> cbor.Value:
        return self.values[0]

    @property
    def size(self) -> int:
        return len(cbor.encode(list(self.values)))

    @property
    def answer_size(self) -> int:
        return len(cbor.encode(list(self.answer))) if self.answer else 0

    @property
    def nonce(self) -> cbor.Value:
        return self.answer[1] if self.code == Code.CHALLENGE and self.answer else None

    @property
    def arms(self) -> bool:
        return self.code == Code.POWER_CUT and bool(self.values[3])


def asked(passed: Sequence[recording.Passed]) -> list[Asked]:
    """Every command in order. What a silent box was asked has no answer."""
    found, waiting, last = list[Asked](), list[list[cbor.Value]](), b""
    for each in passed:
        assert each.frame is not None
        body = cbor.decode(each.frame.body)
        items = [item for item in body if isinstance(item, list)] if isinstance(body, list) else None
        if each.direction == "in":
            found += map(Asked, waiting, items or [None] * len(waiting))
        elif each.raw != last:
            last, waiting = each.raw, items or []
    return found


def ends(commands: Sequence[Asked], hello: Hello, *, cuts_alone: bool = False) -> Counter[str]:
    """Packed first come, first served, which is best where the order is given: how many requests, by what ends each."""
    found, batch, armed = Counter[str](), list[Asked](), False
    for command in commands:
        if why := batch and _ends(batch, command, hello, armed=armed or (cuts_alone and command.code == Code.POWER_CUT)):
            found[why] += 1
            batch = []
        armed = (armed or command.arms) and command.answer is not None
        batch.append(command)
    return found + Counter({"the end": 1})


def _ends(batch: Sequence[Asked], command: Asked, hello: Hello, *, armed: bool) -> str:
    """Why a command can't be in the request of those before it, empty if it can."""
    last, room = batch[-1], body_room(hello.frame_limit) - 1
    if last.code in {Code.READ_LOG, Code.POWER_CUT, Code.HELLO}:
        return f"a {COMMANDS[int(str(last.code))].name} stands last"
    if armed or command.code == Code.HELLO:
        return "a cut is armed" if armed else "hello stands alone"
    if command.code == Code.RESET:
        return "the next scenario"
    if any(_within(each.nonce, command.values) for each in batch if each.nonce):
        return "a nonce is needed"
    if len(batch) == hello.batch_limit:
        return f"{hello.batch_limit} commands"
    sizes = [sum(size) for size in zip(*((each.size, each.answer_size) for each in (*batch, command)), strict=True)]
    return f"{hello.frame_limit} bytes" if max(sizes) > room else ""


def _within(nonce: cbor.Value, value: cbor.Value) -> bool:
    if isinstance(value, list):
        return any(_within(nonce, inner) for inner in value)
    return isinstance(value, bytes) and isinstance(nonce, bytes) and nonce in value


# A run


def play(scenarios: Sequence[Scenario], folder: Path, *, one_at_a_time: bool, undisturbed: bool = False) -> Exchanged:
    """Play scenarios behind a paced line; what went over it, hello at the start not counted."""
    path = folder / f"{'one' if one_at_a_time else 'batches'}.jsonl"
    journal = Journal(path)
    with paced_line() as port, targets.opened(targets.target(port), journal.passed) as box:
        hello = box.hello()
        profile = declared_profile(asdict(hello))
        chosen = make_plan(scenarios, hello, profile, targets.target("reference"), DEFAULT_TODAY, rehearse=False).selected
        player = Player(box, authority_for_a_bench(profile), journal, profile=profile, one_at_a_time=one_at_a_time)
        with before_all_else("the player") if undisturbed else contextlib.nullcontext():
            for scenario, following in zip(chosen, [*chosen[1:], None], strict=True):
                result = player.play(scenario, following)
                if result.verdict != "pass":
                    kept = shutil.copy(path, tempfile.gettempdir())
                    sys.exit(
                        f"{result.id}: {result.verdict} {result.message} {result.finding or ''}; its journal is kept: {kept}"
                    )
    journal.close()
    return exchanged(path, hello)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="play the whole suite")
    parser.add_argument("--batches-only", action="store_true", help="without the baseline")
    parser.add_argument("--undisturbed", action="store_true", help="let the player go before whatever else runs on this machine")
    given = parser.parse_args()
    scenarios = suite.packaged() if given.all else suite.packaged()[::EVERY]
    print(f"{len(scenarios)} scenarios at {BAUD} baud, {LATENCY_MS} ms latency, frames of 256 bytes")
    print(f"load average as it begins: {', '.join(f'{load:.2f}' for load in os.getloadavg())}, on {os.cpu_count()} processors")
    if given.undisturbed:
        print("the player goes before whatever else runs on this machine, as it would on one of its own")
    print(CEILING)
    with tempfile.TemporaryDirectory() as folder:
        batches = play(scenarios, Path(folder), one_at_a_time=False, undisturbed=given.undisturbed)
        batches.tell("in batches")
        print(FEWEST)
        why = ", ".join(f"{count} by {end}" for end, count in batches.ended_by.most_common())
        print(f"    requests: {batches.requests - batches.again}; the fewest possible: {batches.ended_by.total()} ({why})")
        print(
            f"    {batches.cuts_alone} more since each power cut goes alone: where its answer is lost, the new session stands for it"
        )
        if given.batches_only:
            return
        single = play(scenarios, Path(folder), one_at_a_time=True, undisturbed=given.undisturbed)
        single.tell("one command a request")
        print(f"batches take {batches.wall_s / single.wall_s:.2f} times the time of one command a request")


if __name__ == "__main__":
    main()
