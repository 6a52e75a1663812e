"""What PROTOCOL.md says of the fields of hello, for who has to fill them in elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

_ROW = re.compile(r"\| \d+ \| (\w+) \| [^|]+ \| ([^|]+) \|")
_SEE = re.compile(r"[,;]? see \[[^]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")


@cache
def hello_meanings() -> Mapping[str, str]:
    """What each field of hello means, by its name, as the table of hello has it; links are left out."""
    page = (files("lockproof.hw_adapter") / "PROTOCOL.md").read_text(encoding="utf-8")
    _, _, after = page.partition("| key | field | type | meaning |\n")
    table, _, _ = after.partition("\n\n")
    return MappingProxyType({name: _plain(meaning) for name, meaning in _ROW.findall(table)})


def _plain(meaning: str) -> str:
    return _LINK.sub(r"\1", _SEE.sub("", meaning)).replace("`", "").strip()
