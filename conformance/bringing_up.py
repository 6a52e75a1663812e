"""`lockproof bringup`, told: a line for each rung that is passed, and at the first that is not, what was sent, what came, and what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from lockproof.conformance import boards, targets
from lockproof.conformance.bringup import RUNGS, Climbed, climb
from lockproof.conformance.by_hand import Exchange, in_hex
from lockproof.conformance.recording import Passed, said
from lockproof.conformance.verdict import EXIT_CODES, Verdict
from lockproof.hw_adapter.channel import LineSettings, open_channel
from lockproof.hw_adapter.frame import decode_frame, encode_frame
from lockproof.spec.observable import BadInput

_SHOWN = 64  # bytes of what is no frame
_LATE = 'or the line loses bytes   (PROTOCOL.md, "Timing")'
_LEFT = 13  # columns of the words on the left


def bring_up(name: str, baud: int) -> int:
    """Takes the box of this name up the rungs, and tells how; the exit code. Raises `BadInput`, `BenchError`."""
    with _line(name) as url:
        channel = open_channel(url, LineSettings(baudrate=baud))
        try:
            _write(
                f"{url}: {len(RUNGS)} rungs, each on those below it; from the second on the box is reset, on the last its power is cut"
            )
            report = climb(channel, url, lambda climbed, who: _write("\n".join(told(climbed, who))))
        except KeyboardInterrupt:
            _write("stopped; the box is as the last command left it, and begins anew at the next try")
            return EXIT_CODES[Verdict.ERROR]
        finally:
            channel.close()
    if report.verdict is Verdict.PASS:
        all_of_it = all(each.verdict is Verdict.PASS and not each.left_out for each in report.rungs)
        running = ", then the same with --clock advance, which lets its clock run" if all_of_it else ""
        _write(f"{report.verdict}  {report.who}: what comes next is lockproof run --box {name}{running}")
    else:
        last = report.rungs[-1]
        _write(f"{report.verdict}  {report.who or url}: rung {last.rung}: {last.says}")
    return EXIT_CODES[report.verdict]


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def _line(name: str) -> Iterator[str]:
    """Where the box can be reached; one of ours is served meanwhile."""
    judged = targets.target(name)
    kind, _, fault = name.partition(":")
    if kind in {targets.IN_PROCESS, "fault", targets.ADAPTER, targets.PROGRAM}:
        raise BadInput(
            f"--box {name}: a firmware is brought up at the end of a line, with the frames of the protocol; name a port"
            " (/dev/ttyUSB0, COM3, socket://host:port, rfc2217://host:port), or pty to see how a good box does"
        )
    if kind == targets.ON_A_LINE:
        with targets.served(fault or None) as path:
            yield path
    elif judged.board is not None:
        with boards.between_scripts(judged.board):
            yield judged.board.serial
    else:
        yield name


def told(climbed: Climbed, who: str) -> Iterator[str]:
    """A rung in lines. `who` is told beside the first."""
    says = f"{who}: {climbed.says}" if who else climbed.says
    yield f"{climbed.verdict:<15} {climbed.rung.number} {climbed.rung.name:<7} {says}"
    yield from (_row("not tried", each) for each in climbed.left_out)
    if climbed.late:
        which = ", ".join(name + (f" ({times} times)" if times > 1 else "") for name, times in climbed.late)
        yield _row("late", f"{which}: answered only when sent again; a reply or a busy frame must come within 200 ms, {_LATE}")
    stuck = climbed.stuck
    if stuck is None:
        return
    sent = [each for each in climbed.passed if each.direction == "out"]
    came = [each for each in climbed.passed if each.direction == "in"]
    yield from (_row("so far" * (not number), line) for number, line in enumerate(stuck.history))
    yield from _rows("sent", sent)
    yield from _rows("came", came)
    yield _row("must come", f'{stuck.must}   (PROTOCOL.md, "{stuck.place}")')
    if stuck.often:
        yield _row("often", stuck.often)
    yield _row("next", climbed.next)
    yield from _by_hand(climbed)
    if above := RUNGS[climbed.rung.number :]:
        yield _row("not reached", ", ".join(map(str, above)))


def _row(word: str, text: str) -> str:
    return f"    {word:<{_LEFT}}{text}".rstrip()


def _rows(word: str, passed: list[Passed]) -> Iterator[str]:
    if not passed:
        yield _row(word, "nothing")
    for each in {each.raw: each for each in passed}.values():
        yield _row(word, said(each))
        dots = " …" if len(each.raw) > _SHOWN and each.frame is None else ""
        yield _row("", (each.raw[:_SHOWN] if dots else each.raw).hex(" ") + (dots or (" 00" if each.frame else "")))
        word = ""


def _by_hand(climbed: Climbed) -> Iterator[str]:
    """Frames to paste, and what must come back."""
    first = climbed.by_hand[0]
    where = f"in session {first.reply.session:08x}, which a boot ends" if first.request.session else "in any session"
    yield _row("by hand", f"{where}; send the hex, and this comes back in 200 ms:")
    for each in climbed.by_hand:
        yield from _exchange(each, climbed.wake_bytes)


def _exchange(exchange: Exchange, wake_bytes: int) -> Iterator[str]:
    yield _row("", f"{exchange.name}" + (f"   ({exchange.about})" if exchange.about else ""))
    yield _row("", f"  send  {in_hex(exchange.request, wake_bytes)}")
    yield _row("", f"  comes {in_hex(exchange.reply)}")
    yield _row("", f"        {said(_as_passed(exchange))}")


def _as_passed(exchange: Exchange) -> Passed:
    raw = encode_frame(exchange.reply)[:-1]
    return Passed(0, 0, "in", raw, decode_frame(raw))
