"""Frames of the box test protocol, each byte explained: recorded from the reference box when the page is made, by the kit's own encoder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lockproof.hw_adapter import cbor, vectors
from lockproof.hw_adapter.cbor import Value
from lockproof.hw_adapter.declaration import HELLO_FIELDS
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.frame import HEADER, Frame, FrameKind, FrameReader, crc32c, encode_frame
from lockproof.hw_adapter.messages import (
    COMMANDS,
    LOG_KINDS,
    REASONS,
    Code,
    Command,
    Fault,
    Status,
    read_reply,
    write_request,
)
from lockproof.hw_adapter.values import name_of
from lockproof.reference.box import ReferenceBox
from lockproof.reference.hardware import Clock
from lockproof.spec.observable import Decision, Provisioning
from lockproof.spec.profile import Profile
from making import cddl
from making.cddl import Item
from making.markdown import Page, clause_link, fenced, lasting, link, literal, table
from making.rooms import NotPublished

FRAMES = "protocol/frames"


class Recorded(ReferenceBox):
    """The reference box, whose nonces and session are the same whenever the page is made."""

    made = 0

    def fresh_nonce(self) -> bytes:
        self.made += 1
        return nonce(self.made)


def nonce(number: int) -> bytes:
    """The nonce that is made so many times after the factory's state, counted from 1: the first is that of the vectors."""
    return bytes((each + 16 * (number - 1)) % 256 for each in vectors.NONCE)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request as it went to the box, and what came back, both as they stand on the line."""

    title: str
    about: str
    request: bytes
    reply: bytes
    commands: Sequence[Command]

    def opened(self) -> list[bool]:
        """Of each decision in the reply, whether it was accepted."""
        (received,) = FrameReader(len(self.reply)).feed(self.reply)
        results = read_reply(received.frame.body, self.commands) if received.frame else []
        values = [result.value for result in results] if isinstance(results, list) else []
        return [value.accepted for value in values if isinstance(value, Decision)]


def exchanges(profile: Profile) -> Iterator[Exchange]:
    """The story of a code and a ticket, from the first word to the log."""
    box = Recorded(":memory:", profile, Clock(host=lambda: 0.0))
    box.session = vectors.SESSION
    device = Device(box)
    key, digits = vectors.derive("code"), profile.code_digits
    code = vectors.code_digits(key, *vectors.DAY, 0, digits)
    ticket = vectors.seal("ticket", vectors.TICKET | {10: nonce(2)})
    life = profile.code_life
    told: tuple[tuple[str, str, list[Command], list[bool]], ...] = (
        (
            "Hello",
            "The host does not know the session yet, and says 0. The box answers with what it declares.",
            [Command(Code.HELLO)],
            [],
        ),
        (
            "Identity, secret and zone",
            "The box becomes the box of the vectors, in Toronto; its secret is no secret.",
            [Command(Code.PROVISION, Provisioning(vectors.BOX_ID, vectors.SECRET, vectors.TORONTO))],
            [],
        ),
        (
            "A held clock, and a nonce",
            "Two commands in one request are a batch. The clock shows nothing before the box has been told the time.",
            [Command(Code.CLOCK_HOLD, True), Command(Code.CHALLENGE)],
            [],
        ),
        (
            "A time order",
            "The authority answers the nonce with the time, and the box takes it.",
            [Command(Code.TIME_ORDER, vectors.seal("time", vectors.TIME))],
            [True],
        ),
        (
            "First use of a code",
            "The digits are those of index 0 of this day. The box opens.",
            [Command(Code.KEYPAD_ENTRY, code)],
            [True],
        ),
        (
            "The last second in which it opens",
            f"The clock is moved on to one second before {lasting(life)} are over.",
            [Command(Code.CLOCK_ADVANCE, life - 1), Command(Code.KEYPAD_ENTRY, code)],
            [True],
        ),
        (
            "The first second in which it does not",
            "One second later the box refuses, and says why.",
            [Command(Code.CLOCK_ADVANCE, 1), Command(Code.KEYPAD_ENTRY, code)],
            [False],
        ),
        ("Another nonce", "The visitor's app asks for one.", [Command(Code.CHALLENGE)], []),
        (
            "A ticket",
            "The authority answered the nonce with a ticket; the box opens.",
            [Command(Code.PRESENT_TICKET, ticket)],
            [True],
        ),
        ("The log", "One entry for each decided presentation, from number 1 on.", [Command(Code.READ_LOG, 1)], []),
    )
    for sequence, (title, about, commands, accepted) in enumerate(told, start=1):
        request = encode_frame(vectors.request_of(sequence, commands))
        exchange = Exchange(title, about, request, device.feed(request), commands)
        if exchange.opened() != accepted:
            raise NotPublished(
                f"{FRAMES}: in {title!r} the reference box accepts {exchange.opened()}, and the page says {accepted}"
            )
        yield exchange
    stale = encode_frame(Frame(FrameKind.REQUEST, vectors.SESSION - 1, len(told) + 1, write_request([Command(Code.CLOCK_READ)])))
    about = "The box has booted since, as this host does not know: nothing is carried out, and the reply has the session of now."
    yield Exchange("A session that is over", about, stale, device.feed(stale), [Command(Code.CLOCK_READ)])


def frames_page(profile: Profile) -> Page:
    """Each exchange, its two frames as they stand on the line, and every field of them."""
    text = [
        "# Frames, byte by byte",
        (
            f"These frames of [the box test protocol]({link(FRAMES, 'protocol')}) were recorded when this page was made: the kit's own encoder"
            " wrote the requests, and the reference box answered. A field's name is that of"
            f" [the CDDL]({link(FRAMES, 'protocol/cddl')}). A frame on the line is COBS over what the table below it shows, and ends with 00."
        ),
    ]
    for exchange in exchanges(profile):
        text += [f"## {exchange.title}", exchange.about]
        text += [*_shown("Request", exchange.request, exchange.commands), *_shown("Reply", exchange.reply, exchange.commands)]
    busy = encode_frame(Frame(FrameKind.BUSY, vectors.SESSION, 1, cbor.encode([])))
    text += ["## Busy", "What a box sends while a request takes longer than it may be silent.", *_shown("Busy", busy, ())]
    return Page(FRAMES, "Frames, byte by byte", "\n\n".join(text) + "\n", ("For makers",))


def _shown(what: str, line: bytes, commands: Sequence[Command]) -> Iterator[str]:
    yield f"**{what}**, {len(line)} bytes on the line:"
    yield fenced(line.hex(" "), "text")
    yield table(
        ("bytes", "field", "value"),
        ((_bytes(raw), _set_in(depth) + name, says) for raw, depth, name, says in fields(line, commands)),
    )


def _bytes(raw: bytes) -> str:
    return f"`{raw.hex(' ')}`" if raw else ""


def _set_in(depth: int) -> str:
    return "\N{NO-BREAK SPACE}" * 3 * depth


Field = tuple[bytes, int, str, str]
"""Bytes, how deep the field is set in, its name, and what it says: Markdown."""


def fields(line: bytes, commands: Sequence[Command]) -> list[Field]:
    """Every field of a frame as it stands on the line, in order; their bytes together are what COBS was made over."""
    (received,) = FrameReader(len(line)).feed(line)
    assert received.frame is not None, received.error
    frame = received.frame
    head = HEADER.pack(frame.version, frame.kind, frame.session, frame.sequence)
    return [
        (head[0:1], 0, "version", str(frame.version)),
        (head[1:2], 0, "kind", f"{frame.kind}, {FrameKind(frame.kind).name.lower()}"),
        (head[2:6], 0, "session", f"{frame.session:,}" if frame.session else "0: not known"),
        (head[6:8], 0, "sequence", str(frame.sequence)),
        *_body(frame, commands),
        (crc32c(head + frame.body), 0, "CRC", "CRC-32C of everything before it"),
    ]


def _body(frame: Frame, commands: Sequence[Command]) -> Iterator[Field]:
    body = cbor.decode(frame.body)
    if isinstance(body, dict):
        yield _head_of(body), 0, "error", "a map of 2"
        yield cbor.encode(0) + cbor.encode(body[0]), 1, "error", f"{cbor.diagnostic(body[0])}, {name_of(Fault(_number(body[0])))}"
        yield cbor.encode(1) + cbor.encode(body[1]), 1, "detail", cbor.diagnostic(body[1])
        return
    assert isinstance(body, list)
    word = {FrameKind.REQUEST: "command", FrameKind.REPLY: "result"}.get(FrameKind(frame.kind), "nothing")
    yield (
        _head_of(body),
        0,
        "body",
        f"an array of {len(body)}" + (f": a {word} each" if len(body) > 1 else f" {word}" if body else ""),
    )
    for item, command in zip(body, commands, strict=False):
        assert isinstance(item, list)
        yield from _words(item, command, is_request=frame.kind == FrameKind.REQUEST)


def _words(values: list[Value], command: Command, *, is_request: bool) -> Iterator[Field]:
    name = COMMANDS[command.code].name
    yield _head_of(values), 1, "command" if is_request else "result", f"of {name}, an array of {len(values)}"
    if is_request:
        yield cbor.encode(values[0]), 2, "code", f"{cbor.diagnostic(values[0])}, {name}"
    else:
        yield cbor.encode(values[0]), 2, "status", f"{cbor.diagnostic(values[0])}, {name_of(Status(_number(values[0])))}"
    rule = cddl.rules()[name] if is_request else cddl.answer_of(name)
    yield from _items(values[1:], rule.items[1:], 2)


def _items(values: Sequence[Value], items: Sequence[Item], depth: int) -> Iterator[Field]:
    for place, value in enumerate(values):
        yield from _one(value, items[min(place, len(items) - 1)], depth)


def _one(value: Value, item: Item, depth: int) -> Iterator[Field]:
    rule = cddl.rules().get(item.type)
    if isinstance(value, dict):
        assert rule is not None
        yield _head_of(value), depth, item.name, f"a map of {len(value)}"
        for key, held in value.items():
            yield (
                cbor.encode(key) + cbor.encode(held),
                depth + 1,
                f"{key}: {rule.keys.get(key, 'of a later version')}",
                _declared(key, held),
            )
    elif isinstance(value, list):
        yield _head_of(value), depth, item.name, f"an array of {len(value)}"
        yield from _items(value, rule.items if rule else cddl.items_of(item.type), depth + 1)
    else:
        yield cbor.encode(value), depth, item.name, _says(value, item)


def _declared(key: Value, value: Value) -> str:
    """A value of hello, and the word for it, where it stands for one."""
    said = literal(cbor.diagnostic(value))
    meant = next((each.read(value) for each in HELLO_FIELDS if each.key == key), value)
    words = meant if isinstance(meant, tuple) else (meant,)
    return said if meant == value else f"{said}, {', '.join(map(str, words))}"


def _says(value: Value, item: Item) -> str:
    """A value, and what it means."""
    said = literal(cbor.diagnostic(value))
    if item.type.split(" ")[0] == "instant" and isinstance(value, int):
        return f"{said}, {datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"
    if item.name == "reason" and isinstance(value, int):
        return f"{said}, {clause_link(FRAMES, REASONS[value])}" if value in REASONS else f"{said}, without a name here"
    if item.name == "kind" and isinstance(value, int):
        return f"{said}, {LOG_KINDS[value]}"
    if item.name == "message" and isinstance(value, bytes):
        return f"COSE&#95;Mac0, {len(value)} bytes; its claims: {'; '.join(_claims(value))}"
    return f"{len(value)} bytes" if isinstance(value, bytes) else said


def _claims(message: bytes) -> Iterator[str]:
    sealed = cbor.decode(message)
    assert isinstance(sealed, list)
    assert isinstance(sealed[2], bytes)
    claims = cbor.decode(sealed[2])
    assert isinstance(claims, dict)
    for key, value in claims.items():
        yield f"{key}: " + (f"{len(value)} bytes" if isinstance(value, bytes) else cbor.diagnostic(value))


def _number(value: Value) -> int:
    assert isinstance(value, int)
    return value


def _head_of(value: list[Value] | dict[int, Value]) -> bytes:
    """The bytes of an array or a map before its first item: what is left of them without the items, which have one encoding each."""
    held: Iterable[Value] = value if isinstance(value, list) else (each for pair in value.items() for each in pair)
    return cbor.encode(value)[: len(cbor.encode(value)) - sum(len(cbor.encode(each)) for each in held)]
