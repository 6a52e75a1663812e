"""A program in any language, started, asked line by line, and ended with the run (ADAPTERS.md, AUTHORITIES.md).

Every wait has a bound. A program that dies, hangs, floods or prints what is no answer is ended, and everything that it is asked
from then on says so; that is never a verdict about what stands behind it.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import IO, Any, Final

from lockproof.hw_adapter import json_lines
from lockproof.hw_adapter.guard import AdapterFault, AdapterGone
from lockproof.hw_adapter.json_lines import Readers
from lockproof.spec.observable import BadInput, BenchError

OnSaid = Callable[[str, bytes], None]
"""Told what the program writes to standard error: "stderr", the bytes, None."""

LONGEST_LINE: Final = 1 << 20
"""Bytes of one answer, its line end included."""
_TOLD = 600  # bytes of standard error, the last ones, in a message
_KEPT = 1 << 16  # bytes of standard error between two commands; the first ones of more are lost
_CHUNK = 1 << 16
_SHOWN = 80  # bytes of a line that is no answer
_WATCH = "import os,signal,sys\nsys.stdin.read()\nos.killpg(int(sys.argv[1]), signal.SIGKILL)"


def words_of(command_line: str, such_as: str = "./my-adapter --port /dev/ttyUSB0") -> list[str]:
    """The program and its arguments, split as a shell does, without one. Raises `BadInput`."""
    try:
        words = shlex.split(command_line)
    except ValueError as error:
        raise BadInput(f"program:{command_line}: can't be split into words: {error}; close what is quoted") from None
    if not words:
        raise BadInput(f"program: name a program after the colon, such as program:'{such_as}'")
    return words


class LineProgram:
    """A program that answers one line for each line that it is asked. After a failure of the program it only repeats what happened.

    `name` stands in front of every message, `page` is where its protocol is written. Raises `BenchError` for a program that can't
    be started.
    """

    def __init__(self, words: list[str], name: str, page: str, readers: Readers, on_said: OnSaid | None = None) -> None:
        self.process = _Process(words, name)
        self._name = name
        self._page = page
        self._readers = readers
        self._on_said = on_said
        self._number = 0
        self._failure = ""

    def close(self, within_s: float) -> None:
        """Its standard input ends; after so many seconds it is killed."""
        self.process.end(within_s)
        self._pass_on()

    def ask(self, command: str, arguments: Mapping[str, Any], within_s: float) -> Any:
        """What it answers, read. Raises what an error of it says, `AdapterFault` and from then on `AdapterGone`."""
        if self._failure:
            raise AdapterGone(self._failure)
        self._number += 1
        line = b""
        try:
            self.process.send(json_lines.request(self._number, command, arguments))
            line = self.process.line(within_s)
            return json_lines.answer(line, self._number, command, self._name, self._readers)
        except _ProgramFailed as failed:
            raise self._give_up(command, str(failed)) from None
        except json_lines.Garbage as garbage:
            shown = line[:_SHOWN].decode(errors="replace").rstrip("\n")
            raise self._give_up(command, f"answered {shown!r}: {garbage}") from None
        finally:
            self._pass_on()

    def _give_up(self, command: str, happened: str) -> AdapterFault:
        self.process.end(0.0)
        said = self.process.said.tail().strip()
        told = f"; on its standard error: {said}" if said else ""
        self._failure = f"{self._name}: asked for {command}, it {happened}{told}   (its protocol: {self._page})"
        return AdapterFault(self._failure)

    def _pass_on(self) -> None:
        new = self.process.said.new()
        if new and self._on_said:
            self._on_said("stderr", new)


class _ProgramFailed(Exception):  # noqa: N818  (reads as what happened)
    """Completes the sentence "asked for …, it …"."""


class _Process:
    """The program with its three pipes, in a group of its own, so that whatever it starts ends with it."""

    def __init__(self, words: list[str], name: str) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 (what the person at the bench named)
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise BenchError(f"{name}: can't be started: {error.strerror}; name a program that is there and may be run") from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._stdin = self._process.stdin
        with contextlib.suppress(OSError):
            os.set_blocking(self._stdin.fileno(), False)
        self._out = _Lines(self._process.stdout)
        self.said = _Said(self._process.stderr)
        self._watch = _watched(self._process.pid)

    def send(self, line: bytes) -> None:
        try:
            sent = os.write(self._stdin.fileno(), line)
        except BlockingIOError:
            sent = 0
        except (OSError, ValueError):
            raise self._ended() from None
        if sent < len(line):
            raise _ProgramFailed("does not read what it is asked: answer one line for each, and then read the next")

    def line(self, within_s: float) -> bytes:
        found = self._out.line(within_s)
        if found:
            return found
        if self._out.ended:
            raise self._ended()
        if self._out.flooded:
            raise _ProgramFailed(f"printed {LONGEST_LINE} bytes without a line end")
        raise _ProgramFailed(f"gave no answer within {within_s:g} s, and was ended")

    def _ended(self) -> _ProgramFailed:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        code = self._process.poll()
        if code is None:
            return _ProgramFailed("closed its standard output")
        how = f"exit status {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
        return _ProgramFailed(f"had ended ({how})")

    def end(self, within_s: float) -> None:
        """Its standard input ends; if it does not end by that, it is killed, with all that it started. Twice is as good as once."""
        with contextlib.suppress(OSError):
            self._stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(within_s)
        if self._watch is not None:
            self._watch.kill()
            self._watch.communicate()
            self._watch = None
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self._out.close()
        self.said.close()


def _watched(group: int) -> subprocess.Popen[bytes] | None:
    """A process that kills the group when we end without having done so ourselves; None where there are no groups."""
    if not hasattr(os, "killpg"):
        return None
    words = [sys.executable, "-I", "-S", "-c", _WATCH, str(group)]
    null = subprocess.DEVNULL
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=null, stderr=null, start_new_session=True)  # noqa: S603 (our own words)


class _Reader:
    """Takes what comes from a pipe as it comes, on a thread of its own, so that the writer never waits for us in vain."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.ended = False
        self._pipe = pipe
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Once the writer is gone."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(1)
        if not self._thread.is_alive():
            self._pipe.close()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while data := os.read(self._pipe.fileno(), _CHUNK):
                with self._changed:
                    self._take(data)
                    self._changed.notify_all()
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def _take(self, data: bytes) -> None:
        raise NotImplementedError


class _Lines(_Reader):
    """Standard output: whole lines. Of a flood no more is read than a line may be long."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._held = bytearray()
        super().__init__(pipe)

    @property
    def flooded(self) -> bool:
        return len(self._held) > LONGEST_LINE and b"\n" not in self._held

    def line(self, within_s: float) -> bytes:
        """The next line, nothing if none came in time, or none can come."""
        with self._changed:
            self._changed.wait_for(lambda: b"\n" in self._held or self.flooded or self.ended, within_s)
            line, end, rest = self._held.partition(b"\n")
            if not end:
                return b""
            self._held = rest
            self._changed.notify_all()
            return bytes(line + end)

    def _take(self, data: bytes) -> None:
        self._changed.wait_for(lambda: len(self._held) <= LONGEST_LINE or self._closing)
        if not self._closing:
            self._held += data


class _Said(_Reader):
    """Standard error: the end of it for messages, and what is new for the journal."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._tail, self._new = b"", b""
        super().__init__(pipe)

    def tail(self) -> str:
        with self._changed:
            return self._tail.decode(errors="replace")

    def new(self) -> bytes:
        with self._changed:
            new, self._new = self._new, b""
            return new

    def _take(self, data: bytes) -> None:
        self._tail, self._new = (self._tail + data)[-_TOLD:], (self._new + data)[-_KEPT:]
