"""The same adapter as a program: JSON lines in and out, Acme's text on the line, and nothing of lockproof.

`acme_program.py PORT`; the speed of the port is what it is set to (`stty -F PORT 9600`).
"""

from __future__ import annotations

import hashlib
import json
import os
import select
import sys
import termios
import time
import tty

SILENCE_S = 2.0
DECLARED = {
    "firmware": "acme 1.0",
    "classes": ["core"],
    "clock_modes": ["test-clock", "wall-clock"],
    "cut_classes": ["reset", "cut-at-nth-write"],
    "gives_reasons": True,
    "code_digits": 8,
    "code_indices": 8,
    "code_ends_with_its_day": False,
    "holdover": 86400,
    "clock_skew": 2,
    "drift_ppm": 20,
    "log_capacity": 4096,
    "log_when_full": "overwrite-oldest",
    "boot_ms": 20,
    "reset_ms": 20,
    "disturbs_clock": True,
}


class Failed(Exception):  # noqa: N818  (reads as what happened)
    """The error of an answer: its kind, its message, and why it was declined."""

    def __init__(self, kind: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.told = {"kind": kind, "message": message, **more}


def ask(port: int, line: str) -> list[str]:
    """One line out, one line in, within a bounded time; the words after OK."""
    try:
        termios.tcflush(port, termios.TCIFLUSH)  # an answer that came too late is none to this
        os.write(port, f"{line}\n".encode())
        said = answer(port)
    except (OSError, termios.error) as error:
        raise Failed("failed", f"the line is gone: {error.args[1]}") from None
    verdict, *words = said.decode(errors="replace").split()
    if verdict == "ERR":
        raise Failed("declined", f"the box says {words[0]}", why=words[0])
    if verdict != "OK":
        raise Failed("failed", f"{said!r} is no answer of this box")
    return words


def answer(port: int) -> bytes:
    said, give_up = b"", time.monotonic() + SILENCE_S
    while not said.endswith(b"\n"):
        if not select.select([port], [], [], max(0.0, give_up - time.monotonic()))[0]:
            raise Failed("no-answer", f"the box said nothing for {SILENCE_S:g} s")
        came = os.read(port, 4096)
        if not came:
            raise Failed("failed", "the line is gone")
        said += came
    return said


def number(word: str) -> int | None:
    return None if word == "-" else int(word)


def text(word: str) -> str | None:
    return None if word == "-" else word


def hello(words: list[str]) -> dict[str, object]:
    identity, session, writes, cause = words
    return {**DECLARED, "identity": identity, "session": int(session), "writes": int(writes), "reset_cause": cause}


def decision(words: list[str]) -> dict[str, object]:
    return {"accepted": words[0] == "1", "reason": text(words[1]), "box_time": number(words[2])}


def clock(words: list[str]) -> dict[str, object]:
    return {"box_time": number(words[0]), "timer": int(words[1]), "held": words[2] == "1"}


def nonce(words: list[str]) -> str:
    return words[0]


def nothing(_words: list[str]) -> None:
    return None


def log(words: list[str]) -> dict[str, object]:
    epoch, following, more, *entries = words
    return {"epoch": int(epoch), "next_number": int(following), "more": more == "1", "entries": [entry(e) for e in entries]}


def entry(told: str) -> dict[str, object]:
    which, kind, accepted, instant, of, reason, count = told.split(",")
    credential: object = text(of)
    if "/" in of:
        credential = dict(zip(("day_start", "day_end", "index"), map(int, of.split("/")), strict=True))
    return {
        "number": int(which),
        "kind": kind,
        "accepted": accepted == "1",
        "instant": number(instant),
        "credential": credential,
        "reason": text(reason),
        "count": int(count),
    }


def setup(given: dict) -> str:
    pairs = ",".join(f"{utc}:{offset}" for utc, offset in given["zone"]["pairs"])
    return f"SETUP {given['box_id']} {given['secret']} {given['zone']['expiry']} {pairs}"


def cut(given: dict) -> str:
    return f"CUT {given['off_for']}" if given["cut"] == "reset" else f"CUTAT {given['nth']} {given['off_for']}"


def mint(given: dict) -> str:
    """No command to the box: what Acme's service would issue."""
    day, secret = given["code"], bytes.fromhex(given["secret"])
    said = f"acme {given['box_id']} {day['day_start']} {day['day_end']} {day['index']}".encode()
    return f"{int.from_bytes(hashlib.blake2b(said, key=secret, digest_size=8).digest(), 'big') % 10**8:08}"


COMMANDS = {
    "hello": (lambda _: "HELLO?", hello),
    "reset": (lambda _: "WIPE", nothing),
    "provision": (setup, nothing),
    "time_order": (lambda given: f"TIME {given['order']}", decision),
    "revocation_order": (lambda given: f"REVOKE {given['order']}", decision),
    "enter": (lambda given: f"KEY {given['digits']}", decision),
    "challenge": (lambda _: "NONCE?", nonce),
    "present": (lambda given: f"TICKET {given['ticket']}", decision),
    "read_log": (lambda given: f"LOG? {given['from_number']}", log),
    "read_clock": (lambda _: "CLK?", clock),
    "hold_clock": (lambda given: f"HOLD {int(given['held'])}", clock),
    "advance_clock": (lambda given: f"FWD {given['seconds']}", clock),
    "disturb_clock": (lambda given: f"LAG {given['seconds']}", clock),
    "cut_power": (cut, nothing),
}


def carried_out(port: int, command: str, given: dict) -> object:
    if command == "mint":
        return mint(given)
    if command not in COMMANDS:
        raise Failed("declined", f"no {command} here", why="unknown-command")
    say, understand = COMMANDS[command]
    return understand(ask(port, say(given)))


def main() -> None:
    try:
        port = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
        tty.setraw(port)
    except (OSError, termios.error) as error:
        sys.exit(f"{sys.argv[1]}: can't be opened: {error.args[1]}")
    for line in sys.stdin:
        request = json.loads(line)
        try:
            told = {"id": request["id"], "result": carried_out(port, request["command"], request["arguments"])}
        except Failed as failed:
            told = {"id": request["id"], "error": failed.told}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
