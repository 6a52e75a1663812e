"""The key pair that signs statements: Ed25519, as PEM files; `lockproof keygen` makes one."""

from __future__ import annotations

import getpass
import os
import stat
import sys
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from lockproof.conformance.whole_files import bounded, write_new
from lockproof.spec.observable import BadInput
from securesystemslib.signer import CryptoSigner, SSlibKey

PASSPHRASE: Final = "LOCKPROOF_PASSPHRASE"  # noqa: S105 (the name of an environment variable)
"""Environment variable: the passphrase of a private key; without it the person at the terminal is asked."""
_LONGEST = 65_536  # bytes of a file with a key
_OF_OTHERS = 0o077
_PRIVATE, _PUBLIC = b"PRIVATE KEY-----", b"PUBLIC KEY-----"


def generate(out: Path, *, protected: bool) -> str:
    """Make a pair: the private key in `out`, for nobody else to read, the public one beside it, in `public_of(out)`; its key id.

    `protected`: by a passphrase. Raises `BadInput` where either file is there already, or can't be written.
    """
    key, public = Ed25519PrivateKey.generate(), public_of(out)
    how: KeySerializationEncryption = NoEncryption()
    if protected:
        how = BestAvailableEncryption(_new_passphrase())
    if os.path.lexists(public):
        raise BadInput(f"{public}: it exists, and a key that somebody may use stays; name another file with --out")
    _write_new(out, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how), 0o600)
    try:
        _write_new(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644)
    except BadInput:
        out.unlink()
        raise
    return str(CryptoSigner(key).public_key.keyid)


def public_of(private: Path) -> Path:
    """The file of the public key that belongs to it."""
    return private.with_name(f"{private.name}.pub")


def private_key(path: Path) -> CryptoSigner:
    """What signs. Raises `BadInput` for a file that others can read, and for what is no private Ed25519 key."""
    content = _read(path, is_private=True)
    if _PRIVATE not in content:
        told = "this is a public key, and only the private one signs" if _PUBLIC in content else "no private key in PEM"
        raise BadInput(f"{path}: {told}; name the file that lockproof keygen wrote")
    key = _loaded(path, content)
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(
            f"{path}: a key of another kind ({_kind(key)}); statements are signed with Ed25519: lockproof keygen makes one"
        )
    return CryptoSigner(key)


def public_key(path: Path) -> SSlibKey:
    """What a signature is checked with. Raises `BadInput` for what is no public Ed25519 key."""
    content = _read(path)
    if _PRIVATE in content:
        raise BadInput(f"{path}: this is a private key, which is its owner's alone; name the public one, {public_of(path).name}")
    try:
        key = load_pem_public_key(content)
    except Exception:  # noqa: BLE001 (whatever it makes of such bytes)
        raise BadInput(f"{path}: no public key in PEM; name the .pub file that lockproof keygen wrote") from None
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput(f"{path}: a key of another kind ({_kind(key)}); statements are signed with Ed25519")
    return SSlibKey.from_crypto(key)


def _loaded(path: Path, content: bytes) -> Any:
    secret = None
    try:
        return load_pem_private_key(content, None)
    except TypeError:  # it is protected
        secret = _passphrase(path)
    except Exception:  # noqa: BLE001 (whatever it makes of such bytes)
        raise BadInput(f"{path}: no private key can be read from it; name the file that lockproof keygen wrote") from None
    try:
        return load_pem_private_key(content, secret)
    except Exception:  # noqa: BLE001 (whatever it makes of such bytes)
        raise BadInput(f"{path}: this passphrase does not open it; it is that of {PASSPHRASE}, or else asked for") from None


def _passphrase(path: Path) -> bytes:
    if given := os.environ.get(PASSPHRASE, ""):
        return given.encode()
    if not _at_a_terminal():
        raise BadInput(f"{path}: it is protected by a passphrase; put that into {PASSPHRASE}, or run this at a terminal")
    return getpass.getpass(f"passphrase of {path}: ").encode()


def _new_passphrase() -> bytes:
    if given := os.environ.get(PASSPHRASE, ""):
        return given.encode()
    if not _at_a_terminal():
        raise BadInput(f"--passphrase: put one into {PASSPHRASE}, or run this at a terminal, to be asked for it")
    given = getpass.getpass("passphrase: ")
    if not given or given != getpass.getpass("once more: "):
        raise BadInput("--passphrase: it is empty, or not the same twice; nothing was written")
    return given.encode()


def _at_a_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _read(path: Path, *, is_private: bool = False) -> bytes:
    with bounded(path, _LONGEST, "a key") as file:
        content = file.read()
        open_to_others = os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & _OF_OTHERS
        if is_private and open_to_others and _PUBLIC not in content:  # a public one is told as what it is
            raise BadInput(f"{path}: others than its owner can read or write it, so nothing is signed with it; chmod 600 {path}")
        return content


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        write_new(path, content, mode)
    except FileExistsError:
        raise BadInput(f"{path}: it exists, and a key that somebody may use stays; name another file with --out") from None
    except OSError as error:
        raise BadInput(f"{path}: the key can't be written: {error.strerror}; name another file with --out") from None


def _kind(key: object) -> str:
    return type(key).__name__.removesuffix("PrivateKey").removesuffix("PublicKey").strip("_")
