"""The adapters that vendors have installed: found by entry point, opened by name (ADAPTERS.md, "In Python"; AUTHORITIES.md)."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Protocol, Self, TypeVar

from lockproof.hw_adapter.authority import AskedInPython, AuthorityAdapter, GuardedAuthority
from lockproof.hw_adapter.guard import DEFAULT_PATIENCE, AdapterFault, AdapterPatience, GuardedBox, called, in_a_line
from lockproof.hw_adapter.own_thread import OwnThread
from lockproof.hw_adapter.vendor import BoxAdapter
from lockproof.spec.observable import BadInput

GROUP: Final = "lockproof.adapters"
AUTHORITIES: Final = "lockproof.authorities"


class Opens(Protocol):
    """A vendor's class: `BoxAdapter` or `AuthorityAdapter`."""

    @classmethod
    def open(cls, options: Mapping[str, str]) -> Self: ...


Opened = TypeVar("Opened", bound=Opens)


def named(name: str, group: str = GROUP) -> EntryPoint:
    """The adapter of that name. Raises `BadInput`, with those that there are."""
    found = {each.name: each for each in entry_points(group=group)}
    if name in found:
        return found[name]
    if not found:
        raise BadInput(f"no adapter is called {name!r}, and none is installed; install the vendor's package where lockproof is")
    near = get_close_matches(name, found, 1)
    hint = f"did you mean {near[0]}?   " if near else ""
    raise BadInput(f"no adapter is called {name!r}; {hint}(installed: {', '.join(sorted(found))})")


def options_of(text: str) -> dict[str, str]:
    """`port=/dev/ttyUSB0,baud=9600` as names and values. Raises `BadInput`."""
    options: dict[str, str] = {}
    for each in filter(None, text.split(",")):
        name, equals, value = each.partition("=")
        if not (name.strip() and equals) or name.strip() in options:
            why = "stands there twice" if name.strip() in options else "is no option"
            raise BadInput(f"{each!r} {why}; write options as port=/dev/ttyUSB0,baud=9600, each once")
        options[name.strip()] = value.strip()
    return options


def open_adapter(name: str, options: Mapping[str, str], patience: AdapterPatience = DEFAULT_PATIENCE) -> GuardedBox:
    """Opens the adapter, on the thread on which all of its methods are called.

    Raises `BadInput` for its name or options, `AdapterFault` for its own faults, and what its `open` says.
    """
    # An abstract class may not be passed for one to be made; it is only compared with what the adapter is.
    adapter, thread = _open(named(name), BoxAdapter, options, patience, "box")  # type: ignore[type-abstract]
    return GuardedBox(adapter, f"adapter {name}", thread, patience)


def open_authority(name: str, options: Mapping[str, str], patience: AdapterPatience = DEFAULT_PATIENCE) -> GuardedAuthority:
    """The same of an adapter of an authority."""
    adapter, thread = _open(named(name, AUTHORITIES), AuthorityAdapter, options, patience, "authority")  # type: ignore[type-abstract]
    told = f"adapter {name}"
    return GuardedAuthority(AskedInPython(adapter, told, thread), told, patience)


def _open(
    entry: EntryPoint, base: type[Opened], options: Mapping[str, str], patience: AdapterPatience, behind: str
) -> tuple[Opened, OwnThread]:
    told = f"adapter {entry.name}" + (f" (of {entry.dist.name} {entry.dist.version})" if entry.dist else "")
    try:
        made = entry.load()
    except Exception as error:  # whatever a stranger's module raises as it is imported
        raise AdapterFault(f"{told}: {entry.value} can't be imported: {in_a_line(error)}; mend or install it anew") from error
    if not (isinstance(made, type) and issubclass(made, base)):
        raise AdapterFault(f"{told}: {entry.value} is no class made from {base.__module__}.{base.__name__}")
    thread = OwnThread(told)
    try:
        adapter = called(told, "open", lambda: _opened(told, made, base, options), thread, patience.answer, behind)
    except BaseException:
        thread.end()
        raise
    return adapter, thread


def _opened(told: str, made: type[Any], base: type[Opened], options: Mapping[str, str]) -> Opened:
    try:
        adapter = made.open(dict(options))
    except BadInput as error:
        raise BadInput(f"{told}: {error}") from None
    if not isinstance(adapter, base):
        raise AdapterFault(f"{told}: its open returns {adapter!r:.60}, and no adapter")
    return adapter
