"""The check of a production build: on a good one, and on builds that are wrong in every way that a line shows."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from lockproof.conformance import production
from lockproof.conformance.production import HARM, check
from lockproof.conformance.verdict import Verdict
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.frame import Frame, FrameKind, encode_frame
from lockproof.hw_adapter.messages import (
    COMMANDS,
    Code,
    Command,
    Fault,
    Rejection,
    Status,
    read_request,
    write_rejection,
    write_result,
)
from lockproof.reference.box import ReferenceBox
from lockproof.reference.hardware import Clock

TEST_COMMANDS = [kind for kind in COMMANDS.values() if kind.test]
NAMES = [COMMANDS[code].name for code in HARM]


class Passing:
    """The time of these tests, in seconds, for the host and for the box."""

    seconds = 0.0


def a_box():
    box = ReferenceBox(clock=Clock(lambda: Passing.seconds))
    box.hardware.set(1_800_000_000)
    return box


class Build(Device):
    """A production build on the reference box. `wrong(code, box)` happens where it gets that test command; what it returns is
    the result to send, None for the refusal that is due, and "silence" for none.
    """

    def __init__(self, wrong=None, box=None):
        super().__init__(box or a_box(), production=True)
        self.wrong = wrong or (lambda _code, _box: None)
        self.got = []
        self.silent = False
        self.unanswered = b""  # a retry of it stays unanswered, too

    def feed(self, data):
        if data == self.unanswered:
            return b""
        self.silent = False
        answer = super().feed(data)
        self.unanswered = data if self.silent else b""
        return b"" if self.silent else answer

    def _result(self, values, before, batch):
        kind = COMMANDS[values[0]]
        if kind.test:
            self.got.append(kind.code)
            session = self._box.session
            done = self.wrong(kind.code, self._box)
            self._power_goes = self._box.session != session
            if done == "silence":
                self.silent = True
            elif done is not None:
                return done
        return super()._result(values, before, batch)


class Line:
    """A channel to a device in this process, on which time passes as something is waited for."""

    def __init__(self, device):
        self.device = device
        self.coming = b""
        self.sent = 0

    def send(self, data):
        self.sent += 1
        self.coming += self.device.feed(data) if self.device else b""

    def receive(self, timeout_s):
        coming, self.coming = self.coming, b""
        Passing.seconds += 0.01 if coming else timeout_s
        return coming

    def close(self):
        pass


def checked(device, sign_of_life=lambda: ""):
    line = Line(device)
    return check(line, "box", sign_of_life, lambda: Passing.seconds)


def one(code, do):
    """A build that does `do` on this command and refuses the others."""
    return Build(lambda got, box: do(box) if got is code else None)


def test_every_test_command_of_the_protocol_is_sent_and_the_worst_comes_last():
    assert set(HARM) == {kind.code for kind in TEST_COMMANDS}
    assert list(HARM)[-3:] == [Code.POWER_CUT, Code.PROVISION, Code.RESET]
    for code, (argument, _) in HARM.items():
        command = read_request(production.write_request([Command(code, argument)]))
        assert COMMANDS[code].read(command[0][1:]) == argument, "the arguments are good: nothing else is why it is refused"


def test_a_production_build_passes_with_every_command_refused():
    build = Build()
    report = checked(build)
    assert (report.verdict, report.reason) == (Verdict.PASS, "every test command was refused, and nothing changed")
    assert [(t.command, t.verdict, t.saw) for t in report.tried] == [(name, Verdict.PASS, "status 5, refused") for name in NAMES]
    assert build.got == list(HARM)


@pytest.mark.parametrize("code", HARM)
def test_a_build_that_obeys_one_command_is_caught_and_no_worse_one_is_sent(code):
    def obey(box):
        argument = HARM[code][0]
        kind = COMMANDS[code]
        return write_result(kind, kind.run(box, argument))

    build = one(code, obey)
    report = checked(build)
    before = list(HARM)[: list(HARM).index(code)]
    assert report.verdict is Verdict.FAIL
    assert build.got == [*before, code]
    assert "answered ok, must be refused" in report.tried[-1].saw


@pytest.mark.parametrize("code", HARM)
def test_a_build_that_says_ok_and_does_nothing_is_caught(code):
    kind = COMMANDS[code]
    answer = {Code.KEYPAD_ENTRY: [0, False, 1, None]}.get(code)
    clock = [0, None, 5, False]
    build = one(code, lambda _: answer or (clock if kind.write_answer.__name__ == "_write_clock" else [0]))
    report = checked(build)
    assert (report.verdict, build.got[-1]) == (Verdict.FAIL, code)
    assert "answered ok, must be refused" in report.tried[-1].saw


@pytest.mark.parametrize(
    ("code", "do", "saw"),
    [
        (Code.CLOCK_HOLD, lambda box: box.hold_clock(True), "its clock is held"),
        (Code.CLOCK_ADVANCE, lambda box: box.advance_clock(3600), "its timer has jumped by +3600 s"),
        (Code.POWER_CUT, lambda box: box.power_up("oops"), "the box has booted"),
        (Code.KEYPAD_ENTRY, lambda box: box._commit(box.state), "it wrote 1 times, every time that it was sent"),
        (Code.PROVISION, lambda box: box.provision(HARM[Code.PROVISION][0]), "it is another box now"),
        (Code.RESET, lambda box: box.reset(), "its log has another epoch"),
    ],
)
def test_a_build_that_refuses_and_does_it_all_the_same_is_caught(code, do, saw):
    report = checked(one(code, lambda box: do(box) and None))
    assert report.verdict is Verdict.FAIL
    assert report.tried[-1].command == COMMANDS[code].name
    assert f"status 5, refused, and yet {saw}" in report.tried[-1].saw


def test_a_clock_put_back_behind_a_refusal_is_caught_where_the_box_knows_the_time():
    box = a_box()
    shown = box.read_clock
    box.read_clock = lambda: replace(shown(), box_time=box.hardware.read()[0])
    report = checked(Build(lambda code, box: box.disturb_clock(3600) and None if code is Code.CLOCK_DISTURB else None, box))
    assert report.verdict is Verdict.FAIL
    assert report.reason.startswith(
        "clock-disturb (put the clock an hour back): status 5, refused, and yet its clock has jumped by -36"
    )


def test_a_build_that_boots_at_a_test_command_is_caught():
    class Boots(Build):
        def feed(self, data):
            answer = super().feed(data)
            if self.got == [Code.CLOCK_HOLD] and self._box._reset_cause != "watchdog":
                self._box.power_up("watchdog")
                self._boot()
                return b""
            return answer

    report = checked(Boots())
    assert (report.verdict, report.tried[-1].command) == (Verdict.FAIL, "clock-hold")
    assert report.tried[-1].saw == "no answer, and the box has booted: it was carried out, or brought the box down"


def test_what_happens_once_and_not_again_is_put_down_to_nobody():
    done = []

    def once(box):
        if not done:
            done.append(box.store.commit({}))

    report = checked(one(Code.KEYPAD_ENTRY, once))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "it wrote 1 times, though not when it was sent again; leave the box alone, and check it again" in report.reason


@pytest.mark.parametrize("status", [Status.BAD_ARGUMENTS, Status.UNSUPPORTED, Status.NOT_PROVISIONED])
def test_a_build_that_looks_at_a_test_command_before_it_refuses_is_caught(status):
    report = checked(one(Code.RESET, lambda _: [int(status)]))
    assert report.verdict is Verdict.FAIL
    assert "it was looked at; must be refused before that" in report.reason


def test_a_build_without_the_command_is_as_good():
    report = checked(one(Code.CLOCK_DISTURB, lambda _: [int(Status.UNKNOWN_COMMAND)]))
    assert report.verdict is Verdict.PASS
    assert [t.saw for t in report.tried if t.command == "clock-disturb"] == ["status 2, unknown-command"]


def test_silence_to_test_commands_beside_hello_is_a_refusal():
    report = checked(Build(lambda *_: "silence"))
    assert report.verdict is Verdict.PASS
    assert {t.saw for t in report.tried} == {"silence, and hello is answered"}


def test_a_build_that_falls_silent_for_good_is_no_pass():
    class Dies(Build):
        def feed(self, data):
            return b"" if self.got else super().feed(data)

    report = checked(Dies(lambda *_: "silence"))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "silence, with no sign of life beside it" in report.reason


def test_a_test_build_fails_before_anything_is_sent_to_it():
    line = Line(Device(ReferenceBox()))
    report = check(line, "box", lambda: "", lambda: Passing.seconds)
    assert (report.verdict, report.tried, line.sent) == (Verdict.FAIL, [], 1)
    assert "this is a test build, so no test command was sent to it" in report.reason


def test_a_build_that_answers_nonsense_is_caught():
    report = checked(one(Code.CLOCK_HOLD, lambda _: [99]))
    assert report.verdict is Verdict.FAIL
    assert "must be refused; box: the answer to clock-hold is not understood" in report.reason


@pytest.mark.parametrize(
    ("signs", "verdict", "reason"),
    [
        (["", ""], Verdict.INCONCLUSIVE, "a box that is silent may be dead: show a sign of life"),
        (["it blinks", ""], Verdict.INCONCLUSIVE, "no sign of life after the test commands"),
        (["it blinks", "it opens"], Verdict.PASS, "silence to everything, beside a sign of life: it opens"),
    ],
)
def test_a_box_that_is_silent_to_everything_passes_only_beside_a_sign_of_life(signs, verdict, reason):
    left = list(signs)
    report = checked(None, lambda: left.pop(0))
    assert report.verdict is verdict
    assert reason in report.reason
    assert [t.command for t in report.tried] == (NAMES if signs[0] else [])


def test_a_box_that_is_silent_to_hello_alone_is_not_silent():
    class Shy:
        def feed(self, data):
            body = write_rejection(Rejection(Fault.STALE_SESSION, 0))
            return b"" if b"\x81\x81\x01" in data else encode_frame(Frame(FrameKind.REPLY, 9, 1, body))

    report = checked(Shy(), lambda: "it blinks")
    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.reason == "clock-hold: it answers with a frame, though not to hello; a box that speaks must answer hello"


# The command, on real lines


def command(*words):
    run = [sys.executable, "-m", "lockproof.conformance.command", *words]
    result = subprocess.run(run, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL)
    assert "Traceback" not in result.stdout + result.stderr
    return result


@pytest.fixture
def serve():
    processes = []

    def start(*words):
        run = [sys.executable, "-m", "lockproof.conformance.command", "box", "--quiet", *words]
        processes.append(subprocess.Popen(run, stdout=subprocess.PIPE, text=True))
        return processes[-1].stdout.readline().strip()

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_the_command_passes_a_production_build_and_fails_a_test_build(serve):
    good = command("box", "--production", serve("--production"))
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.count("status 5, refused") == len(HARM)
    assert good.stdout.splitlines()[-1] == (
        "pass  unprovisioned (lockproof reference 0.1.0): every test command was refused, and nothing changed"
    )
    bad = command("box", "--production", serve())
    assert (bad.returncode, bad.stderr) == (1, "")
    assert "this is a test build" in bad.stdout


def test_the_command_asks_a_program_for_a_sign_of_life(serve):
    silent = [serve("--fault", "silent") for _ in range(4)]
    signs = [(), *(("--sign-of-life", sign) for sign in ("echo the light is on", "false", "no-such-program"))]
    with ThreadPoolExecutor() as pool:  # side by side, since silence takes long
        nothing, alive, dead, none = pool.map(lambda box, sign: command("box", "--production", box, *sign), silent, signs)
    assert nothing.returncode == 4
    assert alive.returncode == 0
    assert alive.stdout.splitlines()[-1] == f"pass  {silent[1]}: silence to everything, beside a sign of life: the light is on"
    assert dead.returncode == 4
    assert (none.returncode, none.stderr.splitlines()[-1][:40]) == (2, "--sign-of-life no-such-program: can't be run"[:40])


def test_an_empty_port_is_no_port():
    result = command("box", "--production", "")
    assert (result.returncode, result.stderr) == (2, "PORT is empty: name one, such as /dev/ttyUSB0\n")


def test_a_port_without_production_says_which_command_is_meant():
    result = command("box", "/dev/ttyUSB0")
    assert result.returncode == 2
    assert "to check a production build: lockproof box --production /dev/ttyUSB0" in result.stderr
