"""Builds the published spec: `python docs/build.py` writes build/docs/site, which opens from disk (`index.html`).

First the pages are made from the rooms, as plain Markdown, into build/docs/pages; then mkdocs, with the theme Material, makes the
site of them, strictly: a warning fails. `--serve` shows it; `--pages` makes the pages alone.
`lockproof faults --out build/kills`, or `--kills FILE`, gives a kill matrix: then each faulty box stands with what caught it. `lockproof run
--box reference --box firmware --out build/results`, or `--results FOLDER`, gives runs: then each clause stands with what they found.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lockproof.spec.observable import BadInput
from making import rooms, site

BUILD = rooms.ROOT / "build" / "docs"
KILLS = rooms.ROOT / "build" / "kills"
RESULTS = rooms.ROOT / "build" / "results"
PORT = 8000


def main(said: Sequence[str] | None = None) -> int:
    """0 if the site is built, 1 if what stands in the rooms, or a link in it, can't be published, 2 for bad input."""
    asked = _asked(said)
    try:
        site.refuse_unless_ours(asked.out)
        made = site.pages(rooms.read(asked.kills, asked.results))
        settings = site.write(asked.out, made)
    except BadInput as wrong:
        return _stop(str(wrong), 2)
    except rooms.NotPublished as wrong:
        return _stop(str(wrong), 1)
    sys.stdout.write(f"{len(made)} pages in {asked.out / 'pages'}\n")
    if asked.pages:
        return 0
    return serve(settings) if asked.serve else build(settings)


def _asked(said: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--out", type=Path, default=BUILD, help="the folder to build in: a new one, an empty one, or one built before"
    )
    parser.add_argument(
        "--kills", type=Path, default=_newest(), help=f"a recorded kill matrix; if not said, the newest below {KILLS}"
    )
    parser.add_argument(
        "--results",
        type=Path,
        nargs="*",
        default=_newest_run(),
        metavar="FOLDER",
        help=f"the folders of recorded runs; if not said, the newest below {RESULTS}",
    )
    parser.add_argument("--pages", action="store_true", help="make the pages, and no site of them")
    parser.add_argument("--serve", action="store_true", help=f"show the site at http://127.0.0.1:{PORT}")
    return parser.parse_args(said)


def _newest() -> Path | None:
    return max(KILLS.rglob("matrix.json"), default=None)


def _newest_run() -> list[Path]:
    journals = RESULTS.glob("*/*/journal.jsonl")  # the run's folder has one for each box
    return sorted({journal.parents[1] for journal in journals})[-1:]


def build(settings: Path) -> int:
    """The site, strictly; it lies beside the settings, in `site`. What mkdocs warns of is told; with --quiet it would not count it."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(settings)]
    built = subprocess.run(command, check=False, capture_output=True, text=True, env=_quiet())  # noqa: S603 (our own words)
    told = (built.stdout + built.stderr).splitlines()
    wrong = [line for line in told if not line.startswith("INFO ")]
    if built.returncode:
        sys.stderr.write("\n".join(wrong or told) + "\n")
        return 1
    sys.stdout.write(f"open {settings.parent / 'site' / 'index.html'}\n")
    return 0


def serve(settings: Path) -> int:
    """Shows the pages as they were made. To see a change of a room, begin again."""
    if not _is_free(PORT):
        return _stop(f"127.0.0.1:{PORT}: something listens there already; end it, or open the site from disk", 2)
    command = [sys.executable, "-m", "mkdocs", "serve", "--config-file", str(settings), "--dev-addr", f"127.0.0.1:{PORT}"]
    try:
        return subprocess.run(command, check=False, env=_quiet()).returncode  # noqa: S603 (our own words)
    except KeyboardInterrupt:
        return 0


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # so that one that has just been left is free
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _quiet() -> dict[str, str]:
    """Without what the theme's makers say of another program."""
    return {**os.environ, "NO_MKDOCS_2_WARNING": "1"}


def _stop(why: str, code: int) -> int:
    sys.stderr.write(f"{why}\n")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
