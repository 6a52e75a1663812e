"""The hostile line byte for byte and instant for instant, each kind alone; and that a seed repeats."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lockproof.hw_adapter import vectors
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.frame import Frame, FrameKind, encode_frame
from lockproof.hw_adapter.hostile import (
    MILD,
    Direction,
    Hostility,
    Kind,
    OneWay,
    Struck,
    UnsteadyBox,
    alone,
    of_all_kinds,
)
from lockproof.hw_adapter.messages import Code, Command, write_request
from lockproof.spec.observable import BadInput

SENT = bytes(range(1, 33))


def everything(line: OneWay) -> list[tuple[float, bytes]]:
    """What comes out, and when, in order."""
    came = []
    while (due := line.due()) is not None:
        came.append((due, line.take(due)))
    return came


def through(hostility: Hostility, data: bytes = SENT, way: Direction = Direction.TO_BOX) -> tuple[bytes, Counter[Kind]]:
    struck = Struck()
    line = OneWay(hostility, way, struck)
    line.put(data, 0.0)
    came = b"".join(data for _, data in everything(line))
    assert (struck.entered[way], struck.left[way]) == (len(data), len(came))
    return came, struck.by_kind


# What a seed does


@pytest.mark.parametrize(
    ("hostility", "came", "struck"),
    [
        (Hostility(drop=0.1, seed=7), "02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1e1f20", {Kind.DROP: 2}),
        (Hostility(drop=0.1, seed=8), "0102030405060708090a0b0d0e0f1011121314151718191a1b1d1e1f20", {Kind.DROP: 3}),
        (Hostility(flip=0.1, seed=7), "0102030405064708090a0b0c050e0f101112131015161718191a1b1c1d1e1f20", {Kind.FLIP: 3}),
        (
            Hostility(noise=0.1, seed=7),
            "01020304050506a40708090a0b0c0c0d0e0f101112131415161718191a1b1c1d1e1f1f20",
            {Kind.NOISE: 4},
        ),
        (Hostility(gap=1, seed=7), "01020304050607081e1f20", {Kind.GAP: 1}),
        (
            Hostility(drop=0.1, flip=0.1, seed=7),
            "02030405064708090a0b0c050e0f101112131015161718191a1b1c1e1f20",
            {Kind.DROP: 2, Kind.FLIP: 3},
        ),
    ],
)
def test_what_comes_out_for_a_seed(hostility: Hostility, came: str, struck: dict[Kind, int]) -> None:
    assert through(hostility) == (bytes.fromhex(came), struck)


def test_the_two_directions_are_not_struck_alike() -> None:
    hostility = Hostility(drop=0.1, seed=7)
    assert through(hostility, way=Direction.FROM_BOX)[0] != through(hostility)[0]


@given(st.lists(st.binary(max_size=20), max_size=10), st.integers(0, 1000))
def test_the_pieces_in_which_bytes_arrive_make_no_difference(pieces: list[bytes], seed: int) -> None:
    hostility = of_all_kinds(seed)
    whole, piecewise = (OneWay(hostility, Direction.TO_BOX, Struck()) for _ in range(2))
    whole.put(b"".join(pieces), 0.0)
    for piece in pieces:
        piecewise.put(piece, 0.0)
    assert everything(whole) == everything(piecewise)


@given(st.binary(max_size=200), st.integers(0, 2**32), st.sampled_from(Direction))
def test_a_line_with_nothing_set_is_the_identity(data: bytes, seed: int, way: Direction) -> None:
    line = OneWay(Hostility(seed=seed), way, Struck())
    line.put(data, 4.5)
    assert everything(line) == ([(4.5, data)] if data else [])


@given(st.binary(max_size=200), st.integers(0, 2**32), st.sampled_from(Direction))
def test_pacing_latency_and_stalls_change_no_byte(data: bytes, seed: int, way: Direction) -> None:
    line = OneWay(Hostility(stall=0.5, baud=9600, latency_ms=16, seed=seed), way, Struck())
    line.put(data, 0.0)
    came = everything(line)
    assert b"".join(piece for _, piece in came) == data
    assert [at for at, _ in came] == sorted(at for at, _ in came)


# Each kind, as bad as it gets


def test_a_line_that_drops_all() -> None:
    assert through(Hostility(drop=1)) == (b"", {Kind.DROP: 32})


@given(st.binary(min_size=1, max_size=50), st.integers(0, 1000))
def test_a_flip_is_of_one_bit(data: bytes, seed: int) -> None:
    came, struck = through(Hostility(flip=1, seed=seed), data)
    assert [(one ^ other).bit_count() for one, other in zip(data, came, strict=True)] == [1] * len(data)
    assert struck == {Kind.FLIP: len(data)}


@given(st.binary(min_size=1, max_size=50), st.integers(0, 1000))
def test_noise_comes_before_the_byte_and_changes_none(data: bytes, seed: int) -> None:
    came, struck = through(Hostility(noise=1, seed=seed), data)
    assert came[1::2] == data
    assert struck == {Kind.NOISE: len(data)}


def test_some_noise_is_the_byte_again_and_some_is_not() -> None:
    came, _ = through(Hostility(noise=1), bytes(100))
    assert 30 < sum(byte == 0 for byte in came[0::2]) < 70


@given(st.integers(0, 1000))
def test_a_gap_is_one_stretch_that_begins_near_the_beginning_of_a_frame(seed: int) -> None:
    data = bytes(range(1, 101))
    came, struck = through(Hostility(gap=1, seed=seed), data)
    begins = next(place for place in range(100) if came[place : place + 1] != data[place : place + 1])
    length = 100 - len(came)
    assert came == data[:begins] + data[begins + length :]
    assert begins < 12
    assert 1 <= length <= 32
    assert struck == {Kind.GAP: 1}


def test_a_gap_goes_on_over_the_end_of_its_frame() -> None:
    hostility, frame = Hostility(gap=1, seed=7), bytes(range(1, 12)) + b"\0"
    assert through(hostility, frame + frame)[0].hex() == "0102030405060708", "21 bytes, of this frame and the next, are lost"


@given(st.integers(0, 1000))
def test_a_stall_holds_what_follows_and_then_all_of_it_comes(seed: int) -> None:
    line = OneWay(Hostility(stall=1, stall_s=0.5, seed=seed), Direction.TO_BOX, Struck())
    line.put(SENT, 10.0)
    *before, (over, rest) = everything(line)
    assert [at for at, _ in before] in ([], [10.0])
    assert len(b"".join(data for _, data in before)) < 12
    assert 10.0 < over <= 10.5
    assert b"".join(data for _, data in before) + rest == SENT


def test_what_enters_during_a_stall_comes_after_it() -> None:
    line = OneWay(Hostility(stall=1, seed=7), Direction.TO_BOX, Struck())
    line.put(SENT, 0.0)
    over = 1.0757612190322903
    assert line.take(0.0) == b"\x01"
    line.put(b"more", 1.0)
    assert line.due() == over
    assert line.take(1.0757) == b""
    assert line.take(over) == SENT[1:] + b"more"
    line.put(b"later", 2.0)
    assert line.due() == 2.0


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.REBOOT])
def test_a_kind_strikes_about_as_often_as_it_is_said_to(kind: Kind) -> None:
    frames = 2000
    data = (bytes([1] * 19) + b"\0") * frames
    for_each = len(data) if kind in {Kind.DROP, Kind.FLIP, Kind.NOISE} else frames
    _, struck = through(Hostility(seed=1, **{kind.value: 0.1}), data)
    assert set(struck) == {kind}
    assert struck[kind] == pytest.approx(0.1 * for_each, rel=0.2)


@pytest.mark.parametrize("chance", [5e-324, 1e-300, 1e-18])
def test_what_is_as_good_as_never_never_strikes(chance: float) -> None:
    assert through(Hostility(drop=chance, stall=chance)) == (SENT, {})


def test_mild_lines() -> None:
    for kind in Kind:
        assert alone(kind, 3).kinds() == (kind,)
        assert alone(kind, 3).chance(kind) == MILD[kind]
    assert of_all_kinds(3).kinds() == tuple(Kind)
    assert Hostility(seed=3, baud=9600, latency_ms=16).kinds() == ()


# Time


@given(st.integers(1, 200), st.sampled_from([300, 9600, 115_200]))
def test_so_many_bytes_take_ten_bits_each(count: int, baud: int) -> None:
    line = OneWay(Hostility(baud=baud), Direction.TO_BOX, Struck())
    line.put(bytes(count), 0.0)
    assert everything(line) == [(n * 10 / baud, b"\0") for n in range(1, count + 1)]


def test_the_next_byte_waits_for_the_last_one_and_not_for_a_line_that_is_free() -> None:
    line = OneWay(Hostility(baud=1000), Direction.TO_BOX, Struck())
    line.put(b"ab", 0.0)
    line.put(b"c", 0.015)
    line.put(b"d", 1.0)
    assert everything(line) == [(0.01, b"a"), (0.02, b"b"), (0.03, b"c"), (1.01, b"d")]


def test_what_is_lost_takes_its_time_too() -> None:
    line = OneWay(Hostility(baud=1000, drop=0.1, seed=7), Direction.TO_BOX, Struck())
    line.put(SENT, 0.0)
    assert everything(line)[0] == (0.02, b"\x02")


def test_a_chip_keeps_what_comes_from_the_box_for_its_latency() -> None:
    line = OneWay(Hostility(latency_ms=16), Direction.FROM_BOX, Struck())
    line.put(b"a", 0.0)
    line.put(b"b", 0.01)
    assert line.take(0.0159) == b""
    line.put(b"c", 0.0161)
    assert line.due() == 0.016
    assert line.take(0.0161) == b"ab"
    assert everything(line) == [(0.0161 + 0.016, b"c")]


def test_a_chip_that_is_full_waits_no_longer() -> None:
    line = OneWay(Hostility(latency_ms=16), Direction.FROM_BOX, Struck())
    line.put(bytes(61), 0.0)
    assert line.due() == 0.016
    line.put(bytes(64), 0.001)
    assert everything(line) == [(0.001, bytes(124)), (0.017, bytes(1))], "two packets, and what is left"


def test_a_chip_on_a_paced_line() -> None:
    line = OneWay(Hostility(baud=115_200, latency_ms=16), Direction.FROM_BOX, Struck())
    line.put(bytes(100), 0.0)
    assert everything(line) == [(620 / 115_200, bytes(62)), (630 / 115_200 + 0.016, bytes(38))]


def test_a_chip_delays_nothing_on_its_way_to_the_box() -> None:
    line = OneWay(Hostility(latency_ms=16), Direction.TO_BOX, Struck())
    line.put(b"a", 1.0)
    assert everything(line) == [(1.0, b"a")]


# What no line can be


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"drop": 1.5}, "drop 1.5: a probability is a number from 0 to 1"),
        ({"gap": -0.1}, "gap -0.1: a probability is a number from 0 to 1"),
        ({"reboot": float("nan")}, "reboot nan: a probability is a number from 0 to 1"),
        ({"baud": 7}, "baud 7: a baud rate is a number from 50 to 12000000, or 0 for no pacing"),
        ({"baud": -9600}, "baud -9600: a baud rate is a number from 50 to 12000000, or 0 for no pacing"),
        ({"latency_ms": 1001}, "latency 1001: milliseconds from 0 to 1000; such chips have 16"),
        ({"latency_ms": float("inf")}, "latency inf: milliseconds from 0 to 1000; such chips have 16"),
        ({"stall_s": 0}, "stall of 0 s: the longest stall is more than 0 and at most 600 s"),
        ({"stall_s": float("nan")}, "stall of nan s: the longest stall is more than 0 and at most 600 s"),
    ],
)
def test_what_no_line_can_be(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput) as told:
        Hostility(**wrong)
    assert str(told.value) == message


# A box whose supply fails


def entry(sequence: int, session: int = vectors.SESSION) -> bytes:
    return encode_frame(Frame(FrameKind.REQUEST, session, sequence, write_request([Command(Code.KEYPAD_ENTRY, "47112345")])))


def unsteady(box: Any, seed: int, chance: float = 1.0) -> tuple[UnsteadyBox, Struck]:
    struck = Struck()
    return UnsteadyBox(Device(box), Hostility(reboot=chance, seed=seed), struck), struck


def test_a_device_that_loses_power_boots_and_knows_nothing_of_its_last_request(box: Any) -> None:
    device = Device(box)
    device.feed(entry(1))
    before = device.session
    device.lose_power()
    assert device.session == before + 1
    assert box.declared.reset_cause == "power-cut"
    device.feed(entry(1, device.session))
    assert box.done.count(("enter", "47112345")) == 2, "no kept reply is left"


def test_a_device_that_loses_power_in_the_middle_of_a_request_has_not_heard_it(box: Any) -> None:
    device = Device(box)
    device.feed(entry(1)[:9])
    device.lose_power()
    assert device.feed(entry(1)[9:]) == b""
    assert device.feed(entry(2, device.session)) != b""


def test_power_is_lost_at_a_write_to_come(box: Any) -> None:
    device = Device(box)
    before = device.session
    device.lose_power(at_write=1)
    assert device.session == before
    assert device.feed(entry(1)) == b""
    assert device.session == before + 1


def test_the_moments_of_losing_power_as_a_host_sees_them(box: Any, new_box: Any) -> None:
    reply = Device(box).feed(entry(1))
    seen = Counter()
    for seed in range(400):
        one = new_box()
        far, struck = unsteady(one, seed)
        answer = far.feed(b"\0\0" + entry(1), 0.0)
        assert reply.startswith(answer)
        assert struck.by_kind == {Kind.REBOOT: 1}
        assert one.declared.session == vectors.SESSION + 1
        seen[("enter", "47112345") in one.done, "all" if answer == reply else "some" if answer else "none"] += 1
    assert set(seen) == {(False, "none"), (True, "none"), (True, "some"), (True, "all")}
    assert all(count > 4 for count in seen.values())


def test_a_box_that_boots_is_deaf_for_as_long_as_it_says(box: Any, new_box: Any) -> None:
    assert new_box().declared.boot_ms == 0
    box.declared = vectors.HELLO
    far, _ = unsteady(box, 1)
    far.feed(entry(1), 10.0)
    done = len(box.done)
    boot_s = vectors.HELLO.boot_ms / 1000
    assert boot_s > 0
    assert far.feed(entry(2, box.declared.session), 10.0 + boot_s - 0.001) == b""
    assert len(box.done) == done
    assert far.feed(entry(2, box.declared.session)[:9], 10.0 + boot_s) == b""
    far.feed(entry(2, box.declared.session)[9:], 10.0 + boot_s)
    assert len(box.done) > done


def test_a_steady_box_is_one_that_never_loses_power(box: Any, new_box: Any) -> None:
    far, struck = unsteady(box, 1, chance=0.0)
    plain = Device(new_box())
    for sequence in range(1, 50):
        assert far.feed(entry(sequence), 0.0) == plain.feed(entry(sequence))
    assert not struck.by_kind
    assert far.busy() == b""
