"""The vendor's declaration of a box, the field's "protocol implementation conformance statement" (PICS, ISO 9646), as a TOML file.

It says what hello says, as far as that stays the same from boot to boot, and which images there are (hw_adapter/PICS.md). What
each field is, and what may stand in it, follows from `hw_adapter.declaration`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from lockproof.conformance import toml_files
from lockproof.conformance.planning import DECLARED, profile_declared_in
from lockproof.conformance.toml_files import TEXT, TRUTH, FileError, Kind, TomlFile, hint, short
from lockproof.hw_adapter import vectors
from lockproof.hw_adapter.declaration import HELLO_FIELDS, LEGAL_CLASSES, HelloField, refuse_unless_answers_fit
from lockproof.hw_adapter.values import Unreadable, name_of
from lockproof.spec.observable import BadInput, Hello
from lockproof.spec.profile import ProfileError

FORMAT: Final = "lockproof-pics/1"
TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "box": ("identity", "firmware"),
    "conformance": ("classes",),
    "capabilities": ("clock_modes", "cut_classes", "observation", "gives_reasons", "disturbs_clock"),
    "limits": (
        "frame_limit",
        "batch_limit",
        "log_capacity",
        "log_when_full",
        "boot_ms",
        "reset_ms",
        "wake_bytes",
        "drift_ppm",
    ),
    "profile": DECLARED,
}
"""The fields of hello that are declared, by the table in which they stand."""
MAY_CHANGE: Final = ("session", "reset_cause", "writes")
"""Fields of hello that are no part of a declaration, since they differ from boot to boot. `protocol` is the version of the page,
`production` is false: what is declared is the test build."""
IMAGES: Final = ("test", "production")
OPTIONAL: Final = ("identity",)
"""Without it the file fits every box of its kind."""

FIELDS: Final[Mapping[str, HelloField]] = {field.name: field for field in HELLO_FIELDS}


@dataclass(frozen=True, slots=True)
class Image:
    """An image of the firmware: its file and its SHA-256 in hex, each empty if it is not said."""

    path: Path | None
    sha256: str

    @property
    def is_said(self) -> bool:
        return bool(self.path or self.sha256)


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a vendor says of a box. `values` are those of `Hello`, by name; `one_source`: both images are built from one."""

    file: TomlFile
    vendor: str
    product: str
    values: Mapping[str, Any]
    images: Mapping[str, Image]
    one_source: bool

    def recorded(self) -> dict[str, str]:
        """What a journal keeps of it, so that a run stands alone."""
        content = self.file.content
        return {"file": str(self.file.path), "sha256": hashlib.sha256(content).hexdigest(), "text": content.decode()}

    def unsaid(self) -> list[str]:
        """What only the vendor knows, and the file does not say yet."""
        empty = [f"box.{name}" for name in ("vendor", "product") if not getattr(self, name)]
        return empty + [f"images.{name}" for name in IMAGES if not self.images[name].is_said]

    def unnamed(self) -> list[str]:
        """Why no statement can be of a box that it says this of, a line each: nobody would know of which."""
        empty = [
            name for name in ("vendor", "product") if not any(c.isprintable() and not c.isspace() for c in getattr(self, name))
        ]
        return [
            f"the declaration: its {name} is empty, so that nobody knows of which box the statement is; write it into [box]"
            for name in empty
        ]

    def place(self, name: str) -> str:
        """The line on which a field of hello stands."""
        return self.file.line((_table_of(name), name))


def read(path: Path) -> Declaration:
    """The declaration that a file holds. Raises `FileError` for whatever is wrong in it, in itself, and `BadInput`."""
    remedy = "name a declaration; lockproof pics draft --box PORT --out FILE writes one"
    return _read(toml_files.read(path, _A_DECLARATION, remedy))


def of_text(path: Path, text: str) -> Declaration:
    """The same, of what stands in it."""
    return _read(toml_files.parsed(path, text.encode(), _A_DECLARATION))


_A_DECLARATION = "a declaration"
_TEXTS_OF_THE_BOX = {"vendor": TEXT, "product": TEXT}
_SHA256 = Kind(
    "a SHA-256 in hex, 64 digits",
    lambda value: isinstance(value, str) and (not value or re.fullmatch(r"[0-9a-fA-F]{64}", value) is not None),
    '"…", as sha256sum prints it',
)
_IMAGE = {"path": TEXT, "sha256": _SHA256}


def kind_of(field: HelloField) -> Kind:
    """What may be written in a field of hello."""

    def holds(value: Any) -> bool:
        try:
            field.value(value)
        except Unreadable:
            return False
        return not isinstance(value, list) or len(set(value)) == len(value)

    return Kind(field.plain, holds, _EXAMPLES[field.name])


def written(value: Any) -> str:
    """A value of hello as TOML has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(written(each) for each in value)}]"
    return str(value) if isinstance(value, int) else json.dumps(name_of(value), ensure_ascii=False).replace("\x7f", "\\u007f")


_EXAMPLE: Final = replace(vectors.HELLO, extra={}, disturbs_clock=False)  # what may be missing in a file is not there
_EXAMPLES: Final = {name: written(value) for name, value in asdict(_EXAMPLE).items() if name in FIELDS}


# Reading


def _read(file: TomlFile) -> Declaration:
    found = file.found
    names = ("format", *TABLES, "images")
    if "format" not in found:
        raise FileError(f"{file.path}:1", "it does not say that it is a declaration", f'begin it with format = "{FORMAT}"')
    if found["format"] != FORMAT:
        what = f"format = {short(found['format'])} is not known here"
        raise file.error(("format",), what, f'write it as format = "{FORMAT}", or use a lockproof of its version')
    for key, value in found.items():
        if key not in names:
            what = f"{key} is no table of a declaration"
            raise file.error((key,), what, f"{hint(key, names[1:])}tables: {', '.join(names[1:])}")
        if key != "format" and not isinstance(value, dict):
            raise file.error((key,), f"{key} is a table of fields", f"write [{key}], and its fields below it")
    values: dict[str, Any] = {}
    texts: dict[str, Any] = {}
    for table, fields in TABLES.items():
        others = _TEXTS_OF_THE_BOX if table == "box" else {}
        kinds = {**others, **{name: kind_of(FIELDS[name]) for name in fields}}
        given = file.checked((table,), found.get(table, {}), kinds, f"[{table}]")
        for name in kinds:
            if name not in given and name not in OPTIONAL:
                remedy = (
                    f"write {name} = {_EXAMPLES.get(name, '')}, for example" if name in fields else f'write {name} = "", at least'
                )
                raise file.error((table,), f"[{table}] has no {name}", remedy)
        texts |= {name: given[name] for name in others}
        values |= {name: FIELDS[name].value(given[name]) for name in fields if name in given}
    _refuse_contradictions(file, values)
    return Declaration(file, **texts, values=values, **_images(file, found.get("images", {})))


def _images(file: TomlFile, given: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in given.items() if name not in IMAGES}
    file.checked(("images",), plain, {"one_source": TRUTH}, "[images]", IMAGES)
    images: dict[str, Image] = {}
    for name in IMAGES:
        table = given.get(name, {})
        if not isinstance(table, dict):
            raise file.error(("images", name), f"{name} is a table of fields", f"write [images.{name}], and its fields below it")
        fields = file.checked(("images", name), table, _IMAGE, f"[images.{name}]")
        path = fields.get("path", "")
        images[name] = Image(file.path.parent / path if path else None, fields.get("sha256", "").lower())
    return {"images": images, "one_source": given.get("one_source", False)}


def _refuse_contradictions(file: TomlFile, values: Mapping[str, Any]) -> None:
    """Raises `FileError` where what is declared can't all be true, of whatever box."""
    classes = values["classes"]
    if set(classes) not in LEGAL_CLASSES:
        legal = "; ".join(written(sorted(each)) for each in LEGAL_CLASSES)
        what = f"classes = {written(classes)} is none of the legal sets"
        raise file.error(("conformance", "classes"), what, f"write one of {legal}   (PROTOCOL.md, What the declarations mean)")
    try:
        refuse_unless_answers_fit(hello_of(values))
    except Unreadable as wrong:
        raise _of_field(file, str(wrong)) from None
    try:
        profile_declared_in(values)
    except ProfileError as wrong:
        raise _of_field(file, str(wrong)) from None


def _of_field(file: TomlFile, said: str) -> FileError:
    """Of what begins with the name of the field that is wrong, and then says what and what to do."""
    name, _, what = said.partition(": ")
    what, _, remedy = what.partition("; ")
    return file.error((_table_of(name), name), f"{name}: {what}", remedy)


def _table_of(name: str) -> str:
    return next(table for table, fields in TABLES.items() if name in fields)


def hello_of(values: Mapping[str, Any]) -> Hello:
    """A hello that declares these values; of what they don't say, an example."""
    return Hello(**{**asdict(_EXAMPLE), **values})


# A declaration and a box


def contradictions(declared: Declaration, hello: Hello) -> Iterator[str]:
    """Where a declaration and what a box says of itself do not agree, a line each."""
    if hello.production:
        yield (
            f"{declared.file.path}: production: a declaration is of the test build, and the box says production true; "
            "ask the test build, and check this one with lockproof box --production PORT"
        )
    for name, value in declared.values.items():
        said = getattr(hello, name)
        if isinstance(value, tuple):
            differs, what = set(value) != set(said), _which_differ(value, said)
        elif isinstance(value, bool):
            differs = value != said
            what = f"the box does not have {name}" if value else f"the box has {name}, and it is not declared"
        else:
            differs, what = value != said, "they differ"
        if differs:
            another = "leave it out, so that the file fits every such box" if name in OPTIONAL else "mend the firmware"
            yield (
                f"{declared.place(name)}: {name} = {written(value)} is declared, and the box says {written(said)}: {what};"
                f" write {name} = {written(said)}, or {another}"
            )


def _which_differ(declared: tuple[Any, ...], said: tuple[Any, ...]) -> str:
    lacks = [name_of(each) for each in declared if each not in said]
    beyond = [name_of(each) for each in said if each not in declared]
    told = [f"the box does not have {', '.join(lacks)}"] if lacks else []
    return ", ".join([*told, f"the box has {', '.join(beyond)}, and it is not declared"] if beyond else told)


def wrong_images(declared: Declaration) -> Iterator[str]:
    """Images that are not what is declared of them, a line each. Raises `FileError` for one that can't be read."""
    for name, image in declared.images.items():
        if image.path is None:
            continue
        found = digest_of(declared, name)
        if image.sha256 and image.sha256 != found:
            place = declared.file.line(("images", name, "sha256"))
            yield (
                f"{place}: images.{name}: sha256 {image.sha256} is declared, and {image.path} has {found};"
                f' write sha256 = "{found}", or put the right image there'
            )


def digest_of(declared: Declaration, name: str) -> str:
    """The SHA-256 of an image that has a path, computed, in hex. Raises `FileError`."""
    path = declared.images[name].path
    assert path is not None
    remedy = "put the image there, or leave path out and say its sha256; paths are from the folder of the declaration"
    if path.exists() and not path.is_file():
        raise declared.file.error(("images", name, "path"), f"{path}: no regular file", remedy)
    try:
        with path.open("rb") as image:
            return hashlib.file_digest(image, "sha256").hexdigest()
    except OSError as error:
        raise declared.file.error(("images", name, "path"), f"{path}: {error.strerror}", remedy) from None


def refuse_unless_agreed(declared: Declaration, name: str, hello: Hello) -> None:
    """Raises `BadInput` where a declaration does not fit the box called `name`, or its own images; each contradiction is told."""
    if wrong := [*contradictions(declared, hello), *wrong_images(declared)]:
        lines = "\n    ".join(wrong)
        raise BadInput(f"{name}: nothing is judged, since the box and its declaration do not agree:\n    {lines}")
