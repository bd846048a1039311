"""Writes docs/platforms.md: what a poll takes on each platform, measured against the sandbox.

::

    python -m tests.costs            writes the page
    python -m tests.costs --check    fails when the page says something else than what is measured
"""

import argparse
import logging
import sys
from pathlib import Path

import structlog
from tests.costs.page import page

PAGE = Path(__file__).parents[2] / "docs" / "platforms.md"


def main() -> int:
    """Write or check the page; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.costs", description="Write docs/platforms.md.")
    parser.add_argument("--check", action="store_true", help="only say whether the page is as it should be")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    text = page()
    if not asked.check:
        PAGE.write_text(text, "utf-8")
        return 0
    if PAGE.read_text("utf-8") == text:
        return 0
    sys.stderr.write("docs/platforms.md is not what is measured; python -m tests.costs writes it\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
