"""X's own OpenAPI description as a judge of requests (the older spelling: what tweepy sends)."""

import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests.conformance.wire import Sent

SPEC = Path(__file__).parents[2].parent / "shared/contracts/x/spec/x-api-v2-openapi-2.159.json"
# X's own documents say so; the description allows more
LONGEST_QUERY = 512
# what a server gave out is given back as it came
OPAQUE = frozenset({"pagination_token", "next_token"})

Schema = dict[str, Any]


def faults_of(sent: Sent) -> list[str]:
    """Return what the description does not know or allow in a request."""
    call = _call(sent)
    if call is None:
        return [f"{sent}: no such path"]
    known = {p["name"]: p for p in map(_resolved, call.get("parameters", [])) if p["in"] == "query"}
    names = [name for name, _ in sent.query]
    faults = [f"{sent}: {name} comes twice" for name in set(names) if names.count(name) > 1]
    faults += [f"{sent}: {n} is missing" for n, p in known.items() if p.get("required") and n not in names]
    for name, value in sent.query:
        if name not in known:
            faults.append(f"{sent}: unknown parameter {name}")
        elif name not in OPAQUE and not _fits(_resolved(known[name]["schema"]), value):
            faults.append(f"{sent}: {name} has a value out of its range")
        if name == "query" and len(value) > LONGEST_QUERY:
            faults.append(f"{sent}: the query is too long")
    return faults + _together(sent, dict(sent.query))


def _together(sent: Sent, query: dict[str, str]) -> list[str]:
    faults = []
    if "/search/" in sent.path and {"since_id", "start_time"} <= query.keys():
        faults.append(f"{sent}: since_id and start_time together")
    if "since_id" in query and "until_id" in query and int(query["since_id"]) >= int(query["until_id"]):
        faults.append(f"{sent}: since_id is not below until_id")
    return faults


@cache
def description() -> Schema:
    """Return the whole description."""
    return dict(json.loads(SPEC.read_text()))


def _call(sent: Sent) -> Schema | None:
    path = sent.path[sent.path.find("/2/") :]
    if path == "/2/oauth2/token":  # the token end-point is not part of the description
        return {} if sent.method == "POST" else None
    for template, calls in description()["paths"].items():
        # a fixed path comes before one with a variable part: /2/users/me before /2/users/{id}
        if template == path and sent.method.lower() in calls:
            return dict(calls[sent.method.lower()])
    for template, calls in description()["paths"].items():
        pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and sent.method.lower() in calls:
            return dict(calls[sent.method.lower()])
    return None


def _resolved(part: Schema) -> Schema:
    while "$ref" in part:
        found: Any = description()
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def _fits(schema: Schema, value: str) -> bool:
    schema = _resolved(schema)
    match schema.get("type"):
        case "array":
            values = value.split(",")
            few = schema.get("minItems", 0) <= len(values) <= schema.get("maxItems", len(values))
            single = not schema.get("uniqueItems") or len(set(values)) == len(values)
            return few and single and all(_fits(schema["items"], v) for v in values)
        case "integer":
            is_number = re.fullmatch(r"-?[0-9]+", value) is not None
            return is_number and schema.get("minimum", int(value)) <= int(value) <= schema.get("maximum", int(value))
        case _:
            return _fits_text(schema, value)


def _fits_text(schema: Schema, value: str) -> bool:
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "pattern" in schema and re.fullmatch(schema["pattern"], value) is None:
        return False
    if schema.get("format") == "date-time":
        return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value) is not None and bool(
            datetime.fromisoformat(value)
        )
    shortest, longest = int(schema.get("minLength", 0)), int(schema.get("maxLength", len(value)))
    return shortest <= len(value) <= longest
