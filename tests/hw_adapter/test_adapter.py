"""The host's end of the line: what comes back is what the box did, and whatever goes wrong is said in one message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from lockproof.hw_adapter import cbor, vectors
from lockproof.hw_adapter.adapter import BadAnswer, NotCut, SerialBox, SessionChanged
from lockproof.hw_adapter.channel import Recorded
from lockproof.hw_adapter.declaration import OtherVersion
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.frame import Frame, FrameKind, FrameReader, encode_frame
from lockproof.hw_adapter.link import NotABox, NothingAnswers, Patience
from lockproof.hw_adapter.messages import (
    COMMANDS,
    Code,
    Command,
    Fault,
    Rejection,
    Result,
    Status,
    write_rejection,
    write_reply,
    write_result,
)
from lockproof.spec.observable import (
    BenchError,
    Box,
    ClockReading,
    CutClass,
    Decision,
    Declined,
    LinkLost,
    NoAnswer,
    PowerCut,
    Provisioning,
)

CUT = PowerCut(CutClass.RESET, 30)


def request_in(line: bytes) -> Frame:
    (received,) = FrameReader().feed(line)
    assert received.frame is not None
    return received.frame


def test_every_method_reaches_the_box_and_its_answer_comes_back(bench: Any) -> None:
    host: Box = bench.host
    provisioning = Provisioning(vectors.BOX_ID, vectors.SECRET, vectors.TORONTO)
    accepted, refused = Decision(True, None, vectors.NOON), Decision(False, "code.digits", vectors.NOON)
    assert host.hello() == bench.box.declared
    host.reset()
    host.provision(provisioning)
    assert host.time_order(b"good") == accepted
    assert host.revocation_order(b"bad") == refused
    assert host.enter("47112345") == accepted
    assert host.challenge() == bytes(15) + b"\x06"
    assert host.present(b"good") == accepted
    assert host.read_log(7).next_number == 1
    assert host.read_clock() == ClockReading(vectors.NOON, 9, False)
    assert host.hold_clock(True) == ClockReading(vectors.NOON, 10, True)
    assert host.advance_clock(3) == ClockReading(vectors.NOON + 3, 11, True)
    assert host.disturb_clock(5) == ClockReading(vectors.NOON - 5, 12, True)
    host.cut_power(CUT)
    assert bench.box.done == [
        "reset",
        ("provision", provisioning),
        ("time order", b"good"),
        ("revocation order", b"bad"),
        ("enter", "47112345"),
        "challenge",
        ("present", b"good"),
        ("read log", 7),
        "read clock",
        ("hold", True),
        ("advance", 3),
        ("disturb", 5),
        ("cut", CUT),
    ]
    assert bench.host.counters.resent == 0


def test_the_first_command_says_hello_by_itself(bench: Any) -> None:
    assert bench.host.enter("47112345").accepted
    assert len(bench.wire.sent) == 2


def test_a_batch_is_one_request(bench: Any) -> None:
    batch = [Command(Code.KEYPAD_ENTRY, "47112345"), Command(Code.KEYPAD_ENTRY, "xyz"), Command(Code.CLOCK_READ)]
    assert bench.host.perform(batch) == [
        Result(Status.OK, Decision(True, None, vectors.NOON)),
        Result(Status.BAD_ARGUMENTS),
        Result(Status.NOT_RUN),
    ]
    assert len(bench.wire.sent) == 2


def test_a_hello_in_a_batch_of_its_own(bench: Any) -> None:
    assert bench.host.perform([Command(Code.HELLO)]) == [Result(Status.OK, bench.box.declared)]


def test_what_a_box_declines_is_raised_with_its_word(bench: Any) -> None:
    with pytest.raises(Declined, match="test: the box answers keypad-entry with status 3, bad-arguments") as raised:
        bench.host.enter("12a4")
    assert raised.value.why == "bad-arguments"
    bench.box.raises = Declined("not-provisioned", "")
    with pytest.raises(Declined) as raised:
        bench.host.challenge()
    assert raised.value.why == "not-provisioned"


def test_a_clock_that_can_not_be_disturbed_is_declined_and_left_as_it_is(bench: Any) -> None:
    bench.box.declared = replace(bench.box.declared, disturbs_clock=False)
    bench.device.__init__(bench.box)
    with pytest.raises(Declined, match="test: the box answers clock-disturb with status 4, unsupported") as raised:
        bench.host.disturb_clock(60)
    assert raised.value.why == "unsupported"
    assert bench.box.done == []


def test_a_request_that_has_begun_is_sent_and_not_waited_for(bench: Any) -> None:
    bench.host.hello()
    before = bench.wire.time
    finish = bench.host.begin([Command(Code.KEYPAD_ENTRY, "47112345"), Command(Code.CHALLENGE)])
    assert bench.box.done == [("enter", "47112345"), "challenge"]
    assert bench.wire.time == before
    assert bench.host.counters.replies == 1
    assert finish() == [
        Result(Status.OK, Decision(True, None, vectors.NOON)),
        Result(Status.OK, bytes(15) + b"\x02"),
    ]
    assert bench.host.counters.replies == 2


READ, ENTER, CUT_NOW, LOG, HELLO = (
    Command(Code.CLOCK_READ),
    Command(Code.KEYPAD_ENTRY, "47112345"),
    Command(Code.POWER_CUT, CUT),
    Command(Code.READ_LOG, 1),
    Command(Code.HELLO),
)


@pytest.mark.parametrize(
    ("commands", "fit"),
    [
        ([READ] * 8, True),
        ([READ] * 9, False),
        ([ENTER, LOG], True),
        ([LOG, ENTER], False),
        ([ENTER, CUT_NOW], True),
        ([CUT_NOW, ENTER], False),
        ([HELLO], True),
        ([READ, HELLO], False),
        ([HELLO, READ], False),
        ([Command(Code.PRESENT_TICKET, bytes(236))], True),  # 241 bytes with their heads
        ([Command(Code.PRESENT_TICKET, bytes(237))], False),
        ([Command(Code.CLOCK_ADVANCE, 1.5)], False),
    ],
)
def test_what_fits_one_request(bench: Any, commands: list[Command], fit: bool) -> None:
    bench.host.hello()
    assert bench.host.fits(commands) is fit
    assert len(bench.wire.sent) == 1


@pytest.mark.parametrize(
    ("commands", "message"),
    [
        ([], "test: 0 commands in one request; this box takes 1 to 8"),
        ([Command(Code.CLOCK_READ)] * 9, "test: 9 commands in one request; this box takes 1 to 8"),
        (
            [Command(Code.PRESENT_TICKET, bytes(240))],
            (
                "test: present-ticket takes 245 bytes, and a frame of this box has room for 241;"
                " send fewer commands at once, a shorter message, or a zone table of fewer pairs"
            ),
        ),
        (
            [Command(Code.CLOCK_ADVANCE, 1.5)],
            "test: clock-advance can't be sent: byte 0: float is not among the types of the protocol",
        ),
    ],
)
def test_what_can_not_be_sent_is_refused_here(bench: Any, commands: list[Command], message: str) -> None:
    bench.host.hello()
    with pytest.raises(BenchError) as raised:
        bench.host.perform(commands)
    assert str(raised.value) == message
    assert len(bench.wire.sent) == 1


def test_a_later_frame_limit_is_used(bench: Any) -> None:
    bench.box.declared = replace(bench.box.declared, frame_limit=1024)
    bench.device.__init__(bench.box)
    assert not bench.host.present(bytes(900)).accepted


def test_every_byte_is_told_as_it_passes_and_frames_are_counted(host_on: Callable[..., Any], box: Any) -> None:
    told: list[tuple[str, bytes]] = []
    wire, _ = host_on(Device(box))
    wire.mangle = lambda answer: b"noise\x00" + answer + b"\x07half"
    host = SerialBox(Recorded(wire, lambda *what: told.append(what)), "test", now=lambda: wire.time)
    host.enter("47112345")
    assert [direction for direction, _ in told] == ["out", "in", "out", "in"]
    assert [data for direction, data in told if direction == "out"] == wire.sent
    assert all(data.startswith(b"noise\x00") and data.endswith(b"\x07half") for direction, data in told if direction == "in")
    assert host.counters.requests == host.counters.replies == 2
    host.close()
    assert wire.closed


def test_what_could_not_be_sent_is_told_and_silence_is_not(host_on: Callable[..., Any]) -> None:
    told: list[tuple[str, bytes]] = []
    wire, _ = host_on()

    def torn(_: bytes) -> None:
        raise LinkLost("unplugged")

    recorded = Recorded(wire, lambda *what: told.append(what))
    assert recorded.receive(0.1) == b""
    wire.send = torn
    with pytest.raises(LinkLost):
        recorded.send(b"asked")
    assert told == [("out", b"asked")]


def test_wake_bytes_stand_before_every_request(bench: Any) -> None:
    bench.box.declared = replace(bench.box.declared, wake_bytes=5)
    bench.host.read_clock()
    first, second = (len(sent) - len(sent.lstrip(b"\x00")) for sent in bench.wire.sent)
    assert (first, second) == (64, 5)


# Retries


def lose(bench: Any, answers: int) -> None:
    """The next answers get lost on the way back."""
    left = [answers]

    def mangle(answer: bytes) -> bytes:
        left[0] -= 1
        return b"" if left[0] >= 0 else answer

    bench.wire.mangle = mangle


def test_a_lost_answer_is_asked_for_again_byte_for_byte(bench: Any) -> None:
    bench.host.hello()
    lose(bench, 3)
    assert bench.host.challenge() == bytes(15) + b"\x01"
    assert bench.box.done == ["challenge"]
    assert len(set(bench.wire.sent[1:])) == 1
    assert bench.host.counters.resent == 3
    assert bench.wire.time == pytest.approx(0.1 + 0.4 + 0.8 + 1.6 + 0.1)


def test_a_damaged_answer_is_asked_for_again(bench: Any) -> None:
    bench.host.hello()
    damages = iter([lambda line: line[:-3] + b"\x00", lambda line: b"\x07" + line, lambda line: line])

    def damaged(answer: bytes) -> bytes:
        damage = next(damages)
        return damage(answer)

    bench.wire.mangle = damaged
    assert bench.host.enter("47112345").accepted
    assert bench.host.counters.damaged == 2
    assert bench.box.done == [("enter", "47112345")]


def test_no_answer_at_all_leaves_open_what_was_done(bench: Any) -> None:
    bench.host.hello()
    lose(bench, 4)
    with pytest.raises(NoAnswer) as raised:
        bench.host.enter("47112345")
    assert type(raised.value) is NoAnswer
    assert str(raised.value) == (
        "test: no answer to keypad-entry: not a byte came back in 6.0 s; the box is there and has not booted, and what it did is"
        " unknown"
    )
    assert bench.host.enter("00000000").reason == "code.digits", "the line can be used again"


def test_a_late_answer_to_something_else_is_a_stray(bench: Any) -> None:
    bench.host.hello()
    late = encode_frame(Frame(FrameKind.REPLY, vectors.SESSION, 1, cbor.encode([[0]])))
    bench.wire.mangle = lambda answer: late + answer
    assert bench.host.enter("47112345").accepted
    assert bench.host.counters.stray == 1


def test_a_reply_of_another_session_is_not_taken_for_the_answer(bench: Any) -> None:
    bench.host.hello()
    other = encode_frame(Frame(FrameKind.REPLY, vectors.SESSION - 1, 2, cbor.encode([[0, False, None, None]])))
    bench.wire.mangle = lambda answer: other + answer
    assert bench.host.enter("47112345").accepted
    assert bench.host.counters.stray == 1


# Busy


def busy(sequence: int, session: int = vectors.SESSION) -> bytes:
    return encode_frame(Frame(FrameKind.BUSY, session, sequence, cbor.encode([])))


def test_busy_is_waited_for_and_nothing_sent_again(bench: Any) -> None:
    bench.host.hello()
    pieces: list[bytes] = []
    bench.wire.mangle = lambda answer: pieces.extend([busy(2)] * 40 + [answer]) or b""
    take = bench.wire.receive

    def receive(timeout_s: float) -> bytes:
        bench.wire.time += 0.2 if pieces else 0.0
        return pieces.pop(0) if pieces else take(timeout_s)

    bench.wire.receive = receive
    assert bench.host.enter("47112345").accepted
    assert bench.host.counters.busy == 40
    assert bench.host.counters.resent == 0


def test_patience_with_a_busy_box_has_an_end(bench: Any) -> None:
    bench.host.hello()
    bench.wire.mangle = lambda _: b""
    bench.wire.chatter = busy(2)
    with pytest.raises(NoAnswer, match="test: the box has been busy for 10 s; what it did is unknown"):
        bench.host.enter("47112345")
    assert bench.wire.time == pytest.approx(10.2, abs=0.3)


def test_a_box_that_was_busy_and_falls_silent_is_asked_again(bench: Any) -> None:
    bench.host.hello()
    busy_first = iter([busy(2)])
    bench.wire.mangle = lambda answer: next(busy_first, answer)
    assert bench.host.enter("47112345").accepted
    assert bench.host.counters.resent == 1
    assert bench.box.done == [("enter", "47112345")]


# Power cuts


def test_a_cut_is_over_when_it_returns(bench: Any) -> None:
    before = bench.host.hello()
    results = bench.host.perform([Command(Code.KEYPAD_ENTRY, "47112345"), Command(Code.POWER_CUT, CUT)])
    assert [result.status for result in results] == [Status.OK, Status.OK]
    sent = len(bench.wire.sent)
    assert bench.host.hello().session == before.session + 1
    assert len(bench.wire.sent) == sent + 1


def test_booting_takes_as_long_as_declared_and_a_margin(bench: Any) -> None:
    bench.box.declared = replace(bench.box.declared, boot_ms=20_000)
    bench.host.hello()
    start = bench.wire.time
    deaf_until = [0.0]
    feed = bench.device.feed

    def booting(data: bytes) -> bytes:
        if bench.wire.time < deaf_until[0]:
            return b""
        answer = feed(data)
        if bench.box.done and not deaf_until[0]:
            deaf_until[0] = bench.wire.time + 21.0
        return answer

    bench.device.feed = booting
    bench.host.cut_power(CUT)
    assert 21.0 <= bench.wire.time - start <= 24.0


def test_what_a_box_prints_as_it_boots_is_ignored(bench: Any) -> None:
    bench.box.declared = replace(bench.box.declared, boot_ms=1_000)
    bench.host.hello()
    bench.wire.mangle = lambda answer: answer + b"ROM v1 booting...\r\n"
    bench.host.cut_power(CUT)
    assert bench.host.enter("47112345").accepted


def test_an_unchanged_session_is_no_power_cut(bench: Any) -> None:
    bench.box.boots_when_cut = False
    with pytest.raises(NotCut, match="power was to be cut, and the session is still 439041101: the box did not boot"):
        bench.host.cut_power(CUT)


def test_a_cut_whose_answer_is_lost_is_still_a_cut(bench: Any) -> None:
    bench.host.hello()
    lose(bench, 1)
    bench.host.cut_power(PowerCut())
    assert bench.box.done == [("cut", PowerCut())]
    assert bench.host.enter("47112345").accepted


def test_after_a_lost_answer_no_one_knows_for_how_long_power_was_away(bench: Any) -> None:
    bench.host.hello()
    lose(bench, 1)
    with pytest.raises(SessionChanged):
        bench.host.cut_power(CUT)
    assert bench.box.done == [("cut", CUT)]


def test_a_batch_with_a_cut_whose_answer_is_lost_is_not_answered(bench: Any) -> None:
    bench.host.hello()
    lose(bench, 1)
    with pytest.raises(SessionChanged):
        bench.host.perform([Command(Code.KEYPAD_ENTRY, "47112345"), Command(Code.POWER_CUT, CUT)])


def test_an_armed_cut_that_strikes_is_no_answer_and_the_bench_goes_on(bench: Any) -> None:
    before = bench.host.hello()
    bench.host.cut_power(PowerCut(CutClass.NTH_WRITE, 5, 1))
    with pytest.raises(SessionChanged) as raised:
        bench.host.enter("47112345")
    assert str(raised.value) == (
        "test: keypad-entry: the box has booted (session 439041101, now 439041102; power-cut), and what it did is unknown"
    )
    assert bench.host.enter("00000000").reason == "code.digits"
    assert bench.host.hello().session == before.session + 1


# What is wrong at the other end


def test_nothing_answers(host_on: Callable[..., Any]) -> None:
    wire, host = host_on()
    with pytest.raises(NothingAnswers) as raised:
        host.hello()
    assert str(raised.value) == (
        "test: nothing answers: not a byte came back in 6.0 s; check the cable, the supply and that the test firmware is running"
    )
    assert len(wire.sent) == 4


def test_something_answers_that_is_no_box(host_on: Callable[..., Any]) -> None:
    wire, host = host_on()
    wire.chatter = b"AT\r\n"
    with pytest.raises(NotABox) as raised:
        host.hello()
    text = str(raised.value)
    assert text.startswith("test: something answers, but not a box: ")
    assert "bytes, no frame in 2 s (first bytes: 41 54 0d 0a 41 54 0d 0a 41 54 0d 0a 41 54 0d 0a)" in text
    assert wire.time == pytest.approx(2.1, abs=0.2)


def test_an_echo_is_no_box(host_on: Callable[..., Any]) -> None:
    wire, host = host_on()
    wire.send = lambda data: setattr(wire, "_coming", wire._coming + data)
    with pytest.raises(NoAnswer, match=r"a frame that answers something else \(kind 1, session 0, 1\)"):
        host.hello()


def test_a_box_of_another_version(host_on: Callable[..., Any]) -> None:
    wire, host = host_on()
    wire.chatter = encode_frame(Frame(FrameKind.REPLY, 1, 1, b"\xff", version=2))
    with pytest.raises(OtherVersion, match=r"^test: the box speaks version 2 of the box test protocol, this is version 1"):
        host.hello()


def test_a_box_that_says_bad_version(host_on: Callable[..., Any]) -> None:
    wire, host = host_on()
    wire.chatter = encode_frame(Frame(FrameKind.REPLY, 1, 1, write_rejection(Rejection(Fault.BAD_VERSION, 3))))
    with pytest.raises(OtherVersion, match=r"^test: the box speaks version 3"):
        host.hello()


def test_a_hello_of_another_version(host_on: Callable[..., Any]) -> None:
    wire, host = host_on()
    wire.chatter = encode_frame(Frame(FrameKind.REPLY, 1, 1, cbor.encode([[0, {0: 2, 5: "else"}]])))
    with pytest.raises(OtherVersion, match=r"^test: the box speaks version 2"):
        host.hello()


def reply_with(bench: Any, body: bytes, session: int = vectors.SESSION) -> None:
    bench.host.hello()

    def answer(_: bytes) -> bytes:
        return encode_frame(Frame(FrameKind.REPLY, session, request_in(bench.wire.sent[-1]).sequence, body))

    bench.wire.mangle = answer


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"\x9f", "byte 0: an indefinite length or a reserved form (body: 9f)"),
        (cbor.encode([[0], [0]]), "reply: [[0], [0]] is not an array of 1 results (body: 82 81 00 81 00)"),
        (cbor.encode([[0, 1]]), "a decision: 3 wanted, 1 came: [1] (body: 81 82 00 01)"),
    ],
)
def test_an_answer_that_is_not_understood(bench: Any, body: bytes, message: str) -> None:
    reply_with(bench, body)
    with pytest.raises(BadAnswer) as raised:
        bench.host.enter("47112345")
    assert str(raised.value) == f"test: the answer to keypad-entry is not understood: {message}"


def test_a_request_that_is_rejected(bench: Any) -> None:
    reply_with(bench, write_rejection(Rejection(Fault.MALFORMED, 3)))
    with pytest.raises(BadAnswer, match=r"the whole request was rejected: malformed \(error 5, detail 3\)"):
        bench.host.enter("47112345")


def test_a_hello_whose_session_is_not_its_frame_s(bench: Any) -> None:
    body = write_reply([write_result(COMMANDS[Code.HELLO], bench.box.declared)])
    reply_with(bench, body, session=5)
    with pytest.raises(BadAnswer, match="hello says session 439041101, its frame says 5"):
        bench.host.hello()


def test_a_hello_that_is_declined(bench: Any) -> None:
    reply_with(bench, cbor.encode([[5]]))
    with pytest.raises(BadAnswer, match="hello was answered with status 5, refused"):
        bench.host.hello()


def test_a_line_that_stalls_inside_a_frame(bench: Any) -> None:
    bench.host.hello()
    bench.wire.mangle = lambda answer: answer[:6]
    with pytest.raises(NoAnswer) as raised:
        bench.host.enter("47112345")
    assert "24 bytes came in " in str(raised.value)
    assert "the line stalls inside a frame, 24 bytes of it so far" in str(raised.value)


def test_garbage_from_what_was_a_box(bench: Any) -> None:
    bench.host.hello()
    bench.wire.mangle = lambda _: b"\x05garbage\x00"
    with pytest.raises(NoAnswer, match=r"36 bytes came in .*: bad CRC|36 bytes came in .*: bad COBS in 8 bytes"):
        bench.host.enter("47112345")


def test_a_line_that_vanishes(bench: Any) -> None:
    bench.host.hello()

    def gone(_: float) -> bytes:
        raise LinkLost("test: the port is gone")

    bench.wire.receive = gone
    with pytest.raises(LinkLost):
        bench.host.enter("47112345")
    with pytest.raises(NoAnswer):
        bench.host.hello()


def test_the_line_is_given_back(bench: Any) -> None:
    with bench.host:
        pass
    assert bench.wire.closed


def test_patience_can_be_chosen(host_on: Callable[..., Any]) -> None:
    wire, host = host_on(patience=Patience(sends=(0.1, 0.2)))
    with pytest.raises(NothingAnswers, match=r"not a byte came back in 0\.3 s"):
        host.hello()
    assert len(wire.sent) == 2
