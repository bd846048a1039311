"""Whether one person is told of one alert now, and why (not): the one place where that is decided."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watchdaemon.domain.alert import AlertKind, AlertPolicy, Telling


class Manner(StrEnum):
    """How much of a hurry there is."""

    AT_ONCE = "at_once"  # at any hour: whoever reads mail in the evening can still do something
    URGENT = "urgent"  # at once in working time; outside it only where the organisation wants that
    DAILY = "daily"  # in working time, and no more than one mail of this manner a person and day


AT_ONCE_KINDS: Final = frozenset(
    {
        AlertKind.NOT_WATCHED,
        AlertKind.PARTLY_WATCHED,
        AlertKind.DAEMON_LATE,
        AlertKind.CREDENTIAL_DEAD,
        AlertKind.CREDENTIAL_EXPIRING,
    }
)

NEVER_SILENT: Final = frozenset(
    {
        AlertKind.NOT_WATCHED,
        AlertKind.PARTLY_WATCHED,
        AlertKind.DAEMON_LATE,
        AlertKind.CREDENTIAL_DEAD,  # it speaks for the windows that are missed because of it
        AlertKind.SECRET,
    }
)
"""Watch gaps and secrecy flags: no silence hides them."""

_NO_REMINDER: Final = frozenset({AlertKind.CREDENTIAL_EXPIRING})
"""Its warnings (14, 7, 1 days ahead) are alerts of their own, each in place of the one before."""


_SLOW: Final = frozenset({AlertKind.STALE, AlertKind.TOO_FEW_OWNERS, AlertKind.QUOTA, AlertKind.MAIL_UNDELIVERABLE})
"""What changes by weeks is reminded of from the last interval on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One alert and one person, at one instant. Days are working days, counted in office hours."""

    kind: AlertKind
    is_grave: bool = False  # REMOVAL: it is of a class that the law names (lag 1998:112, section 5)
    age: float = 0.0  # since the alert opened
    turn_after: float | None = 0.0  # the age at which it is the person's turn; None: never
    told: int = 0  # how often the person was told
    since_first: float = 0.0  # since the person was first told
    news: int = 0  # accounts and items that the person was not told of yet
    is_over: bool = False
    is_silenced: bool = False
    explained_by: AlertKind | None = None  # another open alert that says why
    is_mail_time: bool = True  # working time, or shortly before it begins
    had_daily_mail: bool = False  # a mail of manner DAILY went to the person today


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """As what to tell it; None: not now. `reason` is for the log and for whoever asks."""

    telling: Telling | None
    reason: str


def manner_of(kind: AlertKind, *, is_grave: bool = False) -> Manner:
    """Return how much of a hurry there is."""
    if kind in AT_ONCE_KINDS:
        return Manner.AT_ONCE
    return Manner.URGENT if is_grave or kind is AlertKind.SECRET else Manner.DAILY


def decide(case: Case, policy: AlertPolicy) -> Decision:
    """Decide whether to tell, as what, and why.

    In this order: what is over is told to those who were told, and to nobody else; a silence or another alert that
    explains this one keeps it quiet; each person is told when it is their turn, then of what is new, then reminded
    ever more slowly. What is no watch gap waits for working time.

    Args:
        case: The facts.
        policy: The organisation's steps, intervals and wishes.
    """
    if case.is_over:
        return _over(case, policy)
    quiet = _quiet(case)
    if quiet is not None:
        return _not(quiet)
    if not case.told:
        return _hold(case, policy) or _tell(Telling.OPENED, "new" if not case.turn_after else "nobody ended it")
    if case.news:
        return _hold(case, policy) or _tell(Telling.MORE, f"{case.news} more since the last telling")
    return _remind(case, policy)


def _quiet(case: Case) -> str | None:
    """Return why nothing is said of what is open, whatever the hour; None: it may be told."""
    if case.is_silenced and case.kind not in NEVER_SILENT:
        return "silenced"
    if case.explained_by is not None:
        return f"explained by {case.explained_by}"
    if case.turn_after is None:
        return "others are told of this"
    if case.age < case.turn_after:
        return f"its turn comes {_days(case.turn_after)} after the opening"
    return None


def next_reminder(kind: AlertKind, told: int, policy: AlertPolicy) -> float | None:
    """Return how many working days after the first telling the next one is due, having been told so often.

    After the last interval given, reminders come as far apart as that is long: 1, 2, 4, 8, 16, 24 ...
    None: there are no reminders.
    """
    if not policy.repeats or kind in _NO_REMINDER:
        return None
    intervals = policy.repeats[-1:] if kind in _SLOW else policy.repeats
    beyond = told - len(intervals)
    return intervals[told - 1] if beyond <= 0 else intervals[-1] * (beyond + 1)


def _over(case: Case, policy: AlertPolicy) -> Decision:
    if not case.told:
        return _not("over before anybody was told")
    return _hold(case, policy) or _tell(Telling.OVER, "it is over")


def _remind(case: Case, policy: AlertPolicy) -> Decision:
    due = next_reminder(case.kind, case.told, policy)
    if due is None:
        return _not("told; there is no reminder of this")
    if case.since_first < due:
        return _not(f"told; the next reminder comes {_days(due)} after the first telling")
    if not case.is_mail_time:
        return _not("reminders wait for working time")
    return _hold(case, policy) or _tell(Telling.REMINDER, f"still open {_days(due)} after the first telling")


def _hold(case: Case, policy: AlertPolicy) -> Decision | None:
    """Return why it waits although there is something to tell; None: it goes now."""
    manner = manner_of(case.kind, is_grave=case.is_grave)
    if manner is Manner.AT_ONCE or (case.is_mail_time and manner is Manner.URGENT):
        return None
    if not case.is_mail_time:
        if manner is Manner.URGENT and policy.secret_at_any_hour:
            return None
        return _not("waits for working time")
    return _not("one mail of this manner went today") if case.had_daily_mail else None


def _tell(telling: Telling, reason: str) -> Decision:
    return Decision(telling=telling, reason=reason)


def _not(reason: str) -> Decision:
    return Decision(telling=None, reason=reason)


def _days(days: float) -> str:
    return f"{days:g} working day{'' if days == 1 else 's'}"
