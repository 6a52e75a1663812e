"""The desk at which people sit: the authority's file, the instant that it is, and whoever can be asked.

What is asked for by name is found here: a box by its name, its id or where it hangs, a property by its address, a grant or a code by
the beginning of its reference.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

import platformdirs
from lockproof.conformance import words
from lockproof.conformance.access import times
from lockproof.conformance.access.asking import Asking, at_a_terminal
from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.credentials import BOX_ID_BYTES
from lockproof.reference.directory import Directory, IssuedCode, IssuedGrant, KnownBox, Property
from lockproof.reference.fields import FieldError, UnknownName, unknown
from lockproof.spec.observable import BadInput

STORE_VARIABLE = "LOCKPROOF_STORE"
_OWN = 0o600  # secrets of boxes are in it
_OWN_FOLDER = 0o700
_SHORTEST = 4  # characters of a reference

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Desk:
    """`pretended`: the instant was named, and is not the present one."""

    authority: ReferenceAuthority
    store: Path
    now: int
    pretended: bool
    asking: Asking

    @property
    def directory(self) -> Directory:
        return self.authority.directory

    def box(self, name: str) -> KnownBox:
        boxes = self.directory.boxes()
        places = {each.prop: each.address for each in self.directory.properties()}
        names = [(name_of(each.box_id), each.box_id.hex(), each.prop or "", places.get(each.prop or "", "")) for each in boxes]
        return _called("box", name, boxes, names)

    def again(self, box: KnownBox) -> KnownBox:
        """The same box, as it is known now."""
        return next(each for each in self.directory.boxes() if each.box_id == box.box_id)

    def person(self, person: str) -> str:
        """An id, exactly as it is known. Raises `UnknownName`."""
        known = [each.person for each in self.directory.people()]
        if person not in known:
            raise unknown("person", person, known)
        return person

    def property_at(self, name: str) -> Property:
        properties = self.directory.properties()
        return _called("property", name, properties, [(each.address, each.prop) for each in properties])

    def place_of(self, box: KnownBox) -> Property | None:
        return next((each for each in self.directory.properties() if each.prop == box.prop), None)

    def zone_of(self, box: KnownBox) -> str:
        """Where it hangs; UTC where it hangs nowhere, so that the authority can say what is wrong with that."""
        place = self.place_of(box)
        return place.zone if place else "UTC"

    def calendar_of(self, box: KnownBox) -> words.Calendar:
        return times.calendar(self.zone_of(box), self.now)

    def grant(self, reference: str) -> IssuedGrant:
        return _begins("grant", reference, self.directory.grants(), lambda each: each.grant)

    def code(self, reference: str) -> IssuedCode:
        return _begins("code", reference, self.directory.codes(), lambda each: each.code)

    def issued(self, reference: str) -> IssuedGrant | IssuedCode:
        everything: list[IssuedGrant | IssuedCode] = [*self.directory.grants(), *self.directory.codes()]
        return _begins("grant or code", reference, everything, reference_of)


def reference_of(issued: IssuedGrant | IssuedCode) -> str:
    """The id that a grant or a code is known by, whole."""
    return issued.grant if isinstance(issued, IssuedGrant) else issued.code


def short(issued: IssuedGrant | IssuedCode) -> str:
    """The beginning of its reference, which is enough to name it by."""
    return reference_of(issued)[: 8 if isinstance(issued, IssuedGrant) else 9]


@contextmanager
def opened(store: Path | None, at: str, *, as_json: bool) -> Iterator[Desk]:
    """Raises `BadInput` for an instant that is none, `StoreError` for a file that can't be used."""
    present = times.now(at)
    path = store or Path(os.environ.get(STORE_VARIABLE) or _usual_place())
    if not path.exists() and path.parent.is_dir():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, _OWN))
    with ReferenceAuthority(path) as authority:
        try:
            yield Desk(authority, path, present, bool(at), Asking(at_a_terminal() and not as_json))
        except (FieldError, UnknownName) as error:  # of what was typed, and no failure of a bench
            raise BadInput(_by_name(str(error), authority.directory.boxes())) from error


def _by_name(message: str, boxes: Sequence[KnownBox]) -> str:
    """The authority knows boxes by their ids, people by what stands on them."""
    for each in boxes:
        message = message.replace(each.box_id.hex(), name_of(each.box_id))
    return message


def _usual_place() -> Path:
    folder = Path(platformdirs.user_data_dir("lockproof", appauthor=False))
    folder.mkdir(mode=_OWN_FOLDER, parents=True, exist_ok=True)
    return folder / "authority.db"


def id_of(name: str) -> bytes:
    """The 16 bytes of a box: its name, as it stands on it, if that is short enough; else 32 hexadecimal digits. Raises `BadInput`."""
    name = name.strip()
    if len(name) == 2 * BOX_ID_BYTES:
        try:
            return bytes.fromhex(name)
        except ValueError:
            pass
    if not name or len(name) > BOX_ID_BYTES or not name.isascii() or not name.isprintable():
        raise BadInput(f"box: {name!r} is no name of a box; give 1 to {BOX_ID_BYTES} plain characters, or 32 hexadecimal digits")
    return name.encode().ljust(BOX_ID_BYTES, b"\0")


def name_of(box_id: bytes) -> str:
    """The name that an id was made of, or its hexadecimal digits."""
    text = box_id.rstrip(b"\0").decode("ascii", "replace")
    return text if text and text.isascii() and text.isprintable() and text.strip() == text else box_id.hex()


def _called(kind: str, name: str, known: Sequence[Found], names: Sequence[tuple[str, ...]]) -> Found:
    """The one of which this is a name; what it is called first is told where there are several."""
    wanted = name.strip().casefold()
    found = [(each, words) for each, words in zip(known, names, strict=True) if wanted and wanted in map(str.casefold, words)]
    if len(found) == 1:
        return found[0][0]
    if found:
        raise BadInput(f"{kind} {name}: there are {len(found)}, {', '.join(words[0] for _, words in found)}; name one of them")
    raise BadInput(_nobody(kind, name, [word for words in names for word in words if word]))


def begins(whole: str, reference: str) -> bool:
    """Whether this may stand for the whole reference."""
    return whole == reference or (len(reference) >= _SHORTEST and whole.startswith(reference))


def _begins(kind: str, reference: str, known: Sequence[Found], of: Callable[[Found], str]) -> Found:
    found = [each for each in known if begins(of(each), reference)]
    exact = [each for each in found if of(each) == reference]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        raise BadInput(f"{kind} {reference}: {len(found)} begin so; give more of it")
    raise BadInput(_nobody(kind, reference, [of(each) for each in known]))


def _nobody(kind: str, name: str, known: list[str]) -> str:
    folded = {word.casefold(): word for word in known}
    near = get_close_matches(name.strip().casefold(), folded, n=1)
    hint = f"did you mean {folded[near[0]]}?" if near else f"lockproof access list shows every {kind}"
    return f"no {kind} is known as {name!r}\n    {hint}"
