"""Somebody stands at a box: with the app, which brings it what it must know and takes its log along, or with digits alone.

The box is one of ours, kept in a file beside the authority's, or whatever answers at a port.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lockproof.conformance import targets
from lockproof.conformance.access.desk import Desk, name_of, short
from lockproof.conformance.access.times import told
from lockproof.reference.box import LOG_CAPACITY, ReferenceBox
from lockproof.reference.directory import IssuedGrant, KnownBox
from lockproof.reference.hardware import Clock, Store, whole
from lockproof.spec.observable import BadInput, BenchError, Box, Decision
from lockproof.spec.profile import DAY, DEFAULT

UNPROVISIONED = "unprovisioned"
_REPLACE = "make it known under another name (lockproof access add box), and assign that"
_RENEWED = 60 * DAY  # before a zone table ends, a new one is brought


@dataclass(slots=True)
class Visit:
    """What a visit has done at a box: in words, and how many log entries it took along."""

    done: list[str] = field(default_factory=list)
    entries: int = 0


@contextmanager
def standing_at(desk: Desk, known: KnownBox, port: str) -> Iterator[Box]:
    """The box, whose clock shows the instant of the desk if that was named. Raises `BadInput`, `BenchError`."""
    if port:
        with targets.opened(_on_a_line(port)) as box:
            _be_the_one(box, known, port, "check the port")
            _show(box, desk)
            yield box
    else:
        with _of_ours(desk, known) as box:
            yield box


def visit(desk: Desk, known: KnownBox, box: Box) -> Visit:
    """What an app with a network does at a box: keys and zone table, the time, revocations; then it takes the log along."""
    known = desk.again(known)  # somebody may have moved it since its name was read
    done = Visit()
    _provision(desk, known, box, done)
    _set_clock(desk, known, box, done)
    for each in desk.directory.grants():
        if each.box_id == known.box_id and each.ended is not None and each.delivered is None:
            _bring(desk, each, box, done)
    done.entries = collect(desk, known, box)
    return done


def collect(desk: Desk, known: KnownBox, box: Box) -> int:
    """Takes the log along, from the first entry that the authority has not got. How many came (`report.once`).

    Raises `BenchError` for a log that ends before what the authority has of it.
    """
    page = box.read_log(1)
    epoch, newest = desk.directory.newest_entry(known.box_id)
    wanted = desk.directory.first_missing(known.box_id, page.epoch)
    came = 0
    page = box.read_log(wanted) if wanted > 1 else page
    while page.entries:
        desk.authority.receive(known.box_id, page.epoch, page.entries, desk.now)
        came += len(page.entries)
        if not page.more:
            break
        page = box.read_log(page.entries[-1].number + 1)
    if (page.epoch, page.next_number) <= (epoch, newest):
        raise BenchError(
            f"box {name_of(known.box_id)}: its log ends at entry {page.next_number - 1} of log {page.epoch}, and entry {newest} of log"
            f" {epoch} was taken along already: it was put back to an earlier state, and codes that it had ended may open it"
            f" again; {_REPLACE}"
        )
    return came


def must_be_ready(box: Box, known: KnownBox) -> None:
    """Raises `BadInput` for a box that has no keys yet."""
    if box.hello().identity == UNPROVISIONED:
        raise BadInput(
            f"box {name_of(known.box_id)} has no keys yet: assign it to a property, or, if it is, go there once with a network:"
            f" lockproof access sync {name_of(known.box_id)}"
        )


def must_remember(desk: Desk, known: KnownBox, box: Box) -> None:
    """Raises `BadInput` for a box without keys that has decided something before."""
    if box.hello().identity == UNPROVISIONED and desk.directory.newest_entry(known.box_id)[1]:
        raise BadInput(
            f"box {name_of(known.box_id)} has forgotten its keys, and with them which codes it had ended: with the same keys they"
            f" would open it again; {_REPLACE}"
        )


def present(desk: Desk, grant: IssuedGrant, account: str, box: Box) -> tuple[tuple[str, ...], Decision | None]:
    """The app fetches a ticket against the box's nonce, and hands it over. The clauses by which there was none; what the box decided."""
    answer = desk.authority.issue_ticket(grant.grant, account, box.challenge(), desk.now)
    if not answer.accepted or answer.message is None:
        return answer.clauses, None
    return (), box.present(answer.message)


def _on_a_line(port: str) -> targets.Target:
    found = targets.target(port)
    if port.partition(":")[0] in {targets.IN_PROCESS, targets.ON_A_LINE, "fault"}:
        raise BadInput(
            f"--box {port}: that box is gone with this command; name a port, or leave --box out for a box that is kept"
        )
    return found


@contextmanager
def _of_ours(desk: Desk, known: KnownBox) -> Iterator[ReferenceBox]:
    """Nobody else stands at it meanwhile. Its battery has kept the time."""
    folder = Path(f"{desk.store}.boxes")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise BenchError(
            f"{folder}: boxes can't be kept there: {error.strerror}; move it away, or choose another --store"
        ) from error
    file = folder / f"{known.box_id.hex()}.db"
    if not file.exists() and desk.authority.provisioning(known.box_id) is not None:
        raise BadInput(
            f"box {name_of(known.box_id)} is not kept here: there is no {file}; if it is at a port, name that with --box; if its"
            f" file is gone, so is what it knew: {_REPLACE}"
        )
    store = Store(file, LOG_CAPACITY, alone=True)
    try:
        if desk.pretended:
            with store.reading("state"):
                mark = whole((store.cell("state", None) or {"mark": 0})["mark"])
            _refuse_earlier(mark, desk)
        clock = Clock()
        clock.set(desk.now)
        clock.hold(desk.pretended)
        box = ReferenceBox(store, clock=clock)
        _be_the_one(box, known, str(file), "put its own file back in its place")
        yield box
    finally:
        store.close()


def _refuse_earlier(shown: int | None, desk: Desk) -> None:
    if shown is not None and shown > desk.now:
        raise BadInput(
            f"--at: the box has seen a later time already, {told(shown, 'UTC')}, and its clock never goes back"
            " (box.clock.never-back); name a later instant"
        )


def _be_the_one(box: Box, known: KnownBox, place: str, otherwise: str) -> None:
    identity = box.hello().identity
    if identity not in {known.box_id.hex(), UNPROVISIONED}:
        called = name_of(bytes.fromhex(identity)) if len(identity) == len(known.box_id.hex()) else identity
        raise BadInput(f"{place}: that is box {called}, and not {name_of(known.box_id)}; {otherwise}")


def _show(box: Box, desk: Desk) -> None:
    """A clock that can be held shows the instant that was named, and else goes on from the present."""
    reading = box.read_clock()
    if not desk.pretended:
        if reading.held:
            box.hold_clock(held=False)
        return
    box.hold_clock(held=True)
    _refuse_earlier(reading.box_time, desk)
    if reading.box_time is not None and reading.box_time < desk.now:
        box.advance_clock(desk.now - reading.box_time)


def _provision(desk: Desk, known: KnownBox, box: Box, done: Visit) -> None:
    must_remember(desk, known, box)
    new = box.hello().identity == UNPROVISIONED
    last = desk.authority.provisioning(known.box_id)
    if known.prop is not None and last is not None and last.zone.expiry < desk.now + _RENEWED:
        last = desk.authority.assign(known.box_id, known.prop, desk.now)
    if last is None:
        raise BadInput(f"box {name_of(known.box_id)} hangs at no property yet; assign it to one: lockproof access assign")
    box.provision(last)
    if new:
        done.done.append("keys and zone table brought")


def _set_clock(desk: Desk, known: KnownBox, box: Box, done: Visit) -> None:
    shown = box.read_clock().box_time
    if shown is not None and abs(shown - desk.now) <= DEFAULT.clock_skew // 2:
        return
    order = desk.authority.time_order(known.box_id, box.challenge(), desk.now)
    if box.time_order(order).accepted:
        done.done.append("clock set")
    else:
        done.done.append("clock not set: it shows a later time, and is never set back (box.clock.never-back)")


def _bring(desk: Desk, grant: IssuedGrant, box: Box, done: Visit) -> None:
    order = desk.authority.revocation_order(grant.grant)
    if order is None:
        return
    if not box.revocation_order(order).accepted:
        raise BenchError(f"the box did not take the revocation of grant {grant.grant}; try again")
    desk.authority.revocation_delivered(grant.grant, desk.now)
    done.done.append(f"revocation of {short(grant)} brought")
