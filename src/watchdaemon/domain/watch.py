"""The watch log: per account and window what was fetched, who was told, who has seen it. Never merged."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from watchdaemon.domain.fetch import Coverage
from watchdaemon.errors import Reason


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Window:
    """One watch window of one local date, half-open [opens_at, closes_at), aware UTC. `index` counts from 1."""

    on: date
    index: int
    opens_at: datetime
    closes_at: datetime

    @property
    def key(self) -> str:
        """``2026-11-23/1``: names the window in keys and on the command line."""
        return f"{self.on.isoformat()}/{self.index}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchAttempt:
    """One try to fetch one account in one window, as it is written down."""

    account: str
    window: Window
    started_at: datetime
    ended_at: datetime
    coverage: Coverage
    items: int = 0  # items in the answer
    new_items: int = 0  # of those, not seen before
    malformed: int = 0
    calls: int = 0
    reason: Reason | None = None  # None exactly when complete
    detail: str = ""
    needs_person: bool = False
    retry_at: datetime | None = None  # not before (the platform's wish)
    cause_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEntry:
    """What is known of one account in one window.

    `coverage` is the best of the window's attempts, None while none was made; `fetched_at` is the end of that
    attempt. `attempts` counts them all. A window that closed without any attempt has `coverage` FAILED with reason
    `NOT_RUNNING` or `NOT_FETCHED` and `fetched_at` None. An account that only a person can watch has coverage FAILED
    with reason `NOT_CONFIRMED` for good; who looked is in `seen_by`. `told_at`: the first digest of the window that
    covered this account went out (to `told_to`, person keys). `seen_at`/`seen_by`: a person acknowledged.
    """

    account: str
    window: Window
    coverage: Coverage | None = None
    fetched_at: datetime | None = None
    attempts: int = 0
    last_attempt_at: datetime | None = None  # the end of the newest attempt, also a failed one
    items: int = 0
    new_items: int = 0
    malformed: int = 0
    reason: Reason | None = None
    detail: str = ""
    needs_person: bool = False
    retry_at: datetime | None = None
    cause_key: str | None = None
    told_at: datetime | None = None
    told_to: tuple[str, ...] = ()
    seen_at: datetime | None = None
    seen_by: str | None = None

    @property
    def is_by_hand(self) -> bool:
        """Whether no machine can watch the account: its adapter only says that a person must look."""
        return self.reason is Reason.NOT_CONFIRMED

    @property
    def is_confirmed(self) -> bool:
        """Whether a person looked, in the window, at an account that only a person can watch.

        The fetch stays what it was (there was none): a person's watching is never booked as a machine's.
        """
        return self.is_by_hand and self.seen_at is not None and self.seen_at < self.window.closes_at

    @property
    def is_watched(self) -> bool:
        """Whether the window was watched: by a complete fetch, or by a person where only a person can."""
        return self.coverage is Coverage.COMPLETE or self.is_confirmed


class WatchState(StrEnum):
    """How a window reads to a person."""

    WATCHED = "WATCHED"
    PARTLY = "PARTLY"
    NOT_WATCHED = "NOT WATCHED"
    PENDING = "PENDING"  # the window is still open and no fetch has ended
