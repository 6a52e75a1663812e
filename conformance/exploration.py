"""How far somebody wants a box explored."""

from __future__ import annotations

from dataclasses import dataclass

from lockproof.conformance.words import WordsError, seconds
from lockproof.spec.observable import BadInput


@dataclass(frozen=True, slots=True)
class Exploration:
    """For so many steps, or for so many seconds of the wall clock. `aimed`: time is let go on to bounds, and not just on."""

    steps: int | None = None
    seconds: int | None = None
    aimed: bool = True


def read(text: str, *, aimed: bool = True) -> Exploration | None:
    """What `--explore` says: `2000` steps, or a duration such as `10m`; None for nothing. Raises `BadInput`."""
    if not text:
        return None
    try:
        found = Exploration(int(text), None, aimed) if text.isdecimal() else Exploration(None, seconds(text), aimed)
    except WordsError as error:
        raise BadInput(f"--explore: {error}; or a number of steps, such as 2000") from None
    if not (found.steps or found.seconds):
        raise BadInput(f"--explore {text}: that is not at all; write a number of steps, such as 2000, or a duration, such as 10m")
    return found
