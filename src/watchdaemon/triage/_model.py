"""A small linear model in a plain file: one weight for each feature, summed."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

SCALE: Final = 50
"""Weights are kept as whole numbers of fiftieths."""


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Weights by feature name, in the natural logarithm of the odds."""

    bias: float
    weights: Mapping[str, float]

    def margin(self, names: Iterable[str]) -> float:
        """Return the sum of the weights of what is present: above zero for "rather yes"."""
        get = self.weights.get
        return self.bias + sum([get(name, 0.0) for name in names])

    def strongest(self, names: Iterable[str]) -> str | None:
        """Return the present feature that speaks most for "yes"; None when none does."""
        best = max(names, key=lambda name: self.weights.get(name, 0.0), default=None)
        return best if best is not None and self.weights.get(best, 0.0) > 0 else None


def probability(margin: float) -> float:
    """Return the odds' logarithm as a probability."""
    return 1 / (1 + math.exp(-max(min(margin, 40.0), -40.0)))


def dump(model: LinearModel) -> str:
    """Return the model as a text file: its bias, then a line for each weight, names in order."""
    lines = [f"{round(weight * SCALE)}\t{name}" for name, weight in sorted(model.weights.items())]
    return "\n".join([f"{round(model.bias * SCALE)}\t", *(line for line in lines if not line.startswith("0\t"))]) + "\n"


def parse(text: str) -> LinearModel:
    """Read what `dump` wrote."""
    weights = {}
    for line in text.split("\n")[:-1]:
        weight, _, name = line.partition("\t")
        weights[name] = int(weight) / SCALE
    return LinearModel(weights.pop(""), weights)


@cache
def load(name: str) -> LinearModel:
    """Return the model of that name as it came with this release."""
    return parse((files("watchdaemon.triage") / "weights" / f"{name}.tsv").read_text(encoding="utf-8"))
