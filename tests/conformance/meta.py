"""Whether a request to the Graph asks only for what Meta's own description of its nodes (v25) has.

The description lists each node's fields and edges with their parameters. It lacks messages and attachments, whose
fields are in prose (Messenger platform, "Conversations"; Graph API, "Story attachment"), and what every list takes.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.conformance.wire import Sent

from watchdaemon.sandbox.graph.errors import GraphError
from watchdaemon.sandbox.graph.fields import Field, parse_fields

SPECS = Path(__file__).parents[3] / "shared" / "contracts" / "meta" / "specs"
OUTSIDE = "Meta's node specs lie outside the repository"

_OURS = re.compile(r"^(?:/\w+)?/v\d+\.\d+/(?P<rest>.*)$")
_NODES = ("Page", "PagePost", "AdVideo", "LiveVideo", "Photo", "Comment", "UnifiedThread", "User")
_INSTAGRAM_NODES = ("IGUser", "IGMedia", "IGComment")
_PROSE = {
    "UnifiedMessage": "id created_time from to message attachments shares story reactions tags is_unsupported",
    "StoryAttachment": "description media media_type subattachments target title type unshimmed_url url",
}
_PEOPLE = frozenset({"id", "name", "username", "self_ig_scoped_id"})
_ALWAYS = frozenset({"access_token", "appsecret_proof", "fields"})
_LISTS = frozenset({"limit", "after", "before"})
_COUNTED = frozenset({"comments", "likes", "reactions", "accounts"})  # edges that take `summary`
_MOST = {"IGComment": 50}
_NOT_NODES = {"debug_token": {"input_token"}, "oauth": None}


def faults_in(sent: Sent) -> list[str]:
    """Return what is wrong with a request of ours to the Graph."""
    found = _OURS.match(sent.path)
    params = dict(sent.query) | (dict(sent.form) if sent.method == "POST" else {})
    if found is None:
        return [f"no such path: {sent.path}"]
    if "batch" in params:
        return _faults_in_batch(params)
    if sent.method != "GET":
        return _faults_of_order(sent, found["rest"], params)
    return faults_of(found["rest"], params)


def faults_of(path: str, params: Mapping[str, str]) -> list[str]:
    """Return what is wrong with reading `path` with these parameters."""
    parts = [p for p in path.split("/") if p]
    if parts and parts[0] in _NOT_NODES:
        allowed = _NOT_NODES[parts[0]]
        return [f"unknown parameter {n}" for n in params if allowed is not None and n not in _ALWAYS | allowed]
    try:
        asked = parse_fields(params["fields"]) if "fields" in params else ()
    except GraphError as error:
        return [f"fields of {path}: {error.message}"]
    more = {name: value for name, value in params.items() if name not in _ALWAYS}
    kinds = ("Page", "User") if parts[:1] == ["me"] else (*_NODES, *_INSTAGRAM_NODES)
    if len(parts) == 1:
        tried = [_node_faults(kind, asked) + [f"unknown parameter {n}" for n in more] for kind in kinds]
    elif len(parts) == 2:
        tried = [_edge_faults(kind, parts[1], more, asked) for kind in kinds if parts[1] in _edges(kind)]
    else:
        tried = []
    return min(tried, key=len, default=[f"no such path: {'/'.join(parts[1:]) or path}"])


def _faults_of_order(sent: Sent, path: str, params: Mapping[str, str]) -> list[str]:
    """Return what is wrong with changing something: the order must be one of a comment's own or of its edges."""
    endpoint, method = path.partition("/")[2], sent.method
    kinds = _INSTAGRAM_NODES if sent.platform == "instagram" else _NODES
    tried = [
        [f"{kind} takes no {n} with {method}" for n in params if n not in _ALWAYS | {p["name"] for p in api["params"]}]
        for kind in kinds
        for api in _spec(kind)["apis"]
        if api["method"] == method and (api.get("endpoint") or "") == endpoint
    ]
    return min(tried, key=len, default=[f"no such order: {method} {endpoint}"])


def _faults_in_batch(params: Mapping[str, str]) -> list[str]:
    faults = [f"unknown parameter {n} of a batch" for n in params if n not in _ALWAYS | {"batch", "include_headers"}]
    parts = json.loads(params["batch"])
    if len(parts) > 50:
        faults.append(f"a batch of {len(parts)}")
    for part in parts:
        if set(part) != {"method", "relative_url"} or part["method"] != "GET":
            faults.append("an entry that is no reading question")
            continue
        address = urlsplit(part["relative_url"])
        asked = dict(parse_qsl(address.query, keep_blank_values=True))
        faults += faults_of(address.path, asked)
        faults += [] if asked.get("access_token") else ["an entry without a token of its own"]
    return faults


def _node_faults(kind: str, asked: tuple[Field, ...]) -> list[str]:
    faults: list[str] = []
    for one in asked:
        if one.name in _edges(kind):
            faults += _edge_faults(kind, one.name, one.params, one.children)
        elif one.name not in _fields(kind):
            faults.append(f"{kind} has no field {one.name}")
        else:
            faults += [f"{kind}.{one.name} takes no {n}" for n in one.params]
            faults += _inner_faults(kind, one)
    return faults


def _inner_faults(kind: str, one: Field) -> list[str]:
    inner = _fields(kind)[one.name]
    if inner in (*_NODES, *_INSTAGRAM_NODES):
        return _node_faults(inner, one.children)
    return [f"{kind}.{one.name} has no {c.name}" for c in one.children if c.name not in _PEOPLE]


def _edge_faults(kind: str, name: str, params: Mapping[str, str], asked: tuple[Field, ...]) -> list[str]:
    returned, known = _edges(kind)[name]
    allowed = known | _LISTS | ({"summary"} if name in _COUNTED else set())
    faults = [f"{kind}/{name} has no parameter {n}" for n in params if n not in allowed]
    limit = params.get("limit", "1")
    if not limit.isdigit() or not 1 <= int(limit) <= _MOST.get(returned, 100):
        faults.append(f"{kind}/{name} with limit {limit}")
    return faults + _node_faults(returned, asked)


@cache
def _fields(kind: str) -> dict[str, str]:
    if kind in _PROSE:
        return dict.fromkeys(_PROSE[kind].split(), "")
    return {f["name"]: f["type"] for f in _spec(kind)["fields"]}


@cache
def _edges(kind: str) -> dict[str, tuple[str, frozenset[str]]]:
    if kind in _PROSE:
        return {}
    found = [a for a in _spec(kind)["apis"] if a["method"] == "GET" and a.get("endpoint")]
    edges = {a["endpoint"]: (a["return"], frozenset(p["name"] for p in a["params"])) for a in found}
    if kind == "UnifiedThread":
        edges.setdefault("messages", ("UnifiedMessage", frozenset({"source"})))
    return edges


@cache
def _spec(kind: str) -> dict[str, Any]:
    """Return the description of a kind of node; an empty one where there is none."""
    file = SPECS / f"{kind}.json"
    read: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"fields": [], "apis": []}
    return read
