"""Codes of a maker's own: where they come from, what a file of them may be, and what can be played with them."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lockproof.conformance.own_codes import from_file, generator_of, minted_by
from lockproof.conformance.planning import declared_profile
from lockproof.reference.box import ReferenceBox
from lockproof.reference.credentials import interop_digits
from lockproof.spec.civil import day_bounds
from lockproof.spec.observable import BadInput, BenchError, CodeIndex, Declined
from lockproof.spec.profile import DEFAULT

JSON_BOX = Path(__file__).parent.parent / "hw_adapter" / "json_box.py"
SPEC = importlib.util.spec_from_file_location("json_box", JSON_BOX)
json_box = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(json_box)
CORE = replace(ReferenceBox().hello(), classes=("core",))
WRITE_IT = 'write day,index,digits in the first line and 2027-03-02,0,"01234567" in the next'
ZONES = ("America/New_York", "Pacific/Honolulu", "Pacific/Auckland", "Europe/London", "Asia/Kolkata")


class Minting(ReferenceBox):
    asked = 0

    def mint(self, box_id, secret, code):
        self.asked += 1
        return f"{code.index:08}"


def days(first: str, count: int) -> list[dt.date]:
    return [dt.date.fromisoformat(first) + dt.timedelta(number) for number in range(count)]


def test_class_interop_makes_its_codes_as_the_standard_does(tmp_path):
    hello = ReferenceBox().hello()
    assert generator_of(Minting(), hello) is interop_digits
    with pytest.raises(
        BadInput, match=r"the box declares class interop, and makes its codes as the standard does; leave it out$"
    ):
        generator_of(ReferenceBox(), hello, tmp_path / "codes.csv")


def test_nobody_says_what_they_are():
    class Declines(ReferenceBox):
        def mint(self, box_id, secret, code):
            raise Declined("unsupported", "no codes")

    assert generator_of(ReferenceBox(), CORE) is None
    assert generator_of(Declines(), CORE) is None


def test_a_code_is_minted_once():
    box = Minting()
    digits_of = generator_of(box, CORE)(bytes(16), bytes(32), DEFAULT)
    assert [digits_of(CodeIndex(0, 86400, 3)) for _ in range(3)] == ["00000003"] * 3
    assert box.asked == 2  # once to see whether it mints at all


def test_digits_of_another_length_are_told():
    class Short(ReferenceBox):
        def mint(self, box_id, secret, code):
            return "1234567"

    digits_of = minted_by(Short())(bytes(16), bytes(32), DEFAULT)
    with pytest.raises(BenchError, match=r"^mint: 1234567 has 7 digits, and the box declares codes of 8$"):
        digits_of(CodeIndex(0, 86400, 0))


@given(st.dates(min_value=days("2020-01-01", 1)[0], max_value=days("2040-01-01", 1)[0]), st.sampled_from(ZONES))
def test_a_day_is_found_by_its_local_date_in_every_zone(tmp_path_factory, date, zone):
    file = tmp_path_factory.mktemp("codes") / "codes.csv"
    file.write_text(f"day,index,digits\n{date},5,01234567\n")
    bounds = day_bounds(date, zone)
    digits_of = from_file(file)(b"any", b"at all", DEFAULT)
    assert digits_of(CodeIndex(bounds.start, bounds.end, 5)) == "01234567"
    with pytest.raises(BenchError, match=f"no code for {date}, index 4; it has codes for {date} to {date}: add every index"):
        digits_of(CodeIndex(bounds.start, bounds.end, 4))


def test_a_json_file(tmp_path):
    file = tmp_path / "codes.json"
    file.write_text(json.dumps([{"day": "2027-03-02", "index": 0, "digits": "00000001", "note": "kept apart"}]))
    bounds = day_bounds(days("2027-03-02", 1)[0], "America/New_York")
    assert from_file(file)(b"", b"", DEFAULT)(CodeIndex(bounds.start, bounds.end, 0)) == "00000001"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", f"PATH:1: the heading does not name day, index, digits; {WRITE_IT}"),
        ("day;index;digits\n", f"PATH:1: the heading does not name day, index, digits; {WRITE_IT}"),
        ("day,index,digits\n", f"PATH: it has no codes; {WRITE_IT}"),
        ("[]", f"PATH: it has no codes; {WRITE_IT}"),
        ("day,index,digits\nmonday,0,1\n", f"PATH:2: no code: Invalid isoformat string: 'monday'; {WRITE_IT}"),
        ("day,index,digits\n2027-03-02,x,1\n", f"PATH:2: no code: invalid literal for int() with base 10: 'x'; {WRITE_IT}"),
        ("day,index,digits\n2027-03-02,0\n", f"PATH:2: no code: None are no digits in a text; {WRITE_IT}"),
        ('[{"day": "2027-03-02", "index": 0, "digits": 7}]', f"PATH, item 1: no code: 7 are no digits in a text; {WRITE_IT}"),
        ("[7]", f"PATH, item 1: no code: 'int' object is not subscriptable; {WRITE_IT}"),
        (
            "day,index,digits\n2027-03-02,0,1\n2027-03-02,0,2\n",
            "PATH:3: 2027-03-02, index 0, stands in it twice; leave one out",
        ),
    ],
)
def test_a_file_that_is_none(tmp_path, text, told):
    file = tmp_path / "codes.csv"
    file.write_text(text)
    with pytest.raises(BadInput) as error:
        from_file(file)
    assert str(error.value) == told.replace("PATH", str(file))


def test_a_file_that_is_not_there():
    with pytest.raises(BadInput, match=r"^/no/codes.csv: the codes can't be read: No such file or directory$"):
        from_file(Path("/no/codes.csv"))


@pytest.fixture
def core_box():
    return f"program:'{sys.executable}' '{JSON_BOX}' core"


def codes_of(first: str, count: int, written=str, length: int = 8) -> str:
    rows = []
    for day in days(first, count):
        bounds = day_bounds(day, "America/New_York")
        rows += [f"{day},{i},{written(json_box.own_digits(CodeIndex(bounds.start, bounds.end, i), length))}" for i in range(8)]
    return "\n".join(["day,index,digits", *rows]) + "\n"


def test_a_box_of_class_core_is_judged_with_its_file(core_box, lockproof, tmp_path):
    (tmp_path / "codes.csv").write_text(codes_of("2027-02-20", 40))
    done = lockproof("run", "--box", core_box, "--codes", "codes.csv", "--scenario", "the-hour-is-over", "--today", "2027-03-02")
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 pass" in done.stdout


def test_the_codes_of_another_box_do_not_open_this_one(core_box, lockproof, tmp_path):
    (tmp_path / "codes.csv").write_text(codes_of("2027-02-20", 40, lambda digits: digits[::-1]))
    done = lockproof("run", "--box", core_box, "--codes", "codes.csv", "--scenario", "the-hour-is-over", "--today", "2027-03-02")
    assert (done.returncode, done.stderr) == (1, "")
    assert "FAIL" in done.stdout


def test_a_box_of_class_core_without_codes_is_not_judged(core_box, lockproof):
    done = lockproof("run", "--box", core_box, "--scenario", "the-hour-is-over")
    assert done.returncode == 3
    assert (
        "no scenario was run: the box declares core, and nobody says what its codes are: give its adapter a mint, or give them with"
        " --codes"
    ) in " ".join(done.stdout.split())


def test_what_a_file_does_not_list_is_not_exercised_and_fails_nobody(core_box, lockproof, tmp_path):
    (tmp_path / "codes.csv").write_text(codes_of("2027-02-20", 40))
    others = "not exercised: a file of codes says those of one box in one zone, and this scenario needs others; give the adapter a mint"
    left_out = {
        "a-box-made-anew-knows-nothing": others,
        "another-box-has-other-codes": others,
        "a-code-outlives-a-move-to-another-zone": others,
        "the-second-at-which-32-bits-are-full": "not exercised: codes.csv: no code for 2038-01-15, index 0; it has codes for",
        "there-is-no-ninth-index": "not exercised: codes.csv: no code for 2027-03-02, index 8; it has codes for",
    }
    names = [word for name in (*left_out, "the-hour-is-over", "a-day-in-auckland") for word in ("--scenario", name)]
    done = lockproof("run", "--box", core_box, "--codes", "codes.csv", "--today", "2027-03-02", *names)
    assert (done.returncode, done.stderr) == (4, "")
    (run,) = json.loads((tmp_path / "runs/0001/report.json").read_text())["runs"]
    found = {each["id"]: (each["verdict"], each["message"]) for each in run["scenarios"]}
    for name, why in left_out.items():
        verdict, message = found.pop(name)
        assert verdict == "not-applicable"
        assert message.startswith(why)
    assert {"the-hour-is-over", "a-day-in-auckland"} <= found.keys()
    assert {verdict for verdict, _ in found.values()} == {"pass"}


@pytest.mark.parametrize("length", [7, 10, 15])
def test_codes_of_its_own_may_be_longer_than_those_of_the_standard(lockproof, tmp_path, length):
    (tmp_path / "codes.csv").write_text(codes_of("2027-02-20", 40, length=length))
    box = f"program:'{sys.executable}' '{JSON_BOX}' core {length}"
    words = (
        "--codes",
        "codes.csv",
        "--scenario",
        "the-hour-is-over",
        "--scenario",
        "wrong-digits-are-refused",
        "--today",
        "2027-03-02",
    )
    done = lockproof("run", "--box", box, *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 pass" in done.stdout
    journal = next(tmp_path.rglob("journal.jsonl")).read_text()
    entered = [each["arguments"]["digits"] for each in map(json.loads, journal.splitlines()) if each.get("name") == "enter"]
    assert {len(digits) for digits in entered} == {1, length - 1, length, length + 1, 16}
    assert lockproof("replay", "runs/0001").returncode == 0


@pytest.mark.parametrize("length", [6, 16])
def test_codes_of_its_own_may_not_be_shorter_nor_longer_than_an_entry_can_tell(lockproof, tmp_path, length):
    (tmp_path / "codes.csv").write_text(codes_of("2027-02-20", 40, length=length))
    box = f"program:'{sys.executable}' '{JSON_BOX}' core {length}"
    done = lockproof("run", "--box", box, "--codes", "codes.csv", "--today", "2027-03-02")
    assert done.returncode == 3
    assert (
        f"the box declares what the standard does not allow: code_digits: {length} is not legal; digits of a code of its maker's own, since"
        " fewer are guessed too soon however they are made: 7 to 15 digits (code.digits); mend its hello"
    ) in " ".join(done.stdout.split())


@pytest.mark.parametrize("length", [6, 10])
def test_codes_of_class_interop_are_of_seven_to_nine_digits(length):
    for classes in (("interop",), ("core", "interop")):
        hello = asdict(replace(CORE, classes=classes, code_digits=length))
        with pytest.raises(
            BenchError, match=rf"code_digits: {length} is not legal; digits of a code: 7 to 9 digits \(code\.digits\)"
        ):
            declared_profile(hello)
    assert declared_profile(asdict(CORE)) == DEFAULT, "so that what was written for it is held against it"
