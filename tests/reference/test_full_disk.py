"""A disk that is full, and places that may no longer be written to: nothing by halves, a clear error, and on it goes afterwards."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.pins import CHEAP
from lockproof.reference.store import StoreError

IN_CI = bool({"CI", "LOCKPROOF_CI"} & os.environ.keys())

ON_A_SMALL_DISK = """
import json, os, sys
from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.pins import CHEAP
from lockproof.reference.store import StoreError

path, filler = "authority.sqlite", "filler"
with open(filler, "wb") as file:
    file.write(bytes(50_000))
said, answered = [], 0

def refused(ask):
    try:
        ask()
    except StoreError as error:
        said.append(str(error))

with ReferenceAuthority(path, pin_cost=CHEAP) as authority:
    try:
        while True:
            authority.add_person(f"{answered}", "x" * 500, "1")
            answered += 1
    except StoreError as error:
        said.append(str(error))
    refused(lambda: authority.add_property("main", "x" * 5000, "UTC", "0"))
    kept = [record.asked["person"] for record in authority.history()]
    with ReferenceAuthority(path, pin_cost=CHEAP) as other:  # which only reads
        clean = other.audit().clean
    os.unlink(filler)
    authority.add_person("after", "After", "1")
    print(json.dumps({
        "said": said, "answered": answered, "kept": kept, "clean": clean and authority.audit().clean,
        "after": list(authority.history())[-1].asked["person"], "files": os.listdir(),
    }))
"""


@pytest.fixture
def disk(tmp_path: Path) -> Any:
    """Runs a script in a folder that is a disk of its own, of so many bytes, gone when the script has ended."""
    alone = ["unshare", "--mount", "--map-root-user"]
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = 'mount -t tmpfs -o size="$1" tmpfs "$2" && cd "$2" && shift 2 && "$@"'

    def run(size: int, *command: str) -> subprocess.CompletedProcess[str]:
        script = [*alone, "sh", "-c", mount, "sh", str(size), str(folder), *command]
        return subprocess.run(script, capture_output=True, text=True, check=False)

    if not shutil.which("unshare") or run(4096, "true").returncode:
        (pytest.fail if IN_CI else pytest.skip)("no disk can be mounted here (unshare --mount, tmpfs)")
    return run


@pytest.mark.parametrize("size", [400 * 1024, 404 * 1024, 408 * 1024, 412 * 1024])
def test_a_disk_that_is_full_keeps_what_was_answered_and_takes_more_when_there_is_room(disk: Any, size: int) -> None:
    done = disk(size, sys.executable, "-c", ON_A_SMALL_DISK)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert all(
        "can't grow, the disk is full; nothing of the last request was kept; make room, then repeat it" in s for s in told["said"]
    )
    assert len(told["said"]) == 2
    assert told["kept"] == [str(number) for number in range(told["answered"])]
    assert (told["clean"], told["after"], told["files"]) == (True, "after", ["authority.sqlite"])


def test_a_file_that_may_not_grow_keeps_what_was_answered(make_town: Any, tmp_path: Path, no_larger: Any) -> None:
    town = make_town(path=tmp_path / "authority.sqlite")
    no_larger((tmp_path / "authority.sqlite").stat().st_size + 20_000)
    number = itertools.count()

    def fill() -> None:
        while True:
            town.authority.add_person(f"p{next(number)}", "x" * 500, "1")

    with pytest.raises(StoreError, match=r"no file may be that large .*; nothing of the last request was kept"):
        fill()
    no_larger()
    assert town.authority._store.column("SELECT count(*) FROM people") == [4 + next(number) - 1]  # all but the last
    assert town.grant().accepted
    assert town.authority.audit().clean


@pytest.mark.usefixtures("as_nobody")
def test_a_folder_that_may_no_longer_be_written_to_is_told_and_then_on_it_goes() -> None:
    with tempfile.TemporaryDirectory() as made, ReferenceAuthority(Path(made) / "authority.sqlite", pin_cost=CHEAP) as authority:
        authority.add_person("1", "Before", "1")
        Path(made).chmod(0o500)
        with pytest.raises(StoreError, match="may not be written to; change the rights of the file and of its folder"):
            authority.add_person("2", "Meanwhile", "1")
        assert authority.head().number == 1
        Path(made).chmod(0o700)
        authority.add_person("3", "After", "1")
        assert [record.asked["person"] for record in authority.history()] == ["1", "3"]
        assert authority.audit().clean
