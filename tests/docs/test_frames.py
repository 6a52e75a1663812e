"""The frames that the published spec shows: recorded, whole, and called by the names of the CDDL."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cobs import cobs
from lockproof.hw_adapter import vectors
from lockproof.hw_adapter.messages import COMMANDS
from lockproof.spec.profile import DEFAULT
from making import cddl, frames
from making.frames import exchanges, fields, frames_page
from making.rooms import NotPublished

SIXTY_ONE = replace(DEFAULT, code_life=61 * 60)


def test_every_byte_of_every_frame_is_explained():
    for exchange in exchanges(DEFAULT):
        for line in (exchange.request, exchange.reply):
            told = b"".join(raw for raw, *_ in fields(line, exchange.commands))
            assert told == cobs.decode(line[:-1]), exchange.title
            assert line.endswith(b"\x00")


def test_the_first_frames_are_those_of_the_vectors():
    told = json.loads(vectors.PATH.read_text(encoding="utf-8"))["exchanges"]
    hello, provision, *_ = exchanges(DEFAULT)
    assert hello.request.hex() == told[0]["request"]["line"]
    assert cobs.decode(provision.request[:-1])[8:-4].hex() == told[2]["request"]["body"]


@pytest.mark.parametrize(
    "number", [number for number, (name, *_) in enumerate(vectors.EXCHANGES) if name != "an unknown command"]
)
def test_every_frame_of_the_vectors_can_be_explained(number):
    told = json.loads(vectors.PATH.read_text(encoding="utf-8"))["exchanges"][number]
    commands = vectors.EXCHANGES[number][1]
    for way in ("request", "reply"):
        line = bytes.fromhex(told[way]["line"])
        assert b"".join(raw for raw, *_ in fields(line, commands)) == cobs.decode(line[:-1])


def test_a_field_has_the_name_of_the_cddl_and_its_meaning():
    *_, refused, _challenge, _ticket, log, _stale = exchanges(DEFAULT)
    names = [(name, says) for _, _, name, says in fields(refused.reply, refused.commands)]
    assert names[-5:] == [
        ("status", "0, ok"),
        ("accepted", "false"),
        ("reason", "3, [`code.expiry.after-first-use`](../../clauses/code.expiry.after-first-use/index.md)"),
        ("box-time", "1772989200, 2026-03-08 17:00:00 UTC"),
        ("CRC", "CRC-32C of everything before it"),
    ]
    entry = [name for _, depth, name, _ in fields(log.reply, log.commands) if depth == 3][:7]
    assert entry == ["number", "kind", "accepted", "instant", "credential", "reason", "count"]


def test_every_command_and_every_key_of_hello_has_its_names():
    for kind in COMMANDS.values():
        assert cddl.rules()[kind.name].items[0].name == "item", "its code"
        assert cddl.answer_of(kind.name).items[0].name == "item", "its status"
    assert [item.name for item in cddl.answer_of("keypad-entry").items[1:]] == ["accepted", "reason", "box-time"]
    assert [item.name for item in cddl.answer_of("clock-disturb").items[1:]] == ["box-time", "timer", "held"]
    assert list(cddl.rules()["hello-map"].keys) == list(range(26))


def test_the_frames_go_by_the_profile():
    page, other = frames_page(DEFAULT).text, frames_page(SIXTY_ONE).text
    assert "one second before 60 minutes are over" in page
    assert "one second before 61 minutes are over" in other
    row = "| `19 {}` | \N{NO-BREAK SPACE}\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}" + "\N{NO-BREAK SPACE}" * 3 + "seconds | {} |"
    assert row.format("0e 0f", 3599) in page
    assert row.format("0e 4b", 3659) in other


def test_the_same_frames_come_every_time():
    assert frames_page(DEFAULT).text == frames_page(DEFAULT).text


def test_a_story_that_the_box_does_not_tell_is_not_published(monkeypatch):
    monkeypatch.setattr(frames.vectors, "code_digits", lambda *_: "00000000")
    with pytest.raises(
        NotPublished, match=r"in 'First use of a code' the reference box accepts \[False\], and the page says \[True\]"
    ):
        frames_page(DEFAULT)
