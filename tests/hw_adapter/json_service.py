"""A program that is an authority, and ways in which such a program goes wrong: `python json_service.py [MISBEHAVIOUR] [AT]`.

Behind it stands the example of a service. It goes wrong at its third request, or at request AT.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "examples" / "authority"))
from service import Service, answered


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def go_wrong(how: str, request: dict) -> None:
    if how == "dies":
        sys.exit(3)
    if how == "complains":
        sys.exit("the database is gone")
    if how == "prints":
        say("hello, I am an authority")
    if how == "echoes":
        say(json.dumps(request))
    if how == "floods":
        while True:
            sys.stdout.write("x" * 65536)
    if how == "closes":
        os.close(1)
        time.sleep(60)
    if how == "clings":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        sys.stderr.write(f"{child.pid}\n")
        sys.stderr.flush()
    time.sleep(600)


def main() -> None:
    how, at = (*sys.argv[1:], "", "")[:2]
    service = Service()
    for number, line in enumerate(sys.stdin, 1):
        request = json.loads(line)
        if how and number >= int(at or 3):
            go_wrong(how, request)
        say(json.dumps(answered(service, request)))


if __name__ == "__main__":
    main()
