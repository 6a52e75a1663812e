"""A vendor's declaration: drafted from a box, read, and held against it, its images and itself."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lockproof.conformance import declaring, pics, port_kit
from lockproof.conformance.pics import FIELDS, MAY_CHANGE, OPTIONAL, TABLES, contradictions, written
from lockproof.conformance.planning import PRESENTATIONS, Plan
from lockproof.conformance.progress import told_beginning
from lockproof.conformance.targets import Target, target
from lockproof.hw_adapter.declaration import (
    CLOCK_MODES,
    CUT_CLASSES,
    HELLO_FIELDS,
    LEGAL_CLASSES,
    MOST_DRIFT_PPM,
    OBSERVATIONS,
    WHEN_FULL,
    largest_batch,
)
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.page import hello_meanings
from lockproof.hw_adapter.serve import serve_tcp
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import BadInput, BenchError

EXAMPLE = Path(__file__).parents[2] / "examples" / "pics" / "reference.toml"
HELLO = ReferenceBox().hello()
BOX = Target("a-box", reference=False)
DECLARED = [name for fields in TABLES.values() for name in fields]
OTHER = {
    "identity": "another",
    "firmware": "another 1.0",
    "classes": ("core", "interop", "code-only"),
    "clock_modes": ("wall-clock",),
    "cut_classes": (),
    "observation": "sensed",
    "gives_reasons": False,
    "disturbs_clock": False,
    "frame_limit": 512,
    "batch_limit": 1,
    "log_capacity": 64,
    "log_when_full": "refuse",
    "boot_ms": 21,
    "reset_ms": 21,
    "wake_bytes": 1,
    "drift_ppm": 21,
    "code_digits": 9,
    "code_indices": 7,
    "code_ends_with_its_day": True,
    "holdover": 1,
    "clock_skew": 1,
}
"""Of every field another value, as a box may have it that is otherwise the reference box."""


def draft_of(hello=HELLO) -> str:
    """The draft, with the identity declared."""
    text = declaring.drafted(hello, BOX)
    found = next(line for line in text.splitlines() if line.startswith("# identity = "))
    return text.replace(found, found.removeprefix("# "))


def of_text(text: str) -> pics.Declaration:
    return pics.of_text(Path("box.toml"), text)


def line_of(text: str, begins: str) -> int:
    (number,) = [n for n, line in enumerate(text.splitlines(), 1) if line.startswith(begins)]
    return number


class Changing(ReferenceBox):
    """A box that says of itself what it is told to."""

    says: dict[str, object] = {}  # noqa: RUF012 (set on the object)

    def hello(self):
        return replace(super().hello(), **self.says)


@contextmanager
def served(*, production=False, **says):
    """The address of such a box on a line, and the box."""
    box, stop, where = Changing(), threading.Event(), []
    box.says, there = says, threading.Event()

    def ready(address: str) -> None:
        where.append(address)
        there.set()

    thread = threading.Thread(
        target=serve_tcp, args=(Device(box, production=production),), kwargs={"port": 0, "ready": ready, "stop": stop}
    )
    thread.start()
    try:
        assert there.wait(20)
        yield where[0], box
    finally:
        stop.set()
        thread.join()


# What is declared


def test_every_field_of_hello_is_declared_once_or_may_change():
    assert sorted([*DECLARED, *MAY_CHANGE, "protocol", "production"]) == sorted(field.name for field in HELLO_FIELDS)
    assert OTHER.keys() == set(DECLARED)


def test_the_page_says_what_each_field_means():
    assert hello_meanings().keys() == {field.name for field in HELLO_FIELDS}
    assert hello_meanings()["classes"] == "conformance classes"
    assert hello_meanings()["holdover"] == "seconds that the clock runs without power"


def test_every_drafted_field_has_its_comment():
    lines = declaring.drafted(HELLO, BOX).splitlines()
    for name in DECLARED:
        (place,) = [n for n, line in enumerate(lines) if line.removeprefix("# ").startswith(f"{name} = ")]
        assert lines[place - 1] == f"# {declaring.meaning(name)}"
        assert lines[place - 1].endswith(f"(PROTOCOL.md, Hello, key {FIELDS[name].key})")
    fields = [n for n, line in enumerate(lines) if " = " in line and not line.startswith("#") and not line.startswith("format")]
    assert all(lines[n - 1].startswith("# ") for n in fields)
    assert declaring.meaning("boot_ms") == (
        "from the end of power to the first answer, at most; in milliseconds   (PROTOCOL.md, Hello, key 19)"
    )
    assert declaring.meaning("log_when_full") == (
        "what is lost when it is full: the oldest entry, or the new one, whose number is used up;"
        ' one of "overwrite-oldest", "refuse"   (PROTOCOL.md, Hello, key 16)'
    )


# Boxes of several kinds


def checked(capsys, box: str, path: Path) -> tuple[int, str]:
    assert declaring.draft(box, None, path) == 0
    capsys.readouterr()
    return declaring.check(path, box, None), capsys.readouterr().out


@pytest.mark.parametrize("name", ["reference", "pty"])
def test_a_draft_of_the_reference_box_agrees_with_it(capsys, tmp_path, name):
    assert checked(capsys, name, tmp_path / "box.toml") == (
        0,
        (
            f"{tmp_path}/box.toml: it agrees with {name} (lockproof reference 0.1.0, unprovisioned);"
            " to be filled in: box.vendor, box.product, images.test, images.production\n"
        ),
    )


@pytest.mark.skipif(any(shutil.which(tool) is None for tool in port_kit._TOOLS), reason="needs a compiler")
def test_a_draft_of_the_port_kit_agrees_with_it(capsys, tmp_path):
    code, said = checked(capsys, "firmware", tmp_path / "box.toml")
    assert (code, said.partition(";")[0]) == (
        0,
        f"{tmp_path}/box.toml: it agrees with firmware (lockproof-c 1.0, lockproof host port)",
    )


@pytest.mark.parametrize("classes", LEGAL_CLASSES, ids=lambda classes: "-".join(sorted(classes)))
def test_a_draft_of_each_legal_class_agrees_with_its_box(capsys, tmp_path, classes):
    with served(classes=tuple(sorted(classes))) as (where, _):
        code, said = checked(capsys, where, tmp_path / "box.toml")
    assert (code, said.partition("(")[0]) == (0, f"{tmp_path}/box.toml: it agrees with {where} ")


def test_the_example_is_that_of_the_reference_box(lockproof):
    result = lockproof("pics", "check", str(EXAMPLE), "--box", "reference")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == (
        f"{EXAMPLE}: it agrees with reference (lockproof reference 0.1.0, unprovisioned); to be filled in: images.test, images.production\n"
    )


def numbers(name: str):
    """What `Hello` may hold there, by the words of the table."""
    least, _, most = FIELDS[name].words.removeprefix("uint ").partition("..")
    return st.integers(int(least), int(most))


HELLOS = st.builds(
    replace,
    st.just(HELLO),
    identity=st.text(max_size=8),
    firmware=st.text(max_size=8),
    classes=st.sampled_from([tuple(sorted(each)) for each in LEGAL_CLASSES]),
    clock_modes=st.lists(st.sampled_from(list(CLOCK_MODES.values())), min_size=1, unique=True).map(tuple),
    cut_classes=st.lists(st.sampled_from(list(CUT_CLASSES.values())), unique=True).map(tuple),
    observation=st.sampled_from(list(OBSERVATIONS.values())),
    log_when_full=st.sampled_from(list(WHEN_FULL.values())),
    gives_reasons=st.booleans(),
    disturbs_clock=st.booleans(),
    code_ends_with_its_day=st.booleans(),
    **{name: numbers(name) for name in ("boot_ms", "reset_ms", "wake_bytes", "drift_ppm", "log_capacity", "holdover")},
    frame_limit=st.integers(256, 65_535),
    batch_limit=st.integers(1, largest_batch(256)),
    code_digits=st.integers(7, 9),
    code_indices=st.integers(1, 8),
    clock_skew=st.integers(0, 3_600),
)


@given(HELLOS)
def test_a_draft_of_any_legal_box_says_what_the_box_says(hello):
    declared = of_text(draft_of(hello))
    assert dict(declared.values) == {name: getattr(hello, name) for name in DECLARED}
    assert list(contradictions(declared, hello)) == []
    assert "identity" not in of_text(declaring.drafted(hello, BOX)).values


# Contradictions


@pytest.mark.parametrize("name", DECLARED)
def test_each_field_is_contradicted_both_ways(name):
    other = replace(HELLO, **{name: OTHER[name]})
    for declares, says in ((HELLO, other), (other, HELLO)):
        text = draft_of(declares)
        (line,) = contradictions(of_text(text), says)
        value, saw = written(getattr(declares, name)), written(getattr(says, name))
        assert line.startswith(f"box.toml:{line_of(text, f'{name} = ')}: {name} = {value} is declared, and the box says {saw}: ")
        assert f"; write {name} = {saw}, or " in line


@pytest.mark.parametrize(
    ("name", "declares", "says", "what"),
    [
        ("gives_reasons", True, False, "the box does not have gives_reasons"),
        ("gives_reasons", False, True, "the box has gives_reasons, and it is not declared"),
        ("cut_classes", ("reset",), (), "the box does not have reset"),
        ("cut_classes", (), ("reset",), "the box has reset, and it is not declared"),
        (
            "cut_classes",
            ("reset",),
            ("cut-at-nth-write",),
            "the box does not have reset, the box has cut-at-nth-write, and it is not declared",
        ),
        ("frame_limit", 256, 300, "they differ"),
    ],
)
def test_what_is_declared_and_is_not_there_is_told_apart_from_what_is_there_and_not_declared(name, declares, says, what):
    (line,) = contradictions(of_text(draft_of(replace(HELLO, **{name: declares}))), replace(HELLO, **{name: says}))
    assert line.endswith(f"the box says {written(says)}: {what}; write {name} = {written(says)}, or mend the firmware")


def test_the_order_of_a_list_is_no_contradiction():
    turned = replace(HELLO, classes=HELLO.classes[::-1], clock_modes=HELLO.clock_modes[::-1])
    assert list(contradictions(of_text(draft_of()), turned)) == []


def test_an_identity_may_be_left_out_and_then_every_such_box_fits():
    assert OPTIONAL == ("identity",)
    another = replace(HELLO, identity="another")
    assert list(contradictions(of_text(declaring.drafted(HELLO, BOX)), another)) == []
    (line,) = contradictions(of_text(draft_of()), another)
    assert line.endswith('write identity = "another", or leave it out, so that the file fits every such box')


def test_a_production_build_is_not_what_is_declared():
    (line,) = contradictions(of_text(draft_of()), replace(HELLO, production=True))
    assert line == (
        "box.toml: production: a declaration is of the test build, and the box says production true;"
        " ask the test build, and check this one with lockproof box --production PORT"
    )


# What is wrong in a file


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ('format = "lockproof-pics/1"', "", 1, "it does not say that it is a declaration\n    begin it with"),
        ("lockproof-pics/1", "lockproof-pics/2", 3, 'format = "lockproof-pics/2" is not known here\n    write it as'),
        ("[limits]", "[limit]", "[limit]", "limit is no table of a declaration\n    did you mean limits?   tables: box, conf"),
        (
            "[conformance]",
            "bench = 1\n[conformance]",
            "bench",
            "bench is no field of [box]\n    fields: vendor, product, identity, firmware",
        ),
        ("boot_ms", "boot_s", "boot_s", "boot_s is no field of [limits]\n    did you mean boot_ms?   fields: frame_limit"),
        ("boot_ms = 20", "", "[limits]", "[limits] has no boot_ms\n    write boot_ms = 350, for example"),
        ('vendor = ""', "", "[box]", '[box] has no vendor\n    write vendor = "", at least'),
        ('"core", "interop"]', '"interop"]', "classes", 'classes = ["interop"] is none of the legal sets\n    write one of'),
        ('"core", "interop"]', '"core", "code-only"]', "classes", "is none of the legal sets"),
        ("boot_ms = 20", "boot_ms = 600001", "boot_ms", "boot_ms = 600001 is not a whole number, 0 to 600000\n    write it as"),
        ("boot_ms = 20", "boot_ms = true", "boot_ms", "boot_ms = true is not a whole number, 0 to 600000"),
        ("drift_ppm = 20", f"drift_ppm = {MOST_DRIFT_PPM + 1}", "drift_ppm", "is not a whole number, 0 to 10000"),
        ("gives_reasons = true", "gives_reasons = 1", "gives_reasons", "gives_reasons = 1 is not true or false"),
        ('"reset", "cut-at-nth-write"]', '"reset", "supply"]', "cut_classes", 'is not a list of "reset", "cut-at-nth-write"'),
        (
            '"reset", "cut-at-nth-write"]',
            '"reset", "reset"]',
            "cut_classes",
            'is not a list of "reset", "cut-at-nth-write", none twice',
        ),
        ('= ["reset", "cut-at-nth-write"]', '= ""', "cut_classes", 'cut_classes = "" is not a list of'),
        ('= "self-reported"', '= "operator"', "observation", 'observation = "operator" is not one of "self-reported", "sensed"'),
        ('= "self-reported"', '= "Sensed"', "observation", '"sensed"\n    write it as observation = "sensed"'),
        ("boot_ms = 20", "boot_ms = 20\n[limits]", 42, "twice\n    it stands there twice; leave one out"),
        ("batch_limit = 8", "batch_limit = 9", "batch_limit", "batch_limit: the answers to 9 commands may not fit"),
        (
            "code_digits = 8",
            "code_digits = 10",
            "code_digits",
            "code_digits: 10 is not legal\n    digits of a code: 7 to 9 digits",
        ),
        ("code_indices = 8", "code_indices = 9", "code_indices", "code_indices: 9 is not legal"),
        ("clock_skew = 90", "clock_skew = 3601", "clock_skew", "clock_skew: 3601 is not legal"),
        ("one_source", "same_source", "same_source", "same_source is no field of [images]\n    did you mean one_source?"),
        ("[images.test]", "[images.tests]", "[images.tests]", "tests is no field of [images]\n    did you mean test?"),
        ('sha256 = ""', 'sha256 = "abc"', "sha256 = ", 'sha256 = "abc" is not a SHA-256 in hex, 64 digits'),
        ("boot_ms = 20", "boot_ms = ", "boot_ms", "not TOML: "),
    ],
)
def test_what_is_wrong_is_told_with_its_line(before, after, line, said):
    text = draft_of().replace(before, after, 1)
    with pytest.raises(BadInput) as refused:
        of_text(text)
    number = line if isinstance(line, int) else next(n for n, t in enumerate(text.splitlines(), 1) if t.startswith(line))
    assert str(refused.value).startswith(f"box.toml:{number}: ")
    assert said in str(refused.value)


def test_class_core_may_have_longer_codes_of_its_own():
    assert of_text(draft_of(replace(HELLO, classes=("core",), code_digits=15))).values["code_digits"] == 15


WRONG = st.one_of(
    st.integers(max_value=-1),
    st.integers(min_value=2**32),
    st.floats(allow_nan=False),
    st.sampled_from([[], [["core"]], ["cores"], ["core", "core"], "x" * 33, "none", {"core": 1}, [1]]),
)


@given(st.sampled_from(DECLARED), WRONG)
def test_no_field_takes_what_no_box_may_declare(name, value):
    field = FIELDS[name]
    if name == "cut_classes" and value == []:
        value = ["none"]
    if name in {"identity", "firmware"} and isinstance(value, str):
        value = "x" * 33
    text = draft_of()
    line = line_of(text, f"{name} = ")
    shown = str(value) if isinstance(value, float) else json.dumps(value).replace('{"core": 1}', "{core = 1}")
    lines = text.splitlines()
    lines[line - 1] = f"{name} = {shown}"
    with pytest.raises(BadInput) as refused:
        of_text("\n".join(lines))
    assert str(refused.value).startswith(f"box.toml:{line}: {name} = ")
    assert field.plain in str(refused.value)


@given(st.sampled_from([name for name in DECLARED if name not in OPTIONAL]), st.sampled_from(["gone", "renamed", "elsewhere"]))
def test_no_field_can_be_missing_renamed_or_in_another_table(name, how):
    lines = draft_of().splitlines()
    line = line_of("\n".join(lines), f"{name} = ")
    table = next(each for each, fields in TABLES.items() if name in fields)
    place = line_of("\n".join(lines), f"[{table}]")
    if how == "renamed":
        lines[line - 1] = f"x{lines[line - 1]}"
    moved = lines.pop(line - 1) if how != "renamed" else ""
    if how == "elsewhere":
        lines.append(moved)  # in [images.production]
    with pytest.raises(BadInput) as refused:
        of_text("\n".join(lines))
    said = str(refused.value)
    if how == "renamed":
        assert said.startswith(f"box.toml:{line}: x{name} is no field of [{table}]\n    did you mean {name}?   ")
    else:
        assert said.startswith(f"box.toml:{place}: [{table}] has no {name}\n    write {name} = ")


def test_a_file_that_is_not_there_says_how_to_make_one(lockproof):
    result = lockproof("pics", "check", "no.toml")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "no.toml: No such file or directory; name a declaration; lockproof pics draft --box PORT --out FILE writes one\n"
    )


# Images


@pytest.fixture
def with_images(tmp_path):
    """A declaration whose test image is there, with a digest that is or is not its own."""

    def make(test: str, production: str = "") -> Path:
        (tmp_path / "test.bin").write_bytes(b"firmware")
        text = declaring.drafted(HELLO, BOX).replace('path = ""\n', 'path = "test.bin"\n', 1)
        before, after = text.split("[images.production]")
        text = before.replace('sha256 = ""', f'sha256 = "{test}"') + "[images.production]" + after
        path = tmp_path / "box.toml"
        path.write_text(text.replace('sha256 = ""', f'sha256 = "{production}"'), encoding="utf-8")
        return path

    return make


DIGEST = hashlib.sha256(b"firmware").hexdigest()


def test_an_image_that_is_what_is_declared_is_right(with_images, capsys):
    for digest in (DIGEST, DIGEST.upper()):
        path = with_images(digest, "0" * 64)
        assert declaring.check(path, "", None) == 0
        assert capsys.readouterr().out == (
            f"{path}: it agrees with itself; with --box PORT a box is asked, too; to be filled in: box.vendor, box.product\n"
        )


def test_an_image_that_is_another_is_a_contradiction(with_images, capsys, tmp_path):
    path = with_images("0" * 64)
    number = line_of(path.read_text(encoding="utf-8"), f'sha256 = "{"0" * 64}')
    assert declaring.check(path, "", None) == 1
    line, last = capsys.readouterr().out.splitlines()
    assert line == (
        f'{path}:{number}: images.test: sha256 {"0" * 64} is declared, and {tmp_path}/test.bin has {DIGEST}; write sha256 = "{DIGEST}",'
        " or put the right image there"
    )
    assert last == f"{path}: 1 contradiction"


def test_of_an_image_without_a_digest_it_is_told(with_images, capsys):
    path = with_images("")
    assert declaring.check(path, "", None) == 0
    assert f'images.test is {path.parent}/test.bin; write it down, too: sha256 = "{DIGEST}"\n' in capsys.readouterr().out


def test_an_image_that_is_not_there_can_not_be_looked_at(with_images, tmp_path):
    path = with_images(DIGEST)
    (tmp_path / "test.bin").unlink()
    with pytest.raises(BadInput, match=r"box\.toml:\d+: .*test\.bin: No such file or directory\n    put the image there, or"):
        declaring.check(path, "", None)


# The commands


def test_a_draft_is_printed_or_written_and_never_over_a_file(lockproof, tmp_path):
    printed = lockproof("pics", "draft", "--box", "reference")
    assert (printed.returncode, printed.stdout) == (0, declaring.drafted(HELLO, BOX))
    wrote = lockproof("pics", "draft", "--box", "reference", "--out", "box.toml")
    assert wrote.stdout == (
        "box.toml: drafted from lockproof reference 0.1.0; to be filled in: box.vendor, box.product, images.test, images.production,"
        " then: lockproof pics check box.toml --box reference\n"
    )
    assert (tmp_path / "box.toml").read_text(encoding="utf-8") == printed.stdout
    (tmp_path / "box.toml").write_text("mine", encoding="utf-8")
    again = lockproof("pics", "draft", "--box", "reference", "--out", "box.toml")
    assert (again.returncode, (tmp_path / "box.toml").read_text(encoding="utf-8")) == (2, "mine")
    assert again.stderr == "box.toml: it exists, and what is in it stays; name another file with --out, or move it away\n"


def test_a_box_that_declares_what_none_may_gets_no_draft(tmp_path):
    with (
        served(classes=("core", "code-only")) as (where, _),
        pytest.raises(BenchError, match="declares what none may; mend its hello\n"),
    ):
        declaring.draft(where, None, tmp_path / "box.toml")
    with served(production=True) as (where, _), pytest.raises(BenchError, match="a production build, and a declaration is of"):
        declaring.draft(where, None, tmp_path / "box.toml")
    assert not (tmp_path / "box.toml").exists()


def test_contradictions_end_with_1_and_no_answer_with_3(lockproof, tmp_path):
    (tmp_path / "box.toml").write_text(draft_of().replace("boot_ms = 20", "boot_ms = 30"), encoding="utf-8")
    wrong = lockproof("pics", "check", "box.toml", "--box", "reference")
    line = line_of(draft_of(), "boot_ms")
    assert (wrong.returncode, wrong.stdout, wrong.stderr) == (
        1,
        (
            f"box.toml:{line}: boot_ms = 30 is declared, and the box says 20: they differ; write boot_ms = 20, or mend the firmware\n"
            "box.toml: 1 contradiction\n"
        ),
        "",
    )
    gone = lockproof("pics", "check", "box.toml", "--box", "/dev/no-such-port")
    assert (gone.returncode, gone.stdout) == (3, "")


def test_a_box_of_a_bench_is_asked_and_its_product_drafted(capsys, tmp_path):
    with served() as (where, _):
        bench = tmp_path / "bench.toml"
        bench.write_text(f'[[box]]\nname = "A1"\nserial = "{where}"\nproduct = "door unit"\n', encoding="utf-8")
        assert declaring.draft("A1", bench, tmp_path / "box.toml") == 0
        assert pics.read(tmp_path / "box.toml").product == "door unit"
        capsys.readouterr()
        assert declaring.check(tmp_path / "box.toml", "", bench) == 0
    assert "it agrees with A1 (lockproof reference 0.1.0, unprovisioned)" in capsys.readouterr().out


# A run by it

A_FEW = ("--scenario", "the-hour-is-over")


def records(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_run_keeps_the_declaration_in_its_journal(lockproof, tmp_path, unchained, rechain):
    content = declaring.drafted(HELLO, BOX).replace("\n", "\r\n").encode()
    (tmp_path / "box.toml").write_bytes(content)
    result = lockproof("run", "--box", "reference", "--pics", "box.toml", *A_FEW)
    assert result.returncode == 0, result.stdout + result.stderr
    journal = tmp_path / "runs/0001/reference/journal.jsonl"
    kept = records(journal)[0]["pics"]
    assert kept == {"file": "box.toml", "sha256": hashlib.sha256(content).hexdigest(), "text": content.decode()}
    (tmp_path / "box.toml").unlink()
    assert lockproof("replay", str(journal)).returncode == 0
    head, *rest = unchained(journal)
    rechain(tmp_path / "damaged.jsonl", [head.replace('"sha256":"', '"sha256":7,"x":"', 1), *rest])
    told = lockproof("replay", "damaged.jsonl")
    assert (told.returncode, "run.pics.sha256 is 7; a text belongs there" in told.stderr) == (2, True)


def test_without_a_declaration_the_journal_has_none(lockproof, tmp_path):
    assert lockproof("run", "--box", "reference", *A_FEW).returncode == 0
    assert "pics" not in records(tmp_path / "runs/0001/reference/journal.jsonl")[0]


@pytest.mark.parametrize("how", [(), ("--plan",)])
def test_a_box_that_contradicts_it_is_not_judged(lockproof, tmp_path, how):
    (tmp_path / "box.toml").write_text(draft_of().replace("boot_ms = 20", "boot_ms = 30"), encoding="utf-8")
    result = lockproof("run", "--box", "reference", "--pics", "box.toml", *A_FEW, *how)
    line = line_of(draft_of(), "boot_ms")
    assert (result.returncode, result.stdout, result.stderr) == (
        2,
        "",
        (
            "reference: nothing is judged, since the box and its declaration do not agree:\n"
            f"    box.toml:{line}: boot_ms = 30 is declared, and the box says 20: they differ; write boot_ms = 20, or mend the firmware\n"
        ),
    )
    assert all([each["record"] for each in records(path)] == ["over"] for path in tmp_path.rglob("journal.jsonl"))
    assert not list(tmp_path.rglob("report.json"))


def test_of_several_boxes_each_must_fit_before_any_is_judged(lockproof, tmp_path):
    (tmp_path / "box.toml").write_text(draft_of(), encoding="utf-8")
    with served(log_capacity=64) as (where, box):
        boxes = ("--box", "reference", "--box", where)
        result = lockproof("run", *boxes, "--pics", "box.toml", *A_FEW)
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.startswith(f"{where}: nothing is judged, since the box and its declaration do not agree:\n")
        assert not (tmp_path / "runs").exists()
        box.says = {}
        assert lockproof("run", *boxes, "--pics", "box.toml", *A_FEW).returncode == 0


def test_a_box_that_changed_what_it_declares_after_the_draft_is_refused(lockproof):
    with served() as (where, box):
        assert lockproof("pics", "draft", "--box", where, "--out", "box.toml").returncode == 0
        assert lockproof("run", "--box", where, "--pics", "box.toml", *A_FEW).returncode == 0
        box.says = {"disturbs_clock": False}
        refused = lockproof("run", "--box", where, "--pics", "box.toml", *A_FEW)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "disturbs_clock = true is declared, and the box says false: the box does not have disturbs_clock;" in refused.stderr


def test_words_of_presentations_are_those_of_a_box():
    assert all(hasattr(ReferenceBox, name) for name in PRESENTATIONS)
    assert target("reference").reference


def test_the_page_of_declarations_names_every_field_in_its_table():
    page = (Path(pics.__file__).parents[1] / "hw_adapter" / "PICS.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in page.splitlines() if line.startswith("| ")][1:]
    named: dict[str, set[str]] = {}
    table = ""
    for tables, fields in rows:
        table = tables.replace("`", "").replace("[", "").replace("]", "").strip() or table
        named.setdefault(table, set()).update(re.findall(r"`(\w+)`", fields))
    assert named == {
        **{name: set(fields) for name, fields in TABLES.items()},
        "box": {"vendor", "product", *TABLES["box"]},
        "images": {"one_source"},
        "images.test, images.production": {"path", "sha256"},
        "---": set(),
    }
    assert f'`format = "{pics.FORMAT}"`' in page


def test_a_name_that_would_turn_a_terminal_is_spelt_out(monkeypatch, capsys, tmp_path):
    hello = replace(HELLO, firmware="acme\x1b[2J", identity="\u202eA1")
    monkeypatch.setattr(declaring, "_asked", lambda _: hello)
    path = tmp_path / "pics.toml"
    assert declaring.draft("reference", None, path) == 0
    assert capsys.readouterr().out.startswith(f"{path}: drafted from acme\\x1b[2J; ")
    assert declaring.check(path, "reference", None) == 0
    assert "it agrees with reference (acme\\x1b[2J, \\u202eA1)" in capsys.readouterr().out
    hello = replace(hello, firmware="other\x1b[2J")
    assert declaring.check(path, "reference", None) == 1
    assert "\x1b" not in capsys.readouterr().out
    assert next(told_beginning(BOX, hello, Plan())) == f"{BOX.name}: other\\x1b[2J, \\u202eA1"
