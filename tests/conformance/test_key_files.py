"""The key pair that signs: made for its owner alone, and refused where it is anything else."""

from __future__ import annotations

import os
import stat

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from lockproof.conformance import key_files
from lockproof.conformance.key_files import PASSPHRASE, generate, private_key, public_key, public_of
from lockproof.spec.observable import BadInput


@pytest.fixture
def pair(tmp_path):
    """The private key's file."""
    generate(tmp_path / "a.key", protected=False)
    return tmp_path / "a.key"


def refused(reads, path, *words: str) -> None:
    with pytest.raises(BadInput) as told:
        reads(path)
    assert str(path) in str(told.value)
    for word in words:
        assert word in str(told.value)


def test_a_pair_belongs_together_and_is_nobody_elses(tmp_path):
    before = os.umask(0)
    try:
        keyid = generate(tmp_path / "a.key", protected=False)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600
    assert private_key(tmp_path / "a.key").public_key == public_key(tmp_path / "a.key.pub")
    assert public_key(tmp_path / "a.key.pub").keyid == keyid
    assert generate(tmp_path / "b.key", protected=False) != keyid


def test_it_is_closed_before_anything_stands_in_it(tmp_path, monkeypatch):
    modes = []
    opened = os.open

    def watched(path, flags, mode=0o777, **more):
        if str(path).endswith(".key"):
            modes.append((flags & os.O_EXCL > 0, mode))
        return opened(path, flags, mode, **more)

    monkeypatch.setattr(os, "open", watched)
    generate(tmp_path / "a.key", protected=False)
    assert modes == [(True, 0o600)]


@pytest.mark.parametrize("taken", ["a.key", "a.key.pub"])
def test_a_key_that_is_there_stays(tmp_path, taken):
    (tmp_path / taken).write_text("somebody's")
    with pytest.raises(BadInput, match="stays"):
        generate(tmp_path / "a.key", protected=False)
    assert [path.name for path in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_text() == "somebody's"


def test_nothing_is_written_through_a_link(tmp_path):
    (tmp_path / "a.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="stays"):
        generate(tmp_path / "a.key", protected=False)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_one_that_others_can_read_or_write_signs_nothing(pair, mode):
    pair.chmod(mode)
    refused(private_key, pair, f"chmod 600 {pair}")


def test_a_public_key_does_not_sign_and_a_private_one_is_not_handed_over(pair):
    for mode in (0o600, 0o644):  # not told to hide it, either
        public_of(pair).chmod(mode)
        refused(private_key, public_of(pair), "this is a public key")
    refused(public_key, pair, "this is a private key", "a.key.pub")


@pytest.mark.parametrize("kind", ["RSA", "EllipticCurve"])
def test_keys_of_another_kind_are_named(tmp_path, kind):
    key = rsa.generate_private_key(65537, 2048) if kind == "RSA" else ec.generate_private_key(ec.SECP256R1())
    private, public = tmp_path / "a.key", tmp_path / "a.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    private.chmod(0o600)
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    refused(private_key, private, "another kind", "Ed25519")
    refused(public_key, public, "another kind", "Ed25519")


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 99, b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"-----BEGIN PRIVATE KEY-----"],
)
def test_what_is_no_key_is_told_in_one_message(tmp_path, content):
    path = tmp_path / "a.key"
    path.write_bytes(content)
    path.chmod(0o600)
    refused(private_key, path)
    refused(public_key, path)


def test_what_is_no_file_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "a.key", 0o600)
    for path in (tmp_path / "a.key", tmp_path, tmp_path / "none"):
        refused(private_key, path)
        refused(public_key, path)


def test_no_more_is_read_than_a_key_has(tmp_path):
    path = tmp_path / "a.key"
    path.touch(0o600)
    os.truncate(path, 10**12)
    refused(private_key, path, "65536 at most")


def test_a_passphrase_opens_what_it_protects(tmp_path, monkeypatch):
    path = tmp_path / "a.key"
    monkeypatch.setenv(PASSPHRASE, "a wörd")
    keyid = generate(path, protected=True)
    assert b"ENCRYPTED" in path.read_bytes()
    assert private_key(path).public_key.keyid == keyid
    monkeypatch.setenv(PASSPHRASE, "another")
    refused(private_key, path, "does not open it")
    monkeypatch.delenv(PASSPHRASE)
    refused(private_key, path, PASSPHRASE)


def test_a_passphrase_that_nobody_says_protects_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv(PASSPHRASE, raising=False)
    with pytest.raises(BadInput, match=PASSPHRASE):
        generate(tmp_path / "a.key", protected=True)
    monkeypatch.setattr(key_files, "_at_a_terminal", lambda: True)
    for words in (["", ""], ["one", "other"]):
        monkeypatch.setattr(key_files.getpass, "getpass", lambda _, left=words: left.pop(0))
        with pytest.raises(BadInput, match="nothing was written"):
            generate(tmp_path / "a.key", protected=True)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(key_files.getpass, "getpass", lambda _: "one")
    assert generate(tmp_path / "a.key", protected=True) == private_key(tmp_path / "a.key").public_key.keyid
