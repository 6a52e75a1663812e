"""examples/adapter, as a vendor uses it: installed into a fresh virtual environment from its own folder, then run and checked."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
import time
import tty
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples" / "adapter"
SCENARIOS = (
    "the-hour-is-over",
    "digits-of-another-day-are-refused",
    "a-code-outlives-a-power-cut",
    "leading-zeros-are-digits-too",
)
NOT_COPIED = shutil.ignore_patterns(".*", "build", "*.egg-info", "runs", "tests", "docs", "benchmarks", "__pycache__")


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A fresh virtual environment with lockproof and the example, both from copies of their folders; libraries are ours."""
    place = tmp_path_factory.mktemp("vendor")
    shutil.copytree(ROOT, place / "lockproof", ignore=NOT_COPIED)
    shutil.copytree(EXAMPLE, place / "acme", ignore=NOT_COPIED)
    venv.create(place / "venv", with_pip=True)
    python = place / "venv" / "bin" / "python"
    (site,) = (place / "venv").glob("lib/python*/site-packages")
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "zz_libraries.pth").write_text(f"{libraries}\n")  # behind what is installed here; saves downloading all of them
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--ignore-installed"]
    subprocess.run([*install, place / "lockproof", place / "acme"], check=True, timeout=300)
    return place


@pytest.fixture
def acme(environment):
    """The path of the line of a box of Acme's, and a way to run lockproof in the new environment."""
    box = subprocess.Popen([environment / "venv" / "bin" / "acme-box"], stdout=subprocess.PIPE, text=True)
    path = box.stdout.readline().strip()

    def lockproof(*words):
        command = [environment / "venv" / "bin" / "lockproof", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=environment / "acme", check=False)

    yield path, lockproof
    box.terminate()
    box.wait()
    box.stdout.close()


def verdicts(folder: Path) -> list[dict[str, str]]:
    """Of each box, in order, those of the scenarios."""
    (report,) = folder.glob("0001/report.json")
    runs = json.loads(report.read_text())["runs"]
    return [{each["id"]: each["verdict"] for each in run["scenarios"]} for run in runs]


def test_the_same_verdicts_as_the_reference(acme, environment, tmp_path):
    path, lockproof = acme
    python = environment / "venv" / "bin" / "python"
    boxes = ("reference", f"adapter:acme:port={path}", f"program:'{python}' acme_program.py {path}")
    words = [word for box in boxes for word in ("--box", box)] + [word for name in SCENARIOS for word in ("--scenario", name)]
    done = lockproof("run", *words, "--out", str(tmp_path / "runs"))
    assert (done.returncode, done.stderr) == (0, "")
    reference, by_adapter, by_program = verdicts(tmp_path / "runs")
    assert set(SCENARIOS) <= reference.keys()
    assert set(reference.values()) == {"pass"}
    assert by_adapter == by_program == {**reference, "leading-zeros-are-digits-too": "not-applicable"}


def test_the_adapter_passes_its_check(acme):
    path, lockproof = acme
    done = lockproof("adapter", "check", f"adapter:acme:port={path}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("15 pass\n")


def test_a_lie_in_it_is_caught(acme, environment):
    """The one line that asks is made to ask again."""
    path, lockproof = acme
    (installed,) = (environment / "venv").glob("lib/python*/site-packages/acme_lockproof/adapter.py")
    honest = installed.read_text()
    asks = "            self._lose = False\n            raise no_answer("
    assert honest.count(asks) == 1
    installed.write_text(
        honest.replace(asks, "            self._lose = False\n            return self._ask(line)\n            raise no_answer(")
    )
    try:
        done = lockproof("adapter", "check", f"adapter:acme:port={path}")
    finally:
        installed.write_text(honest)
    assert done.returncode == 1
    assert [line.split()[:2] for line in done.stdout.splitlines() if line.startswith("fail")] == [["fail", "lost.once"]]


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        ("bord=9600", 2, "adapter acme (of acme-lockproof 1.0): no option is called bord; options are port, baud"),
        ("baud=9600", 2, "adapter acme (of acme-lockproof 1.0): name the port, as in adapter:acme:port=/dev/ttyUSB0"),
        (
            "port=COM1,baud=fast",
            2,
            "adapter acme (of acme-lockproof 1.0): baud=fast is no number of bits a second; write it as baud=9600",
        ),
        ("port=/dev/no-such-port", 3, "/dev/no-such-port: can't be opened: "),
    ],
)
def test_what_it_can_not_use_is_told_by_it(acme, options, code, told):
    done = acme[1]("adapter", "check", f"adapter:acme:{options}")
    assert done.returncode == code
    assert done.stderr.startswith(told)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("kind", "told"), [("adapter", "CUT within 2 s"), ("program", "cut_power: the box said nothing for 2 s")]
)
def test_an_answer_that_comes_late_is_none_to_the_next_command(environment, kind, told):
    """The box is stopped, asked, and goes on when nobody waits for it any more."""
    near, far = pty.openpty()
    tty.setraw(far)
    path = os.ttyname(far)
    python = environment / "venv" / "bin" / "python"
    box = f"adapter:acme:port={path}" if kind == "adapter" else f"program:'{python}' '{EXAMPLE}/acme_program.py' {path}"
    script = (
        "import sys; from lockproof.conformance.targets import opened, target; from lockproof.spec.observable import *\n"
        f"with opened(target({box!r})) as box:\n"
        "    try: box.cut_power(PowerCut())\n"
        "    except NoAnswer as error: print(error, flush=True)\n"
        "    sys.stdin.readline()\n"
        "    print(box.read_clock().timer, flush=True)\n"
    )
    host = subprocess.Popen([python, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert os.read(near, 99) == b"CUT 0\n"
        assert told in host.stdout.readline()
        os.write(near, b"OK - 7 1\n")  # late, and it would do for an answer to the next
        time.sleep(0.3)
        host.stdin.write("\n")
        host.stdin.flush()
        assert os.read(near, 99) == b"CLK?\n"
        os.write(near, b"OK - 9 1\n")
        assert host.communicate(timeout=60)[0] == "9\n"
    finally:
        host.kill()
        host.communicate()
        os.close(near)
        os.close(far)


def test_a_program_whose_line_is_gone_says_so(environment):
    python = environment / "venv" / "bin" / "python"
    done = subprocess.run(
        [python, EXAMPLE / "acme_program.py", "/dev/no-such-port"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (1, "/dev/no-such-port: can't be opened: No such file or directory\n")
    near, far = pty.openpty()
    tty.setraw(far)
    program = [python, EXAMPLE / "acme_program.py", os.ttyname(far)]
    process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        process.stdin.write('{"id":1,"command":"read_clock","arguments":{}}\n')
        process.stdin.flush()
        assert os.read(near, 99) == b"CLK?\n"
        os.close(near)
        (error,) = (json.loads(process.stdout.readline())["error"],)
    finally:
        process.kill()
        process.communicate()
        os.close(far)
    assert error["kind"] == "failed"
    assert error["message"].startswith("the line is gone")
