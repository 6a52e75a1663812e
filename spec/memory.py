"""How much memory this process has had at most."""

from __future__ import annotations

import re
import sys
from pathlib import Path


def peak() -> int:
    """Bytes; 0 where the system does not say.

    Linux is asked for the peak of the program itself: `getrusage` there counts what the process was before it became this
    program, a copy of the one that started it, and so would call a small program as large as its parent.
    """
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        found = None
    if found:
        return int(found[1]) * 1024
    try:
        import resource  # noqa: PLC0415 (not on every system)
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
