"""What the board port takes, in one line: `python3 size.py arm-none-eabi- lockproof-lm3s6965.elf OBJECTS`; `make size` runs it.

Flash and memory are the linker's; the stack is that of the deepest path through the compiler's call graph (`-fcallgraph-info=su`, a file
beside each object), and of an interrupt on top of it. It fails where a function calls itself, a frame has no fixed size, a call goes through
a pointer that is not told of here, or something takes more than `MOST`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

MOST = {"flash": 16_000, "memory": 27_000, "stack": 1_200}

# Who calls through a pointer, and what it may point to.
COMMANDS = "hello reset provision time_order revocation_order keypad_entry challenge present_ticket read_log"
CLOCK_COMMANDS = "clock_read clock_hold clock_advance power_cut clock_disturb"
THROUGH_POINTERS = {
    "lp_carry_out": f"{COMMANDS} {CLOCK_COMMANDS}".split(),
    "judge_message": ["lp_time_order", "lp_revocation_order", "lp_ticket"],
    "lp_commit": ["strike"],
}
HANDLERS = ("systick_handler", "uart_handler")  # which the processor calls, on eight words that it pushes, and one to align them
PUSHED = 36
LIBRARY = {"__aeabi_uldivmod": 64, "__aeabi_ldivmod": 64}  # libgcc's divisions, which have no call graph; 48 as they are

Graph = tuple[dict[str, int], dict[str, set[str]]]


class TooMuchError(Exception):
    """Says what is wrong with the firmware."""


def name_of(title: str) -> str:
    """Of a function; those that a file has for itself are told by `FILE:NAME`."""
    return title.rpartition(":")[2]


def call_graph(objects: Path) -> Graph:
    """Bytes of every function's frame, and whom it calls."""
    frames: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    for file in sorted(objects.glob("*.ci")):
        text = file.read_text(encoding="utf-8")
        for title, size, kind in re.findall(r'title: "([^"]+)" label: "[^"]*\\n(\d+) bytes \(([^)]+)\)', text):
            name = name_of(title)
            if kind != "static":
                raise TooMuchError(f"the frame of {name} has no fixed size: {kind}")
            frames[name] = max(frames.get(name, 0), int(size))
        for caller, callee in re.findall(r'sourcename: "([^"]+)" targetname: "([^"]+)"', text):
            calls.setdefault(name_of(caller), set()).add(name_of(callee))
    return frames, calls


def pointed_to(prefix: str, objects: Path, functions: set[str]) -> set[str]:
    """Functions whose address is kept anywhere but in the table of the processor's exceptions and in what is said for a debugger."""
    listing = subprocess.run(
        [f"{prefix}objdump", "-r", *map(str, sorted(objects.glob("*.o")))], capture_output=True, text=True, check=True
    ).stdout
    kept, found = False, set()
    for line in listing.splitlines():
        if line.startswith("RELOCATION RECORDS FOR ["):
            kept = not re.search(r"\[\.(debug|vectors|ARM)", line)
        elif kept and (place := re.match(r"[0-9a-f]+ (?!\S*THM_(?:CALL|JUMP))\S+\s+(\S+)$", line)):
            found.add(place[1])  # a section with an offset is a place within a function: what a switch jumps to
    return found & functions


def deepest(root: str, graph: Graph) -> tuple[int, tuple[str, ...]]:
    """Bytes of stack below and with `root`, and the path that takes them."""
    frames, calls = graph

    @cache
    def below(name: str, above: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
        if name in above:
            raise TooMuchError(f"{name} calls itself: {' > '.join((*above[above.index(name) :], name))}")
        if name in LIBRARY:
            return LIBRARY[name], (name,)
        if name not in frames:
            raise TooMuchError(f"{name}, which {above[-1] if above else 'nobody'} calls, has no frame that is known")
        callees = set(calls.get(name, ()))
        if "__indirect_call" in callees:
            if name not in THROUGH_POINTERS:
                raise TooMuchError(f"{name} calls through a pointer, and size.py does not say what it points to")
            callees = callees - {"__indirect_call"} | set(THROUGH_POINTERS[name])
        size, path = max((below(callee, (*above, name)) for callee in sorted(callees)), default=(0, ()))
        return frames[name] + size, (name, *path)

    return below(root, ())


def stack(prefix: str, objects: Path) -> tuple[int, tuple[str, ...]]:
    """Of the program, and of an interrupt that comes where it is deepest."""
    graph = call_graph(objects)
    told = {name for names in THROUGH_POINTERS.values() for name in names}
    if untold := pointed_to(prefix, objects, set(graph[0])) - told:
        raise TooMuchError(f"kept as a pointer, and size.py does not say who calls it: {', '.join(sorted(untold))}")
    size, path = deepest("reset_handler", graph)
    return size + PUSHED + max(deepest(handler, graph)[0] for handler in HANDLERS), path


def linked(prefix: str, program: Path) -> tuple[int, int]:
    """Bytes of flash and of memory."""
    said = subprocess.run([f"{prefix}size", str(program)], capture_output=True, text=True, check=True).stdout
    text, data, bss = map(int, said.splitlines()[1].split()[:3])
    return text + data, data + bss


def main() -> None:
    prefix, program, objects = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    try:
        flash, memory = linked(prefix, program)
        depth, path = stack(prefix, objects)
        took = {"flash": flash, "memory": memory, "stack": depth}
    except TooMuchError as wrong:
        sys.exit(f"size.py: {wrong}")
    except FileNotFoundError as missing:
        sys.exit(f"size.py: not installed: {missing.filename} (Debian: binutils-arm-none-eabi)")
    print(", ".join(f"{what} {size} bytes" for what, size in took.items()) + f"; deepest: {' > '.join(path)}")
    if over := [f"{what}: {took[what]} bytes, {most} at most" for what, most in MOST.items() if took[what] > most]:
        sys.exit(f"size.py: {'; '.join(over)}")


if __name__ == "__main__":
    main()
