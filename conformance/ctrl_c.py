"""Ctrl-C, passed on where it does no harm, to whoever had it before: as a rule that raises `KeyboardInterrupt`.

An exception that comes while z3 converts or frees a term is lost there, or comes out as another one, and what was half
recorded would be lost. So Ctrl-C waits until that is over, which is a moment. It is passed on once: what is then done to end
is not disturbed by more of it.
"""

from __future__ import annotations

import _thread
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_AGAIN_S = 0.02  # it comes again so much later where it came at a bad moment
_LOST_IN = "__del__"  # an exception in such a function is printed, and lost
_LOST_IN_MODULE = "z3"


class _Minder:
    """The handler of SIGINT while it is minded."""

    def __init__(self, before: Callable[[int, FrameType | None], Any]) -> None:
        self._before = before
        self._waits = False
        self._passed_on = False
        self.held = False

    def __call__(self, _: int, frame: FrameType | None) -> None:
        self._waits = not self._passed_on
        if self._waits and not self.held and _is_lost_in(frame):
            _thread.start_new_thread(self._come_again, ())
            return
        self.pass_on()

    def pass_on(self) -> None:
        """If it came, is not held and was not passed on yet."""
        if self._waits and not self.held:
            self._waits, self._passed_on = False, True
            self._before(signal.SIGINT, None)

    def _come_again(self) -> None:
        time.sleep(_AGAIN_S)
        if self._waits:
            _thread.interrupt_main()


_minders: list[_Minder] = []  # one at most
_came_as = "Ctrl-C"


def as_ctrl_c(number: int, frame: FrameType | None) -> None:
    """A handler: SIGTERM, by which a CI ends what takes too long, and SIGHUP, of a terminal that is closed, do what Ctrl-C does."""
    global _came_as  # noqa: PLW0603 (there is one process to stop)
    _came_as = signal.Signals(number).name
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(signal.SIGINT, frame)


def stopped_by() -> str:
    """In a few words, what ended the run."""
    return f"stopped by {_came_as}"


def what_is_kept() -> str:
    """The same, for who might fear for what was recorded."""
    return f"{stopped_by()}; what was done is kept"


@contextmanager
def minded(*, to_the_end: bool = False) -> Iterator[None]:
    """In here Ctrl-C is minded. Does nothing where it is already, where it is ignored, and beside the main thread.

    `to_the_end`: what comes after it is the end of the process, which Ctrl-C does not disturb.
    """
    before = signal.getsignal(signal.SIGINT) if _is_main_thread() and not _minders else None
    if not callable(before):
        yield
        return
    minder = _Minder(before)
    _minders.append(minder)
    signal.signal(signal.SIGINT, minder)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN if to_the_end else before)
        _minders.clear()
    minder.pass_on()


@contextmanager
def held() -> Iterator[None]:
    """Ctrl-C that comes in here waits for the end of it."""
    with _switched(held=True):
        yield


@contextmanager
def let_in() -> Iterator[None]:
    """In here it need not wait, whoever holds it."""
    with _switched(held=False):
        yield


@contextmanager
def _switched(*, held: bool) -> Iterator[None]:
    if not _minders or not _is_main_thread():
        yield
        return
    (minder,) = _minders
    before, minder.held = minder.held, held
    try:
        minder.pass_on()
        yield
    finally:
        minder.held = before
    minder.pass_on()  # where nothing else is on its way


def _is_main_thread() -> bool:
    return threading.get_ident() == threading.main_thread().ident


def _is_lost_in(frame: FrameType | None) -> bool:
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        if frame.f_code.co_name == _LOST_IN or module.partition(".")[0] == _LOST_IN_MODULE:
            return True
        frame = frame.f_back
    return False
