"""`lockproof pics draft` and `lockproof pics check`: a declaration written from what a box says, and held against it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from lockproof.conformance import pics
from lockproof.conformance.pics import FIELDS, FORMAT, IMAGES, OPTIONAL, TABLES, Declaration, written
from lockproof.conformance.targets import Target, chosen, opened
from lockproof.conformance.toml_files import FileError
from lockproof.conformance.visible import visible
from lockproof.conformance.whole_files import write_new
from lockproof.conformance.words import counted
from lockproof.hw_adapter.page import hello_meanings
from lockproof.spec.observable import BadInput, BenchError, Hello

_UNITS = {"_ms": "in milliseconds", "_ppm": "in ppm"}  # PROTOCOL.md: durations are seconds, unless the name says otherwise
_CHANGES = "take the # away if the box says so for good: then the file is of this one box, otherwise of every one like it"


def draft(box: str, bench: Path | None, out: Path | None) -> int:
    """Ask one box, and write its declaration to a file that is not there yet, or else print it; the exit code.

    Raises `BadInput` where nothing can be written there, and `BenchError`, also for a box that declares what none may.
    """
    if out is not None and out.exists():
        raise BadInput(f"{out}: it exists, and what is in it stays; name another file with --out, or move it away")
    (judged,) = chosen([box], bench)
    hello = _asked(judged)
    if hello.production:
        raise BenchError(f"{judged.name}: this is a production build, and a declaration is of the test build; ask that one")
    text = drafted(hello, judged)
    try:
        found = pics.of_text(out or Path("draft.toml"), text)
    except FileError as wrong:
        raise BenchError(f"{judged.name}: the box declares what none may; mend its hello\n{wrong}") from None
    if out is None:
        sys.stdout.write(text)
        return 0
    try:
        write_new(out, text.encode())
    except OSError as error:
        raise BadInput(f"{out}: the declaration can't be written: {error.strerror}; name another file with --out") from None
    named = ["--box", box, *(["--bench", str(bench)] if bench else [])]
    again = shlex.join(["lockproof", "pics", "check", str(out), *named])
    sys.stdout.write(f"{out}: drafted from {visible(hello.firmware)}; {_to_say(found.unsaid())}, then: {again}\n")
    return 0


def check(path: Path, box: str, bench: Path | None) -> int:
    """Hold a declaration against itself, its images, and the box if one is named; the exit code: 0, or 1 for contradictions.

    Raises `FileError` and `BadInput` for a file that can't be used, and `BenchError`.
    """
    declared = pics.read(path)
    wrong = list(pics.wrong_images(declared))
    agrees = []
    for judged in chosen([box] if box else [], bench) if box or bench else []:
        hello = _asked(judged)
        found = list(pics.contradictions(declared, hello))
        wrong += found
        agrees += [] if found else [visible(f"{judged.name} ({hello.firmware}, {hello.identity})")]
    for line in wrong:
        sys.stdout.write(f"{visible(line)}\n")
    for name, image in declared.images.items():
        if image.path is not None and not image.sha256:
            sys.stdout.write(f'images.{name} is {image.path}; write it down, too: sha256 = "{pics.digest_of(declared, name)}"\n')
    if wrong:
        sys.stdout.write(f"{path}: {counted(len(wrong), 'contradiction')}\n")
        return 1
    said = f"it agrees with {', '.join(agrees)}" if agrees else "it agrees with itself; with --box PORT a box is asked, too"
    unsaid = declared.unsaid()
    sys.stdout.write(f"{path}: {said}" + (f"; {_to_say(unsaid)}" if unsaid else "") + "\n")
    return 0


def for_a_run(path: Path | None, targets: Sequence[Target]) -> Declaration | None:
    """The declaration of the boxes of a run. Of several each is asked first, so that none is judged where it does not fit one.

    Raises `BadInput` where a box contradicts it, and `BenchError` for one that can't be reached.
    """
    if path is None:
        return None
    declared = pics.read(path)
    if len(targets) > 1:
        for judged in targets:
            pics.refuse_unless_agreed(declared, judged.name, _asked(judged))
    return declared


def _to_say(names: list[str]) -> str:
    return f"to be filled in: {', '.join(names)}" if names else "nothing is to be filled in"


def _asked(judged: Target) -> Hello:
    with opened(judged) as box:
        return box.hello()


def drafted(hello: Hello, judged: Target) -> str:
    """The text of a declaration of a box that says this of itself. What the vendor alone knows is left empty."""
    return "\n".join(_lines(hello, judged.board.product if judged.board else "")) + "\n"


def _lines(hello: Hello, product: str) -> Iterator[str]:
    yield "# What this box is and can do, as its vendor declares it (PICS, ISO 9646; hw_adapter/PICS.md). Compare it with the box:"
    yield "# lockproof pics check FILE --box PORT; judge the box by it: lockproof run --pics FILE --box PORT"
    yield f'format = "{FORMAT}"'
    for table, fields in TABLES.items():
        yield f"\n[{table}]"
        if table == "box":
            yield "# who makes it, for people"
            yield 'vendor = ""'
            yield "# what it is sold as, for people"
            yield f"product = {written(product)}"
        for name in fields:
            yield f"# {meaning(name)}"
            value = f"{name} = {written(getattr(hello, name))}"
            yield f"# {value}    # {_CHANGES}" if name in OPTIONAL else value
    yield "\n[images]"
    yield "# whether the vendor says that both images are built from one source: true or false"
    yield "one_source = false"
    for name in IMAGES:
        yield f"\n[images.{name}]"
        yield f"# the file of the {name} image, from the folder of this file; empty if only its sha256 is said"
        yield 'path = ""'
        yield f"# SHA-256 of the {name} image, 64 hex digits as sha256sum prints them (PROTOCOL.md, {_ABOUT[name]})"
        yield 'sha256 = ""'


_ABOUT = {"test": "the whole page", "production": "A production build"}


def meaning(name: str) -> str:
    """What a field of hello is, its unit, and where PROTOCOL.md says it, in a line."""
    field = FIELDS[name]
    unit = next((unit for end, unit in _UNITS.items() if name.endswith(end)), "")
    kind = "" if "number" in field.plain or "text" in field.plain else field.plain
    said = hello_meanings()[name] + "".join(f"; {each}" for each in (unit, kind) if each)
    return f"{said}   (PROTOCOL.md, Hello, key {field.key})"
