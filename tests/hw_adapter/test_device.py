"""The box's end of the line: sessions, retries, batches, power cuts, and that nothing but a good request touches the box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lockproof.hw_adapter import cbor, vectors
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.frame import Frame, FrameKind, FrameReader, body_room, encode_frame
from lockproof.hw_adapter.messages import (
    COMMANDS,
    Code,
    Command,
    Fault,
    Rejection,
    Result,
    Status,
    read_reply,
    write_entry,
    write_request,
)
from lockproof.spec.observable import BenchError, CutClass, Declined, PowerCut

ENTER = Command(Code.KEYPAD_ENTRY, "47112345")
READ = Command(Code.CLOCK_READ)
CUT = Command(Code.POWER_CUT, PowerCut(CutClass.RESET, 30))
ARM = Command(Code.POWER_CUT, PowerCut(CutClass.NTH_WRITE, 30, 1))
OK, NOT_RUN = Result(Status.OK), Result(Status.NOT_RUN)


def line(*commands: Command, sequence: int = 1, session: int = vectors.SESSION) -> bytes:
    return encode_frame(Frame(FrameKind.REQUEST, session, sequence, write_request(commands)))


def frame_in(answer: bytes) -> Frame:
    (received,) = FrameReader(65_535).feed(answer)
    assert received.frame is not None
    return received.frame


def said(answer: bytes, *commands: Command) -> Any:
    return read_reply(frame_in(answer).body, commands)


def statuses(answer: bytes, *commands: Command) -> list[Status]:
    return [result.status for result in said(answer, *commands)]


@pytest.fixture
def device(box: Any) -> Device:
    return Device(box)


def test_a_request_is_carried_out_and_answered(box: Any, device: Device) -> None:
    answer = frame_in(device.feed(line(ENTER, sequence=7)))
    assert (answer.kind, answer.session, answer.sequence) == (FrameKind.REPLY, vectors.SESSION, 7)
    assert box.done == [("enter", "47112345")]


def test_a_retry_gets_the_same_answer_and_is_not_carried_out_again(box: Any, device: Device) -> None:
    first = device.feed(line(Command(Code.CHALLENGE)))
    assert device.feed(line(Command(Code.CHALLENGE))) == first
    assert box.done == ["challenge"]


def test_the_same_sequence_with_other_bytes_is_an_error(box: Any, device: Device) -> None:
    device.feed(line(ENTER))
    assert said(device.feed(line(READ)), READ) == Rejection(Fault.SEQUENCE_REUSED)
    assert box.done == [("enter", "47112345")]
    assert statuses(device.feed(line(ENTER)), ENTER) == [Status.OK], "the retry is still known"


def test_any_other_sequence_is_a_new_request(box: Any, device: Device) -> None:
    for sequence in (5, 4, 5):
        device.feed(line(ENTER, sequence=sequence))
    assert len(box.done) == 3


def test_a_stale_session_is_refused_unexecuted(box: Any, device: Device) -> None:
    answer = frame_in(device.feed(line(ENTER, session=vectors.SESSION + 1)))
    assert answer.session == vectors.SESSION, "the answer says which session it is now"
    assert read_reply(answer.body, [ENTER]) == Rejection(Fault.STALE_SESSION)
    assert box.done == []


def test_hello_is_taken_with_session_0_and_always_anew(box: Any, device: Device) -> None:
    hello = Command(Code.HELLO)
    assert said(device.feed(line(hello, session=0)), hello)[0].value.writes == 1234
    box.declared = replace(box.declared, writes=1235)
    answer = device.feed(line(hello, session=0))
    assert said(answer, hello)[0].value.writes == 1235
    assert frame_in(answer).session == vectors.SESSION


def test_after_hello_with_session_0_no_sequence_has_been_used(box: Any, device: Device) -> None:
    device.feed(line(ENTER))
    device.feed(line(Command(Code.HELLO), session=0))
    assert statuses(device.feed(line(ENTER)), ENTER) == [Status.OK]
    assert len(box.done) == 2


def test_session_0_is_for_hello_alone(box: Any, device: Device) -> None:
    for commands in ([ENTER], [Command(Code.HELLO), ENTER]):
        assert said(device.feed(line(*commands, session=0)), *commands) == Rejection(Fault.STALE_SESSION)
    assert box.done == []


def test_hello_within_the_session_is_a_request_like_any_other(device: Device) -> None:
    hello = Command(Code.HELLO)
    assert statuses(device.feed(line(hello)), hello) == [Status.OK]
    assert statuses(device.feed(line(hello, READ, sequence=2)), hello, READ) == [Status.BAD_ARGUMENTS, Status.NOT_RUN]


def test_a_batch_stops_at_the_first_error(box: Any, device: Device) -> None:
    bad = Command(Code.KEYPAD_ENTRY, "no digits")
    batch = [READ, bad, ENTER, READ]
    expected = [Status.OK, Status.BAD_ARGUMENTS, Status.NOT_RUN, Status.NOT_RUN]
    assert statuses(device.feed(line(*batch)), *batch) == expected
    assert box.done == ["read clock"]


@pytest.mark.parametrize("last", [CUT, ARM, Command(Code.READ_LOG, 0)])
def test_what_stands_last_is_refused_elsewhere(box: Any, device: Device, last: Command) -> None:
    assert statuses(device.feed(line(last, READ)), last, READ) == [Status.BAD_ARGUMENTS, Status.NOT_RUN]
    assert box.done == []
    assert statuses(device.feed(line(READ, last, sequence=2)), READ, last) == [Status.OK, Status.OK]


def test_more_commands_than_the_limit(box: Any, device: Device) -> None:
    assert said(device.feed(line(*[READ] * 9)), *[READ] * 9) == Rejection(Fault.TOO_LARGE, 8)
    assert box.done == []
    assert len(statuses(device.feed(line(*[READ] * 8)), *[READ] * 8)) == 8


def test_a_rejected_request_does_not_use_up_its_sequence(box: Any, device: Device) -> None:
    device.feed(line(*[READ] * 9))
    assert statuses(device.feed(line(ENTER)), ENTER) == [Status.OK]
    assert len(box.done) == 1


def test_an_unknown_command(device: Device) -> None:
    other = Command(99, [1])
    assert said(device.feed(line(other, READ)), other, READ) == [Result(Status.UNKNOWN_COMMAND), NOT_RUN]


@pytest.mark.parametrize("kind", COMMANDS.values(), ids=lambda kind: kind.name)
def test_a_production_build_refuses_every_test_command(box: Any, kind: Any) -> None:
    device = Device(box, production=True)
    examples = {commands[0].code: commands[0] for _, commands, _ in vectors.EXCHANGES if len(commands) == 1}
    command = examples.get(kind.code, READ)
    (status,) = statuses(device.feed(line(command)), command)
    assert status is (Status.REFUSED if kind.test else Status.OK)
    assert (box.done == []) == (kind.test or kind.code is Code.HELLO)


def test_a_production_build_says_so(box: Any) -> None:
    hello = Command(Code.HELLO)
    (result,) = said(Device(box, production=True).feed(line(hello, session=0)), hello)
    assert result.value.production


@pytest.mark.parametrize(
    ("declared", "command"),
    [
        ({"clock_modes": ("wall-clock",)}, Command(Code.CLOCK_HOLD, True)),
        ({"clock_modes": ("wall-clock",)}, Command(Code.CLOCK_ADVANCE, 1)),
        ({"clock_modes": ("wall-clock",)}, CUT),
        ({"disturbs_clock": False}, Command(Code.CLOCK_DISTURB, 1)),
        ({"cut_classes": (CutClass.NTH_WRITE,)}, CUT),
        ({"cut_classes": (CutClass.RESET,)}, ARM),
        ({"classes": ("core", "code-only")}, Command(Code.PRESENT_TICKET, b"")),
        ({"classes": ("core", "code-only")}, Command(Code.REVOCATION_ORDER, b"")),
    ],
)
def test_what_the_box_declares_not_to_have_is_unsupported(box: Any, declared: dict[str, Any], command: Command) -> None:
    assert statuses(Device(box).feed(line(command)), command) == [Status.OK]
    box.__init__()
    box.declared = replace(box.declared, **declared)
    assert statuses(Device(box).feed(line(command)), command) == [Status.UNSUPPORTED]
    assert box.done == []


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (Declined("not-provisioned", "no keys"), Status.NOT_PROVISIONED),
        (Declined("unsupported", "not here"), Status.UNSUPPORTED),
        (Declined("bad-arguments", "before 1970"), Status.BAD_ARGUMENTS),
        (BenchError("can make nothing of it"), Status.BAD_ARGUMENTS),
    ],
)
def test_what_the_box_raises_becomes_a_status(box: Any, device: Device, raised: Exception, status: Status) -> None:
    box.raises = raised
    assert statuses(device.feed(line(ENTER, READ)), ENTER, READ) == [status, Status.NOT_RUN]


def test_a_clock_that_runs_freely_can_be_disturbed_too(box: Any) -> None:
    box.declared = replace(box.declared, clock_modes=("wall-clock",))
    command = Command(Code.CLOCK_DISTURB, 60)
    assert statuses(Device(box).feed(line(command)), command) == [Status.OK]
    assert box.done == [("disturb", 60)]


# Power


def test_a_power_cut_is_answered_and_then_strikes(box: Any, device: Device) -> None:
    answer = device.feed(line(ENTER, CUT) + line(READ, sequence=2))
    assert statuses(answer, ENTER, CUT) == [Status.OK, Status.OK]
    assert frame_in(answer).session == vectors.SESSION
    assert box.done[-1] == ("cut", CUT.argument), "what stood behind it on the line is lost"
    assert said(device.feed(line(READ, sequence=3)), READ) == Rejection(Fault.STALE_SESSION)
    assert statuses(device.feed(line(READ, session=vectors.SESSION + 1)), READ) == [Status.OK]


def test_an_armed_cut_answers_nothing_when_it_strikes(box: Any, device: Device) -> None:
    assert said(device.feed(line(ARM)), ARM) == [OK]
    assert device.feed(line(READ, ENTER, sequence=2) + line(READ, sequence=3)) == b""
    assert box.done[1:] == ["read clock"]
    assert said(device.feed(line(READ, ENTER, sequence=2)), READ, ENTER) == Rejection(Fault.STALE_SESSION)


def test_a_boot_forgets_the_last_answer(box: Any, device: Device) -> None:
    box.boots_when_cut = False  # a fault: the session stays, so that only the memory of the line is seen
    device.feed(line(ENTER))
    device.feed(line(CUT, sequence=2))
    device.feed(line(CUT, sequence=2))
    assert [what[0] for what in box.done] == ["enter", "cut", "cut"]


# Log


def test_the_log_comes_in_as_many_entries_as_fit(
    box: Any, device: Device, largest_entries: Callable[[int], tuple[Any, ...]]
) -> None:
    box.log = largest_entries(9)
    seen: list[Any] = []
    following, more, sequence = 0, True, 0
    while more:
        sequence += 1
        command = Command(Code.READ_LOG, following)
        answer = device.feed(line(command, sequence=sequence))
        assert len(answer) <= 256
        (result,) = said(answer, command)
        page = result.value
        seen += page.entries
        following, more = page.next_number, page.more
        if more:
            assert len(page.entries) >= 3
    assert tuple(seen) == box.log


@pytest.mark.parametrize("before", range(4))
def test_a_page_of_the_log_has_no_room_for_the_entry_that_follows(
    box: Any, device: Device, before: int, largest_entries: Callable[[int], tuple[Any, ...]]
) -> None:
    box.log = largest_entries(9)
    batch = [*[READ] * before, Command(Code.READ_LOG, 0)]
    answer = device.feed(line(*batch))
    left = body_room(256) - len(frame_in(answer).body)
    follows = box.log[len(said(answer, *batch)[-1].value.entries)]
    assert 0 <= left < len(cbor.encode(write_entry(follows)))


def test_behind_the_largest_batch_there_is_room_for_an_entry(
    box: Any, device: Device, largest_entries: Callable[[int], tuple[Any, ...]]
) -> None:
    box.log = largest_entries(5)
    batch = [*[READ] * 7, Command(Code.READ_LOG, 0)]
    answer = device.feed(line(*batch))
    assert len(answer) <= 256
    page = said(answer, *batch)[-1].value
    assert page.entries == box.log[: len(page.entries)]
    assert page.more
    assert page.next_number == box.log[len(page.entries)].number


# Noise


@pytest.mark.parametrize(("name", "bad"), vectors._silence())
def test_silence(box: Any, device: Device, name: str, bad: bytes) -> None:
    assert device.feed(bad) == b"", name
    *before, last = FrameReader().feed(device.feed(b"\x00" + line(READ, sequence=9)))
    assert last.frame is not None
    assert last.frame.sequence == 9
    ended = name == "a frame that has not ended"  # the zero ends it, and it is a good one
    assert len(before) == ended
    assert box.done == ["read clock"] * (1 + ended)


@given(st.lists(st.binary(max_size=600), max_size=5))
def test_noise_does_nothing_and_is_not_answered(new_box: Callable[[], Any], noise: list[bytes]) -> None:
    box = new_box()
    device = Device(box)
    assert [device.feed(piece) for piece in noise] == [b""] * len(noise)
    assert box.done == []


@given(st.integers(0, 255), st.integers(0, 3), st.sampled_from([0, vectors.SESSION, 5]), st.binary(max_size=200))
def test_a_frame_that_is_no_well_formed_request_does_nothing(
    new_box: Callable[[], Any], version: int, kind: int, session: int, body: bytes
) -> None:
    box = new_box()
    answer = Device(box).feed(encode_frame(Frame(kind, session, 1, body, version)))
    well_formed = version == 1 and kind == 1 and session == vectors.SESSION and _reads(body)
    if not well_formed:
        assert box.done == []
        assert not answer or kind == 1
    for received in FrameReader().feed(answer):
        assert received.frame is not None
        cbor.decode(received.frame.body)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 20),
            st.recursive(
                st.one_of(st.integers(-9, 2**64 - 1), st.binary(max_size=40), st.text("0123456789a"), st.booleans(), st.none()),
                lambda inner: st.lists(inner, max_size=3),
                max_leaves=5,
            ),
        ),
        min_size=1,
        max_size=9,
    )
)
def test_any_commands_are_answered_one_result_each(new_box: Callable[[], Any], asked: list[tuple[int, Any]]) -> None:
    box = new_box()
    values = [[code, *(argument if isinstance(argument, list) else [argument])] for code, argument in asked]
    try:
        body = cbor.encode(values)
    except cbor.CborError:
        return
    lines = encode_frame(Frame(FrameKind.REQUEST, vectors.SESSION, 1, body))
    answer = Device(box).feed(lines)
    if len(lines) > 256:
        assert answer == b""
        return
    reply = cbor.decode(frame_in(answer).body)
    if isinstance(reply, list):
        assert len(reply) == len(values)
        assert sum(result[0] == Status.OK for result in reply) >= len(box.done)  # type: ignore[index]
    else:
        assert box.done == []


def test_busy_names_the_request_under_way(box: Any, device: Device) -> None:
    seen: list[bytes] = []
    box.read_clock = lambda: seen.append(device.busy()) or vectors.READING
    assert device.busy() == b""
    device.feed(line(READ, sequence=12))
    assert frame_in(seen[0]) == Frame(FrameKind.BUSY, vectors.SESSION, 12, cbor.encode([]))
    assert device.busy() == b""


def _reads(body: bytes) -> bool:
    try:
        value = cbor.decode(body)
    except cbor.CborError:
        return False
    return isinstance(value, list)
