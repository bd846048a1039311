"""What an exchange tells the quota book: how far each limit is used, and what the call itself cost. Pure, never raises.

Sources, all read 2026-11: Meta, "Rate Limits" (X-App-Usage, X-Business-Use-Case-Usage); X, "Rate limits" and "Pricing";
Google, "Quota Calculator" of the YouTube Data API; Mastodon, "Rate limits"; Bluesky, "Rate Limits".
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from watchdaemon.domain.quota import Measure, Reach, Spending, UsageReading, day_ends_at, usage_day
from watchdaemon.http._road import Exchange, retry_after

PAUSE: Final = timedelta(hours=1)
"""Throttled, and not told for how long: each further call may prolong it (Meta, "Rate Limits")."""

LONGEST: Final = timedelta(days=7)
"""A reset or a block that lies further ahead is a broken header."""

_SINCE_EPOCH: Final = 1_000_000_000
"""A reset above this is a time in Unix seconds; below, it is a number of seconds from now."""

_PART_OF_A_PAGE: Final = frozenset({"messenger", "ads_insights", "ads_management", "custom_audience", "leadgen"})
"""Business use cases that are not the reading of comments: when they are spent, that part waits by itself."""

_X_WHOLE: Final = frozenset({"users/me", "users/:id/mentions", "users/:id/tweets"})
"""X's calls without which a fetch is nothing."""

_YOUTUBE_READS: Final = {"search": 100}
_YOUTUBE_WRITE: Final = 50


def read_usage(exchange: Exchange, at: datetime) -> list[UsageReading]:
    """Return what the answer says of the platform's limits; a header that cannot be understood says nothing.

    Args:
        exchange: What came of a request.
        at: When, aware UTC: seconds and minutes that headers name are counted from here.
    """
    headers = {name.lower(): value for name, value in exchange.headers.items()}
    view = _View(exchange, headers, at)
    return [reading for reader in _READERS for reading in reader(view)]


def count_spending(exchange: Exchange, at: datetime) -> list[Spending]:
    """Return what the call itself used: one call, and what the platform counts or bills by.

    A repeated resource is counted again, though X says that it bills one only once a day: the price is "at most".
    """
    counts = {Measure.CALLS: 1}
    if exchange.platform == "youtube":
        counts[Measure.UNITS] = _youtube_units(exchange)
    if exchange.platform == "x" and exchange.method == "GET":
        for name, count in exchange.returned.items():
            measure = _x_measure(x_endpoint(exchange.path), name)
            counts[measure] = counts.get(measure, 0) + count
    on = usage_day(exchange.platform, at)
    account = exchange.account or ""
    return [
        Spending(platform=exchange.platform, account=account, measure=measure, on=on, amount=count)
        for measure, count in counts.items()
        if count
    ]


def x_endpoint(path: str) -> str:
    """Return the call a path of X is: ``users/:id/mentions``. Whatever stands before ``/2/`` is a sandbox's own."""
    _, _, call = f"/{path}".rpartition("/2/")
    return re.sub(r"(?<=/)\d+(?=/|$)", ":id", call.strip("/"))


# ---- readings --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _View:
    """An exchange, its headers by name in lower case, and when it was."""

    exchange: Exchange
    headers: Mapping[str, str]
    at: datetime

    @property
    def was_refused(self) -> bool:
        return self.exchange.status == 429

    def reading(self, name: str, reach: Reach, percent: float, *, holder: str | None = None) -> UsageReading:
        return UsageReading(
            platform=self.exchange.platform,
            holder=(self.exchange.account or "") if holder is None else holder,
            name=name,
            reach=reach,
            percent=percent,
            read_at=self.at,
        )


def _app_usage(view: _View) -> Iterator[UsageReading]:
    percent = _highest(_parsed(view.headers.get("x-app-usage")))
    if percent is not None:
        yield view.reading("app", Reach.APP, percent)


def _page_usage(view: _View) -> Iterator[UsageReading]:
    percent = _highest(_parsed(view.headers.get("x-page-usage")))
    if percent is not None and view.exchange.account:
        yield view.reading("page", Reach.ACCOUNT, percent)


def _business_usage(view: _View) -> Iterator[UsageReading]:
    """The key is a page's or a business's id; whose call it was is known better, except in the answer to a batch."""
    usage = _parsed(view.headers.get("x-business-use-case-usage"))
    for key, entries in usage.items():
        for entry in entries if isinstance(entries, list) else []:
            percent = _highest(entry) if isinstance(entry, dict) else None
            if percent is None:
                continue
            name = str(entry.get("type", ""))[:40] or "business"
            reach = Reach.STREAM if name in _PART_OF_A_PAGE else Reach.ACCOUNT
            reading = view.reading(name, reach, percent, holder=view.exchange.account or str(key)[:80])
            minutes = _number(entry.get("estimated_time_to_regain_access"))
            yield _blocked(reading, view.at + timedelta(minutes=min(minutes, 10**6))) if minutes else reading


def _graph_refusal(view: _View) -> Iterator[UsageReading]:
    """A throttled app that sends no header with it."""
    if view.exchange.refusal in {"4", "341"} and "x-app-usage" not in view.headers:
        yield _blocked(view.reading("app", Reach.APP, 100.0), view.at + PAUSE)


def _counted(view: _View, prefix: str, name: str, reach: Reach) -> Iterator[UsageReading]:
    """Limit, remaining, reset: the trio that X, Mastodon and Bluesky spell with different prefixes."""
    limit, remaining = _whole(view.headers.get(f"{prefix}-limit")), _whole(view.headers.get(f"{prefix}-remaining"))
    if remaining is None or (limit is None and remaining > 0):
        return
    percent = 100.0 if not limit else 100.0 * max(0, limit - remaining) / limit
    resets_at = _instant(view.headers.get(f"{prefix}-reset"), view.at)
    reading = replace(view.reading(name, reach, percent), limit=limit, remaining=remaining, resets_at=resets_at)
    yield _blocked(reading, resets_at) if view.was_refused and resets_at else reading


def _x_limits(view: _View) -> Iterator[UsageReading]:
    if view.exchange.platform == "x":
        name = x_endpoint(view.exchange.path)
        yield from _counted(view, "x-rate-limit", name, Reach.ACCOUNT if name in _X_WHOLE else Reach.STREAM)


def _requests_limits(view: _View) -> Iterator[UsageReading]:
    yield from _counted(view, "x-ratelimit", "requests", Reach.ACCOUNT)


def _policy_limits(view: _View) -> Iterator[UsageReading]:
    """``RateLimit-Policy: 3000;w=300`` tells apart the limits of different calls."""
    policy = re.match(r"\s*(\d{1,9})\s*;\s*w=(\d{1,9})", view.headers.get("ratelimit-policy", ""))
    name = f"{policy[1]} in {policy[2]} s" if policy else "requests"
    is_login = "session" in view.exchange.path.rpartition("/")[2].lower()
    yield from _counted(view, "ratelimit", name, Reach.STREAM if is_login else Reach.ACCOUNT)


def _retry_after(view: _View) -> Iterator[UsageReading]:
    named = {name: view.headers.get(name.lower(), "") for name in ("Retry-After", "Date")}
    wait = retry_after(named) if view.was_refused else None
    if wait is not None:
        reach = Reach.ACCOUNT
        if view.exchange.platform == "x" and x_endpoint(view.exchange.path) not in _X_WHOLE:
            reach = Reach.STREAM
        yield _blocked(view.reading("retry-after", reach, 100.0), view.at + wait)


def _spent(view: _View) -> Iterator[UsageReading]:
    """Answers that say outright that the day's or the month's budget is gone."""
    name = {"quotaExceeded": "units", "credits": "credits"}.get(view.exchange.refusal or "")
    if name is not None:
        yield _blocked(view.reading(name, Reach.APP, 100.0), day_ends_at(view.exchange.platform, view.at))


_READERS: tuple[Callable[[_View], Iterator[UsageReading]], ...] = (
    _app_usage,
    _page_usage,
    _business_usage,
    _graph_refusal,
    _x_limits,
    _requests_limits,
    _policy_limits,
    _retry_after,
    _spent,
)


def _blocked(reading: UsageReading, until: datetime) -> UsageReading:
    end = min(until, reading.read_at + LONGEST)
    return (
        replace(reading, percent=max(100.0, reading.percent), blocked_until=end) if end > reading.read_at else reading
    )


# ---- values ----------------------------------------------------------------------------------------------------


def _parsed(text: str | None) -> Mapping[str, object]:
    try:
        value = json.loads(text or "null")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _highest(usage: object) -> float | None:
    """Return the highest of the three percentages: each of them throttles by itself."""
    names = ("call_count", "total_time", "total_cputime")
    found = [_number(usage.get(name), none=-1.0) for name in names] if isinstance(usage, Mapping) else []
    return max((value for value in found if value >= 0), default=None)


def _number(value: object, *, none: float = 0.0) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return none
    try:
        number = float(value)
    except OverflowError:
        return none
    return min(number, 10.0**6) if math.isfinite(number) and number >= 0 else none


def _whole(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _instant(text: str | None, at: datetime) -> datetime | None:
    """Read Unix seconds, seconds from now, or an ISO time; None for what is none or lies absurdly far away."""
    text = (text or "").strip()
    try:
        if re.fullmatch(r"\d{1,12}(\.\d{1,9})?", text):
            seconds = float(text)
            found = datetime.fromtimestamp(seconds, UTC) if seconds > _SINCE_EPOCH else at + timedelta(seconds=seconds)
        else:
            found = datetime.fromisoformat(text)
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if abs(found - at) <= LONGEST else None


# ---- spending --------------------------------------------------------------------------------------------------


def _youtube_units(exchange: Exchange) -> int:
    """Return a call's units; an invalid request costs one too, one refused for lack of quota costs nothing."""
    _, api, call = exchange.path.rpartition("youtube/v3/")
    if not api or exchange.refusal is not None:
        return 0
    return _YOUTUBE_READS.get(call.strip("/"), 1) if exchange.method == "GET" else _YOUTUBE_WRITE


def _x_measure(endpoint: str, name: str) -> Measure:
    if name == "includes.users":
        return Measure.USERS
    if name in ("includes.tweets", "includes.posts"):
        return Measure.POSTS
    if endpoint in ("users/:id/mentions", "users/:id/tweets"):
        return Measure.OWNED_POSTS
    if endpoint.startswith("users"):
        return Measure.USERS
    return Measure.MESSAGES if endpoint.startswith("dm_") else Measure.POSTS
