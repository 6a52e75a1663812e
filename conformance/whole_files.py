"""Files that somebody else may have made, read whole: regular ones only, and no larger than what they should be."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from lockproof.spec.observable import BadInput


@contextmanager
def bounded(path: Path, most: int, what: str) -> Iterator[BufferedReader]:
    """A file that is open to be read, `most` bytes long at most. Raises `BadInput` for one that is no regular file, or is larger."""
    try:
        file = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb")
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}; name the file of {what}") from None
    with file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise BadInput(f"{path}: no regular file; name the file of {what}")
        if found.st_size > most:
            raise BadInput(f"{path}: {found.st_size} bytes, and {what} has {most} at most; name another file")
        yield file
