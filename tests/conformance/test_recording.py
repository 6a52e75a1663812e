"""Every byte with its instant in the journal, and frames read back out of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lockproof.conformance import journal as journals
from lockproof.conformance import recording
from lockproof.conformance.journal import Journal
from lockproof.hw_adapter import cbor
from lockproof.hw_adapter.frame import Frame, FrameKind, decode_frame, encode_frame
from lockproof.spec.observable import BadInput

READ = encode_frame(Frame(FrameKind.REQUEST, 7, 1, cbor.encode([[10]])))
READING = encode_frame(Frame(FrameKind.REPLY, 7, 1, cbor.encode([[0, 1772985600, 5, True], [3], [1]])))


def bytes_record(direction: str, at: float, data: bytes) -> dict[str, object]:
    return {"record": "bytes", "at": at, "direction": direction, "hex": data.hex()}


def test_bytes_in_a_file_are_as_those_in_memory_and_have_microseconds(tmp_path):
    path = tmp_path / "journal.jsonl"
    for journal in (Journal(path), Journal()):
        journal.passed("out", b"\x00" + READ)
        journal.passed("in", READING)
        journal.write("answer", value=1)
        kept = journal.records or list(journals.read(path))  # in memory only where there is no file
        assert [{**record, "at": 0} for record in kept] == [
            {"record": "bytes", "at": 0, "direction": "out", "hex": "00" + READ.hex()},
            {"record": "bytes", "at": 0, "direction": "in", "hex": READING.hex()},
            {"record": "answer", "value": 1, "at": 0},
        ]
        instants = [record["at"] for record in kept if record["record"] == "bytes"]
        assert 0 <= instants[0] <= instants[1] < 60
        assert all(round(at, 6) == at for at in instants)
        journal.close()


def test_a_journal_that_a_kill_cut_inside_the_bytes_keeps_the_rest(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.passed("out", READ)
    journal.passed("in", READING)
    journal.close()
    path.write_bytes(path.read_bytes()[:-9])
    assert [record["hex"] for record in journals.read(path)] == [READ.hex()]


def test_frames_come_back_with_when_they_began_and_ended():
    records = [
        bytes_record("out", 0.5, b"\x00\x00" + READ),
        {"record": "command", "name": "read_clock"},
        bytes_record("in", 0.75, READING[:5]),
        bytes_record("in", 1.25, READING[5:] + b"no frame\x00" + READING[:3]),
    ]
    found = list(recording.frames(records))
    assert [(p.began, p.ended, p.direction, p.raw, p.frame is None) for p in found] == [
        (0.5, 0.5, "out", READ[:-1], False),
        (0.75, 1.25, "in", READING[:-1], False),
        (1.25, 1.25, "in", b"no frame", True),
        (1.25, 1.25, "in", READING[:3], True),
    ]
    assert found[1].frame == decode_frame(READING[:-1])
    assert found[3].why == "3 bytes without an end"


def test_a_frame_is_told_with_the_names_of_the_protocol():
    first, second, third = recording.frames(
        [bytes_record("out", 0.5, READ), bytes_record("in", 0.75, READING), bytes_record("in", 2, b"AT\r\n\x00")]
    )
    assert recording.told(first) == f"    0.500000 out  request 00000007/1  clock-read\n{' ' * 18}{READ[:-1].hex(' ')}"
    assert recording.said(second) == "reply 00000007/1  ok 1772985600 5 true, bad-arguments, not-run"
    assert recording.said(third).startswith("no frame: bad COBS in 4 bytes")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"\xff", "not the CBOR of the protocol: byte 0: "),
        (cbor.encode({0: 1, 1: 0}), "{0: 1, 1: 0}"),
        (cbor.encode(5), "5"),
        (cbor.encode([[99, "x"], 4, [True]]), '99 "x", 4, [true]'),
    ],
)
def test_whatever_a_frame_holds_is_told(body, told):
    (passed,) = recording.frames([bytes_record("out", 1, encode_frame(Frame(FrameKind.REQUEST, 1, 2, body)))])
    assert recording.said(passed).startswith(f"request 00000001/2  {told}")
    (other,) = recording.frames([bytes_record("out", 1, encode_frame(Frame(77, 1, 2, cbor.encode([]))))])
    assert recording.said(other) == "kind 77 00000001/2  "


@given(st.lists(st.tuples(st.sampled_from(["out", "in"]), st.binary(max_size=40)), max_size=12))
def test_no_byte_is_lost_in_reading_back(chunks):
    records = [bytes_record(direction, at, data) for at, (direction, data) in enumerate(chunks)]
    found = list(recording.frames(records))
    for way in ("out", "in"):
        passed = b"\x00".join(p.raw for p in found if p.direction == way)
        sent = b"".join(data for direction, data in chunks if direction == way)
        assert passed.split(b"\x00") == [piece for piece in sent.split(b"\x00") if piece] or (
            not passed and not sent.strip(b"\x00")
        )
    assert all(p.began <= p.ended for p in found)


@pytest.mark.parametrize(
    "change",
    [{"hex": "0g"}, {"hex": 5}, {"at": "soon"}, {"at": None}, {"direction": "up"}, {"direction": None}],
)
def test_a_damaged_record_is_bad_input(change):
    with pytest.raises(BadInput, match="the journal has a record of bytes that can't be read"):
        list(recording.frames([{**bytes_record("in", 1, READ), **change}]))
    with pytest.raises(BadInput):
        list(recording.frames([{"record": "bytes"}]))


@pytest.mark.parametrize("line", ["5", "[]", "{}", '{"record":5}', "nonsense"])
def test_a_line_that_is_no_record_is_bad_input_with_its_number(tmp_path, line, rechain):
    path = rechain(tmp_path / "journal.jsonl", [json.dumps({"record": "run"}), line])
    with pytest.raises(BadInput, match=r"journal.jsonl:2: not a line of a journal"):
        list(journals.read(path))
