"""The model, function by function, as the solvers read it."""

from __future__ import annotations

from collections.abc import Iterator

from making import guards
from making.guards import Function
from making.markdown import Page, clause_link, link, table, with_clauses_linked

MODEL = "model"


def model_page() -> Page:
    parts = [
        "# The model",
        (
            "Every decision of box and authority is one function: the state before and what was asked, to the state after and the outcome."
            " This page is read off those functions by running them with terms for values, as the proofs do. Names in italics are"
            f" conditions; names in code are fields of the state, arguments, and values of [the profile]({link(MODEL, 'profile')})."
        ),
    ]
    for function in guards.functions():
        parts += _function(function)
    parts += ["## What the fields are"]
    for kind, own in guards.values().items():
        parts += [f"**{kind}**", table(("field", "what it is"), ((f"`{name}`", said) for name, said in own.items()))]
    return Page(MODEL, "The model", "\n\n".join(parts) + "\n", ("The standard",))


def _function(function: Function) -> Iterator[str]:
    yield f"## {function.title} {{ #{function.name} }}"
    yield with_clauses_linked(MODEL, function.says).strip()
    if function.needs:
        rows = ((clause_link(MODEL, need.clause), need.name, need.holds, need.applies or "always") for need in function.needs)
        yield "Accepted if each of these holds, where it is asked:"
        yield table(("clause", "need", "holds if", "is asked"), rows)
    if function.compares:
        yield table(("condition", "means"), ((f"*{name}*", says) for name, says in function.compares.items()))
    if function.changes:
        yield "Afterwards:"
        yield table(("field", "becomes"), ((f"`{name}`", says) for name, says in function.changes.items()))
    if function.shows:
        yield (
            "It is "
            + "; it is ".join(f"{what} {'always' if says == 'always' else f'if {says}'}" for what, says in function.shows.items())
            + "."
        )
