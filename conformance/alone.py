"""One run at a box at a time: a lock, held from before the first script of its bench until after the last one.

A second run would otherwise cut the power, or flash a firmware, under the first.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lockproof.conformance.bench import Board
from lockproof.conformance.locking import CAN_LOCK, lock
from lockproof.spec.observable import BenchError


@contextmanager
def alone_with(board: Board) -> Iterator[None]:
    """Raises `BenchError` where another run of this machine has this box: of the same port and USB serial number, in whatever file."""
    if not CAN_LOCK:
        yield
        return
    path = _path_of(board)
    held = _locked(path, board)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # while it is held, so that it is nobody else's
        os.close(held)


def _path_of(board: Board) -> Path:
    named = hashlib.sha256(f"{board.id}\n{board.serial}".encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"lockproof-{named}.lock"


def _locked(path: Path, board: Board) -> int:
    """The file, locked and in its place: one that was removed as it was waited for locks nobody out."""
    while True:
        opened = _open(path, board)
        try:
            lock(opened)
            if _is_at(path, opened):
                return opened
        except BlockingIOError:
            os.close(opened)
            raise BenchError(
                f"{board.place}: another run on this machine has box {board.name}: wait for its end, or end it; nothing was done here"
            ) from None
        os.close(opened)


def _open(path: Path, board: Board) -> int:
    """For reading only: that suffices, and another user's file can be opened so."""
    try:
        try:
            return os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
    except OSError as error:
        raise BenchError(f"{board.place}: box {board.name} can't be locked: {path}: {error.strerror}") from error


def _is_at(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except FileNotFoundError:
        return False
