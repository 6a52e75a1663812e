"""A thread on which a stranger's code is called, so that a call that never returns can be given up and keeps nobody from ending."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

Made = TypeVar("Made")
_SLICE_S = 0.2  # where a wait can't be interrupted by Ctrl-C, it comes through between two of these
_NOT_THEIRS = (str(Path(__file__).parent), threading.__file__)


class Overdue(Exception):  # noqa: N818  (reads as what it is)
    """A call has not returned in time: the functions that it is in, from the first that was called, and the place."""


class _Call:
    """One call, and what became of it."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function
        self.over = threading.Event()
        self.made: Any = None
        self.error: BaseException | None = None

    def __call__(self) -> None:
        try:
            self.made = self.function()
        except BaseException as error:  # noqa: BLE001 (raised again where it is waited for)
            self.error = error
        self.over.set()


class OwnThread:
    """Carries out one call after the other, all on the same thread, which ends with this process at the latest."""

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._last: _Call | None = None
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def is_busy(self) -> bool:
        """A call has not returned, whoever waits for it or has ceased to."""
        return self._last is not None and not self._last.over.is_set()

    def run(self, function: Callable[[], Made], within_s: float) -> Made:
        """What the function returns or raises; `Overdue` if it has not returned within so many seconds. It waits its turn."""
        call = self._last = _Call(function)
        self._calls.put(call)
        give_up = time.monotonic() + within_s
        while not call.over.wait(max(0.0, min(_SLICE_S, give_up - time.monotonic()))):
            if time.monotonic() >= give_up:
                raise Overdue(self._where())
        if call.error is not None:
            raise call.error
        made: Made = call.made
        return made

    def end(self) -> None:
        """After the call that is out, if it ever returns."""
        self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()

    def _where(self) -> str:
        frame = sys._current_frames().get(self._thread.ident or 0)  # noqa: SLF001 (the only way to look at another thread)
        stack = [each for each in traceback.extract_stack(frame) if not each.filename.startswith(_NOT_THEIRS)] if frame else []
        return f"{' > '.join(each.name for each in stack)} ({stack[-1].filename}:{stack[-1].lineno})" if stack else ""
