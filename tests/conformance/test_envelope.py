"""The file of a statement: one for each statement, and no byte of it can be another."""

from __future__ import annotations

import base64
import json
import math
import os

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from lockproof.conformance import envelope
from lockproof.conformance.envelope import canonical, exact, read, signed
from lockproof.spec.observable import BadInput
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner

SIGNER = CryptoSigner(Ed25519PrivateKey.from_private_bytes(bytes(32)))
KEY = SIGNER.public_key
PREDICATE = {"says": "it opens", "é": ["\u202e", {"deep": 1}], "none": None}
TEXT = signed([{"name": "an image", "digest": {"sha256": "00" * 32}}], "urn:example:a", PREDICATE, SIGNER)


@pytest.fixture
def file_of(tmp_path):
    def write(content):
        path = tmp_path / "statement.json"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def enveloped(payload: bytes, /, **fields) -> str:
    """As it would be if somebody signed these bytes."""
    whole = Envelope(payload, envelope.PAYLOAD_TYPE, {})
    whole.sign(SIGNER)
    return json.dumps({**whole.to_dict(), **fields}, indent=1, sort_keys=True) + "\n"


def test_what_was_signed_is_read_again(file_of):
    found = read(file_of(TEXT))
    assert found.statement["predicate"] == PREDICATE
    assert found.statement["_type"] == "https://in-toto.io/Statement/v1"
    assert found.is_signed_by(KEY)
    assert found.keyid == KEY.keyid
    assert not found.is_signed_by(CryptoSigner.generate_ed25519().public_key)


def test_it_is_signed_as_dsse_has_it():
    """Put together by hand, from the specification of DSSE: what is signed is length and text of type and payload."""
    found = json.loads(TEXT)
    payload = base64.b64decode(found["payload"])
    kind = b"application/vnd.in-toto+json"
    said = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    assert SIGNER._private_key.sign(said) == base64.b64decode(found["signatures"][0]["sig"])
    assert found["payloadType"] == kind.decode()


def test_the_same_is_written_in_the_same_bytes():
    again = signed(
        [{"digest": {"sha256": "00" * 32}, "name": "an image"}], "urn:example:a", dict(reversed(PREDICATE.items())), SIGNER
    )
    assert again == TEXT
    assert TEXT.isascii()


@pytest.mark.parametrize("other", [1, 0x20, 0x80])
def test_no_byte_can_be_another(file_of, other):
    for place in range(len(TEXT)):
        changed = bytearray(TEXT.encode())
        changed[place] ^= other
        path = file_of(bytes(changed))
        try:
            found = read(path)
        except BadInput:
            continue
        assert not found.is_signed_by(KEY), place


def test_none_can_be_put_in_or_taken_away(file_of):
    for place in range(len(TEXT)):
        for changed in (TEXT[:place] + TEXT[place + 1 :], TEXT[:place] + " " + TEXT[place:], TEXT[:place]):
            try:
                found = read(file_of(changed))
            except BadInput:
                continue
            assert not found.is_signed_by(KEY), place


def statement(predicate: str) -> bytes:
    return b'{"_type":"https://in-toto.io/Statement/v1","predicate":%b,"predicateType":"a","subject":[]}' % predicate.encode()


def test_such_a_payload_can_be_read(file_of):
    assert read(file_of(enveloped(statement('{"a":1}')))).statement["predicate"] == {"a": 1}


@pytest.mark.parametrize(
    "payload",
    [
        statement('{"a":1,"a":2}'),
        statement('{"a":NaN}'),
        statement('{"a":1.5}'),
        statement('{"a":1e3}'),
        statement('{"a":Infinity}'),
        statement('{"b":1,"a":2}'),
        statement('{ "a":1}'),
        statement('{"a":"\u00e9"}'),
        statement('{"a":1' + "0" * 5000 + "}"),
        statement("[" * 100_000 + "]" * 100_000),
        statement('{"a":' * 900 + "1" + "}" * 900 + " "),
        statement("{}") + b"\n",
        b"\xff",
        b"[]",
        b"",
        b'{"_type":"https://in-toto.io/Statement/v1"}',
        statement("{}").replace(b"v1", b"v2"),
    ],
    ids=lambda payload: payload[:80].decode(errors="replace"),
)
def test_a_payload_that_is_written_otherwise_is_refused_though_it_is_signed(file_of, payload):
    with pytest.raises(BadInput, match="payload"):
        read(file_of(enveloped(payload)))


@pytest.mark.parametrize(
    "fields",
    [
        {"more": 1},
        {"payloadType": "text/plain"},
        {"signatures": []},
        {"signatures": [*json.loads(TEXT)["signatures"], {"keyid": "a", "sig": "AA=="}]},
        {"signatures": [{**json.loads(TEXT)["signatures"][0], "more": 1}]},
        {"signatures": [{"keyid": 1, "sig": "AA=="}]},
        {"signatures": [None]},
        {"signatures": 7},
        {"payload": None},
        {"payload": ["a"]},
    ],
    ids=str,
)
def test_an_envelope_of_another_kind_is_refused(file_of, fields):
    with pytest.raises(BadInput, match="envelope"):
        read(file_of(enveloped(statement("{}"), **fields)))


def test_a_key_that_stands_there_twice_is_refused(file_of):
    with pytest.raises(BadInput, match="twice"):
        read(file_of(TEXT.replace('{\n "payload"', '{\n "payload": "",\n "payload"', 1)))


def test_what_is_no_file_or_too_large_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "line")
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 10**12)
    for name in ("line", "huge", "", "none"):
        with pytest.raises(BadInput, match="statement"):
            read(tmp_path / name)


@given(
    st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists, max_leaves=5).map(lambda v: json.dumps(v).encode())
)
def test_any_bytes_are_a_statement_or_bad_input(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(data)
    with pytest.raises(BadInput):
        read(path)


def test_floats_are_told_exactly_as_text():
    told = exact({"a": 0.2, "b": (1, True, None), "c": math.nan, 3: "x"})
    assert told == {"a": "0.2", "b": [1, True, None], "c": "nan", "3": "x"}
    assert canonical(told) == b'{"3":"x","a":"0.2","b":[1,true,null],"c":"nan"}'
    with pytest.raises(ValueError, match="JSON"):
        canonical(math.nan)
