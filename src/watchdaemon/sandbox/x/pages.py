"""Requests that got through X's door, and the pages that answer them."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from watchdaemon.sandbox.world import WorldAccount
from watchdaemon.sandbox.x.access import Caller
from watchdaemon.sandbox.x.posts import Post
from watchdaemon.sandbox.x.spec import PROBLEMS, Query, invalid

Json: TypeAlias = dict[str, object]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that got through the door: its checked parameters, who asks, and the path's variable part."""

    query: Query
    caller: Caller
    subject: str
    path: str
    body: bytes
    account: WorldAccount | None  # the account asked about, for faults


def envelope(data: list[Json], errors: Sequence[Json] = ()) -> Json:
    """Put data and errors where X puts them: neither is there when it is empty."""
    answer: Json = {}
    if data:
        answer["data"] = data
    if errors:
        answer["errors"] = list(errors)
    return answer


def not_found(kind: str, parameter: str, value: str) -> Json:
    """Say that something is deleted or never was: an error inside a 200."""
    return {
        "value": value,
        "detail": f"Could not find {kind} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "type": PROBLEMS + "resource-not-found",
    }


def not_authorized(parameter: str, value: str) -> Json:
    """Say that a post is there, but by a protected author."""
    return {
        "value": value,
        "detail": f"Sorry, you are not authorized to see the Tweet with {parameter}: [{value}].",
        "title": "Authorization Error",
        "resource_type": "tweet",
        "parameter": parameter,
        "resource_id": value,
        "section": "data",
        "type": PROBLEMS + "not-authorized-for-resource",
    }


def is_between(post: Post, query: Query) -> bool:
    """Tell whether a post lies within the bounds asked for. Ids take precedence over times and are exclusive."""
    first, last = query.number("since_id"), query.number("until_id")
    start = query.time("start_time") if first is None else None
    end = query.time("end_time") if last is None else None
    return (
        (first is None or post.number > first)
        and (last is None or post.number < last)
        and (start is None or post.created_at >= start)
        and (end is None or post.created_at < end)
    )


def cut(asked: Asked, numbered: Sequence[tuple[int, T]]) -> tuple[list[T], str | None]:
    """Return the page asked for, out of (id, thing) newest first, and the token of the page after it."""
    name = "next_token" if "next_token" in asked.query else "pagination_token"
    token = asked.query.text(name)
    below = None
    if token is not None:
        below = _read_token(token, asked)
        if below is None:
            raise invalid(name, [token], f"The `{name}` query parameter value [{token}] is not valid")
    rest = [(number, thing) for number, thing in numbered if below is None or number < below]
    page = rest[: asked.query.page_size]
    has_more = len(rest) > len(page)
    return [thing for _, thing in page], _write_token(page[-1][0], asked) if has_more else None


def _seal(number: int, asked: Asked) -> str:
    """A token holds for the list it was given for, and for nothing else."""
    owner = asked.caller.account.key if asked.caller.account is not None and "dm_" in asked.path else ""
    text = f"{number}|{asked.path}|{asked.query.text('query') or ''}|{owner}"
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _write_token(number: int, asked: Asked) -> str:
    raw = f"{number}.{_seal(number, asked)}".encode()
    return base64.b32encode(raw).decode().rstrip("=").lower()


def _read_token(token: str, asked: Asked) -> int | None:
    padded = token.upper() + "=" * (-len(token) % 8)
    try:
        number, _, seal = base64.b32decode(padded).decode().partition(".")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return int(number) if number.isdigit() and seal == _seal(int(number), asked) else None
