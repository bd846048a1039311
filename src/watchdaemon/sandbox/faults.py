"""Faults that can be switched on: what goes wrong, on which platform or account, from when to when."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from starlette.responses import Response


class FaultKind(StrEnum):
    """What goes wrong. The first group is the road's trouble (see `disturbed`), the second the platforms' own words."""

    OUTAGE = "outage"  # 503
    HTML_502 = "html_502"  # a gateway's error page
    TRUNCATED_JSON = "truncated_json"  # the right answer, cut in the middle
    EMPTY_200 = "empty_200"  # 200 with no body at all
    SLOW = "slow"  # answers after `seconds`

    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - a fault's name
    REVOKED_TOKEN = "revoked_token"  # noqa: S105 - a fault's name
    MISSING_PERMISSION = "missing_permission"
    RATE_LIMIT = "rate_limit"  # the platform's own form of it
    QUOTA = "quota"  # the app's or project's budget is spent
    EMPTY_LIST = "empty_list"  # 200 with an empty list where there is something
    MALFORMED_ITEM = "malformed_item"  # one item of a listing breaks the contract
    NULL_ENTRY = "null_entry"  # Graph: an item of a batch was not finished in time
    TOO_MUCH_DATA = "too_much_data"  # Graph: lists longer than five at a time are "too much data"
    SHORT_PAGES = "short_pages"  # Graph: two rows a page, however many are asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault on [from_at, to_at), aware UTC; None is open-ended. None as platform or account means all of them.

    `path` narrows it to requests whose path (below the platform's prefix) contains it: ``comments``,
    ``conversations``, ``dm_events`` …
    """

    kind: FaultKind
    platform: str | None = None
    account: str | None = None
    path: str = ""
    from_at: datetime | None = None
    to_at: datetime | None = None
    seconds: float = 1.0

    def strikes(self, now: datetime, platform: str, account: str | None, path: str) -> bool:
        """Tell whether it holds now for this request. A fault of one account never strikes one of unknown account."""
        return (
            (self.from_at is None or self.from_at <= now)
            and (self.to_at is None or now < self.to_at)
            and self.platform in (None, platform)
            and self.account in (None, account)
            and self.path in path
        )


class Faults:
    """The faults that are set. Safe between threads."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = list(faults)
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Set one more."""
        with self._lock:
            self._faults.append(fault)

    def remove(self, fault: Fault) -> None:
        """Take one back; one that is not set is no error."""
        with self._lock:
            self._faults = [f for f in self._faults if f != fault]

    def clear(self) -> None:
        """Take all back."""
        with self._lock:
            self._faults = []

    def all(self) -> list[Fault]:
        """Return what is set."""
        with self._lock:
            return list(self._faults)

    def find(
        self, kind: FaultKind, *, now: datetime, platform: str, account: str | None, path: str = ""
    ) -> Fault | None:
        """Return the fault of that kind that strikes this request, if any."""
        if not self._faults:
            return None
        with self._lock:
            return next((f for f in self._faults if f.kind is kind and f.strikes(now, platform, account, path)), None)

    def has(self, kind: FaultKind, *, now: datetime, platform: str, account: str | None, path: str = "") -> bool:
        """Tell whether a fault of that kind strikes this request."""
        return self.find(kind, now=now, platform=platform, account=account, path=path) is not None


_HTML_502 = (
    "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head>"
    "<body><center><h1>502 Bad Gateway</h1></center></body></html>"
)


async def disturbed(
    faults: Faults,
    answer: Callable[[], Awaitable[Response]],
    *,
    now: datetime,
    platform: str,
    account: str | None,
    path: str,
) -> Response:
    """Give the road's trouble if one strikes, else what `answer` gives.

    The server calls it for every request with `account` None, which gives the faults of the whole platform; so with
    an account (a platform's app calls it once it knows which is asked for) only that account's own faults count.
    """
    set_faults = faults.all()
    if not set_faults:
        return await answer()
    strikes = {f.kind: f for f in set_faults if f.account == account and f.strikes(now, platform, account, path)}
    if slow := strikes.get(FaultKind.SLOW):
        await asyncio.sleep(slow.seconds)
    if FaultKind.OUTAGE in strikes:
        return Response("Service Unavailable", status_code=503, media_type="text/plain")
    if FaultKind.HTML_502 in strikes:
        return Response(_HTML_502, status_code=502, media_type="text/html")
    if FaultKind.EMPTY_200 in strikes:
        return Response(b"", status_code=200, media_type="application/json")
    response = await answer()
    if FaultKind.TRUNCATED_JSON in strikes:
        body = bytes(response.body)
        return Response(body[: len(body) // 2], status_code=response.status_code, media_type="application/json")
    return response
