"""The test vectors of PROTOCOL.md: `python -m lockproof.hw_adapter.vectors` writes vectors.json anew, beside this file.

Frames and messages come from the tables of this room; credentials are computed here from `hmac` and `hashlib` alone, so that
the authority and the box of the reference room can be checked against something that they did not make.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from lockproof.hw_adapter import cbor
from lockproof.hw_adapter.cbor import Value
from lockproof.hw_adapter.frame import VERSION, Frame, FrameKind, crc32c, encode_frame
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
    write_request,
    write_result,
)
from lockproof.spec.observable import (
    ClockReading,
    CodeIndex,
    CutClass,
    Decision,
    Hello,
    LogEntry,
    LogKind,
    LogPage,
    PowerCut,
    Provisioning,
    ZoneTable,
)
from lockproof.spec.profile import DEFAULT

PATH: Final = Path(__file__).with_name("vectors.json")
SESSION: Final = 0x1A2B3C4D
BOX_ID: Final = b"Lockproof one by"
SECRET: Final = hashlib.sha256(b"lockproof test vector").digest()
NONCE: Final = bytes(range(16))
GRANT: Final = b"grant 0001 of 16"
TORONTO: Final = ZoneTable(((1_772_500_000, -18_000), (1_772_953_200, -14_400), (1_793_512_800, -18_000)), 1_800_000_000)
DAY: Final = (1_772_946_000, 1_773_028_800)
"""2026-03-08 in Toronto, a day of 23 hours."""
NOON: Final = 1_772_985_600

HELLO: Final = Hello(
    identity="example 0001",
    firmware="2.3.1-test",
    protocol=VERSION,
    session=SESSION,
    classes=("core", "interop"),
    clock_modes=("test-clock", "wall-clock"),
    cut_classes=(CutClass.RESET, CutClass.NTH_WRITE),
    observation="self-reported",
    gives_reasons=True,
    code_digits=8,
    code_indices=8,
    code_ends_with_its_day=False,
    holdover=86_400,
    clock_skew=90,
    drift_ppm=20,
    log_capacity=512,
    log_when_full="overwrite-oldest",
    frame_limit=256,
    batch_limit=8,
    boot_ms=350,
    reset_ms=800,
    wake_bytes=4,
    reset_cause="power-on",
    writes=1_234,
    disturbs_clock=True,
    extra={40: "a field of a later version"},
)
READING: Final = ClockReading(box_time=NOON, timer=4_711, held=True)
BEHIND: Final = ClockReading(box_time=None, timer=4_711, held=True)
LOG: Final = LogPage(
    epoch=3,
    entries=(
        LogEntry(17, LogKind.CODE, True, NOON, CodeIndex(*DAY, 2)),
        LogEntry(18, LogKind.CONNECT, False, NOON + 60, GRANT, "connect.window.bounds"),
        LogEntry(19, LogKind.REFUSALS, False, None, None, "box.ready", 12),
    ),
    next_number=20,
    more=False,
)


def main() -> None:
    """Writes the file."""
    PATH.write_text(text(), encoding="utf-8")


def text() -> str:
    """The file as it should be."""
    return json.dumps(make(), indent=1, ensure_ascii=True) + "\n"


def make() -> dict[str, Any]:
    """All vectors, as JSON has them: byte strings in hex, CBOR in diagnostic notation beside it."""
    return {
        "protocol": VERSION,
        "crc32c": {"of": b"123456789".hex(), "is": crc32c(b"123456789").hex()},
        "exchanges": [_exchange(place, *spoken) for place, spoken in enumerate(EXCHANGES, start=1)],
        "rejections": [_rejection(*spoken) for spoken in REJECTIONS],
        "silence": [{"name": name, "line": line.hex()} for name, line in _silence()],
        "busy": _described(Frame(FrameKind.BUSY, SESSION, 1, cbor.encode([]))),
        "cbor": {"accepted": [_accepted(value) for value in ACCEPTED], "refused": [_refused(*each) for each in REFUSED]},
        "interop": {
            "keys": _keys_vector(),
            "codes": [_code_vector(*each) for each in CODES],
            "dead": [_dead_vector(*each) for each in DEAD],
            "ticket": _message_vector("ticket", TICKET),
            "revocation_order": _message_vector("revocation", REVOCATION),
            "time_order": _message_vector("time", TIME),
            "not_authentic": [{"name": name, "ticket": message.hex()} for name, message in _not_authentic()],
            "days": [_day_vector(*each) for each in DAYS],
        },
    }


# Exchanges

TICKET: Final[dict[int, Value]] = {3: BOX_ID, 4: NOON + 7_200, 5: NOON - 3_600, 7: GRANT, 10: NONCE}
REVOCATION: Final[dict[int, Value]] = {3: BOX_ID, 7: GRANT}
TIME: Final[dict[int, Value]] = {3: BOX_ID, 6: NOON, 10: NONCE}


def derive(purpose: str, box_id: bytes = BOX_ID, secret: bytes = SECRET) -> bytes:
    """HKDF-SHA-256 (RFC 5869) without salt, one block."""
    extracted = hmac.digest(bytes(32), secret, "sha256")
    return hmac.digest(extracted, b"lockproof/1/" + purpose.encode() + box_id + b"\x01", "sha256")


def seal(purpose: str, claims: dict[int, Value]) -> bytes:
    """An untagged COSE_Mac0 (RFC 9052 section 6.2) under this box's key for a purpose."""
    payload = cbor.encode(claims)
    return cbor.encode([_PROTECTED, {}, payload, hmac.digest(derive(purpose), _mac_structure(payload), "sha256")])


_PROTECTED = bytes.fromhex("a10105")  # {1: 5}, HMAC 256/256


def _mac_structure(payload: bytes) -> bytes:
    return cbor.encode(["MAC0", _PROTECTED, b"", payload])


def _ok(value: Any = None) -> Result:
    return Result(Status.OK, value)


EXCHANGES: Final[tuple[tuple[str, Sequence[Command], Sequence[Result]], ...]] = (
    ("hello", [Command(Code.HELLO)], [_ok(HELLO)]),
    ("reset", [Command(Code.RESET)], [_ok()]),
    ("provision", [Command(Code.PROVISION, Provisioning(BOX_ID, SECRET, TORONTO))], [_ok()]),
    ("challenge", [Command(Code.CHALLENGE)], [_ok(NONCE)]),
    ("time order, taken", [Command(Code.TIME_ORDER, seal("time", TIME))], [_ok(Decision(True, None, NOON))]),
    ("keypad entry, accepted", [Command(Code.KEYPAD_ENTRY, "47112345")], [_ok(Decision(True, None, NOON))]),
    ("keypad entry, refused", [Command(Code.KEYPAD_ENTRY, "00000000")], [_ok(Decision(False, "code.digits", NOON))]),
    ("keypad entry, time unknown", [Command(Code.KEYPAD_ENTRY, "00000001")], [_ok(Decision(False, "box.ready", None))]),
    ("keypad entry, no reasons given", [Command(Code.KEYPAD_ENTRY, "00000002")], [_ok(Decision(False, None, NOON))]),
    (
        "keypad entry, a reason of a later version",
        [Command(Code.KEYPAD_ENTRY, "00000003")],
        [_ok(Decision(False, "unknown-reason-77", NOON))],
    ),
    ("ticket, accepted", [Command(Code.PRESENT_TICKET, seal("ticket", TICKET))], [_ok(Decision(True, None, NOON))]),
    (
        "revocation order, heard",
        [Command(Code.REVOCATION_ORDER, seal("revocation", REVOCATION))],
        [_ok(Decision(True, None, NOON))],
    ),
    ("read log", [Command(Code.READ_LOG, 17)], [_ok(LOG)]),
    ("clock, hold", [Command(Code.CLOCK_HOLD, True)], [_ok(READING)]),
    ("clock, advance", [Command(Code.CLOCK_ADVANCE, 3_599)], [_ok(READING)]),
    ("power cut, armed", [Command(Code.POWER_CUT, PowerCut(CutClass.NTH_WRITE, 30, 2))], [_ok()]),
    ("power cut, now", [Command(Code.POWER_CUT, PowerCut(CutClass.RESET, 30))], [_ok()]),
    ("a batch", [Command(Code.CHALLENGE), Command(Code.CLOCK_READ)], [_ok(NONCE), _ok(READING)]),
    (
        "a batch that stops at an error",
        [Command(Code.CLOCK_READ), Command(Code.KEYPAD_ENTRY, "12a4"), Command(Code.CHALLENGE)],
        [_ok(READING), Result(Status.BAD_ARGUMENTS), Result(Status.NOT_RUN)],
    ),
    (
        "a power cut that does not stand last",
        [Command(Code.POWER_CUT, PowerCut()), Command(Code.CLOCK_READ)],
        [Result(Status.BAD_ARGUMENTS), Result(Status.NOT_RUN)],
    ),
    (
        "hello that does not stand alone",
        [Command(Code.CLOCK_READ), Command(Code.HELLO)],
        [_ok(READING), Result(Status.BAD_ARGUMENTS)],
    ),
    ("an unknown command", [Command(99, [1, "two"])], [Result(Status.UNKNOWN_COMMAND)]),
    ("clock, disturbed, not behind the mark", [Command(Code.CLOCK_DISTURB, 20)], [_ok(READING)]),
    ("clock, disturbed, behind the mark", [Command(Code.CLOCK_DISTURB, 3_600)], [_ok(BEHIND)]),
)


def request_of(sequence: int, commands: Sequence[Command]) -> Frame:
    """The request of an exchange; a hello is sent as by a host that does not know the session."""
    session = 0 if commands[0].code == Code.HELLO else SESSION
    return Frame(FrameKind.REQUEST, session, sequence, write_request(commands))


def _exchange(sequence: int, name: str, commands: Sequence[Command], results: Sequence[Result]) -> dict[str, Any]:
    body = write_reply([_result(*each) for each in zip(commands, results, strict=True)])
    reply = Frame(FrameKind.REPLY, SESSION, sequence, body)
    return {"name": name, "request": _described(request_of(sequence, commands)), "reply": _described(reply)}


def _result(command: Command, result: Result) -> list[Value]:
    ok = result.status is Status.OK
    return write_result(COMMANDS[command.code], result.value) if ok else [int(result.status)]


def _described(frame: Frame) -> dict[str, Any]:
    said = {"line": encode_frame(frame).hex(), "version": frame.version, "kind": frame.kind, "session": frame.session}
    return {**said, "sequence": frame.sequence, "body": frame.body.hex(), "says": _says(frame.body)}


def _says(body: bytes) -> str:
    try:
        return cbor.diagnostic(cbor.decode(body))
    except cbor.CborError as wrong:
        return f"not the CBOR of this protocol, {wrong}"


_CLOCK = write_request([Command(Code.CLOCK_READ)])

REJECTIONS: Final[tuple[tuple[str, Frame, Rejection], ...]] = (
    (
        "a session that is over",
        Frame(FrameKind.REQUEST, SESSION - 1, 1, _CLOCK),
        Rejection(Fault.STALE_SESSION),
    ),
    ("session 0 with anything but hello alone", Frame(FrameKind.REQUEST, 0, 2, _CLOCK), Rejection(Fault.STALE_SESSION)),
    (
        "another version",
        Frame(FrameKind.REQUEST, SESSION, 3, _CLOCK, version=2),
        Rejection(Fault.BAD_VERSION, VERSION),
    ),
    (
        "more commands than batch_limit",
        Frame(FrameKind.REQUEST, SESSION, 4, write_request([Command(Code.CLOCK_READ)] * 9)),
        Rejection(Fault.TOO_LARGE, 8),
    ),
    ("no commands", Frame(FrameKind.REQUEST, SESSION, 5, cbor.encode([])), Rejection(Fault.MALFORMED, 0)),
    ("no array", Frame(FrameKind.REQUEST, SESSION, 6, cbor.encode({0: 10})), Rejection(Fault.MALFORMED, 0)),
    ("a command without a code", Frame(FrameKind.REQUEST, SESSION, 7, cbor.encode([[]])), Rejection(Fault.MALFORMED, 0)),
    ("bytes after the end", Frame(FrameKind.REQUEST, SESSION, 8, _CLOCK + b"\x00"), Rejection(Fault.MALFORMED, 3)),
    ("no body", Frame(FrameKind.REQUEST, SESSION, 9, b""), Rejection(Fault.MALFORMED, 0)),
)


def _rejection(name: str, request: Frame, rejection: Rejection) -> dict[str, Any]:
    reply = Frame(FrameKind.REPLY, SESSION, request.sequence, write_rejection(rejection))
    return {"name": name, "request": _described(request), "reply": _described(reply)}


def _silence() -> tuple[tuple[str, bytes], ...]:
    good = encode_frame(Frame(FrameKind.REQUEST, SESSION, 1, _CLOCK))
    damaged = bytes([*good[:-2], good[-2] ^ 1, 0])
    return (
        ("empty frames", bytes(4)),
        ("one bit wrong, so a bad CRC", damaged),
        ("cut short, so bad COBS", good[:-3] + b"\x00"),
        ("fewer bytes than a frame has", b"\x05\x01\x01\x1a\x2b\x00"),
        ("longer than the frame limit", b"\x01" * 300 + b"\x00"),
        ("a reply, which is not for a box", encode_frame(Frame(FrameKind.REPLY, SESSION, 1, cbor.encode([[0]])))),
        ("a kind that there is not", encode_frame(Frame(9, SESSION, 1, _CLOCK))),
        ("a frame that has not ended", good[:-1]),
    )


# CBOR

ACCEPTED: Final[tuple[Value, ...]] = (
    0, 23, 24, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, (1 << 64) - 1, -1, -24, -25, -18_000, -(1 << 64),
    b"", b"\x00\xff", "", "47112345", True, False, None, [], [1, [2, [3, [4]]]], {}, {0: 1, 23: 2, 24: 3, -1: 4},
)  # fmt: skip

REFUSED: Final[tuple[tuple[str, str], ...]] = (
    ("", "nothing"),
    ("1817", "23 in two bytes"),
    ("1900ff", "255 in three bytes"),
    ("1a0000ffff", "65535 in five bytes"),
    ("1b00000000ffffffff", "4294967295 in nine bytes"),
    ("18", "a number cut short"),
    ("1c", "a reserved form"),
    ("9f01ff", "an array of indefinite length"),
    ("5f4101ff", "a byte string of indefinite length"),
    ("bf0001ff", "a map of indefinite length"),
    ("c11a514b67b0", "a tag"),
    ("f93c00", "a float"),
    ("f7", "undefined"),
    ("f0", "a simple value"),
    ("62c328", "text that is not UTF-8"),
    ("6261", "a text cut short"),
    ("5affffffff00", "a byte string of 4 GiB"),
    ("9bffffffffffffffff", "an array of 2^64 - 1 items"),
    ("8201", "an array cut short"),
    ("a100", "a map cut short"),
    ("a201000100", "a key twice"),
    ("a201000000", "keys out of order"),
    ("a1616100", "a key that is a text"),
    ("818181818100", "five arrays within each other"),
    ("0000", "two items"),
)


def _accepted(value: Value) -> dict[str, str]:
    return {"hex": cbor.encode(value).hex(), "is": cbor.diagnostic(value)}


def _refused(line: str, what: str) -> dict[str, Any]:
    try:
        cbor.decode(bytes.fromhex(line))
    except cbor.CborError as wrong:
        return {"hex": line, "what": what, "offset": wrong.offset}
    raise AssertionError(f"{line} ({what}) was not refused")


# Credentials

CODES: Final = ((*DAY, 0, 8), (*DAY, 1, 8), (*DAY, 7, 8), (*DAY, 0, 7), (*DAY, 0, 9), (1_772_859_600, DAY[0], 0, 8))
_THREE_DAYS: Final = ((1_772_859_600, DAY[0]), DAY, (DAY[1], 1_773_115_200))
DEAD: Final = (
    ("equal to an index of the day before", 256_015),
    ("equal to an earlier index of the same day", 1_500_050),
    ("equal to an index of the day but one before, so not dead", 1_580_836),
)


def _keys_vector() -> dict[str, str]:
    keys = {purpose: derive(purpose).hex() for purpose in ("code", "ticket", "revocation", "time")}
    return {"box_id": BOX_ID.hex(), "secret": SECRET.hex(), **keys}


def code_digits(key: bytes, start: int, end: int, index: int, digits: int) -> str:
    """HMAC-SHA-256 with the dynamic truncation of RFC 4226 section 5.3."""
    mac = _code_mac(key, start, end, index)
    offset = mac[31] & 15
    number = int.from_bytes(mac[offset : offset + 4], "big") % (1 << 31)
    return str(number % 10**digits).zfill(digits)


def _code_mac(key: bytes, start: int, end: int, index: int) -> bytes:
    return hmac.digest(key, BOX_ID + struct.pack(">QQB", start, end, index), "sha256")


def _code_vector(start: int, end: int, index: int, digits: int) -> dict[str, Any]:
    key = derive("code")
    place = {"day_start": start, "day_end": end, "index": index, "digits": digits}
    return {**place, "hmac": _code_mac(key, start, end, index).hex(), "code": code_digits(key, start, end, index, digits)}


def _dead_vector(what: str, number: int) -> dict[str, Any]:
    """Secrets with equal digits are rare; these numbers were searched for."""
    secret = hashlib.sha256(b"lockproof test vector %d" % number).digest()
    key = derive("code", secret=secret)
    codes = {(*day, index): code_digits(key, *day, index, 8) for day in _THREE_DAYS for index in range(DEFAULT.code_indices)}
    dead = [place for place in codes if any(codes[before] == codes[place] for before in codes if _comes_before(before, place))]
    return {
        "what": what,
        "box_id": BOX_ID.hex(),
        "secret": secret.hex(),
        "codes": [[*place, code] for place, code in codes.items()],
        "dead": [list(place) for place in dead],
    }


def _comes_before(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    touch = one[0] <= other[1] + DEFAULT.code_life and other[0] <= one[1] + DEFAULT.code_life
    return one < other and touch


def _message_vector(purpose: str, claims: dict[int, Value]) -> dict[str, str]:
    payload = cbor.encode(claims)
    return {
        "claims": cbor.diagnostic(claims),
        "payload": payload.hex(),
        "mac_structure": _mac_structure(payload).hex(),
        "message": seal(purpose, claims).hex(),
    }


def _not_authentic() -> tuple[tuple[str, bytes], ...]:
    good = seal("ticket", TICKET)
    payload = cbor.encode(TICKET)
    tag = hmac.digest(derive("ticket"), _mac_structure(payload), "sha256")
    disordered = payload.replace(payload[19:25] + payload[25:31], payload[25:31] + payload[19:25])
    assert disordered != payload
    resealed = cbor.encode([_PROTECTED, {}, disordered, hmac.digest(derive("ticket"), _mac_structure(disordered), "sha256")])
    return (
        ("one bit of the tag wrong", good[:-1] + bytes([good[-1] ^ 1])),
        ("one bit of the window wrong", good.replace(payload[20:25], payload[20:24] + bytes([payload[24] ^ 1]))),
        ("cut short", good[:-1]),
        ("a byte after the end", good + b"\x00"),
        ("tagged as COSE_Mac0", b"\xd1" + good),
        ("an unprotected header", cbor.encode([_PROTECTED, {4: b"1"}, payload, tag])),
        ("sealed under the key for revocations", seal("revocation", TICKET)),
        ("of another box", seal("ticket", TICKET | {3: bytes(16)})),
        ("a claim missing", seal("ticket", REVOCATION | {4: NOON + 7_200, 10: NONCE})),
        ("a claim more", seal("ticket", TICKET | {2: "someone"})),
        ("a window end that is a text", seal("ticket", TICKET | {4: "1772992800"})),
        ("a nonce of 15 bytes", seal("ticket", TICKET | {10: NONCE[:15]})),
        ("a grant id of no bytes", seal("ticket", TICKET | {7: b""})),
        ("a grant id of 17 bytes", seal("ticket", TICKET | {7: GRANT + b"0"})),
        ("claims out of order", resealed),
        ("no bytes", b""),
    )


# Days

_SPRING: Final = ZoneTable(((1_772_500_000, -18_000), (1_772_953_200, -14_400)), 1_773_300_000)
_AUTUMN: Final = ZoneTable(((1_793_200_000, -14_400), (1_793_512_800, -18_000)), 1_793_900_000)
_ST_JOHNS: Final = ZoneTable(((1_225_000_000, -9_000), (1_225_593_060, -12_600)), 1_226_000_000)
_APIA: Final = ZoneTable(((1_325_000_000, -36_000), (1_325_239_200, 50_400)), 1_325_600_000)
DAYS: Final = (
    ("Toronto", _SPRING, NOON, "clocks go forward: 23 hours"),
    ("Toronto", _SPRING, DAY[1] - 1, "the last second of a day"),
    ("Toronto", _SPRING, DAY[1], "the first second of a day"),
    ("Toronto", _AUTUMN, 1_793_530_000, "clocks go back: 25 hours"),
    ("St. John's", _ST_JOHNS, 1_225_593_030, "midnight has struck, and clocks will go back over it: still the day before"),
    ("St. John's", _ST_JOHNS, 1_225_596_600, "midnight strikes again: now the next day"),
    ("Apia", _APIA, 1_325_200_000, "29 December, the last day before the date line moved; no 30 December comes after it"),
    ("Apia", _APIA, 1_325_240_000, "31 December, the day after that"),
)


def _day_vector(zone: str, table: ZoneTable, instant: int, what: str) -> dict[str, Any]:
    starts = _day_starts(table)
    after = next(place for place, start in enumerate(starts) if start > instant)
    pairs = [list(pair) for pair in table.pairs]
    known = {"zone": zone, "what": what, "pairs": pairs, "expiry": table.expiry, "instant": instant}
    return {**known, "day": [starts[after - 1], starts[after]]}


def _day_starts(table: ZoneTable) -> list[int]:
    """By looking at every minute, as no bound here has seconds: a day starts where the date last stops being an earlier one."""
    minutes = range(table.pairs[0][0] // 60 * 60 + 60, table.expiry, 60)
    dates = [(at, _date(table, at)) for at in minutes]
    starts, earliest = [], dates[-1][1]
    for (_, before), (at, _) in reversed(list(pairwise(dates))):
        if before < earliest:
            starts.append(at)
        earliest = min(earliest, before)
    return sorted(starts)


def _date(table: ZoneTable, at: int) -> int:
    return (at + next(offset for begin, offset in reversed(table.pairs) if begin <= at)) // 86_400


if __name__ == "__main__":
    main()
