"""PROTOCOL.md and protocol.cddl say what the code does: tables, limits, worked frames, links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lockproof.hw_adapter import adapter, frame, link, serve, vectors
from lockproof.hw_adapter.declaration import (
    CLASSES,
    CLOCK_MODES,
    CUT_CLASSES,
    HELLO_FIELDS,
    LARGEST_ANSWER,
    LARGEST_LAST_ANSWER,
    OBSERVATIONS,
    WAKE_BYTES,
    WHEN_FULL,
    largest_batch,
)
from lockproof.hw_adapter.frame import body_room, decode_frame
from lockproof.hw_adapter.messages import COMMANDS, LOG_KINDS, REASONS, Fault, Status
from lockproof.hw_adapter.values import name_of, table_in_words
from lockproof.spec.profile import DEFAULT

ROOM = Path(vectors.__file__).parent
PAGE = (ROOM / "PROTOCOL.md").read_text(encoding="utf-8")
CDDL = (ROOM / "protocol.cddl").read_text(encoding="utf-8")
FLOWING = " ".join(PAGE.split())


def table(*columns: str) -> list[list[str]]:
    """The rows of the one table whose heading begins with these columns."""
    lines = PAGE.splitlines()
    (start,) = [n for n, line in enumerate(lines) if line.startswith("| " + " | ".join(columns) + " |")]
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_commands() -> None:
    rows = [(int(code), name, test) for code, name, _, _, test in table("code", "command")]
    assert rows == [(code, kind.name, "yes" if kind.test else "no") for code, kind in COMMANDS.items()]


def test_statuses() -> None:
    assert [(int(number), name) for number, name, _ in table("status", "name")] == [(int(s), name_of(s)) for s in Status]


def test_errors() -> None:
    assert [(int(number), name) for number, name, _ in table("error", "name")] == [(int(f), name_of(f)) for f in Fault]


def test_reasons() -> None:
    assert {int(number): clause for number, clause, _ in table("reason", "clause")} == REASONS


def test_hello_keys() -> None:
    rows = [(int(key), name, words) for key, name, words, _ in table("key", "field")]
    assert rows == [(field.key, field.name, field.words) for field in HELLO_FIELDS]


def test_log_kinds() -> None:
    (row,) = [row for row in table("item", "type") if row[0] == "kind"]
    assert row[1] == table_in_words(LOG_KINDS)


def test_power_cut_classes() -> None:
    assert {int(number): name for number, name, _ in table("class", "name")} == CUT_CLASSES


def test_what_stands_last() -> None:
    last = [kind.name for kind in COMMANDS.values() if kind.stands_last]
    assert f"{' and '.join(last)} stand last in theirs" in FLOWING


@pytest.mark.parametrize(
    "sentence",
    [
        f"# The box test protocol, version {frame.VERSION}",
        f"room for a body of {body_room(256)} bytes",
        f"Everyone takes {frame.MINIMUM_LIMIT}",
        f"declares `wake_bytes`, {WAKE_BYTES} at most",
        f"a clock reading takes at most {LARGEST_ANSWER} bytes, a reply with one largest log entry {LARGEST_LAST_ANSWER}",
        f"which is {largest_batch(256)} in 256-byte frames",
        "A box sends its reply within 200 ms",
    ],
)
def test_limits(sentence: str) -> None:
    assert sentence in FLOWING


def test_timing() -> None:
    patience = adapter.DEFAULT_PATIENCE
    assert patience == link.Patience(sends=(0.4, 0.8, 1.6, 3.2), busy=10.0, busy_gap=1.0, first_frame=2.0, boot_margin=2.0)
    for words in ("when 400 ms have passed", "after 800 ms and 1,600 ms more; 3,200 ms after", "at most 1 s apart", "10 s after"):
        assert words in FLOWING
    assert serve.BUSY_EVERY_S < 0.2


def test_the_room_as_the_page_computes_it() -> None:
    for limit in range(256, 3000):
        m = limit - 2
        assert body_room(limit) == m - (m + 1) // 255 - 12


def blocks(kind: str) -> list[bytes]:
    """The bytes of the worked examples: pairs of hex digits up to the first gap of two spaces."""
    found = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return [bytes.fromhex("".join(re.split(r" {2,}", line.strip())[0] for line in block.splitlines())) for block in found]


def test_worked_frames_are_frames_and_stand_among_the_vectors() -> None:
    made = vectors.make()
    lines = {each[side]["line"] for each in made["exchanges"] + made["rejections"] for side in ("request", "reply")}
    lines.add(made["busy"]["line"])
    shown = blocks("frame")
    assert len(shown) >= 10
    for line in shown:
        decode_frame(line[:-1])
        assert line.hex() in lines


def test_worked_messages_stand_among_the_vectors() -> None:
    (ticket,) = blocks("bytes")
    assert ticket.hex() == vectors.make()["interop"]["ticket"]["message"]


def test_worked_credentials_stand_among_the_vectors() -> None:
    interop = vectors.make()["interop"]
    assert {purpose: key.strip("`") for purpose, key in table("purpose", "key")} == {
        purpose: interop["keys"][purpose] for purpose in ("code", "ticket", "revocation", "time")
    }
    first = interop["codes"][0]
    for shown in (interop["keys"]["box_id"], interop["keys"]["secret"], first["hmac"], first["code"]):
        assert f"`{shown}`" in PAGE
    assert f"the day from {first['day_start']} to {first['day_end']}" in FLOWING


def test_the_crc_is_the_one_that_is_checked() -> None:
    assert frame.crc32c(b"123456789") == bytes.fromhex("E3069283")
    assert "is 0xE3069283" in FLOWING


def test_links_within_the_page_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = re.findall(r"\]\(#([^)]*)\)", PAGE)
    assert links
    assert set(links) <= anchors


# CDDL


def rule(name: str) -> str:
    (found,) = re.findall(rf"^{name} *= *(.*?)(?=^\S|\Z)", CDDL, re.MULTILINE | re.DOTALL)
    return str(found)


def test_cddl_commands() -> None:
    for code, kind in COMMANDS.items():
        assert re.match(rf"\[{code}[,\]]", rule(kind.name)), kind.name
        assert kind.name in rule("command")


def test_cddl_hello() -> None:
    lines = re.findall(r"^  (\? )?(\d+): .*; (\w+)$", rule("hello-map"), re.MULTILINE)
    assert [(int(key), name, not optional) for optional, key, name in lines] == [
        (field.key, field.name, field.needed) for field in HELLO_FIELDS
    ]


def test_cddl_ranges() -> None:
    assert rule("error").startswith(f"{{0: 1..{max(Fault)}, 1: uint63}}")
    assert rule("not-carried-out").startswith(f"[1..{max(Status)}]")
    assert f"kind: 1..{max(LOG_KINDS)}" in rule("log-entry")
    assert rule("cut-class").strip() == f"1..{max(CUT_CLASSES)}"
    for key, known in ((4, CLASSES), (5, CLOCK_MODES)):
        assert f"  {key}: [1* 1..{max(known)}]," in CDDL
    for key, held in ((7, OBSERVATIONS), (16, WHEN_FULL)):
        assert f"  {key}: 1..{max(held)}," in CDDL


def test_cddl_names_are_all_defined() -> None:
    without_comments = re.sub(r";.*|\".*?\"|h'.*?'", "", CDDL)
    defined = set(re.findall(r"^([a-z][a-z0-9-]*) *=", without_comments, re.MULTILINE))
    used = set(re.findall(r"[a-z][a-z0-9_-]*", re.sub(r"[\w-]+:", "", without_comments)))
    prelude = {"bool", "int", "uint", "tstr", "bstr", "null", "any", "size", "regexp"}
    assert used - defined - prelude == set()


# The standard's own numbers


def of_the_profile(page: str) -> list[str]:
    """What a page for makers of firmware should say of the default profile, by which a box is judged, and does not."""
    life, ticket, refill = DEFAULT.code_life, DEFAULT.ticket_life, DEFAULT.keypad_refill
    said = (
        f"now is not before `f + {life}` (`code.expiry.after-first-use`)",
        f"service, `[day start, day end + {life})`, holds now",
        f"`[day start, day end + {life})` overlaps or adjoins its own",
        f"`a.start <= b.end + {life}` and `b.start <= a.end + {life}`",
        f"as 0, and {life:,} s after that day's end",
        f"{life:,} s after that the old table is over",
        f"It lives {ticket} s by the timer: a message is in time while `timer < made + {ticket}`",
        f"not the open one, or {ticket} s have passed (`connect.ticket`)",
        f"`arrival = max(arrival, now) + {refill}`",
        f"`arrival <= now + {DEFAULT.keypad_tolerance}`",
        f"one more every {refill} s",
        f"`arrival = arrival - {refill}`",
        f"written at most once in {DEFAULT.refusals_written_every} s by the box's own timer",
        f"up to {DEFAULT.code_days_ahead} days ahead",
        f"{DEFAULT.code_days_ahead} calendar days ahead",
    )
    return [each for each in said if each not in page]


def test_the_page_has_the_numbers_of_the_profile() -> None:
    assert of_the_profile(FLOWING) == []
    assert len(of_the_profile(FLOWING.replace(str(DEFAULT.code_life), "3660"))) == 4, "and a page with others is found"


def test_the_port_kit_has_the_numbers_of_the_profile() -> None:
    limits = (ROOM / "firmware" / "core" / "limits.h").read_text(encoding="utf-8")
    numbers = {name: int(value) for name, value in re.findall(r"^#define (LP_\w+) (\d+)\b", limits, re.MULTILINE)}
    assert {
        "LP_CODE_LIFE": DEFAULT.code_life,
        "LP_CODE_DIGITS": DEFAULT.code_digits,
        "LP_CODE_INDICES": DEFAULT.code_indices,
        "LP_CODE_ENDS_WITH_ITS_DAY": int(DEFAULT.code_ends_with_its_day),
        "LP_TICKET_LIFE": DEFAULT.ticket_life,
        "LP_KEYPAD_BURST": DEFAULT.keypad_burst,
        "LP_KEYPAD_REFILL": DEFAULT.keypad_refill,
        "LP_REFUSALS_EVERY": DEFAULT.refusals_written_every,
        "LP_DAYS_AHEAD": DEFAULT.code_days_ahead,
    }.items() <= numbers.items()
