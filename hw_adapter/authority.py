"""An authority that is judged: whoever it is, asked by the same requests, and watched (AUTHORITIES.md).

What an answer may be is said once, by the readers of the protocol of programs: that of an adapter in Python is written as JSON has
it, and read back. An error of an authority is an error of the harness, and never a verdict, about it or about a box.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol, Self

from lockproof.hw_adapter import json_lines
from lockproof.hw_adapter.authority_lines import OF_AN_AUTHORITY
from lockproof.hw_adapter.guard import DEFAULT_PATIENCE, AdapterFault, AdapterGone, AdapterHangs, AdapterPatience, called
from lockproof.hw_adapter.line_program import LineProgram, OnSaid, words_of
from lockproof.hw_adapter.own_thread import OwnThread
from lockproof.hw_adapter.vendor import declined
from lockproof.spec.observable import (
    Advice,
    Alert,
    Answer,
    AuthorityHello,
    BenchError,
    CodeIndex,
    Declined,
    LogEntry,
    NoAnswer,
    Notification,
    ReportLine,
    Revocation,
    Role,
)

PAGE = "AUTHORITIES.md"
SUCH_AS = "./my-service --test"
_AFTER_CTRL_C_S = 0.5


class AuthorityError(BenchError):
    """An authority did not answer as it was asked. `why` is that of `Declined`, where it declined."""

    def __init__(self, message: str, why: str = "") -> None:
        super().__init__(message)
        self.why = why


class AuthorityAdapter(ABC):
    """What a vendor's own service is asked, in Python (AUTHORITIES.md, "In Python"). `now` is the only clock that it may go by.

    Published in the entry point group `lockproof.authorities`, it is used as `lockproof run --authority adapter:NAME:OPTIONS`. Every
    method may raise `BenchError`, and returns within the time that an answer has; all are called on one thread.
    """

    @classmethod
    @abstractmethod
    def open(cls, options: Mapping[str, str]) -> Self:
        """Raises `BadInput` for options that can't be used, `BenchError` where there is no service."""

    def close(self) -> None:
        """Give back what was opened. Called once, unless a call never returned."""
        return

    @abstractmethod
    def hello(self) -> AuthorityHello: ...

    @abstractmethod
    def reset(self) -> None:
        """Forget everything: nobody is known, and nothing was ever issued."""

    @abstractmethod
    def add_person(self, person: str, name: str, pin: str, office: str | None) -> None: ...

    @abstractmethod
    def add_property(self, prop: str, address: str, zone: str, agent: str, office: str | None) -> None: ...

    @abstractmethod
    def add_box(self, box_id: bytes, secret: bytes, owners: tuple[str, ...]) -> None: ...

    @abstractmethod
    def set_owners(self, box_id: bytes, owners: tuple[str, ...]) -> None: ...

    @abstractmethod
    def set_agent(self, prop: str, agent: str) -> None: ...

    @abstractmethod
    def set_barred(self, roles: tuple[Role, ...]) -> None: ...

    @abstractmethod
    def assign(self, box_id: bytes, prop: str | None, now: int) -> object:
        """What it returns is not looked at: the bench makes zone tables itself."""

    @abstractmethod
    def register_account(self, email: str, now: int) -> None: ...

    @abstractmethod
    def close_account(self, email: str, now: int) -> None: ...

    @abstractmethod
    def which(self, role: Role) -> Advice: ...

    @abstractmethod
    def grant_connect(self, by: str, box_id: bytes, email: str, role: Role, start: int, end: int, now: int) -> Answer: ...

    @abstractmethod
    def issue_ticket(self, grant: str, account: str, nonce: bytes, now: int) -> Answer: ...

    @abstractmethod
    def revoke(self, reference: str, by: str, now: int) -> Answer: ...

    @abstractmethod
    def revocation_order(self, grant: str) -> bytes | None: ...

    @abstractmethod
    def revocation_delivered(self, grant: str, now: int) -> None: ...

    @abstractmethod
    def revocations(self) -> tuple[Revocation, ...]: ...

    @abstractmethod
    def generate_code(
        self, by: str, pin: str, box_id: bytes, date: str, name: str, role: Role, seller_permission: bool, now: int
    ) -> Answer: ...

    @abstractmethod
    def share(self, code: str) -> str: ...

    @abstractmethod
    def receive(self, box_id: bytes, epoch: int, entries: tuple[LogEntry, ...], now: int) -> None: ...

    @abstractmethod
    def report(self) -> tuple[ReportLine, ...]: ...

    @abstractmethod
    def notifications(self) -> tuple[Notification, ...]: ...

    @abstractmethod
    def alerts(self) -> tuple[Alert, ...]: ...

    # What an authority may leave out, if its hello does not name it

    def share_by_email(self, code: str, to: str) -> bytes:  # noqa: ARG002 (declined whatever it is)
        raise declined("unsupported", "sharing by email")

    def mint(self, box_id: bytes, secret: bytes, code: CodeIndex) -> str:  # noqa: ARG002 (declined whatever it is)
        """The digits of a code of the box with this identity and secret, for an authority with codes of its own."""
        raise declined("unsupported", "codes of its own")


class Asks(Protocol):
    """The way on which an authority is asked. What it answers is read, and what it raises is a `BenchError`."""

    def ask(self, command: str, arguments: Mapping[str, Any], within_s: float) -> Any: ...

    def close(self, within_s: float) -> None: ...


class AskedInPython:
    """An adapter, called on the thread; without one it is called as it is, and keeps the time itself."""

    def __init__(self, adapter: Any, name: str, thread: OwnThread | None = None) -> None:
        self._adapter = adapter
        self._name = name
        self._thread = thread
        self._gone = ""

    def ask(self, command: str, arguments: Mapping[str, Any], within_s: float) -> Any:
        if self._gone:
            raise AdapterGone(self._gone)
        try:
            method = getattr(self._adapter, command)
        except AttributeError:
            raise declined("unknown-command", command) from None
        try:
            made = called(self._name, command, lambda: method(**arguments), self._thread, within_s, "authority")
        except AdapterHangs as hangs:
            self._gone = str(hangs)
            raise
        if command in OF_AN_AUTHORITY:
            try:
                return json_lines.result(command, json_lines.plain(made), OF_AN_AUTHORITY)
            except json_lines.Garbage as wrong:
                raise AdapterFault(f"{self._name}: the answer to {command} is none: {wrong}; it was {made!r:.200}") from None
        return None

    def close(self, within_s: float) -> None:
        if self._gone and self._thread and self._thread.is_busy:
            return
        try:
            called(self._name, "close", self._adapter.close, self._thread, within_s, "authority")
        finally:
            if self._thread:
                self._thread.end()


class AskedByLine:
    """A program."""

    def __init__(self, program: LineProgram) -> None:
        self.program = program

    def ask(self, command: str, arguments: Mapping[str, Any], within_s: float) -> Any:
        return self.program.ask(command, arguments, within_s)

    def close(self, within_s: float) -> None:
        self.program.close(within_s)


def open_program(
    command_line: str, patience: AdapterPatience = DEFAULT_PATIENCE, on_said: OnSaid | None = None
) -> GuardedAuthority:
    """Starts the program. Raises `BadInput` for a command line that is none, `BenchError` for a program that can't be started."""
    words = words_of(command_line, SUCH_AS)
    name = f"authority {words[0]}"
    return GuardedAuthority(AskedByLine(LineProgram(words, name, PAGE, OF_AN_AUTHORITY, on_said)), name, patience)


class GuardedAuthority:
    """An authority, asked by its requests. Every method raises `BenchError`, and neither `NoAnswer` nor `Declined`, which are of boxes.

    It is an `Authority` of `spec.observable` but for what is the bench's own where an authority is judged: zone tables and time orders.
    """

    def __init__(self, way: Asks, name: str, patience: AdapterPatience = DEFAULT_PATIENCE) -> None:
        self.way = way
        self.name = name
        self._patience = patience

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.way.close(_AFTER_CTRL_C_S if kind is KeyboardInterrupt else self._patience.end)
        except AdapterFault:
            if kind is None:  # what happened before says more
                raise

    def ask(self, command: str, **arguments: Any) -> Any:
        """Any request, by its name. Raises `AuthorityError`, `AdapterFault` or `AdapterGone`."""
        try:
            return self.way.ask(command, arguments, self._patience.answer)
        except Declined as error:
            raise AuthorityError(self._told(str(error)), error.why) from None
        except NoAnswer as error:
            raise AuthorityError(self._told(str(error))) from None

    def _told(self, message: str) -> str:
        return message if message.startswith(self.name) else f"{self.name}: {message}"

    def hello(self) -> AuthorityHello:
        hello: AuthorityHello = self.ask("hello")
        return hello

    def reset(self) -> None:
        self.ask("reset")

    # People, properties and boxes

    def add_person(self, person: str, name: str, pin: str, office: str | None = None) -> None:
        self.ask("add_person", person=person, name=name, pin=pin, office=office)

    def add_property(self, prop: str, address: str, zone: str, agent: str, office: str | None = None) -> None:
        self.ask("add_property", prop=prop, address=address, zone=zone, agent=agent, office=office)

    def add_box(self, box_id: bytes, secret: bytes, owners: tuple[str, ...] = ()) -> None:
        self.ask("add_box", box_id=box_id, secret=secret, owners=owners)

    def set_owners(self, box_id: bytes, owners: tuple[str, ...]) -> None:
        self.ask("set_owners", box_id=box_id, owners=owners)

    def set_agent(self, prop: str, agent: str) -> None:
        self.ask("set_agent", prop=prop, agent=agent)

    def set_barred(self, roles: tuple[Role, ...]) -> None:
        self.ask("set_barred", roles=roles)

    def put(self, box_id: bytes, prop: str | None, now: int) -> None:
        """Assign the box to a property, or to none."""
        self.ask("assign", box_id=box_id, prop=prop, now=now)

    def register_account(self, email: str, now: int) -> None:
        self.ask("register_account", email=email, now=now)

    def close_account(self, email: str, now: int) -> None:
        self.ask("close_account", email=email, now=now)

    def which(self, role: Role) -> Advice:
        advice: Advice = self.ask("which", role=role)
        return advice

    # Connect

    def grant_connect(self, by: str, box_id: bytes, email: str, role: Role, start: int, end: int, now: int) -> Answer:
        return self._answer("grant_connect", by=by, box_id=box_id, email=email, role=role, start=start, end=end, now=now)

    def issue_ticket(self, grant: str, account: str, nonce: bytes, now: int) -> Answer:
        return self._answer("issue_ticket", grant=grant, account=account, nonce=nonce, now=now)

    def revoke(self, reference: str, by: str, now: int) -> Answer:
        return self._answer("revoke", reference=reference, by=by, now=now)

    def revocation_order(self, grant: str) -> bytes | None:
        order: bytes | None = self.ask("revocation_order", grant=grant)
        return order

    def revocation_delivered(self, grant: str, now: int) -> None:
        self.ask("revocation_delivered", grant=grant, now=now)

    def revocations(self) -> tuple[Revocation, ...]:
        found: tuple[Revocation, ...] = self.ask("revocations")
        return found

    # One Day Code

    def generate_code(
        self, by: str, pin: str, box_id: bytes, date: str, name: str, role: Role, seller_permission: bool, now: int
    ) -> Answer:
        told = {"by": by, "pin": pin, "box_id": box_id, "date": date, "name": name, "role": role}
        return self._answer("generate_code", **told, seller_permission=seller_permission, now=now)

    def share(self, code: str) -> str:
        text: str = self.ask("share", code=code)
        return text

    def share_by_email(self, code: str, to: str) -> bytes:
        message: bytes = self.ask("share_by_email", code=code, to=to)
        return message

    def mint(self, box_id: bytes, secret: bytes, code: CodeIndex) -> str:
        digits: str = self.ask("mint", box_id=box_id, secret=secret, code=code)
        return digits

    # Report

    def receive(self, box_id: bytes, epoch: int, entries: tuple[LogEntry, ...], now: int) -> None:
        self.ask("receive", box_id=box_id, epoch=epoch, entries=entries, now=now)

    def report(self) -> tuple[ReportLine, ...]:
        lines: tuple[ReportLine, ...] = self.ask("report")
        return lines

    def notifications(self) -> tuple[Notification, ...]:
        found: tuple[Notification, ...] = self.ask("notifications")
        return found

    def alerts(self) -> tuple[Alert, ...]:
        found: tuple[Alert, ...] = self.ask("alerts")
        return found

    def _answer(self, command: str, **arguments: Any) -> Answer:
        answer: Answer = self.ask(command, **arguments)
        return answer
