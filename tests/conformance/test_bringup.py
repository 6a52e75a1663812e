"""A firmware that is brought up: on good boxes, on ports of the kit that stop at a rung, and on firmware that is wrong in one thing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from cobs import cobs
from lockproof.conformance import bringing_up, bringup, by_hand, first_words, report, suite
from lockproof.conformance.adapter_check import CHECKS
from lockproof.conformance.bringup import PLACES, RUNGS, climb
from lockproof.conformance.declared import declaring
from lockproof.conformance.faults import named
from lockproof.conformance.journal import Journal
from lockproof.conformance.planning import authority_for_a_bench
from lockproof.conformance.player import Player
from lockproof.conformance.recording import said
from lockproof.conformance.run import run
from lockproof.conformance.targets import Target
from lockproof.conformance.verdict import Verdict
from lockproof.hw_adapter import cbor, vectors
from lockproof.hw_adapter.adapter import open_box
from lockproof.hw_adapter.bench_time import VirtualTime
from lockproof.hw_adapter.declaration import CLASSES, CLOCK_MODES, CUT_CLASSES
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.frame import Frame, FrameKind, FrameReader, crc32c, decode_frame, encode_frame
from lockproof.hw_adapter.messages import COMMANDS, Code, Status
from lockproof.reference.box import ReferenceBox
from lockproof.reference.hardware import Clock
from lockproof.spec.observable import CutClass, Declined, LinkLost, PowerCut
from lockproof.spec.profile import DEFAULT

FIRMWARE = Path(vectors.__file__).parent / "firmware"
PAGE = (Path(vectors.__file__).parent / "PROTOCOL.md").read_text(encoding="utf-8")
HELLO = Frame(FrameKind.REQUEST, 0, 1, cbor.encode([[1]]))
OK = [Verdict.PASS] * 5


class Time:
    """Of these tests, in seconds, for the host and for the box; it passes as something is waited for."""

    seconds = 0.0

    @classmethod
    def now(cls):
        return cls.seconds

    @classmethod
    def wait(cls, seconds):
        cls.seconds += seconds


def a_box(kind=ReferenceBox, **declared):
    """A box on the time of these tests that declares something else."""
    box = kind(clock=Clock(Time.now))
    hello = box.hello
    box.hello = lambda: replace(hello(), **declared)
    return box


class Firmware(Device):
    """A firmware on a box. `wrong(frame)` makes of each reply what is sent; a command in `without` there is not."""

    def __init__(self, box=None, wrong=encode_frame, without=()):
        super().__init__(box or a_box())
        self.wrong = wrong
        self.without = without

    def feed(self, data):
        answers = super().feed(data)
        return b"".join(self.wrong(each.frame) for each in FrameReader(65535).feed(answers))

    def _result(self, values, before, batch):
        if values[0] in self.without:
            raise Declined("unknown-command", "not yet")
        return super()._result(values, before, batch)


class Line:
    """A channel to what makes of bytes that are sent the bytes that come back."""

    def __init__(self, feed):
        self.feed = feed
        self.coming = b""

    def send(self, data):
        self.coming += self.feed(data)

    def receive(self, timeout_s):
        coming, self.coming = self.coming, b""
        Time.seconds += 0.01 if coming else timeout_s
        return coming

    def close(self):
        pass


def brought_up(feed):
    feed = feed.feed if isinstance(feed, Device) else feed
    return climb(Line(feed), "box", now=Time.now, wait=Time.wait)


def last(feed):
    return brought_up(feed).rungs[-1]


def told(climbed):
    return "\n".join(bringing_up.told(climbed, ""))


def verdicts(report):
    return [each.verdict for each in report.rungs]


# Good boxes


def test_a_good_box_passes_all_five():
    report = brought_up(Firmware())
    assert (verdicts(report), report.verdict) == (OK, Verdict.PASS)
    assert report.who == "unprovisioned (lockproof reference 0.1.0)"
    assert [each.left_out for each in report.rungs] == [()] * 5
    assert report.rungs[1].says == (
        "refuses wrong digits, opens for right ones, is told the time by nobody else, carries out no retry"
    )


def test_a_box_that_prints_text_passes_all_the_same():
    noisy = lambda frame: b"booted, all well\r\n\x00" + encode_frame(frame)  # noqa: E731
    assert verdicts(brought_up(Firmware(wrong=noisy))) == OK


def test_a_line_that_echoes_before_the_answer_is_passed_over():
    device = Firmware()
    assert verdicts(brought_up(lambda data: data + device.feed(data))) == OK


def test_a_box_without_a_test_clock_is_told_what_is_not_tried():
    report = brought_up(Firmware(a_box(clock_modes=("wall-clock",), disturbs_clock=False)))
    assert (verdicts(report), report.verdict) == (OK, Verdict.PASS)
    assert report.rungs[2].says == "shows its clock"
    for rung in report.rungs[2:]:
        assert rung.left_out == (bringup.NO_TEST_CLOCK,)
    assert report.rungs[4].says == "boots in another session, keeps what is durable"


def test_a_box_without_power_cuts_of_its_own_is_not_asked_for_any():
    report = brought_up(Firmware(a_box(cut_classes=())))
    assert verdicts(report) == [*OK[:4], Verdict.NOT_APPLICABLE]
    assert report.rungs[4].says.startswith("the box declares no power cut of class reset")
    assert report.verdict is Verdict.PASS


def test_nothing_that_was_not_asked_counts_as_a_failure():
    report = bringup.Report(rungs=[bringup.Climbed(RUNGS[0], verdict, "") for verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE)])
    assert report.verdict is Verdict.PASS
    report.rungs.append(bringup.Climbed(RUNGS[1], Verdict.ERROR, ""))
    assert report.verdict is Verdict.ERROR
    report.rungs.append(bringup.Climbed(RUNGS[2], Verdict.FAIL, ""))
    assert report.verdict is Verdict.FAIL


@pytest.mark.parametrize("holdover", [0, 5])
def test_a_clock_that_does_not_outlive_a_cut_is_no_fault_where_it_is_declared(holdover):
    box = ReferenceBox(clock=Clock(Time.now), profile=replace(DEFAULT, holdover=holdover))
    assert verdicts(brought_up(Firmware(box))) == OK


def test_of_a_box_with_codes_of_its_own_little_is_tried():
    report = brought_up(Firmware(a_box(classes=("core",))))
    assert report.rungs[1].left_out[0].startswith("the box declares codes of its own, which nobody here knows")
    assert report.rungs[1].says == "carries out no retry"
    assert report.rungs[2].says == (
        "shows its clock, stands still when held, runs when let go, counts seconds, goes forward as far as it is told"
    )
    assert [each.verdict for each in report.rungs] == [*OK[:3], Verdict.NOT_APPLICABLE, Verdict.PASS]


@pytest.mark.parametrize("gone", [b"", b"\x00\x00"])
def test_a_line_that_is_lost_is_an_error_of_the_line(gone):
    device = Firmware()

    def feed(data):
        if b"\x81\x81\x02" in data:  # reset
            raise LinkLost("box: the port is gone")
        return device.feed(data) + gone

    climbed = last(feed)
    assert (climbed.verdict, climbed.rung.name, climbed.says) == (Verdict.ERROR, "keypad", "the port is gone")
    assert climbed.stuck.often.endswith("; behind TCP the connection stays open over a power cut")


# Rung by rung


@pytest.mark.parametrize("rung", RUNGS, ids=str)
def test_a_rung_needs_its_own_commands_and_those_below(rung):
    own = {code for below in RUNGS[: rung.number] for code in below.commands}
    missing = [code for code in COMMANDS if code not in own]
    report = brought_up(Firmware(a_box(clock_modes=("test-clock",) if rung.number > 2 else ("wall-clock",)), without=missing))
    assert verdicts(report)[: rung.number] == OK[: rung.number]
    if rung.number < len(RUNGS):
        above = RUNGS[rung.number]
        name = COMMANDS[above.commands[0]].name
        assert report.rungs[-1].rung is above
        assert report.rungs[-1].says == f"the box answers {name} with status 2, unknown-command"


@pytest.mark.parametrize("code", [code for rung in RUNGS[1:] for code in rung.commands], ids=lambda code: COMMANDS[code].name)
def test_each_command_that_is_missing_is_named_with_what_comes_after_it(code):
    climbed = last(Firmware(without=[code]))
    name = COMMANDS[code].name
    (rung,) = [rung for rung in RUNGS if code in rung.commands]
    after = [COMMANDS[each].name for each in rung.commands[rung.commands.index(code) + 1 :]]
    assert (climbed.verdict, climbed.rung, climbed.says) == (
        Verdict.FAIL,
        rung,
        f"the box answers {name} with status 2, unknown-command",
    )
    assert climbed.next == f"implement {name}" + (f"; on this rung come after it {', '.join(after)}" if after else "")
    assert said(climbed.passed[-1]).endswith("unknown-command")
    assert re.search(rf"^#+ {climbed.stuck.place}$", PAGE, re.MULTILINE)


def test_the_places_that_are_named_stand_in_the_page():
    places = {*PLACES.values(), first_words.LINE, first_words.FRAMES, first_words.SESSIONS}
    for place in [*places, "Errors", "Requests and replies", "Timing", "Hello", "A production build"]:
        assert re.search(rf"^#+ {place}$", PAGE, re.MULTILINE), place


def test_every_scenario_of_a_rung_is_one_that_the_reference_passes():
    for name in ("first-entries", "first-log", "first-cut", "first-use"):
        player = Player(ReferenceBox(), authority_for_a_bench(DEFAULT), Journal())
        assert player.play(bringup._named(name)).verdict is Verdict.PASS


@pytest.fixture(scope="module")
def ports(tmp_path_factory, build_port):
    """The port kit's host port, built as far as each rung."""
    with ThreadPoolExecutor() as pool:
        places = {rung.number: tmp_path_factory.mktemp(f"rung{rung.number}") for rung in RUNGS}
        return dict(zip(places, pool.map(lambda n: build_port(places[n], f"-DLP_RUNG={n}"), places), strict=True))


@pytest.mark.parametrize("rung", RUNGS[:-1], ids=str)
def test_the_port_kit_stops_at_the_rung_that_it_is_built_for(ports, rung):
    with ports[rung.number] as port:
        result = command("--box", port.line)
    above = RUNGS[rung.number]
    first, *rest = (COMMANDS[code].name for code in above.commands)
    lines = result.stdout.splitlines()
    assert (result.returncode, result.stderr) == (1, "")
    assert [line.split()[:2] for line in lines[1 : rung.number + 1]] == [
        ["pass", str(each.number)] for each in RUNGS[: rung.number]
    ]
    assert (
        lines[rung.number + 1]
        == f"fail            {above.number} {above.name:<7} the box answers {first} with status 2, unknown-command"
    )
    assert f"    next         implement {first}" + (f"; on this rung come after it {', '.join(rest)}" if rest else "") in lines
    assert (
        lines[-1]
        == f"fail  lockproof host port (lockproof-c 1.0): rung {above}: the box answers {first} with status 2, unknown-command"
    )


def test_the_port_kit_passes_as_a_whole(ports):
    with ports[5] as port:
        result = command("--box", port.line)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == (
        f"pass  lockproof host port (lockproof-c 1.0): what comes next is lockproof run --box {port.line},"
        " then the same with --clock advance, which lets its clock run"
    )


@pytest.mark.parametrize("rung", RUNGS, ids=str)
def test_the_port_kit_declares_what_it_has_at_each_rung(ports, rung):
    with ports[rung.number] as port, open_box(port.line) as box:
        hello = box.hello()
    whole = rung.number == len(RUNGS)
    assert hello.classes == (("core", "interop") if whole else ("core", "interop", "code-only"))
    assert hello.clock_modes == (("test-clock", "wall-clock") if rung.number >= 3 else ("wall-clock",))
    assert hello.cut_classes == ((CutClass.RESET, CutClass.NTH_WRITE) if whole else ())
    assert hello.disturbs_clock is whole


def test_the_port_kit_knows_the_commands_of_its_rung_and_those_below(ports):
    for rung in RUNGS[:-1]:
        known = {code for below in RUNGS[: rung.number] for code in below.commands}
        with ports[rung.number] as port, open_box(port.line) as box:
            for code in COMMANDS:
                if code not in known:
                    with pytest.raises(Declined, match="unknown-command"):
                        COMMANDS[code].run(box, HARMLESS.get(code))


@pytest.mark.parametrize(
    ("file", "old", "new", "says", "often"),
    [
        (
            "frame.c",
            "lp_put32(payload + size, lp_crc32c(0, payload, size));",
            "lp_put32(payload + size, __builtin_bswap32(lp_crc32c(0, payload, size)));",
            r"1 hello   a frame comes whose CRC is .. .. .. ..",
            "    often        the CRC is sent least significant byte first; it goes most significant first",
        ),
        (
            "clock.c",
            "return kept.held ? kept.frozen : lp_plus(board_clock(), kept.shift);",
            "return lp_plus(board_clock(), kept.shift);",
            r"3 clock   .*held; 2.2 s later .*held",
            '    must come    A held clock and its timer stand still, and say that they are held.   (PROTOCOL.md, "Commands")',
        ),
    ],
)
def test_a_port_with_one_line_wrong_is_stopped(broken, file, old, new, says, often):
    with broken(file, old, new) as port:
        result = command("--box", port.line)
    lines = result.stdout.splitlines()
    assert (result.returncode, result.stderr) == (1, "")
    (failed,) = [line for line in lines if line.startswith("fail  ") and "rung" not in line]
    assert re.fullmatch(rf"fail {{12}}{says}", failed)
    assert often in lines


FIRST_DAY = {
    "int64_t board_clock(void)": "return (int64_t)(board_timer_ms() / 1000);",
    "void board_kept_read(uint8_t to[LP_KEPT_BYTES])": "memcpy(to, kept_in_memory, LP_KEPT_BYTES);",
    "void board_kept_write(const uint8_t from[LP_KEPT_BYTES])": "memcpy(kept_in_memory, from, LP_KEPT_BYTES);",
    "void board_store_read(uint32_t at, void *to, size_t size)": "memcpy(to, store_in_memory + at, size);",
    "void board_store_write(uint32_t at, const void *from, size_t size)": "memcpy(store_in_memory + at, from, size);",
    "void board_tray_open(void)": "",
    "void board_restart(void)": "for (;;) {}",
}
"""What stands on a board for the functions of which the port kit's page says that they come later."""
ARRAYS = "static uint8_t kept_in_memory[LP_KEPT_BYTES], store_in_memory[65536];\n"


def test_what_the_port_kit_says_of_the_first_days_is_enough(build_port, tmp_path):
    firmware = tmp_path / "firmware"
    shutil.copytree(FIRMWARE, firmware, ignore=shutil.ignore_patterns("build"))
    board = firmware / "host" / "board.c"
    text = board.read_text(encoding="utf-8")
    for head, body in FIRST_DAY.items():
        text, found = re.subn(
            rf"^{re.escape(head)}\n{{\n.*?^}}\n", f"{head}\n{{\n{body}\n}}\n", text, flags=re.DOTALL | re.MULTILINE
        )
        assert found == 1, head
    first = text.index("\nstatic ")
    board.write_text(text[:first] + "\n" + ARRAYS + text[first:], encoding="utf-8")
    port = build_port(tmp_path / "build", "-DLP_RUNG=4", "-Wno-unused-function -Wno-unused-variable", source=firmware)
    with port:
        lines = command("--box", port.line).stdout.splitlines()
    assert [line.split()[0] for line in lines[1:6]] == ["pass", "pass", "pass", "pass", "fail"]
    assert lines[5].endswith("the box answers power-cut with status 2, unknown-command")


PORTING = (Path(vectors.__file__).parent / "PORTING.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (?:([1-5]) )?(\w+) \| ([a-z, -]+) \| \[.*\) \| (.+) \|$", PORTING, re.MULTILINE)
"""Of the table of rungs, number and name, commands, and what hello declares from there on."""


def test_the_page_has_the_commands_of_each_rung():
    later = [COMMANDS[code].name for code in COMMANDS if all(code not in rung.commands for rung in RUNGS)]
    own = [(str(rung.number), rung.name, [COMMANDS[code].name for code in rung.commands]) for rung in RUNGS]
    assert [(number, name, commands.split(", ")) for number, name, commands, _ in ROWS[:-1]] == own
    assert (ROWS[-1][:2], sorted(ROWS[-1][2].split(", "))) == (("", "above"), sorted(later))
    in_the_kit = re.findall(r"^\| ([1-5] \w+) \|", (FIRMWARE / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert in_the_kit == [str(rung) for rung in RUNGS]


def declared_up_to(row):
    """What the page's table has hello declare once the commands of this row are there."""
    numbers = {"classes": CLASSES, "clock_modes": CLOCK_MODES, "cut_classes": CUT_CLASSES}
    declared = {"cut_classes": (), "disturbs_clock": False}
    for *_, says in ROWS[: row + 1]:
        for name, listed in re.findall(r"`(\w+)` ((?:\d(?:, )?)+)", says):
            declared[name] = tuple(numbers[name][int(each)] for each in listed.split(", "))
        declared["disturbs_clock"] |= "`disturbs_clock` true" in says
    return declared


@pytest.mark.parametrize("row", range(len(ROWS)), ids=lambda row: ROWS[row][1])
def test_a_firmware_that_declares_what_the_page_says_passes_as_far_as_it_is(row):
    there = {name for _, _, commands, _ in ROWS[: row + 1] for name in commands.split(", ")}
    missing = [code for code in COMMANDS if COMMANDS[code].name not in there]
    report = brought_up(Firmware(a_box(**declared_up_to(row)), without=missing))
    assert verdicts(report) == [*OK[: row + 1], Verdict.FAIL][: len(RUNGS)]
    hello = ReferenceBox().hello()
    assert (declared_up_to(row) == {name: getattr(hello, name) for name in declared_up_to(row)}) == (not missing)


def test_the_page_shows_what_the_first_verdict_looks_like():
    report = brought_up(Firmware(without=[code for code in COMMANDS if code != Code.HELLO]))
    lines = [line for climbed in report.rungs for line in told(climbed).splitlines()]
    (shown,) = [block for block in re.findall(r"```text\n(.*?)```", PORTING, re.DOTALL) if "1 hello" in block]
    for line in shown.splitlines():
        pattern = re.escape(line).replace("…", ".*")
        assert any(re.fullmatch(pattern, each) for each in lines), line


def test_the_first_scenarios_come_out_as_the_page_says():
    up_to_the_log = declaring(ReferenceBox, declared_up_to(3))
    box = Target("PORT", reference=False, time=VirtualTime(), make=up_to_the_log)
    result = run(box, suite.select(suite.packaged(), re.findall(r"--scenario (\S+)", PORTING)), rehearse=False)
    assert f"pass  PORT (…): {report.counts(result)} in …\n" in PORTING
    (left_out,) = [each for each in result.scenarios if each.verdict is Verdict.NOT_APPLICABLE]
    assert f"left out  {left_out.id}: {left_out.message}\n" in PORTING


HARMLESS = {
    Code.PROVISION: vectors.EXCHANGES[2][1][0].argument,
    Code.TIME_ORDER: b"",
    Code.REVOCATION_ORDER: b"",
    Code.KEYPAD_ENTRY: "0",
    Code.PRESENT_TICKET: b"",
    Code.READ_LOG: 1,
    Code.CLOCK_HOLD: False,
    Code.CLOCK_ADVANCE: 0,
    Code.POWER_CUT: PowerCut(CutClass.NTH_WRITE),
    Code.CLOCK_DISTURB: 0,
}


# Frames by hand


def test_frames_sent_by_hand_get_what_is_said_to_come():
    class Waits(ReferenceBox):
        def fresh_nonce(self):
            return vectors.NONCE

    box = a_box(Waits)
    device = Device(box)
    for rung in RUNGS[1:]:
        box.hold_clock(True)
        for each in by_hand.exchanges_of(rung.commands, device.session, 100 + 10 * rung.number):
            (came,) = FrameReader().feed(device.feed(bytes.fromhex(by_hand.in_hex(each.request))))
            if each.name in {"reset", "provision", "challenge", "time-order", "keypad-entry", "power-cut"}:
                assert came.frame == each.reply, each.name
            else:  # shown with values of the page's box
                kinds = [type(value) for value in cbor.decode(came.frame.body)[0]]
                assert kinds == [type(value) for value in cbor.decode(each.reply.body)[0]], each.name
            if each.name == "clock-advance":  # what it was, and what it is told to go forward
                assert by_hand.exchange_of(Code.CLOCK_HOLD, 1, 1).reply.body == cbor.encode([[0, vectors.NOON, 4_711, True]])
                assert each.reply.body == cbor.encode([[0, vectors.NOON + 3_599, 4_711 + 3_599, True]])
            if each.name == "power-cut":
                device = Device(box)
                break


def test_hello_by_hand_is_the_pages_own():
    climbed = last(lambda _: b"")
    assert by_hand.in_hex(climbed.by_hand[0].request) == "00 03 01 01 01 01 01 01 09 01 81 81 01 1f df 94 94 00"
    assert "03 01 01 01 01 01 01 09 01 81 81 01 1f df 94 94 00" in told(climbed)


# What comes instead of hello


def at_hello(make):
    """Says to everything what `make` makes of the right answer to hello."""
    device = Firmware()
    answer = next(iter(FrameReader().feed(device.feed(encode_frame(HELLO))))).frame
    return lambda data: make(answer) if b"\x81\x81\x01" in data else b""


def payload_of(frame):
    return cobs.decode(encode_frame(frame)[:-1])[:-4]


def crc_of(wrong):
    return lambda frame: bytes(cobs.encode(payload_of(frame) + wrong(payload_of(frame)))) + b"\x00"


def from_zero(payload):
    """CRC-32C bit by bit, begun with 0."""
    crc = 0
    for byte in payload:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


FIRST_WORDS = {
    "nothing": (lambda _: b"", "error", "nothing comes back, not a byte", "The line", "TX and RX crossed"),
    "damaged for the firmware": (
        lambda _: b"",
        "error",
        "nothing comes back, not a byte",
        "The line",
        "no answer: without COBS it is 01 01 00 00 00 00 00 01 81 81 01, and then its CRC, 1f df 94 94",
    ),
    "zeros": (lambda _: bytes(9), "error", "bytes come back, and all of them are 0x00", "The line", "held low"),
    "echo": (lambda _: encode_frame(HELLO), "error", "what was sent comes back as it was", "The line", "loopback plug"),
    "text": (lambda _: b"login: ", "error", "text comes back and no frame: 'login: '", "The line", "a boot loader"),
    "text in front": (
        lambda f: b"request 1\r\n" + encode_frame(f),
        "fail",
        "a frame comes with text in front of it: 'request 1\\r\\n'",
        "The line",
        "send 0x00 before each frame",
    ),
    "text in front of what is no frame": (
        lambda _: b"request 1\r\n\xf0\x9e\xfe\x80\x00",
        "error",
        "no frame: bad COBS in 15 bytes",
        "Frames",
        "baud rate",
    ),
    "garbage": (lambda _: b"\xf0\x9e\xfe\x80", "error", "no 0x00 among them, which ends every frame", "The line", "baud rate"),
    "ended garbage": (lambda _: b"\xf0\x9e\xfe\x80\x00", "error", "no frame: bad COBS in 4 bytes", "Frames", "baud rate"),
    "line ends": (
        lambda f: encode_frame(f).replace(b"\n", b"\r\n"),
        "error",
        "a frame comes with a 0x0d before each 0x0a",
        "The line",
        "makes CR LF of every line end",
    ),
    "no delimiter": (lambda f: encode_frame(f)[:-1], "fail", "a whole frame comes, and no 0x00 after it", "Frames", "left out"),
    "no COBS": (
        lambda f: payload_of(f) + crc32c(payload_of(f)) + b"\x00",
        "fail",
        "header, body and CRC come as they are, without COBS",
        "Frames",
        "the encoder is not called",
    ),
    "CRC the other way round": (
        crc_of(lambda p: crc32c(p)[::-1]),
        "fail",
        "a frame comes whose CRC is ",
        "Frames",
        "least significant byte first; it goes most significant first",
    ),
    "CRC-32": (
        crc_of(lambda p: zlib.crc32(p).to_bytes(4, "big")),
        "fail",
        "a frame comes whose CRC is ",
        "Frames",
        "it must be CRC-32C",
    ),
    "CRC-32 the other way round": (
        crc_of(lambda p: zlib.crc32(p).to_bytes(4, "little")),
        "fail",
        "a frame comes whose CRC is ",
        "Frames",
        "CRC-32 as of zlib and Ethernet, and least",
    ),
    "no final xor": (
        crc_of(lambda p: bytes(b ^ 255 for b in crc32c(p))),
        "fail",
        "a frame comes whose CRC is ",
        "Frames",
        "the final xor with 0xFFFFFFFF is left out",
    ),
    "initial value 0": (
        crc_of(lambda p: from_zero(p).to_bytes(4, "big")),
        "fail",
        "a frame comes whose CRC is ",
        "Frames",
        "the initial value is 0",
    ),
    "COBS by lengths": (
        lambda f: b"".join(bytes([len(p)]) + p for p in (payload_of(f) + crc32c(payload_of(f))).split(b"\x00")) + b"\x00",
        "fail",
        "a frame comes whose COBS is wrong",
        "Frames",
        "the code byte is the length of its piece; it must be one more",
    ),
    "COBS with a piece too many": (
        lambda f: encode_frame(f)[:-1] + b"\x01\x00",
        "fail",
        "a frame comes whose COBS is wrong",
        "Frames",
        "its end counts as a zero that is not there",
    ),
    "busy": (
        lambda f: encode_frame(replace(f, kind=3, body=b"\x80")),
        "fail",
        "whose kind is 3",
        "Frames",
        "no reply after them",
    ),
    "CRC of the body": (
        crc_of(lambda p: crc32c(p[8:])),
        "fail",
        "a frame comes whose CRC is ",
        "Frames",
        "it goes over the header, too",
    ),
    "no CRC": (crc_of(lambda _: bytes(4)), "fail", "a frame comes whose CRC is 00 00 00 00", "Frames", "no CRC is worked out"),
    "another CRC": (
        crc_of(lambda _: b"abcd"),
        "fail",
        "a frame comes whose CRC is 61 62 63 64",
        "Frames",
        "another initial value",
    ),
    "version": (
        lambda f: encode_frame(replace(f, version=2)),
        "fail",
        "a frame comes whose version is 2",
        "Frames",
        "as the compiler laid it out",
    ),
    "kind": (lambda f: encode_frame(replace(f, kind=9)), "fail", "a frame comes whose kind is 9", "Frames", "the kind of"),
    "sequence": (
        lambda f: encode_frame(replace(f, sequence=256)),
        "fail",
        "a frame comes whose sequence is 256",
        "Sessions, sequences and retries",
        "least significant byte first",
    ),
    "another sequence": (
        lambda f: encode_frame(replace(f, sequence=7)),
        "fail",
        "a frame comes whose sequence is 7",
        "Sessions, sequences and retries",
        "it must be repeated",
    ),
    "session": (
        lambda f: encode_frame(replace(f, session=77)),
        "fail",
        "its frame says 77",
        "Sessions, sequences and retries",
        "different variables",
    ),
    "too long": (
        lambda f: encode_frame(replace(f, body=f.body + bytes(range(1, 200)))),
        "fail",
        "hello comes in a frame of ",
        "Frames",
        "longer than the table",
    ),
    "body": (
        lambda f: encode_frame(replace(f, body=b"\x82\x01")),
        "fail",
        "the answer to hello is not understood: ",
        "Hello",
        "",
    ),
    "rejected": (
        lambda f: encode_frame(replace(f, body=cbor.encode({0: 1, 1: 0}))),
        "fail",
        "hello was rejected: stale-session",
        "Hello",
        "",
    ),
}


@pytest.mark.parametrize("kind", FIRST_WORDS)
def test_what_comes_instead_of_hello_is_told_apart(kind):
    make, verdict, saw, place, often = FIRST_WORDS[kind]
    report = brought_up(at_hello(make))
    (climbed,) = report.rungs
    assert (report.verdict, climbed.verdict) == (verdict, verdict)
    assert saw in climbed.says
    assert (climbed.stuck.place, often in climbed.stuck.often) == (place, True)
    assert climbed.next == "get hello answered: frames, CBOR and this one command are all that it takes"
    lines = told(climbed)
    assert (
        "    sent         request 00000000/1  hello\n                 03 01 01 01 01 01 01 09 01 81 81 01 1f df 94 94 00" in lines
    )
    assert "    not reached  2 keypad, 3 clock, 4 log, 5 cuts" in lines
    assert lines.count("    came         nothing") == (kind in {"nothing", "damaged for the firmware", "zeros"})


def test_what_came_and_what_is_right_are_shown_in_hex():
    climbed = last(at_hello(crc_of(lambda p: crc32c(p)[::-1])))
    payload = (
        payload_of(decode_frame(climbed.passed[1].raw)) if climbed.passed[1].frame else cobs.decode(climbed.passed[1].raw)[:-4]
    )
    right = crc32c(payload)
    assert climbed.says == f"a frame comes whose CRC is {right[::-1].hex(' ')}"
    assert climbed.stuck.must == f"the CRC {right.hex(' ')}, over the {len(payload)} bytes of header and body"


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"classes": ("interop",)}, "hello declares the classes interop"),
        ({"clock_modes": ("model",)}, "hello declares the clock mode model"),
        ({"code_digits": 12}, "the box declares what the standard does not allow"),
        ({"batch_limit": 200}, "the answer to hello is not understood: batch_limit"),
        ({"identity": "a name that is longer than 32 bytes"}, "the answer to hello is not understood: identity"),
        ({"protocol": 2}, "the box speaks version 2 of the box test protocol"),
    ],
)
def test_a_hello_that_declares_what_may_not_be_is_named(declared, says):
    climbed = last(Firmware(a_box(**declared)))
    assert (climbed.verdict, climbed.rung.name) == (Verdict.FAIL, "hello")
    assert climbed.says.startswith(says)


def test_a_production_build_is_not_brought_up():
    climbed = last(Device(a_box(), production=True))
    assert (climbed.verdict, climbed.rung.name, climbed.says) == (Verdict.FAIL, "hello", "hello says production true")


def test_a_line_that_never_stops_is_looked_at_for_a_moment():
    climbed = last(lambda _: bytes(range(1, 256)) * 4000)
    assert climbed.verdict is Verdict.ERROR
    assert climbed.says.endswith("000 bytes come back, and no 0x00 among them, which ends every frame")


# What holds before there is any other command


@pytest.mark.parametrize("eaten", [b"\x11\x13", b"\x11", b"\x13"])
def test_flow_control_that_takes_bytes_for_itself_is_told_as_such(eaten):
    device = Firmware()
    climbed = last(lambda data: device.feed(data.translate(None, eaten)))
    assert (climbed.verdict, climbed.rung.name) == (Verdict.ERROR, "hello")
    assert climbed.says == "a hello with the bytes 0x13 and 0x11 in it gets no answer, and hello without them does"
    text = told(climbed)
    assert "often        software flow control (XON/XOFF), which takes these two for itself" in text
    assert " 13 11 " in next(line for line in text.splitlines() if "  send  " in line)


def test_flow_control_that_answers_lack_bytes_by_is_told_too():
    device = Firmware()
    climbed = last(lambda data: device.feed(data).translate(None, b"\x11\x13") if b"\x13\x11" in data else device.feed(data))
    assert climbed.says == "a hello with the bytes 0x13 and 0x11 in it gets no answer, and hello without them does"


class Obeys(Firmware):
    """Does not look at one thing of a request: `mend(frame)` makes it right before it is looked at."""

    def __init__(self, mend):
        super().__init__()
        self.mend = mend

    def _answer(self, request):
        return super()._answer(self.mend(self, request))


def test_a_hello_that_changes_is_caught():
    count = iter(range(100))
    box = a_box()
    hello = box.hello
    box.hello = lambda: replace(hello(), reset_cause=f"boot {next(count)}")
    climbed = last(Firmware(box))
    assert (climbed.verdict, climbed.stuck.must) == (Verdict.FAIL, CHECKS["hello.stable"].says)
    assert climbed.says.startswith("reset_cause was 'boot ")


@pytest.mark.parametrize(
    "name", [each["name"] for each in vectors.make()["silence"] if each["name"] != "a frame that has not ended"]
)
def test_damage_that_is_answered_is_named(name):
    (line,) = [bytes.fromhex(each["line"]) for each in vectors.make()["silence"] if each["name"] == name]
    device = Firmware()
    wrong = encode_frame(Frame(FrameKind.REPLY, device.session, 1, cbor.encode([[0]])))
    climbed = last(lambda data: (wrong if data == line else b"") + device.feed(data))
    assert (climbed.verdict, climbed.says, climbed.stuck.place) == (Verdict.FAIL, f"{name} is answered", "Frames")


def test_a_box_that_damage_silences_is_caught():
    device, dead = Firmware(), []

    def feed(data):
        dead.append(data.startswith(b"\x01" * 300))
        return b"" if any(dead) else device.feed(data)

    climbed = last(feed)
    assert climbed.verdict is Verdict.FAIL
    assert climbed.says.startswith("after longer than the frame limit, hello is not answered any more: ")


def test_a_box_that_damage_makes_boot_is_caught():
    devices = [Firmware(), Firmware()]

    def feed(data):
        if data.startswith(b"\x01" * 300) and len(devices) > 1:
            del devices[0]
        return devices[0].feed(data)

    climbed = last(feed)
    assert (climbed.verdict, climbed.says) == (Verdict.FAIL, "after longer than the frame limit the box has booted (power-on)")


def test_a_line_on_which_all_is_silent_from_a_rejection_on_is_no_verdict():
    device, gone = Firmware(), []

    def feed(data):
        answer = device.feed(data)
        gone.extend(each for each in FrameReader(65535).feed(answer) if each.frame.body == cbor.encode({0: 1, 1: 0}))
        return b"" if gone else answer

    climbed = last(feed)
    assert (climbed.verdict, climbed.says.partition(":")[0]) == (Verdict.ERROR, "nothing answers")


def test_a_hello_in_its_session_that_is_not_one_is_caught():
    class OnlyInSessionZero(Firmware):
        def _answer(self, request):
            return super()._answer(
                replace(request, body=cbor.encode([[99]])) if request.session and request.body == HELLO.body else request
            )

    climbed = last(OnlyInSessionZero())
    assert climbed.says == "a hello in the current session is answered otherwise: carried out: [[2]]"
    assert climbed.stuck.must == "the map of hello"


def test_a_retry_that_is_carried_out_again_is_caught():
    class Again(Firmware):
        def _answer(self, request):
            self._last = None
            return super()._answer(request)

    climbed = last(Again())
    assert (climbed.rung.name, climbed.says) == (
        "hello",
        "other bytes with the sequence of the kept request: carried out: [[3], [1]]",
    )
    assert climbed.stuck.must == "error 2, sequence-reused, detail 0"
    assert said(bringing_up._as_passed(climbed.by_hand[0])).endswith("{0: 2, 1: 0}")


def test_a_retry_that_draws_another_nonce_is_caught():
    class Again(Firmware):
        def _answer(self, request):
            if request.body == cbor.encode([[int(Code.CHALLENGE)]]):
                self._last = None
            return super()._answer(request)

    climbed = last(Again())
    assert (climbed.rung.name, climbed.says) == ("keypad", "a challenge that is sent again, byte for byte, gets another answer")


def test_a_nonce_that_stays_is_caught():
    class Stays(ReferenceBox):
        def fresh_nonce(self):
            return bytes(16)

    climbed = last(Firmware(a_box(Stays)))
    assert (climbed.rung.name, climbed.says) == ("keypad", "two challenges get the same nonce")


@pytest.mark.parametrize(
    ("mend", "says", "must"),
    [
        (
            lambda device, f: replace(f, session=device.session) if f.session else f,
            "a session that is over: carried out: ",
            "error 1, stale-session, detail 0",
        ),
        (
            lambda device, f: f if f.session or f.body == HELLO.body else replace(f, session=device.session),
            "session 0 and not hello alone: carried out: ",
            "error 1, stale-session, detail 0",
        ),
        (lambda _, f: replace(f, version=1), "another version: carried out: ", "error 3, bad-version, detail 1"),
        (
            lambda _, f: replace(f, body=cbor.encode([[99]])) if f.body == b"\x80" else f,
            "a body without commands: ",
            "error 5, malformed, detail 0",
        ),
    ],
)
def test_what_must_be_rejected_and_is_obeyed_is_named(mend, says, must):
    climbed = last(Obeys(mend))
    assert (climbed.verdict, climbed.rung.name) == (Verdict.FAIL, "hello")
    assert climbed.says.startswith(says)
    assert climbed.stuck.must == must
    assert climbed.by_hand[0].reply.body[:1] == b"\xa2", "the frame that is right is a rejection"


def test_a_batch_that_is_too_large_and_is_carried_out_is_caught():
    class Large(Firmware):
        def _answer_new(self, request):
            declared, self._hello = self._hello, replace(self._hello, batch_limit=200)
            try:
                return super()._answer_new(request)
            finally:
                self._hello = declared

    climbed = last(Large())
    assert climbed.says.startswith("one command more than batch_limit: ")
    assert climbed.stuck.must == "error 4, too-large, detail 8"


def test_a_rejection_in_the_session_of_the_request_is_caught():
    over = []

    def wrong(frame):
        stale = frame.body == cbor.encode({0: 1, 1: 0})
        over.append(stale)
        return encode_frame(replace(frame, session=frame.session - 1) if stale else frame)

    climbed = last(Firmware(wrong=wrong))
    assert climbed.says.startswith("a session that is over: rejected in session ")


def test_a_rejection_in_the_version_of_the_request_is_caught():
    climbed = last(Firmware(wrong=lambda f: encode_frame(replace(f, version=2 if f.body == cbor.encode({0: 3, 1: 1}) else 1))))
    assert climbed.says == "another version: the header of the answer has version 2"
    assert climbed.stuck.must == "version 1 in the header"


def test_a_stale_session_that_is_dropped_is_caught():
    climbed = last(Firmware(wrong=lambda f: b"" if f.body == cbor.encode({0: 1, 1: 0}) else encode_frame(f)))
    assert climbed.says == "a session that is over: no answer"


class ReadsAs(ReferenceBox):
    """What its clock and its timer show is made of what they count."""

    shown = staticmethod(lambda count: count)

    def read_clock(self):
        reading = super().read_clock()
        return replace(reading, timer=self.shown(reading.timer), box_time=reading.box_time and self.shown(reading.box_time))


@pytest.mark.parametrize("clock_modes", [("wall-clock",), ("test-clock", "wall-clock")])
@pytest.mark.parametrize("shown", [lambda count: count * 1000, lambda _: 4711, lambda count: count // 60])
def test_a_clock_that_does_not_count_seconds_is_caught(clock_modes, shown):
    box = a_box(ReadsAs, clock_modes=clock_modes, disturbs_clock=False)
    box.shown = shown
    climbed = last(Firmware(box))
    assert (climbed.verdict, climbed.rung.name) == (Verdict.FAIL, "clock")
    assert climbed.stuck.must.startswith("a clock and a timer that have gone on by ")


def test_a_clock_that_was_left_held_may_stand_where_it_is_read_first():
    box = a_box()
    box.hold_clock(True)
    assert verdicts(brought_up(Firmware(box))) == OK


def test_an_unknown_command_that_is_carried_out_is_caught():
    class Any(Firmware):
        def _result(self, values, before, batch):
            return [0] if values[0] == 99 else super()._result(values, before, batch)

    climbed = last(Any())
    assert climbed.says == "command 99, which there is not: carried out: [[0], [0]]"
    assert climbed.stuck.must == "status 2, unknown-command, status 1, not-run"


# Boxes that do the wrong thing


@pytest.mark.parametrize(
    ("fault", "rung", "command", "says", "must"),
    [
        ("opens-always", "keypad", "keypad-entry", "enter wrong ", "must refuse"),
        ("refuses-all", "keypad", "keypad-entry", "enter anns-code ", "must open"),
        ("last-digit-ignored", "keypad", "keypad-entry", "enter anns-code with the last digit ", "must refuse"),
        ("time-order-mac-unchecked", "keypad", "time-order", "time order for +0 s, last bit of the tag: taken", "must refuse"),
        ("clock-set-back-accepted", "keypad", "time-order", "time order for -3600 s: taken", "must refuse"),
        ("expires-one-second-late", "clock", "keypad-entry", "enter anns-code ", "must refuse"),
        ("expires-one-second-early", "clock", "keypad-entry", "enter anns-code ", "must open"),
        ("log-entry-missing", "log", "read-log", "read the log: ", "entry 3 must be"),
        ("refusals-are-not-logged", "log", "read-log", "read the log: ", "entry 2 must be"),
        ("no-bound", "log", "keypad-entry", "enter anns-code ", "must refuse"),
        ("unseen-refusals-are-not-counted", "log", "read-log", "read the log: ", "must be"),
        ("every-cut-loses-the-time", "cuts", "keypad-entry", "enter wrong ", "must be refused for code.digits"),
        ("log-starts-again-at-a-cut", "cuts", "read-log", "the answer to read-log is not understood: log: the n", "a page"),
        ("clock-stops-without-power", "cuts", "clock-read", "clock 1804010399", "A cut boots the box"),
        ("first-use-lost-at-a-cut", "cuts", "keypad-entry", "enter anns-code ", "must refuse"),
        ("first-use-written-a-little-later", "cuts", "keypad-entry", "enter anns-code ", "must refuse"),
    ],
)
def test_a_faulty_box_ends_at_its_rung(fault, rung, command, says, must):
    climbed = last(Firmware(a_box(named(fault).make)))
    assert (climbed.verdict, climbed.rung.name) == (Verdict.FAIL, rung)
    assert climbed.says.startswith(says)
    assert must in climbed.stuck.must
    assert climbed.next == f"mend {command}; it is the command sent last"
    assert said(climbed.passed[0]).split("  ")[1].startswith(command)
    assert [each.direction for each in climbed.passed] == ["out", "in"]


class LosesTheTimeAtWrite(ReferenceBox):
    """Power that fails at the nth write, and only at that, makes it forget that it knows the time."""

    at = 0
    armed = 0

    def cut_power(self, cut):
        self.armed = cut.nth
        super().cut_power(cut)

    def recover(self, state):
        state = super().recover(state)
        return replace(state, time_known=False) if self.at and self.armed == self.at else state


@pytest.mark.parametrize(
    ("at", "scenario"),
    [
        (1, "a-power-cut-before-first-use-is-charged"),
        (2, "a-power-cut-at-the-first-use"),
        (3, "a-power-cut-right-after-first-use"),
    ],
)
def test_power_that_fails_at_each_write_of_a_first_use_is_tried(at, scenario):
    box = a_box(LosesTheTimeAtWrite)
    box.at = at
    climbed = last(Firmware(box))
    assert (climbed.verdict, climbed.rung.name) == (Verdict.FAIL, "cuts")
    assert climbed.stuck.history[0].startswith(f"{scenario}: The power fails with the ")
    assert f"    so far       {scenario}: The power fails" in told(climbed)


class ComputesOtherKeys(ReferenceBox):
    def provision(self, provisioning):
        super().provision(replace(provisioning, secret=provisioning.secret[::-1]))


class ReadsOtherDigits(ReferenceBox):
    def enter(self, digits):
        return super().enter(digits[::-1])


@pytest.mark.parametrize(
    ("kind", "command", "often"),
    [
        (
            ComputesOtherKeys,
            "time-order",
            'its key or its tag is worked out otherwise: PROTOCOL.md has the keys of a box under "Keys"',
        ),
        (ReadsOtherDigits, "keypad-entry", 'PROTOCOL.md has them under "Keys", "Days" and "Codes"'),
    ],
)
def test_who_computes_otherwise_is_told_where_the_page_works_it_out(kind, command, often):
    climbed = last(Firmware(a_box(kind)))
    assert (climbed.verdict, climbed.rung.name, climbed.next) == (
        Verdict.FAIL,
        "keypad",
        f"mend {command}; it is the command sent last",
    )
    assert often in climbed.stuck.often


@pytest.mark.parametrize("fault", ["opens-always", "clock-set-back-accepted", "expires-one-second-early"])
def test_who_is_wrong_in_something_else_is_not_sent_there(fault):
    assert last(Firmware(a_box(named(fault).make))).stuck.often == ""


class ForgetsWhatIsAnHourOld(ReferenceBox):
    def read_log(self, from_number):
        page = super().read_log(from_number)
        now = self.hardware.read()[0]
        return replace(page, entries=tuple(each for each in page.entries if (each.instant or now) > now - 3600))


def test_a_log_that_forgets_within_the_hour_is_caught():
    climbed = last(Firmware(a_box(ForgetsWhatIsAnHourOld)))
    assert (climbed.verdict, climbed.rung.name) == (Verdict.FAIL, "log")
    assert climbed.stuck.history[0].startswith("vital-signs: ")


class DecidesByAnOlderTime(ReferenceBox):
    """The time that it tells with a decision is that of before the last advance."""

    ahead = 0

    def advance_clock(self, seconds):
        self.ahead = seconds
        return super().advance_clock(seconds)

    def enter(self, digits):
        decision = super().enter(digits)
        return replace(decision, box_time=decision.box_time - self.ahead)


def test_a_decision_that_tells_an_older_time_is_caught():
    climbed = last(Firmware(a_box(DecidesByAnOlderTime)))
    assert (climbed.verdict, climbed.rung.name, climbed.stuck.must) == (Verdict.FAIL, "clock", CHECKS["clock.latched"].says)


class RunsThoughHeld(Clock):
    """Says that it is held, and runs."""

    def read(self):
        held, self.held = self.held, False
        try:
            return super().read()
        finally:
            self.held = held


class NeverRunsAgain(Clock):
    """Once held, it stands for ever."""

    was_held = False

    def read(self):
        self.was_held |= self.held
        held, self.held = self.held, self.was_held
        try:
            return super().read()
        finally:
            self.held = held


class AdvancesTooFar(Clock):
    def advance(self, seconds):
        super().advance(seconds + 1)


@pytest.mark.parametrize(
    ("clock", "check"), [(RunsThoughHeld, "clock.held"), (NeverRunsAgain, "clock.runs"), (AdvancesTooFar, "clock.advance")]
)
def test_a_clock_that_does_not_do_as_it_is_told_is_caught(clock, check):
    box = a_box()
    hello = box.hello
    box = ReferenceBox(clock=clock(Time.now))
    assert hello().session
    climbed = last(Firmware(box))
    assert (climbed.verdict, climbed.rung.name, climbed.stuck.must) == (Verdict.FAIL, "clock", CHECKS[check].says)


@pytest.mark.parametrize(("drift_ppm", "seconds"), [(1_000_000, 4), (-300_000, 1)])
def test_a_clock_that_counts_something_else_than_seconds_is_caught(drift_ppm, seconds):
    climbed = last(Firmware(ReferenceBox(clock=Clock(Time.now, drift_ppm=drift_ppm))))
    assert (climbed.verdict, climbed.rung.name) == (Verdict.FAIL, "clock")
    said = re.fullmatch(r"clock \w+, timer (\d+), running; 2.2 s later clock \w+, timer (\d+), running", climbed.says)
    assert said, climbed.says
    before, after = said.groups()
    assert int(after) - int(before) in {seconds, seconds + 1}
    assert climbed.stuck.must == "a clock and a timer that have gone on by 2 to 3 s"
    assert climbed.stuck.often.startswith("a counter that is read in another unit")
    assert climbed.next == "mend clock-read; it is the command sent last"


def test_a_clock_that_drifts_as_it_declares_goes_on_as_time_does():
    box = ReferenceBox(clock=Clock(Time.now, drift_ppm=10_000))
    hello = box.hello
    box.hello = lambda: replace(hello(), drift_ppm=10_000)
    assert verdicts(brought_up(Firmware(box))) == OK


def test_a_cut_that_loses_the_time_is_told_as_such():
    climbed = last(Firmware(a_box(named("every-cut-loses-the-time").make)))
    assert climbed.stuck.often.startswith("a cut loses the time")


def test_keys_that_a_cut_takes_are_those_of_provision():
    class KeepsNothing(Firmware):
        def _result(self, values, before, batch):
            if values[0] == Code.READ_LOG:
                return [int(Status.NOT_PROVISIONED)]
            return super()._result(values, before, batch)

    climbed = last(KeepsNothing())
    assert climbed.says == "the box answers read-log with status 6, not-provisioned"
    assert climbed.next == "mend provision: what it is told must be kept, also over a power cut"


class BeginsAnew(Clock):
    """Let go, it shows `more` than it did as power comes back; held, it does as it must."""

    more = -10

    def restart(self, off_for):
        super().restart(off_for + (0 if self.held else self.more))


class GoesAhead(BeginsAnew):
    more = 60


class FindsAnotherFraction(BeginsAnew):
    more = 1


@pytest.mark.parametrize(("clock", "knows"), [(BeginsAnew, "None"), (GoesAhead, "18040068[67][0-9]"), (FindsAnotherFraction, "")])
def test_a_clock_that_is_let_go_and_does_not_go_on_over_a_cut_is_caught(clock, knows):
    climbed = last(Firmware(ReferenceBox(clock=clock(Time.now))))
    if not knows:
        assert climbed.verdict is Verdict.PASS
        return
    assert (climbed.verdict, climbed.rung.name) == (Verdict.FAIL, "cuts")
    assert re.fullmatch(
        rf"clock 1804006800, timer [0-9]+, running before a cut, and clock {knows}, timer 0, running after it", climbed.says
    )
    assert climbed.stuck.must.endswith(" s, and knows the time")


def test_what_is_answered_only_when_it_was_sent_again_is_told():
    device, dropped = Firmware(), set()

    def feed(data):
        first = b"\x81\x82\x06" in data and data not in dropped  # a keypad entry
        dropped.add(data)
        return b"" if first else device.feed(data)

    report = brought_up(feed)
    assert verdicts(report) == OK
    assert [[name for name, _ in each.late] for each in report.rungs] == [[], *[["keypad-entry"]] * 4]
    (entries,) = report.rungs[1].late
    assert (
        f"    late         keypad-entry ({entries[1]} times): answered only when sent again; a reply or a busy frame must come"
        ' within 200 ms, or the line loses bytes   (PROTOCOL.md, "Timing")'
    ) in told(report.rungs[1]).splitlines()
    assert [each.late for each in brought_up(Firmware()).rungs] == [()] * 5


def test_a_clock_that_is_held_and_not_declared_is_named():
    class Holds(Firmware):
        def _refuse_unless_supported(self, command):
            pass

    climbed = last(Holds(a_box(clock_modes=("wall-clock",))))
    assert climbed.says == "clock-hold works, and hello does not declare test-clock"


def test_a_power_cut_that_is_not_declared_is_named():
    class Cuts(Firmware):
        def _refuse_unless_supported(self, command):
            pass

    climbed = last(Cuts(a_box(cut_classes=())))
    assert climbed.says == "power-cut of class reset works, and hello does not declare it"


@pytest.mark.parametrize("declared", [{}, {"clock_modes": ("wall-clock",)}])
def test_a_log_is_looked_at_whether_the_clock_can_be_held_or_not(declared):
    climbed = last(Firmware(a_box(named("log-entry-missing").make, **declared)))
    assert climbed.stuck.history[0].startswith("first-log: What was done at the keypad stands in the log")


def test_a_declared_clock_that_is_not_supported_is_named():
    class Declines(Firmware):
        def _result(self, values, before, batch):
            return [int(Status.UNSUPPORTED)] if values[0] == Code.CLOCK_HOLD else super()._result(values, before, batch)

    climbed = last(Declines())
    assert climbed.says == "the box answers clock-hold with status 4, unsupported"
    assert climbed.stuck.often == "unsupported is for what hello does not declare, and this every box must have"


def test_a_cut_that_is_no_boot_is_caught():
    class Stays(ReferenceBox):
        def power_up(self, cause):
            session = self.session
            super().power_up(cause)
            self.session = session

    climbed = last(Firmware(a_box(Stays)))
    assert (climbed.rung.name, climbed.stuck.must) == ("cuts", "a boot, in another session")
    assert climbed.says.startswith("power was to be cut, and the session is still ")


def test_an_armed_cut_that_does_not_strike_is_caught():
    box = a_box()
    box.store.arm = lambda _: None
    climbed = last(Firmware(box))
    assert climbed.says == "the armed cut did not strike at a keypad entry: its session is the same"


def test_a_command_that_is_passed_over_is_a_failure_and_a_box_that_dies_at_it_an_error():
    passes_over = Firmware()
    climbed = last(lambda data: b"" if b"\x81\x81\x02" in data else passes_over.feed(data))
    assert climbed.verdict is Verdict.FAIL
    assert climbed.says.startswith("no answer to reset: not a byte came back in 6.0 s; the box is there and has not booted")
    assert climbed.stuck.must == "a reply or a busy frame within 200 ms"
    dies, dead = Firmware(), []

    def feed(data):
        dead.append(b"\x81\x81\x02" in data)
        return b"" if any(dead) else dies.feed(data)

    climbed = last(feed)
    assert climbed.verdict is Verdict.ERROR
    assert climbed.stuck.often.startswith("the firmware hangs or has crashed at it")


def test_an_answer_that_is_not_understood_is_a_failure():
    class Nonsense(Firmware):
        def _result(self, values, before, batch):
            return [0, 5] if values[0] == Code.RESET else super()._result(values, before, batch)

    climbed = last(Nonsense())
    assert climbed.says.startswith("the answer to reset is not understood: values: 0 wanted, 1 came: [5]")


# What is told


@pytest.fixture
def bring_up(monkeypatch, capsys):
    """The command on a line of these tests: its exit code and what it says."""

    def run(feed):
        monkeypatch.setattr(bringing_up, "open_channel", lambda *_: Line(feed.feed if isinstance(feed, Device) else feed))
        monkeypatch.setattr(bringing_up, "climb", partial(climb, now=Time.now, wait=Time.wait))
        code = bringing_up.bring_up("/dev/ttyUSB0", 115_200)
        return code, capsys.readouterr().out.splitlines()

    return run


@pytest.mark.parametrize("kind", FIRST_WORDS)
def test_what_comes_instead_of_hello_has_its_exit_code(bring_up, kind):
    make, verdict, saw, _, often = FIRST_WORDS[kind]
    code, lines = bring_up(at_hello(make))
    assert code == {"error": 3, "fail": 1}[verdict]
    assert lines[0].startswith("/dev/ttyUSB0: 5 rungs, each on those below it")
    assert lines[1].startswith(f"{verdict:<15} 1 hello   ")
    assert lines[-1].startswith(f"{verdict}  /dev/ttyUSB0: rung 1 hello: ")
    assert saw in lines[-1]
    assert often in next((line for line in lines if line.startswith("    often")), "")


def test_a_failure_says_all_that_is_to_be_known_in_this_order(bring_up):
    device = Firmware(without=[Code.RESET])
    code, lines = bring_up(device)
    session = f"{device.session:08x}"
    words = [line[4:17].strip() for line in lines if line.startswith("    ") and line[4:17].strip()]
    assert (code, words) == (1, ["sent", "came", "must come", "next", "by hand", "not reached"])
    assert lines[3] == f"    sent         request {session}/11  reset"
    assert lines[5] == f"    came         reply {session}/11  unknown-command"
    assert lines[7] == '    must come    status 0, ok, and no values   (PROTOCOL.md, "Commands")'
    assert (
        lines[8] == "    next         implement reset; on this rung come after it provision, challenge, time-order, keypad-entry"
    )
    assert lines[9] == f"    by hand      in session {session}, which a boot ends; send the hex, and this comes back in 200 ms:"
    reset = encode_frame(Frame(FrameKind.REQUEST, device.session, 12, b"\x81\x81\x02")).hex(" ")
    assert lines[10:14] == [
        "                 reset",
        f"                   send  00 {reset}",
        f"                   comes {encode_frame(Frame(FrameKind.REPLY, device.session, 12, bytes([0x81, 0x81, 0]))).hex(' ')}",
        f"                         reply {session}/12  ok",
    ]
    assert lines[-2] == "    not reached  3 clock, 4 log, 5 cuts"


def test_a_box_that_has_passed_is_told_what_comes_next(bring_up):
    code, lines = bring_up(Firmware())
    assert (code, len(lines)) == (0, 7)
    assert lines[-1] == (
        "pass  unprovisioned (lockproof reference 0.1.0): what comes next is lockproof run --box /dev/ttyUSB0,"
        " then the same with --clock advance, which lets its clock run"
    )


def test_a_box_whose_clock_can_only_run_is_not_told_to_advance_it(bring_up):
    code, lines = bring_up(Firmware(a_box(clock_modes=("wall-clock",))))
    assert code == 0
    assert lines[-1] == "pass  unprovisioned (lockproof reference 0.1.0): what comes next is lockproof run --box /dev/ttyUSB0"


def test_ctrl_c_ends_it_with_one_line(bring_up):
    device = Firmware()

    def feed(data):
        if b"\x81\x81\x02" in data:
            raise KeyboardInterrupt
        return device.feed(data)

    code, lines = bring_up(feed)
    assert (code, lines[-1]) == (3, "stopped; the box is as the last command left it, and begins anew at the next try")
    assert lines[-2].startswith("pass            1 hello ")


# The command, on real lines


def command(*words):
    run = [sys.executable, "-m", "lockproof.conformance.command", "bringup", *words]
    result = subprocess.run(run, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL)
    assert "Traceback" not in result.stdout + result.stderr
    return result


def test_the_port_kit_is_built_started_brought_up_and_gone(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    result = command("--box", "firmware")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1].startswith(
        "pass  lockproof host port (lockproof-c 1.0): what comes next is lockproof run --box firmware"
    )
    assert list(tmp_path.iterdir()) == []


def test_the_reference_box_on_a_pseudo_terminal_and_what_is_none():
    boxes = ("pty", "pty:silent", "pty:echo", "pty:opens-always")
    with ThreadPoolExecutor() as pool:
        good, silent, echo, opens = pool.map(lambda box: command("--box", box), boxes)
    assert (good.returncode, good.stderr) == (0, "")
    lines = good.stdout.splitlines()
    assert [line.split()[:3] for line in lines[1:6]] == [["pass", str(rung.number), rung.name] for rung in RUNGS]
    assert lines[6].startswith("pass  unprovisioned (lockproof reference 0.1.0): what comes next is lockproof run --box pty")
    assert (silent.returncode, echo.returncode, opens.returncode) == (3, 3, 1)
    assert silent.stdout.splitlines()[-1].endswith(": rung 1 hello: nothing comes back, not a byte")
    assert echo.stdout.splitlines()[-1].endswith(": rung 1 hello: what was sent comes back as it was")
    assert ": rung 2 keypad: enter wrong " in opens.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--box", ""], 2, "--box: name a box"),
        (["--box", "reference"], 2, "--box reference: a firmware is brought up at the end of a line"),
        (["--box", "fault:opens-always"], 2, "--box fault:opens-always: a firmware is brought up"),
        (["--box", "pty:no-such-fault"], 2, "no fault is called no-such-fault"),
        (["--box", "/dev/no-such-port"], 3, "/dev/no-such-port: there is no such port"),
        ([], 2, "Missing option '--box'"),
    ],
)
def test_bad_input_gets_one_clear_message(words, code, says):
    result = command(*words)
    assert result.returncode == code
    assert says in result.stderr
