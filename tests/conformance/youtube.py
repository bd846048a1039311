"""YouTube's discovery document as a judge of requests."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from tests.conformance.wire import Sent

SPEC = Path(__file__).parents[2].parent / "shared/contracts/youtube/spec/youtube.v3.json"

# exactly one of them chooses what is listed
FILTERS = {
    "channels": ("mine", "id", "forHandle", "forUsername", "managedByMe", "categoryId"),
    "playlistItems": ("playlistId", "id"),
    "commentThreads": ("allThreadsRelatedToChannelId", "videoId", "id", "channelId", "postId"),
    "comments": ("parentId", "id"),
    "videos": ("id", "chart", "myRating"),
}


def faults_of(sent: Sent) -> list[str]:
    """Return what the document does not know or allow in a request."""
    path = sent.path.lstrip("/")
    if (sent.method, path.rpartition("/")[2]) == ("POST", "token"):  # Google's token end-point is another service
        return []
    method = _methods().get((sent.method, path[path.find("youtube/v3") :]))
    if method is None:
        return [f"{sent}: no such method"]
    known = {**description()["parameters"], **method.get("parameters", {})}
    given = dict(sent.query)
    faults = [f"{sent}: unknown parameter {name}" for name in given if name not in known]
    faults += [f"{sent}: {n} is missing" for n, p in known.items() if p.get("required") and n not in given]
    faults += [f"{sent}: {n}={v} is out of its range" for n, v in sent.query if n in known and not _fits(known[n], v)]
    return faults + _parts(sent, method, given) + _filters(sent, given)


def _parts(sent: Sent, method: dict[str, Any], given: dict[str, str]) -> list[str]:
    """The parts that can be asked for are the fields of the resource."""
    if sent.method != "GET":
        return []
    answer = description()["schemas"][method["response"]["$ref"]]
    resource = description()["schemas"][answer["properties"]["items"]["items"]["$ref"]]
    return [
        f"{sent}: no such part: {part}"
        for part in given.get("part", "id").split(",")
        if part not in resource["properties"]
    ]


def _filters(sent: Sent, given: dict[str, str]) -> list[str]:
    if sent.method != "GET":
        return []
    resource = sent.path.rpartition("/")[2]
    chosen = [name for name in FILTERS.get(resource, ()) if name in given]
    faults = [] if len(chosen) == 1 else [f"{sent}: {len(chosen)} filters: {chosen}"]
    if "id" in given and {"maxResults", "moderationStatus"} & given.keys():
        faults.append(f"{sent}: a look-up by id takes no page size and no moderation status")
    return faults


@cache
def description() -> dict[str, Any]:
    """Return the whole document."""
    return dict(json.loads(SPEC.read_text()))


@cache
def _methods() -> dict[tuple[str, str], dict[str, Any]]:
    resources = _resources(description())
    return {(m["httpMethod"], m["flatPath"]): m for r in resources for m in r.get("methods", {}).values()}


def _resources(node: dict[str, Any]) -> list[dict[str, Any]]:
    inner = list(node.get("resources", {}).values())
    return inner + [deeper for r in inner for deeper in _resources(r)]


def _fits(parameter: dict[str, Any], value: str) -> bool:
    if "enum" in parameter and value not in parameter["enum"]:
        return False
    if parameter.get("type") == "boolean":
        return value in ("true", "false")
    if parameter.get("type") == "integer":
        low, high = int(parameter.get("minimum", 0)), int(parameter.get("maximum", 2**32 - 1))
        return re.fullmatch(r"[0-9]+", value) is not None and low <= int(value) <= high
    return value != ""
