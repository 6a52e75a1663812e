"""`lockproof ports`, told: a list for people or as JSON, or what a port says."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from lockproof.conformance import ports
from lockproof.hw_adapter.channel import LineSettings

FOUND, NONE_ANSWERS = 0, 3


def list_and_tell(names: Sequence[str], baud: int, *, ask: bool, as_json: bool) -> int:
    """The exit code: 3 where a port was named and no box answers there, else 0."""
    there = ports.named(names, ports.usb_ports())
    if ask and there and not as_json and not names:
        sys.stderr.write(f"saying hello at {len(there)} port{'s' * (len(there) > 1)}\n")
    seen = ports.look_at(there, LineSettings(baudrate=baud)) if ask else [ports.Seen(port, ports.NOT_ASKED) for port in there]
    if as_json:
        sys.stdout.write(json.dumps([_as_json(each) for each in seen], indent=1, ensure_ascii=False) + "\n")
    else:
        lines = [*(ports.told(each) for each in seen), *ports.doubles(seen)]
        sys.stdout.write(
            "\n".join(lines or ["no serial port is here; plug a box in, or name an address: socket://host:port"]) + "\n"
        )
    return NONE_ANSWERS if names and ask and any(each.state != ports.BOX for each in seen) else FOUND


def _as_json(seen: ports.Seen) -> dict[str, object]:
    found = asdict(seen)
    return {**found.pop("port"), **found}


def listen_and_tell(url: str, baud: int, seconds: float) -> int:
    """Shows what a port says until the time is over or Ctrl-C."""

    def show(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    sys.stderr.write(f"{url}: listening at {baud} baud, {f'{seconds:g} s' if seconds else 'until Ctrl-C'}\n")
    total = 0
    try:
        total = ports.listen(url, LineSettings(baudrate=baud), seconds, show)
    except KeyboardInterrupt:
        return FOUND
    sys.stderr.write(f"{url}: {total} bytes in {seconds:g} s\n")
    return FOUND
