"""The picture of a scenario, as inline SVG: windows as bars, and on an axis beneath them what was done, and what was seen.

Time runs from left to right, and each gap between two instants at which something is takes room by the logarithm of its
length: one second can be told from none beside a day, and every gap says how long it was. What was done at one instant stands
side by side, in its order, after the instant's own line: so what was done at the very end of a bar lies outside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lockproof.conformance.played import ASKED, Kind, Moment, Played, Span
from lockproof.conformance.visible import visible
from lockproof.conformance.words import spoken
from lockproof.spec.civil import local_text
from lockproof.spec.profile import HOUR
from markupsafe import Markup, escape

_PRESENTED = {Kind.OPENED, Kind.REFUSED, Kind.TAKEN, Kind.LOST}
_SHAPES = {
    Kind.OPENED: ("o", "opened"),
    Kind.REFUSED: ("r", "refused"),
    Kind.TAKEN: ("t", "taken"),
    Kind.LOST: ("l", "no answer"),
    Kind.POWER: ("p", "power"),
    Kind.AUTHORITY: ("a", "asked"),
    Kind.BENCH: ("b", "done"),
    Kind.LOOK: ("k", "seen"),
}
"""The symbol of each kind, which stands once in the page, and the word beneath it."""
SYMBOLS = Markup(
    '<symbol id="y-o" viewBox="-10 -10 20 20"><circle r="8.5"/></symbol>'
    '<symbol id="y-r" viewBox="-10 -10 20 20"><path d="M-8-8H8V8H-8Z"/></symbol>'
    '<symbol id="y-t" viewBox="-10 -10 20 20"><path d="M0-9.5 9.5 7.5H-9.5Z"/></symbol>'
    '<symbol id="y-l" viewBox="-10 -10 20 20"><circle r="8.5" stroke-dasharray="3 2.5"/></symbol>'
    '<symbol id="y-p" viewBox="-10 -10 20 20"><path d="M2-9-6 1H-1L-3 9 6-2H1Z"/></symbol>'
    '<symbol id="y-a" viewBox="-10 -10 20 20"><path d="M0-8.5 8.5 0 0 8.5-8.5 0Z"/></symbol>'
    '<symbol id="y-b" viewBox="-10 -10 20 20"><path d="M-9 0-4.5-8H4.5L9 0 4.5 8H-4.5Z"/></symbol>'
    '<symbol id="y-k" viewBox="-10 -10 20 20"><path d="M-7 0A8 8 0 0 1 7 0 8 8 0 0 1-7 0Z"/></symbol>'
)
_LETTER, _CLOCK = 5.9, 50  # the width of a letter, and of a time of day
_LEAST, _PER_TENFOLD = 56, 13
_EDGE, _BAR, _ROW = 30, 30, 52  # margins, the height of a bar with its name, of the row of symbols
_SLOT, _NARROW = 46, 22  # the room of a symbol, with a short word and with none
_CROWDED = 40  # symbols from which on words give way
_MOST_AT_ONCE = 8  # of what was done at one instant
_MOST_BARS = 10
_FITS = 1200  # a width that a page on a wide screen still shows whole, a little smaller


def picture(played: Played, ident: str) -> Markup:
    """The picture, empty where nothing was presented to a box; `ident` is an id of the page that begins no other."""
    shown = [m for m in played.moments if m.at is not None and m.step and (m.wrong or m.kind is not Kind.LOOK)]
    if not any(m.kind in _PRESENTED or m.kind is Kind.POWER or m.wrong for m in shown):
        return Markup("")
    spans = _most_telling(played.spans, shown)
    axis = _Axis(_at_once(shown), (edge for span in spans for edge in _edges(span)))
    drawn = _Drawn(axis, played.zone)
    y = 4
    for span in spans:
        drawn.bar(span, y)
        y += _BAR
    for instant, (moments, left_out) in axis.moments.items():
        for place, moment in enumerate(moments):
            drawn.moment(moment, axis.place(instant, place), y)
        if left_out:
            drawn.text(axis.place(instant, 0), y + 44, f"and {left_out} before", "w")
    y += _ROW + 12
    drawn.axis(y)
    title = f"When what was done: {played.id}"
    kind = "fits" if drawn.width <= _FITS else "wide"
    return Markup(
        '<svg role="img" class="{6}" aria-labelledby="{0}t {0}d" viewBox="0 0 {1} {2}" width="{1}" height="{2}">'
        '<title id="{0}t">{3}</title><desc id="{0}d">{4}</desc>{5}</svg>'
    ).format(ident, round(drawn.width), y + 34, visible(title), visible(told(played, spans)), Markup("".join(drawn.parts)), kind)  # noqa: S704 (see `_Drawn.text`)


def told(played: Played, spans: Sequence[Span]) -> str:
    """What the picture shows that the table of the steps does not: its bars, and what contradicts the standard."""
    sentences = [
        f"{span.what}: from {local_text(span.start, played.zone)} to {local_text(span.end, played.zone)}"
        + (f", revoked at {local_text(span.until, played.zone)}" if span.until is not None else "")
        for span in spans
    ]
    if wrong := played.wrong:
        sentences.append(f"Step {wrong.step} contradicts the standard: {wrong.saw}; {wrong.must}")
    return ". ".join([*sentences, "What was done stands in the table below, step by step."])


def _most_telling(spans: Sequence[Span], shown: Sequence[Moment]) -> list[Span]:
    """Of many, those of what went wrong, and those that begin or end near something that was done."""
    if len(spans) <= _MOST_BARS:
        return list(spans)
    instants = [moment.at for moment in shown if moment.at is not None]
    about = {moment.about for moment in shown if moment.wrong}

    def distance(span: Span) -> tuple[bool, int]:
        return span.about not in about, min(abs(edge - at) for edge in _edges(span) for at in instants)

    chosen = sorted(spans, key=distance)[:_MOST_BARS]
    return [span for span in spans if span in chosen]


def _edges(span: Span) -> Iterator[int]:
    yield from (span.start, span.end)
    if span.until is not None:
        yield span.until


def _at_once(shown: Sequence[Moment]) -> dict[int, tuple[list[Moment], int]]:
    """What was done at each instant, the last of it, and how much more there was; what is wrong is the last that was done."""
    told: dict[int, list[Moment]] = {}
    for moment in shown:
        if moment.at is not None:
            told.setdefault(moment.at, []).append(moment)
    return {at: (them[-_MOST_AT_ONCE:], max(0, len(them) - _MOST_AT_ONCE)) for at, them in told.items()}


def _word(moment: Moment) -> str:
    """What stands beneath a sign."""
    told_by_what_was_done = moment.kind in {Kind.AUTHORITY, Kind.BENCH}
    word = moment.did.removeprefix(ASKED).split()[0] if told_by_what_was_done else _SHAPES[moment.kind][1]
    parts = ["✗" if moment.wrong else "", word, f"±{_around(moment)} s" if _around(moment) else ""]
    return " ".join(filter(None, [*parts, f"\u00d7{moment.times}" if moment.times > 1 else ""]))


def _around(moment: Moment) -> int:
    """Seconds by which its clock can have stood elsewhere, as far as the bench's tells."""
    if moment.between is None or moment.at is None:
        return 0
    return max(moment.between[1] - moment.at, moment.at - moment.between[0], 0)


class _Axis:
    """From instants to places."""

    def __init__(self, moments: Mapping[int, tuple[list[Moment], int]], edges: Iterable[int]) -> None:
        self.moments = moments
        self.instants = sorted({*moments, *edges})
        self.crowded = sum(len(them) for them, _ in moments.values()) > _CROWDED
        self._places: Mapping[int, float] = dict(self._laid_out())

    def _laid_out(self) -> Iterator[tuple[int, float]]:
        place, last = float(_EDGE), None
        for instant in self.instants:
            if last is not None:
                place += self.taken(last) + self._room(instant - last)
            yield instant, round(place, 1)
            last = instant

    def _room(self, gap: int) -> float:
        """For its own length in letters, too."""
        return max(_LEAST, len(spoken(gap)) * _LETTER + 10) / 2 + _PER_TENFOLD * math.log10(1 + gap)

    def taken(self, instant: int) -> float:
        """The room of what was done then."""
        return sum(map(self._slot, self.moments[instant][0])) if instant in self.moments else 0

    def _slot(self, moment: Moment) -> float:
        return _NARROW if self.crowded and not moment.wrong else max(_SLOT, len(_word(moment)) * _LETTER + 10)

    def x(self, instant: int) -> float:
        return self._places[instant]

    def place(self, instant: int, number: int) -> float:
        """Of the middle of what was done then, counted from 0."""
        *before, this = self.moments[instant][0][: number + 1]
        return round(self._places[instant] + sum(map(self._slot, before)) + self._slot(this) / 2, 1)

    @property
    def end(self) -> float:
        last = self.instants[-1]
        return self._places[last] + self.taken(last)


class _Drawn:
    """The parts of one picture, as they are drawn."""

    def __init__(self, axis: _Axis, zone: str) -> None:
        self._axis, self._zone = axis, zone
        self.width = axis.end + _EDGE
        self.parts: list[str] = []  # of markup: every text in it is escaped by `text`

    def add(self, shape: str) -> None:
        self.parts.append(shape)

    def text(self, x: float, y: float, text: str, kind: str, anchor: str = "") -> None:
        """A text, in the middle of `x` if no anchor is given, that stays within the picture or makes it wider."""
        half = len(text) * _LETTER / 2
        if not anchor:
            x = max(x, half + 2)
            self.width = max(self.width, x + half + 2)
        else:
            self.width = max(self.width, x + 2 * half + 2)
        self.add(f'<text class="{kind}" x="{x:.6g}" y="{y}">{escape(visible(text, 60))}</text>')

    def bar(self, span: Span, y: int) -> None:
        start, end = self._axis.x(span.start), self._axis.x(span.end)
        kind = f"b {span.lane}" + ("" if span.sure else " u")
        revoked = ", revoked before" if span.until is not None and span.until <= span.start else ""
        self.text(start, y + 10, span.what + revoked, "n", "start")
        if span.until is not None and span.start < span.until < span.end:
            cut = self._axis.x(span.until)
            self._rectangle(kind, start, cut, y)
            self._rectangle(f"{kind} e", cut, end, y)
            self.text(cut + 4, y + 22, "revoked", "n s", "start")
        else:
            ended = " e" if span.until is not None and span.until <= span.start else ""
            self._rectangle(kind + ended, start, end, y)

    def _rectangle(self, kind: str, start: float, end: float, y: int) -> None:
        self.add(f'<rect class="{kind}" x="{start:.6g}" y="{y + 14}" width="{end - start:.6g}" height="9"/>')

    def moment(self, moment: Moment, x: float, y: int) -> None:
        symbol, word = _SHAPES[moment.kind][0], _word(moment)
        if _around(moment):
            self.add(f'<path class="i" d="M{x - 20:.6g} {y + 7}v8m0-4h40m0-4v8"/>')
        kind = f"m {symbol}" + (" x" if moment.wrong else "")
        self.add(f'<use href="#y-{symbol}" class="{kind}" x="{x - 10:.6g}" y="{y + 1}" width="20" height="20"/>')
        if moment.kind is not Kind.POWER:  # a flash has no room for it
            self.add(f'<text class="c {symbol}" x="{x:.6g}" y="{y + 15}">{moment.step}</text>')
        if moment.wrong:
            self.add(f'<path class="x" d="M{x:.6g} 2V{y - 1}m0 36V{y + 64}"/>')
            self.text(x, y + 32, word, "w x")
        elif not self._axis.crowded:
            self.text(x, y + 31, word, "w")

    def axis(self, y: int) -> None:
        """The axis: each gap with its length, broken where it is long, and each instant with its time and, where it changes, its date."""
        instants, place, taken = self._axis.instants, self._axis.x, self._axis.taken
        self.add(f'<path class="ax" d="M4 {y}H{self.width - 4:.6g}"/>')
        date, free = "", 0.0
        for number, instant in enumerate(instants):
            x = place(instant)
            self.add(f'<path class="ax" d="M{x:.6g} {y - 6}v11"/>')
            day, _, clock = self._time(instant).partition(" ")
            if x >= free:
                self.text(x, y + 16, clock or day, "t")
                if day != date and clock:
                    self.text(x, y + 28, day, "t d")
                date, free = day, x + _CLOCK
            if number:
                before = instants[number - 1]
                self._gap(place(before) + taken(before), x, instant - before, y)

    def _gap(self, start: float, end: float, length: int, y: int) -> None:
        middle, said = (start + end) / 2, spoken(length)
        if length > HOUR:
            place = f"{middle - 4:.6g}"
            self.add(f'<path class="bg" d="M{place} {y}h8"/><path class="ax" d="M{place} {y + 4}l2.5-8m3 8 2.5-8"/>')
        if end - start > len(said) * _LETTER + 4:
            self.text(middle, y - 7, said, "g")

    def _time(self, instant: int) -> str:
        return local_text(instant, self._zone) if instant >= 0 else str(instant)
