"""What tests of several rooms use: the firmware's host port as a process, killed and started again on the same store; a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self
from urllib.request import Request, urlopen

import pytest

IN_CI = bool({"CI", "LOCKPROOF_CI"} & os.environ.keys())
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FIRMWARE = Path(__file__).parents[1] / "hw_adapter" / "firmware"


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """Whoever starts the tests may ignore it, in a shell's background for one; the command's end, in a test before, leaves it so."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, signal.default_int_handler)


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


class Browser:
    """One window of Chromium, driven by its own driver over WebDriver's plain HTTP."""

    def __init__(self, port: int) -> None:
        self._at = f"http://127.0.0.1:{port}/session"
        options = {
            "binary": CHROMIUM,
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        }
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        session = self._ask("POST", "", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        self._at += f"/{session}"

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._at + path, data, {"Content-Type": "application/json"}, method=method)
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def show(self, page: Path, fragment: str = "") -> None:
        self._ask("POST", "/url", {"url": "about:blank"})
        self._ask("POST", "/url", {"url": page.as_uri() + fragment})

    def width(self, width: int, height: int = 800) -> None:
        """Of what is shown; a window can't be as narrow as a phone."""
        self._command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=True)

    def says(self, script: str) -> Any:
        return self._ask("POST", "/execute/sync", {"script": f"return {script}", "args": []})

    def press(self, *keys: str) -> None:
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def appear(self, *, night: bool, media: str = "") -> None:
        """By day or by night; with `media` `print` as on paper."""
        wanted = {"name": "prefers-color-scheme", "value": "dark" if night else "light"}
        self._command("Emulation.setEmulatedMedia", media=media, features=[wanted])

    def printed(self) -> bytes:
        """The page that is shown, as a PDF."""
        return b64decode(self._command("Page.printToPDF")["data"])

    def log(self, kind: str) -> list[dict[str, Any]]:
        return self._ask("POST", "/se/log", {"type": kind})

    def asked_for(self) -> list[str]:
        """Every address that the page asked for."""
        events = [json.loads(each["message"])["message"] for each in self.log("performance")]
        sent = (each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent")
        return [url for url in sent if url != "about:blank"]

    def focused(self) -> str:
        return self.says("document.activeElement.id || document.activeElement.tagName")

    def close(self) -> None:
        self._ask("DELETE", "")

    def _command(self, name: str, **given: Any) -> Any:
        return self._ask("POST", "/goog/cdp/execute", {"cmd": name, "params": given})


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if None in (CHROMIUM, DRIVER) and not IN_CI:
        pytest.skip("there is no Chromium here: apt-get install chromium chromium-driver")
    with subprocess.Popen([str(DRIVER), "--port=0"], stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout is not None
        said = next(found for line in driver.stdout if (found := re.search(r"started successfully on port (\d+)", line)))
        opened = Browser(int(said[1]))
        yield opened
        opened.close()
        driver.terminate()
