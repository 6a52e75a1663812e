"""Commands whose answers nothing hangs on travel in one request; what is recorded and judged stays what it was."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest
from lockproof.conformance.faults import named
from lockproof.conformance.journal import Journal
from lockproof.conformance.outbox import Outbox
from lockproof.conformance.planning import authority_for_a_bench
from lockproof.conformance.player import Player
from lockproof.conformance.scenario import Scenario
from lockproof.conformance.suite import packaged
from lockproof.conformance.verdict import ScenarioResult, Verdict
from lockproof.hw_adapter import cbor
from lockproof.hw_adapter.adapter import SerialBox
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.frame import FrameReader
from lockproof.hw_adapter.messages import Code, Command, Result, Status
from lockproof.hw_adapter.values import name_of
from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.box import ReferenceBox
from lockproof.reference.pins import CHEAP
from lockproof.spec.observable import BenchError, Decision, Declined, Hello, NoAnswer
from lockproof.spec.profile import DEFAULT

SET_UP = ["reset clock-hold provision challenge"]


class Wire:
    """A line in this process that remembers which commands travelled together. `lose` says of an answer whether it is lost."""

    def __init__(self, device: Device) -> None:
        self._device, self._coming, self.time = device, b"", 0.0
        self.lose: Callable[[int], bool] = lambda _: False
        self.requests: list[str] = []

    def send(self, data: bytes) -> None:
        self._see(data)
        answer = self._device.feed(data)
        self._coming += b"" if self.lose(len(self.requests)) else answer

    def receive(self, timeout_s: float) -> bytes:
        coming, self._coming = self._coming, b""
        self.time += 0.001 if coming else timeout_s
        return coming

    def close(self) -> None: ...

    def _see(self, data: bytes) -> None:
        for received in FrameReader().feed(data):
            assert received.frame is not None
            commands = cbor.decode(received.frame.body)
            assert isinstance(commands, list)
            self.requests.append(" ".join(name_of(Code(command[0])) for command in commands))


def on_a_line(box: ReferenceBox) -> tuple[SerialBox, Wire]:
    wire = Wire(Device(box))
    return SerialBox(wire, "test", now=lambda: wire.time), wire


class Declares(ReferenceBox):
    """A box with limits of its own."""

    limits: dict[str, Any]

    def hello(self) -> Hello:
        return replace(super().hello(), **self.limits)


def played(
    scenario: Scenario, box: ReferenceBox | None = None, *, one_at_a_time: bool = False
) -> tuple[ScenarioResult, list[str], list[dict[str, Any]]]:
    """The result, the requests without the first hello, and the records without the frames."""
    profile = replace(DEFAULT, **scenario.profile)
    host, wire = on_a_line(box or ReferenceBox(profile=profile))
    journal = Journal()
    player = Player(host, authority_for_a_bench(profile), journal, profile=profile, one_at_a_time=one_at_a_time)
    result = player.play(scenario)
    assert wire.requests[0] == "hello"
    return result, wire.requests[1:], journal.records


SMALL = """
id: a-scenario
clauses: [code.digits]
story: A code opens, and wrong digits do not.
start: today 10:00:00
steps:
  - generate: {by: joe, day: today, as: code}
    authority: accepts
  - enter: code
    box: opens
    shows: code.digits
  - enter: wrong
    box: refuses
    because: code.digits
    shows: code.digits
"""


def test_what_nothing_hangs_on_travels_together(scenario_of: Callable[..., Scenario]) -> None:
    result, requests, records = played(scenario_of(SMALL))
    assert result.verdict is Verdict.PASS
    assert requests == [*SET_UP, "time-order keypad-entry keypad-entry"]
    batches = [(record["name"], record["batch"]) for record in records if record["record"] == "command"]
    assert batches == [
        ("reset", 1),
        ("hold_clock", 1),
        ("provision", 1),
        ("challenge", 1),
        ("time_order", 2),
        ("enter", 2),
        ("enter", 2),
    ]


def test_one_at_a_time_each_command_is_a_request(scenario_of: Callable[..., Scenario]) -> None:
    _, requests, records = played(scenario_of(SMALL), one_at_a_time=True)
    assert requests == ["reset", "clock-hold", "provision", "challenge", "time-order", "keypad-entry", "keypad-entry"]
    assert [record["batch"] for record in records if record["record"] == "command"] == [1, 2, 3, 4, 5, 6, 7]


def test_a_batch_is_no_longer_than_the_box_takes(scenario_of: Callable[..., Scenario]) -> None:
    box = Declares.__new__(Declares)
    box.limits = {"batch_limit": 2}
    box.__init__()
    _, requests, _ = played(scenario_of(SMALL), box)
    assert requests == ["reset clock-hold", "provision challenge", "time-order keypad-entry", "keypad-entry"]


def test_a_batch_is_no_larger_than_a_frame(scenario_of: Callable[..., Scenario]) -> None:
    presents = """
  - grant: {by: joe, to: rita, from: now, for: 1h, as: grant}
    authority: accepts
  - challenge: {as: nonce}
  - fetch: {grant: grant, nonce: nonce, as: ticket}
    authority: accepts
  - present: {ticket: ticket}
    box: opens
  - present: {ticket: ticket}
    box: refuses
  - present: {ticket: ticket}
    box: refuses
"""
    _, requests, _ = played(scenario_of(SMALL + presents.removeprefix("\n")))
    assert requests == [
        *SET_UP,
        "time-order keypad-entry keypad-entry challenge",
        "present-ticket present-ticket",  # 241 bytes have room for two tickets
        "present-ticket",
    ]


NONCES = """
  - grant: {by: joe, to: rita, from: now, for: 1h, as: grant}
    authority: accepts
  - challenge: {as: nonce}
  - challenge: {as: other}
  - enter: code
    box: opens
  - fetch: {grant: grant, nonce: other, as: ticket}
    authority: accepts
  - present: {ticket: ticket}
    box: opens
"""


def test_a_nonce_is_waited_for_where_it_is_needed(scenario_of: Callable[..., Scenario]) -> None:
    result, requests, records = played(scenario_of(SMALL + NONCES.removeprefix("\n")))
    assert requests == [
        *SET_UP,
        "time-order keypad-entry keypad-entry challenge challenge keypad-entry",
        "present-ticket",
    ]
    assert result.verdict is Verdict.PASS
    looked = [number for number, record in enumerate(records) if record.get("what") == "nonces asked for so far"]
    assert [records[number - 2]["name"] for number in looked] == ["challenge", "challenge"], "each behind its own answer"


class SameNonce(ReferenceBox):
    """Has one nonce for everybody."""

    def fresh_nonce(self) -> bytes:
        return bytes(15) + b"\1"


def test_a_nonce_that_came_twice_is_found_in_the_step_that_asked_for_it(scenario_of: Callable[..., Scenario]) -> None:
    results = [
        played(scenario_of(SMALL + NONCES.removeprefix("\n")), SameNonce(), one_at_a_time=alone)[0] for alone in (False, True)
    ]
    assert results[0].finding is not None
    assert results[0].finding == results[1].finding
    assert (results[0].finding.step, results[0].finding.saw) == (5, "one came twice")


def test_a_nonce_that_is_lost_with_others_is_asked_for_one_at_a_time(scenario_of: Callable[..., Scenario]) -> None:
    host, wire = on_a_line(ReferenceBox())
    wire.lose = lambda _: " challenge challenge " in f"{wire.requests[-1]} "
    journal, scenario = Journal(), scenario_of(SMALL + NONCES.removeprefix("\n"))
    player = Player(host, authority_for_a_bench(DEFAULT), journal)
    assert player.play(scenario).verdict is Verdict.INCONCLUSIVE
    assert player.one_at_a_time
    assert [record["record"] for record in journal.records][-1] == "given-up"
    assert not [record for record in journal.records if record.get("what") == "nonces asked for so far"]
    assert player.play(scenario).verdict is Verdict.PASS


def test_what_stands_last_ends_a_batch_and_a_power_cut_goes_alone(scenario_of: Callable[..., Scenario]) -> None:
    more = """
  - read-log: {}
  - cut: {off: 10s}
  - enter: code
    box: opens
"""
    _, requests, _ = played(scenario_of(SMALL + more.removeprefix("\n")))
    assert requests == [
        *SET_UP,
        "time-order keypad-entry keypad-entry read-log",
        "read-log",  # its last entry once more
        "power-cut",
        "hello",  # it has booted
        "keypad-entry",
    ]


def test_while_a_cut_is_armed_each_command_goes_alone(scenario_of: Callable[..., Scenario]) -> None:
    more = """
  - cut: {off: 10s, at-write: 9}
  - enter: code
    box: opens
  - enter: code
    box: opens
"""
    _, requests, _ = played(scenario_of(SMALL + more.removeprefix("\n")))
    assert requests == [
        *SET_UP,
        "time-order keypad-entry keypad-entry",
        "hello",  # how often it has written so far
        "power-cut",
        "keypad-entry",
        "keypad-entry",
    ]


def test_a_lost_answer_is_of_every_command_of_its_batch(scenario_of: Callable[..., Scenario]) -> None:
    host, wire = on_a_line(ReferenceBox())
    wire.lose = lambda requests: requests == 3 or (requests > 3 and "keypad-entry" in wire.requests[-1])
    journal = Journal()
    result = Player(host, authority_for_a_bench(DEFAULT), journal).play(scenario_of(SMALL))
    told = [(r["record"], r.get("name")) for r in journal.records if r["record"] in {"command", "answer", "no-answer", "error"}]
    assert told[8:] == [
        ("command", "time_order"),
        ("no-answer", None),
        ("command", "enter"),
        ("no-answer", None),
        ("command", "enter"),
        ("no-answer", None),
        ("error", None),
    ]
    assert [r["batch"] for r in journal.records if r["record"] == "command"][4:] == [2, 2, 2]
    assert (result.verdict, result.finding) == (Verdict.ERROR, None)
    assert result.message.startswith("test: no answer to time-order, keypad-entry, keypad-entry: not a byte came back in 6.0 s")


class Declining(ReferenceBox):
    """Has no keys, or says so, when digits are entered."""

    def enter(self, digits: str) -> Decision:
        raise Declined("not-provisioned", digits)


def test_what_was_not_run_after_an_error_has_no_records(scenario_of: Callable[..., Scenario]) -> None:
    result, requests, records = played(scenario_of(SMALL), Declining())
    told = [(r["record"], r.get("name")) for r in records if r["record"] in {"command", "answer", "no-answer", "error"}]
    assert requests[-1] == "time-order keypad-entry keypad-entry"
    assert told[8:] == [("command", "time_order"), ("answer", None), ("command", "enter"), ("error", None)]
    assert result.message == "test: the box answers keypad-entry with status 6, not-provisioned"


@pytest.mark.parametrize("part", range(4))
def test_the_records_are_the_same_one_at_a_time(part: int) -> None:
    for scenario in packaged()[part * 7 :: 28]:
        together, apart = played(scenario), played(scenario, one_at_a_time=True)
        assert together[0].verdict is apart[0].verdict is Verdict.PASS
        assert plain(together[2]) == plain(apart[2])
        assert len(together[1]) < len(apart[1])


def plain(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records without the numbers of their batches, and with what is drawn anew in every run in the order of its first use."""
    drawn: dict[str, str] = {}
    text = re.sub(
        r"[0-9a-f]{16,}|session \d+, now \d+",
        lambda found: drawn.setdefault(found[0], f"drawn {len(drawn)}"),
        json.dumps([record for record in records if record["record"] not in {"bytes", "sent"}]),
    )
    told: list[dict[str, Any]] = json.loads(text)
    for record in told:
        record.pop("batch", None)
        if isinstance(record.get("value"), dict):
            record["value"].pop("timer", None)  # seconds since the process began
    return told


def test_a_fault_is_found_with_the_same_words() -> None:
    scenario = next(each for each in packaged() if each.id == "the-hour-is-over")
    found = [
        played(scenario, named("reentry-restarts-the-hour").make(), one_at_a_time=alone)[0].finding for alone in (False, True)
    ]
    assert found[0] is not None
    assert found[0] == found[1]


class Gone(ReferenceBox):
    """Can be told to be gone when digits are entered."""

    declined = False

    def enter(self, digits: str) -> Decision:
        if self.declined:
            raise BenchError("gone")
        return super().enter(digits)


def test_the_authority_of_the_next_scenario_is_made_ready_and_given_back_whatever_happens(
    scenario_of: Callable[..., Scenario],
) -> None:
    made: list[str] = []

    @contextmanager
    def make() -> Iterator[Any]:
        made.append("made")
        try:
            with authority_for_a_bench(DEFAULT)() as authority:
                yield authority
        finally:
            made.append("given back")

    one, other = scenario_of(SMALL), scenario_of(SMALL)
    box = Gone()
    player = Player(on_a_line(box)[0], make, Journal())
    assert player.play(one, other).verdict is Verdict.PASS
    assert made == ["made", "made", "given back"]
    assert player.play(other).verdict is Verdict.PASS
    assert made == ["made", "made", "given back", "given back"]
    box.declined = True
    assert player.play(one, other).message == "test: the box answers keypad-entry with status 3, bad-arguments"
    assert made.count("made") == made.count("given back") == 4  # the one that had been made ready, too


def test_the_authority_of_the_next_scenario_is_made_ready_while_the_first_request_is_out(
    scenario_of: Callable[..., Scenario],
) -> None:
    host, wire = on_a_line(ReferenceBox())
    made: list[int] = []

    def make() -> Any:
        made.append(len(wire.requests))
        return authority_for_a_bench(DEFAULT)()

    one, other = scenario_of(SMALL), scenario_of(SMALL)
    player = Player(host, make, Journal())
    player.play(one, other)
    assert made == [0, 2]  # before anything is sent, and when hello and the first request of the scenario are


class OutOfRoom(ReferenceAuthority):
    """Breaks down when a code is asked for."""

    def generate_code(self, *_: Any) -> Any:
        raise BenchError("the disk is full")


def test_what_the_box_answered_is_on_record_where_the_authority_breaks_down(scenario_of: Callable[..., Scenario]) -> None:
    journal = Journal()
    player = Player(on_a_line(ReferenceBox())[0], lambda: OutOfRoom(pin_cost=CHEAP), journal)
    result = player.play(scenario_of(SMALL))
    assert (result.verdict, result.message) == (Verdict.ERROR, "the disk is full")
    told = [
        (r["record"], r.get("name", r.get("verb"))) for r in journal.records if r["record"] not in {"sent", "bytes", "answer"}
    ]
    assert told == [
        ("scenario", None),
        ("step", "set-up"),
        *(("command", name) for name in ("reset", "hold_clock", "provision", "challenge")),
        ("step", "generate"),
        ("error", None),
    ]
    assert sum(record["record"] == "answer" for record in journal.records) == 4


def test_a_time_order_is_sealed_for_the_nonce_that_came(scenario_of: Callable[..., Scenario]) -> None:
    more = """
  - set-clock: {ahead: 10s}
    box: takes
  - set-clock: {behind: 5s, forged: last bit of the tag}
    box: refuses
  - read-clock: {}
"""
    for alone in (False, True):
        result, _, records = played(scenario_of(SMALL + more.removeprefix("\n")), one_at_a_time=alone)
        assert result.verdict is Verdict.PASS
        records = [record for record in records if record["record"] != "sent"]
        orders = [r for r in records if r["record"] == "command" and r["name"] == "time_order"]
        nonces = [answer["value"] for r, answer in pairwise(records) if r.get("name") == "challenge"]
        assert [order["meaning"]["nonce"] for order in orders] == [1, 2, 3]
        assert all(nonce in order["arguments"]["order"] for nonce, order in zip(nonces, orders, strict=True))


# The outbox by itself


@dataclass
class Slow:
    """A line that says when what was sent and when its results were waited for."""

    told: list[str]
    name: str = "slow"
    fails: BenchError | None = None

    def fits(self, commands: Sequence[Command]) -> bool:
        return len(commands) <= 2

    def begin(self, commands: Sequence[Command]) -> Callable[[], list[Result]]:
        self.told.append(f"send {' '.join(str(each.argument) for each in commands)}")

        def finish() -> list[Result]:
            self.told.append("wait")
            if self.fails:
                raise self.fails
            return [Result(Status.OK, each.argument) for each in commands]

        return finish


@dataclass
class Desk:
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.line = Slow(self.told)
        self.outbox = Outbox(self.line, self.write, lambda _: {})

    def write(self, kind: str, **fields: Any) -> None:
        self.told.append(f"{kind} {fields.get('name', fields.get('value', fields.get('what', '')))}".strip())

    def put(self, *names: str) -> Iterator[Any]:
        return iter([self.outbox.put(Command(Code.KEYPAD_ENTRY, name), {"name": name}) for name in names])


def test_the_next_request_is_sent_before_the_last_is_written_down() -> None:
    desk = Desk()
    list(desk.put("a", "b"))
    desk.outbox.note("check", what="between")
    list(desk.put("c", "d", "e"))
    desk.outbox.settle()
    assert desk.told == [
        "send a b",
        "wait",
        "send c d",
        *("command a", "answer a", "command b", "answer b", "check between"),
        "wait",
        "send e",
        *("command c", "answer c", "command d", "answer d"),
        "wait",
        *("command e", "answer e"),
    ]


def test_what_is_to_be_done_meanwhile_is_done_while_a_request_is_out_and_once() -> None:
    desk = Desk()
    desk.outbox.meanwhile(lambda: desk.told.append("meanwhile"))
    list(desk.put("a", "b"))
    assert desk.told == []
    list(desk.put("c"))
    desk.outbox.settle()
    assert desk.told == [
        *("send a b", "meanwhile", "wait", "send c"),
        *("command a", "answer a", "command b", "answer b"),
        *("wait", "command c", "answer c"),
    ]


def test_what_is_to_be_done_meanwhile_is_not_done_where_nothing_is_sent() -> None:
    desk = Desk()
    desk.outbox.meanwhile(lambda: desk.told.append("meanwhile"))
    desk.outbox.settle()
    assert desk.told == []


def test_what_is_noted_after_an_answer_is_written_down_when_the_next_request_is_out() -> None:
    desk = Desk()
    (asked,) = desk.put("a")
    assert desk.outbox.answer(asked) == "a"
    desk.outbox.note("check", what="of the answer")
    assert desk.told == ["send a", "wait"]
    list(desk.put("b"))
    desk.outbox.send()
    assert desk.told == ["send a", "wait", "send b", "command a", "answer a", "check of the answer"]


def test_what_is_asked_aside_has_no_record_and_what_was_answered_is_written_down_meanwhile() -> None:
    desk = Desk()
    (asked,) = desk.put("a")
    desk.outbox.answer(asked)
    assert desk.outbox.aside(Command(Code.KEYPAD_ENTRY, "aside")) == "aside"
    assert desk.told == ["send a", "wait", "send aside", "command a", "answer a", "wait"]


def test_what_is_asked_aside_and_declined_says_so() -> None:
    host, _ = on_a_line(Declining())
    desk = Desk()
    desk.outbox.line = host
    with pytest.raises(Declined, match=r"^test: the box answers keypad-entry with status 6, not-provisioned$"):
        desk.outbox.aside(Command(Code.KEYPAD_ENTRY, "12345678"))


def test_one_at_a_time_everything_is_written_down_before_anything_else_happens() -> None:
    desk = Desk()
    desk.outbox.one_at_a_time = True
    desk.outbox.note("check", what="before")
    assert desk.told == ["check before"]
    list(desk.put("a"))
    assert desk.told == ["check before", "command a", "send a", "wait", "answer a"]


def test_what_is_answered_can_be_written_down_and_nothing_else() -> None:
    desk = Desk()
    (asked,) = desk.put("a")
    desk.outbox.answer(asked)
    list(desk.put("b"))
    desk.outbox.write_down()
    assert desk.told == ["send a", "wait", "command a", "answer a"]


def test_what_is_abandoned_is_never_sent() -> None:
    desk = Desk()
    list(desk.put("a", "b", "c"))
    desk.outbox.abandon()
    assert desk.told == ["send a b", "wait", "command a", "answer a", "command b", "answer b"]


@pytest.mark.parametrize(
    ("wrong", "records"),
    [
        (NoAnswer("silence"), ["command a", "no-answer", "check between", "command b", "no-answer"]),
        (BenchError("nonsense"), ["command a"]),
    ],
)
def test_a_request_that_comes_to_nothing(wrong: BenchError, records: list[str]) -> None:
    desk = Desk()
    desk.line.fails = wrong
    list(desk.put("a"))
    desk.outbox.note("check", what="between")
    list(desk.put("b"))
    desk.outbox.note("check", what="after")
    with pytest.raises(type(wrong)) as raised:
        desk.outbox.settle()
    assert raised.value is wrong
    assert desk.told == ["send a b", "wait", *records]
