"""What the frames say: commands, answers, and the numbers for them, once for both ends of the line (PROTOCOL.md, "Commands").

A command carries the argument of the `Box` method that it stands for, a result the value that the method returns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Any, Final, TypeAlias

from lockproof.hw_adapter import cbor
from lockproof.hw_adapter.cbor import Value
from lockproof.hw_adapter.declaration import CUT_CLASSES, read_hello, write_hello
from lockproof.hw_adapter.values import (
    I63,
    U8,
    U32,
    Unreadable,
    array,
    counted,
    integer,
    integer_or_null,
    member,
    name_of,
    number_of,
    octets,
    truth,
    uint,
)
from lockproof.spec.observable import (
    Box,
    ClockReading,
    CodeIndex,
    Decision,
    Declined,
    LogEntry,
    LogKind,
    LogPage,
    PowerCut,
    Provisioning,
    ZoneTable,
)


class Code(IntEnum):
    """Commands: the first item of each in a request."""

    HELLO = 1
    RESET = 2
    PROVISION = 3
    TIME_ORDER = 4
    REVOCATION_ORDER = 5
    KEYPAD_ENTRY = 6
    CHALLENGE = 7
    PRESENT_TICKET = 8
    READ_LOG = 9
    CLOCK_READ = 10
    CLOCK_HOLD = 11
    CLOCK_ADVANCE = 12
    POWER_CUT = 13
    CLOCK_DISTURB = 14


class Status(IntEnum):
    """What became of a command: the first item of its result."""

    OK = 0
    NOT_RUN = 1
    UNKNOWN_COMMAND = 2
    BAD_ARGUMENTS = 3
    UNSUPPORTED = 4
    REFUSED = 5
    NOT_PROVISIONED = 6


class Fault(IntEnum):
    """Why a whole request was not carried out."""

    STALE_SESSION = 1
    SEQUENCE_REUSED = 2
    BAD_VERSION = 3
    TOO_LARGE = 4
    MALFORMED = 5


REASONS: Final[Mapping[int, str]] = {
    1: "code.digits",
    2: "code.day",
    3: "code.expiry.after-first-use",
    4: "connect.window.bounds",
    5: "connect.ticket",
    6: "connect.revoke.bound",
    7: "box.authentic",
    8: "box.ready",
    9: "box.wrong-entry.bound",
    10: "box.clock.never-back",
}
OTHER_REASON: Final = 0
"""Stands for a reason that has no number."""

LOG_KINDS: Final[Mapping[int, LogKind]] = {1: LogKind.CODE, 2: LogKind.CONNECT, 3: LogKind.REFUSALS}

_BOX_ID_BYTES, _SECRET_BYTES, _NONCE_BYTES, _GRANT_BYTES = 16, 32, 16, 16
_DIGITS = 16
_UNKNOWN_REASON = "unknown-reason-"
_OFFSET_BOUND = 24 * 60 * 60

WriteValues: TypeAlias = Callable[[Any], list[Value]]
ReadValues: TypeAlias = Callable[[Sequence[Value]], Any]


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its code, and the argument of the `Box` method it stands for, None where that has none.

    For a code that the protocol does not know, `argument` is a list of values, sent as they are.
    """

    code: int
    argument: Any = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one command, and, where it is ok, the value that the `Box` method returns."""

    status: Status
    value: Any = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """The reply to a request that was not carried out at all, with the number that belongs to the fault."""

    fault: Fault
    detail: int = 0


@dataclass(frozen=True, slots=True)
class CommandKind:
    """All that is known of a command: its name, the box's method, how both ends write and read it, and two of its rules.

    A `test` command is refused by a production build. One that `stands_last` has nothing after it in its request.
    """

    code: Code
    run: Callable[[Box, Any], Any]
    write: WriteValues
    read: ReadValues
    write_answer: WriteValues
    read_answer: ReadValues
    test: bool = False
    stands_last: bool = False

    @property
    def name(self) -> str:
        """As PROTOCOL.md writes it."""
        return name_of(self.code)


def declined(box: str, command: Command, status: Status) -> Declined:
    """What is raised where the box called `box` answers a command with another status than ok."""
    word = name_of(status)
    return Declined(word, f"{box}: the box answers {COMMANDS[command.code].name} with status {status}, {word}")


# Requests


def write_request(commands: Sequence[Command]) -> bytes:
    """The body of a request. Raises `CborError` where an argument is not of the protocol's types."""
    return cbor.encode([[int(command.code), *_argument_values(command)] for command in commands])


def read_request(body: bytes) -> list[list[Value]]:
    """The commands of a request, each with its code first and its arguments not yet looked at. Raises `CborError`."""
    commands = cbor.decode(body)
    if not isinstance(commands, list) or not commands:
        raise cbor.CborError(0, "a request is an array of at least one command")
    return [_command_values(command) for command in commands]


def read_command(kind: CommandKind, values: Sequence[Value]) -> Command:
    """A command of this kind from its values without the code. Raises `Unreadable`."""
    return Command(kind.code, kind.read(values))


def _argument_values(command: Command) -> list[Value]:
    kind = COMMANDS.get(command.code)
    return list(command.argument or ()) if kind is None else kind.write(command.argument)


def _command_values(command: Value) -> list[Value]:
    if not isinstance(command, list) or not command or not isinstance(command[0], int) or isinstance(command[0], bool):
        raise cbor.CborError(0, "a command is an array that begins with its code")
    return command


# Replies


def write_reply(results: Sequence[list[Value]]) -> bytes:
    """The body of a reply, from results as `write_result` makes them."""
    return cbor.encode(list(results))


def write_result(kind: CommandKind, value: Any) -> list[Value]:
    """The result of a command that was carried out, with what the box's method returned."""
    return [int(Status.OK), *kind.write_answer(value)]


def write_rejection(rejection: Rejection) -> bytes:
    """The body of the reply to a request that was not carried out."""
    return cbor.encode({0: int(rejection.fault), 1: rejection.detail})


def read_reply(body: bytes, commands: Sequence[Command]) -> list[Result] | Rejection:
    """What a box answers to these commands. Raises `CborError`, `Unreadable`, and `OtherVersion` for the hello of another one."""
    reply = cbor.decode(body)
    if isinstance(reply, dict):
        return Rejection(member(reply.get(0), _FAULTS, "error"), uint(reply.get(1), "detail of an error", I63))
    if not isinstance(reply, list) or len(reply) != len(commands):
        raise Unreadable(f"reply: {cbor.diagnostic(reply)} is not an array of {len(commands)} results")
    results = [_read_result(values, command) for values, command in zip(reply, commands, strict=True)]
    _refuse_unless_stopped_at_first_error(results)
    return results


def _read_result(values: Value, command: Command) -> Result:
    status_number, *answer = array(values, "result", least=1)
    status = member(status_number, _STATUSES, "status")
    kind = COMMANDS.get(command.code)
    if status is Status.OK and kind is not None:
        return Result(status, kind.read_answer(answer))
    counted(answer, 0, f"values after status {status} ({name_of(status)})")
    return Result(status)


def _refuse_unless_stopped_at_first_error(results: Sequence[Result]) -> None:
    stopped = False
    for result in results:
        if stopped != (result.status is Status.NOT_RUN):
            raise Unreadable("reply: after the first error, and only there, every result is not-run (status 1)")
        stopped = stopped or result.status is not Status.OK


# Arguments


def _write_provisioning(made: Provisioning) -> list[Value]:
    return [made.box_id, made.secret, [list(pair) for pair in made.zone.pairs], made.zone.expiry]


def _read_provisioning(values: Sequence[Value]) -> Provisioning:
    counted(values, 4, "arguments")
    box_id, secret, pairs, expiry = values
    zone = ZoneTable(_read_pairs(pairs), integer(expiry, "expiry"))
    if zone.pairs[-1][0] >= zone.expiry:
        raise Unreadable(f"expiry: {zone.expiry} is not after the last pair, at {zone.pairs[-1][0]}")
    return Provisioning(octets(box_id, "box id", _BOX_ID_BYTES), octets(secret, "secret", _SECRET_BYTES), zone)


def _read_pairs(values: Value) -> tuple[tuple[int, int], ...]:
    pairs = tuple(_read_pair(pair) for pair in array(values, "zone", least=1))
    if any(one[0] >= other[0] for one, other in pairwise(pairs)):
        raise Unreadable("zone: the pairs are not in order of their instants")
    return pairs


def _read_pair(pair: Value) -> tuple[int, int]:
    values = array(pair, "pair of the zone")
    counted(values, 2, "pair of the zone")
    utc, offset = integer(values[0], "utc"), integer(values[1], "offset")
    if abs(offset) >= _OFFSET_BOUND:
        raise Unreadable(f"offset: {offset} s is a day or more")
    return utc, offset


def _read_digits(value: Value) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= _DIGITS or not (value.isascii() and value.isdigit()):
        raise Unreadable(f"digits: {cbor.diagnostic(value)} is not 1 to {_DIGITS} digits")
    return value


def _write_cut(cut: PowerCut) -> list[Value]:
    return [number_of(cut.cut, CUT_CLASSES), cut.off_for, cut.nth]


def _read_cut(values: Sequence[Value]) -> PowerCut:
    counted(values, 3, "arguments")
    cut = member(values[0], CUT_CLASSES, "power-cut class")
    return PowerCut(cut, uint(values[1], "off_for", U32), uint(values[2], "nth", U32))


# Answers


def _write_decision(decision: Decision) -> list[Value]:
    return [decision.accepted, _reason_number(decision.reason), decision.box_time]


def _read_decision(values: Sequence[Value]) -> Decision:
    counted(values, 3, "a decision")
    return Decision(truth(values[0], "accepted"), _read_reason(values[1]), integer_or_null(values[2], "box time"))


def _write_clock(reading: ClockReading) -> list[Value]:
    return [reading.box_time, reading.timer, reading.held]


def _read_clock(values: Sequence[Value]) -> ClockReading:
    counted(values, 3, "a clock reading")
    return ClockReading(integer_or_null(values[0], "box time"), uint(values[1], "timer", I63), truth(values[2], "held"))


def _write_log(page: LogPage) -> list[Value]:
    return [page.epoch, page.next_number, page.more, *(write_entry(entry) for entry in page.entries)]


def _read_log(values: Sequence[Value]) -> LogPage:
    epoch, following, more, *entries = array(list(values), "log", least=3)
    page = LogPage(uint(epoch, "epoch", I63), tuple(map(_read_entry, entries)), uint(following, "next", I63), truth(more, "more"))
    numbers = [entry.number for entry in page.entries] + [page.next_number]
    if any(one >= other for one, other in pairwise(numbers)):
        raise Unreadable(f"log: the numbers {numbers[:-1]}, next {numbers[-1]}, are not in order")
    if page.more and not page.entries:
        raise Unreadable("log: more is true and there is no entry")
    return page


def write_entry(entry: LogEntry) -> list[Value]:
    """An entry as it stands in a page of the log."""
    credential: Value
    if isinstance(entry.credential, CodeIndex):
        credential = [entry.credential.day_start, entry.credential.day_end, entry.credential.index]
    else:
        credential = entry.credential
    kind, reason = number_of(entry.kind, LOG_KINDS), _reason_number(entry.reason)
    return [entry.number, kind, entry.accepted, entry.instant, credential, reason, entry.count]


def _read_entry(value: Value) -> LogEntry:
    values = array(value, "log entry")
    counted(values, 7, "log entry")
    number, kind, accepted, instant, credential, reason, count = values
    return LogEntry(
        uint(number, "number", I63),
        member(kind, LOG_KINDS, "kind of log entry"),
        truth(accepted, "accepted"),
        integer_or_null(instant, "instant"),
        _read_credential(credential),
        _read_reason(reason),
        uint(count, "count", U32, least=1),
    )


def _read_credential(value: Value) -> CodeIndex | bytes | None:
    if isinstance(value, list):
        counted(value, 3, "place of a code")
        return CodeIndex(integer(value[0], "day start"), integer(value[1], "day end"), uint(value[2], "index", U8))
    if value is None or (isinstance(value, bytes) and 1 <= len(value) <= _GRANT_BYTES):
        return value
    raise Unreadable(f"credential: {cbor.diagnostic(value)} is no code, no grant id of 1 to {_GRANT_BYTES} bytes and not null")


def _reason_number(reason: str | None) -> int | None:
    if reason is None:
        return None
    unknown = reason.removeprefix(_UNKNOWN_REASON)
    if unknown != reason and unknown.isdecimal():
        return int(unknown)
    return next((number for number, clause in REASONS.items() if clause == reason), OTHER_REASON)


def _read_reason(value: Value) -> str | None:
    if value is None:
        return None
    number = uint(value, "reason", U8)
    return REASONS.get(number, f"{_UNKNOWN_REASON}{number}")


_STATUSES: Final[Mapping[int, Status]] = {int(status): status for status in Status}
_FAULTS: Final[Mapping[int, Fault]] = {int(fault): fault for fault in Fault}


# The commands


def _write_none(_argument: None) -> list[Value]:
    return []


def _write_one(argument: Any) -> list[Value]:
    return [argument]


def _read_none(values: Sequence[Value]) -> None:
    counted(values, 0, "values")


def _read_one(read: Callable[[Value], Any]) -> ReadValues:
    def read_one(values: Sequence[Value]) -> Any:
        counted(values, 1, "values")
        return read(values[0])

    return read_one


_NOTHING = (_write_none, _read_none)
_MESSAGE = (_write_one, _read_one(lambda value: octets(value, "message")))
_NONCE = (_write_one, _read_one(lambda value: octets(value, "nonce", _NONCE_BYTES)))
_PROVISIONING = (_write_provisioning, _read_provisioning)
_DIGITS_ENTERED = (_write_one, _read_one(_read_digits))
_FROM = (_write_one, _read_one(lambda value: uint(value, "from", I63)))
_HELD = (_write_one, _read_one(lambda value: truth(value, "held")))
_SECONDS = (_write_one, _read_one(lambda value: uint(value, "seconds", U32)))
_CUT = (_write_cut, _read_cut)
_HELLO = (write_hello, read_hello)
_DECISION = (_write_decision, _read_decision)
_LOG = (_write_log, _read_log)
_CLOCK = (_write_clock, _read_clock)

COMMANDS: Final[Mapping[int, CommandKind]] = {
    int(kind.code): kind
    for kind in (
        CommandKind(Code.HELLO, lambda box, _: box.hello(), *_NOTHING, *_HELLO),
        CommandKind(Code.RESET, lambda box, _: box.reset(), *_NOTHING, *_NOTHING, test=True),
        CommandKind(Code.PROVISION, lambda box, made: box.provision(made), *_PROVISIONING, *_NOTHING, test=True),
        CommandKind(Code.TIME_ORDER, lambda box, order: box.time_order(order), *_MESSAGE, *_DECISION),
        CommandKind(Code.REVOCATION_ORDER, lambda box, order: box.revocation_order(order), *_MESSAGE, *_DECISION),
        CommandKind(Code.KEYPAD_ENTRY, lambda box, digits: box.enter(digits), *_DIGITS_ENTERED, *_DECISION, test=True),
        CommandKind(Code.CHALLENGE, lambda box, _: box.challenge(), *_NOTHING, *_NONCE),
        CommandKind(Code.PRESENT_TICKET, lambda box, ticket: box.present(ticket), *_MESSAGE, *_DECISION),
        CommandKind(Code.READ_LOG, lambda box, number: box.read_log(number), *_FROM, *_LOG, stands_last=True),
        CommandKind(Code.CLOCK_READ, lambda box, _: box.read_clock(), *_NOTHING, *_CLOCK),
        CommandKind(Code.CLOCK_HOLD, lambda box, held: box.hold_clock(held), *_HELD, *_CLOCK, test=True),
        CommandKind(Code.CLOCK_ADVANCE, lambda box, seconds: box.advance_clock(seconds), *_SECONDS, *_CLOCK, test=True),
        CommandKind(Code.POWER_CUT, lambda box, cut: box.cut_power(cut), *_CUT, *_NOTHING, test=True, stands_last=True),
        CommandKind(Code.CLOCK_DISTURB, lambda box, seconds: box.disturb_clock(seconds), *_SECONDS, *_CLOCK, test=True),
    )
}
