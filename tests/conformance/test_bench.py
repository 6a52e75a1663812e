"""The bench file: what it says is read exactly, and whatever is wrong in it is told once, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lockproof.conformance import targets
from lockproof.conformance.bench import Bench, Board, Budget, Observation, Power, Program, read
from lockproof.conformance.boards import port_of
from lockproof.spec.observable import BadInput, BenchError
from serial.tools.list_ports_common import ListPortInfo

EXAMPLE = Path(__file__).parents[2] / "examples" / "bench" / "bench.toml"
A_TOLERANCE = (
    "a number of seconds, 0 to 0.2: with more, no second of a clock that runs can be hit\n"
    "    write it as tolerance = 0.05, or leave it out, which is 0"
)
A_BOX = '[[box]]\nname = "A1"\nserial = "COM3"\n'


@pytest.fixture
def bench_of(tmp_path):
    """The bench of a file's text."""

    def reading(text: str) -> Bench:
        path = tmp_path / "bench.toml"
        path.write_text(text, encoding="utf-8")
        return read(path)

    return reading


def test_the_example_is_read_as_it_says():
    boards = read(EXAMPLE).boards
    assert list(boards) == ["tried-here", "A1", "on-windows"]
    tried, a1, windows = boards.values()
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert [lines[int(each.place.rpartition(":")[2]) - 1] for each in boards.values()] == ["[[box]]"] * 3
    assert tried.power is not None
    assert [tried.power.off.words[1:], tried.power.on.words[1:]] == [("-f", "power"), ("power",)]
    assert (tried.power.minimum_off, tried.power.timeout) == (0.2, 10.0)
    assert (tried.observation.by, tried.observation.command and tried.observation.command.words[1:]) == (
        "sensor",
        ("sensor.py", "shackle"),
    )
    assert (a1.id, a1.serial, a1.baud, a1.dtr, a1.rts) == ("FTAK4711", "/dev/ttyUSB0", 115200, False, False)
    assert (a1.connected, a1.identity, a1.firmware, a1.tolerance) == (False, "door unit 0017", "2.3.1-test", 0.05)
    assert a1.budget == Budget(writes=20000, cuts=200)
    assert a1.power is not None
    assert [each.words[1:] for each in (a1.power.off, a1.power.on)] == [("relay.py", "3", "off"), ("relay.py", "3", "on")]
    assert a1.observation == Observation("operator")
    assert (windows.serial, windows.power, windows.budget) == ("COM3", None, Budget())
    assert windows.observation.command is not None
    assert windows.observation.command.words[1:] == (r"C:\bench\sensor.py", "--channel", "2")
    assert (windows.observation.delay, windows.observation.settle, windows.observation.timeout) == (0.5, 30.0, 5.0)


def test_what_is_not_said_has_its_default(bench_of, tmp_path):
    assert bench_of(A_BOX).boards == {"A1": Board("A1", f"{tmp_path}/bench.toml:1", serial="COM3")}
    power = bench_of(A_BOX + '[box.power]\noff = "true 0"\non = "true 1"\n').boards["A1"].power
    assert power is not None
    assert power == Power(
        Program((power.off.words[0], "0"), tmp_path, f"{tmp_path}/bench.toml:5"),
        Program((power.on.words[0], "1"), tmp_path, f"{tmp_path}/bench.toml:6"),
        minimum_off=2.0,
        timeout=10.0,
    )


def test_tables_may_be_written_in_line(bench_of):
    board = bench_of(A_BOX + 'power = {off = "true", on = "true"}\nbudget.cuts = 3\n').boards["A1"]
    assert board.power is not None
    assert board.budget == Budget(cuts=3)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "it names no box\n    begin each box with [[box]], and give it a name"),
        ("[box]\nname = 1\n", 1, "it names no box\n    begin each box with [[box]], and give it a name"),
        ("# boxes\nboxs = 1\n", 2, "boxs is no field of a bench file\n    did you mean box?   write [[box]]"),
        ('[[box]]\nserial = "COM3"\n', 1, 'this box has no name\n    give it one: name = "A1"'),
        (
            '[[box]]\nname = "A1"\n',
            2,
            (
                "box A1 has no port\n    say where it is: serial = a port, or id = the serial number of its USB adapter"
                " (lockproof ports lists both)"
            ),
        ),
        (
            A_BOX + "bauds = 9600\n",
            4,
            (
                "bauds is no field of a box\n    did you mean baud?   fields: name, id, serial, baud, dtr, rts, product, platform,"
                " connected, identity, firmware, tolerance, pre_script, post_script, notes, power, observation, budget"
            ),
        ),
        (A_BOX + 'baud = "fast"\n', 4, 'baud = "fast" is not a whole number of bits a second\n    write it as baud = 115200'),
        (A_BOX + "baud = true\n", 4, "baud = true is not a whole number of bits a second\n    write it as baud = 115200"),
        (A_BOX + "dtr = 1\n", 4, "dtr = 1 is not true or false\n    write it as dtr = true"),
        (A_BOX + "tolerance = -1\n", 4, f"tolerance = -1 is not {A_TOLERANCE}"),
        (A_BOX + "baud = 9600\ntolerance = 0.21\n", 5, f"tolerance = 0.21 is not {A_TOLERANCE}"),
        (
            A_BOX + "tolerance = nan\n",
            4,
            f"tolerance = nan is not {A_TOLERANCE}",
        ),
        (A_BOX + "\nnotes = 4\n", 5, 'notes = 4 is not text\n    write it as notes = "text"'),
        (A_BOX + "[box.budget]\ncuts = 1.5\n", 5, "cuts = 1.5 is not a whole number, 0 or more\n    write it as cuts = 1000"),
        (A_BOX + "power = 4\n", 4, "power is a table of fields\n    write [box.power], and its fields below it"),
        (
            A_BOX + '[box.power]\noff = "true"\n',
            4,
            "the power can't be switched off and on\n    give off and on, or one command that is run with off or on as its last word",
        ),
        (
            A_BOX + '[box.power]\ncommand = "true"\noff = "true"\non = "true"\n',
            5,
            "command stands beside off and on\n    give off and on, or one command that is run with off or on as its last word",
        ),
        (
            A_BOX + '[box.power]\non = "true"\noff = "no-such-program --now"\n',
            6,
            (
                "off: there is no program no-such-program that can be run\n"
                "    install it, or write its path; paths are from the folder of the bench file"
            ),
        ),
        (
            A_BOX + '[box.power]\non = "true"\noff = "./relay"\n',
            6,
            (
                "off: there is no program ./relay that can be run\n"
                "    install it, or write its path; paths are from the folder of the bench file"
            ),
        ),
        (
            A_BOX + '[box.power]\non = "true"\noff = "\'true"\n',
            6,
            'off = ""true" is not a command line, as text or as a list of words\n    write it as off = "program --option"',
        ),
        (
            A_BOX + 'pre_script = ["echo", "\\u0000"]\n',
            4,
            (
                'pre_script = ["echo", "\\x00"] is not a command line, as text or as a list of words'
                '\n    write it as pre_script = "program --option"'
            ),
        ),
        (
            A_BOX + '[box.observation]\nby = "camera"\n',
            5,
            'by = "camera" is not self-reported, operator or sensor\n    write it as by = "self-reported"',
        ),
        (
            A_BOX + '[box.observation]\nby = "sensor"\n',
            5,
            'a sensor needs a command\n    give the command that says whether the box is open: command = "sensor --box A1"',
        ),
        (
            A_BOX + '[box.observation]\nby = "operator"\ncommand = "true"\n',
            6,
            'by = operator runs no command\n    leave it out, or write by = "sensor"',
        ),
        (A_BOX + A_BOX.replace("COM3", "COM4"), 5, "A1 is the box of line 1, too\n    name each differently"),
        (A_BOX + A_BOX.replace("A1", "A2"), 6, "COM3 is the port of A1, too\n    give each box its own port"),
        (
            '[[box]]\nname = "A1"\nid = "FT1"\n[[box]]\nname = "A2"\nid = "FT1"\n',
            6,
            "id FT1 is that of A1, too\n    give each box its own USB serial number",
        ),
        (
            '[[box]]\nserial = "COM3"\nname = "pty"\n',
            3,
            (
                'name = "pty" is not a name of letters, digits, full stops, - and _, and no word that --box has of its own\n'
                '    write it as name = "A1"'
            ),
        ),
        (
            '[[box]]\nserial = "COM3"\nname = "A1\n',
            3,
            "not TOML: illegal character '\\n'\n    mend that line; texts stand in quotation marks",
        ),
        (
            A_BOX + "baud = 1\nbaud = 2\n",
            5,
            "not TOML: cannot overwrite a value\n    it stands there twice; leave one out",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_what_to_do(bench_of, tmp_path, text, line, said):
    with pytest.raises(BadInput) as told:
        bench_of(text)
    assert str(told.value) == f"{tmp_path}/bench.toml:{line}: {said}"


def test_two_ports_of_one_adapter_are_two_boxes(bench_of):
    both = '[[box]]\nname = "A1"\nid = "FT1"\nserial = "COM3"\n[[box]]\nname = "A2"\nid = "FT1"\nserial = "COM4"\n'
    assert list(bench_of(both).boards) == ["A1", "A2"]


def test_a_file_that_is_not_there_or_no_text(tmp_path):
    with pytest.raises(BadInput, match="No such file or directory; name a bench file with --bench"):
        read(tmp_path / "nowhere.toml")
    (tmp_path / "bench.toml").write_bytes(b"\xff")
    with pytest.raises(BadInput, match="no text in UTF-8 at byte 0"):
        read(tmp_path / "bench.toml")


@given(st.lists(st.sampled_from([*EXAMPLE.read_text(encoding="utf-8").splitlines(), "x = 1", "[[box]]", "[box", '"', "box = 4"])))
def test_whatever_stands_in_it_is_a_bench_or_one_message(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("bench") / "bench.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    try:
        boards = read(path).boards
    except BadInput as told:
        assert str(told).startswith(f"{path}:")  # noqa: PT017 (either is right)
    else:
        assert boards


# Which target a name is


def test_a_name_is_a_box_of_the_file_or_what_it_was_before(bench_of):
    bench = bench_of(A_BOX)
    assert targets.target("A1", bench) == targets.target("bench:A1", bench) == targets.Target("A1", False, bench.board("A1"))
    for name in ("reference", "pty", "fault:opens-always", "/dev/ttyUSB0", "socket://host:4000", "COM4"):
        assert targets.target(name, bench) == targets.target(name)
        assert targets.target(name).board is None


@pytest.mark.parametrize("name", ["door-2", "bench:door-2"])
def test_a_box_that_the_file_does_not_have(bench_of, tmp_path, name):
    with pytest.raises(BadInput) as told:
        targets.target(name, bench_of(A_BOX.replace("A1", "door-1")))
    assert str(told.value) == f"{tmp_path}/bench.toml: no box is called door-2\n    did you mean door-1?   it has door-1"


def test_a_box_of_a_bench_needs_its_file():
    with pytest.raises(BadInput, match="--box bench:A1: A1 is looked for in a bench file, and none is named; add --bench FILE"):
        targets.target("bench:A1")


def test_all_connected_boxes_are_judged_if_none_is_named(bench_of, tmp_path):
    bench_of(A_BOX + '[[box]]\nname = "A2"\nserial = "COM4"\nconnected = false\n')
    assert [each.name for each in targets.chosen([], tmp_path / "bench.toml")] == ["A1"]
    assert [each.name for each in targets.chosen([])] == ["reference", "pty"]
    with pytest.raises(BadInput, match=r"bench\.toml:4: box A2 is not connected\n    connect it and write connected = true"):
        targets.chosen(["A2"], tmp_path / "bench.toml")
    bench_of(A_BOX + "connected = false\n")
    with pytest.raises(BadInput, match="no box is connected; write connected = true where one is"):
        targets.chosen([], tmp_path / "bench.toml")


# Which port a box is at


def usb(device: str, number: str | None) -> ListPortInfo:
    info = ListPortInfo(device)
    info.serial_number = number
    return info


def test_a_box_is_where_its_usb_serial_number_is_whatever_the_port_is_called():
    board = Board("A1", "bench.toml:1", id="FT1", serial="/dev/ttyUSB0")
    assert port_of(board, [usb("/dev/ttyUSB0", "FT2"), usb("/dev/ttyUSB3", "FT1")]) == "/dev/ttyUSB3"
    assert port_of(board, [usb("COM3", None), usb("COM7", "FT1")]) == "COM7"
    assert port_of(board, [usb("/dev/ttyUSB0", "FT1"), usb("/dev/ttyUSB1", "FT1")]) == "/dev/ttyUSB0"
    assert port_of(Board("A1", "bench.toml:1", serial="COM3"), [usb("COM7", "FT1")]) == "COM3"


def test_a_box_that_is_not_there_or_may_be_at_either_of_two_ports():
    board = Board("A1", "bench.toml:1", id="FT1")
    with pytest.raises(BenchError) as told:
        port_of(board, [usb("COM3", None), usb("COM7", "FT2")])
    assert str(told.value) == (
        "bench.toml:1: no USB device with the serial number FT1 is here, so box A1 is not; plug it in"
        " (USB serial numbers that are here: FT2 at COM7)"
    )
    with pytest.raises(BenchError, match="COM7 and COM8 have the USB serial number FT1; say which one box A1 is at: serial = "):
        port_of(board, [usb("COM7", "FT1"), usb("COM8", "FT1")])


# What the file says of a run


def test_a_plan_beyond_the_budget_is_refused_before_anything_runs(lockproof, tmp_path):
    (tmp_path / "bench.toml").write_text('[[box]]\nname = "A1"\nserial = "box"\n[box.budget]\ncuts = 2\n')
    with targets.served() as path:
        (tmp_path / "box").symlink_to(path)
        words = ("run", "--bench", "bench.toml", "--box", "A1", "--scenario", "a-code-outlives-a-power-cut")
        result = lockproof(*words)
        assert result.returncode == 2
        assert result.stderr == (
            "bench.toml:1: this run costs box A1 about 3 cuts, and its budget is 2;"
            " choose fewer scenarios with --scenario or --suite, or raise the budget\n"
        )
        journal = (tmp_path / "runs/0001/A1/journal.jsonl").read_text()
        assert '"record":"command"' not in journal
        (tmp_path / "bench.toml").write_text('[[box]]\nname = "A1"\nserial = "box"\n[box.budget]\ncuts = 3\n')
        assert lockproof(*words).returncode == 0
