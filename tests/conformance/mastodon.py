"""Mastodon's OpenAPI description as a judge of requests.

It writes lists without the brackets that Rails wants (``types[]``), and how many rows a page may have in words only.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.conformance.wire import Sent

SPEC = Path(__file__).parents[2].parent / "shared/contracts/mastodon/spec/mastodon-openapi.json"
OUTSIDE = "Mastodon's description lies outside the repository"

Schema = dict[str, Any]

# docs.joinmastodon.org, methods/apps (read 2026-11): "String or Array of Strings"; before 4.3 only the first
_ONE_WILL_DO = frozenset({"redirect_uris"})

_LIST_OR_TEXT = frozenset({"redirect_uris"})
"""What the documentation (methods/apps) calls a text or a list of texts; instances before 4.3 take only the text."""


def faults_of(sent: Sent) -> list[str]:
    """Return what the description does not know or allow in a request."""
    path = _below_instance(sent.path)
    call = _call(sent.method, path) if path is not None else None
    if call is None:
        return [f"{sent}: no such path"]
    known = {p["name"]: p["schema"] for p in map(_resolved, call.get("parameters", [])) if p["in"] == "query"}
    faults = [f"{sent}: {fault}" for fault in _pair_faults(known, sent.query)]
    if sent.method in ("POST", "PUT", "PATCH"):
        faults += [f"{sent}: {fault}" for fault in _pair_faults(_properties(call), sent.form)]
    return faults


def _below_instance(path: str) -> str | None:
    found = re.search(r"/(api/v\d|oauth)/.*", path)
    return found[0] if found else None


def _pair_faults(known: Mapping[str, Schema], pairs: tuple[tuple[str, str], ...]) -> Iterator[str]:
    names = [name for name, _ in pairs]
    for name, value in pairs:
        schema = known.get(name.removesuffix("[]"))
        is_list = _resolved(schema or {}).get("type") == "array" and name not in _LIST_OR_TEXT
        if schema is None or is_list != name.endswith("[]"):
            yield f"unknown parameter {name}"
        elif names.count(name) > 1 and not name.endswith("[]"):
            yield f"{name} comes twice"
        elif not _fits(schema, value):
            yield f"{name} is out of its range"


def _fits(schema: Schema, value: str) -> bool:
    resolved = _resolved(schema)
    if resolved.get("type") == "array":
        return _fits(resolved["items"], value)
    if "enum" in resolved:
        return value in resolved["enum"]
    most = re.search(r"\bMax (\d+)", schema.get("description", ""))
    match resolved.get("type"):
        case "integer":
            return value.isdigit() and 0 < int(value) <= (int(most[1]) if most else 10**9)
        case "boolean":
            return value in ("true", "false")
    return value != ""


def _properties(call: Schema) -> Schema:
    body = _resolved(call.get("requestBody", {}))
    contents = body.get("content", {}).values()
    return {name: s for content in contents for name, s in _properties_of(content["schema"])}


def _properties_of(schema: Schema) -> Iterator[tuple[str, Schema]]:
    schema = _resolved(schema)
    yield from schema.get("properties", {}).items()
    for part in (*schema.get("oneOf", []), *schema.get("allOf", []), *schema.get("anyOf", [])):
        yield from _properties_of(part)


@cache
def description() -> Schema:
    """Return the whole description."""
    return dict(json.loads(SPEC.read_text()))


@cache
def _templates() -> list[tuple[re.Pattern[str], Schema]]:
    """Return the paths, fixed ones before those with a variable part."""
    paths = sorted(description()["paths"].items(), key=lambda p: "{" in p[0])
    return [(re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(t))), calls) for t, calls in paths]


def _call(method: str, path: str) -> Schema | None:
    found = (calls[method.lower()] for t, calls in _templates() if method.lower() in calls and t.fullmatch(path))
    return next(found, None)


def _resolved(part: Schema) -> Schema:
    while "$ref" in part:
        found: Any = description()
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part
