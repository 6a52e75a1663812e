"""Codes, dead indices and messages: against independent implementations, and against everything that is not exact."""

from __future__ import annotations

import hashlib
import hmac
import json
from importlib.resources import files
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lockproof.reference import credentials
from lockproof.reference.credentials import BoxKeys, TicketClaims, TimeClaims
from lockproof.spec.observable import CodeIndex
from lockproof.spec.profile import DAY, DEFAULT, HOUR, Profile
from pycose.algorithms import HMAC256
from pycose.headers import Algorithm
from pycose.keys import SymmetricKey
from pycose.messages import Mac0Message

BOX = bytes(range(16))
SECRET = bytes(range(32))
KEYS = credentials.derive_keys(BOX, SECRET)
GRANT = bytes(range(100, 116))
NONCE = bytes(range(200, 216))
TICKET = TicketClaims(GRANT, 1_549_134_000, 1_549_135_800, NONCE)
TIME = TimeClaims(1_549_134_000, NONCE)

SEALED = {
    "ticket": (KEYS.ticket, credentials.seal_ticket(KEYS, TICKET)),
    "revocation": (KEYS.revocation, credentials.seal_revocation(KEYS, GRANT)),
    "time": (KEYS.time, credentials.seal_time_order(KEYS, TIME)),
}
OPEN = {
    "ticket": credentials.open_ticket,
    "revocation": credentials.open_revocation,
    "time": credentials.open_time_order,
}
CLAIMS = {
    "ticket": {3: BOX, 4: TICKET.window_end, 5: TICKET.window_start, 7: GRANT, 10: NONCE},
    "revocation": {3: BOX, 7: GRANT},
    "time": {3: BOX, 6: TIME.value, 10: NONCE},
}
SAID = {"ticket": TICKET, "revocation": GRANT, "time": TIME}
KINDS = pytest.mark.parametrize("kind", ["ticket", "revocation", "time"])


# Keys


@pytest.mark.parametrize("purpose", ["code", "ticket", "revocation", "time"])
def test_a_key_is_hkdf_without_salt(purpose: str) -> None:
    extracted = hmac.digest(bytes(32), SECRET, "sha256")  # RFC 5869, 2.2
    expanded = hmac.digest(extracted, b"lockproof/1/" + purpose.encode() + BOX + b"\x01", "sha256")  # 2.3, one block
    assert getattr(KEYS, purpose) == expanded


def test_keys_differ_by_purpose_by_box_and_by_secret() -> None:
    others = [KEYS, credentials.derive_keys(bytes(16), SECRET), credentials.derive_keys(BOX, bytes(32))]
    keys = [getattr(one, purpose) for one in others for purpose in ("code", "ticket", "revocation", "time")]
    assert len(set(keys)) == 12


@pytest.mark.parametrize(("box_id", "secret"), [(BOX[:-1], SECRET), (BOX, SECRET[:-1]), (b"", SECRET), (BOX, b"")])
def test_no_keys_from_an_id_or_a_secret_of_another_length(box_id: bytes, secret: bytes) -> None:
    with pytest.raises(ValueError, match="an id of 16 bytes and a secret of 32"):
        credentials.derive_keys(box_id, secret)


def test_keys_are_not_printed() -> None:
    assert repr(KEYS) == f"BoxKeys(box_id={BOX!r})"


# Codes


def truncated(mac: bytes, digits: int) -> str:
    """RFC 4226, 5.3 and 5.4, as bytes and bits, for a MAC of any length."""
    offset = mac[len(mac) - 1] & 0xF
    four = mac[offset : offset + 4]
    number = (four[0] & 0x7F) << 24 | four[1] << 16 | four[2] << 8 | four[3]
    return str(number % 10**digits).rjust(digits, "0")


def test_the_truncation_that_the_codes_are_compared_with_is_that_of_the_rfc() -> None:
    mac = hmac.digest(b"12345678901234567890", bytes(7) + b"\x01", hashlib.sha1)  # RFC 4226, appendix D, count 1
    assert truncated(mac, 6) == "287082"


@given(
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
    st.integers(0, 255),
    st.integers(7, 9),
    st.binary(min_size=32, max_size=32),
)
def test_a_code_is_the_truncated_mac_of_box_day_and_index(start: int, end: int, index: int, digits: int, key: bytes) -> None:
    message = BOX + start.to_bytes(8, "big") + end.to_bytes(8, "big") + bytes((index,))
    expected = truncated(hmac.digest(key, message, "sha256"), digits)
    assert credentials.code_digits(key, BOX, CodeIndex(start, end, index), digits) == expected


def test_a_day_that_starts_before_1970_has_codes_like_any_other() -> None:
    bounds = (2**64 - 3600).to_bytes(8, "big") + (82800).to_bytes(8, "big")
    mac = hmac.digest(KEYS.code, BOX + bounds + bytes([5]), "sha256")
    at = mac[-1] & 15
    expected = f"{(int.from_bytes(mac[at : at + 4], 'big') & 0x7FFFFFFF) % 10**8:08}"
    assert credentials.code_digits(KEYS.code, BOX, CodeIndex(-3600, 82800, 5), 8) == expected


def test_the_codes_of_a_day_are_frozen() -> None:
    digits_of = credentials.interop_digits(BOX, SECRET, DEFAULT)
    codes = [digits_of(CodeIndex(1_549_170_000, 1_549_256_400, index)) for index in range(3)]
    assert codes == ["27967535", "44960784", "05135921"]


def test_leading_zeros_are_digits() -> None:
    codes = (credentials.code_digits(KEYS.code, BOX, CodeIndex(0, day, 0), 7) for day in range(200))
    zeros = [code for code in codes if code.startswith("0")]
    assert zeros
    assert all(len(code) == 7 for code in zeros)


# Dead indices

TODAY = (100 * DAY, 101 * DAY)
YESTERDAY = (99 * DAY, 100 * DAY)
TWO_INDICES = Profile(code_indices=2)


def table(digits: dict[tuple[tuple[int, int], int], str]) -> credentials.Digits:
    return lambda code: digits.get(((code.day_start, code.day_end), code.index), f"other {code}")


def test_of_equal_digits_on_one_day_the_first_index_lives() -> None:
    digits_of = table({(TODAY, 0): "1", (TODAY, 1): "1"})
    for days in ([TODAY], []):
        assert credentials.live_indices(TODAY, days, digits_of, TWO_INDICES) == (CodeIndex(*TODAY, 0),)


def test_yesterdays_digits_are_dead_today() -> None:
    digits_of = table({(YESTERDAY, 1): "1", (TODAY, 0): "1"})
    days = [YESTERDAY, TODAY]
    assert credentials.live_indices(TODAY, days, digits_of, TWO_INDICES) == (CodeIndex(*TODAY, 1),)
    assert len(credentials.live_indices(YESTERDAY, days, digits_of, TWO_INDICES)) == 2


def test_a_dead_index_makes_a_later_one_dead() -> None:
    before, last = (98 * DAY, 99 * DAY), TODAY
    digits_of = table({(before, 0): "1", (YESTERDAY, 0): "1", (last, 0): "1"})
    days = [before, YESTERDAY, last]
    assert credentials.is_dead(CodeIndex(*YESTERDAY, 0), days, digits_of, TWO_INDICES)
    assert credentials.is_dead(CodeIndex(*last, 0), days, digits_of, TWO_INDICES)
    assert not credentials.is_dead(CodeIndex(*last, 0), [before, last], digits_of, TWO_INDICES)  # they never serve together


@pytest.mark.parametrize(("gap", "dead"), [(HOUR - 1, True), (HOUR, True), (HOUR + 1, False)])
def test_services_that_adjoin_count_and_services_apart_do_not(gap: int, dead: bool) -> None:
    earlier = (TODAY[0] - gap - DAY, TODAY[0] - gap)
    digits_of = table({(earlier, 0): "1", (TODAY, 0): "1"})
    assert credentials.is_dead(CodeIndex(*TODAY, 0), [earlier], digits_of, TWO_INDICES) is dead


def test_a_day_of_another_zone_counts() -> None:
    elsewhere = (TODAY[0] - 5 * HOUR, TODAY[1] - 5 * HOUR)
    digits_of = table({(elsewhere, 0): "1", (TODAY, 0): "1", (TODAY, 1): "2", (elsewhere, 1): "3"})
    days = [elsewhere, TODAY]
    assert credentials.live_indices(TODAY, days, digits_of, TWO_INDICES) == (CodeIndex(*TODAY, 1),)
    assert len(credentials.live_indices(elsewhere, days, digits_of, TWO_INDICES)) == 2


def test_of_days_that_start_together_the_one_that_ends_first_comes_first() -> None:
    short = (TODAY[0], TODAY[1] - HOUR)
    digits_of = table({(short, 0): "1", (TODAY, 0): "1"})
    assert credentials.is_dead(CodeIndex(*TODAY, 0), [short, TODAY], digits_of, TWO_INDICES)
    assert not credentials.is_dead(CodeIndex(*short, 0), [short, TODAY], digits_of, TWO_INDICES)


DAYS = st.lists(st.tuples(st.integers(0, 80), st.integers(20, 30)), min_size=1, max_size=6, unique=True)


@given(DAYS, st.integers(0, 2**32), st.integers(1, 8))
def test_dead_is_what_decision_four_says(spans: list[tuple[int, int]], seed: int, indices: int) -> None:
    profile = Profile(code_indices=indices)
    days = [(start * HOUR, (start + length) * HOUR) for start, length in spans]
    codes = [CodeIndex(*day, index) for day in sorted(days) for index in range(indices)]

    def digits_of(code: CodeIndex) -> str:
        return str(hashlib.sha256(f"{seed} {code}".encode()).digest()[0] % 20)

    def serve_together(one: CodeIndex, other: CodeIndex) -> bool:
        return one.day_start <= other.day_end + 3600 and other.day_start <= one.day_end + 3600

    for place, code in enumerate(codes):
        expected = any(digits_of(earlier) == digits_of(code) and serve_together(earlier, code) for earlier in codes[:place])
        assert credentials.is_dead(code, days, digits_of, profile) is expected
        assert (code in credentials.live_indices((code.day_start, code.day_end), days, digits_of, profile)) is not expected


@given(DAYS, st.integers(0, 2**32))
def test_no_two_live_indices_that_serve_together_have_equal_digits(spans: list[tuple[int, int]], seed: int) -> None:
    days = [(start * HOUR, (start + length) * HOUR) for start, length in spans]

    def digits_of(code: CodeIndex) -> str:
        return str(hashlib.sha256(f"{seed} {code}".encode()).digest()[0] % 10)

    live = [code for day in days for code in credentials.live_indices(day, days, digits_of, DEFAULT)]
    for one in live:
        for other in live:
            apart = one.day_end + HOUR < other.day_start or other.day_end + HOUR < one.day_start
            assert one == other or apart or digits_of(one) != digits_of(other)


# Messages


@KINDS
def test_what_was_sealed_is_opened(kind: str) -> None:
    assert OPEN[kind](KEYS, SEALED[kind][1]) == SAID[kind]


@KINDS
def test_a_message_is_written_byte_for_byte_as_the_rfc_says(kind: str) -> None:
    key, message = SEALED[kind]
    payload = cbor2.dumps(CLAIMS[kind], canonical=True)
    structure = cbor2.dumps(["MAC0", b"\xa1\x01\x05", b"", payload], canonical=True)
    assert message == cbor2.dumps([b"\xa1\x01\x05", {}, payload, hmac.digest(key, structure, "sha256")], canonical=True)


@KINDS
def test_an_independent_implementation_accepts_ours(kind: str) -> None:
    key, message = SEALED[kind]
    theirs = Mac0Message.from_cose_obj(cbor2.loads(message), allow_unknown_attributes=False)
    theirs.key = SymmetricKey(k=key)
    assert theirs.verify_tag()
    assert cbor2.loads(theirs.payload) == CLAIMS[kind]
    theirs.key = SymmetricKey(k=bytes(32))
    assert not theirs.verify_tag()


def sealed_by_pycose(key: bytes, payload: bytes, unprotected: dict[object, object] | None = None) -> bytes:
    theirs = Mac0Message(phdr={Algorithm: HMAC256}, uhdr=unprotected or {}, payload=payload)
    theirs.key = SymmetricKey(k=key)
    return theirs.encode(tag=False)


@KINDS
def test_ours_accepts_an_independent_implementation(kind: str) -> None:
    message = sealed_by_pycose(SEALED[kind][0], cbor2.dumps(CLAIMS[kind], canonical=True))
    assert message == SEALED[kind][1]
    assert OPEN[kind](KEYS, message) == SAID[kind]


@KINDS
@pytest.mark.parametrize("opened_as", ["ticket", "revocation", "time"])
def test_a_message_of_one_kind_is_none_of_another(kind: str, opened_as: str) -> None:
    assert (OPEN[opened_as](KEYS, SEALED[kind][1]) is None) is (kind != opened_as)


@KINDS
def test_a_message_for_another_box_is_none_for_this_one(kind: str) -> None:
    assert OPEN[kind](credentials.derive_keys(bytes(16), SECRET), SEALED[kind][1]) is None
    same_keys = BoxKeys(bytes(16), KEYS.code, KEYS.ticket, KEYS.revocation, KEYS.time)
    assert OPEN[kind](same_keys, SEALED[kind][1]) is None  # authentic, and yet not its own


def authentic(kind: str, payload: bytes) -> bytes:
    return sealed_by_pycose(SEALED[kind][0], payload)


def unsorted(claims: dict[int, object]) -> bytes:
    return cbor2.dumps(dict(reversed(claims.items())))


@KINDS
@pytest.mark.parametrize(
    "change",
    [
        lambda claims: cbor2.dumps(claims | {99: 1}),
        lambda claims: cbor2.dumps({name: claims[name] for name in list(claims)[:-1]}),
        lambda claims: cbor2.dumps({float(name): value for name, value in claims.items()}),
        lambda claims: cbor2.dumps(claims | {3: BOX.hex()}),
        lambda claims: cbor2.dumps(claims | {3: BOX[:-1]}),
        lambda claims: cbor2.dumps(claims | {7: GRANT + b"\x00"} if 7 in claims else claims | {10: NONCE[:-1]}),
        lambda claims: cbor2.dumps(claims | {7: 5} if 7 in claims else claims | {6: True}),
        lambda claims: cbor2.dumps(claims | {4: -1} if 4 in claims else claims | {6: 2.0}),
        lambda claims: cbor2.dumps(claims | {5: 2**64} if 5 in claims else claims | {6: -1}),
        lambda claims: cbor2.dumps(list(claims.items())),
        lambda claims: cbor2.dumps(cbor2.CBORTag(61, claims)),
        lambda claims: cbor2.dumps(claims, indefinite_containers=True),
        lambda claims: cbor2.dumps(claims) + b"\x00",
        lambda claims: cbor2.dumps(claims)[:-1],
        lambda claims: b"\xb9\x00" + bytes((len(claims),)) + cbor2.dumps(claims)[1:],  # a length longer than need be
        lambda claims: bytes((cbor2.dumps(claims)[0] + 1,)) + cbor2.dumps(claims)[1:] + b"\x03\x50" + BOX,  # a name twice
        unsorted,
        lambda _: b"",
        lambda _: b"\xff",
        lambda _: b"\x81" * 2000,
        lambda _: cbor2.dumps("text"),
        lambda _: cbor2.dumps({cbor2.CBORTag(4000, (1,)): 1}),
    ],
)
def test_an_authentic_message_of_another_form_is_none(kind: str, change) -> None:
    assert OPEN[kind](KEYS, authentic(kind, change(CLAIMS[kind]))) is None


@KINDS
def test_authentic_claims_in_another_envelope_are_none(kind: str) -> None:
    key, message = SEALED[kind]
    payload = cbor2.dumps(CLAIMS[kind], canonical=True)
    tag = message[-32:]
    assert OPEN[kind](KEYS, cbor2.dumps(cbor2.CBORTag(17, cbor2.loads(message)))) is None
    assert OPEN[kind](KEYS, cbor2.dumps([b"\xa1\x01\x05", {4: b"kid"}, payload, tag])) is None
    assert OPEN[kind](KEYS, message + b"\x00") is None
    body = b"\x59" + len(payload).to_bytes(2, "big") + payload  # a length longer than need be, and a tag over it
    wide = message[:6] + body + b"\x58\x20" + hmac.digest(key, b"\x84\x64MAC0\x43\xa1\x01\x05\x40" + body, "sha256")
    assert OPEN[kind](KEYS, wide) is None


@KINDS
@given(data=st.binary(max_size=200))
def test_hostile_bytes_are_none(kind: str, data: bytes) -> None:
    assert OPEN[kind](KEYS, data) is None


@KINDS
def test_every_changed_bit_and_every_missing_end_is_noticed(kind: str) -> None:
    message = SEALED[kind][1]
    for bit in range(8 * len(message)):
        changed = bytearray(message)
        changed[bit // 8] ^= 1 << bit % 8
        assert OPEN[kind](KEYS, bytes(changed)) is None
    for length in range(len(message)):
        assert OPEN[kind](KEYS, message[:length]) is None


@given(
    st.binary(min_size=16, max_size=16),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
    st.binary(min_size=16, max_size=16),
)
def test_any_claims_come_back(grant: bytes, start: int, end: int, nonce: bytes) -> None:
    claims = TicketClaims(grant, start, end, nonce)
    assert credentials.open_ticket(KEYS, credentials.seal_ticket(KEYS, claims)) == claims
    assert credentials.open_revocation(KEYS, credentials.seal_revocation(KEYS, grant)) == grant
    order = TimeClaims(start, nonce)
    assert credentials.open_time_order(KEYS, credentials.seal_time_order(KEYS, order)) == order


@pytest.mark.parametrize(
    "claims",
    [
        TicketClaims(GRANT[:-1], 0, 1, NONCE),
        TicketClaims(GRANT, -1, 1, NONCE),
        TicketClaims(GRANT, 0, 2**64, NONCE),
        TicketClaims(GRANT, 0, True, NONCE),
        TicketClaims(GRANT, 0, 1, b""),
    ],
)
def test_what_has_no_form_is_not_sealed(claims: TicketClaims) -> None:
    with pytest.raises(ValueError, match=r"an instant is|this takes"):
        credentials.seal_ticket(KEYS, claims)


# The published vectors


@pytest.fixture(scope="module")
def published() -> Any:
    vectors = json.loads(files("lockproof.hw_adapter").joinpath("vectors.json").read_text(encoding="utf-8"))
    return vectors["interop"]


def keys_of(published: Any) -> BoxKeys:
    return credentials.derive_keys(bytes.fromhex(published["keys"]["box_id"]), bytes.fromhex(published["keys"]["secret"]))


def test_keys_and_codes_are_as_published(published: Any) -> None:
    keys = keys_of(published)
    for purpose in ("code", "ticket", "revocation", "time"):
        assert getattr(keys, purpose).hex() == published["keys"][purpose]
    assert published["codes"]
    for one in published["codes"]:
        code = CodeIndex(one["day_start"], one["day_end"], one["index"])
        assert credentials.code_digits(keys.code, keys.box_id, code, one["digits"]) == one["code"]


def test_dead_is_as_published(published: Any) -> None:
    assert len(published["dead"]) >= 2
    for one in published["dead"]:
        digits_of = credentials.interop_digits(bytes.fromhex(one["box_id"]), bytes.fromhex(one["secret"]), DEFAULT)
        days = {(start, end) for start, end, _, _ in one["codes"]}
        for start, end, index, digits in one["codes"]:
            assert digits_of(CodeIndex(start, end, index)) == digits
            dead = credentials.is_dead(CodeIndex(start, end, index), days, digits_of, DEFAULT)
            assert dead is ([start, end, index] in one["dead"])


def test_messages_are_as_published(published: Any) -> None:
    keys = keys_of(published)
    ticket, order, time = (bytes.fromhex(published[name]["message"]) for name in ("ticket", "revocation_order", "time_order"))
    claims, grant, said = (
        credentials.open_ticket(keys, ticket),
        credentials.open_revocation(keys, order),
        credentials.open_time_order(keys, time),
    )
    assert claims is not None
    assert grant is not None
    assert said is not None
    assert credentials.seal_ticket(keys, claims) == ticket
    assert credentials.seal_revocation(keys, grant) == order
    assert credentials.seal_time_order(keys, said) == time
    assert published["not_authentic"]
    for one in published["not_authentic"]:
        assert credentials.open_ticket(keys, bytes.fromhex(one["ticket"])) is None, one["name"]
