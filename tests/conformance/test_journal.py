"""The journal: lines that follow from each other, whole or not there, and written by one at a time."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lockproof.conformance import journal as journals
from lockproof.conformance.journal import Journal
from lockproof.spec.observable import BadInput, BenchError

RECORDS = [{"record": "run", "began": "2026-01-02T03:04:05+00:00"}, {"record": "step", "step": 1}, {"record": "end", "text": "ü"}]


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    for record in RECORDS:
        journal.write(**record)
    journal.passed("out", b"\x00\x01")
    journal.close()
    return path


def test_what_is_read_is_what_was_written(written):
    *records, passed = journals.read(written)
    assert records == RECORDS
    assert (passed["record"], passed["direction"], passed["hex"]) == ("bytes", "out", "0001")


def test_each_line_says_what_it_follows_from(written):
    chain = b""
    for line in written.read_bytes().splitlines():
        body, _, said = line.rpartition(b',"chain":"')
        chain = journals.chained(chain, body + b"}")
        assert said == chain.hex().encode() + b'"}'
        assert json.loads(line)["chain"] == chain.hex()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_byte_can_be_changed(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("changed") / "journal.jsonl"
    journal = Journal(path)
    for record in RECORDS:
        journal.write(**record)
    journal.close()
    text = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(text) - 2))  # without its last newline it is a line that a kill cut short
    text[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(text)
    with pytest.raises(BadInput, match=r"journal\.jsonl:[123]: "):
        list(journals.read(path))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: lines[1:], 1),
        (lambda lines: [lines[0], *lines[2:]], 2),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], 2),
        (lambda lines: [*lines[:3], lines[2], lines[3]], 4),
    ],
    ids=["the first left out", "one left out", "two exchanged", "one twice"],
)
def test_no_line_can_be_left_out_or_moved(written, change, line):
    written.write_bytes(b"".join(change(written.read_bytes().splitlines(keepends=True))))
    with pytest.raises(BadInput, match=rf"journal\.jsonl:{line}: this line does not follow from the lines before it"):
        list(journals.read(written))


@pytest.mark.parametrize(("share", "kept"), [(0, False), (0.5, False), (1, True)])
def test_ctrl_c_in_the_middle_of_a_write_leaves_a_whole_line_or_none(tmp_path, monkeypatch, share, kept):
    """It comes when the system has written, and before anybody knows."""
    journal = Journal(tmp_path / "journal.jsonl")
    journal.write("first")
    real = journals._write_all

    def stopped(file, data):
        real(file, data[: int(len(data) * share)])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(journals, "_write_all", stopped)
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                journal.write("second")
    journal.write("third")
    journal.close()
    told = ["first", *["second"] * (2 * kept), "third"]
    assert [record["record"] for record in journals.read(tmp_path / "journal.jsonl")] == told
    with Path(tmp_path / "journal.jsonl").open("rb") as file:
        assert len(file.readlines()) == len(told)


def test_a_line_without_a_chain_is_none(written):
    with written.open("a") as file:
        file.write('{"record":"end"}\n')
    with pytest.raises(BadInput, match=r"journal\.jsonl:5: this line has no chain"):
        list(journals.read(written))


@pytest.mark.parametrize("torn", [b'{"rec', b"\x00" * 100, b'{"record":"end","chain":"00"}'])
def test_what_a_kill_cut_short_is_cut_off_and_the_chain_goes_on(written, torn):
    whole = written.read_bytes()
    written.write_bytes(whole + torn)
    assert len(list(journals.read(written))) == 4
    journal = Journal.go_on(written)
    assert journal.began == "2026-01-02T03:04:05+00:00"
    journal.write("end")
    journal.passed("in", b"\x02")
    journal.close()
    assert written.read_bytes().startswith(whole)
    *_, end, passed = journals.read(written)
    assert (end, passed["hex"]) == ({"record": "end"}, "02")
    assert passed["at"] > 20_000_000, "seconds since the run began, not since it went on"


def test_a_changed_journal_is_not_gone_on_with(written):
    text = written.read_bytes().replace(b'"step":1', b'"step":2')
    written.write_bytes(text + b"torn")
    with pytest.raises(BadInput, match=r"journal\.jsonl:2: "):
        Journal.go_on(written)
    assert written.read_bytes() == text + b"torn"


def test_two_never_write_to_one_journal(written):
    first = Journal.go_on(written)
    with pytest.raises(BenchError, match="another run is writing to it; wait for its end, or end it"):
        Journal.go_on(written)
    first.close()
    Journal.go_on(written).close()


def test_a_disk_that_is_full_leaves_no_half_a_line(written, monkeypatch):
    journal, write = Journal.go_on(written), os.write

    def half(file: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(BenchError, match="the journal cannot be written: No space left on device; make room"):
        journal.write("step", step=2)
    monkeypatch.undo()
    journal.write("step", step=3)
    journal.close()
    assert list(journals.read(written))[-1] == {"record": "step", "step": 3}
