"""What to open and close about credentials: those that end soon, and those that ended before a window was missed.

One cause is one alert: what the watch log has already told is not told again here, and a window that is missed because
of a credential that was reported dead is explained by that report.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from watchdaemon.alerts._rules import AlertPlan, Key
from watchdaemon.domain.account import Account
from watchdaemon.domain.alert import Alert, AlertKind
from watchdaemon.domain.credential import CredentialCheck, CredentialVerdict
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.watch import WatchEntry
from watchdaemon.errors import Reason

WARN_DAYS: Final = (14, 7, 1)
"""So many days ahead people are told that a credential ends; each is an alert, in place of the one before."""

ACCESS_KINDS: Final = frozenset({AlertKind.CREDENTIAL_EXPIRING, AlertKind.CREDENTIAL_DEAD})

ACCESS_REASONS: Final = frozenset({Reason.UNAUTHORISED, Reason.NO_CREDENTIAL, Reason.PERMISSION})
"""Why a fetch fails when its credential is the cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the rule is given, by account key."""

    now: datetime
    checks: Mapping[str, CredentialCheck]
    watched: set[str]
    newest: Mapping[str, WatchEntry]
    told_elsewhere: set[str]  # accounts under an open alert of the watch log's that says the same
    reported: set[str]  # accounts under an open CREDENTIAL_DEAD


def access_alerts(
    now: datetime,
    checks: Mapping[str, CredentialCheck],
    accounts: Sequence[Account],
    entries: Sequence[WatchEntry],
    open_alerts: Sequence[Alert],
) -> AlertPlan:
    """Decide what to open, update and close about credentials.

    A dead credential is told unless the watch log tells (or has told) that the account is not watched for that very
    reason. A complete fetch after the check proves the credential good, whatever the check said. Accounts that share a
    credential (or a `cause_key`) share the alert.

    Args:
        now: Aware UTC.
        checks: The last check of each account, by account key.
        accounts: The accounts under watch, as the register has them now.
        entries: For each account the entry of the newest window that has one.
        open_alerts: Every open alert of the store, of every kind.
    """
    facts = _facts(now, checks, accounts, entries, open_alerts)
    wanted = _group(_wanted(facts), facts)
    own = [a for a in open_alerts if a.kind in ACCESS_KINDS]
    parts: dict[str, list[Alert]] = defaultdict(list)
    known = {(a.kind, a.cause) for a in own}
    parts["open"] = [alert for key, alert in wanted.items() if key not in known]
    claimed = {account for alert in wanted.values() for account in alert.accounts}
    for alert in own:
        _compare(alert, wanted.get((alert.kind, alert.cause)), claimed, facts, parts)
    return AlertPlan(**{name: tuple(alerts) for name, alerts in parts.items()})


def explained_accounts(plan: AlertPlan, open_alerts: Sequence[Alert]) -> set[str]:
    """Return the accounts whose failing for want of access is told by a CREDENTIAL_DEAD that is open after the plan."""
    gone = {a.id for a in (*plan.close, *plan.absorb)}
    changed = {a.id: a for a in plan.update}
    staying = [changed.get(a.id, a) for a in open_alerts if a.id not in gone]
    dead = [a for a in (*staying, *plan.open) if a.kind is AlertKind.CREDENTIAL_DEAD]
    return {account for alert in dead for account in alert.accounts}


def without_explained(
    entries: Iterable[WatchEntry], explained: Collection[str], checks: Mapping[str, CredentialCheck]
) -> list[WatchEntry]:
    """Leave out the entries that failed for want of access and need no alert of their own.

    A dead credential that was told explains them; and what failed before its credential was found good again is a
    matter of yesterday: the next fetch says how it stands. (An alert that is open already stays open till then.)
    """
    return [e for e in entries if not (e.reason in ACCESS_REASONS and _is_explained(e, explained, checks))]


def _is_explained(entry: WatchEntry, explained: Collection[str], checks: Mapping[str, CredentialCheck]) -> bool:
    if entry.account in explained:
        return True
    check = checks.get(entry.account)
    if check is None or check.verdict is not CredentialVerdict.VALID or check.checked_at is None:
        return False
    return entry.last_attempt_at is not None and entry.last_attempt_at < check.checked_at


def _facts(
    now: datetime,
    checks: Mapping[str, CredentialCheck],
    accounts: Sequence[Account],
    entries: Sequence[WatchEntry],
    open_alerts: Sequence[Alert],
) -> _Facts:
    by_watch_log = (a for a in open_alerts if a.kind is AlertKind.NOT_WATCHED and a.reason in ACCESS_REASONS)
    dead = (a for a in open_alerts if a.kind is AlertKind.CREDENTIAL_DEAD)
    # an account that names another credential since has not been asked about: nothing is known of it
    known = {a.key: c for a in accounts if (c := checks.get(a.key)) is not None and c.credential == a.credential}
    return _Facts(
        now=now,
        checks=known,
        watched={a.key for a in accounts},
        newest={e.account: e for e in sorted(entries, key=lambda e: e.window)},
        told_elsewhere={key for a in by_watch_log for key in a.accounts},
        reported={key for a in dead for key in a.accounts},
    )


def _wanted(facts: _Facts) -> list[tuple[AlertKind, CredentialCheck]]:
    found = []
    for key, check in facts.checks.items():
        if _is_dead(check, facts):
            if not _is_told_by_watch_log(key, facts):
                found.append((AlertKind.CREDENTIAL_DEAD, check))
        elif check.expires_at is not None and check.expires_at <= facts.now + timedelta(days=WARN_DAYS[0]):
            found.append((AlertKind.CREDENTIAL_EXPIRING, check))
    return found


def _is_dead(check: CredentialCheck, facts: _Facts) -> bool:
    if check.verdict is not CredentialVerdict.DEAD:
        return False
    entry = facts.newest.get(check.account)
    if entry is None or entry.coverage is not Coverage.COMPLETE or entry.last_attempt_at is None:
        return True
    return check.checked_at is None or entry.last_attempt_at <= check.checked_at


def _is_told_by_watch_log(key: str, facts: _Facts) -> bool:
    if key in facts.told_elsewhere:
        return True
    entry = facts.newest.get(key)
    fails = entry is not None and entry.coverage is Coverage.FAILED and entry.reason in ACCESS_REASONS
    return fails and key not in facts.reported


def _group(wanted: Sequence[tuple[AlertKind, CredentialCheck]], facts: _Facts) -> dict[Key, Alert]:
    groups: dict[Key, list[CredentialCheck]] = defaultdict(list)
    for kind, check in wanted:
        groups[kind, _cause(kind, check, facts.now)].append(check)
    return {(kind, cause): _alert(kind, cause, checks, facts.now) for (kind, cause), checks in groups.items()}


def _cause(kind: AlertKind, check: CredentialCheck, now: datetime) -> str:
    shared = check.cause_key if kind is AlertKind.CREDENTIAL_DEAD else None
    name = shared or f"credential:{check.credential or check.account}"
    return f"{name}/{_stage(check, now)}" if kind is AlertKind.CREDENTIAL_EXPIRING else name


def _stage(check: CredentialCheck, now: datetime) -> int:
    """Return which warning it is: the smallest number of days that covers what is left."""
    left = (check.expires_at or now) - now
    return min(days for days in WARN_DAYS if left <= timedelta(days=days))


def _alert(kind: AlertKind, cause: str, checks: Sequence[CredentialCheck], now: datetime) -> Alert:
    first = min(checks, key=lambda c: c.account)
    return Alert(
        kind=kind,
        cause=cause,
        accounts=tuple(sorted(c.account for c in checks)),
        reason=first.reason or Reason.UNAUTHORISED,
        detail=first.detail,
        opened_at=now,
        ends_at=min((c.expires_at for c in checks if c.expires_at is not None), default=None)
        if kind is AlertKind.CREDENTIAL_EXPIRING
        else None,
    )


def _compare(
    alert: Alert, wanted: Alert | None, claimed: set[str], facts: _Facts, parts: dict[str, list[Alert]]
) -> None:
    if wanted is not None:
        new = replace(
            alert, accounts=wanted.accounts, reason=wanted.reason, detail=wanted.detail, ends_at=wanted.ends_at
        )
        if new != alert:
            parts["update"].append(new)
        joined = tuple(sorted(set(wanted.accounts) - set(alert.accounts)))
        if joined:
            parts["joined"].append(replace(new, accounts=joined))
    well = tuple(a for a in alert.accounts if a not in claimed and _is_well(a, facts))
    if wanted is None:
        # Of accounts that another alert speaks of now, or that are let go, nobody must hear that all is well.
        parts["close" if well else "absorb"].append(
            replace(alert, accounts=well or alert.accounts, closed_at=facts.now)
        )
    elif well:
        parts["left"].append(replace(alert, accounts=well, closed_at=facts.now))


def _is_well(account: str, facts: _Facts) -> bool:
    check = facts.checks.get(account)
    if check is None or account not in facts.watched or account in facts.told_elsewhere:
        return False
    return check.verdict is CredentialVerdict.VALID or not _is_dead(check, facts)
