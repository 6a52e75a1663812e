"""A One Day Code with its instructions, as a text message or as an email (`code.share`)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from lockproof.spec.profile import HOUR, MINUTE, Profile

TEXT_LIMIT = 160
"""Septets of one text message (3GPP TS 23.038)."""

SENDER = "codes@lockproof.invalid"
"""Nobody receives mail there (RFC 2606): a reference authority has no mailbox."""

_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_7_TWICE = frozenset("^{}\\[~]|€")  # these take two septets
_CUT = "..."
_SHORTEST_ADDRESS = 8  # characters below which a cut address helps nobody


@dataclass(frozen=True, slots=True)
class SharedCode:
    """What the recipient of a code is told. `generated` is an instant in seconds UTC."""

    digits: str
    date: str
    address: str
    name: str
    grantor: str
    generated: int


def as_text(code: SharedCode, profile: Profile) -> str:
    """One text message of at most 160 septets. The address is shortened, or left out; the digits and the day never are."""
    before = f"Lockbox code {code.digits} for {code.date}"
    after = f". Works at any time that day; from first use for {_length(profile)}{_midnight(profile)}."
    room = TEXT_LIMIT - septets(before + after) - len(", ")
    address = _cut(_in_gsm_7(code.address), room)
    return before + (f", {address}" if address else "") + after


def as_email(code: SharedCode, to: str, profile: Profile) -> bytes:
    """The same as a message of RFC 5322, dated at the instant of generation. `to` is an email address."""
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(code.grantor, addr_spec=SENDER)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = f"One Day Code for {code.date}"
    message["Date"] = format_datetime(datetime.fromtimestamp(code.generated, UTC))
    message.set_content(
        f"One Day Code:  {code.digits}\n"
        f"Day:           {code.date}\n"
        f"Lockbox at:    {code.address}\n"
        f"For:           {code.name}\n"
        f"From:          {code.grantor}\n"
        "\n"
        f"1. On {code.date}, at any time of that day, enter {code.digits} on the lockbox.\n"
        f"2. From first use it works for {_length(profile)}{_midnight(profile)},\n"
        "   and then never again. Entering it again does not make it last longer.\n"
        "3. It can't be revoked. Keep it to yourself: its uses are recorded.\n"
    )
    return message.as_bytes()


def septets(text: str) -> int:
    """The room that a text takes in a message. Raises ValueError where it is not in the GSM 7-bit alphabet."""
    if strange := set(text) - _GSM_7 - _GSM_7_TWICE:
        raise ValueError(f"not in the GSM 7-bit alphabet: {''.join(sorted(strange))!r}")
    return sum(2 if character in _GSM_7_TWICE else 1 for character in text)


def _in_gsm_7(text: str) -> str:
    """One strange character would halve the room for all the others, so each gives way to its base letter or to '?'."""
    return "".join(_letter_in_gsm_7(character) for character in unicodedata.normalize("NFC", text))


def _letter_in_gsm_7(character: str) -> str:
    known = _GSM_7 | _GSM_7_TWICE
    if character in known:
        return character
    base = "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    return base if base and set(base) <= known else "?"


def _cut(text: str, room: int) -> str:
    if septets(text) <= room:
        return text
    if room < _SHORTEST_ADDRESS:
        return ""
    while septets(text) > room - len(_CUT):
        text = text[:-1]
    return text.rstrip(" ,") + _CUT


def _length(profile: Profile) -> str:
    life = profile.code_life
    if life % MINUTE:
        return f"{life} seconds"
    minutes, hours = life // MINUTE, life // HOUR
    return f"{hours} hours" if hours > 1 and life % HOUR == 0 else f"{minutes} minutes" if minutes > 1 else "1 minute"


def _midnight(profile: Profile) -> str:
    return ", but not past midnight" if profile.code_ends_with_its_day else ", also past midnight"
