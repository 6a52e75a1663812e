"""One request out, its reply in: sending again, waiting while busy, and saying what was heard where no reply came.

A request is sent again byte for byte, a few times, at growing intervals; every wait has a bound (PROTOCOL.md, "Timing").
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from lockproof.hw_adapter.channel import Channel
from lockproof.hw_adapter.declaration import WAKE_BYTES, OtherVersion
from lockproof.hw_adapter.frame import VERSION, Frame, FrameKind, FrameReader, Received, encode_frame
from lockproof.spec.observable import BenchError, NoAnswer

ANY_SESSION: Final = 0
"""The session of a hello from a host that does not know the box's."""

_FIRST_BYTES = 16
_MAP = 5  # major type of CBOR: the body of a reply to a request that was not carried out


class NothingAnswers(NoAnswer):
    """Not one byte came back."""


class NotABox(BenchError):  # noqa: N818  (reads as what is wrong)
    """Something answers, and not one frame of the protocol is in what it says."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds. A request is sent once for each of `sends`, and so much time is given to each."""

    sends: tuple[float, ...] = (0.4, 0.8, 1.6, 3.2)
    busy: float = 10.0  # altogether, from the first busy frame of a request
    busy_gap: float = 1.0  # from one busy frame to the next; boxes send one every 0.2
    first_frame: float = 2.0  # from the first byte of something that may be no box
    boot_margin: float = 2.0  # over and above the declared boot_ms and reset_ms


@dataclass(slots=True)
class Counters:
    """What the link has cost so far, in frames."""

    requests: int = 0
    resent: int = 0
    replies: int = 0
    busy: int = 0
    damaged: int = 0  # bytes between delimiters that are no frame
    stray: int = 0  # frames that answer nothing that was asked


@dataclass(slots=True)
class Heard:
    """What came back since a request was first sent, and the reply if it did."""

    since: float
    reply: Frame | None = None
    total: int = 0  # bytes
    first: bytes = b""
    first_at: float | None = None
    frames: int = 0
    oddity: str = ""  # the last thing that was no answer
    busy_until: float | None = None


class Link:
    """Frames over `channel`. `name` stands in front of every message; `now` is a clock in seconds that never goes back."""

    def __init__(self, channel: Channel, name: str, patience: Patience, now: Callable[[], float]) -> None:
        self.name = name
        self.counters = Counters()
        self.wake_bytes = WAKE_BYTES
        self.known_to_be_a_box = False
        self._channel = channel
        self._patience = patience
        self._now = now
        self._reader = FrameReader()
        self._queue: deque[Received] = deque()

    def close(self) -> None:
        self._channel.close()

    def set_frame_limit(self, limit: int) -> None:
        """The box's own, in bytes."""
        self._reader.limit = limit

    def exchange(self, request: Frame, sends: Sequence[float], busy: float) -> Heard:
        """Sends a request until its reply comes. Raises as `begin` and `finish` do."""
        return self.finish(request, self.begin(request), sends, busy)

    def begin(self, request: Frame) -> Heard:
        """Sends a request for the first time, and does not wait. Raises `LinkLost`."""
        heard = Heard(self._now())
        self.counters.requests += 1
        self._reader.forget()  # what began before the request is no part of its reply
        self._send(request)
        return heard

    def finish(self, request: Frame, heard: Heard, sends: Sequence[float], busy: float) -> Heard:
        """Waits for the reply to a request that has begun, and sends it again where none comes.

        The first wait counts from here, so that a host that was busy meanwhile looks at what has come before it asks again.
        Raises `LinkLost`, `NotABox`, `OtherVersion`; `NoAnswer` if busy too long.
        """
        for attempt, wait in enumerate(sends):
            if attempt:
                self.counters.resent += 1
                self._send(request)
            heard.reply = self._await(request, wait, busy, heard)
            if heard.reply is not None:
                self.counters.replies += 1
                break
        return heard

    def ignore_for(self, seconds: float) -> None:
        """Throws away what comes, such as what a box prints as it boots."""
        until = self._now() + seconds
        while (left := until - self._now()) > 0:
            self._receive(left)
        self._queue.clear()

    def describe(self, heard: Heard) -> str:
        """What came instead of a reply, for a message."""
        gone = f"in {self._now() - heard.since:.1f} s"
        if not heard.total:
            return f"not a byte came back {gone}"
        if self._reader.pending:
            stalled = f"the line stalls inside a frame, {self._reader.pending} bytes of it so far"
            return f"{heard.total} bytes came {gone}, and {stalled}"
        what = heard.oddity or "busy frames and no reply"
        return f"{heard.total} bytes came {gone}: {what} (first bytes: {heard.first.hex(' ')})"

    def nobody(self, heard: Heard) -> BenchError:
        """Why hello had no reply."""
        if not heard.total:
            return NothingAnswers(
                f"{self.name}: nothing answers: {self.describe(heard)};"
                " check the cable, the supply and that the test firmware is running"
            )
        if not self.known_to_be_a_box and not heard.frames:
            return self._not_a_box(heard)
        return NoAnswer(f"{self.name}: no answer to hello: {self.describe(heard)}")

    def _send(self, request: Frame) -> None:
        self._channel.send(self._wake() + encode_frame(request))

    # Waiting

    def _wake(self) -> bytes:
        """Zeros are empty frames: they wake a box that loses bytes as it wakes, and end whatever stands before."""
        return bytes(max(1, self.wake_bytes))

    def _await(self, request: Frame, wait: float, busy: float, heard: Heard) -> Frame | None:
        give_up = self._now() + wait
        while True:
            while self._queue:
                frame = self._answer_in(self._queue.popleft(), request, heard)
                if frame is not None and frame.kind == FrameKind.REPLY:
                    return frame
                if frame is not None:
                    heard.busy_until = heard.busy_until or self._now() + busy
                    give_up = min(self._now() + self._patience.busy_gap, heard.busy_until)
            now = self._now()
            if heard.busy_until is not None and now >= heard.busy_until:
                raise NoAnswer(f"{self.name}: the box has been busy for {busy:.0f} s; what it did is unknown")
            if now >= give_up:
                return None
            self._refuse_noise(heard, now)
            self._note(heard, self._receive(give_up - now))

    def _answer_in(self, received: Received, request: Frame, heard: Heard) -> Frame | None:
        """The reply or busy frame that the request waits for, None for anything else. Another version is the end."""
        frame = received.frame
        if frame is None:
            heard.oddity = received.error
            return None
        heard.frames += 1
        if frame.version != VERSION:
            raise OtherVersion(self.name, str(frame.version))
        if _answers(request, frame):
            self.counters.busy += frame.kind == FrameKind.BUSY
            return frame
        self.counters.stray += 1
        heard.oddity = f"a frame that answers something else (kind {frame.kind}, session {frame.session}, {frame.sequence})"
        return None

    def _receive(self, timeout_s: float) -> bytes:
        data = self._channel.receive(timeout_s)
        for received in self._reader.feed(data):
            self.counters.damaged += received.frame is None
            self._queue.append(received)
        return data

    def _note(self, heard: Heard, data: bytes) -> None:
        if data and heard.first_at is None:
            heard.first_at = self._now()
        heard.total += len(data)
        heard.first += data[: _FIRST_BYTES - len(heard.first)]

    def _refuse_noise(self, heard: Heard, now: float) -> None:
        """Something that has never sent a frame is given so long to send one, and no more retries."""
        noisy = heard.first_at is not None and now - heard.first_at >= self._patience.first_frame
        if noisy and not self.known_to_be_a_box and not heard.frames and not self._queue:
            raise self._not_a_box(heard)

    def _not_a_box(self, heard: Heard) -> NotABox:
        started = heard.since if heard.first_at is None else heard.first_at
        return NotABox(
            f"{self.name}: something answers, but not a box: {heard.total} bytes, no frame in {self._now() - started:.0f} s"
            f" (first bytes: {heard.first.hex(' ')})\n"
            f"    check the baud rate and that the test firmware is running; raw bytes: lockproof ports --listen {self.name}"
        )


def _answers(request: Frame, frame: Frame) -> bool:
    """A reply of another session is taken only where it says that the request was not carried out."""
    if frame.sequence != request.sequence or frame.kind not in (FrameKind.REPLY, FrameKind.BUSY):
        return False
    if request.session in (ANY_SESSION, frame.session):
        return True
    return frame.kind == FrameKind.REPLY and frame.body[:1] != b"" and frame.body[0] >> 5 == _MAP
