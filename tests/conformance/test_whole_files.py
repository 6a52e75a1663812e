"""A file is there whole or not at all, also where a disk is full."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from lockproof.conformance import bench, comparing, journal, key_files, pics
from lockproof.conformance.asked import Asked
from lockproof.conformance.journal import Journal
from lockproof.conformance.judging import judge_again
from lockproof.conformance.reporting import report_anew
from lockproof.conformance.toml_files import FileError
from lockproof.conformance.whole_files import write_new, write_over
from lockproof.spec.observable import BadInput, BenchError


@pytest.fixture
def full(monkeypatch):
    """From now on there is no room on any disk."""

    def fill() -> None:
        def no_room(*_args):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fdopen", no_room)
        monkeypatch.setattr("pathlib.Path.write_bytes", no_room)

    return fill


def test_a_new_file_is_there_with_its_mode(tmp_path):
    write_new(tmp_path / "a", b"whole", 0o600)
    assert (tmp_path / "a").read_bytes() == b"whole"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_what_is_there_stays(tmp_path):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "a", b"other")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "link", b"other")
    assert (tmp_path / "a").read_text() == "mine"


def test_half_a_file_is_none(tmp_path, full):
    """It would be taken for a key or a statement that must stay, and keep whoever has made room from making one."""
    full()
    with pytest.raises(BadInput, match="No space left on device"):
        key_files.generate(tmp_path / "a.key", protected=False)
    assert list(tmp_path.iterdir()) == []


def _judge(path):
    judge_again(path)


def _go_on(path):
    Journal.go_on(path)


def _asked(path):
    Asked.read(path.parent)


READERS = {
    "journal.jsonl": [_judge, _go_on, lambda path: list(journal.read(path)), lambda path: report_anew(path.parent, None)],
    "report.json": [comparing.read],
    "asked.json": [_asked],
    "pics.toml": [pics.read],
    "bench.toml": [bench.read],
}


@pytest.mark.parametrize(("name", "read"), [(name, read) for name, each in READERS.items() for read in each])
def test_a_pipe_that_nobody_writes_to_hangs_nobody(tmp_path, name, read):
    os.mkfifo(tmp_path / name)
    with pytest.raises((BadInput, BenchError), match=r"no regular file|No such device"):
        read(tmp_path / name)


@pytest.mark.parametrize("name", ["report.json", "asked.json", "pics.toml", "bench.toml", "journal.jsonl"])
def test_what_is_too_large_is_not_read(tmp_path, name):
    with (tmp_path / name).open("wb") as file:
        file.truncate(2**33)
    with pytest.raises(BadInput, match=r"8589934592 bytes, and .* at most"):
        READERS[name][0](tmp_path / name)


def test_an_image_that_is_a_pipe_is_told_with_its_line(tmp_path):
    text = (Path(__file__).parents[2] / "examples" / "pics" / "reference.toml").read_text()
    os.mkfifo(tmp_path / "image.bin")
    (tmp_path / "pics.toml").write_text(text.replace('path = ""', 'path = "image.bin"', 1))
    declared = pics.read(tmp_path / "pics.toml")
    with pytest.raises(FileError, match=r"pics.toml:\d+: .*image.bin: no regular file"):
        list(pics.wrong_images(declared))


def test_what_is_written_over_is_whole_or_as_it_was(tmp_path, full):
    path = tmp_path / "report.json"
    write_over(path, b"one")
    write_over(path, b"two")
    assert path.read_bytes() == b"two"
    full()
    with pytest.raises(OSError, match="No space left"):
        write_over(path, b"three")
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_followed_and_what_is_no_file_is_written_to(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "page")
    write_over(tmp_path / "link", b"page")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "page").read_bytes() == b"page"
    write_over(tmp_path / "link", b"again")
    assert (tmp_path / "page").read_bytes() == b"again"
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_over(tmp_path / "pipe", b"through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
