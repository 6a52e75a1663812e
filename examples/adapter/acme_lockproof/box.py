"""Acme's box, which speaks text on its service line: `acme-box` serves one on a pseudo-terminal and prints the path.

One line each way: a word and its arguments, `OK …`, `ERR why`, or nothing at all if power fails. A real one is firmware; here
the reference box decides behind it, with Acme's codes for its own, because every box must decide alike.

    HELLO? | WIPE | SETUP id secret expiry utc:offset,… | CLK? | HOLD 0/1 | FWD seconds | LAG seconds | CUT off | CUTAT nth off
    NONCE? | TIME hex | REVOKE hex | TICKET hex | KEY digits | LOG? from
"""

from __future__ import annotations

import os
import signal
import sys
import tty
from types import FrameType

from lockproof.reference.box import ReferenceBox
from lockproof.reference.days import Days, Zones
from lockproof.spec.observable import (
    ClockReading,
    CodeIndex,
    CutClass,
    Decision,
    Declined,
    LogEntry,
    NoAnswer,
    PowerCut,
    Provisioning,
    ZoneTable,
)

from acme_lockproof import codes

PAGE = 8  # entries in one answer


class Deciding(ReferenceBox):
    """The reference box with Acme's codes."""

    def _boot_days(self, zones: Zones) -> None:
        self.days = Days(self.keys, zones, self._digits)

    def _digits(self, code: CodeIndex) -> str:
        return codes.digits(self.box_id, self.secret, code.day_start, code.day_end, code.index)


def answer(box: ReferenceBox, line: str) -> str:
    """What the box says to a line, nothing if power failed."""
    word, *given = line.split()
    try:
        return " ".join(("OK", _carried_out(box, word, given))).strip()
    except Declined as declined:
        return f"ERR {declined.why}"
    except NoAnswer:
        return ""
    except (ValueError, IndexError):
        return "ERR bad-arguments"


def _carried_out(box: ReferenceBox, word: str, given: list[str]) -> str:  # noqa: C901, PLR0912 (one line for each word)
    match word:
        case "HELLO?":
            hello = box.hello()
            return f"{hello.identity} {hello.session} {hello.writes} {hello.reset_cause}"
        case "WIPE":
            box.reset()
        case "SETUP":
            box_id, secret, expiry, pairs = given
            split = (pair.split(":") for pair in pairs.split(","))
            zone = ZoneTable(tuple((int(utc), int(offset)) for utc, offset in split), int(expiry))
            box.provision(Provisioning(bytes.fromhex(box_id), bytes.fromhex(secret), zone))
        case "CLK?":
            return _clock(box.read_clock())
        case "HOLD":
            return _clock(box.hold_clock(given[0] == "1"))
        case "FWD":
            return _clock(box.advance_clock(int(given[0])))
        case "LAG":
            return _clock(box.disturb_clock(int(given[0])))
        case "CUT":
            box.cut_power(PowerCut(CutClass.RESET, int(given[0])))
        case "CUTAT":
            box.cut_power(PowerCut(CutClass.NTH_WRITE, int(given[1]), int(given[0])))
        case "NONCE?":
            return box.challenge().hex()
        case "TIME":
            return _decision(box.time_order(bytes.fromhex(given[0])))
        case "REVOKE":
            return _decision(box.revocation_order(bytes.fromhex(given[0])))
        case "TICKET":
            return _decision(box.present(bytes.fromhex(given[0])))
        case "KEY":
            return _decision(box.enter(given[0]))
        case "LOG?":
            return _log(box, int(given[0]))
        case _:
            raise Declined("unknown-command", word)
    return ""


def _clock(reading: ClockReading) -> str:
    return f"{_or_dash(reading.box_time)} {reading.timer} {int(reading.held)}"


def _decision(decision: Decision) -> str:
    return f"{int(decision.accepted)} {_or_dash(decision.reason)} {_or_dash(decision.box_time)}"


def _log(box: ReferenceBox, first: int) -> str:
    page = box.read_log(first)
    entries = page.entries[:PAGE]
    more = page.more or len(entries) < len(page.entries)
    following = entries[-1].number + 1 if more else page.next_number
    return " ".join((f"{page.epoch} {following} {int(more)}", *map(_entry, entries)))


def _entry(entry: LogEntry) -> str:
    of = entry.credential
    credential = f"{of.day_start}/{of.day_end}/{of.index}" if isinstance(of, CodeIndex) else of.hex() if of else "-"
    told = (entry.number, entry.kind, int(entry.accepted), _or_dash(entry.instant), credential, _or_dash(entry.reason))
    return ",".join(map(str, (*told, entry.count)))


def _or_dash(value: object) -> object:
    return "-" if value is None else value


def main() -> None:
    """Serve a new box on a pseudo-terminal until told to stop."""
    near, far = os.openpty()
    tty.setraw(far)
    signal.signal(signal.SIGTERM, _stop)
    sys.stdout.write(f"{os.ttyname(far)}\n")
    sys.stdout.flush()
    box, held = Deciding(), b""
    while True:
        *lines, held = (held + os.read(near, 4096)).split(b"\n")
        for line in filter(None, lines):
            if said := answer(box, line.decode(errors="replace")):
                os.write(near, f"{said}\n".encode())


def _stop(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
