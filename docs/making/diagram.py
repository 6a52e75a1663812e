"""Diagrams as inline SVG: boxes and arrows that take their colours from the page."""

from __future__ import annotations

from collections.abc import Sequence

from making.life_cycles import Edge, LifeCycle, State
from markupsafe import Markup, escape

_WIDE, _HIGH = 172, 66  # a state
_ACROSS, _DOWN = 254, 150  # from one to the next
_LEFT, _TOP = 10, 112
_LINE = 14
_LOOP = 30  # half the width of an arrow from a state to itself


def life_cycle(cycle: LifeCycle, ident: str) -> str:
    """The state diagram; `ident` is an id of the page that begins no other. What it shows stands in a table as well."""
    columns, rows = (max(getattr(state, way) for state in cycle.states.values()) for way in ("column", "row"))
    width, height = round(_LEFT * 2 + columns * _ACROSS + _WIDE), round(_TOP + rows * _DOWN + _HIGH + 62)
    parts = [_arrow(cycle, edge, ident) for edge in cycle.edges]
    parts += [_state(state) for state in cycle.states.values()]
    begin = next(iter(cycle.states.values()))
    x, y = _corner(begin)
    parts.append(f'<circle class="begin" cx="{x + 16}" cy="{y - 26}" r="6"/>')
    parts.append(f'<path class="edge" d="M{x + 16} {y - 20}V{y - 2}" marker-end="url(#{ident}h)"/>')
    described = ". ".join(f"{edge.start} to {edge.end}: {', '.join(edge.labels)}" for edge in cycle.edges)
    return Markup(
        '<svg role="img" class="cycle" aria-labelledby="{0}t {0}d" viewBox="0 0 {1} {2}" width="{1}" height="{2}">'
        '<title id="{0}t">{3}</title><desc id="{0}d">{4}</desc>'
        '<defs><marker id="{0}h" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
        '<path class="head" d="M0 0 10 5 0 10Z"/></marker></defs>{5}</svg>'
    ).format(ident, width, height, cycle.title, described, Markup("".join(parts)))  # noqa: S704 (texts are escaped where they are put in)


def _corner(state: State) -> tuple[float, float]:
    return _LEFT + state.column * _ACROSS, _TOP + state.row * _DOWN


def _state(state: State) -> str:
    x, y = _corner(state)
    kind = f"state {state.kind}".strip()
    lines = _broken(state.says, 27)
    text = "".join(_text(x + _WIDE / 2, y + 40 + _LINE * number, line, "says") for number, line in enumerate(lines))
    box = f'<rect class="{kind}" x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}"/>'
    return box + _text(x + _WIDE / 2, y + 22, state.name, "name") + text


def _arrow(cycle: LifeCycle, edge: Edge, ident: str) -> str:
    (x, y), (to_x, to_y) = _corner(cycle.states[edge.start]), _corner(cycle.states[edge.end])
    if edge.start == edge.end:
        return _loop(edge, x, y, ident, below=cycle.states[edge.start].row > 0)
    if to_y == y and to_x - x > _ACROSS:  # over the state between
        return _over(edge, (x, to_x), y, ident)
    if to_y == y:
        path, label = f"M{x + _WIDE} {y + _HIGH / 2}H{to_x - 2}", ((x + _WIDE + to_x) / 2, y + _HIGH / 2 - 8)
    elif to_x == x:
        path, label = f"M{x + _WIDE / 2} {y + _HIGH}V{to_y - 2}", (x + _WIDE / 2, (y + _HIGH + to_y) / 2 + 4)
    else:
        slant = 40 if to_x > x else -40
        start, end = x + _WIDE / 2 + slant, to_x + _WIDE / 2 - slant
        path = f"M{start} {y + _HIGH}L{end} {to_y - 2}"
        label = ((start + end) / 2, (y + _HIGH + to_y) / 2 + 4)
    lines = [line for said in edge.labels for line in _broken(said, 12 if to_y == y else 24)]
    return f'<path class="edge" d="{path}" marker-end="url(#{ident}h)"/>' + _labels(lines, *label, above=to_y == y)


def _over(edge: Edge, across: tuple[float, float], y: float, ident: str) -> str:
    start, end = across[0] + _WIDE - 20, across[1] + 20
    path = f"M{start} {y}C{start + 40} {y - 90} {end - 40} {y - 90} {end} {y - 2}"
    return f'<path class="edge" d="{path}" marker-end="url(#{ident}h)"/>' + _labels(
        edge.labels, (start + end) / 2, y - 76, above=True
    )


def _loop(edge: Edge, x: float, y: float, ident: str, *, below: bool) -> str:
    middle = x + _WIDE / 2 + (0 if below else 20)
    edge_y, way = (y + _HIGH, 1) if below else (y, -1)
    path = f"M{middle - _LOOP} {edge_y}c0 {26 * way} {2 * _LOOP} {26 * way} {2 * _LOOP} {2 * way}"
    lines = _shortened(edge.labels)
    top = edge_y + 34 if below else edge_y - 26 - _LINE * (len(lines) - 1)
    return f'<path class="edge" d="{path}" marker-end="url(#{ident}h)"/>' + _labels(
        lines, middle, top + (_LINE * (len(lines) - 1) / 2)
    )


def _shortened(labels: Sequence[str]) -> list[str]:
    """Without the clauses, which the table has; two at most."""
    plain = list(dict.fromkeys(label.partition(" (")[0] for label in labels))
    return plain[:2]


def _labels(lines: Sequence[str], x: float, y: float, *, above: bool = False) -> str:
    """Lines around `y`, or the last of them on it."""
    first = y - (len(lines) - 1) * _LINE / (1 if above else 2)
    return "".join(_text(x, first + _LINE * number, line, "label") for number, line in enumerate(lines))


def _broken(text: str, most: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= most:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.6g}" y="{y:.6g}">{escape(text)}</text>'
