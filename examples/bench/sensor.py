"""A sensor for a box that `lockproof box --shackle FILE` serves: says whether it is open, and closes it again.

On a real bench, this program asks a switch at the shackle. Status 0 is open, 1 is closed, anything else is a broken sensor.
"""

from __future__ import annotations

import sys
from pathlib import Path

shackle = Path(sys.argv[1])
opened = shackle.exists() and shackle.read_text(encoding="utf-8") == "open\n"
if opened:
    shackle.write_text("closed\n", encoding="utf-8")
sys.exit(0 if opened else 1)
