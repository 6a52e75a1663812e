"""The bench file: which boxes there are, how each is reached, powered and looked at, and what it may be put through.

TOML, one `[[box]]` for each. Fields that mean what they mean in the hardware map of Zephyr's Twister are called as there: `id`,
`serial`, `baud`, `product`, `platform`, `connected`, `pre_script`, `post_script`, `notes`. examples/bench/bench.toml
has every field and says what it does.
"""

from __future__ import annotations

import math
import re
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lockproof.conformance import toml_files
from lockproof.conformance.toml_files import TEXT, TRUTH, FileError, Kind, Place, TomlFile, hint
from lockproof.spec.observable import SELF_REPORTED, BadInput

OPERATOR, SENSOR = "operator", "sensor"
_RESERVED = ("reference", "pty", "fault", "firmware", "bench")  # words of --box


@dataclass(frozen=True, slots=True)
class Program:
    """A command line of the bench, run in the folder of the bench file without a shell. `place` is the file and line it is from."""

    words: tuple[str, ...]
    folder: Path
    place: str


@dataclass(frozen=True, slots=True)
class Power:
    """Programs that switch a box's supply; it stays off for `minimum_off` seconds at least, each has `timeout` seconds to end."""

    off: Program
    on: Program
    minimum_off: float = 2.0
    timeout: float = 10.0

    @property
    def longest_off(self) -> float:
        """Seconds for which the box may be without power."""
        return self.minimum_off + 2 * self.timeout


@dataclass(frozen=True, slots=True)
class Observation:
    """Who says whether the box opened. A sensor is asked `delay` seconds after each presentation, and has `timeout` to answer.

    Before the next one it must say that the box is closed, within `settle` seconds.
    """

    by: str = SELF_REPORTED
    command: Program | None = None
    delay: float = 0.0
    settle: float = 10.0
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run may cost the box at most, None for as much as it takes."""

    writes: int | None = None
    cuts: int | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """One box of a bench. `tolerance` is in seconds, of a running clock as the bench sees it; `place` is its file and line."""

    name: str
    place: str
    id: str = ""  # the serial number of its USB adapter
    serial: str = ""  # the URL of its port
    baud: int = 115_200
    dtr: bool = True
    rts: bool = True
    product: str = ""
    platform: str = ""
    connected: bool = True
    identity: str = ""
    firmware: str = ""
    tolerance: float = 0.0
    pre_script: Program | None = None  # run before the box is first reached
    post_script: Program | None = None  # run when nobody wants it any more
    power: Power | None = None
    observation: Observation = field(default_factory=Observation)
    budget: Budget = field(default_factory=Budget)
    notes: str = ""

    def settings(self) -> dict[str, Any]:
        """What a verdict of this box was reached with, for journal and report."""
        power = self.power
        return {
            "file": self.place.rpartition(":")[0],
            "name": self.name,
            "id": self.id,
            "serial": self.serial,
            "baud": self.baud,
            "tolerance": self.tolerance,
            "supply": {"minimum_off": power.minimum_off} if power else None,
            "observation": self.observation.by,
            "budget": {"writes": self.budget.writes, "cuts": self.budget.cuts},
            "notes": self.notes,
        }


@dataclass(frozen=True, slots=True)
class Bench:
    """The boxes of a bench file, by name."""

    path: Path
    boards: dict[str, Board]

    def board(self, name: str) -> Board:
        """Raises `BadInput` for a name that is not in the file, and for a box that is not connected."""
        found = self.boards.get(name)
        if found is None:
            raise BadInput(f"{self.path}: no box is called {name}\n    {hint(name, self.boards)}it has {', '.join(self.boards)}")
        if not found.connected:
            raise FileError(found.place, f"box {name} is not connected", "connect it and write connected = true")
        return found


def read(path: Path) -> Bench:
    """The bench that a file describes. Raises `FileError` for whatever is wrong in it."""
    remedy = "name a bench file with --bench, such as examples/bench/bench.toml"
    return _Reader(toml_files.read(path, "a bench file", remedy)).bench()


# Kinds of value


def _seconds(value: Any) -> bool:
    return type(value) in {int, float} and math.isfinite(value) and 0 <= value <= LONGEST_S


def _is_command(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(word, str) and word and "\0" not in word for word in value)
    return isinstance(value, str) and "\0" not in value and bool(_split(value))


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quotation mark that is not closed
        return []


LONGEST_S = 3600
_MOST_TOLERANCE = 0.2  # to either side, of a second of which an edge and a margin are lost already
_FASTEST = 20_000_000
_SECONDS = Kind(f"a number of seconds, 0 to {LONGEST_S}", _seconds, "2.5")
_TOLERANCE = Kind(
    f"a number of seconds, 0 to {_MOST_TOLERANCE}: with more, no second of a clock that runs can be hit",
    lambda v: _seconds(v) and v <= _MOST_TOLERANCE,
    "0.05, or leave it out, which is 0",
)
_COUNT = Kind("a whole number, 0 or more", lambda v: type(v) is int and v >= 0, "1000")
_BAUD = Kind("a whole number of bits a second", lambda v: type(v) is int and 0 < v <= _FASTEST, "115200")
_COMMAND = Kind("a command line, as text or as a list of words", _is_command, '"program --option"')
_OBSERVER = Kind(
    f"{SELF_REPORTED}, {OPERATOR} or {SENSOR}", lambda v: v in {SELF_REPORTED, OPERATOR, SENSOR}, f'"{SELF_REPORTED}"'
)
_NAME = Kind(
    "a name of letters, digits, full stops, - and _, and no word that --box has of its own",
    lambda v: isinstance(v, str) and re.fullmatch(r"[A-Za-z0-9][\w.-]{0,63}", v, re.ASCII) is not None and v not in _RESERVED,
    '"A1"',
)

_FIELDS: Final[dict[str, dict[str, Kind]]] = {
    "box": {
        "name": _NAME,
        "id": TEXT,
        "serial": TEXT,
        "baud": _BAUD,
        "dtr": TRUTH,
        "rts": TRUTH,
        "product": TEXT,
        "platform": TEXT,
        "connected": TRUTH,
        "identity": TEXT,
        "firmware": TEXT,
        "tolerance": _TOLERANCE,
        "pre_script": _COMMAND,
        "post_script": _COMMAND,
        "notes": TEXT,
    },
    "power": {"off": _COMMAND, "on": _COMMAND, "command": _COMMAND, "minimum_off": _SECONDS, "timeout": _SECONDS},
    "observation": {"by": _OBSERVER, "command": _COMMAND, "delay": _SECONDS, "settle": _SECONDS, "timeout": _SECONDS},
    "budget": {"writes": _COUNT, "cuts": _COUNT},
}
_TABLES = ("power", "observation", "budget")


# Reading


@dataclass(frozen=True, slots=True)
class _Reader:
    """One file. What is wrong is said with the line of the key that it is about."""

    file: TomlFile

    def bench(self) -> Bench:
        path, found = self.file.path, self.file.found
        for key in found:
            if key != "box":
                raise self.file.error((key,), f"{key} is no field of a bench file", f"{hint(key, ['box'])}write [[box]]")
        boxes = found.get("box")
        if not isinstance(boxes, list) or not boxes or not all(isinstance(each, dict) for each in boxes):
            raise FileError(f"{path}:1", "it names no box", "begin each box with [[box]], and give it a name")
        boards: dict[str, Board] = {}
        for number, each in enumerate(boxes):
            board = self._board(number, each)
            for name, other in boards.items():
                self._refuse_the_same(number, board, name, other)
            boards[board.name] = board
        return Bench(path, boards)

    def _refuse_the_same(self, number: int, board: Board, name: str, other: Board) -> None:
        if board.name == name:
            raise self._error(
                (number, "", "name"), f"{name} is the box of line {_line(other.place)}, too", "name each differently"
            )
        one_port = board.id == other.id and (board.serial == other.serial or not (board.serial and other.serial))
        if board.id and one_port:
            raise self._error(
                (number, "", "id"), f"id {board.id} is that of {name}, too", "give each box its own USB serial number"
            )
        if board.serial and board.serial == other.serial and board.id == other.id:
            raise self._error((number, "", "serial"), f"{board.serial} is the port of {name}, too", "give each box its own port")

    def _board(self, number: int, given: dict[str, Any]) -> Board:
        tables: dict[str, Any] = {}
        for name in _TABLES:
            if name in given and not isinstance(given[name], dict):
                raise self._error(
                    (number, "", name), f"{name} is a table of fields", f"write [box.{name}], and its fields below it"
                )
            tables[name] = self._checked(number, name, given.get(name, {}))
        plain = self._checked(number, "", {name: value for name, value in given.items() if name not in _TABLES})
        if "name" not in plain:
            raise self._error((number, "", ""), "this box has no name", 'give it one: name = "A1"')
        if not plain.get("id") and not plain.get("serial"):
            remedy = "say where it is: serial = a port, or id = the serial number of its USB adapter (lockproof ports lists both)"
            raise self._error((number, "", "name"), f"box {plain['name']} has no port", remedy)
        before, after = (
            self._program(number, "", key, plain.pop(key)) if key in plain else None for key in ("pre_script", "post_script")
        )
        if plain.get("serial", "").startswith(("./", "../")):  # as the paths of programs
            plain["serial"] = str((self.file.path.parent / plain["serial"]).absolute())
        return Board(
            place=self._place((number, "", "")),
            power=self._power(number, tables["power"]) if "power" in given else None,
            observation=self._observation(number, tables["observation"]),
            budget=Budget(**tables["budget"]),
            pre_script=before,
            post_script=after,
            **plain,
        )

    def _checked(self, number: int, table: str, given: dict[str, Any]) -> dict[str, Any]:
        of, others = (f"[box.{table}]", ()) if table else ("a box", _TABLES)
        return self.file.checked(_keys(number, table, ""), given, _FIELDS[table or "box"], of, others)

    def _power(self, number: int, given: dict[str, Any]) -> Power:
        remedy = "give off and on, or one command that is run with off or on as its last word"
        if "command" in given and ("off" in given or "on" in given):
            raise self._error((number, "power", "command"), "command stands beside off and on", remedy)
        if "command" not in given and not ("off" in given and "on" in given):
            raise self._error((number, "power", ""), "the power can't be switched off and on", remedy)
        settings = {name: float(given[name]) for name in ("minimum_off", "timeout") if name in given}
        if "command" in given:
            one = self._program(number, "power", "command", given["command"])
            off, on = (Program((*one.words, word), one.folder, one.place) for word in ("off", "on"))
        else:
            off, on = (self._program(number, "power", word, given[word]) for word in ("off", "on"))
        return Power(off, on, **settings)

    def _observation(self, number: int, given: dict[str, Any]) -> Observation:
        by = given.get("by", SENSOR if "command" in given else SELF_REPORTED)
        if by == SENSOR and "command" not in given:
            remedy = "give the command that says whether the box is open: command = "
            raise self._error((number, "observation", "by"), "a sensor needs a command", f'{remedy}"sensor --box A1"')
        if by != SENSOR and "command" in given:
            raise self._error(
                (number, "observation", "command"), f"by = {by} runs no command", 'leave it out, or write by = "sensor"'
            )
        program = self._program(number, "observation", "command", given["command"]) if "command" in given else None
        return Observation(by, program, **{name: float(given[name]) for name in ("delay", "settle", "timeout") if name in given})

    def _program(self, number: int, table: str, key: str, value: str | list[str]) -> Program:
        """Words of a command whose program exists; one with a path is looked for from the folder of the file."""
        words = tuple(value) if isinstance(value, list) else tuple(_split(value))
        folder, where = self.file.path.parent.resolve(), (number, table, key)
        program = str(folder / words[0]) if "/" in words[0] else words[0]
        found = shutil.which(program)
        if found is None:
            remedy = "install it, or write its path; paths are from the folder of the bench file"
            raise self._error(where, f"{key}: there is no program {words[0]} that can be run", remedy)
        return Program((found, *words[1:]), folder, self._place(where))

    def _place(self, where: tuple[int, str, str]) -> str:
        return self.file.line(_keys(*where))

    def _error(self, where: tuple[int, str, str], what: str, remedy: str) -> FileError:
        return self.file.error(_keys(*where), what, remedy)


def _keys(number: int, table: str, key: str) -> Place:
    return ("box", number, *(each for each in (table, key) if each))


def _line(place: str) -> str:
    return place.rpartition(":")[2]
