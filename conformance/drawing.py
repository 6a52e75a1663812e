"""How an exploration draws: evenly, and by its seed alone.

Of itself, Hypothesis prefers numbers that stand in the source of whatever modules are loaded, and changes what it has drawn; the same
seed would grow others in `lockproof run` than in `lockproof resume`, in a test, or once a module has another constant.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final, NoReturn

from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, PrimitiveProvider

EVENLY: Final = "lockproof-evenly"  # a backend of Hypothesis, for `settings`


class Evenly(PrimitiveProvider):
    """Draws every bounded whole number, and either truth, alike (Hypothesis, PrimitiveProvider). Raises TypeError for anything else."""

    lifetime = "test_case"

    def draw_boolean(self, p: float = 0.5) -> bool:
        return bool(self._random.random() < p)

    def draw_integer(self, min_value: int | None = None, max_value: int | None = None, **_: Any) -> int:
        if min_value is None or max_value is None:
            self._of_no_use("an integer without bounds")
        return int(self._random.randint(min_value, max_value))

    def draw_float(self, **_: Any) -> NoReturn:
        self._of_no_use("a float")

    def draw_string(self, *_: Any, **__: Any) -> NoReturn:
        self._of_no_use("text")

    def draw_bytes(self, *_: Any, **__: Any) -> NoReturn:
        self._of_no_use("bytes")

    @property
    def _random(self) -> Random:
        drawn: Any = self._cd
        seeded: Random = drawn._random  # noqa: SLF001 (the one that `seed` seeds; no other way leads to it)
        return seeded

    @staticmethod
    def _of_no_use(what: str) -> NoReturn:
        raise TypeError(f"an exploration draws {what}; it is to choose among what is listed, or between two bounds")


AVAILABLE_PROVIDERS[EVENLY] = f"{__name__}.{Evenly.__name__}"
