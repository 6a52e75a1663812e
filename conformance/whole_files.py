"""Files that are there whole or not at all: those that somebody else may have made, as they are read, and our own, as they are written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from lockproof.spec.observable import BadInput


@contextmanager
def bounded(path: Path, most: int, what: str, remedy: str = "") -> Iterator[BufferedReader]:
    """A file that is open to be read, `most` bytes long at most. Raises `BadInput` for one that is no regular file, or is larger.

    `what` it is to be, in words; `remedy`: what to do where it is none, if that is not to name another.
    """
    remedy = remedy or f"name the file of {what}"
    try:
        file = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb")
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; {remedy}") from None
    with file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise BadInput(f"{path}: no regular file; {remedy}")
        if found.st_size > most:
            raise BadInput(f"{path}: {found.st_size} bytes, and {what} has {most} at most; name another file")
        yield file


def write_new(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Make a file where nothing is yet. Raises `OSError`; then it is not there, lest half of it be taken for one that must stay."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(content)
    except BaseException:
        path.unlink()
        raise


def write_over(path: Path, content: bytes) -> None:
    """Make a file, or put it in the place of one. Raises `OSError`; then what was there is there still.

    What is no regular file, such as /dev/stdout, is written to, and a link is followed.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    path = path.resolve()
    begun = path.with_name(f"{path.name}.begun")
    try:
        begun.write_bytes(content)
        begun.replace(path)
    except BaseException:
        begun.unlink(missing_ok=True)
        raise
