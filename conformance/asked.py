"""What a run was asked for, kept in its folder before anything is done, so that it can be gone on with."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, Self

from lockproof.conformance import declaring, options, suite, targets
from lockproof.conformance.options import Exploration
from lockproof.conformance.scenario import DEFAULT_TODAY, Scenario
from lockproof.conformance.suite import Suite
from lockproof.conformance.targets import Target
from lockproof.conformance.whole_files import bounded, write_over
from lockproof.spec.observable import BadInput, BenchError

ASKED: Final = "asked.json"
_FORMAT: Final = "lockproof-asked/1"
_LARGEST: Final = 2**20  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The words of `lockproof run`, and what they left open as it was decided: `today`, `seed`. Paths as they were given, in `cwd`."""

    today: str
    seed: str
    cwd: str = ""
    boxes: tuple[str, ...] = ()
    authority: str = ""  # that is judged
    bench: str = ""
    files: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    suite: str = Suite.ALL.value
    codes: str = ""
    one_at_a_time: bool = False
    clock: str = ""
    longest_wait: int | None = None  # seconds
    pics: str = ""  # the file of the declaration
    explore: str = ""
    plainly: bool = False

    @classmethod
    def of(
        cls,
        *,
        boxes: tuple[str, ...] = (),
        authority: str = "",
        bench: Path | None = None,
        files: tuple[Path, ...] = (),
        scenarios: tuple[str, ...] = (),
        suite: str = Suite.ALL,
        codes: Path | None = None,
        one_at_a_time: bool = False,
        clock: str = "",
        wait: str = "",
        pics: Path | None = None,
        today: str = "",
        seed: str = "",
        explore: str = "",
        plainly: bool = False,
    ) -> Self:
        """By the words of whoever asks, here and now. Raises `BadInput`."""
        return cls(
            clock=str(options.clock_mode(clock) or ""),
            today=options.date(today or DEFAULT_TODAY),
            seed=seed or secrets.token_hex(4),
            cwd=str(Path.cwd()),
            boxes=boxes,
            authority=authority,
            bench=str(bench or ""),
            files=tuple(map(str, files)),
            scenarios=scenarios,
            suite=options.suite(suite).value,
            codes=str(codes or ""),
            one_at_a_time=one_at_a_time,
            longest_wait=options.duration("--wait", wait),
            pics=str(pics or ""),
            explore=explore,
            plainly=plainly,
        )

    def write(self, folder: Path) -> None:
        """Whole or not at all. Raises `BenchError`."""
        text = json.dumps({"format": _FORMAT, **asdict(self)}, indent=1) + "\n"  # in ASCII, whatever a folder is called
        try:
            write_over(folder / ASKED, text.encode())
        except OSError as error:
            raise BenchError(f"{folder}: no run can be kept there: {error.strerror}; name another folder with --out") from error

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Raises `BadInput`."""
        path = folder / ASKED
        try:
            with bounded(path, _LARGEST, "what a run was asked for", "name the folder of a run, such as runs/0001") as file:
                found = json.loads(file.read().decode())
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror}; name the folder of a run, such as runs/0001") from None
        except (ValueError, RecursionError):
            raise BadInput(f"{path}: not what a run was asked for; the file was changed or damaged") from None
        known = {each.name for each in fields(cls)}
        if not isinstance(found, dict) or found.pop("format", None) != _FORMAT or set(found) != known:
            raise BadInput(f"{path}: not in the format {_FORMAT}; the file was changed, or is another version's")
        given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
        like = cls(today="", seed="", longest_wait=given["longest_wait"] and 0)
        if wrong := [name for name, value in given.items() if not _is_alike(value, getattr(like, name))]:
            raise BadInput(f"{path}: {wrong[0]} is {given[wrong[0]]!r:.60}; the file was changed or damaged")
        return cls(**given)

    def understood(self) -> Understood:
        """Raises what reading scenarios and bench file does, and `BadInput` where a box contradicts the declaration."""
        found = suite.from_files([Path(file) for file in self.files]) if self.files else suite.packaged(options.suite(self.suite))
        box = self.authority == "" or bool(self.boxes or self.bench)
        chosen = suite.select(found, self.scenarios, box=box, authority=self.authority != "")
        judged = targets.chosen(self.boxes, Path(self.bench) if self.bench else None, self.authority)
        how = {
            "codes": Path(self.codes) if self.codes else None,
            "clock": options.clock_mode(self.clock),
            "longest_wait": self.longest_wait,
            "pics": declaring.for_a_run(Path(self.pics) if self.pics else None, judged),
        }
        return Understood(chosen, judged, how, options.exploration(self.explore, aimed=not self.plainly))


def _is_alike(value: Any, like: Any) -> bool:
    texts = value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()
    return type(value) is type(like) and all(isinstance(each, str) and _may_name(each) for each in texts)


def _may_name(text: str) -> bool:
    """The system can be given it, as what a file is called."""
    try:
        return "\0" not in text and bool(os.fsencode(text) or True)
    except UnicodeError:
        return False


@dataclass(frozen=True, slots=True)
class Understood:
    """What was asked for, read: scenarios, boxes, and what `run.run` and `preparing.plan_of` are told besides."""

    scenarios: tuple[Scenario, ...]
    targets: list[Target]
    options: dict[str, Any]
    explore: Exploration | None
