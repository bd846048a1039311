"""What a platform's documentation leaves open, and what a live account told of it."""

from dataclasses import dataclass
from enum import StrEnum


class Told(StrEnum):
    """How a question came out."""

    AS_ASSUMED = "as assumed"
    OTHERWISE = "otherwise"
    UNTOLD = "not told"  # no such data is there, or the platform did not answer: nothing is known of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A question that the platform's documentation leaves open, and what each answer means to the watching.

    The daemon is built to be safe on both sides; what an answer costs in sight, calls or money stands in its words.
    """

    name: str  # short, unique within its platform
    question: str
    assumed: str  # what the daemon does when it is as assumed
    otherwise: str  # what it means when it is not


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePlan:
    """What a probe asks, and what that takes at most. It only reads."""

    unknowns: tuple[Unknown, ...]
    most_calls: int
    most_dollars: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAnswer:
    """What a live account told of one question. `evidence` holds no name, text or id of anybody."""

    unknown: Unknown
    told: Told
    evidence: str
