"""A second solver in processes of its own: it is given texts and answers, gives up, dies or is missing; each is an answer."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any, Self

SECONDS_PER_QUESTION = 20
GRACE = 5  # s; who is asked to stop by itself and does not is stopped
START = 60  # s; for a process to begin
TO_END = 1  # s; for a process that has closed its output
DEATHS = 3  # in a row, and no more processes are started
CVC5 = (sys.executable, "-P", "-m", "lockproof.spec.cvc5_process")

UNKNOWN, TIMED_OUT, UNREADABLE, CRASHED, MISSING = "unknown", "time-out", "unreadable", "crashed", "missing"
ANSWERS = ("sat", "unsat", UNKNOWN, TIMED_OUT, UNREADABLE)


@dataclass(frozen=True, slots=True)
class Answer:
    """`word` is one of `ANSWERS`, or `crashed` or `missing`; `detail` is what the solver or its process said of it.

    `peak` is the memory that its process has needed so far, in bytes, or 0 if that is not known.
    """

    word: str
    detail: str = ""
    seconds: float = 0.0
    peak: int = 0


class SecondSolver:
    """As many processes as there are processors, the last once the first solver needs its own no more (`all_of_it`).

    `version` and `peak`, the bytes of its largest process, are known once something was answered.
    """

    def __init__(self, command: Sequence[str] = CVC5, seconds: float = SECONDS_PER_QUESTION, processes: int = 0) -> None:
        self.seconds = seconds
        self.version = ""
        self.peak = 0
        self.processes = processes or processors()
        self._command = command
        self._questions: queue.SimpleQueue[tuple[str, Future[Answer]] | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._running: set[_Process] = set()
        self._threads: list[threading.Thread] = []
        self._begin(max(1, self.processes - 1))

    def ask(self, text: str) -> Future[Answer]:
        """Never raises; whatever goes wrong is an answer."""
        future: Future[Answer] = Future()
        self._questions.put((text, future))
        return future

    def all_of_it(self) -> None:
        """Every processor may be taken from now on."""
        self._begin(self.processes - len(self._threads))

    def close(self) -> None:
        """Whatever is still asked is not answered any more; no process stays."""
        self._stopped.set()
        for _ in self._threads:
            self._questions.put(None)
        for process in tuple(self._running):
            process.kill()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _begin(self, more: int) -> None:
        for _ in range(more):
            self._threads.append(threading.Thread(target=self._work, daemon=True))
            self._threads[-1].start()

    def _work(self) -> None:
        process: _Process | None = None
        deaths, last = 0, Answer(CRASHED)
        while (question := self._questions.get()) is not None and not self._stopped.is_set():
            text, future = question
            if deaths < DEATHS:
                try:
                    process = process or self._start()
                    last = process.ask(text, self.seconds)
                    self.version = process.version or self.version
                    self.peak = max(self.peak, last.peak)
                except OSError as error:
                    last = Answer(MISSING, str(error))
                deaths = DEATHS if last.word == MISSING else deaths + 1 if last.word == CRASHED else 0
            if process and not process.lives:
                self._end(process)
                process = None
            future.set_result(last)
        if process:
            self._end(process)

    def _start(self) -> _Process:
        process = _Process(self._command)
        self._running.add(process)
        if self._stopped.is_set():
            process.kill()
        return process

    def _end(self, process: _Process) -> None:
        process.end()
        self._running.discard(process)


def processors() -> int:
    """How many of them this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Process:
    """One process of the solver, asked one question after the other."""

    def __init__(self, command: Sequence[str]) -> None:
        self.version = ""
        self.lives = True
        self._late = False
        self._missing = ""
        self._greeted = False
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (to the end of the process)
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own command, or the one given)
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, encoding="utf-8"
            )
        except OSError:
            self._errors.close()
            raise

    def ask(self, text: str, seconds: float) -> Answer:
        begin = time.perf_counter()
        if not self._greeted:
            self._greet()
        if self._missing:
            self.lives = False
            return Answer(MISSING, self._missing)
        said = self._exchange(json.dumps({"text": text, "seconds": seconds}), seconds + GRACE) if self.lives else None
        taken = time.perf_counter() - begin
        if self._late:
            return Answer(TIMED_OUT, "it did not stop by itself either", taken)
        if said is None:
            return Answer(CRASHED, self._last_words(), taken)
        if said.get("answer") not in ANSWERS:
            self.kill()
            return Answer(CRASHED, f"its process says what is no answer: {json.dumps(said)}", taken)
        return Answer(said["answer"], str(said.get("detail", "")), float(said.get("seconds", taken)), int(said.get("peak", 0)))

    def kill(self) -> None:
        self.lives = False
        self._process.kill()

    def end(self) -> None:
        """Gone and waited for."""
        self.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        self._errors.close()

    def _greet(self) -> None:
        self._greeted = True
        hello = self._exchange(None, START) or {}
        self.version, self._missing = str(hello.get("version", "")), str(hello.get("missing", ""))

    def _exchange(self, question: str | None, seconds: float) -> dict[str, Any] | None:
        """One line out, if any, and one line in; nothing if the process ended, or was ended because it took too long."""
        watch = threading.Timer(seconds, self._too_late)
        watch.daemon = True
        watch.start()
        try:
            if question is not None and self._process.stdin:
                self._process.stdin.write(question + "\n")
                self._process.stdin.flush()
            line = self._process.stdout.readline() if self._process.stdout else ""
            said = json.loads(line) if line else None
        except (OSError, ValueError):
            said = None
        finally:
            watch.cancel()
        if isinstance(said, dict):
            return said
        self._let_it_end()
        return None

    def _let_it_end(self) -> None:
        """It will say no more; how it ended is known if it is given the time to end by itself."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=TO_END)
        self.kill()

    def _too_late(self) -> None:
        self._late = True
        self.kill()

    def _last_words(self) -> str:
        code = self._process.wait()
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace").strip().splitlines()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"its process ended with {how}" + (f": {words[-1]}" if words else "")
