"""A code with its instructions, as a text message and as an email."""

from __future__ import annotations

import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lockproof.reference.sharing import SharedCode, as_email, as_text, septets
from lockproof.spec.profile import DEFAULT, Profile

NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1)
CODE = SharedCode("04711234", "2019-02-03", "123 Main Street", "Ann (appraiser)", "Joe Smith", 1_549_152_000)


def at(address: str) -> SharedCode:
    return SharedCode(CODE.digits, CODE.date, address, CODE.name, CODE.grantor, CODE.generated)


def test_a_text_message_says_digits_day_place_and_how_long() -> None:
    assert as_text(CODE, DEFAULT) == (
        "Lockbox code 04711234 for 2019-02-03, 123 Main Street. Works at any time that day;"
        " from first use for 60 minutes, also past midnight."
    )


@pytest.mark.parametrize(
    ("profile", "says"),
    [
        (Profile(code_ends_with_its_day=True), "for 60 minutes, but not past midnight"),
        (Profile(code_life=60), "for 1 minute, also"),
        (Profile(code_life=59), "for 59 seconds, also"),
        (Profile(code_life=90 * 60), "for 90 minutes, also"),
        (Profile(code_life=7200), "for 2 hours, also"),
        (Profile(code_life=86_400), "for 24 hours, also"),
    ],
)
def test_the_numbers_are_those_of_the_profile(profile: Profile, says: str) -> None:
    assert says in as_text(CODE, profile)
    assert says.partition(",")[0] in as_email(CODE, "ann@example.org", profile).decode()


def test_a_long_address_is_cut_and_a_strange_one_is_spelt() -> None:
    long = at("123 Main Street, Suite 400, Building C, Industrial Park North")
    assert "123 Main Street, Suite 400, Building C.... Works" in as_text(long, DEFAULT)
    assert "12 Zolc Avenue, Cote-des-Neiges" in as_text(at("12 Żołć Avenue, Côte-des-Neiges".replace("ł", "l")), DEFAULT)
    assert "??" in as_text(at("東京"), DEFAULT)
    assert "123 Main Street" in as_text(at("123 Main Street"), DEFAULT)


@given(NAMES, st.booleans(), st.integers(7, 9), st.integers(1, 86_400))
def test_a_text_message_always_fits_with_digits_and_day_whole(address: str, ends: bool, length: int, life: int) -> None:
    digits = "0123456789"[:length]
    profile = Profile(code_ends_with_its_day=ends, code_digits=length, code_life=life)
    text = as_text(SharedCode(digits, CODE.date, address, CODE.name, CODE.grantor, CODE.generated), profile)
    assert septets(text) <= 160
    assert text.startswith(f"Lockbox code {digits} for 2019-02-03")
    assert text.endswith("midnight.")


def test_septets_count_the_extension_table_twice_and_know_what_is_strange() -> None:
    assert septets("a[€]é") == 8
    with pytest.raises(ValueError, match="ł"):
        septets("ł")


def test_an_email_is_a_message_of_its_standard() -> None:
    raw = as_email(CODE, "ann@example.org", DEFAULT)
    assert b"\r\n\r\n" in raw
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert not message.defects
    assert message["To"] == "ann@example.org"
    assert message["From"].addresses[0].display_name == "Joe Smith"
    assert message["From"].addresses[0].domain.endswith(".invalid")
    assert message["Date"].datetime.timestamp() == CODE.generated
    assert message["Subject"] == "One Day Code for 2019-02-03"
    body = message.get_content()
    for part in ("04711234", "2019-02-03", "123 Main Street", "Ann (appraiser)", "Joe Smith", "60 minutes", "can't be revoked"):
        assert part in body


@given(NAMES, NAMES)
def test_whatever_the_names_an_email_says_it_all_to_one_recipient(name: str, address: str) -> None:
    code = SharedCode(CODE.digits, CODE.date, address, name, name, CODE.generated)
    message = email.message_from_bytes(as_email(code, "ann@example.org", DEFAULT), policy=email.policy.default)
    assert [one.addr_spec for one in message["To"].addresses] == ["ann@example.org"]
    assert [one.addr_spec for one in message["From"].addresses] == ["codes@lockproof.invalid"]
    assert {"Bcc", "Cc"}.isdisjoint(message.keys())
    assert f"Lockbox at:    {address}\r\n" in message.get_content()


def test_the_authority_shares_what_it_issued(town) -> None:
    code = town.code()
    assert code.digits in town.authority.share(code.reference)
    assert "123 Main Street" in town.authority.share(code.reference)
    message = email.message_from_bytes(
        town.authority.share_by_email(code.reference, " ann@example.org "), policy=email.policy.default
    )
    assert message["To"] == "ann@example.org"
    assert code.digits in message.get_content()
