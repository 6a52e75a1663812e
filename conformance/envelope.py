"""The file of a statement: a DSSE envelope around the JSON of an in-toto Statement, version 1, with one signature.

Envelope and signature are those of securesystemslib. The package in-toto-attestation is not used: it is made of protocol buffers,
and of a statement it knows four fields, which stand here. Of one statement there is one file: numbers are whole, keys sorted, and
what is written otherwise, twice or beside it is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from lockproof.conformance.whole_files import bounded
from lockproof.spec.observable import BadInput
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
LARGEST: Final = 16_000_000  # bytes of a file
_REMEDY = "it was changed, or lockproof certify did not write it"


@dataclass(frozen=True, slots=True)
class Enveloped:
    """A statement as its file has it; nothing says yet that anybody signed it."""

    path: Path
    envelope: Envelope
    statement: Mapping[str, Any]

    @property
    def keyid(self) -> str:
        """Of the key that is said to have signed it."""
        (keyid,) = self.envelope.signatures
        return str(keyid)

    def is_signed_by(self, key: SSlibKey) -> bool:
        try:
            self.envelope.verify([key], 1)
        except VerificationError:
            return False
        return True


def signed(subjects: Sequence[Any], predicate_type: str, predicate: Mapping[str, Any], signer: CryptoSigner) -> str:
    """The text of the file."""
    statement = {"_type": STATEMENT_TYPE, "subject": subjects, "predicateType": predicate_type, "predicate": predicate}
    envelope = Envelope(canonical(statement), PAYLOAD_TYPE, {})
    envelope.sign(signer)
    return _text(envelope)


def read(path: Path) -> Enveloped:
    """What the file of a statement holds. Raises `BadInput` for one that is not as `signed` writes it."""
    with bounded(path, LARGEST, "a statement") as file:
        content = file.read()
    found = parsed(path, content, "envelope")
    try:
        (signature,) = found["signatures"]
        envelope = Envelope.from_dict({**found, "signatures": [dict(signature)]})
    except Exception as wrong:  # noqa: BLE001 (whatever it makes of such values)
        raise BadInput(f"{path}: envelope: no DSSE envelope with one signature ({wrong!s:.200}); {_REMEDY}") from None
    if _text(envelope).encode() != content or not _is_plain(signature) or envelope.payload_type != PAYLOAD_TYPE:
        raise BadInput(f"{path}: envelope: not written as one is; {_REMEDY}")
    statement = parsed(path, envelope.payload, "payload")
    if _encoded(statement) != envelope.payload:
        raise BadInput(f"{path}: payload: not written as one is; {_REMEDY}")
    if {*statement} != {"_type", "subject", "predicateType", "predicate"} or statement["_type"] != STATEMENT_TYPE:
        raise BadInput(f"{path}: payload: no in-toto Statement, version 1; {_REMEDY}")
    return Enveloped(path, envelope, statement)


def canonical(value: Any) -> bytes:
    """The one encoding of a value. It holds no floats: `exact` writes them as text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def _encoded(found: Any) -> bytes:
    try:
        return canonical(found)
    except RecursionError:  # it was just not too deep to be read
        return b""


def exact(value: Any) -> Any:
    """A value of a journal as a statement has it: plain JSON, and what a float is, its shortest decimal says."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return {str(name): exact(each) for name, each in value.items()}
    return [exact(each) for each in value] if isinstance(value, list | tuple) else value


def _is_plain(signature: Mapping[str, Any]) -> bool:
    return {*signature} == {"keyid", "sig"} and isinstance(signature["keyid"], str)


def _text(envelope: Envelope) -> str:
    return json.dumps(envelope.to_dict(), indent=1, sort_keys=True) + "\n"


def parsed(path: Path, content: bytes, part: str) -> dict[str, Any]:
    """A JSON object without floats, in which no key stands twice. Raises `BadInput` for anything else, naming the part of the file."""
    try:
        found = json.loads(content.decode(), object_pairs_hook=_once_each, parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError) as wrong:
        raise BadInput(f"{path}: {part}: no JSON of a statement ({wrong!s:.200}); {_REMEDY}") from None
    if not isinstance(found, dict):
        raise BadInput(f"{path}: {part}: no JSON object; {_REMEDY}")
    return found


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _refuse(number: str) -> NoReturn:
    raise ValueError(f"{number:.40} is no whole number")
