"""A program that is an adapter: the reference box behind JSON lines, and ways in which such a program goes wrong.

`python json_box.py [MISBEHAVIOUR]`; it does so at the third request. `python json_box.py core [DIGITS]` has codes of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zlib
from dataclasses import asdict, is_dataclass, replace

from lockproof.reference.box import ReferenceBox
from lockproof.reference.days import Days, Zones
from lockproof.spec.observable import (
    BenchError,
    CodeIndex,
    CutClass,
    Declined,
    Hello,
    NoAnswer,
    PowerCut,
    Provisioning,
    ZoneTable,
)

AT = 3


def own_digits(code: CodeIndex, length: int = 8) -> str:
    """Of a maker whose codes hang on the local date and the index alone."""
    return f"{zlib.crc32(f'{(code.day_start + 48600) // 86400} {code.index}'.encode()) % 10**length:0{length}}"


class CoreBox(ReferenceBox):
    """With codes of its own."""

    length = 8

    def hello(self) -> Hello:
        return replace(super().hello(), classes=("core",), code_digits=self.length)

    def _boot_days(self, zones: Zones) -> None:
        self.days = Days(self.keys, zones, lambda code: own_digits(code, self.length))


MESSAGES = {"time_order": "order", "revocation_order": "order", "present": "ticket"}


def carry_out(box: ReferenceBox, command: str, given: dict) -> object:
    if command == "provision":
        zone = ZoneTable(tuple((utc, offset) for utc, offset in given["zone"]["pairs"]), given["zone"]["expiry"])
        return box.provision(Provisioning(bytes.fromhex(given["box_id"]), bytes.fromhex(given["secret"]), zone))
    if command == "cut_power":
        return box.cut_power(PowerCut(CutClass(given["cut"]), given["off_for"], given["nth"]))
    if command in MESSAGES:
        return getattr(box, command)(bytes.fromhex(given[MESSAGES[command]]))
    if not hasattr(box, command):
        raise Declined("unknown-command", command)
    return getattr(box, command)(**given)


def plain(value: object) -> object:
    if is_dataclass(value):
        value = asdict(value)
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value.hex() if isinstance(value, bytes) else value


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def flood() -> None:
    while True:
        sys.stdout.write("x" * 65536)


def cling() -> None:
    """Neither ends with its standard input nor lets what it has started end."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    sys.stderr.write(f"child {child.pid}\n")
    sys.stderr.flush()
    time.sleep(600)


def close() -> None:
    os.close(1)
    time.sleep(600)


def say_much() -> None:
    sys.stderr.write("y" * 1_000_000 + "\nenough\n")
    sys.stderr.flush()


MISBEHAVIOURS = {
    "dies": lambda: sys.exit(3),
    "complains": lambda: sys.exit("no port /dev/ttyUSB9"),
    "prints": lambda: say("hello, I am a box"),
    "prints json": lambda: say("[1, 2]"),
    "floods": flood,
    "hangs": lambda: time.sleep(600),
    "clings": cling,
    "closes": close,
    "says much": say_much,
}


def main() -> None:
    how = sys.argv[1] if len(sys.argv) > 1 else ""
    CoreBox.length = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    box = CoreBox() if how == "core" else ReferenceBox()
    for number, line in enumerate(sys.stdin, 1):
        request = json.loads(line)
        if number == AT and how in MISBEHAVIOURS:
            MISBEHAVIOURS[how]()
        told: dict = {"id": request["id"] + (how == "counts" and number == AT)}
        try:
            told["result"] = plain(carry_out(box, request["command"], request["arguments"]))
        except NoAnswer as error:
            told["error"] = {"kind": "no-answer", "message": str(error)}
        except Declined as error:
            told["error"] = {"kind": "declined", "why": error.why, "message": str(error)}
        except BenchError as error:
            told["error"] = {"kind": "failed", "message": str(error)}
        if how == "both" and number == AT:
            told["error"] = {"kind": "failed", "message": "and yet"}
        say(json.dumps(told))


if __name__ == "__main__":
    main()
