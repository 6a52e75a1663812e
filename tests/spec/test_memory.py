"""Peak memory is that of the program itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lockproof.spec import memory

SHOW = "from lockproof.spec import memory; {}; print(memory.peak())"


def peak_of(doing):
    return int(subprocess.run([sys.executable, "-c", SHOW.format(doing)], capture_output=True, text=True, check=True).stdout)


def test_what_was_needed_for_a_moment_counts():
    assert 1e6 < peak_of("pass") < 60e6
    assert peak_of("b'x' * 100_000_000") > 100e6


def test_what_the_parent_needs_does_not_count():
    block = b"x" * 200_000_000
    assert memory.peak() > len(block)
    assert peak_of("pass") < 60e6


def test_where_the_system_does_not_say(monkeypatch):
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "")
    assert memory.peak() > 1e6
    monkeypatch.setitem(sys.modules, "resource", None)
    assert memory.peak() == 0
