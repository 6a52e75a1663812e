"""Commands and answers: every one there and back, and what is refused."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lockproof.hw_adapter import cbor, vectors
from lockproof.hw_adapter.declaration import CUT_CLASSES, HELLO_FIELDS, OtherVersion, largest_batch, read_hello, write_hello
from lockproof.hw_adapter.frame import MINIMUM_LIMIT, body_room
from lockproof.hw_adapter.messages import (
    COMMANDS,
    REASONS,
    Code,
    Command,
    Fault,
    Rejection,
    Result,
    Status,
    read_command,
    read_reply,
    read_request,
    write_rejection,
    write_reply,
    write_request,
    write_result,
)
from lockproof.hw_adapter.values import Unreadable, table_in_words
from lockproof.spec.observable import (
    ClockReading,
    CodeIndex,
    CutClass,
    Decision,
    LogEntry,
    LogKind,
    LogPage,
    PowerCut,
    Provisioning,
    ZoneTable,
)

i64 = st.integers(-(2**63), 2**63 - 1)
u63 = st.integers(0, 2**63 - 1)
u32 = st.integers(0, 2**32 - 1)
reasons = st.sampled_from([*REASONS.values(), "unknown-reason-77", None])


@st.composite
def zones(draw: st.DrawFn) -> ZoneTable:
    instants = sorted(draw(st.sets(i64, min_size=2, max_size=8)))
    offsets = st.integers(-86_399, 86_399)
    return ZoneTable(tuple((utc, draw(offsets)) for utc in instants[:-1]), instants[-1])


arguments: dict[Code, st.SearchStrategy[Any]] = {
    Code.PROVISION: st.builds(Provisioning, st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32), zones()),
    Code.TIME_ORDER: st.binary(),
    Code.REVOCATION_ORDER: st.binary(),
    Code.KEYPAD_ENTRY: st.text("0123456789", min_size=1, max_size=16),
    Code.PRESENT_TICKET: st.binary(),
    Code.READ_LOG: u63,
    Code.CLOCK_HOLD: st.booleans(),
    Code.CLOCK_ADVANCE: u32,
    Code.CLOCK_DISTURB: u32,
    Code.POWER_CUT: st.builds(PowerCut, st.sampled_from(list(CUT_CLASSES.values())), u32, u32),
}
commands = st.sampled_from(Code).flatmap(lambda code: st.builds(Command, st.just(int(code)), arguments.get(code, st.none())))

decisions = st.builds(Decision, st.booleans(), reasons, st.none() | i64)
credentials = st.one_of(st.none(), st.binary(min_size=1, max_size=16), st.builds(CodeIndex, i64, i64, st.integers(0, 255)))
entries = st.builds(
    LogEntry,
    number=u63,
    kind=st.sampled_from(LogKind),
    accepted=st.booleans(),
    instant=st.none() | i64,
    credential=credentials,
    reason=reasons,
    count=st.integers(1, 2**32 - 1),
)


@st.composite
def pages(draw: st.DrawFn) -> LogPage:
    numbers = sorted(draw(st.sets(u63, min_size=1, max_size=6)))
    held = tuple(replace(draw(entries), number=number) for number in numbers[:-1])
    return LogPage(draw(u63), held, numbers[-1], more=bool(held) and draw(st.booleans()))


answers: dict[Code, st.SearchStrategy[Any]] = {
    Code.TIME_ORDER: decisions,
    Code.REVOCATION_ORDER: decisions,
    Code.KEYPAD_ENTRY: decisions,
    Code.PRESENT_TICKET: decisions,
    Code.CHALLENGE: st.binary(min_size=16, max_size=16),
    Code.READ_LOG: pages(),
    Code.CLOCK_READ: st.builds(ClockReading, st.none() | i64, u63, st.booleans()),
    Code.CLOCK_DISTURB: st.builds(ClockReading, st.none() | i64, u63, st.booleans()),
    Code.HELLO: st.just(vectors.HELLO),
}


@given(st.lists(commands, min_size=1, max_size=8))
def test_every_command_comes_back(sent: list[Command]) -> None:
    came = [read_command(COMMANDS[values[0]], values[1:]) for values in read_request(write_request(sent))]  # type: ignore[index]
    assert came == sent


@given(st.sampled_from(sorted(answers)).flatmap(lambda code: st.tuples(st.just(code), answers[code])))
def test_every_answer_comes_back(said: tuple[Code, Any]) -> None:
    code, value = said
    body = write_reply([write_result(COMMANDS[code], value)])
    assert read_reply(body, [Command(code)]) == [Result(Status.OK, value)]


@given(st.lists(commands, min_size=1, max_size=4), st.binary(max_size=80))
def test_whatever_a_box_answers_is_understood_or_refused(sent: list[Command], body: bytes) -> None:
    with suppress(cbor.CborError, Unreadable, OtherVersion):
        reply = read_reply(body, sent)
        assert isinstance(reply, Rejection) or len(reply) == len(sent)


@given(
    st.sampled_from(sorted(COMMANDS)),
    st.recursive(
        st.one_of(i64, st.binary(max_size=40), st.text(max_size=20), st.booleans(), st.none()),
        lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.integers(0, 50), inner, max_size=7),
        max_leaves=20,
    ),
)
def test_whatever_values_come_are_understood_or_refused(code: int, values: Any) -> None:
    listed = values if isinstance(values, list) else [values]
    for read in (COMMANDS[code].read, COMMANDS[code].read_answer):
        with suppress(Unreadable, OtherVersion):
            read(listed)


@pytest.mark.parametrize(
    ("code", "values", "message"),
    [
        (Code.CLOCK_READ, [1], "values: 0 wanted, 1 came: [1]"),
        (Code.KEYPAD_ENTRY, ["12a4"], 'digits: "12a4" is not 1 to 16 digits'),
        (Code.KEYPAD_ENTRY, [""], 'digits: "" is not 1 to 16 digits'),
        (Code.KEYPAD_ENTRY, ["1" * 17], f'digits: "{"1" * 17}" is not 1 to 16 digits'),
        (Code.KEYPAD_ENTRY, ["\u0661"], 'digits: "\u0661" is not 1 to 16 digits'),
        (Code.KEYPAD_ENTRY, [4711], "digits: 4711 is not 1 to 16 digits"),
        (Code.READ_LOG, [True], "from: true is not an integer of 0 to 9223372036854775807"),
        (Code.CLOCK_ADVANCE, [-1], "seconds: -1 is not an integer of 0 to 4294967295"),
        (Code.CLOCK_DISTURB, [-1], "seconds: -1 is not an integer of 0 to 4294967295"),
        (Code.CLOCK_DISTURB, [2**32], "seconds: 4294967296 is not an integer of 0 to 4294967295"),
        (Code.CLOCK_DISTURB, [], "values: 1 wanted, 0 came: []"),
        (Code.CLOCK_HOLD, [1], "held: 1 is neither true nor false"),
        (Code.PRESENT_TICKET, ["00"], 'message: "00" is not a byte string'),
        (Code.POWER_CUT, [3, 0, 0], "power-cut class: 3 is none of 1 reset, 2 cut-at-nth-write"),
        (Code.POWER_CUT, [1, 0], "arguments: 3 wanted, 2 came: [1, 0]"),
        (Code.PROVISION, [bytes(15), bytes(32), [[0, 0]], 1], f"box id: h'{'00' * 15}' is not 16 bytes"),
        (Code.PROVISION, [bytes(16), bytes(31), [[0, 0]], 1], f"secret: h'{'00' * 31}' is not 32 bytes"),
        (Code.PROVISION, [bytes(16), bytes(32), [], 1], "zone: [] is not an array of at least 1 items"),
        (Code.PROVISION, [bytes(16), bytes(32), [[5, 0], [5, 1]], 9], "zone: the pairs are not in order of their instants"),
        (Code.PROVISION, [bytes(16), bytes(32), [[0, 86400]], 9], "offset: 86400 s is a day or more"),
        (Code.PROVISION, [bytes(16), bytes(32), [[9, 0]], 9], "expiry: 9 is not after the last pair, at 9"),
    ],
)
def test_bad_arguments(code: Code, values: list[Any], message: str) -> None:
    with pytest.raises(Unreadable) as raised:
        COMMANDS[code].read(values)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("code", "values", "message"),
    [
        (Code.RESET, [0, 1], "values: 0 wanted, 1 came: [1]"),
        (Code.CHALLENGE, [0, bytes(15)], f"nonce: h'{'00' * 15}' is not 16 bytes"),
        (Code.KEYPAD_ENTRY, [0, 1, None, None], "accepted: 1 is neither true nor false"),
        (Code.KEYPAD_ENTRY, [0, False, 256, None], "reason: 256 is not an integer of 0 to 255"),
        (
            Code.KEYPAD_ENTRY,
            [9],
            f"status: 9 is none of {table_in_words({int(status): status for status in Status})}",
        ),
        (Code.KEYPAD_ENTRY, [3, True], "values after status 3 (bad-arguments): 0 wanted, 1 came: [true]"),
        (Code.KEYPAD_ENTRY, [1], "reply: after the first error, and only there, every result is not-run (status 1)"),
        (Code.READ_LOG, [0, 1, 5, True], "log: more is true and there is no entry"),
        (Code.READ_LOG, [0, 1, 5, False, [5, 1, True, 0, None, None, 1]], "log: the numbers [5], next 5, are not in order"),
        (
            Code.READ_LOG,
            [0, 1, 6, False, [5, 1, True, 0, bytes(17), None, 1]],
            f"credential: h'{'00' * 17}' is no code, no grant id of 1 to 16 bytes and not null",
        ),
        (Code.READ_LOG, [0, 1, 6, False, [5, 1, True, 0, None, None, 0]], "count: 0 is not an integer of 1 to 4294967295"),
    ],
)
def test_bad_answers(code: Code, values: list[Any], message: str) -> None:
    with pytest.raises(Unreadable) as raised:
        read_reply(cbor.encode([values]), [Command(code)])
    assert str(raised.value) == message


def test_a_reason_without_a_number_reaches_the_user() -> None:
    def through(reason: str) -> str | None:
        body = write_reply([write_result(COMMANDS[Code.KEYPAD_ENTRY], Decision(False, reason, 0))])
        results = read_reply(body, [Command(Code.KEYPAD_ENTRY)])
        assert isinstance(results, list)
        answer: str | None = results[0].value.reason
        return answer

    assert through("code.digits") == "code.digits"
    assert through("unknown-reason-77") == "unknown-reason-77"
    assert through("box.mood") == "unknown-reason-0"


def test_a_rejection_comes_back() -> None:
    assert read_reply(write_rejection(Rejection(Fault.TOO_LARGE, 8)), [Command(1)]) == Rejection(Fault.TOO_LARGE, 8)
    with pytest.raises(Unreadable, match="error: 9 is none of 1 stale-session"):
        read_reply(cbor.encode({0: 9, 1: 0}), [Command(1)])


@pytest.mark.parametrize("body", [cbor.encode([]), cbor.encode([[0], [0]]), cbor.encode(0), cbor.encode("[[0]]")])
def test_a_reply_of_another_length_or_kind(body: bytes) -> None:
    with pytest.raises(Unreadable, match="is not an array of 1 results"):
        read_reply(body, [Command(Code.RESET)])


# Hello


def test_a_hello_keeps_what_it_does_not_know() -> None:
    assert read_hello(write_hello(vectors.HELLO)).extra == {40: "a field of a later version"}


def test_the_largest_hello_fits_the_smallest_frame() -> None:
    large = replace(
        vectors.HELLO,
        session=2**32 - 1,
        identity="i" * 32,
        firmware="f" * 32,
        classes=("core", "interop", "code-only"),
        clock_modes=("model", "test-clock", "wall-clock"),
        holdover=2**32 - 1,
        clock_skew=2**32 - 1,
        drift_ppm=10_000,
        log_capacity=2**32 - 1,
        frame_limit=2**16 - 1,
        batch_limit=255,
        boot_ms=600_000,
        reset_ms=600_000,
        wake_bytes=64,
        reset_cause="r" * 24,
        writes=2**32 - 1,
        code_indices=255,
        extra={},
    )
    body = write_reply([write_result(COMMANDS[Code.HELLO], large)])
    assert len(body) <= body_room(MINIMUM_LIMIT)
    assert read_reply(body, [Command(Code.HELLO)]) == [Result(Status.OK, large)]


@pytest.mark.parametrize("field", HELLO_FIELDS, ids=lambda field: field.name)
def test_a_missing_key_is_named(field: Any) -> None:
    (declared,) = write_hello(vectors.HELLO)
    assert isinstance(declared, dict)
    del declared[field.key]
    if field.name == "protocol":
        with pytest.raises(OtherVersion, match="no key 0 in its hello"):
            read_hello([declared])
    elif field.needed:
        with pytest.raises(Unreadable, match=rf"^hello: missing key {field.key} \({field.name}\)$"):
            read_hello([declared])
    else:
        assert read_hello([declared]) == replace(vectors.HELLO, **{field.name: False})


def test_a_box_that_disturbs_its_clock_says_so_under_key_25() -> None:
    assert [write_hello(replace(vectors.HELLO, disturbs_clock=said))[0][25] for said in (True, False)] == [True, False]


@pytest.mark.parametrize("field", HELLO_FIELDS[1:], ids=lambda field: field.name)
def test_a_wrong_value_is_named(field: Any) -> None:
    (declared,) = write_hello(vectors.HELLO)
    assert isinstance(declared, dict)
    declared[field.key] = {0: 0}
    with pytest.raises(Unreadable, match=rf"^{field.name}: {{0: 0}} is "):
        read_hello([declared])


def test_a_drift_that_no_clock_has_is_refused() -> None:
    (declared,) = write_hello(vectors.HELLO)
    assert isinstance(declared, dict)
    assert read_hello([declared | {14: 10_000}]).drift_ppm == 10_000
    for drift in (10_001, 1_000_000, 2**32 - 1):
        with pytest.raises(Unreadable, match=rf"^drift_ppm: {drift} is not an integer of 0 to 10000$"):
            read_hello([declared | {14: drift}])


def test_another_version_is_told_before_anything_else_is_read() -> None:
    with pytest.raises(OtherVersion, match="the box speaks version 2 of the box test protocol, this is version 1"):
        read_hello([{0: 2, 1: "other things"}])
    with pytest.raises(OtherVersion, match="version true"):
        read_hello([{0: True}])


def test_a_batch_limit_whose_answers_may_not_fit_is_refused() -> None:
    assert largest_batch(256) == 8
    (declared,) = write_hello(replace(vectors.HELLO, batch_limit=9))
    with pytest.raises(Unreadable, match=r"^batch_limit: the answers to 9 commands may not fit the frame limit of 256 bytes"):
        read_hello([declared])


def test_the_answers_of_the_largest_batch_fit() -> None:
    reading = write_result(COMMANDS[Code.CLOCK_READ], ClockReading(-(2**63), 2**63 - 1, True))
    largest = LogEntry(
        2**63 - 1, LogKind.CODE, False, -(2**63), CodeIndex(-(2**63), -(2**63), 255), "unknown-reason-255", 2**32 - 1
    )
    page = write_result(COMMANDS[Code.READ_LOG], LogPage(2**63 - 1, (largest,), 2**63 - 1, more=True))
    assert len(cbor.encode(reading)) == 21
    for limit in (256, 512, 4096):
        assert len(write_reply([reading] * (largest_batch(limit) - 1) + [page])) <= body_room(limit)


def test_a_cut_at_the_supply_is_not_for_the_wire() -> None:
    with pytest.raises(Unreadable, match="has no number: it is none of 1 reset, 2 cut-at-nth-write"):
        write_request([Command(Code.POWER_CUT, PowerCut(CutClass.SUPPLY))])
