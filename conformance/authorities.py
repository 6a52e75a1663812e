"""The authority that is judged: the reference or a faulty one in this process, a vendor's program, or an adapter; and the box beside it.

Where an authority is judged, zone tables and time orders are the bench's own: it has the keys, and no clause of an authority is about
them. Every scenario begins with `reset`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from lockproof.conformance import faults
from lockproof.conformance.own_codes import minted_by
from lockproof.hw_adapter import installed
from lockproof.hw_adapter.authority import AskedInPython, Asks, GuardedAuthority, open_program
from lockproof.hw_adapter.line_program import OnSaid
from lockproof.reference.authority import Generator, ReferenceAuthority
from lockproof.reference.box import ReferenceBox
from lockproof.reference.credentials import TimeClaims, derive_keys, interop_digits, seal_time_order
from lockproof.reference.days import Days, Zones
from lockproof.reference.hardware import Clock
from lockproof.reference.pins import CHEAP
from lockproof.reference.zone_tables import make_table
from lockproof.spec.observable import (
    AuthorityHello,
    BadInput,
    BenchError,
    CodeIndex,
    Hello,
    Provisioning,
)
from lockproof.spec.profile import DEFAULT, Profile, ProfileError

REFERENCE: Final = "reference"
FAULT, PROGRAM, ADAPTER = "fault", "program", "adapter"
INTEROP: Final = "interop"
OF_ITS_PROFILE: Final = ("code_digits", "code_indices", "code_days_ahead", "window_longest")
"""What an authority declares of the profile; everything else is the standard's, or the box's."""


def check(name: str) -> None:
    """Raises `BadInput` for what names no authority."""
    kind, colon, rest = name.partition(":")
    if name == REFERENCE:
        return
    if colon and kind == PROGRAM:
        from lockproof.hw_adapter.authority import SUCH_AS  # noqa: PLC0415 (for the message only)
        from lockproof.hw_adapter.line_program import words_of  # noqa: PLC0415 (only where there is one)

        words_of(rest, SUCH_AS)
    elif colon and kind == ADAPTER:
        who, _, options = rest.partition(":")
        installed.named(who, installed.AUTHORITIES)
        installed.options_of(options)
    elif colon and kind == FAULT:
        faults.authority_named(rest)
    else:
        raise BadInput(
            f"--authority {name}: name an authority: reference, program:COMMAND, adapter:NAME or fault:NAME"
            "   (hw_adapter/AUTHORITIES.md; all faults: lockproof box --list-faults)"
        )


class InProcess:
    """The reference authority in this process, or a faulty one; a fresh one at each reset."""

    def __init__(self, make: Callable[..., ReferenceAuthority] = ReferenceAuthority, profile: Profile = DEFAULT) -> None:
        self.profile = profile
        self.generator: Generator = interop_digits
        self._make = make
        self._now: ReferenceAuthority | None = None

    def hello(self) -> AuthorityHello:
        own = {name: getattr(self.profile, name) for name in OF_ITS_PROFILE}
        said = AuthorityHello("lockproof reference", "0.1.0", ("core", INTEROP), True, ("share_by_email",), **own)
        speaks = getattr(self._make, "says_hello", None)  # of a faulty one
        return speaks(said) if speaks else said

    def reset(self) -> None:
        self.close()
        self._now = self._make(profile=self.profile, pin_cost=CHEAP, generator=self.generator)

    def close(self) -> None:
        if self._now is not None:
            self._now.close()
        self._now = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._now, name)


class BenchAuthority(GuardedAuthority):
    """An authority that is judged, as an `Authority`: what a box is told of its zone and of the time is the bench's own."""

    def __init__(self, way: Asks, name: str) -> None:
        super().__init__(way, name)
        self._secrets: dict[bytes, bytes] = {}
        self._zones: dict[str, str] = {}

    def reset(self) -> None:
        super().reset()
        self._secrets, self._zones = {}, {}

    def add_property(self, prop: str, address: str, zone: str, agent: str, office: str | None = None) -> None:
        super().add_property(prop, address, zone, agent, office)
        self._zones[prop] = zone

    def add_box(self, box_id: bytes, secret: bytes, owners: tuple[str, ...] = ()) -> None:
        super().add_box(box_id, secret, owners)
        self._secrets[box_id] = secret

    def assign(self, box_id: bytes, prop: str | None, now: int) -> Provisioning | None:
        self.put(box_id, prop, now)
        return None if prop is None else Provisioning(box_id, self._secrets[box_id], make_table(self._zones[prop], now))

    def time_order(self, box_id: bytes, nonce: bytes, value: int) -> bytes:
        return seal_time_order(derive_keys(box_id, self._secrets[box_id]), TimeClaims(value, nonce))


class BoxBeside(ReferenceBox):
    """The reference box beside an authority, of its profile, and with its codes."""

    def __init__(self, hello: AuthorityHello, mint: Callable[[bytes, bytes, CodeIndex], str], clock: Clock) -> None:
        self._classes = hello.classes
        self._mint = mint
        self._codes = minted_by(self)
        super().__init__(profile=profile_of(hello), clock=clock)

    def hello(self) -> Hello:
        return replace(super().hello(), classes=self._classes)

    def mint(self, box_id: bytes, secret: bytes, code: CodeIndex) -> str:
        return self._mint(box_id, secret, code)

    def _boot_days(self, zones: Zones) -> None:
        own = None if INTEROP in self._classes or not self.box_id else self._codes(self.box_id, self.secret, self.profile)
        self.days = Days(self.keys, zones, own)


def profile_of(hello: AuthorityHello, of: Profile = DEFAULT) -> Profile:
    """The profile with what the authority declares. Raises `BenchError` for what the standard does not allow."""
    try:
        return replace(of, **{name: getattr(hello, name) for name in OF_ITS_PROFILE})
    except ProfileError as error:
        raise BenchError(f"the authority declares what the standard does not allow: {error}; mend its hello") from None


@dataclass(frozen=True, slots=True)
class Judged:
    """The authority that is judged, and what it declares. `in_process`: it takes whatever profile and codes the box has."""

    authority: BenchAuthority
    hello: AuthorityHello
    in_process: InProcess | None = None

    @contextmanager
    def fresh(self) -> Iterator[BenchAuthority]:
        """For one scenario."""
        self.authority.reset()
        yield self.authority

    def box(self, clock: Clock) -> ReferenceBox:
        """The reference box beside it."""
        return BoxBeside(self.hello, self.authority.mint, clock)

    def agree(self, box: Hello, profile: Profile, generator: Generator | None) -> Profile:
        """The profile of box and authority together. Raises `BadInput` where the two can't belong together."""
        if self.in_process is not None:
            self.in_process.profile, self.in_process.generator = profile, generator or interop_digits
            return profile
        for name in ("code_digits", "code_indices"):
            if getattr(self.hello, name) != getattr(box, name):
                raise BadInput(
                    f"the authority declares {name} {getattr(self.hello, name)}, and the box {getattr(box, name)};"
                    " judge it beside a box that it can issue codes for"
                )
        if (INTEROP in self.hello.classes) != (INTEROP in box.classes):
            raise BadInput(
                "of box and authority one has codes of class interop and one has not; judge it beside a box of its own"
            )
        return profile_of(self.hello, profile)

    def gone(self) -> str:
        """Why it does not answer any more, empty where it does."""
        try:
            self.authority.hello()
        except BenchError as error:
            return str(error)
        return ""

    def told(self) -> dict[str, Any]:
        """For a journal."""
        return {each.name: getattr(self.hello, each.name) for each in fields(self.hello)}


@contextmanager
def opened(name: str, on_said: OnSaid | None = None) -> Iterator[Judged]:
    """The authority of this name, which has said hello; whatever was started for it ends with it. Raises `BadInput` and `BenchError`."""
    kind, _, rest = name.partition(":")
    if kind == PROGRAM:
        with open_program(rest, on_said=on_said) as asked:
            yield _judged(asked)
    elif kind == ADAPTER:
        who, _, options = rest.partition(":")
        with installed.open_authority(who, installed.options_of(options)) as asked:
            yield _judged(asked)
    else:
        inner = InProcess(faults.authority_named(rest).make) if kind == FAULT else InProcess()
        with GuardedAuthority(AskedInPython(inner, f"authority {name}"), f"authority {name}") as asked:
            yield _judged(asked, inner)


def _judged(asked: GuardedAuthority, in_process: InProcess | None = None) -> Judged:
    authority = BenchAuthority(asked.way, asked.name)
    return Judged(authority, authority.hello(), in_process)
