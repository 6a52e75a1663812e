"""Work spread over processes: results in order, and Ctrl-C, or any other end of ours, that leaves no process behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
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
    try:
        with _pool(len(items), workers) as pool:
            yield from pool.map(function, items, chunksize=chunk)
    except BrokenProcessPool:
        raise BenchError(
            "a process of ours was ended from outside, as is done where memory runs out; try again with fewer"
        ) from None


def mapped_apart(
    function: Callable[[Given], Made], items: Sequence[Given], died: Callable[[Given], Made], workers: int | None = None
) -> Iterator[Made]:
    """The same, but a process that is ended takes no other item with it: one whose process is ended twice is what `died` makes of it.

    Which of the items that were at work has ended it nobody says, so that each of them is tried once more, in a process alone.
    """
    given, kept = 0, dict[int, Made]()
    while given < len(items):
        with _pool(len(items) - given, workers) as pool:
            begun = {number: pool.submit(function, items[number]) for number in range(given, len(items)) if number not in kept}
            try:
                for number in range(given, len(items)):
                    made = kept.pop(number) if number in kept else begun[number].result()
                    given = number + 1
                    yield made
            except BrokenProcessPool:
                done = {number: each for number, each in begun.items() if number > given and each.done()}
                kept |= {number: each.result() for number, each in done.items() if each.exception() is None}
        if given < len(items):
            kept[given] = _alone(function, items[given], died)


def _alone(function: Callable[[Given], Made], item: Given, died: Callable[[Given], Made]) -> Made:
    try:
        with _pool(1) as pool:
            return pool.submit(function, item).result()
    except BrokenProcessPool:
        return died(item)


@contextmanager
def _pool(items: int, workers: int | None = None) -> Iterator[ProcessPoolExecutor]:
    """Ended at once where something else ends."""
    pool = ProcessPoolExecutor(max(1, min(items, workers or os.cpu_count() or 1)), initializer=_live_as_the_parent_does)
    try:
        yield pool
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
