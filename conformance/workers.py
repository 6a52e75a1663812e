"""Work spread over processes: results in order, and Ctrl-C, or any other end of ours, that leaves no process behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from lockproof.spec.observable import BenchError

Given = TypeVar("Given")
Made = TypeVar("Made")


def mapped(
    function: Callable[[Given], Made], items: Sequence[Given], workers: int | None = None, chunk: int = 1
) -> Iterator[Made]:
    """`function` of every item, in their order, by as many processes as there are processors if not said.

    Ctrl-C reaches this process alone: the others are ended, and `KeyboardInterrupt` goes on to whoever asked. Raises `BenchError`
    where one of them was ended by somebody else.
    """
    count = max(1, min(len(items), workers or os.cpu_count() or 1))
    pool = ProcessPoolExecutor(count, initializer=_live_as_the_parent_does)
    try:
        yield from pool.map(function, items, chunksize=chunk)
    except BrokenProcessPool:
        raise BenchError(
            "a process of ours was ended from outside, as is done where memory runs out; try again with fewer"
        ) from None
    except BaseException:
        for process in list((pool._processes or {}).values()):  # noqa: SLF001 (there is no other way to end them at once)
            process.kill()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _live_as_the_parent_does() -> None:
    """Ctrl-C is for the parent; without one, however it ended, nobody waits for what is done here."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
