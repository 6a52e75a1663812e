"""examples/authority, as a vendor uses it: lockproof installed into a fresh virtual environment, and the commands of its page."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples" / "authority"
NOT_COPIED = shutil.ignore_patterns(".*", "build", "*.egg-info", "runs", "tests", "docs", "benchmarks", "__pycache__")


@pytest.fixture(scope="module")
def lockproof(tmp_path_factory):
    """A fresh virtual environment with lockproof from a copy of its folder, and a way to run it beside a copy of the example."""
    place = tmp_path_factory.mktemp("vendor")
    shutil.copytree(ROOT, place / "lockproof", ignore=NOT_COPIED)
    shutil.copytree(EXAMPLE, place / "authority", ignore=NOT_COPIED)
    venv.create(place / "venv", with_pip=True)
    programs = place / "venv" / "bin"
    (site,) = (place / "venv").glob("lib/python*/site-packages")
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "zz_libraries.pth").write_text(f"{libraries}\n")  # behind what is installed here; saves downloading all of them
    install = [programs / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--ignore-installed", place / "lockproof"]
    subprocess.run(install, check=True, timeout=300)

    def run(*words):
        environment = {"PATH": f"{programs}:/usr/bin:/bin"}
        command = [programs / "lockproof", *words]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=300, cwd=place / "authority", check=False, env=environment
        )

    return run


def commands() -> list[str]:
    """Those of its page."""
    return re.findall(r'^lockproof (.*?) "(program:[^"]*)"', (EXAMPLE / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_the_commands_of_its_page_pass(lockproof, tmp_path):
    asked = commands()
    assert [words for words, _ in asked] == ["authority check", "run --authority", "run --authority"]
    check, run, without_reasons = ((*words.split(), program) for words, program in asked)
    done = lockproof(*check)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("8 pass\n")
    reports = []
    for number, words in enumerate((run, without_reasons)):
        done = lockproof(*words, "--suite", "written", "--out", tmp_path / str(number))
        assert (done.returncode, done.stderr) == (0, "")
        (report,) = json.loads((tmp_path / str(number) / "0001" / "report.json").read_text())["runs"]
        reports.append({each["id"]: each["verdict"] for each in report["clauses"]})
    assert reports[0] == reports[1]
    assert list(reports[0].values()).count("pass") == 32


def test_the_protocol_and_its_description_are_installed(lockproof):
    done = lockproof("run", "--authority", "program:", "--plan")
    assert (done.returncode, done.stderr) == (
        2,
        "program: name a program after the colon, such as program:'./my-service --test'\n",
    )
