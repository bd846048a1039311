"""Which alerts there should be, by the facts: about items, accounts, owners, budgets, mail and the daemon itself.

Level-triggered: the same facts want the same alerts, however often they are asked. What watching says stands in
`_rules`, what credentials say in `_access`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from watchdaemon.alerts._people import CLOSE, GRAVE, Staff, owners_missing
from watchdaemon.alerts._rules import AlertPlan
from watchdaemon.domain.account import Account
from watchdaemon.domain.alert import Alert, AlertKind
from watchdaemon.domain.delivery import MailTrouble
from watchdaemon.domain.digest import Activity, Staleness
from watchdaemon.domain.question import Question
from watchdaemon.domain.quota import BudgetReport
from watchdaemon.errors import Reason

PAUSE_CAUSE: Final = "daemon:pause"
"""The cause of a DAEMON_LATE that missed no window: the daemon stood still while one was open."""

GRAVE_CLASSES: Final = frozenset({"threat", "terrorism", "incitement", "child abuse", "hate"})
"""Classes of `Triage.removal_reason` that are told at once (lag 1998:112, section 5, and threats)."""

LEAST_OWNERS: Final = 2
"""The guideline: an account must have more than one person who answers for it."""

QUOTA_EASED: Final = 0.9
"""A quota alert ends when the forecast is below this part of the limit, so that it does not come and go."""

ITEM_KINDS: Final = frozenset({AlertKind.QUESTION_OVERDUE, AlertKind.REMOVAL, AlertKind.SECRET})
STATE_KINDS: Final = frozenset(
    {AlertKind.STALE, AlertKind.TOO_FEW_OWNERS, AlertKind.QUOTA, AlertKind.MAIL_UNDELIVERABLE}
)

_BLIND: Final = frozenset({AlertKind.NOT_WATCHED, AlertKind.DAEMON_LATE, AlertKind.CREDENTIAL_DEAD})
"""While one of these is open nobody knows whether the account is alive."""


def item_alerts(now: datetime, overdue: Iterable[Question], to_remove: Iterable[Question]) -> list[Alert]:
    """Return an alert for each account with questions overdue, items to be removed, and items with secret data.

    Items of a class that the law names are an alert of their own: they are told at once.

    Args:
        now: Aware UTC.
        overdue: Open questions past their due time, of watched accounts.
        to_remove: Items that a person must look at for removal, of watched accounts.
    """
    found: dict[tuple[AlertKind, str, str], list[Question]] = defaultdict(list)
    for question in overdue:
        account = question.item.account
        found[AlertKind.QUESTION_OVERDUE, account, account].append(question)
    for question in to_remove:
        account = question.item.account
        kind = AlertKind.SECRET if question.verdict.triage.is_secret else AlertKind.REMOVAL
        is_grave = kind is AlertKind.REMOVAL and question.verdict.triage.removal_reason in GRAVE_CLASSES
        found[kind, account, f"{account}{GRAVE}" if is_grave else account].append(question)
    return [
        Alert(
            kind=kind,
            cause=cause,
            accounts=(account,),
            reason=None,
            detail="",
            opened_at=now,
            items=tuple(sorted(q.item.external_id for q in questions)),
        )
        for (kind, account, cause), questions in sorted(found.items(), key=lambda f: f[0])
    ]


def stale_alerts(now: datetime, judged: Mapping[str, Staleness]) -> list[Alert]:
    """Return an alert for each account without own posts for too long; one of its own when closing is recommended."""
    causes = {Activity.WARN: "", Activity.CLOSE: CLOSE}
    return [
        _alert(AlertKind.STALE, f"{key}{causes[one.activity]}", (key,), now, detail=one.reason)
        for key, one in sorted(judged.items())
        if one.activity in causes
    ]


def owner_alerts(now: datetime, accounts: Sequence[Account], staff: Staff) -> list[Alert]:
    """Return an alert for each account that fewer than two people would read of today; `items` says who is missing."""
    found = []
    for account in accounts:
        present, missing = owners_missing(account, staff)
        if present < LEAST_OWNERS:
            detail = f"{present} of the {LEAST_OWNERS} people that the guideline asks for"
            found.append(
                _alert(AlertKind.TOO_FEW_OWNERS, account.key, (account.key,), now, detail=detail, items=missing)
            )
    return found


def mail_alerts(
    now: datetime, troubles: Sequence[MailTrouble], accounts: Sequence[Account], staff: Staff
) -> list[Alert]:
    """Return an alert for each person whose mail does not arrive and who answers for a watched account or is told."""
    found = []
    for trouble in troubles:
        person = trouble.person
        keys = tuple(
            a.key
            for a in accounts
            if person == a.manager or any(o.person == person and o.is_valid(staff.on) for o in a.owners)
        )
        if person in staff.register.persons and (keys or person in staff.communications):
            found.append(
                _alert(AlertKind.MAIL_UNDELIVERABLE, person, keys, now, detail=trouble.detail, items=(person,))
            )
    return found


def quota_alerts(
    now: datetime, reports: Sequence[BudgetReport], open_alerts: Sequence[Alert], watched: Sequence[str]
) -> list[Alert]:
    """Return an alert for each budget that will be spent before it is full again, going on as in the last days.

    Once open it stays until the forecast is clearly below the limit. A budget that keeps accounts from being watched is
    told as that, not here.
    """
    is_open = {a.cause for a in open_alerts if a.kind is AlertKind.QUOTA}
    strikes = {a.cause for a in open_alerts if a.kind is AlertKind.NOT_WATCHED and a.reason is Reason.QUOTA}
    found = []
    for one in reports:
        budget, cause = one.budget, one.budget.cause_key
        if one.forecast is None or budget.limit is None or cause in strikes:
            continue
        if one.forecast > budget.limit * (QUOTA_EASED if cause in is_open else 1.0):
            accounts = tuple(sorted(budget.accounts & set(watched)))
            detail = f"{one.forecast:.0f} expected of {budget.limit:.0f} ({budget.platform}: {budget.name})"
            alert = _alert(AlertKind.QUOTA, cause, accounts, now, detail=detail)
            found.append(replace(alert, ends_at=budget.resets_at))
    return found


def pause_alert(
    pause: tuple[datetime, datetime] | None, windows: Sequence[tuple[datetime, datetime]], late_after: timedelta
) -> list[Alert]:
    """Return the alert about a pause of the daemon that was too long, if it was.

    Args:
        pause: From the last pass before it to the first after it; None when there was none.
        windows: When watch windows were open; only that time counts.
        late_after: How long a pause may be.
    """
    if pause is None:
        return []
    began, ended = pause
    inside = sum(((max(min(b, ended) - max(a, began), timedelta())) for a, b in windows), timedelta())
    if inside <= late_after:
        return []
    minutes = int(inside.total_seconds() // 60)
    detail = f"no pass was made in {minutes} minutes of a watch window"
    return [_alert(AlertKind.DAEMON_LATE, PAUSE_CAUSE, (), began, detail=detail)]


def compare(now: datetime, wanted: Sequence[Alert], is_open: Sequence[Alert], watched: Sequence[str]) -> AlertPlan:
    """Return what to open, update and close so that the wanted alerts are open.

    Those of accounts that are not watched any more, and those that a graver alert of the same kind replaces, go
    without a word.

    Args:
        now: Aware UTC.
        wanted: What there should be, of the kinds that were looked at.
        is_open: The store's open alerts of those kinds.
        watched: The keys of the accounts under watch.
    """
    by_key = {(a.kind, a.cause): a for a in wanted}
    known = {(a.kind, a.cause) for a in is_open}
    covered = {(a.kind, key) for a in wanted for key in a.accounts}
    update, close, absorb = [], [], []
    for alert in is_open:
        new = by_key.get((alert.kind, alert.cause))
        if new is not None:
            if _facts(new) != _facts(alert):
                update.append(_renewed(alert, new))
        elif _is_replaced(alert, covered) or (alert.accounts and not set(alert.accounts) & set(watched)):
            absorb.append(replace(alert, closed_at=now))
        else:
            close.append(replace(alert, closed_at=now))
    opened = tuple(a for key, a in by_key.items() if key not in known)
    return AlertPlan(open=opened, update=tuple(update), close=tuple(close), absorb=tuple(absorb))


def explained_by(alert: Alert, open_alerts: Sequence[Alert]) -> AlertKind | None:
    """Return the kind of the open alert that says why this one is there; None when it speaks for itself."""
    if alert.kind is AlertKind.TOO_FEW_OWNERS and any(i.startswith("mail:") for i in alert.items):
        troubled = {a.cause for a in open_alerts if a.kind is AlertKind.MAIL_UNDELIVERABLE}
        if all(i.removeprefix("mail:") in troubled for i in alert.items):
            return AlertKind.MAIL_UNDELIVERABLE
    if alert.kind is AlertKind.STALE:
        for other in open_alerts:
            if other.kind in _BLIND and set(alert.accounts) <= set(other.accounts):
                return other.kind
    return None


def _alert(
    kind: AlertKind,
    cause: str,
    accounts: tuple[str, ...],
    at: datetime,
    *,
    detail: str = "",
    items: tuple[str, ...] = (),
) -> Alert:
    return Alert(
        kind=kind,
        cause=cause,
        accounts=accounts,
        reason=None,
        detail=detail,
        opened_at=at,
        items=items,
    )


def _facts(alert: Alert) -> tuple[object, ...]:
    return alert.accounts, alert.items, alert.reason, alert.detail, alert.ends_at


def _renewed(alert: Alert, new: Alert) -> Alert:
    return replace(new, opened_at=alert.opened_at, told_at=alert.told_at, id=alert.id)


def _is_replaced(alert: Alert, covered: set[tuple[AlertKind, str]]) -> bool:
    return alert.kind is AlertKind.STALE and bool(alert.accounts) and (alert.kind, alert.accounts[0]) in covered
