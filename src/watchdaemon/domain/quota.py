"""The quota book: what the platforms' limits are, how much of them is used, and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

YOUTUBE_ZONE: Final = ZoneInfo("America/Los_Angeles")
"""Where YouTube's day begins ("Quota Calculator" of the YouTube Data API, read 2026-11)."""


def usage_day(platform: str, at: datetime) -> date:
    """Return the day an instant belongs to where the platform counts: Pacific Time for YouTube, else UTC."""
    return at.astimezone(YOUTUBE_ZONE if platform == "youtube" else UTC).date()


def day_ends_at(platform: str, at: datetime) -> datetime:
    """Return when that day ends, aware UTC."""
    zone = YOUTUBE_ZONE if platform == "youtube" else UTC
    following = at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(following, time(), zone).astimezone(UTC)


class Measure(StrEnum):
    """What is counted. Calls everywhere; the others where a platform counts or bills by them."""

    CALLS = "calls"
    UNITS = "units"  # YouTube's quota units
    POSTS = "posts"  # X: other people's posts
    OWNED_POSTS = "owned_posts"  # X: posts from an account's own timelines, cheaper for an app of its own
    USERS = "users"  # X
    MESSAGES = "messages"  # X: direct message events


class Reach(StrEnum):
    """Whom a limit stops when it is spent."""

    APP = "app"  # every account that shares the app or project
    ACCOUNT = "account"
    STREAM = "stream"  # a part of what is fetched: the adapter sees to it, nobody is held back


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReading:
    """What the newest answer said of one limit; (platform, holder, name) names it.

    `holder` is an account's key, or the platform's own id of it (a batch tells no more), or "" when neither is known.
    """

    platform: str
    holder: str
    name: str
    reach: Reach
    percent: float  # used; from 100 on it is spent
    read_at: datetime
    limit: int | None = None
    remaining: int | None = None
    resets_at: datetime | None = None  # None: it frees itself little by little, or it is not said when
    blocked_until: datetime | None = None  # the platform refused: no call before


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """How much of a measure was used for an account on a day, as the platform counts days."""

    platform: str
    account: str  # "" when a call was nobody's in particular
    measure: Measure
    on: date
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """US dollars for each resource that X returns (its price list, "Pricing", read 2026-11)."""

    post: Decimal = Decimal("0.005")
    owned_post: Decimal = Decimal("0.001")  # only where the account itself owns the developer app
    user: Decimal = Decimal("0.010")
    message: Decimal = Decimal("0.010")
    has_own_app: bool = False

    def of(self, measure: Measure) -> Decimal:
        """Return what one costs; nothing where nobody bills."""
        prices = {
            Measure.POSTS: self.post,
            Measure.OWNED_POSTS: self.owned_post if self.has_own_app else self.post,
            Measure.USERS: self.user,
            Measure.MESSAGES: self.message,
        }
        return prices.get(measure, Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaPolicy:
    """How carefully budgets are used. Percents of a limit."""

    slow_percent: float = 75.0  # from here on errands are spread over the window
    stop_percent: float = 90.0  # from here on none is run
    reserve_percent: float = 20.0  # kept for the windows that come before the budget is full again
    youtube_daily_units: int = 10_000
    x_monthly_posts: int | None = None  # None: as many as there are
    prices: Prices = field(default_factory=Prices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One limit as planning and people see it."""

    platform: str
    holder: str  # the account, the app or the project; "" is the one app of the whole platform
    name: str
    reach: Reach
    accounts: frozenset[str]  # whom it concerns, by key
    used: float
    limit: float | None  # None: counted, without a limit
    counts: tuple[Measure, ...] = ()  # what is counted against it; empty: the platform counts and tells
    resets_at: datetime | None = None
    blocked_until: datetime | None = None
    last_used_at: datetime | None = None
    expected: Mapping[str, float] = field(default_factory=dict)  # by account: what a window takes of it

    @property
    def percent(self) -> float | None:
        """How much is used; None without a limit."""
        if self.limit is None:
            return None
        return 100.0 * self.used / self.limit if self.limit > 0 else 100.0

    @property
    def cause_key(self) -> str:
        """Names the cause that a spent budget is, for everybody it stops."""
        return ":".join(part for part in (self.platform, "quota", self.holder, self.name) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An account that is not fetched now, and why."""

    account: str
    detail: str
    cause_key: str
    until: datetime | None  # when there may be room; None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetReport:
    """One line of ``watchdaemon quota``."""

    budget: Budget
    used_today: float | None  # None where the platform counts
    forecast: float | None  # what will be used when it is full again; None where the platform counts
    price_usd: Decimal | None  # so far in the budget's period; None where nobody bills
    forecast_usd: Decimal | None
