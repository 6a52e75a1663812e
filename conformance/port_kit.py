"""The port kit (hw_adapter/firmware) as a box to be judged: its host port, built, started and powered by the kit.

Its faults are mistakes that C invites; the list, with the clause that each breaks, is that of core/faulty.h.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tempfile
from itertools import count
from pathlib import Path

from lockproof import hw_adapter
from lockproof.conformance.bench import Board, Power, Program
from lockproof.conformance.faults import Fault, Kind
from lockproof.spec.clauses import clause
from lockproof.spec.observable import BadInput

FIRMWARE = Path(hw_adapter.__path__[0]) / "firmware"
_FAULTS = FIRMWARE / "core" / "faulty.h"
_FAULT = re.compile(r'^    FAULT\((\w+), (\w+), "([\w.-]+)",[\s\\]*"([^"]+)"\)', re.MULTILINE)
_TOOLS = ("make", "cc", "setsid", "flock")
_OFF_S = 0.05  # a process that is gone keeps no charge
_number = count()


def all_faults() -> dict[str, Fault]:
    """The faulty firmwares by name, in the order of core/faulty.h. Raises `BadInput` where its sources are not here."""
    _refuse_without_sources()
    text = _FAULTS.read_text(encoding="utf-8")
    found = ((name.replace("_", "-"), kind, breaks, does) for name, kind, breaks, does in _FAULT.findall(text))
    return {name: Fault(name, clause(breaks).id, does, Kind(kind)) for name, kind, breaks, does in found}


def board(fault: str = "") -> Board:
    """The host port, or a faulty one, as a bench would have it. Raises `BadInput` where it can't be built here."""
    _refuse_without_sources()
    if missing := [tool for tool in _TOOLS if shutil.which(tool) is None]:
        raise BadInput(f"the port kit can't be built: not installed: {' '.join(missing)} (Debian: make gcc util-linux)")
    state = Path(tempfile.gettempdir()) / f"lockproof-firmware-{os.getpid()}-{next(_number)}"
    power = (str(FIRMWARE / "host" / "power"), str(state))
    build = (Path("build") if os.access(FIRMWARE, os.W_OK) else state) / (fault or "good")  # make takes no path with spaces
    program = str(FIRMWARE / build / "lockproof-host")
    kept = ("mkdir", "-p", str(state), "&&", "touch", str(state / "passing"), "&&")
    made = ("flock", str(FIRMWARE / "Makefile"), "make", "-s", "-C", str(FIRMWARE), f"BUILD={build}", f"FAULT={fault}", "&&")
    return Board(
        name="firmware" + (f":{fault}" if fault else ""),
        place=str(FIRMWARE / "host" / "power"),
        serial=str(state / "line"),
        pre_script=_shell(*kept, *made, *power, "on", program),
        post_script=_shell(*power, "off", ";", "rm", "-r", str(state)),
        power=Power(_run(*power, "off"), _run(*power, "on", program), _OFF_S),
    )


def _refuse_without_sources() -> None:
    if not _FAULTS.exists():
        raise BadInput(f"the port kit can't be built: {_FAULTS} is not here: use a clone")


def _run(*words: str) -> Program:
    return Program(words, FIRMWARE, str(FIRMWARE / "Makefile"))


def _shell(*words: str) -> Program:
    return _run("sh", "-c", " ".join(word if word in {"&&", ";"} else shlex.quote(word) for word in words))
