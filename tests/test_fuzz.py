"""Any bytes, a few hundred of them for each target; `nox -s fuzz` goes on for longer. And that the targets do notice."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from lockproof.conformance.verdict import Verdict
from lockproof.hw_adapter import cbor
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.frame import Frame, FrameKind, FrameReader, encode_frame
from lockproof.reference.box import ReferenceBox

spec = importlib.util.spec_from_file_location("fuzz_targets", Path(__file__).parent.parent / "fuzz" / "targets.py")
targets = sys.modules["fuzz_targets"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(targets)

values = st.recursive(
    st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=40) | st.text(max_size=20) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(0, 30), inner, max_size=3),
    max_leaves=8,
)
commands = st.lists(
    st.tuples(st.integers(0, 16), st.lists(values, max_size=4)).map(lambda c: [c[0], *c[1]]), min_size=1, max_size=3
)


def encoded(value):
    try:
        return cbor.encode(value)
    except cbor.CborError:  # too deep
        return b"\x80"


bodies = st.one_of(st.binary(max_size=300), (commands | values).map(encoded))


@pytest.mark.parametrize("name", targets.TARGETS)
@settings(max_examples=150, deadline=None)
@given(data=bodies)
def test_any_bytes(name, data):
    targets.TARGETS[name](data)
    if name == "host":
        targets.host(b"\xff" + data)


class AnyLine(RuleBasedStateMachine):
    """A box on a line that brings anything in any order and in any pieces."""

    def __init__(self):
        super().__init__()
        self.box = ReferenceBox()
        self.box.provision(targets.A_BOX)
        self.device = Device(self.box)
        self.sequence = 0

    @rule(data=st.binary(max_size=600))
    def noise(self, data):
        before = targets.snapshot(self.box)
        is_asked = any(r.frame for r in FrameReader().feed(data + b"\x00")) or self.device._reader.pending
        self.device.feed(data)
        assert is_asked or targets.snapshot(self.box) == before
        assert len(self.device._reader.begun) < 256

    @rule(body=bodies, session=st.sampled_from(["its own", 0, 5]), kind=st.sampled_from([1, 1, 1, 2, 3, 9]))
    def a_frame(self, body, session, kind):
        self.device.feed(b"\x00")
        self.sequence += 1
        before = targets.snapshot(self.box)
        frame = Frame(kind, self.box.session if session == "its own" else session, self.sequence % 65536, body)
        answer = self.device.feed(encode_frame(frame))
        assert len(answer) <= targets.LARGEST_ANSWER
        is_request = kind == FrameKind.REQUEST and session == "its own" and targets._is_well_formed(body)
        assert is_request or targets.snapshot(self.box) == before


TestAnyLine = AnyLine.TestCase
TestAnyLine.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)


def test_a_device_that_obeys_what_is_no_request_is_noticed(monkeypatch):
    monkeypatch.setattr(Device, "_reject", lambda self, *_: self._box.reset() or b"")
    with pytest.raises(AssertionError):
        targets.device(b"\xff")


def test_a_reader_that_lets_a_longer_form_through_is_noticed(monkeypatch):
    monkeypatch.setattr(cbor, "_LEAST_OF_WIDTH", dict.fromkeys((1, 2, 4, 8), 0))
    with pytest.raises(AssertionError):
        targets.cbor_reader(b"\x18\x05")


def test_a_reader_that_holds_more_than_a_frame_is_noticed(monkeypatch):
    monkeypatch.setattr(FrameReader, "_take", lambda self, piece: self._pending.extend(piece))
    with pytest.raises(AssertionError):
        targets.frame_reader(b"x" * 300)


def test_a_reader_of_statements_that_takes_more_than_one_writing_is_noticed(monkeypatch):
    payload = b'{"_type":"https://in-toto.io/Statement/v1","predicate":{},"predicateType":"", "subject":[]}'
    targets.statement(payload)
    targets.statement(payload.replace(b", ", b","))
    monkeypatch.setattr(targets.envelope, "_encoded", lambda _: payload)
    with pytest.raises(AssertionError):
        targets.statement(payload)


def test_a_verdict_that_passes_whatever_a_line_says_is_noticed(monkeypatch):
    monkeypatch.setattr(targets.bringup.Report, "verdict", Verdict.PASS)
    with pytest.raises(AssertionError):
        targets.bring_up(b"\x00login: ")
