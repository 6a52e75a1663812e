"""The vectors: not stale, what the device answers, and what independent implementations make of them."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from lockproof.hw_adapter import cbor, vectors
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.frame import FrameKind, FrameReader, decode_frame
from lockproof.hw_adapter.messages import Code, Command
from lockproof.spec.civil import days_from_pairs
from lockproof.spec.observable import Declined, PowerCut
from pycose.algorithms import HMAC256
from pycose.keys import SymmetricKey
from pycose.keys.keyops import MacVerifyOp
from pycose.keys.keyparam import KpAlg, KpKeyOps
from pycose.messages import Mac0Message

VECTORS = vectors.make()


def test_the_file_is_not_stale() -> None:
    assert vectors.PATH.read_text(encoding="utf-8") == vectors.text(), "run python -m lockproof.hw_adapter.vectors"


class Scripted:
    """A box that gives the answers of one exchange, and finds out whether it was asked what stands there."""

    def __init__(self, expected: list[tuple[Command, Any]]) -> None:
        self.expected = expected

    def hello(self) -> Any:
        return vectors.HELLO

    def __getattr__(self, name: str) -> Any:
        def method(*arguments: Any) -> Any:
            command, answer = self.expected.pop(0)
            assert METHODS[Code(command.code)] == name
            assert arguments == (() if command.argument is None else (command.argument,))
            return answer

        return method


METHODS = {
    Code.RESET: "reset",
    Code.PROVISION: "provision",
    Code.TIME_ORDER: "time_order",
    Code.REVOCATION_ORDER: "revocation_order",
    Code.KEYPAD_ENTRY: "enter",
    Code.CHALLENGE: "challenge",
    Code.PRESENT_TICKET: "present",
    Code.READ_LOG: "read_log",
    Code.CLOCK_READ: "read_clock",
    Code.CLOCK_HOLD: "hold_clock",
    Code.CLOCK_ADVANCE: "advance_clock",
    Code.POWER_CUT: "cut_power",
    Code.CLOCK_DISTURB: "disturb_clock",
}


@pytest.mark.parametrize("place", range(len(vectors.EXCHANGES)), ids=lambda place: vectors.EXCHANGES[place][0])
def test_the_device_says_it_byte_for_byte(place: int) -> None:
    _, commands, results = vectors.EXCHANGES[place]
    vector = VECTORS["exchanges"][place]
    asked = [(command, result.value) for command, result in zip(commands, results, strict=True) if result.status == 0]
    box: Any = Scripted([each for each in asked if each[0].code != Code.HELLO])
    answer = Device(box).feed(bytes.fromhex(vector["request"]["line"]))
    assert answer.hex() == vector["reply"]["line"]
    assert box.expected == []


def test_a_disturbed_clock_by_hand() -> None:
    """COBS code, version, kind, session; sequence 24; [[14, 3600]]. The answer has the time as null, f6, timer 4711, held."""
    vector = next(each for each in VECTORS["exchanges"] if each["name"] == "clock, disturbed, behind the mark")
    assert vector["request"]["line"] == "0701011a2b3c4d" + "0c18" + "81820e190e10" + "fd4ae53f" + "00"
    assert vector["reply"]["line"] == "0701021a2b3c4d" + "04188184" + "0af6191267f5" + "f8b2f9a9" + "00"


def test_every_command_has_an_exchange() -> None:
    shown = {command.code for _, commands, _ in vectors.EXCHANGES for command in commands}
    assert shown >= set(Code)


class Untouched:
    """A box that must not be asked for anything but hello."""

    def hello(self) -> Any:
        return vectors.HELLO


@pytest.mark.parametrize("vector", VECTORS["rejections"], ids=lambda vector: vector["name"])
def test_the_device_rejects_it_byte_for_byte(vector: dict[str, Any]) -> None:
    box: Any = Untouched()
    assert Device(box).feed(bytes.fromhex(vector["request"]["line"])).hex() == vector["reply"]["line"]


@pytest.mark.parametrize("vector", VECTORS["silence"], ids=lambda vector: vector["name"])
def test_the_device_is_silent(vector: dict[str, str]) -> None:
    box: Any = Untouched()
    assert Device(box).feed(bytes.fromhex(vector["line"])) == b""


def test_the_busy_frame() -> None:
    (received,) = FrameReader().feed(bytes.fromhex(VECTORS["busy"]["line"]))
    assert received.frame is not None
    assert (received.frame.kind, received.frame.session, received.frame.body) == (FrameKind.BUSY, vectors.SESSION, b"\x80")


def test_descriptions_say_what_the_lines_say() -> None:
    spoken = [each[side] for each in VECTORS["exchanges"] + VECTORS["rejections"] for side in ("request", "reply")]
    for said in spoken:
        frame = decode_frame(bytes.fromhex(said["line"])[:-1])
        assert (frame.version, frame.kind, frame.session) == (said["version"], said["kind"], said["session"])
        assert (frame.sequence, frame.body.hex()) == (said["sequence"], said["body"])
        assert len(said["line"]) <= 512


def test_cbor_as_another_implementation_reads_it() -> None:
    for each in VECTORS["cbor"]["accepted"]:
        assert cbor.diagnostic(cbor2.loads(bytes.fromhex(each["hex"]))) == each["is"]


# Credentials


def test_keys_as_another_implementation_derives_them() -> None:
    keys = VECTORS["interop"]["keys"]
    for purpose in ("code", "ticket", "revocation", "time"):
        info = b"lockproof/1/" + purpose.encode() + bytes.fromhex(keys["box_id"])
        derived = HKDF(hashes.SHA256(), 32, None, info).derive(bytes.fromhex(keys["secret"]))
        assert derived.hex() == keys[purpose]


def test_truncation_by_hand() -> None:
    first = VECTORS["interop"]["codes"][0]
    mac = bytes.fromhex(first["hmac"])
    at = mac[-1] & 0xF
    word = (mac[at] & 0x7F) << 24 | mac[at + 1] << 16 | mac[at + 2] << 8 | mac[at + 3]
    assert first["code"] == f"{word % 10**8:08}"


def test_every_number_of_digits_is_shown() -> None:
    assert {len(each["code"]) for each in VECTORS["interop"]["codes"]} == {7, 8, 9}
    assert all(len(each["code"]) == each["digits"] for each in VECTORS["interop"]["codes"])


def test_dead_indices_are_equal_to_one_before() -> None:
    counts = []
    for each in VECTORS["interop"]["dead"]:
        codes = {tuple(place): code for *place, code in each["codes"]}
        equal = [place for place, code in codes.items() if list(codes.values()).count(code) > 1]
        assert len(equal) == 2
        counts.append([list(equal[1])] == each["dead"])
    assert counts == [True, True, False], "the third pair is two days apart"


@pytest.mark.parametrize(("name", "purpose"), [("ticket", "ticket"), ("revocation_order", "revocation"), ("time_order", "time")])
def test_messages_as_another_implementation_verifies_them(name: str, purpose: str) -> None:
    vector = VECTORS["interop"][name]
    key = bytes.fromhex(VECTORS["interop"]["keys"][purpose])
    message: Any = Mac0Message.from_cose_obj(cbor2.loads(bytes.fromhex(vector["message"])), False)
    message.key = SymmetricKey(key, optional_params={KpAlg: HMAC256, KpKeyOps: [MacVerifyOp]})
    assert message.verify_tag()
    assert message.payload.hex() == vector["payload"]
    assert cbor.diagnostic(cbor.decode(message.payload)) == vector["claims"]
    message.key = SymmetricKey(bytes(32), optional_params={KpAlg: HMAC256, KpKeyOps: [MacVerifyOp]})
    assert not message.verify_tag()


def test_what_is_not_authentic_differs_from_the_ticket() -> None:
    bad = [each["ticket"] for each in VECTORS["interop"]["not_authentic"]]
    assert VECTORS["interop"]["ticket"]["message"] not in bad
    assert len(set(bad)) == len(bad)


@pytest.mark.parametrize("vector", VECTORS["interop"]["days"], ids=lambda vector: f"{vector['zone']}, {vector['what']}")
def test_days_as_the_specification_finds_them(vector: dict[str, Any]) -> None:
    pairs = tuple((utc, offset) for utc, offset in vector["pairs"])
    assert days_from_pairs(pairs, vector["expiry"], vector["instant"]) == tuple(vector["day"])


def test_a_wrong_frame_would_be_noticed() -> None:
    box: Any = Scripted([(Command(Code.POWER_CUT, PowerCut(off_for=31)), None)])
    last = next(each for each in VECTORS["exchanges"] if each["name"] == "power cut, now")
    with pytest.raises(AssertionError):
        Device(box).feed(bytes.fromhex(last["request"]["line"]))
    declining: Any = type("Declining", (Untouched,), {"challenge": _declines})()
    challenge = next(each for each in VECTORS["exchanges"] if each["name"] == "challenge")
    assert Device(declining).feed(bytes.fromhex(challenge["request"]["line"])).hex() != challenge["reply"]["line"]


def _declines(_: object) -> bytes:
    raise Declined("not-provisioned", "no keys")
