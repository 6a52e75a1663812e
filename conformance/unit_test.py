"""A failure as a unit test in C for the firmware that failed: `lockproof replay RUN --scenario ID --export-c FILE`.

The requests of the scenario go out again as they went, up to the one whose answer was wrong. Two things in them belong to the
moment: the session, which the test puts in anew, and the nonces that the box drew, which the firmware's harness lets it draw
again, so that the orders and tickets that were made for them are good. What must come is taken from the reference box,
which is given the same requests.
"""

from __future__ import annotations

import hashlib
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any, Final

from lockproof.conformance import journal as journals
from lockproof.conformance import recording, replaying
from lockproof.conformance.journal import Record
from lockproof.conformance.judging import first_finding
from lockproof.conformance.planning import declared_profile
from lockproof.conformance.recording import Passed
from lockproof.conformance.verdict import Finding
from lockproof.hw_adapter import cbor
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.frame import Frame, FrameKind, FrameReader, encode_frame
from lockproof.hw_adapter.messages import COMMANDS, Code, read_request
from lockproof.hw_adapter.values import U16
from lockproof.reference.box import ReferenceBox
from lockproof.spec import clauses
from lockproof.spec.observable import BadInput, BenchError
from lockproof.spec.profile import Profile

DECISIONS: Final = {Code.TIME_ORDER, Code.REVOCATION_ORDER, Code.KEYPAD_ENTRY, Code.PRESENT_TICKET}
CLOCKS: Final = {Code.CLOCK_READ, Code.CLOCK_HOLD, Code.CLOCK_ADVANCE, Code.CLOCK_DISTURB}
_ENTRY_FIELDS = {
    0: "number",
    1: "kind",
    2: "accepted",
    6: "count",
    3: "instant",
    4: "credential",
    5: "reason",
}  # told in this order
_DECISION_FIELDS = {1: "accepted", 3: "box time", 2: "reason"}
_FREE = "reason"  # of which a box may often give one or another: it must only not be the wrong one that was given
_STATUS, _LOG_HEAD = 0, 4
_LINE = 118


@dataclass(frozen=True, slots=True)
class Expected:
    """What must stand at a path into a reply, as `unit_test.c` has it."""

    kind: str  # EQUAL, DIFFERS, HOLDS
    path: tuple[int, ...]
    value: bytes
    says: str


@dataclass(slots=True)
class Step:
    """One request of the recording, and what came back: a body, or nothing."""

    request: Frame
    commands: list[list[cbor.Value]]
    reply: Any = None  # None where nothing came back, a map where it was not carried out
    nonces: list[bytes] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)

    @property
    def results(self) -> list[list[Any]]:
        return list(self.reply) if isinstance(self.reply, list) else []

    @property
    def boots(self) -> bool:
        last = self.commands[-1]
        done = bool(self.results) and self.results[-1][_STATUS] == 0
        return not self.results or (done and last[:2] == [int(Code.POWER_CUT), 1])


def export(journal: Path, scenario: str, file: Path) -> str:
    """Write the test, and say what it is. Raises `BadInput` where nothing failed, or what failed shows in no reply of the box."""
    head = next((record for record in journals.read(journal) if record["record"] == "run"), None)
    if head is None:
        raise BadInput(f"{journal}: no run begins in it; name the {replaying.JOURNAL} of a run")
    records = replaying.of_scenario(journal, scenario)
    text, said = text_of(records, head, journal, scenario)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as wrong:
        raise BadInput(f"{file}: the test can't be written: {wrong.strerror}; name another file") from None
    return f"{file}: {said}"


def text_of(records: list[Record], head: Record, journal: Path, scenario: str) -> tuple[str, str]:
    """The test that the records of a scenario give, and what it is. Raises `BadInput` as `export` does."""
    try:
        return _test(records, head, journal, scenario)
    except (LookupError, TypeError, AttributeError, ValueError, BenchError) as wrong:
        raise BadInput(
            f"{journal}: no record of a run ({type(wrong).__name__}: {wrong}); the file was changed or damaged"
        ) from wrong


def _test(records: list[Record], head: Record, journal: Path, scenario: str) -> tuple[str, str]:
    found = first_finding(records, head)
    if found is None:
        raise BadInput(f"{journal}: {scenario} did not fail in this run; only a failure is exported")
    finding, index = found
    command = next(record for record in reversed(records[: index + 1]) if record["record"] in {"command", "authority"})
    replaying.refuse_without_bytes(records, journal)
    profile = declared_profile(head["hello"])
    until = command.get("batch") or max(record["batch"] for record in records[:index] if record["record"] == "command")
    before = _steps(recording.frames(recording.of_requests(records, lambda number: number < until)))
    steps = _steps(recording.frames(recording.of_requests(records, lambda number: number <= until)))
    if [int(Code.CLOCK_HOLD), True] not in [asked for step in steps for asked in step.commands]:
        raise BadInput(f"{journal}: the box's clock ran in {scenario}, so that its times can't be made to come again")
    if records[index]["record"] == "check" and command.get("name") == "challenge":
        _expect_another_nonce(steps)
    else:
        steps = _expect(steps, len(before), _told_by_the_reference(steps, profile), finding, journal)
    text = (
        _template()
        .replace("@about@", _about(head, finding, records[0], scenario))
        .replace("@steps@", _in_c(steps, head["hello"]))
    )
    return text, f"{len(steps)} requests; {finding.did} at the end: {steps[-1].expected[-1].says}"


# What was recorded


def _steps(passed: Iterator[Passed]) -> list[Step]:
    """The requests that were carried out, each once, and what was answered. Hello is the test's own business."""
    steps: list[Step] = []
    for each in passed:
        frame = each.frame
        if frame is None:
            continue
        if each.direction == "out" and frame.session and not (steps and steps[-1].request == frame):
            steps.append(Step(frame, read_request(frame.body)))
        elif each.direction == "in" and frame.kind == FrameKind.REPLY and steps and steps[-1].reply is None:
            last = steps[-1]
            if (frame.session, frame.sequence) == (last.request.session, last.request.sequence):
                last.reply = cbor.decode(frame.body)
                last.nonces = [r[1] for c, r in zip(last.commands, last.results, strict=False) if c == [7] and len(r) > 1]
    of_its_session = [step for step in steps if not isinstance(step.reply, dict)]
    return [step for step in of_its_session if step.commands != [[int(Code.HELLO)]]]


class _Scripted(ReferenceBox):
    """Draws the nonces that it is given."""

    def __init__(self, profile: Profile) -> None:
        self.nonces: list[bytes] = []
        super().__init__(profile=profile)

    def fresh_nonce(self) -> bytes:
        return self.nonces.pop(0) if self.nonces else super().fresh_nonce()


def _told_by_the_reference(steps: Sequence[Step], profile: Profile) -> list[list[list[Any]]]:
    """What the reference box answers to the same requests, whatever the recorded one said."""
    box = _Scripted(profile)
    device = Device(box)
    told: list[list[list[Any]]] = []
    for step in steps:
        box.nonces = list(step.nonces)
        request = Frame(FrameKind.REQUEST, box.session, step.request.sequence, step.request.body)
        replies = [received.frame for received in FrameReader(U16).feed(device.feed(encode_frame(request)))]
        body: Any = cbor.decode(replies[0].body) if replies and replies[0] else []
        told.append(body if isinstance(body, list) else [])
    return told


# What is expected


def _expect(steps: list[Step], first: int, told: list[list[list[Any]]], finding: Finding, journal: Path) -> list[Step]:
    """Controls as they were recorded, up to the first reply that the reference gives otherwise, from step `first` on."""
    for step in steps:
        step.expected = list(_as_recorded(step))
    numbered = re.search(r"entry (\d+)", finding.must)
    told_entries = [int(numbered[1]), None] if numbered else [None]  # of several worlds, the finding tells one alone
    for entry, at in product(told_entries, range(first, len(steps))):
        step = steps[at]
        for place, (asked, saw, must) in enumerate(zip(step.commands, step.results, told[at], strict=False)):
            wanted = _difference(place, asked[0], saw, must, entry)
            if wanted is not None:
                step.expected = [*(each for each in step.expected if each.path[0] < place), wanted]
                return steps[: at + 1]
    raise BadInput(
        f"{journal}: this failure ({finding.did}: {finding.saw}; {finding.must}) shows in no single reply of the box, so that no"
        f" test of one can be made\n    its frames: lockproof replay {replaying.short_name(journal)} --scenario ID --frames"
    )


def _as_recorded(step: Step) -> Iterator[Expected]:
    """Status, and of decisions whether it was accepted; of a challenge, that the nonce is the one that was to be drawn."""
    for place, (asked, saw) in enumerate(zip(step.commands, step.results, strict=False)):
        name = _name(asked[0])
        yield _equal((place, _STATUS), saw[_STATUS], f"{name} must have status {saw[_STATUS]}, as recorded")
        if saw[_STATUS] == 0 and asked[0] in DECISIONS:
            yield _equal((place, 1), saw[1], f"{name} must be {_accepted(saw[1])}, as recorded")
        if saw[_STATUS] == 0 and asked[0] == Code.CHALLENGE:
            yield _equal((place, 1), saw[1], "the nonce must be the one that box_next_nonce gave")


def _difference(place: int, code: Any, saw: list[Any], must: list[Any], entry: int | None) -> Expected | None:
    name = _name(code)
    if saw[_STATUS] != must[_STATUS]:
        return _equal((place, _STATUS), must[_STATUS], f"{name} must have status {must[_STATUS]}")
    if saw[_STATUS]:
        return None
    if code in DECISIONS:
        return _differing_field((place,), name, _DECISION_FIELDS, saw, must)
    if code in CLOCKS and saw[1] != must[1]:
        return _equal((place, 1), must[1], f"{name}: box time must be {must[1]}")
    return _log_difference(place, saw, must, entry) if code == Code.READ_LOG else None


def _log_difference(place: int, saw: list[Any], must: list[Any], entry: int | None) -> Expected | None:
    for at, (one, other) in enumerate(zip(saw[_LOG_HEAD:], must[_LOG_HEAD:], strict=False), _LOG_HEAD):
        if entry in {None, other[0]}:
            wanted = _differing_field((place, at), f"log entry {other[0]}", _ENTRY_FIELDS, one, other)
            if wanted is not None:
                return wanted
    if len(saw) != len(must):
        count = len(must) - _LOG_HEAD
        return Expected(
            "HOLDS", (place,), cbor.encode([0] * len(must))[: _head_length(len(must))], f"the log must have {count} entries here"
        )
    return _equal((place, 2), must[2], f"the next number of the log must be {must[2]}") if saw[2] != must[2] else None


def _differing_field(
    path: tuple[int, ...], what: str, fields: dict[int, str], saw: list[Any], must: list[Any]
) -> Expected | None:
    for at, name in fields.items():
        if saw[at] == must[at]:
            continue
        if name == _FREE:
            return Expected(
                "DIFFERS", (*path, at), cbor.encode(saw[at]), f"{what}: the reason must not be {saw[at]}, such as {must[at]}"
            )
        told = _accepted(must[at]) if name == "accepted" else f"have {name} {_short(must[at])}"
        return _equal((*path, at), must[at], f"{what} must {'be ' if name == 'accepted' else ''}{told}")
    return None


def _expect_another_nonce(steps: list[Step]) -> None:
    """What the box drew was no nonce: it must draw what its source of randomness gives, this time something new."""
    for step in steps:
        step.expected = list(_as_recorded(step))
    last = steps[-1]
    drawn = hashlib.sha256(last.nonces[-1]).digest()[:16]
    last.nonces = [*last.nonces[:-1], drawn]
    last.expected = [_equal((len(last.commands) - 1, 1), drawn, "the nonce must come from the source of randomness")]


def _equal(path: tuple[int, ...], value: cbor.Value, says: str) -> Expected:
    return Expected("EQUAL", path, cbor.encode(value), says)


def _head_length(count: int) -> int:
    return 1 if count < 24 else 2  # noqa: PLR2004  (RFC 8949, section 3: as much stands in the head itself)


def _accepted(accepted: Any) -> str:
    return "accepted" if accepted else "refused"


def _name(code: Any) -> str:
    return COMMANDS[code].name if code in COMMANDS else f"command {code}"


def _short(value: Any) -> str:
    return cbor.diagnostic(value)


# In C


def _template() -> str:
    return files("lockproof.conformance").joinpath("unit_test.c").read_text(encoding="utf-8")


def _about(head: Record, finding: Finding, scenario: Record, name: str) -> str:
    known = clauses.all_clauses()
    lines = [
        f"{name}, as {head['target']} failed it ({head['hello']['identity']}, {head['hello']['firmware']}).",
        "",
        *(f'{clause}: "{known[clause].sentence}"' if clause in known else clause for clause in finding.clauses),
        "",
        f"Story: {scenario['story']}",
        f"Seen: {finding.did}: {finding.saw}; {finding.must}.",
        "",
        "A unit test for the firmware of that box, made from the bytes that passed on the line. It needs a C99 compiler and, from the",
        "harness of the firmware, two functions, which are declared below:",
        "",
        "box_exchange gives the bytes of one request to the box, wake bytes and delimiter included, and returns how many bytes the box",
        "sends in answer, the reply's delimiter the last of them, in `reply`, which has room for `room`. Busy frames and text in front",
        "of the reply may be left in. It waits as long as the box takes, also for a boot, and returns 0 if no answer comes: a power cut",
        "struck. What is durable stays over a boot.",
        "",
        "box_next_nonce scripts the box's source of randomness: the next 16 bytes that the box draws as a nonce are these, those after",
        "them the next ones. Orders and tickets in here were made for the nonces that the box drew then. Sessions are the box's own.",
        "",
        "The clock is held and moved by commands, so that no time has to pass. main returns 0 if the box does what it must, 1 if it",
        "fails as it did, and 2 if it does not come so far: a control came out otherwise than recorded, or no answer came at all.",
    ]
    wrapped = [piece for line in lines for piece in (textwrap.wrap(_comment(line), _LINE) or [""])]
    return "/*\n" + "\n".join(f" * {line}".rstrip() for line in wrapped) + "\n */"


def _in_c(steps: Sequence[Step], hello: Record) -> str:
    parts = [
        f"#define WAKE_BYTES {max(1, hello['wake_bytes'])}u\n#define REPLY_ROOM {max(1024, 4 * hello['frame_limit'])}u",
        *(_arrays(number, step) for number, step in enumerate(steps, 1)),
        "static const struct step steps[] = {\n" + "\n".join(_row(number, step) for number, step in enumerate(steps, 1)) + "\n};",
    ]
    return "\n\n".join(parts)


def _arrays(number: int, step: Step) -> str:
    """What one step is made of, under the command and the answer as a person reads them."""
    request = encode_payload(step.request)
    asked = recording.said(Passed(0, 0, "out", b"", step.request))
    came = "no answer" if not step.results else "; ".join(cbor.diagnostic(result) for result in step.results)
    lines = [_paragraph(f"{number}. {asked.partition('  ')[2]}"), _paragraph(f"Recorded: {came}")]
    lines.append(_bytes(f"request_{number}", request))
    if step.nonces:
        lines.append(_bytes(f"nonces_{number}", b"".join(step.nonces)))
    for place, each in enumerate(step.expected):
        lines.append(_bytes(f"must_{number}_{place}", each.value))
    rows = [
        f"    {{{each.kind}, must_{number}_{place}, {len(each.value)}, {len(each.path)}, "
        f"{{{', '.join(map(str, each.path))}}}, {_string(each.says)}}},"
        for place, each in enumerate(step.expected)
    ]
    if rows:
        lines.append(f"static const struct expected expected_{number}[] = {{\n" + "\n".join(rows) + "\n};")
    return "\n".join(lines)


def _row(number: int, step: Step) -> str:
    does = ", ".join(_name(command[0]) for command in step.commands)
    nonces = f"nonces_{number}, {len(step.nonces)}" if step.nonces else "NULL, 0"
    expected = f"expected_{number}, {len(step.expected)}" if step.expected else "NULL, 0"
    answered, boots = int(bool(step.results)), int(step.boots)
    return f"    {{{_string(does)}, request_{number}, sizeof request_{number}, {nonces}, {expected}, {answered}, {boots}}},"


def encode_payload(request: Frame) -> bytes:
    """Header and body of a request, session 0: the test puts the box's own in."""
    return bytes([request.version, request.kind, 0, 0, 0, 0]) + request.sequence.to_bytes(2, "big") + request.body


def _bytes(name: str, data: bytes) -> str:
    rows = [", ".join(f"0x{byte:02x}" for byte in data[at : at + 16]) for at in range(0, len(data), 16)]
    return f"static const uint8_t {name}[] = {{\n" + "".join(f"    {row},\n" for row in rows) + "};"


def _string(text: str) -> str:
    """A C string, whatever the text holds; three-digit escapes end where they end."""
    return '"' + "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in text.encode()) + '"'  # noqa: PLR2004  (ASCII)


def _paragraph(text: str) -> str:
    return "/* " + "\n   ".join(textwrap.wrap(_comment(text), _LINE)) + " */"


def _comment(text: str) -> str:
    """Text of a box or of a scenario must not end the comment that it stands in."""
    return text.replace("*/", "* /").replace("/*", "/ *").replace("??/", "? ?/").replace("\\", "/")
