"""An authority as a program: JSON lines in and out, over the reference authority; a vendor's own service would stand in its place.

`service.py`, or `service.py --no-reasons`, which refuses without a clause. A fresh authority, in memory, at each reset.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any

from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.pins import CHEAP
from lockproof.spec.observable import BenchError, CodeIndex, LogEntry, LogKind, Role

GIVES_REASONS = "--no-reasons" not in sys.argv[1:]
HELLO = {
    "name": "example service",
    "version": "1.0",
    "classes": ["core", "interop"],
    "gives_reasons": GIVES_REASONS,
    "requests": ["share_by_email"],
}
REQUESTS = (
    *("add_person", "add_property", "add_box", "set_owners", "set_agent", "set_barred", "assign"),
    *("register_account", "close_account"),
    *("which", "grant_connect", "issue_ticket", "revoke", "revocation_order", "revocation_delivered", "revocations"),
    *("generate_code", "share", "share_by_email", "receive", "report", "notifications", "alerts"),
)
NO_RESULT = (*REQUESTS[: REQUESTS.index("close_account") + 1],)


class Unknown(Exception):  # noqa: N818  (reads as what it is)
    """A request that there is not."""


def entry(told: dict[str, Any]) -> LogEntry:
    """One entry of a box's log: what it names is a code, a grant, or nothing."""
    named = told["credential"]
    credential = CodeIndex(**named) if isinstance(named, dict) else bytes.fromhex(named) if named is not None else None
    return LogEntry(**{**told, "kind": LogKind(told["kind"]), "credential": credential})


READ: dict[str, Callable[[Any], Any]] = {
    "box_id": bytes.fromhex,
    "secret": bytes.fromhex,
    "nonce": bytes.fromhex,
    "owners": tuple,
    "role": Role,
    "roles": lambda roles: tuple(map(Role, roles)),
    "entries": lambda entries: tuple(entry(each) for each in entries),
}


def plain(value: Any) -> Any:
    """As JSON has it."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value


class Service:
    """The authority of now, and what it is asked."""

    def __init__(self) -> None:
        self.authority = ReferenceAuthority(pin_cost=CHEAP)

    def carry_out(self, command: str, given: dict[str, Any]) -> Any:
        if command == "hello":
            return HELLO
        if command == "reset":
            self.authority.close()
            self.authority = ReferenceAuthority(pin_cost=CHEAP)
            return None
        if command not in REQUESTS:
            raise Unknown(f"no {command} here")
        made = plain(
            getattr(self.authority, command)(**{name: READ.get(name, _as_it_is)(value) for name, value in given.items()})
        )
        if isinstance(made, dict) and "clauses" in made and not GIVES_REASONS:
            made["clauses"] = []
        return None if command in NO_RESULT else made


def _as_it_is(value: Any) -> Any:
    return value


def answered(service: Service, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"id": request["id"], "result": service.carry_out(request["command"], request["arguments"])}
    except Unknown as unknown:
        error = {"kind": "declined", "why": "unknown-command", "message": str(unknown)}
    except (BenchError, TypeError) as wrong:  # nobody is known by that name, or the arguments are others
        error = {"kind": "declined", "why": "bad-arguments", "message": str(wrong)}
    return {"id": request["id"], "error": error}


def main() -> None:
    service = Service()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answered(service, json.loads(line))) + "\n")
        sys.stdout.flush()
    service.authority.close()


if __name__ == "__main__":
    main()
