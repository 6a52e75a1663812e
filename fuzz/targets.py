"""What is fuzzed: functions of any bytes, which raise where something that reads them does what it must not.

`tests/test_fuzz.py` gives them bytes from Hypothesis, `fuzz/explore.py` those that atheris finds.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lockproof.conformance import bringing_up, bringup, envelope, recording
from lockproof.conformance import journal as journals
from lockproof.conformance.judging import judge_again
from lockproof.conformance.verdict import Verdict
from lockproof.hw_adapter import cbor
from lockproof.hw_adapter.adapter import SerialBox
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.frame import MINIMUM_LIMIT, Frame, FrameKind, FrameReader, encode_frame
from lockproof.hw_adapter.link import Patience
from lockproof.hw_adapter.messages import COMMANDS, Code, read_command, read_request
from lockproof.hw_adapter.values import Unreadable
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import BadInput, BenchError, CutClass, PowerCut, Provisioning, ZoneTable

A_BOX = Provisioning(b"a box of fuzzing", bytes(range(32)), ZoneTable(((0, 3600),), 2**40))
SIGNER = envelope.CryptoSigner.generate_ed25519()
LARGEST_ANSWER = 9 * MINIMUM_LIMIT
A_LONG_RUN = 10_000  # seconds, of a clock that only waiting moves


def frame_reader(data: bytes) -> None:
    """Cut anywhere it finds the same frames, and it holds no more than a frame."""
    whole = list(FrameReader().feed(data))
    reader, found = FrameReader(), []
    for piece in _pieces(data):
        found += list(reader.feed(piece))
        assert len(reader.begun) < MINIMUM_LIMIT
    assert found == whole


def cbor_reader(data: bytes) -> None:
    """It refuses with `CborError`, or these bytes are the one encoding of what it read."""
    with contextlib.suppress(cbor.CborError):
        assert cbor.encode(cbor.decode(data)) == data


def command_reader(data: bytes) -> None:
    """It refuses with `CborError` or `Unreadable`, or it writes the same values again."""
    with contextlib.suppress(cbor.CborError):
        for code, *arguments in read_request(data):
            kind = COMMANDS.get(code) if isinstance(code, int) else None
            if kind is not None:
                with contextlib.suppress(Unreadable):
                    assert kind.write(read_command(kind, arguments).argument) == arguments


def device(data: bytes) -> None:
    """Bytes as they come, and as the body of a good frame: only a well-formed request changes the box."""
    box = ReferenceBox()
    box.provision(A_BOX)
    served = Device(box)
    before = snapshot(box)
    for piece in _pieces(data):
        assert len(served.feed(piece)) <= LARGEST_ANSWER * (1 + piece.count(0))
    asks = any(received.frame is not None for received in FrameReader().feed(data))
    assert asks or snapshot(box) == before
    before = snapshot(box)
    request = Frame(FrameKind.REQUEST, box.session, 77, data)
    assert len(served.feed(b"\x00" + encode_frame(request))) <= LARGEST_ANSWER
    assert _is_well_formed(data) or snapshot(box) == before


def host(data: bytes) -> None:
    """Whatever a box says to every question, the host ends with an answer or one `BenchError`, in bounded time."""
    line = _Babble(data)
    box = SerialBox(line, "fuzzed", Patience((0.1,), 0.3, 0.1, 0.2, 0.1), now=lambda: line.time)
    asked: list[Callable[[], Any]] = [box.hello, lambda: box.read_log(1), box.read_clock, lambda: box.enter("12345678")]
    asked += [box.challenge, lambda: box.cut_power(PowerCut(CutClass.RESET, 0)), box.reset]
    for ask in asked:
        with contextlib.suppress(BenchError):
            ask()
    assert line.time < A_LONG_RUN


def journal(data: bytes) -> None:
    """A damaged journal is judged, or it is bad input."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        path.write_bytes(data)
        with contextlib.suppress(BadInput):
            judge_again(path)
        with contextlib.suppress(BadInput):
            for passed in recording.frames(journals.read(path)):
                assert recording.told(passed)


def statement(data: bytes) -> None:
    """Any file, and any payload that somebody signed, is bad input, or the one writing of the statement that is read."""
    signed = envelope.Envelope(data, envelope.PAYLOAD_TYPE, {})
    signed.sign(SIGNER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "statement.json"
        for content in (data, f"{json.dumps(signed.to_dict(), indent=1, sort_keys=True)}\n".encode()):
            path.write_bytes(content)
            with contextlib.suppress(BadInput):
                found = envelope.read(path)
                assert json.dumps(found.statement, sort_keys=True, separators=(",", ":")).encode() == found.envelope.payload


def bring_up(data: bytes) -> None:
    """Whatever a line says, a firmware that says it is brought up to an end, in bounded time, and has not passed."""
    line = _Babble(data)

    def wait(seconds: float) -> None:
        line.time += seconds

    report = bringup.climb(line, "fuzzed", now=lambda: line.time, wait=wait)
    assert report.verdict in {Verdict.FAIL, Verdict.ERROR}
    assert report.rungs[-1].rung.number == 1
    for climbed in report.rungs:
        assert all(bringing_up.told(climbed, report.who))
    assert line.time < A_LONG_RUN


TARGETS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each for each in (frame_reader, cbor_reader, command_reader, device, host, journal, statement, bring_up)
}


def snapshot(box: ReferenceBox) -> object:
    """All that a box holds but its running clock: what is durable, with the number of writes, and what is not."""
    durable = [tuple(box.store._db.execute(f"SELECT * FROM {table}")) for table in ("cell", "log")]  # noqa: S608, SLF001 (looks inside)
    return durable, box.store.writes, box.session, box.hardware.held, box.hardware._clock, box.heard, box.first_uses, box.epoch  # noqa: SLF001


def _is_well_formed(body: bytes) -> bool:
    try:
        return bool(read_request(body))
    except cbor.CborError:
        return False


def _pieces(data: bytes) -> Iterator[bytes]:
    """The data in pieces whose lengths follow from it."""
    at = 0
    while at < len(data):
        length = 1 + data[at] % 61
        yield data[at : at + length]
        at += length


class _Babble:
    """A channel on which the same bytes come whenever somebody has asked: raw, or as the body of a reply that fits."""

    def __init__(self, data: bytes) -> None:
        self.time = 0.0
        self._raw = data[:1] < b"\x80"
        self._data = data[1:]
        self._session = 5
        self._coming = b""

    def send(self, data: bytes) -> None:
        asked = [received.frame for received in FrameReader().feed(data)]
        if self._raw or not asked or asked[0] is None:
            self._coming = self._data
            return
        is_hello = asked[0].session == 0
        body = HELLO if is_hello else self._data
        self._coming = encode_frame(Frame(FrameKind.REPLY, self._session, asked[0].sequence, body))

    def receive(self, timeout_s: float) -> bytes:
        coming, self._coming = self._coming, b""
        self.time += 0.01 if coming else timeout_s
        return coming

    def close(self) -> None:
        """There is nothing to give back."""


def _a_hello() -> bytes:
    box = ReferenceBox()
    box.session = 5
    (received,) = FrameReader().feed(
        Device(box).feed(encode_frame(Frame(FrameKind.REQUEST, 0, 1, cbor.encode([[int(Code.HELLO)]]))))
    )
    assert received.frame is not None
    return received.frame.body


HELLO = _a_hello()
