"""Everything that can go wrong with one answer of the Graph."""

from typing import Any

import pytest
from tests.judge.meta.graph import Answer, GraphFault

FAULTS: dict[str, Answer] = {
    "app limit": GraphFault(4, "(#4) Application request limit reached"),
    "user limit": GraphFault(17, "(#17) User request limit reached"),
    "page limit": GraphFault(32, "(#32) Page request limit reached", status=403),
    "custom limit": GraphFault(613, "(#613) Calls to this api have exceeded the rate limit."),
    "business limit": GraphFault(80001, "(#80001) There have been too many calls to this Page account."),
    "unknown": GraphFault(1, "An unknown error occurred", status=500),
    "service": GraphFault(2, "Service temporarily unavailable", status=503, is_transient=True),
    "permission": GraphFault(10, "(#10) Application does not have permission for this action", status=403),
    "permission in words": GraphFault(100, "(#100) Object does not exist, cannot be loaded due to missing permission"),
    "scope": GraphFault(283, "Requires pages_read_user_content permission", status=403),
    "unknown field": GraphFault(100, "(#100) Tried accessing nonexisting field (comments)"),
    "gone": GraphFault(100, "Unsupported get request.", subcode=33),
    "null": "null",
    "html": "html",
    "cut": "cut",
    "foreign": "foreign",
    "no list": (200, {}),
    "a list instead": (200, []),
    "not a list below": (200, {"data": "x"}),
    "an error without a code": (500, {"error": {}}),
    "an empty error": (400, {}),
}

_VARIANTS = frozenset(
    {
        "user limit",
        "page limit",
        "custom limit",
        "service",
        "permission in words",
        "unknown field",
        "foreign",
        "a list instead",
        "not a list below",
        "an empty error",
    }
)
"""Much like another one: tried where there is time."""


def each(*without: str) -> list[Any]:
    """Return all faults' names as parameters, the variants marked slow."""
    return [
        pytest.param(name, marks=pytest.mark.slow if name in _VARIANTS else ())
        for name in FAULTS
        if name not in without
    ]
