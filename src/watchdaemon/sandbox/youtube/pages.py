"""Requests that got through YouTube's door, and the pages that answer them."""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from typing import TypeVar

from watchdaemon.sandbox.world import WorldAccount, WorldItem
from watchdaemon.sandbox.youtube import shape
from watchdaemon.sandbox.youtube.access import Caller
from watchdaemon.sandbox.youtube.shape import Json
from watchdaemon.sandbox.youtube.spec import Query, Refused, refused

T = TypeVar("T")
Order = tuple[str, str]
"""What a listing is sorted by, newest first: (time or another key, id)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that got through the door: its checked parameters, who asks, and what was sent with it."""

    query: Query
    caller: Caller
    body: bytes
    path: str
    account: WorldAccount | None  # the channel asked about, for faults

    def refuse(self, status: int, reason: str, message: str, location: str = "") -> Refused:
        """Return a refusal of the method's own."""
        return refused(status, reason, message, domain=self.query.method.domain, location=location)

    def forbidden(self) -> Refused:
        """Return the 403 of somebody else's."""
        return self.refuse(403, "forbidden", "The request might not be properly authorized.")


def listing(asked: Asked, kind: str, items: list[Json], *, total: int | None, token: str | None = None) -> Json:
    """Wrap a page. A total of None is not told: that of a thread's replies never is."""
    answer: Json = {
        "kind": f"youtube#{kind}ListResponse",
        "etag": shape.etag([[item["etag"] for item in items], token]),
    }
    if token is not None:
        answer["nextPageToken"] = token
    is_paged = not asked.query.ids("id") and not asked.query.is_set("mine")
    totals: Json = {} if total is None else {"totalResults": total}
    answer["pageInfo"] = totals | {"resultsPerPage": asked.query.page_size if is_paged else len(items)}
    return answer | {"items": items}


def order_of(item: WorldItem) -> Order:
    """Return an item's place by its time."""
    return (item.published_at.astimezone(UTC).isoformat(), item.id)


def cut(asked: Asked, ordered: Iterable[tuple[Order, T]]) -> tuple[list[T], str | None]:
    """Return the page asked for, out of (order, thing) descending, and the token of the page after it."""
    below = None
    if "pageToken" in asked.query:
        below = _read_token(asked)
        if below is None:
            message = "The request specifies an invalid page token."
            raise asked.refuse(400, "invalidPageToken", message, "pageToken")
    rest = [(order, thing) for order, thing in ordered if below is None or order < below]
    page = rest[: asked.query.page_size]
    has_more = 0 < len(page) < len(rest)
    return [thing for _, thing in page], _write_token(asked, page[-1][0]) if has_more else None


def _seal(asked: Asked, order: Order) -> str:
    """A token holds for the listing it was given for, and for nothing else."""
    names = (*sorted(asked.query.method.filters), "moderationStatus", "order", "searchTerms")
    chosen = [asked.query.text(name) for name in names]
    return hashlib.sha256(json.dumps([asked.path, chosen, order]).encode()).hexdigest()[:8]


def _write_token(asked: Asked, order: Order) -> str:
    return base64.urlsafe_b64encode(f"{order[0]}|{order[1]}|{_seal(asked, order)}".encode()).decode()


def _read_token(asked: Asked) -> Order | None:
    try:
        parts = base64.urlsafe_b64decode(asked.query.text("pageToken")).decode().split("|")
    except (binascii.Error, ValueError):
        return None
    if len(parts) != 3:
        return None
    order = (parts[0], parts[1])
    return order if parts[2] == _seal(asked, order) else None
