"""A request that may change something: one transaction, and in it one record of the history."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from lockproof.reference.store import Store


class _Keeper(Protocol):
    _store: Store


_K = TypeVar("_K", bound=_Keeper)
_P = ParamSpec("_P")
_R = TypeVar("_R")


def request(method: Callable[Concatenate[_K, _P], _R]) -> Callable[Concatenate[_K, _P], _R]:
    """Makes a method a request: what it changes is kept once it has answered, with a record of it; if it raises, nothing is."""
    kind, names = method.__name__, tuple(signature(method).parameters)[1:]

    @wraps(method)
    def asked(keeper: _K, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with keeper._store.request(kind, dict(zip(names, args, strict=False)) | kwargs) as record:  # noqa: SLF001 (a part of it)
            answer = record.answered = method(keeper, *args, **kwargs)
        return answer

    return asked
