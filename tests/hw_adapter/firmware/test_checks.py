"""Static analysis, size and fuzzing of the port kit: each finds nothing, and each finds the line that was made wrong."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).parents[3] / "hw_adapter" / "firmware"
TARGETS = sorted(path.stem for path in (FIRMWARE / "fuzz").glob("*.c"))
SECONDS = 2
MISSING = [tool for tool in ("clang", "gcc", "arm-none-eabi-gcc", "make") if shutil.which(tool) is None]
IN_CI = bool({"CI", "LOCKPROOF_CI"} & os.environ.keys())

# As with the emulated board: without the tools the other tests still run, and in CI, which installs them, these fail.
pytestmark = pytest.mark.skipif(
    bool(MISSING) and not IN_CI,
    reason=f"not installed: {' '.join(MISSING)} (Debian: clang libclang-rt-dev gcc-arm-none-eabi make)",
)


def make(build: Path, *goals: str, source: Path = FIRMWARE) -> subprocess.CompletedProcess[str]:
    command = ["make", "-s", "-j2", "-C", str(source), f"BUILD={build}", *goals]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def made(build: Path, *goals: str) -> str:
    ran = make(build, *goals)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def test_what_is_built_with_other_definitions_is_built_anew(tmp_path):
    program = tmp_path / "lockproof-host"

    def built(*settings: str) -> bytes:
        made(tmp_path, "SANITIZERS=", *settings, "all")
        return program.read_bytes()

    whole, when = built(), program.stat().st_mtime_ns
    assert (built(), program.stat().st_mtime_ns) == (whole, when)
    first = built("DEFINES=-DLP_RUNG=1 -DLP_FIRMWARE='\"of the first day\"'")
    assert b"of the first day" in first
    assert b"of the first day" not in whole
    assert built() == whole


def test_two_compilers_find_nothing_in_it(tmp_path):
    made(tmp_path, "analyze")


NULL = ("cbor.c", "    if (within != NULL) {\n        within->left--;\n    }\n", "    within->left--;\n")
BOUND = ("zones.c", "room >= LP_ZONES || lp_state", "room == LP_ZONES || lp_state")
RETURNS = ("commands.c", "LP_NORETURN static void strike", "static void strike")
FOUND = [
    ("gcc", NULL, "analyzer-null-dereference"),
    ("arm-gcc", NULL, "analyzer-null-dereference"),
    ("clang", NULL, "core.NullDereference"),
    ("clang", BOUND, "alpha.security.ArrayBound"),
    ("clang", RETURNS, "Wmissing-noreturn"),
]


@pytest.mark.parametrize(("compiler", "change", "complaint"), FOUND)
def test_a_wrong_line_is_found_by_analysis(compiler, change, complaint, changed, tmp_path):
    wrong = changed(tmp_path / "firmware", *change)
    ran = make(tmp_path, f"{tmp_path}/{compiler}/core/{Path(change[0]).stem}.checked", source=wrong)
    assert ran.returncode != 0
    assert complaint in ran.stderr


# ---- What the board port takes.


@pytest.fixture(scope="module")
def board(tmp_path_factory) -> Path:
    build = tmp_path_factory.mktemp("board")
    made(build, "lm3s6965")
    return build


def test_the_page_says_what_make_size_prints(board):
    """Of the compiler that the page names; others come close, and the limits hold for all."""
    took = re.match(r"flash (\d+) bytes, memory (\d+) bytes, stack (\d+) bytes; ", made(board, "size"))
    page = (FIRMWARE / "README.md").read_text(encoding="utf-8")
    figures = [re.search(rf"^\| {what} \| ([\d.]+) kB", page, re.MULTILINE) for what in ("flash", "memory", "stack")]
    version = subprocess.run(["arm-none-eabi-gcc", "-dumpversion"], capture_output=True, text=True, check=True).stdout.strip()
    assert took is not None
    if f"gcc {version}" in page:
        assert [f"{int(size) / 1000:.1f}" for size in took.groups()] == [figure and figure[1] for figure in figures]
    limits = re.search(r"more than ([\d.]+) kB of flash, ([\d.]+) kB of memory or ([\d.]+) kB of stack", page)
    source = (FIRMWARE / "size.py").read_text(encoding="utf-8")
    assert limits is not None
    assert [int(float(limit) * 1000) for limit in limits.groups()] == [
        int(number.replace("_", "")) for number in re.findall(r'"(?:flash|memory|stack)": ([\d_]+)', source)
    ]


def test_without_the_tools_that_measure_it_says_what_to_install(board):
    command = [
        sys.executable,
        str(FIRMWARE / "size.py"),
        "no-such-",
        str(board / "lockproof-lm3s6965.elf"),
        str(board / "lm3s6965"),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == "size.py: not installed: no-such-size (Debian: binutils-arm-none-eabi)\n"


TOO_MUCH = [
    (
        "zones.c",
        "void lp_zones_none(void)\n{\n",
        "void lp_zones_none(void)\n{\n    lp_zone_first(&lp_state.zone[0]);\n",
        "calls itself",
    ),
    (
        "sha256.c",
        "    uint8_t block[LP_BLOCK_BYTES];\n    for",
        "    uint8_t block[LP_BLOCK_BYTES + size];\n    for",
        "no fixed size",
    ),
    (
        "sha256.c",
        "    uint32_t words[16];\n",
        "    volatile uint32_t words[16];\n    volatile uint8_t more[200];\n    more[0] = 0;\n",
        "stack:",
    ),
    ("limits.h", "#define LP_LOG_ENTRIES 256", "#define LP_LOG_ENTRIES 300", "memory:"),
    (
        "nonce.c",
        "{\n    nonce.open = false;\n}",
        "{\n    static void (*volatile who)(void) = lp_nonce_forget;\n    who();\n}",
        "pointer",
    ),
]


def copied(build: Path, to: Path) -> Path:
    """What was built, as old as it was, so that only what changes is built again."""
    shutil.copytree(build, to)
    return to


@pytest.mark.parametrize(("file", "old", "new", "complaint"), TOO_MUCH)
def test_what_takes_too_much_is_told(file, old, new, complaint, board, changed, tmp_path):
    wrong = changed(tmp_path / "firmware", file, old, new)
    ran = make(copied(board, tmp_path / "build"), "WARNINGS=-std=c99 -w", "size", source=wrong)
    assert ran.returncode != 0
    assert complaint in ran.stderr


# ---- Fuzzing.


@pytest.fixture(scope="module")
def fuzzers(tmp_path_factory) -> Path:
    build = tmp_path_factory.mktemp("fuzzers")
    made(build, *(f"fuzz-{target}" for target in TARGETS))
    return build


def fuzzed(build: Path, target: str, seconds: int, where: Path) -> subprocess.CompletedProcess[str]:
    seeds = where / "seeds"
    subprocess.run([sys.executable, str(FIRMWARE / "fuzz" / "seeds.py"), target, str(seeds)], check=True)
    assert list(seeds.iterdir())
    command = [str(build / f"fuzz-{target}"), f"-max_total_time={seconds}", "-seed=1", "-max_len=2048", str(seeds)]
    return subprocess.run(command, cwd=where, capture_output=True, text=True, errors="replace", check=False)


@pytest.mark.parametrize("target", TARGETS)
def test_fuzzing_finds_nothing(target, fuzzers, tmp_path):
    ran = fuzzed(fuzzers, target, SECONDS, tmp_path)
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert re.search(r"^Done \d+ runs", ran.stderr, re.MULTILINE)


WRONG = {
    "frame": ("frame.c", "code == 0 || code - 1 > *size - at", "code == 0"),
    "cbor": ("cbor.c", "if (*value < smallest) {", "if (*value + 1 < smallest) {"),
    "messages": ("messages.c", "    return payload.left == 0;", "    return true;"),
    "days": ("days.c", ">= midnight) {", "> midnight) {"),
    "line": ("link.c", "} else if (incoming.used < LP_FRAME_LIMIT - 1) {", "} else if (incoming.used <= LP_FRAME_LIMIT) {"),
    "box": ("tickets.c", "        lp_nonce_forget(); /* connect.ticket: a ticket opens once */\n", ""),
}


def test_there_is_a_wrong_line_for_each_target():
    assert sorted(WRONG) == TARGETS


@pytest.mark.parametrize("target", TARGETS)
def test_fuzzing_finds_a_wrong_line(target, fuzzers, changed, tmp_path):
    build, wrong = copied(fuzzers, tmp_path / "build"), changed(tmp_path / "firmware", *WRONG[target])
    assert make(build, f"fuzz-{target}", source=wrong).returncode == 0
    ran = fuzzed(build, target, 30, tmp_path)
    assert ran.returncode != 0
    assert "does not hold" in ran.stderr or "runtime error" in ran.stderr or "AddressSanitizer" in ran.stderr
