"""Writes the tables of docs/doctor.md from the adapters' own words: ``python -m tests.probing docs/doctor.md``."""

import sys
from pathlib import Path

from tests.probing.page import renewed

if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(renewed(page.read_text("utf-8")), "utf-8")
