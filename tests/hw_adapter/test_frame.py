"""Frames: what is one, what is none, and how the reader finds its feet again."""

from __future__ import annotations

import pytest
from cobs import cobs
from hypothesis import given
from hypothesis import strategies as st
from lockproof.hw_adapter.frame import (
    MINIMUM_LIMIT,
    Frame,
    FrameError,
    FrameReader,
    body_room,
    crc32c,
    decode_frame,
    encode_frame,
)

frames = st.builds(
    Frame,
    st.integers(0, 255),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**16 - 1),
    st.binary(max_size=body_room(MINIMUM_LIMIT)),
    st.integers(0, 255),
)


def test_the_check_value_of_the_crc() -> None:
    assert crc32c(b"123456789").hex() == "e3069283"


def test_a_frame_byte_by_byte() -> None:
    line = encode_frame(Frame(kind=1, session=0, sequence=1, body=bytes.fromhex("818101")))
    assert line.hex(" ") == "03 01 01 01 01 01 01 09 01 81 81 01 1f df 94 94 00"


@given(frames)
def test_what_is_encoded_comes_back(frame: Frame) -> None:
    line = encode_frame(frame)
    assert line.count(0) == 1
    assert len(line) <= MINIMUM_LIMIT
    assert decode_frame(line[:-1]) == frame


@pytest.mark.parametrize("limit", [256, 257, 509, 510, 511, 512, 763, 764, 765, 4096])
def test_a_full_body_fits_the_limit_and_one_byte_more_may_not(limit: int) -> None:
    def worst(room: int) -> int:
        content = 12 + room
        return content + content // 254 + 1 + 1  # a code for every whole run, one for the rest, the delimiter

    assert worst(body_room(limit)) <= limit < worst(body_room(limit) + 1)
    assert len(encode_frame(Frame(1, 0xFFFFFFFF, 0xFFFF, b"\xff" * body_room(limit)))) <= limit


def test_the_room_of_the_smallest_frame() -> None:
    assert body_room(256) == 241


@given(frames, st.data())
def test_no_single_wrong_bit_goes_unseen(frame: Frame, data: st.DataObject) -> None:
    line = bytearray(encode_frame(frame)[:-1])
    bit = data.draw(st.integers(0, len(line) * 8 - 1))
    line[bit // 8] ^= 1 << bit % 8
    received = list(FrameReader().feed(bytes(line) + b"\x00"))
    assert all(each.frame is None for each in received)
    assert received
    assert all(each.error for each in received)


@given(st.lists(st.one_of(frames.map(encode_frame), st.binary(max_size=40).map(lambda b: b + b"\x00"))), st.data())
def test_how_the_bytes_are_cut_up_makes_no_difference(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    whole, pieces = FrameReader(), FrameReader()
    at_once = list(whole.feed(stream))
    bit_by_bit = [
        received
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for received in pieces.feed(stream[start:end])
    ]
    assert at_once == bit_by_bit
    assert whole.pending == pieces.pending


@given(st.binary(max_size=2000), frames)
def test_after_anything_at_all_a_zero_brings_the_reader_back(noise: bytes, frame: Frame) -> None:
    reader = FrameReader()
    list(reader.feed(noise))
    received = list(reader.feed(b"\x00" + encode_frame(frame)))
    assert received[-1].frame == frame


def test_empty_frames_are_passed_over() -> None:
    assert list(FrameReader().feed(bytes(100))) == []


def test_a_frame_that_is_too_long_is_dropped_and_the_next_one_read() -> None:
    frame = Frame(1, 2, 3, b"\x80")
    reader = FrameReader()
    assert list(reader.feed(b"\x01" * 100_000)) == []
    assert reader.pending == 100_000
    too_long, good = reader.feed(b"\x00" + encode_frame(frame))
    assert too_long.frame is None
    assert len(too_long.raw) == 255
    assert too_long.error == "100001 bytes are more than the frame limit of 256"
    assert good.frame == frame


def test_a_frame_of_exactly_the_limit_is_read() -> None:
    line = encode_frame(Frame(1, 0x01010101, 0x0101, b"\x01" * 242))
    assert len(line) == 256
    (received,) = FrameReader().feed(line)
    assert received.frame is not None
    (received,) = FrameReader(255).feed(line)
    assert received.frame is None


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        ("0501", "bad COBS in 2 bytes"),
        ("0201", "1 bytes are too few for a frame; the shortest has 12"),
        (cobs.encode(bytes(12)).hex(), "bad CRC at offset 8: 00000000 came"),
    ],
)
def test_the_error_says_what_is_wrong(raw: str, error: str) -> None:
    with pytest.raises(FrameError) as raised:
        decode_frame(bytes.fromhex(raw))
    assert str(raised.value).startswith(error)
