"""What the items of a message are called: read from the project's CDDL, of which it knows as much as stands there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from making.rooms import ROOT

FILE = "hw_adapter/protocol.cddl"
_RULE = re.compile(r"^([a-z][a-z0-9_-]*) *= *(.*)$")
_NAMED = re.compile(r"([a-z][a-z_-]*): *(.+)", re.DOTALL)
_KEYED = re.compile(r"^\s*(?:\? )?(\d+): .*; (\w+)$")
_PLAIN = {"tstr": "text", "bstr": "bytes", "int": "number"}
_OPENS, _CLOSES = "[{(", "]})"


@dataclass(frozen=True, slots=True)
class Item:
    """One item of an array: what it is called, its type as it is written, and whether more of it may follow."""

    name: str
    type: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its text, and the remark at its end."""

    text: str
    remark: str = ""
    keys: Mapping[int, str] = field(default_factory=dict)  # of a map, what each is called

    @property
    def items(self) -> list[Item]:
        """Those of the array that it is, or of the first array among its choices; none where there is none."""
        return items_of(self.text)


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its name."""
    found: dict[str, Rule] = {}
    name = ""
    for line in (ROOT / FILE).read_text(encoding="utf-8").splitlines():
        said, _, remark = line.partition(";")
        if begins := _RULE.match(said):
            name = begins[1]
            found[name] = Rule(begins[2].strip(), remark.strip())
        elif name and said.strip():
            before = found[name]
            keyed = _KEYED.match(line)
            keys = {**before.keys, int(keyed[1]): keyed[2]} if keyed else before.keys
            found[name] = Rule(f"{before.text} {said.strip()}", before.remark, keys)
    return found


def items_of(type_text: str) -> list[Item]:
    """The items of a type that is an array, or has one as its first choice."""
    choice = _split(type_text, "/")[0]
    if not choice.startswith("["):
        return []
    return [_item(each) for each in _split(choice[1:-1], ",")]


def answer_of(command: str) -> Rule:
    """What a command is answered with where it was carried out: the result whose remark names it, or else a decision."""
    results = (rules()[name] for name in rules()["result"].text.split(" / "))
    return next((rule for rule in results if command in rule.remark.split(", ")), rules()["decision"])


def _item(text: str) -> Item:
    stripped = re.sub(r"^(?:\d*\*\d*) *", "", text)
    repeated = stripped != text
    named = _NAMED.fullmatch(stripped)
    if named:
        return Item(named[1].replace("_", "-"), named[2], repeated)
    first = re.match(r"[a-z][a-z-]*", _split(stripped, "/")[0])
    return Item(_PLAIN.get(first[0], first[0]) if first else "item", stripped, repeated)


def _split(text: str, mark: str) -> list[str]:
    """At each mark that stands in no bracket."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in _OPENS) - (letter in _CLOSES)
        if letter == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]
