"""Logistic regression with a quadratic penalty, by coordinates of the dual problem."""

import math
import random
from collections import Counter
from collections.abc import Sequence
from typing import Final

from watchdaemon.triage._model import LinearModel

_ROUNDS: Final = 14
_NEWTON_STEPS: Final = 6
_LEAST: Final = 1e-8
"""Where each dual variable begins: inside its bounds, where the logarithm is defined."""


def fit(rows: Sequence[Sequence[str]], labels: Sequence[bool], *, strength: float, fewest: int) -> LinearModel:
    """Return the weights that make `labels` likely without being large.

    Args:
        rows: The features of each example.
        labels: What each example is.
        strength: The trust in one example against the penalty (C of liblinear); smaller is smoother.
        fewest: A feature seen in fewer examples gets no weight, so that nobody's words can be read out of the file.

    The method is that of Yu, Huang and Lin, "Dual coordinate descent methods for logistic regression and maximum
    entropy models" (Machine Learning 85, 2011), algorithm 5. The order is shuffled with a fixed seed: the same rows
    give the same weights.
    """
    counts = Counter(name for row in rows for name in row)
    names = {name: n for n, name in enumerate(sorted(n for n, c in counts.items() if c >= fewest))}
    sparse = [[names[f] for f in row if f in names] for row in rows]
    w = [0.0] * (len(names) + 1)  # the last is the bias
    bias = len(names)
    alphas = [_LEAST] * len(rows)
    signs = [1.0 if label else -1.0 for label in labels]
    for row, alpha, sign in zip(sparse, alphas, signs, strict=True):
        for f in (*row, bias):
            w[f] += alpha * sign
    order = list(range(len(rows)))
    shuffler = random.Random(7)  # noqa: S311 - an order, no secret
    for _ in range(_ROUNDS):
        shuffler.shuffle(order)
        for n in order:
            row, sign = sparse[n], signs[n]
            margin = sign * (sum([w[f] for f in row]) + w[bias])
            changed = _solve(alphas[n], strength, len(row) + 1.0, margin)
            step = (changed - alphas[n]) * sign
            alphas[n] = changed
            for f in row:
                w[f] += step
            w[bias] += step
    return LinearModel(w[bias], {name: w[n] for name, n in names.items()})


def _solve(alpha: float, cap: float, square: float, margin: float) -> float:
    """Return the best value of one dual variable in (0, cap), by Newton's method on the nearer side."""
    from_low = margin - square * alpha + square * cap / 2 > 0
    # By symmetry: measured from the top when the optimum lies in the upper half.
    sign = 1.0 if from_low else -1.0
    z = alpha if from_low else cap - alpha
    start, slope = z, margin * sign
    if z > cap / 2:
        z *= 0.1
    for _ in range(_NEWTON_STEPS):
        gradient = square * (z - start) + slope + math.log(z / (cap - z))
        if abs(gradient) < 1e-4:
            break
        curve = square + cap / (z * (cap - z))
        better = z - gradient / curve
        z = better if better > 0 else z * 0.1
        z = min(z, cap * (1 - 1e-12))
    return z if from_low else cap - z
