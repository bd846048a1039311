"""Bluesky's lexicons as a judge of requests: methods, parameters, bodies, and the records that are written."""

import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests.conformance.wire import Sent

LEXICONS = Path(__file__).parents[2].parent / "shared/contracts/bluesky/spec/lexicons"
OUTSIDE = "the lexicons lie outside the repository"

Schema = dict[str, Any]

_DID = r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]"
_HANDLE = r"([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_FORMATS = {
    "did": _DID,
    "handle": _HANDLE,
    "at-identifier": f"{_DID}|{_HANDLE}",
    "at-uri": rf"at://({_DID}|{_HANDLE})(/[a-zA-Z0-9.-]+(/[a-zA-Z0-9._:~-]{{1,512}})?)?",
    "nsid": r"[a-zA-Z][a-zA-Z0-9-]*(\.[a-zA-Z0-9-]+)+",
    "cid": r"[a-zA-Z0-9+=/]{8,}",
    "record-key": r"[a-zA-Z0-9._:~-]{1,512}",
    "language": r"[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8})*",
}


def faults_of(sent: Sent) -> list[str]:
    """Return what the lexicons do not know or allow in a request."""
    name = sent.path.partition("/xrpc/")[2]
    method = _main(name)
    kinds = {"GET": "query", "POST": "procedure"}
    if method is None or method["type"] != kinds.get(sent.method):
        return [f"{sent}: no such method"]
    known: Schema = method.get("parameters", {"properties": {}})
    faults = [f"{sent}: {n} is missing" for n in known.get("required", []) if n not in dict(sent.query)]
    for parameter, value in sent.query:
        schema = known["properties"].get(parameter)
        if schema is None:
            faults.append(f"{sent}: unknown parameter {parameter}")
        elif not _is_parameter(schema, value, is_repeated=[n for n, _ in sent.query].count(parameter) > 1):
            faults.append(f"{sent}: {parameter} is out of its range")
    return faults + [f"{sent}: {fault}" for fault in _body_faults(name, method, sent)]


def _is_parameter(schema: Schema, value: str, *, is_repeated: bool) -> bool:
    if schema["type"] == "array":
        schema = schema["items"]
    elif is_repeated:
        return False
    match schema["type"]:
        case "boolean":
            return value in ("true", "false")
        case "integer":
            is_number = re.fullmatch(r"-?\d{1,15}", value) is not None
            return is_number and schema.get("minimum", int(value)) <= int(value) <= schema.get("maximum", int(value))
    return _string_fault(schema, value) is None


def _body_faults(name: str, method: Schema, sent: Sent) -> list[str]:
    if "input" not in method:
        return ["a body where none is taken"] if sent.body else []
    try:
        body = json.loads(sent.body)
    except ValueError:
        return ["the body is no JSON"]
    faults = list(faults_in(method["input"]["schema"], body, name, "body"))
    if isinstance(body, dict) and isinstance(body.get("record"), dict):
        record = _main(str(body.get("collection")))
        if record is None or body["record"].get("$type") != body.get("collection"):
            return [*faults, "a record of no known collection"]
        faults += faults_in(record["record"], body["record"], str(body["collection"]), "record")
    return faults


def faults_in(schema: Schema, value: Any, here: str, at: str) -> list[str]:
    """Return what is wrong with a JSON value by its schema; `here` is the lexicon that its references are within."""
    match schema["type"]:
        case "object":
            faults = _object_faults(schema, value, here, at)
        case "array":
            faults = _list_faults(schema, value, here, at)
        case "ref":
            target, lexicon = _definition(schema["ref"], here)
            faults = faults_in(target, value, lexicon, at)
        case "union":
            faults = _union_faults(schema, value, here, at)
        case "string":
            fault = "is no text" if not isinstance(value, str) else _string_fault(schema, value)
            faults = [] if fault is None else [f"{at} {fault}"]
        case kind:
            faults = _plain_faults(kind, value, at)
    return faults


def _list_faults(schema: Schema, value: Any, here: str, at: str) -> list[str]:
    if not isinstance(value, list) or len(value) > schema.get("maxLength", len(value)):
        return [f"{at} is no such list"]
    return [f for n, v in enumerate(value) for f in faults_in(schema["items"], v, here, f"{at}[{n}]")]


def _union_faults(schema: Schema, value: Any, here: str, at: str) -> list[str]:
    named = value.get("$type") if isinstance(value, dict) else None
    if named not in {_absolute(ref, here) for ref in schema["refs"]}:
        return [f"{at} is none of its kinds"]
    target, lexicon = _definition(str(named), here)
    return faults_in(target, value, lexicon, at)


def _plain_faults(kind: str, value: Any, at: str) -> list[str]:
    fits = {
        "unknown": isinstance(value, dict),
        "boolean": isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool),
    }
    return [] if fits.get(kind, True) else [f"{at} is no {kind}"]


def _object_faults(schema: Schema, value: Any, here: str, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at} is no object"]
    properties = schema.get("properties", {})
    faults = [f"{at}.{n} is missing" for n in schema.get("required", []) if n not in value]
    for name, inner in value.items():
        if name == "$type" or (inner is None and name in schema.get("nullable", [])):
            continue
        if name not in properties:
            faults.append(f"{at} has no {name}")
        else:
            faults += faults_in(properties[name], inner, here, f"{at}.{name}")
    return faults


def _string_fault(schema: Schema, value: str) -> str | None:
    if len(value.encode()) > schema.get("maxLength", 10**9) or len(value) > schema.get("maxGraphemes", 10**9):
        return "is too long"
    if "enum" in schema and value not in schema["enum"]:
        return "is none of its words"
    form = schema.get("format")
    if form == "datetime":
        return None if _is_datetime(value) else "is no time"
    return "has another form" if form in _FORMATS and not re.fullmatch(_FORMATS[form], value) else None


def _is_datetime(value: str) -> bool:
    try:
        return "T" in value and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _absolute(ref: str, here: str) -> str:
    return f"{here}{ref}" if ref.startswith("#") else ref


def _definition(ref: str, here: str) -> tuple[Schema, str]:
    lexicon, _, name = _absolute(ref, here).partition("#")
    return _lexicon(lexicon)["defs"][name or "main"], lexicon


def _main(name: str) -> Schema | None:
    main: Schema | None = _lexicon(name).get("defs", {}).get("main")
    return main


@cache
def _lexicon(name: str) -> Schema:
    file = LEXICONS.joinpath(*name.split(".")).with_suffix(".json") if re.fullmatch(_FORMATS["nsid"], name) else None
    return dict(json.loads(file.read_text())) if file is not None and file.is_file() else {}
