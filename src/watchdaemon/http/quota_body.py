"""What an answer's body tells the quota book: how much was returned, and which limit refused. Counts and codes only."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Holds no text, name, id or token of the body."""

    returned: Mapping[str, int] = field(default_factory=dict)  # by list: ``data``, ``includes.users`` …
    refusal: str | None = None  # the platform's own code for a spent limit, from a closed set


NOTHING = Measured()

GRAPH_REFUSALS = frozenset({"4", "17", "32", "341", "613", "80001", "80002", "80006"})
"""The Graph's codes for throttling (its error reference, and "Rate Limits", read 2026-11)."""

SPENT_YOUTUBE = frozenset({"quotaExceeded", "dailyLimitExceeded"})
"""YouTube's reasons for a project whose day is used up ("Errors" of the Data API, read 2026-11)."""

SPENT_X = frozenset({"usage-capped", "credits", "UsageCapExceeded", "CreditsDepleted"})
"""X's problem types and titles for a cap or credits that are used up."""


def measure_body(platform: str, status: int, content: bytes) -> Measured:
    """Return what the body of an answer of that platform tells. Never raises."""
    read = _READERS.get(platform)
    if read is None:
        return NOTHING
    try:
        return read(status, content)
    except (ValueError, RecursionError):  # not JSON, or not to be read: nothing is known of it
        return NOTHING


def _of_x(status: int, content: bytes) -> Measured:
    """Count what X bills: each resource returned, expanded ones too."""
    body = json.loads(content)
    if not isinstance(body, dict):
        return NOTHING
    if status >= 400:
        words = {str(body.get("title", "")), str(body.get("type", "")).rpartition("/")[2]}
        return Measured(refusal="credits" if status == 402 or words & SPENT_X else None)
    if status >= 300:
        return NOTHING
    lists = {"data": body.get("data")}
    includes = body.get("includes")
    if isinstance(includes, dict):
        lists |= {f"includes.{name}": includes.get(name) for name in ("users", "tweets", "posts")}
    return Measured(returned={name: count for name, rows in lists.items() if (count := _length(rows))})


def _of_youtube(status: int, content: bytes) -> Measured:
    if status not in (403, 429):
        return NOTHING
    error = _child(json.loads(content), "error")
    rows = [*_rows(error.get("errors")), *_rows(error.get("details"))]
    spent = {str(row.get("reason")) for row in rows} & SPENT_YOUTUBE
    limits = [str(_child(row, "metadata").get("quota_limit", "")).lower() for row in rows]
    is_daily = any("perday" in limit for limit in limits)
    return Measured(refusal="quotaExceeded" if spent or is_daily else None)


def _of_graph(status: int, content: bytes) -> Measured:
    """Read the code of a refusal. A batch's inner answers are booked by their adapter, which knows whose they are."""
    return Measured(refusal=_graph_code(json.loads(content))) if status >= 400 else NOTHING


def _graph_code(body: object) -> str | None:
    code = str(_child(body, "error").get("code"))
    return code if code in GRAPH_REFUSALS else None


def _child(value: object, name: str) -> Mapping[str, object]:
    child = value.get(name) if isinstance(value, dict) else None
    return child if isinstance(child, dict) else {}


def _rows(value: object) -> list[dict[str, object]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _length(value: object) -> int:
    return len(value) if isinstance(value, list) else int(isinstance(value, dict) and bool(value))


_READERS: Mapping[str, Callable[[int, bytes], Measured]] = {
    "x": _of_x,
    "youtube": _of_youtube,
    "facebook": _of_graph,
    "instagram": _of_graph,
    "threads": _of_graph,
}
