"""Speed figures with their limits: ``python -m tests.bench [NAME…]``. Exit code 1 when a limit is broken.

Figures are of this machine and this moment; the limits are the project's.
"""

import importlib
import sys
from dataclasses import dataclass

BENCHES = ("storing", "polling", "idling", "starting", "triage", "judging")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value and the limit it is held to."""

    name: str
    value: float
    limit: float
    unit: str
    at_least: bool = False  # the limit is a floor
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        """One line."""
        word = "at least" if self.at_least else "at most"
        verdict = "ok  " if self.holds else "FAIL"
        note = f"  ({self.note})" if self.note else ""
        return f"{verdict} {self.name}: {self.value:,.2f} {self.unit}, {word} {self.limit:,.2f}{note}"


def main(names: list[str]) -> int:
    """Run the benches and print their figures."""
    unknown = set(names) - set(BENCHES)
    if unknown:
        sys.stderr.write(f"no bench {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}\n")
        return 2
    holds = True
    for name in names or BENCHES:
        for figure in importlib.import_module(f"tests.bench.{name}").figures():
            sys.stdout.write(f"{figure}\n")
            sys.stdout.flush()
            holds = holds and figure.holds
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
