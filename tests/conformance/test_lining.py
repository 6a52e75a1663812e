"""Real lines between real processes: `lockproof line`, and boxes that are killed and started again while somebody speaks to them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lockproof.conformance import boards, lining, suite, targets
from lockproof.conformance.bench import read
from lockproof.conformance.command import Exit
from lockproof.conformance.judging import judge_again
from lockproof.conformance.run import OnProgress, run
from lockproof.conformance.scenario import Scenario
from lockproof.conformance.verdict import RunResult, Verdict
from lockproof.hw_adapter.adapter import SerialBox, open_box
from lockproof.hw_adapter.board import WrongBoard
from lockproof.hw_adapter.channel import Channel, PortError, open_channel
from lockproof.hw_adapter.hostile import Direction, Hostility, Kind, OneWay, Struck
from lockproof.hw_adapter.link import Patience
from lockproof.hw_adapter.reconnect import ComingBack, DidNotComeBack
from lockproof.spec.observable import BadInput, LinkLost, NoAnswer, Provisioning, ZoneTable
from serial.tools.list_ports_common import ListPortInfo

COMMAND = [sys.executable, "-m", "lockproof.conformance.command"]
SOON = 10  # seconds
QUICK = Patience(sends=(0.1, 0.1, 0.2, 0.4), boot_margin=0.2)
ZONE = ZoneTable(((1_700_000_000, 0),), 1_900_000_000)


@contextlib.contextmanager
def started(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([*COMMAND, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def ready(*arguments: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that has said where it can be reached."""
    with started(*arguments) as process:
        assert process.stdout
        said = process.stdout.readline()
        assert said, process.communicate()[1]
        with keeping_its_number(said.split()[0]):
            yield process, said.split()[0]


@contextlib.contextmanager
def keeping_its_number(path: str) -> Iterator[None]:
    """As long as one end is open, a pseudo-terminal's number goes to no other box: a run that waits for this one must not find that."""
    held = os.open(path, os.O_RDWR | os.O_NOCTTY) if path.startswith("/") else -1
    try:
        yield
    finally:
        if held >= 0:
            os.close(held)


def ended(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
    process.send_signal(number)
    out, err = process.communicate(timeout=SOON)
    return process.returncode, out, err


# lockproof line


class Counted:
    """A channel that counts its bytes."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.sent = self.came = 0

    def send(self, data: bytes) -> None:
        self.sent += len(data)
        self.channel.send(data)

    def receive(self, timeout_s: float) -> bytes:
        data = self.channel.receive(timeout_s)
        self.came += len(data)
        return data

    def close(self) -> None:
        self.channel.close()


def test_a_good_line_passes_everything_and_says_so(tmp_path: Path) -> None:
    link = tmp_path / "line"
    with ready("box") as (_, box), ready("line", "--to", box, "--link", link) as (line, path):
        assert path == str(link)
        channel = Counted(open_channel(path))
        with SerialBox(channel) as host:
            assert not host.enter("12345678").accepted
            assert len(host.challenge()) == 16
            assert host.counters.resent == 0
        code, out, err = ended(line)
    assert (code, err) == (0, "")
    assert out == (
        f"{channel.sent} bytes to the box, of which {channel.sent} came out;"
        f" {channel.came} bytes from the box, of which {channel.came} came out;"
        " drop 0, gap 0, flip 0, noise 0, stall 0, reboot 0\n"
    )
    assert not link.is_symlink()


def test_a_bad_line_makes_no_answer_wrong() -> None:
    bad = ("--drop", 0.003, "--flip", 0.003, "--noise", 0.003, "--stall", 0.1, "--stall-for", 0.2, "--baud", 115200)
    with ready("box") as (_, box), ready("line", "--to", box, *bad, "--latency", 16, "--seed", 4) as (line, path):
        answered = 0
        with open_box(path, patience=QUICK) as host:
            for _ in range(30):
                with contextlib.suppress(NoAnswer):
                    assert host.enter("12345678").reason == "box.ready"
                    answered += 1
            assert answered > 20
            assert host.counters.resent > 0
        code, out, _ = ended(line, signal.SIGINT)
    assert code == 0
    struck = dict(each.split() for each in out.strip().rpartition("; ")[2].split(", "))
    assert {kind for kind, count in struck.items() if int(count)} == {"drop", "flip", "noise", "stall"}


def test_a_paced_line_is_looked_at_when_a_grain_of_bytes_is_through_and_when_the_last_one_is() -> None:
    line = OneWay(Hostility(baud=100_000), Direction.TO_BOX, Struck())
    assert lining.next_look(line, 5.0) is None
    line.put(bytes(30), 5.0)
    looks, now = [], 5.0
    while (look := lining.next_look(line, now)) is not None:
        now = look
        looks.append((round(now, 6), len(line.take(now + 1e-9))))
    assert looks == [(5.001, 10), (5.002, 10), (5.003, 10)]


def test_a_line_that_keeps_bytes_is_not_looked_at_before_they_come_out() -> None:
    line = OneWay(Hostility(baud=100_000, latency_ms=16), Direction.FROM_BOX, Struck())
    line.put(bytes(30), 5.0)
    assert lining.next_look(line, 5.0) == line.due() == pytest.approx(5.0161)


def test_a_line_to_a_box_of_ours_loses_its_power() -> None:
    with ready("line", "--to", "reference", "--reboot", 0.3, "--seed", 1) as (line, path):
        sessions = set()
        with open_box(path, patience=QUICK) as host:
            for _ in range(20):
                with contextlib.suppress(NoAnswer):
                    host.challenge()
                with contextlib.suppress(NoAnswer):
                    sessions.add(host.hello().session)
        _, out, _ = ended(line)
    reboots = int(out.split()[-1])
    assert reboots > 5
    assert 5 < len(sessions) <= reboots + 1


def test_a_line_to_a_faulty_box() -> None:
    with ready("line", "--to", "fault:opens-always") as (_, path), open_box(path) as host:
        assert host.enter("12345678").accepted


def test_a_line_whose_box_is_gone_ends_and_says_why() -> None:
    with ready("box", "--quiet") as (box, port), ready("line", "--to", port) as (line, _):
        box.kill()
        out, err = line.communicate(timeout=SOON)
    assert line.returncode == 3
    assert err.startswith(f"{port}: the port is gone: ")
    assert out.startswith("0 bytes to the box, of which 0 came out; ")


def test_a_quiet_line_prints_nothing_but_its_path() -> None:
    with started("line", "--quiet") as line:
        assert line.stdout
        path = line.stdout.readline()
        assert Path(path.strip()).exists()
        assert ended(line) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--drop", 2), 2, "drop 2.0: a probability is a number from 0 to 1"),
        (("--to", "fault:nonsense"), 2, "no fault is called nonsense"),
        (("--to", "fault:silent"), 2, "--to fault:silent: that is no box; serve it with lockproof box --fault silent"),
        (("--to", "/nowhere/tty"), 3, "/nowhere/tty: there is no such port"),
        (
            ("--to", "/dev/ttyUSB0", "--reboot", 0.1),
            2,
            "--reboot 0.1: the box at /dev/ttyUSB0 has a supply of its own, which a line can't cut; for power cuts lay the line to",
        ),
    ],
)
def test_a_line_that_cannot_be_laid(arguments: tuple[object, ...], code: int, message: str) -> None:
    with started("line", *arguments) as line:
        out, err = line.communicate(timeout=SOON)
    assert line.returncode == code
    assert err.startswith(message)
    assert "Traceback" not in out + err


def test_a_link_that_is_taken_is_told_before_anything_is_promised(tmp_path: Path) -> None:
    link = tmp_path / "file"
    link.write_text("precious")
    with started("line", "--link", link) as line:
        _, err = line.communicate(timeout=SOON)
    assert line.returncode == 3
    assert "can't be made a link to" in err
    assert link.read_text() == "precious"


def test_what_a_line_did_in_words() -> None:
    struck = Struck()
    struck.by_kind[Kind.GAP] = 3
    struck.entered[Direction.TO_BOX], struck.left[Direction.TO_BOX] = 100, 60
    assert lining.what_it_did(struck) == (
        "100 bytes to the box, of which 60 came out; 0 bytes from the box, of which 0 came out;"
        " drop 0, gap 3, flip 0, noise 0, stall 0, reboot 0"
    )


def test_a_box_whose_power_is_not_ours_is_refused_before_its_port_is_opened() -> None:
    with pytest.raises(BadInput):
        lining.lay("socket://127.0.0.1:1", Hostility(reboot=1))


# Unplugging: the box's process is killed, which hangs up its pseudo-terminal, and started again


@pytest.fixture
def told() -> list[str]:
    return []


def host_of(url: str, told: list[str], wait_s: float = 20.0, find: Callable[[], str] | None = None) -> SerialBox:
    return open_box(url, back=ComingBack(wait_s, find, told.append))


def lose(host: SerialBox, box: subprocess.Popen[str]) -> None:
    """The box goes; the command that is out then is not answered, and the host says so."""
    box.kill()
    box.wait(SOON)
    with pytest.raises(LinkLost):
        host.read_clock()


def test_a_box_that_was_killed_comes_back_on_the_same_link(tmp_path: Path, told: list[str]) -> None:
    link, store = tmp_path / "box", tmp_path / "box.db"
    serve = ("box", "--quiet", "--link", link, "--store", store)
    with ready(*serve) as (first, url), host_of(url, told) as host:
        host.provision(Provisioning(bytes(16), bytes(32), ZONE))
        session = host.hello().session
        lose(host, first)
        with ready(*serve):
            assert host.enter("12345678").reason == "box.ready"
            assert host.hello().session != session
            assert host.hello().identity == bytes(16).hex()
    assert told == [
        f"{link}: the line is gone; waiting up to 20 s for it: check the cable and the supply",
        f"{link}: the line is back",
    ]


def test_a_box_that_was_killed_comes_back_under_another_name(tmp_path: Path, told: list[str]) -> None:
    one, other, store = tmp_path / "one", tmp_path / "other", tmp_path / "box.db"

    def find() -> str:
        if not other.exists():
            raise PortError("it is nowhere")
        return str(other)

    with ready("box", "--quiet", "--link", one, "--store", store) as (first, url), host_of(url, told, find=find) as host:
        lose(host, first)
        with ready("box", "--quiet", "--link", other, "--store", store):
            assert len(host.challenge()) == 16
    assert told[-1] == f"{one}: the line is back, as {other}"


def test_a_box_on_a_tcp_port_comes_back_too(tmp_path: Path, told: list[str]) -> None:
    store = tmp_path / "box.db"
    with ready("box", "--quiet", "--tcp", 0, "--store", store) as (first, url), host_of(url, told) as host:
        lose(host, first)
        with ready("box", "--quiet", "--tcp", url.rpartition(":")[2], "--store", store):
            assert len(host.challenge()) == 16
    assert told[-1] == f"{url}: the line is back"


def test_another_box_on_the_link_is_noticed_and_not_touched(tmp_path: Path, told: list[str]) -> None:
    link, store, others = tmp_path / "box", tmp_path / "box.db", tmp_path / "other.db"
    with ready("box", "--quiet", "--link", link, "--store", others) as (_, url), open_box(url) as host:
        host.provision(Provisioning(bytes([7]) * 16, bytes(32), ZONE))
        writes = host.hello().writes
    with ready("box", "--quiet", "--link", link, "--store", store) as (first, url), host_of(url, told) as host:
        host.provision(Provisioning(bytes(16), bytes(32), ZONE))
        lose(host, first)
        with ready("box", "--quiet", "--link", link, "--store", others):
            with pytest.raises(WrongBoard) as wrong:
                host.reset()
            assert f"identity {'07' * 16}, and it was {'00' * 16}" in str(wrong.value)
            with pytest.raises(WrongBoard):
                host.reset()
            host.close()
            with open_box(url) as unharmed:
                assert unharmed.hello().writes == writes


def test_a_box_that_never_comes_back_is_given_up(tmp_path: Path, told: list[str]) -> None:
    with ready("box", "--quiet", "--link", tmp_path / "box") as (box, url), host_of(url, told, wait_s=0.5) as host:
        lose(host, box)
        with pytest.raises(DidNotComeBack, match=f"^{url}: the line was lost and did not come back in 0.5 s: {url}: "):
            host.enter("12345678")
        with pytest.raises(DidNotComeBack):
            host.hello()


class Unplugs(OnProgress):
    """As a step of a scenario is about to be taken, for the first time, something happens to the box."""

    def __init__(self, scenario: str, number: int, happens: Callable[[], object]) -> None:
        self.at = (scenario, number)
        self.happens = happens
        self.happened = False

    def step(self, scenario: Scenario, number: int, step: object) -> None:  # noqa: ARG002 (as it is told)
        if (scenario.id, number) == self.at and not self.happened:
            self.happened = True
            self.happens()


PLAYED = ("the-hour-is-over", "wrong-digits-are-refused", "a-ticket-opens-once")


def run_of(url: str, folder: Path, progress: OnProgress) -> RunResult:
    chosen = suite.select(suite.packaged(), PLAYED)
    return run(targets.target(url), chosen, folder, progress)


def test_a_run_goes_on_when_its_box_is_unplugged_and_plugged_in_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    serve = ("box", "--quiet", "--link", tmp_path / "box", "--store", tmp_path / "box.db")
    with contextlib.ExitStack() as boxes:
        first, url = boxes.enter_context(ready(*serve))

        def unplug() -> None:
            first.kill()
            first.wait(SOON)
            boxes.enter_context(ready(*serve))

        progress = Unplugs("wrong-digits-are-refused", 2, unplug)
        result = run_of(url, tmp_path, progress)
    assert progress.happened
    attempts = {each.id: each.attempts for each in result.scenarios}
    assert {each.verdict for each in result.scenarios} == {Verdict.PASS}
    assert attempts["wrong-digits-are-refused"] > 1, "played again, since what was out when the box went showed nothing"
    assert {attempts["the-hour-is-over"], attempts["a-ticket-opens-once"]} == {1}
    assert result.error == ""
    assert capsys.readouterr().err == (
        f"{url}: the line is gone; waiting up to 30 s for it: check the cable and the supply\n{url}: the line is back\n"
    )


def test_a_run_whose_box_never_comes_back_stops_with_an_error_and_its_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "COMES_BACK_S", 0.5)
    with ready("box", "--quiet", "--link", tmp_path / "box") as (box, url):
        progress = Unplugs("wrong-digits-are-refused", 2, lambda: (box.kill(), box.wait(SOON)))
        result = run_of(url, tmp_path, progress)
    assert result.exit_code == Exit.LINK
    assert result.error.startswith(f"{url}: the line was lost and did not come back in 0.5 s: {url}: there is no such port")
    verdicts = {each.id: each.verdict for each in result.scenarios}
    assert verdicts["wrong-digits-are-refused"] is Verdict.ERROR
    assert Verdict.FAIL not in verdicts.values()
    assert Verdict.PASS in verdicts.values()
    again = judge_again(tmp_path / "journal.jsonl")
    assert {each.id for each in again.scenarios if each.verdict is Verdict.PASS} == {
        name for name, verdict in verdicts.items() if verdict is Verdict.PASS
    }


def test_a_run_whose_box_is_another_one_when_it_comes_back_stops(tmp_path: Path) -> None:
    link = tmp_path / "box"
    with contextlib.ExitStack() as boxes:
        other, url = boxes.enter_context(ready("box", "--quiet", "--link", link, "--store", tmp_path / "other.db"))
        with open_box(url) as host:
            host.provision(Provisioning(bytes([7]) * 16, bytes(32), ZONE))
            writes = host.hello().writes
        ended(other)
        first, url = boxes.enter_context(ready("box", "--quiet", "--link", link))

        def swap() -> None:
            first.kill()
            first.wait(SOON)
            boxes.enter_context(ready("box", "--quiet", "--link", link, "--store", tmp_path / "other.db"))

        result = run_of(url, tmp_path, Unplugs("wrong-digits-are-refused", 12, swap))
        assert f"{url}: another board is there since the line came back: identity {'07' * 16}, and it was " in result.error
        assert Verdict.FAIL not in {each.verdict for each in result.scenarios}
        with open_box(url) as host:
            assert host.hello().writes == writes, "nothing was done to it"


# Unplugging a box of a bench file

FIRMWARE = "lockproof reference 0.1.0"
ELSEWHERE = """
import sys
from dataclasses import replace
from pathlib import Path
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.serve import serve_pty
from lockproof.reference.box import ReferenceBox

class Other(ReferenceBox):
    def hello(self):
        return replace(super().hello(), firmware="another 2.0")

serve_pty(Device(Other()), Path(sys.argv[1]), ready=lambda path: print(path, flush=True))
"""


class Bench:
    """A bench file with the box A1, and what is plugged in beside it; `unplug` takes the box that was served last."""

    def __init__(self, folder: Path, processes: contextlib.ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._processes = folder, processes
        self.plugged: list[ListPortInfo] = []
        self.box: subprocess.Popen[str] | None = None
        monkeypatch.setattr(boards, "usb_ports", lambda: self.plugged)  # there is no USB in a test

    def serve(self, link: str = "box", store: str = "box.db", number: str = "FT1") -> None:
        words = ("box", "--quiet", "--link", self.folder / link, "--store", self.folder / store)
        self.box, url = self._processes.enter_context(ready(*words))
        self.plug(url, number)

    def serve_another_firmware(self, link: str = "box", number: str = "FT1") -> None:
        command = [sys.executable, "-c", ELSEWHERE, str(self.folder / link)]
        self.box = self._processes.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        self._processes.callback(self.box.kill)
        assert self.box.stdout
        self.plug(self.box.stdout.readline().strip(), number)

    def plug(self, device: str, number: str = "FT1") -> None:
        info = ListPortInfo(device)
        info.serial_number = number
        self.plugged.append(info)

    def unplug(self) -> None:
        assert self.box
        self.plugged.clear()
        self.box.kill()
        self.box.wait(SOON)

    def judged(self, fields: str, happens: Callable[[], object] = bool) -> RunResult:
        """Judges A1; as one scenario is played, something happens once."""
        file = self.folder / "bench.toml"
        file.write_text(f'[[box]]\nname = "A1"\n{fields}\n')
        run_folder = self.folder / f"run {len(list(self.folder.iterdir()))}"
        run_folder.mkdir()
        progress = Unplugs("wrong-digits-are-refused", 2, happens)
        result = run(targets.target("A1", read(file)), suite.select(suite.packaged(), PLAYED), run_folder, progress)
        assert progress.happened or result.error
        return result


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with contextlib.ExitStack() as processes:
        yield Bench(tmp_path, processes, monkeypatch)


def verdicts_of(result: RunResult) -> dict[str, Verdict]:
    return {each.id: each.verdict for each in result.scenarios}


BY_NAME = f'serial = "PATH/box"\nfirmware = "{FIRMWARE}"'
BY_NUMBER = f'id = "FT1"\nfirmware = "{FIRMWARE}"'


@pytest.mark.parametrize(("fields", "link"), [(BY_NAME, "box"), (BY_NUMBER, "box"), (BY_NUMBER, "elsewhere")])
def test_a_run_of_a_bench_goes_on_when_its_box_is_plugged_in_again(
    bench: Bench, capsys: pytest.CaptureFixture[str], fields: str, link: str
) -> None:
    fields = fields.replace("PATH", str(bench.folder))
    bench.serve()
    undisturbed = bench.judged(fields)
    assert set(verdicts_of(undisturbed).values()) == {Verdict.PASS}

    def plug_in_again() -> None:
        bench.unplug()
        bench.serve(link)

    disturbed = bench.judged(fields, plug_in_again)
    assert (disturbed.error, verdicts_of(disturbed)) == ("", verdicts_of(undisturbed))
    assert {each.id: each.verdict for each in disturbed.clauses} == {each.id: each.verdict for each in undisturbed.clauses}
    assert {each.id for each in disturbed.scenarios if each.attempts > 1} == {"wrong-digits-are-refused"}
    url = bench.folder / "box"
    assert capsys.readouterr().err == (
        f"{url}: the line is gone; waiting up to 30 s for it: check the cable and the supply\n"
        f"{url}: the line is back{'' if link == 'box' else f', as {bench.folder}/{link}'}\n"
    )
    assert verdicts_of(judge_again(Path(disturbed.journal))) == verdicts_of(disturbed)


@pytest.mark.parametrize("boots", [False, True])
def test_a_box_whose_supply_a_bench_cuts_comes_back_too(bench: Bench, boots: bool) -> None:
    """Its line is lost, not the box; it may have booted meanwhile."""
    power = bench.folder / "power"
    power.touch()
    words = ("box", "--quiet", "--supply", power, "--link", bench.folder / "far-end")
    with ready(*words) as (_, far_end), contextlib.ExitStack() as lines:

        def lay(name: str) -> subprocess.Popen[str]:
            line, url = lines.enter_context(ready("line", "--to", far_end, "--link", bench.folder / name))
            bench.plug(url)
            return line

        first = lay("one")

        def plug_in_again() -> None:
            bench.plugged.clear()
            first.kill()
            first.wait(SOON)
            if boots:
                power.unlink()
                power.touch()
            lay("another")

        result = bench.judged(f'{BY_NUMBER}\n[box.power]\noff = "rm power"\non = "touch power"', plug_in_again)
    assert (result.error, set(verdicts_of(result).values())) == ("", {Verdict.PASS})
    assert '"booted":true' in Path(result.journal).read_text() or not boots


@pytest.mark.parametrize(
    ("expects", "serve", "wrong"),
    [
        ("", Bench.serve_another_firmware, f"firmware another 2.0, and it was {FIRMWARE}"),
        ('identity = "unprovisioned"', lambda bench: bench.serve(store="other.db"), f"identity {'07' * 16}, and it was "),
    ],
)
def test_a_run_of_a_bench_stops_at_another_box(bench: Bench, expects: str, serve: Callable[[Bench], object], wrong: str) -> None:
    bench.serve(store="other.db")
    with open_box(str(bench.folder / "box")) as host:
        host.provision(Provisioning(bytes([7]) * 16, bytes(32), ZONE))
    bench.unplug()
    bench.serve()

    def swap() -> None:
        bench.unplug()
        serve(bench)

    result = bench.judged(f"{BY_NUMBER}\n{expects}", swap)
    assert result.exit_code == Exit.LINK
    assert result.error.startswith(
        f"{bench.folder}/bench.toml:1: box A1: another board is there since the line came back: {wrong}"
    )
    assert result.error.endswith("; nothing but hello was sent to it; put the right one back and start again")
    assert verdicts_of(result)["wrong-digits-are-refused"] is Verdict.ERROR
    assert Verdict.FAIL not in verdicts_of(result).values()


def test_an_adapter_with_another_number_on_the_same_device_is_left_alone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "COMES_BACK_S", 0.5)
    bench.serve()

    def swap() -> None:
        bench.unplug()
        bench.serve(store="other.db", number="FT2")

    result = bench.judged(BY_NUMBER, swap)
    assert result.exit_code == Exit.LINK
    device = bench.folder / "box"
    assert result.error == (
        f"{device}: the line was lost and did not come back in 0.5 s: {bench.folder}/bench.toml:1: no USB device with the serial"
        f" number FT1 is here, so box A1 is not; plug it in (USB serial numbers that are here: FT2 at {device})"
    )
    with open_box(str(device)) as untouched:
        assert (untouched.hello().identity, untouched.hello().writes) == ("unprovisioned", 0)


def test_a_box_of_a_bench_that_never_comes_back(bench: Bench, monkeypatch: pytest.MonkeyPatch, lockproof: Any) -> None:
    monkeypatch.setattr(targets, "COMES_BACK_S", 0.5)
    bench.serve()
    result = bench.judged(BY_NAME.replace("PATH", str(bench.folder)), bench.unplug)
    assert (result.exit_code, result.verdict) == (Exit.LINK, Verdict.ERROR)
    assert result.error.startswith(f"{bench.folder}/box: the line was lost and did not come back in 0.5 s: ")
    passed = [name for name, verdict in verdicts_of(result).items() if verdict is Verdict.PASS]
    assert passed
    for name in passed:
        again = lockproof("replay", result.journal, "--scenario", name)
        assert (again.returncode, again.stderr) == (Exit.PASSED, "")
    broken = lockproof("replay", result.journal)
    assert (broken.returncode, broken.stderr) == (Exit.LINK, "")
