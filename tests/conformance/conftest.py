"""What the tests of the kit need: boxes in process, scenarios from text, the command as a process."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from lockproof.conformance import journal as journals
from lockproof.conformance.journal import Journal
from lockproof.conformance.planning import authority_for_a_bench
from lockproof.conformance.player import Player
from lockproof.conformance.scenario import Scenario, load
from lockproof.reference.box import ReferenceBox
from lockproof.spec.profile import DEFAULT


@pytest.fixture
def scenario_of():
    """A scenario from its YAML text."""

    def read(text: str, name: str = "a-scenario") -> Scenario:
        return load(Path(f"{name}.yaml"), textwrap.dedent(text))

    return read


@pytest.fixture
def play():
    """Plays a scenario on a box, the reference box if none is given."""

    def played(scenario: Scenario, box=None, journal: Journal | None = None):
        player = Player(box or ReferenceBox(), authority_for_a_bench(DEFAULT), journal or Journal())
        return player.play(scenario)

    return played


@pytest.fixture
def lockproof(tmp_path):
    """The command as its own process, in an empty folder; never hangs."""

    def run(*words: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "lockproof.conformance.command", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd=tmp_path, check=False)

    return run


HOUR = """
    id: a-scenario
    clauses: [code.expiry.after-first-use]
    story: A code opens until its hour is over.
    steps:
      - generate: {by: joe, day: tomorrow, as: anns-code}
        authority: accepts
      - at: tomorrow 14:19:51
        enter: anns-code
        box: opens
      - after: 59m59s
        enter: anns-code
        box: opens
      - after: 1s
        enter: anns-code
        box: refuses
        because: code.expiry.after-first-use
        shows: code.expiry.after-first-use
"""


@pytest.fixture
def hour_text():
    return HOUR


@pytest.fixture
def hour(scenario_of, hour_text):
    return scenario_of(hour_text)


@pytest.fixture(scope="session")
def unchained():
    """The lines of a journal without their chains, to be changed."""

    def lines(path: Path) -> list[str]:
        return [line.rpartition(',"chain":"')[0] + "}" for line in path.read_text().splitlines()]

    return lines


@pytest.fixture(scope="session")
def rechain():
    """Writes a journal of such lines, each with the chain that it ought to have: what else is wrong with it must then be found."""

    def write(path: Path, lines: list[str]) -> Path:
        chain, whole = journals.FIRST, []
        for line in lines:
            chain = journals.chained(chain, line.encode())
            whole.append(f'{line[:-1]},"chain":"{chain.hex()}"}}\n')
        path.write_text("".join(whole))
        return path

    return write
