"""The port kit in C: its unit tests, built with sanitizers and run on vectors.json, and what the linker is asked for."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOM = HERE.parents[2] / "hw_adapter"
CORE = ROOM / "firmware" / "core"
MEMORY = ROOM / "firmware" / "memory"
VECTORS = json.loads((ROOM / "vectors.json").read_text(encoding="utf-8"))

WARNINGS = [
    "-std=c99",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wshadow",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
    "-Werror",
]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def text(value: str) -> str:
    return json.dumps(value)


def array(kind: str, name: str, rows: Iterable[str]) -> str:
    return f"static const {kind} {name}[] = {{\n" + "".join(f"    {row},\n" for row in rows) + "};\n"


def frame_rows(vectors: dict[str, Any]) -> Iterable[str]:
    for exchange in (*vectors["exchanges"], *vectors["rejections"], {"name": "busy", "request": vectors["busy"]}):
        for side in ("request", "reply"):
            if side in exchange:
                frame = exchange[side]
                numbers = ", ".join(f"{frame[field]}U" for field in ("version", "kind", "session", "sequence"))
                yield f"{{{text(exchange['name'])}, {text(frame['line'])}, {text(frame['body'])}, {numbers}}}"


def code_row(start: int, end: int, index: int, digits: int, code: str) -> str:
    return f"{{{start}, {end}, {index}, {digits}, {text(code)}}}"


def dead_rows(vectors: dict[str, Any]) -> Iterable[str]:
    for vector in vectors["interop"]["dead"]:
        codes = ", ".join(code_row(*row[:3], 8, row[3]) for row in vector["codes"])
        dead = ", ".join(code_row(*row, 8, "") for row in vector["dead"]) or '{0, 0, 0, 0, ""}'
        what = ", ".join(text(vector[field]) for field in ("what", "box_id", "secret"))
        yield f"{{{what}, {{{codes}}}, {len(vector['codes'])}, {{{dead}}}, {len(vector['dead'])}}}"


def day_rows(vectors: dict[str, Any]) -> Iterable[str]:
    for day in vectors["interop"]["days"]:
        pairs = ", ".join(f"{{{utc}, {offset}}}" for utc, offset in day["pairs"])
        bounds = ", ".join(map(str, day["day"]))
        yield f"{{{text(day['what'])}, {{{pairs}}}, {len(day['pairs'])}, {day['expiry']}, {day['instant']}, {bounds}}}"


STRUCTS = """\
struct frame_vector { const char *name, *line, *body; uint8_t version, kind; uint32_t session; uint16_t sequence; };
struct rejection_vector { const char *name, *request, *reply; };
struct silence_vector { const char *name, *line; };
struct cbor_vector { const char *hex; size_t offset; };
struct code_vector { int64_t day_start, day_end; uint8_t index, digits; const char *code; };
struct dead_vector {
    const char *what, *box_id, *secret;
    struct code_vector codes[24]; size_t code_count; struct code_vector dead[4]; size_t dead_count;
};
struct message_vector { const char *name, *ticket; };
struct pair_vector { int64_t utc; int32_t offset; };
struct day_vector { const char *what; struct pair_vector pair[4]; uint8_t pairs; int64_t expiry, instant, day_start, day_end; };
"""


def vectors_header(vectors: dict[str, Any]) -> str:
    """vectors.json as tables in C."""
    interop, keys = vectors["interop"], vectors["interop"]["keys"]
    rejections = (
        f"{{{text(each['name'])}, {text(each['request']['line'])}, {text(each['reply']['line'])}}}"
        for each in vectors["rejections"]
    )
    codes = (
        code_row(*(each[field] for field in ("day_start", "day_end", "index", "digits", "code"))) for each in interop["codes"]
    )
    messages = [
        (f"{name}{part}".upper(), interop[name][of])
        for name in ("ticket", "revocation_order", "time_order")
        for part, of in (("", "message"), ("_payload", "payload"), ("_mac_structure", "mac_structure"))
    ]
    named = [("BOX_ID", keys["box_id"]), ("SECRET", keys["secret"]), ("CRC_OF", vectors["crc32c"]["of"]), *messages]
    numbers = f"""\
enum {{ PROTOCOL = {vectors["protocol"]}, EXCHANGES = {len(vectors["exchanges"])} }};
static const uint32_t CRC_IS = 0x{vectors["crc32c"]["is"]};
"""
    return "".join(
        (
            '#include <stddef.h>\n#include <stdint.h>\n#ifdef __GNUC__\n#pragma GCC diagnostic ignored "-Wunused-variable"\n#endif\n',
            '#if __GNUC__\n#pragma GCC diagnostic ignored "-Wunused-const-variable"\n#endif\n',
            STRUCTS,
            numbers,
            array("struct frame_vector", "FRAMES", frame_rows(vectors)),
            array("struct rejection_vector", "REJECTIONS", rejections),
            array(
                "struct silence_vector",
                "SILENCE",
                (f"{{{text(each['name'])}, {text(each['line'])}}}" for each in vectors["silence"]),
            ),
            array("struct cbor_vector", "CBOR_ACCEPTED", (f"{{{text(each['hex'])}, 0}}" for each in vectors["cbor"]["accepted"])),
            array(
                "struct cbor_vector",
                "CBOR_REFUSED",
                (f"{{{text(each['hex'])}, {each['offset']}}}" for each in vectors["cbor"]["refused"]),
            ),
            array("char *const", "KEYS", (text(keys[purpose]) for purpose in ("code", "ticket", "revocation", "time"))),
            array("struct code_vector", "CODES", codes),
            array("char *const", "CODE_HMACS", (text(each["hmac"]) for each in interop["codes"])),
            array("struct dead_vector", "DEAD", dead_rows(vectors)),
            array("struct day_vector", "DAYS", day_rows(vectors)),
            array(
                "struct message_vector",
                "NOT_AUTHENTIC",
                (f"{{{text(m['name'])}, {text(m['ticket'])}}}" for m in interop["not_authentic"]),
            ),
            *(f"static const char {name}[] = {text(value)};\n" for name, value in named),
        )
    )


def compiled(where: Path, *sources: Path, options: Iterable[str]) -> list[str]:
    """Object files of sources, in a folder of their own."""
    where.mkdir(parents=True, exist_ok=True)
    command = [
        "cc",
        *WARNINGS,
        "-O1",
        "-g",
        *SANITIZERS,
        *options,
        f"-I{CORE}",
        f"-I{HERE}",
        f"-I{MEMORY}",
        f"-fmacro-prefix-map={HERE}/=",
        "-c",
        *map(str, sources),
    ]
    built = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return [str(where / f"{source.stem}.o") for source in sources]


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Builds test programs, each with the whole firmware and a board in memory; `instead` stands in for the core's file of its name."""
    where = tmp_path_factory.mktemp("firmware")
    (where / "vectors.h").write_text(vectors_header(VECTORS), encoding="utf-8")
    firmware: dict[tuple[str, ...], list[str]] = {}

    def built(test: str, *options: str, instead: Path | None = None) -> Path:
        if options not in firmware:
            sources = (*sorted(CORE.glob("*.c")), MEMORY / "memory_board.c")
            firmware[options] = compiled(where / f"firmware{len(firmware)}", *sources, options=options)
        program = where / f"program{next(programs)}"
        own = compiled(program.with_suffix(".d"), HERE / f"{test}.c", options=[f"-I{where}", *options])
        objects = {Path(each).name: each for each in firmware[options]}
        if instead is not None:
            objects[f"{instead.stem}.o"] = compiled(program.with_suffix(".d"), instead, options=options)[0]
        subprocess.run(["cc", *SANITIZERS, *own, *objects.values(), "-o", str(program)], check=True)
        return program

    programs = count()
    return built


def complaint_of(program: Path) -> str:
    """The first lines of what it said, and how it ended if not well."""
    ran = subprocess.run([str(program)], capture_output=True, text=True, check=False)
    return ran.stderr[:2000] + (f"exit code {ran.returncode}" if ran.returncode else "")


@pytest.mark.parametrize(
    "test", ["test_sha256", "test_frame", "test_cbor", "test_interop", "test_link", "test_exchanges", "test_power", "test_fuzz"]
)
def test_the_firmware_holds_what_the_vectors_say(test, build):
    assert complaint_of(build(test)) == ""


OTHERS = [("test_interop", "-DLP_CODE_DIGITS=7"), ("test_interop", "-DLP_CODE_DIGITS=9"), ("test_frame", "-DLP_FRAME_LIMIT=1024")]


@pytest.mark.parametrize(("test", "option"), OTHERS)
def test_the_same_with_other_limits(test, option, build):
    assert complaint_of(build(test, option)) == ""


WRONG = [
    ("sha256.c", "turned(before15, 18)", "turned(before15, 19)", "test_sha256"),
    ("sha256.c", "padded(key->outer, from, size, 0x5c);", "padded(key->outer, from, size, 0x5d);", "test_sha256"),
    ("frame.c", "used - code == 255", "used - code == 254", "test_frame"),
    ("frame.c", "code == 0 || code - 1 > *size - at", "code == 0", "test_frame"),
    ("cbor.c", "if (*value < smallest) {", "if (*value + 1 < smallest) {", "test_cbor"),
    ("cbor.c", "value <= left / 2", "value <= left", "test_cbor"),
    ("cbor.c", "order < 0 || (order == 0", "order <= 0 || (order == 0", "test_cbor"),
    ("codes.c", "!is_dead(code, digits)", "(is_dead(code, digits) || true)", "test_interop"),
    ("codes.c", "code->day_start <= lp_plus(day->end, LP_CODE_LIFE)", "true", "test_interop"),
    ("days.c", ">= midnight) {", "> midnight) {", "test_interop"),
    ("days.c", "zone->expiry < next_midnight + LP_SECONDS_OF_DAY", "zone->expiry < next_midnight", "test_interop"),
    ("messages.c", "return different == 0;", "return true;", "test_interop"),
    ("link.c", "if (is_last_request(request)) {", "if (is_last_request(request) || true) {", "test_link"),
    ("link.c", "last.kept && request->sequence == last.sequence", "false", "test_link"),
    ("link.c", "    incoming.too_long = false;\n}\n\nstatic void hear", "}\n\nstatic void hear", "test_link"),
    ("store.c", "    board_store_write(0, &pending, sizeof pending);\n}", "}", "test_power"),
    ("link.c", "        current.heard = board_timer_ms();\n    }", "    }", "test_link"),
    ("store.c", "return check == pending.check;", "return true;", "test_power"),
    ("clock.c", "lp_crc32c(0, (const uint8_t *)&kept,", "lp_crc32c(kept.session, (const uint8_t *)&kept,", "test_power"),
    ("keypad.c", "if (!LP_FAULTY(charge_after_compare)) {", "if (LP_FAULTY(charge_after_compare)) {", "test_power"),
]


@pytest.mark.parametrize(("file", "old", "new", "test"), WRONG)
def test_a_wrong_line_is_noticed(file, old, new, test, build, changed, tmp_path):
    assert complaint_of(build(test, instead=changed(tmp_path / "firmware", file, old, new) / "core" / file))


FOR_THE_LINKER = [
    "-Os",
    "-ffreestanding",
    "-fno-tree-loop-distribute-patterns",
    "-fno-stack-protector",
    "-fno-pic",
    "-fcf-protection=none",
]


def asked_of_the_linker(objects: list[str]) -> set[str]:
    """Every name that object files leave open, but for the firmware's own."""
    named = subprocess.run(["nm", "-u", *objects], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1] for line in named.splitlines() if " U " in line and " lp_" not in line}


def test_the_core_asks_for_two_functions_of_libc_and_those_of_the_board(tmp_path):
    """So it has no heap, and no floating point that a compiler would have to emulate."""
    subprocess.run(["cc", "-std=c99", *FOR_THE_LINKER, "-c", *map(str, CORE.glob("*.c"))], cwd=tmp_path, check=True)
    asked = asked_of_the_linker([str(each) for each in tmp_path.glob("*.o")])
    declared = set(re.findall(r"\b(board_\w+)\(", (CORE / "board.h").read_text(encoding="utf-8")))
    assert asked == {"memcpy", "memcmp"} | declared


ONLY_FOR_TESTS = {
    "lp_arm",
    "lp_clock_advance",
    "lp_clock_disturb",
    "lp_clock_hold",
    "lp_factory_reset",
    "lp_keypad_entry",
    "lp_provision",
}


@pytest.mark.parametrize(("options", "called"), [([], ONLY_FOR_TESTS), (["-DLOCKPROOF_PRODUCTION"], set())])
def test_what_carries_out_a_test_command_is_not_in_a_production_build(options, called, tmp_path):
    subprocess.run(["cc", "-std=c99", "-Os", *options, "-c", str(CORE / "commands.c")], cwd=tmp_path, check=True)
    named = subprocess.run(["nm", "-u", "commands.o"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert {line.split()[-1] for line in named.splitlines()} & ONLY_FOR_TESTS == called


@pytest.mark.parametrize(
    ("file", "fault", "name"),
    [
        ("keypad.c", "hour_by_uptime", "hour_ends"),
        ("link.c", "reply_by_content", "has_last_content"),
        ("nonce.c", "random_unseeded", "draw_unseeded"),
        ("codes.c", "digits_as_a_number", "as_a_number"),
        ("store.c", "watchdog_in_a_commit", "erases_a_page"),
    ],
)
def test_what_a_faulty_box_has_is_compiled_into_no_other(file, fault, name, tmp_path):
    def compiled_in(*options: str) -> bool:
        subprocess.run(["cc", "-std=c99", "-Os", "-fno-inline", *options, "-c", str(CORE / file)], cwd=tmp_path, check=True)
        object_file = str((tmp_path / file).with_suffix(".o"))
        symbols = subprocess.run(["nm", object_file], capture_output=True, text=True, check=True).stdout
        return name in {line.split()[-1].partition(".")[0] for line in symbols.splitlines()}

    assert (compiled_in(), compiled_in(f"-DLP_FAULT={fault}")) == (False, True)


def fits(option: str, where: Path) -> str:
    """What the compiler says of the core with this limit: nothing if it may be so."""
    command = ["cc", *WARNINGS, "-O1", option, "-fsyntax-only", *map(str, CORE.glob("*.c"))]
    return subprocess.run(command, cwd=where, capture_output=True, text=True, check=False).stderr


LEGAL = {
    "FRAME_LIMIT": (256, 65535),
    "HOLDOVER": (0, 2**32 - 1),
    "CLOCK_SKEW": (0, 2**32 - 1),
    "DRIFT_PPM": (0, 10000),
    "BOOT_MS": (0, 600000),
    "RESET_MS": (0, 600000),
    "WAKE_BYTES": (0, 64),
    "CODE_DIGITS": (7, 9),
}
"""What may be declared, PROTOCOL.md, Hello."""


@pytest.mark.parametrize(("name", "least", "most"), [(name, *bounds) for name, bounds in LEGAL.items()])
def test_what_hello_must_not_declare_is_refused_by_the_compiler(name, least, most, tmp_path):
    assert [fits(f"-DLP_{name}={value}", tmp_path) for value in (least, most)] == ["", ""]
    assert all(f"lp_holds_{name.lower()}" in fits(f"-DLP_{name}={value}", tmp_path) for value in (least - 1, most + 1))


def test_a_log_of_one_entry_may_be_and_none_may_not(tmp_path):
    assert fits("-DLP_LOG_ENTRIES=1", tmp_path) == ""
    assert "lp_holds_log_entries" in fits("-DLP_LOG_ENTRIES=0", tmp_path)


def test_the_core_has_no_floating_point_in_it():
    assert [path.name for path in CORE.glob("*.[ch]") if re.search(r"\b(float|double)\b", path.read_text(encoding="utf-8"))] == []


def test_the_page_for_a_vendor_names_every_function_of_the_board():
    page = (CORE.parent / "README.md").read_text(encoding="utf-8")
    declared = re.findall(r"\b(board_\w+)\(", (CORE / "board.h").read_text(encoding="utf-8"))
    assert declared
    assert [name for name in declared if f"`{name}`" not in page] == []


class Read(dict[str, Any]):
    """Says in `unread` which of its keys nobody has asked for, here and in what it holds."""

    def __init__(self, held: dict[str, Any]) -> None:
        super().__init__({key: watched(value) for key, value in held.items()})
        self.left = set(self)

    def __getitem__(self, key: str) -> Any:
        self.left.discard(key)
        return super().__getitem__(key)


def watched(value: Any) -> Any:
    if isinstance(value, dict):
        return Read(value)
    return [watched(each) for each in value] if isinstance(value, list) else value


def unread(value: Any) -> set[str]:
    inside = list(value.values()) if isinstance(value, Read) else value if isinstance(value, list) else []
    return {*getattr(value, "left", ()), *(name for each in inside for name in unread(each))}


def test_every_vector_is_in_the_tables():
    """All but what says in words what stands beside it in bytes."""
    vectors = watched(VECTORS)
    vectors_header(vectors)
    assert unread(vectors) == {"says", "is", "claims", "what", "zone"}
