"""Failures as unit tests in C: compiled, and run against the box that failed and against the reference box."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from lockproof.conformance import faults, suite, unit_test
from lockproof.conformance.journal import Journal
from lockproof.conformance.planning import authority_for_a_bench
from lockproof.conformance.player import Player
from lockproof.conformance.scenario import DEFAULT_TODAY
from lockproof.conformance.verdict import Verdict
from lockproof.hw_adapter.adapter import SerialBox
from lockproof.hw_adapter.channel import Recorded
from lockproof.hw_adapter.device import Device
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import BadInput
from lockproof.spec.profile import DEFAULT

HARNESS = Path(__file__).with_name("harness.c")
HOUR = "the-hour-is-over"

needs_a_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")


class Line:
    """A channel to a device in this process."""

    def __init__(self, device):
        self.device = device
        self.coming = b""

    def send(self, data):
        self.coming += self.device.feed(data)

    def receive(self, _timeout_s):
        coming, self.coming = self.coming, b""
        return coming

    def close(self):
        pass


def scenario_called(name):
    return next(each for each in suite.packaged() if each.id == name)


def record(box, scenario, folder, mangle=lambda data: data):
    """Plays a scenario on a box at the end of a line, as a run does, into a journal."""
    path = folder / "journal.jsonl"
    journal = Journal(path)
    line = Line(Device(box))
    receive = line.receive
    line.receive = lambda timeout_s: mangle(receive(timeout_s))
    host = SerialBox(Recorded(line, journal.passed), "box")
    hello = host.hello()
    journal.write("run", target="box", today=DEFAULT_TODAY, seed="", hello=hello, left_out={}, judged_authority=False)
    result = Player(host, authority_for_a_bench(DEFAULT), journal).play(scenario)
    journal.close()
    return path, result


def serve(device, box, end):
    """What `harness.c` asks for, until it hangs up."""
    nonces = []
    fresh = box.fresh_nonce
    box.fresh_nonce = lambda: nonces.pop(0) if nonces else fresh()
    with end, end.makefile("rwb") as pipe:
        while head := pipe.read(3):
            data = pipe.read(int.from_bytes(head[1:], "big"))
            if head[:1] == b"N":
                nonces.append(data)
                continue
            answer = device.feed(data)
            pipe.write(len(answer).to_bytes(2, "big") + answer)
            pipe.flush()


def compiled(source, folder):
    program = folder / "program"
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    subprocess.run(["cc", *flags, "-c", "-o", folder / "test.o", source], check=True, capture_output=True, text=True)
    subprocess.run(["cc", "-o", program, folder / "test.o", HARNESS], check=True, capture_output=True, text=True)
    return program


def run_on(program, box):
    """The exit code and what was said, with this box behind the harness."""
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=serve, args=(Device(box), box, ours))
    thread.start()
    environment = {**os.environ, "BOX": str(theirs.fileno())}
    done = subprocess.run(
        [program], pass_fds=[theirs.fileno()], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    theirs.close()
    thread.join(10)
    assert not thread.is_alive()
    return done.returncode, done.stdout + done.stderr


CAUGHT = {
    "expires-one-second-late": (HOUR, "keypad-entry must be refused"),
    "revocation-ends-all-grants": ("a-power-cut-at-a-revocation", "present-ticket must be accepted"),
    "nonce-survives-a-cut": ("an-opening-that-was-cut-off-is-logged-and-notified", "present-ticket must be refused"),
    "wrong-code-in-the-log": ("a-clock-found-behind-is-not-trusted-when-it-has-caught-up", "log entry 5 must have credential "),
}
"""Faulty boxes, a scenario that each fails, and what its test then wants of it at the end; two of them with power cuts on the way."""


@needs_a_compiler
@pytest.mark.parametrize("name", CAUGHT)
def test_the_test_fails_on_the_box_that_failed_and_passes_on_the_reference(name, tmp_path):
    scenario, says = CAUGHT[name]
    journal, result = record(faults.named(name).make(), scenario_called(scenario), tmp_path)
    assert result.verdict is Verdict.FAIL
    source = tmp_path / "failure.c"
    told = unit_test.export(journal, scenario, source)
    assert told.startswith(f"{source}: ")
    assert says in told
    program = compiled(source, tmp_path)
    code, said = run_on(program, faults.named(name).make())
    assert (code, said.startswith("FAIL step ")) == (1, True)
    assert says in said
    steps = told.split()[1]
    assert run_on(program, ReferenceBox()) == (0, f"PASS {steps} steps\n")


@needs_a_compiler
def test_what_passes_on_no_box_but_the_reference_is_told_apart_from_the_failure(tmp_path):
    """Another faulty box does not come as far as the failure: that is no failure of this test."""
    journal, _ = record(faults.named("expires-one-second-late").make(), scenario_called(HOUR), tmp_path)
    source = tmp_path / "failure.c"
    unit_test.export(journal, HOUR, source)
    code, said = run_on(compiled(source, tmp_path), faults.named("refuses-all").make())
    assert code == 2
    assert said.startswith("NOT AS RECORDED step ")
    assert "keypad-entry must be accepted, as recorded" in said


@needs_a_compiler
def test_a_nonce_that_the_box_does_not_draw_is_a_failure(tmp_path):
    class Constant(ReferenceBox):
        def challenge(self):
            super().challenge()
            self.nonce = b"always the same."
            return self.nonce

    scenario = next(each for each in suite.written() if sum(step.verb in {"challenge", "connect"} for step in each.steps) > 1)
    journal, result = record(Constant(), scenario, tmp_path)
    assert result.finding is not None
    assert "nonces asked for so far" in result.finding.did
    source = tmp_path / "failure.c"
    unit_test.export(journal, scenario.id, source)
    program = compiled(source, tmp_path)
    code, said = run_on(program, Constant())
    assert (code, "the nonce must come from the source of randomness" in said) == (1, True)
    assert run_on(program, ReferenceBox())[0] in {0, 2}


@needs_a_compiler
def test_retries_and_noise_of_the_line_are_not_in_the_test(tmp_path):
    lost = iter(range(10**6))

    def mangle(data):
        return b"" if data and next(lost) % 7 == 5 else b"printed text\r\n\x00" + data if data else b""

    journal, result = record(faults.named("expires-one-second-late").make(), scenario_called(HOUR), tmp_path, mangle)
    assert result.verdict is Verdict.FAIL
    source, clean = tmp_path / "failure.c", tmp_path / "clean"
    told = unit_test.export(journal, HOUR, source)
    clean.mkdir()
    other, _ = record(faults.named("expires-one-second-late").make(), scenario_called(HOUR), clean)
    assert told.split()[1:] == unit_test.export(other, HOUR, source).split()[1:], "as many requests as without them"


def test_the_file_says_what_it_needs_and_which_clause_fails(tmp_path):
    journal, _ = record(faults.named("expires-one-second-late").make(), scenario_called(HOUR), tmp_path)
    source = tmp_path / "failure.c"
    unit_test.export(journal, HOUR, source)
    text = source.read_text()
    head = text[: text.index("*/")]
    for word in ("code.expiry.after-first-use", "code.expiry.not-extended", "box_exchange", "box_next_nonce", HOUR):
        assert word in head
    assert text.count("keypad-entry must be accepted, as recorded") >= 2
    assert 'keypad-entry "' in text
    assert "Recorded: [0, true, null, " in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda text: "".join(line for line in text.splitlines(keepends=True) if '"record":"bytes"' not in line),
            "no bytes were recorded there",
        ),
        (lambda text: text.replace('"record":"run"', '"record":"walk"'), "no run begins in it"),
        (lambda text: text.replace('"code_digits"', '"digits"'), "the file was changed or damaged"),
        (lambda text: text.replace('"hex":"00', '"hex":"0'), "the file was changed or damaged"),
    ],
)
def test_a_journal_that_gives_no_test_is_bad_input(change, message, tmp_path, unchained, rechain):
    journal, _ = record(faults.named("expires-one-second-late").make(), scenario_called(HOUR), tmp_path)
    rechain(journal, change("\n".join(unchained(journal))).splitlines())
    with pytest.raises(BadInput, match=message):
        unit_test.export(journal, HOUR, tmp_path / "failure.c")
    assert not (tmp_path / "failure.c").exists()


def test_a_scenario_that_passed_is_not_exported(tmp_path):
    journal, _ = record(ReferenceBox(), scenario_called(HOUR), tmp_path)
    with pytest.raises(BadInput, match="did not fail in this run; only a failure is exported"):
        unit_test.export(journal, HOUR, tmp_path / "failure.c")
    with pytest.raises(BadInput, match="nothing was not played in this run"):
        unit_test.export(journal, "nothing", tmp_path / "failure.c")


def test_text_of_a_box_ends_no_comment_and_no_string():
    assert unit_test._comment("a */ b \\ ??/") == "a * / b / ? ?/"
    assert unit_test._string('a"\\?\né') == '"a\\042\\134\\077\\012\\303\\251"'
