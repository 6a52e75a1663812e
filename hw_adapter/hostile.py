"""A bad line, seeded: what becomes of the bytes that enter it, and when they come out. And a box whose supply is as bad.

Nothing here reads a clock or waits. Who carries the bytes says what time it is, so that the same line stands between two
processes in real time (`lockproof line`) and, for thousands of runs, between two objects in time that costs nothing (`virtual`).

Every kind of hostility draws from a generator of its own, made of the seed, the direction and the kind: a run repeats, pieces in
which the bytes arrive make no difference, and one kind strikes where it did whatever the others do.

Units: instants and times are seconds, unless the name ends in `ms`.
"""

from __future__ import annotations

import math
import random
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from lockproof.hw_adapter.device import Device
from lockproof.spec.observable import BadInput


class Kind(StrEnum):
    """What a hostile line does. What struck is counted by these names."""

    DROP = "drop"  # a byte is lost
    GAP = "gap"  # a stretch of 1 to 32 bytes is lost, wherever frames end
    FLIP = "flip"  # one bit of a byte is the other one
    NOISE = "noise"  # a byte comes twice, or one comes that nobody sent
    STALL = "stall"  # nothing comes for a while, then all of it at once
    REBOOT = "reboot"  # the box loses power


class Direction(StrEnum):
    """Which way bytes go."""

    TO_BOX = "to the box"
    FROM_BOX = "from the box"


@dataclass(frozen=True, slots=True)
class Hostility:
    """How bad a line is; one with nothing set is a good one. Raises `BadInput` for what no line can be.

    Probabilities: `drop`, `flip` and `noise` for each byte, `gap` and `stall` for each frame, `reboot` for each request.
    A stall lasts up to `stall_s`. `baud` paces bytes at ten bits each, 0 not at all. `latency_ms`: as the chip of a USB adapter
    does, what comes from the box is kept until so much time after its first byte, or until 62 bytes are there.
    """

    drop: float = 0.0
    gap: float = 0.0
    flip: float = 0.0
    noise: float = 0.0
    stall: float = 0.0
    reboot: float = 0.0
    baud: int = 0
    latency_ms: float = 0.0
    stall_s: float = 2.0
    seed: int = 0

    def __post_init__(self) -> None:
        for kind in Kind:
            if not 0 <= self.chance(kind) <= 1:
                raise BadInput(f"{kind} {self.chance(kind)}: a probability is a number from 0 to 1")
        if self.baud and not _SLOWEST <= self.baud <= _FASTEST:
            raise BadInput(f"baud {self.baud}: a baud rate is a number from {_SLOWEST} to {_FASTEST}, or 0 for no pacing")
        if not 0 <= self.latency_ms <= _LONGEST_LATENCY_MS:
            raise BadInput(f"latency {self.latency_ms}: milliseconds from 0 to {_LONGEST_LATENCY_MS}; such chips have 16")
        if not 0 < self.stall_s <= _LONGEST_STALL_S:
            raise BadInput(f"stall of {self.stall_s} s: the longest stall is more than 0 and at most {_LONGEST_STALL_S} s")

    def chance(self, kind: Kind) -> float:
        """The probability of one kind."""
        return float(getattr(self, kind))

    def kinds(self) -> tuple[Kind, ...]:
        """Those that can strike at all."""
        return tuple(kind for kind in Kind if self.chance(kind))


_SLOWEST, _FASTEST = 50, 12_000_000
_LONGEST_LATENCY_MS = 1000
_LONGEST_STALL_S = 600
_BITS_PER_BYTE = 10  # start and stop bit included
CHIP_BYTES: Final = 62
"""In one packet of an adapter chip."""
_INSIDE_A_FRAME = 12  # bytes: a stall or a gap begins so near to the beginning of a frame; every frame has more
_LONGEST_GAP = 32  # bytes
_NEVER = 1 << 62
_HALF = 0.5

MILD: Final[Mapping[Kind, float]] = {
    Kind.DROP: 0.001,
    Kind.GAP: 0.1,
    Kind.FLIP: 0.001,
    Kind.NOISE: 0.001,
    Kind.STALL: 0.1,
    Kind.REBOOT: 0.02,
}
"""Of each kind so much that a suite of some hundred requests meets it often and most requests get through."""


def alone(kind: Kind, seed: int) -> Hostility:
    """A line with this kind of hostility and no other, of the mild sort."""
    chance: dict[str, Any] = {kind.value: MILD[kind]}
    return Hostility(seed=seed, **chance)


def of_all_kinds(seed: int) -> Hostility:
    """A line with every kind of hostility at once, each half as often as alone, paced and late."""
    halves: dict[str, Any] = {kind.value: chance / 2 for kind, chance in MILD.items()}
    return Hostility(seed=seed, baud=115_200, latency_ms=16, **halves)


@dataclass(slots=True)
class Struck:
    """What a line has done so far: how often each kind struck, and bytes that went in and came out each way."""

    by_kind: Counter[Kind] = field(default_factory=Counter)
    entered: Counter[Direction] = field(default_factory=Counter)
    left: Counter[Direction] = field(default_factory=Counter)


class OneWay:
    """One direction of a hostile line. Bytes are `put` in as they come, and `take`n out when they are `due`."""

    def __init__(self, hostility: Hostility, direction: Direction, struck: Struck) -> None:
        self._hostility = hostility
        self._direction = direction
        self._struck = struck
        self._strikes = {kind: _Strikes(hostility, kind, direction) for kind in Kind}
        self._chip_s = hostility.latency_ms / 1000 if direction is Direction.FROM_BOX else 0.0
        self._waiting: deque[tuple[float, int]] = deque()  # instant, byte
        self._inside = False  # of a frame
        self._until_stall = self._until_gap = -1  # bytes
        self._gap_left = 0  # bytes
        self._held_until = -math.inf
        self._paced_since, self._paced = -math.inf, 0

    def put(self, data: bytes, now: float) -> None:
        """These bytes enter, at an instant that is never before the last one."""
        self._struck.entered[self._direction] += len(data)
        for byte in data:
            self._enter(byte, now)

    def due(self) -> float | None:
        """When the next bytes come out, None if there are none in the line. It may become earlier when more are put in."""
        if not self._waiting:
            return None
        first = self._waiting[0][0]
        if not self._chip_s:
            return first
        full = self._waiting[CHIP_BYTES - 1][0] if len(self._waiting) >= CHIP_BYTES else math.inf
        return min(full, first + self._chip_s)

    def all_due(self) -> float | None:
        """When the last byte of what is in the line is through, None if there is none in it."""
        return self._waiting[-1][0] if self._waiting else None

    def take(self, now: float) -> bytes:
        """All that has come out by now."""
        out = bytearray()
        while (due := self.due()) is not None and due <= now:
            most, until = (CHIP_BYTES, due) if self._chip_s else (len(self._waiting), now)
            while self._waiting and most and self._waiting[0][0] <= until:
                out.append(self._waiting.popleft()[1])
                most -= 1
        self._struck.left[self._direction] += len(out)
        return bytes(out)

    # One byte

    def _enter(self, byte: int, now: float) -> None:
        if byte and not self._inside:
            self._begin_frame()
        self._inside = bool(byte)
        if (noise := self._strikes[Kind.NOISE]).now():
            self._count(Kind.NOISE)
            self._pass(byte if noise.draw.random() < _HALF else noise.draw.randrange(256), now)
        if (flip := self._strikes[Kind.FLIP]).now():
            self._count(Kind.FLIP)
            byte ^= 1 << flip.draw.randrange(8)
        self._pass(byte, now, lost=self._loses())

    def _begin_frame(self) -> None:
        if (stall := self._strikes[Kind.STALL]).now():
            self._until_stall = stall.draw.randrange(_INSIDE_A_FRAME)
        if (gap := self._strikes[Kind.GAP]).now():
            self._until_gap = gap.draw.randrange(_INSIDE_A_FRAME)

    def _loses(self) -> bool:
        """Whether the byte gets lost: by itself, or in a gap."""
        dropped = self._strikes[Kind.DROP].now()
        if self._until_gap == 0:
            self._gap_left = self._strikes[Kind.GAP].draw.randint(1, _LONGEST_GAP)
            self._count(Kind.GAP)
        self._until_gap -= self._until_gap >= 0
        if self._gap_left:
            self._gap_left -= 1
            return True
        if dropped:
            self._count(Kind.DROP)
        return dropped

    def _pass(self, byte: int, now: float, *, lost: bool = False) -> None:
        at = self._paced_at(now)
        if self._until_stall == 0:
            self._held_until = max(at, self._held_until) + self._strikes[Kind.STALL].draw.uniform(0, self._hostility.stall_s)
            self._count(Kind.STALL)
        self._until_stall -= self._until_stall >= 0
        if not lost:
            self._waiting.append((max(at, self._held_until), byte))

    def _paced_at(self, now: float) -> float:
        """When the last bit of the next byte is through; what gets lost takes its time, too."""
        baud = self._hostility.baud
        if not baud:
            return now
        if now >= self._paced_since + self._paced * _BITS_PER_BYTE / baud:
            self._paced_since, self._paced = now, 0
        self._paced += 1
        return self._paced_since + self._paced * _BITS_PER_BYTE / baud

    def _count(self, kind: Kind) -> None:
        self._struck.by_kind[kind] += 1


class _Strikes:
    """When one kind strikes: as often as its probability says, and `draw` for whatever else there is to draw of it."""

    def __init__(self, hostility: Hostility, kind: Kind, where: str) -> None:
        self._chance = hostility.chance(kind)
        self._when = random.Random(f"{hostility.seed} {where} {kind} when")  # noqa: S311 (no secret)
        self.draw = random.Random(f"{hostility.seed} {where} {kind} what")  # noqa: S311 (no secret)
        self._left = self._next()

    def now(self) -> bool:
        """Whether it strikes this time."""
        self._left -= 1
        if self._left:
            return False
        self._left = self._next()
        return True

    def _next(self) -> int:
        """After how many times it strikes: the geometric distribution, drawn at once instead of time by time."""
        if self._chance in {0, 1}:
            return 1 if self._chance else _NEVER
        return 1 + int(min(_NEVER, math.log(1 - self._when.random()) / math.log1p(-self._chance)))


class Moment(StrEnum):
    """When power is lost, as seen from a request."""

    BEFORE = "before it is read"
    DURING = "at one of its writes, or before the answer goes out"
    ANSWERING = "in the middle of the answer"
    AFTERWARDS = "after the answer"


class UnsteadyBox:
    """A device whose supply fails at random: it boots anew, and hears nothing for as long as its hello says that booting takes."""

    def __init__(self, device: Device, hostility: Hostility, struck: Struck) -> None:
        self._device = device
        self._struck = struck
        self._strikes = _Strikes(hostility, Kind.REBOOT, "the box")
        self._deaf_until = -math.inf
        self._begun = False  # a frame has

    def feed(self, data: bytes, now: float) -> bytes:
        """Takes bytes at an instant, and returns the bytes that it sends then."""
        answers = b""
        for piece in data.split(b"\0")[:-1]:
            answers += self._hear(piece + b"\0", now)
        if rest := data.rpartition(b"\0")[2]:
            answers += self._hear(rest, now)
        return answers

    def busy(self) -> bytes:
        """What to send while it is still at work. May be called from another thread."""
        return self._device.busy()

    def _hear(self, piece: bytes, now: float) -> bytes:
        if now < self._deaf_until:
            self._begun = False
            return b""
        self._begun |= piece != b"\0"
        session = self._device.session
        if self._begun and piece.endswith(b"\0"):
            self._begun = False
            answer = self._serve(piece)
        else:
            answer = self._device.feed(piece)
        if self._device.session != session:
            self._deaf_until = now + self._device.boot_s
        return answer

    def _serve(self, piece: bytes) -> bytes:
        if not self._strikes.now():
            return self._device.feed(piece)
        self._struck.by_kind[Kind.REBOOT] += 1
        moment = self._strikes.draw.choice(list(Moment))
        answer = b""
        if moment is Moment.DURING:
            session = self._device.session
            self._device.lose_power(at_write=self._strikes.draw.randint(1, 2))
            self._device.feed(piece)
            if self._device.session != session:
                return b""
        elif moment is not Moment.BEFORE:
            answer = self._device.feed(piece)
        self._device.lose_power()
        return answer if moment is Moment.AFTERWARDS else answer[: self._strikes.draw.randint(0, len(answer))]
