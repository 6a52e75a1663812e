"""A lock on an open file, which ends with whoever holds it, however that ends."""

from __future__ import annotations

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # there is no other word for a module that is not there

CAN_LOCK = fcntl is not None
"""Where it is not so, a second run is not noticed."""


def lock(file: int) -> None:
    """Raises `BlockingIOError` where another process has it; does nothing where files can't be locked."""
    if CAN_LOCK:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
