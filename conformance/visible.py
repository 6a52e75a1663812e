"""Text from a box, a scenario or a journal, made fit to be shown: what can't be seen, or turns what stands around it, is spelt out."""

from __future__ import annotations

MOST = 2000  # characters of one text
_AS_IT_IS = "\n\t"


def visible(text: str, most: int | None = MOST) -> str:
    """Characters that are not printable become their escapes, such as `\\x00` and `\\u202e`; the end of a long text is left out."""
    left_out = 0 if most is None else len(text) - most
    if left_out > 0:
        text = f"{text[:most]}… ({left_out} more characters)"
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in _AS_IT_IS else _escaped(each) for each in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()
