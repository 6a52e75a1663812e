"""A program as an adapter: its protocol as ADAPTERS.md has it, and every way in which a program goes wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lockproof.hw_adapter import json_lines, line_program, program
from lockproof.hw_adapter.guard import DEFAULT_PATIENCE, AdapterFault, AdapterPatience
from lockproof.hw_adapter.program import open_program
from lockproof.spec.observable import (
    BadInput,
    BenchError,
    ClockReading,
    CodeIndex,
    CutClass,
    Decision,
    Declined,
    LogEntry,
    LogKind,
    LogPage,
    NoAnswer,
    PowerCut,
    Provisioning,
    ZoneTable,
)

PAGE = Path(program.__file__).parent / "ADAPTERS.md"
JSON_BOX = Path(__file__).parent / "json_box.py"
READ_OUT = "import sys\nfor line in sys.stdin:\n    print(answers[line], flush=True)\n"
HURRIED = AdapterPatience(answer=1.0, end=0.3)
NOON = 1772985600


def lines(mark: str) -> list[str]:
    block = PAGE.read_text(encoding="utf-8").partition("```jsonl\n")[2].partition("```")[0]
    return [line.removeprefix(f"{mark} ") for line in block.splitlines() if line.startswith(mark)]


def json_box(how: str = "") -> str:
    return f"'{sys.executable}' '{JSON_BOX}' '{how}'"


def printing(line: str) -> str:
    """A program that answers everything with this line."""
    return f"'{sys.executable}' -c 'import sys\nfor _ in sys.stdin: print(sys.argv[1], flush=True)' '{line}'"


def test_the_page_byte_by_byte(tmp_path):
    """A program that knows the page's requests by heart, and nothing else, answers as the page does."""
    answers = {f"{asked}\n": told for asked, told in zip(lines(">"), lines("<"), strict=True)}
    script = tmp_path / "by_heart.py"
    script.write_text(f"answers = {answers!r}\n{READ_OUT}")
    message = bytes.fromhex("8443a10105a0")
    said, told = [], []
    with open_program(f"'{sys.executable}' '{script}'") as box:
        hello = box.hello()
        told += [hello.identity, hello.session, hello.cut_classes, hello.classes, hello.batch_limit, hello.observation]
        box.reset()
        zone = ZoneTable(((1772000000, -18000), (1772953200, -14400)), 1804000000)
        box.provision(Provisioning(b"Lockproof one by", bytes(range(32)), zone))
        told += [box.hold_clock(True), box.challenge(), box.time_order(message), box.enter("47112345"), box.present(message)]
        for declined in (lambda: box.revocation_order(message), lambda: told.append(box.read_log(1))):
            try:
                declined()
            except Declined as error:
                said.append((error.why, str(error)))
        told += [box.read_clock(), box.advance_clock(3599)]
        with pytest.raises(Declined, match="its clock can't be disturbed"):
            box.disturb_clock(60)
        box.cut_power(PowerCut(CutClass.NTH_WRITE, 30, 1))
        with pytest.raises(NoAnswer, match=r"enter: the box was silent for 3 s$"):
            box.enter("47112345")
        with pytest.raises(BenchError, match=r"cut_power: /dev/ttyUSB0 is gone$") as failed:
            box.cut_power(PowerCut())
        assert type(failed.value) is BenchError
    assert said == [("unsupported", f"program {sys.executable}: revocation_order: this box has no app")]
    assert told == [
        "A1",
        7001,
        (CutClass.RESET, CutClass.NTH_WRITE),
        ("core", "interop"),
        1,
        "self-reported",
        ClockReading(None, 12, True),
        bytes(range(16)),
        Decision(False, "box.authentic", None),
        Decision(True, None, NOON),
        Decision(False, "box.authentic", NOON),
        LogPage(
            3,
            (
                LogEntry(1, LogKind.CODE, True, NOON, CodeIndex(1772946000, 1773028800, 0)),
                LogEntry(2, LogKind.CONNECT, False, NOON, b"grant 0001 of 16", "connect.ticket"),
                LogEntry(3, LogKind.REFUSALS, False, None, None, "box.ready", 4),
            ),
            4,
            False,
        ),
        ClockReading(NOON, 12, True),
        ClockReading(NOON + 3599, 3611, True),
    ]


def test_the_page_says_the_bounds():
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert (
        page.count(f"An answer must come within {DEFAULT_PATIENCE.answer:g} s, and the larger of `boot_ms` and `reset_ms`") == 1
    )
    assert page.count(f"an adapter has {DEFAULT_PATIENCE.end:g} s to give back what it has opened") == 1
    assert line_program.LONGEST_LINE == 1 << 20
    assert "1 MiB" in page
    assert all(f"`{kind}`" in page for kind in json_lines.KINDS)


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("dies", "it had ended (exit status 3)   (its protocol: ADAPTERS.md)"),
        ("complains", "it had ended (exit status 1); on its standard error: no port /dev/ttyUSB9   (its protocol: ADAPTERS.md)"),
        ("prints", "it answered 'hello, I am a box': it is no JSON   (its protocol: ADAPTERS.md)"),
        ("prints json", "it answered '[1, 2]': it is no JSON object   (its protocol: ADAPTERS.md)"),
        ("floods", "it printed 1048576 bytes without a line end   (its protocol: ADAPTERS.md)"),
        ("hangs", "it gave no answer within 1.02 s, and was ended   (its protocol: ADAPTERS.md)"),
        ("closes", "it closed its standard output   (its protocol: ADAPTERS.md)"),
    ],
)
def test_a_program_that_goes_wrong_is_one_clear_error_and_stays_one(how, told):
    with open_program(json_box(how), HURRIED) as box:
        box.hello()
        box.reset()
        for _ in range(2):
            with pytest.raises(AdapterFault) as fault:
                box.read_clock()
            assert str(fault.value) == f"program {sys.executable}: asked for read_clock, {told}"
        assert not isinstance(fault.value, NoAnswer)
        process = box.adapter.program.process._process
    assert process.returncode is not None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"id":2,"result":null}', "its id is 2 and not 1"),
        ('{"id":true,"result":null}', "its id is True and not 1"),
        ('{"result":null}', "its id is None and not 1"),
        ('{"id":1}', "either a result or an error, and this has id"),
        ('{"id":1,"result":null,"error":null}', "this has id, result, error"),
        ('{"id":1,"error":"no"}', "an error has a kind, one of no-answer, declined, failed, and a message"),
        ('{"id":1,"error":{"kind":"refused","message":"no"}}', "an error has a kind"),
        ('{"id":1,"error":{"kind":"declined","why":"tired","message":"no"}}', "is 'tired', none of unknown-command"),
        ('{"id":1,"result":{"timer":1,"held":true}}', "this is no result of read_clock: 'box_time' is missing"),
        ('{"id":1,"result":{"box_time":1,"timer":1,"held":true,"tick":1}}', "unexpected keyword argument 'tick'"),
        ('{"id":1,"result":{"box_time":"noon","timer":1,"held":true}}', 'box time: "noon" is not an integer of 64 bits'),
        ('{"id":1,"result":{"box_time":1.5,"timer":1,"held":true}}', "box time: "),
        ('{"id":1,"result":null}', "this is no result of read_clock"),
        ("[" * 5000, "it is no JSON"),
        ("", "it is no JSON"),
    ],
)
def test_a_line_that_is_no_answer_is_told(line, told):
    with open_program(printing(line), HURRIED) as box, pytest.raises(AdapterFault) as fault:
        box.read_clock()
    assert told in str(fault.value)


@given(
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["id", "result", "error", "kind", "message", "entries"]), inner, max_size=4)
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_whatever_comes_is_an_answer_an_error_of_the_bench_or_garbage(line):
    for command in ("hello", "enter", "read_log", "challenge", "read_clock", "reset"):
        try:
            json_lines.answer(line, 1, command, "it", json_lines.OF_A_BOX)
        except (json_lines.Garbage, BenchError):
            continue


def test_standard_error_never_stops_a_program_and_reaches_the_journal():
    heard: list[tuple[str, bytes]] = []
    with open_program(json_box("says much"), HURRIED, lambda direction, said: heard.append((direction, said))) as box:
        box.hello()
        box.reset()
        assert box.read_clock().box_time is None
    assert {direction for direction, _ in heard} == {"stderr"}
    assert b"".join(said for _, said in heard).endswith(b"y\nenough\n")


@pytest.mark.parametrize(
    ("command_line", "message"),
    [
        ("", "program: name a program after the colon, such as program:'./my-adapter --port /dev/ttyUSB0'"),
        ("./it 'a", "program:./it 'a: can't be split into words: No closing quotation; close what is quoted"),
    ],
)
def test_a_command_line_that_is_none(command_line, message):
    with pytest.raises(BadInput) as error:
        open_program(command_line)
    assert str(error.value) == message


def test_a_program_that_is_not_there():
    with pytest.raises(BenchError) as error:
        open_program("/no/such/program --port x")
    assert str(error.value) == (
        "program /no/such/program: can't be started: No such file or directory; name a program that is there and may be run"
    )


def gone(process: int) -> bool:
    give_up = time.monotonic() + 10
    while time.monotonic() < give_up:
        try:
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")


@needs_proc
def test_whatever_a_program_has_started_ends_with_it():
    heard: list[bytes] = []
    with open_program(json_box("clings"), HURRIED, lambda _, said: heard.append(said)) as box:
        box.hello()
        box.reset()
        with pytest.raises(AdapterFault, match="gave no answer"):
            box.read_clock()
        ours = box.adapter.program.process._process.pid
    (child,) = [int(word) for word in b"".join(heard).split() if word.isdigit()]
    assert gone(child)
    assert gone(ours)


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_is_killed_leaves_no_program_behind(number, tmp_path):
    clinging = json_box("clings")
    run = subprocess.Popen(
        [sys.executable, "-m", "lockproof.conformance.command", "run", "--box", f"program:{clinging}", "--out", str(tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        journal, found = None, []
        give_up = time.monotonic() + 60
        while not found and time.monotonic() < give_up:
            time.sleep(0.05)
            found = [path for path in Path("/proc").glob("[0-9]*/stat") if parent_of(path) == run.pid]
            journal = next(tmp_path.rglob("journal.jsonl"), None)
            if journal is None or b'"reset"' not in journal.read_bytes():
                found = []
        children = [int(path.parent.name) for path in found]
        assert len(children) == 2  # the program, and who watches that it ends
        os.kill(run.pid, number)
        run.wait(60)
    finally:
        run.kill()
        run.wait()
    assert all(gone(child) for child in children)


def parent_of(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
