"""Work spread over processes: results in order, and Ctrl-C that ends it at once with no process left behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def mapped(
    function: Callable[[Given], Made], items: Sequence[Given], workers: int | None = None, chunk: int = 1
) -> Iterator[Made]:
    """`function` of every item, in their order, by as many processes as there are processors if not said.

    Ctrl-C reaches this process alone: the others are ended, and `KeyboardInterrupt` goes on to whoever asked.
    """
    count = max(1, min(len(items), workers or os.cpu_count() or 1))
    pool = ProcessPoolExecutor(count, initializer=_leave_ctrl_c_to_the_parent)
    try:
        yield from pool.map(function, items, chunksize=chunk)
    except BaseException:
        for process in list((pool._processes or {}).values()):  # noqa: SLF001 (there is no other way to end them at once)
            process.kill()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _leave_ctrl_c_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
