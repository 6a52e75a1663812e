"""The firmware's host port as a process: built once, killed, and started again on the same store."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest

FIRMWARE = Path(__file__).parents[1] / "hw_adapter" / "firmware"


class HostPort:
    """A box that runs; `line` is the pseudo-terminal at which it answers, the same name after every start."""

    def __init__(self, program: Path, state: Path) -> None:
        self.program = program
        self.state = state
        self.line = str(state / "line")
        self._process: subprocess.Popen[str] | None = None

    @classmethod
    def built(cls, where: Path, *defines: str, source: Path = FIRMWARE) -> Self:
        """Builds it by its own Makefile, with sanitizers."""
        command = ["make", "-s", "-C", str(source), f"BUILD={where}", f"DEFINES={' '.join(defines)}"]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        return cls(where / "lockproof-host", where)

    def start(self, *options: str) -> None:
        command = [str(self.program), "--state", str(self.state), "--link", self.line, *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline().startswith("/dev/pts/")

    def ended(self) -> int:
        """How it ended, when it has."""
        assert self._process is not None
        self._process.communicate(timeout=10)
        return self._process.returncode

    def kill(self) -> str:
        """Power goes, as it may at any instant; what it had said before."""
        assert self._process is not None
        self._process.kill()
        said, _ = self._process.communicate()
        self._process = None
        return said

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.kill()


@pytest.fixture(scope="session")
def build_port() -> Callable[..., HostPort]:
    """Builds the host port in a folder, with definitions."""
    return HostPort.built


@pytest.fixture(scope="session")
def host_port_program(tmp_path_factory) -> HostPort:
    """The host port, built and never started."""
    return HostPort.built(tmp_path_factory.mktemp("host"))


@pytest.fixture
def host_port(host_port_program, tmp_path) -> Iterator[HostPort]:
    """A new board; the test starts it, and it ends with the test."""
    port = HostPort(host_port_program.program, tmp_path)
    yield port
    port.__exit__()


@pytest.fixture
def built_with(tmp_path) -> Callable[..., HostPort]:
    """A host port of its own with these definitions."""
    return lambda *defines: HostPort.built(tmp_path, *defines)


def changed_copy(firmware: Path, file: str, old: str, new: str) -> Path:
    """A copy of the firmware in which one line of the core says something else."""
    shutil.copytree(FIRMWARE, firmware, ignore=shutil.ignore_patterns("build"))
    source = firmware / "core" / file
    text = source.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file} has {old!r} not once"
    source.write_text(text.replace(old, new), encoding="utf-8")
    return firmware


@pytest.fixture
def broken(tmp_path) -> Callable[[str, str, str], HostPort]:
    """The host port of a firmware in which one line says something else."""
    return lambda *change: HostPort.built(tmp_path / "build", source=changed_copy(tmp_path / "firmware", *change))


@pytest.fixture
def changed() -> Callable[..., Path]:
    """See `changed_copy`."""
    return changed_copy
