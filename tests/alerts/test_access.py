"""Alerts about credentials: what opens, what is told once, and what is over."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon.alerts import Staff, access_alerts, explained_accounts, ladder, without_explained
from watchdaemon.alerts._rules import AlertPlan
from watchdaemon.domain.account import Account, Ownership, Person, Register
from watchdaemon.domain.alert import Alert, AlertKind, AlertPolicy
from watchdaemon.domain.credential import CredentialCheck, CredentialVerdict
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.watch import WatchEntry, Window
from watchdaemon.errors import Reason

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
WINDOW = Window(on=date(2026, 11, 23), index=1, opens_at=NOW + timedelta(hours=2), closes_at=NOW + timedelta(hours=6))
DEAD, EXPIRING = AlertKind.CREDENTIAL_DEAD, AlertKind.CREDENTIAL_EXPIRING


def account(key: str, **changes: object) -> Account:
    """An account whose credential has its name."""
    facts: dict[str, object] = {
        "key": key,
        "platform": "x",
        "native_id": key,
        "name": key,
        "link": "https://x.example",
        "unit": "u",
        "manager": "chris",
        "owners": (Ownership(person="anna"),),
        "credential": key,
    }
    return Account(**{**facts, **changes})  # type: ignore[arg-type]  # a test's shorthand


A, B = account("a"), account("b")


def valid(key: str = "a", *, days: float | None = None, **changes: object) -> CredentialCheck:
    """A credential that works, and ends in so many days (None: no end known)."""
    facts: dict[str, object] = {
        "account": key,
        "credential": key,
        "verdict": CredentialVerdict.VALID,
        "tried_at": NOW,
        "checked_at": NOW,
        "expires_at": None if days is None else NOW + timedelta(days=days),
    }
    return CredentialCheck(**{**facts, **changes})  # type: ignore[arg-type]  # a test's shorthand


def dead(key: str = "a", **changes: object) -> CredentialCheck:
    """A credential that does not work."""
    facts = {"verdict": CredentialVerdict.DEAD, "reason": Reason.UNAUTHORISED, "detail": "revoked", **changes}
    return valid(key, **facts)  # type: ignore[arg-type]  # a test's shorthand


def entry(key: str = "a", **changes: object) -> WatchEntry:
    """What became of the account's newest window."""
    return WatchEntry(account=key, window=WINDOW, **changes)  # type: ignore[arg-type]  # a test's shorthand


def opened(kind: AlertKind, cause: str, *accounts: str, **changes: object) -> Alert:
    """An alert that is open."""
    facts: dict[str, object] = {"reason": Reason.UNAUTHORISED, "detail": "revoked", "opened_at": NOW, "id": 7}
    return Alert(kind=kind, cause=cause, accounts=accounts, **{**facts, **changes})  # type: ignore[arg-type]  # as above


def plan(
    *checks: CredentialCheck,
    accounts: tuple[Account, ...] = (A, B),
    entries: tuple[WatchEntry, ...] = (),
    is_open: tuple[Alert, ...] = (),
    now: datetime = NOW,
) -> AlertPlan:
    """Ask the rule."""
    return access_alerts(now, {c.account: c for c in checks}, accounts, entries, is_open)


def causes(alerts: tuple[Alert, ...]) -> list[tuple[AlertKind, str]]:
    """What alerts are about."""
    return [(a.kind, a.cause) for a in alerts]


@pytest.mark.parametrize(
    ("days", "stage"),
    [(14.01, None), (14, 14), (7.01, 14), (7, 7), (1.01, 7), (1, 1), (0.01, 1), (-1, 1), (None, None)],
)
def test_an_end_is_told_fourteen_seven_and_one_day_ahead(days: float | None, stage: int | None) -> None:
    expected = [] if stage is None else [(EXPIRING, f"credential:a/{stage}")]

    assert causes(plan(valid(days=days)).open) == expected


def test_a_later_warning_takes_the_place_of_the_earlier_without_saying_that_all_is_well() -> None:
    earlier = opened(EXPIRING, "credential:a/14", "a")
    found = plan(valid(days=6), is_open=(earlier,))

    assert causes(found.open) == [(EXPIRING, "credential:a/7")]
    assert causes(found.absorb) == [(EXPIRING, "credential:a/14")]
    assert found.close == ()


def test_a_renewed_credential_is_told_as_over() -> None:
    found = plan(valid(days=60), is_open=(opened(EXPIRING, "credential:a/7", "a"),))

    assert causes(found.close) == [(EXPIRING, "credential:a/7")]
    assert found.close[0].closed_at == NOW


def test_the_same_facts_again_change_nothing() -> None:
    first = plan(valid(days=6), dead("b"))
    again = plan(valid(days=6), dead("b"), is_open=tuple(replace(a, id=n) for n, a in enumerate(first.open)))

    assert again == AlertPlan()


def test_a_dead_credential_is_told_before_a_window_is_missed() -> None:
    (alert,) = plan(dead()).open

    assert (alert.kind, alert.cause, alert.reason, alert.detail) == (
        DEAD, "credential:a", Reason.UNAUTHORISED, "revoked",
    )  # fmt: skip


def test_accounts_that_share_a_credential_share_the_alert() -> None:
    accounts = (account("a", credential="meta"), account("b", credential="meta"))
    found = plan(valid("a", credential="meta", days=5), valid("b", credential="meta", days=3), accounts=accounts)

    (alert,) = found.open
    assert (alert.cause, alert.accounts, alert.ends_at) == ("credential:meta/7", ("a", "b"), NOW + timedelta(days=3))


def test_a_cause_that_the_platform_names_is_one_alert_for_all_it_strikes() -> None:
    found = plan(dead("a", cause_key="x:app"), dead("b", cause_key="x:app"))

    assert [(a.cause, a.accounts) for a in found.open] == [("x:app", ("a", "b"))]


def test_an_account_that_joins_is_told_and_one_that_leaves_too() -> None:
    joined = plan(dead("a", cause_key="x:app"), dead("b", cause_key="x:app"), is_open=(opened(DEAD, "x:app", "a"),))
    left = plan(dead("a", cause_key="x:app"), valid("b"), is_open=(opened(DEAD, "x:app", "a", "b"),))

    assert [a.accounts for a in joined.joined] == [("b",)]
    assert [a.accounts for a in left.left] == [("b",)]
    assert [a.accounts for a in left.update] == [("a",)]


# ---- one cause, one alert ----------------------------------------------------------------------------------------

FAILED = entry(coverage=Coverage.FAILED, reason=Reason.UNAUTHORISED, last_attempt_at=NOW)


def test_what_the_watch_log_tells_now_is_not_told_again() -> None:
    assert plan(dead(), entries=(FAILED,)).open == ()


def test_what_the_watch_log_has_told_is_not_told_again() -> None:
    assert plan(dead(), is_open=(opened(AlertKind.NOT_WATCHED, "a", "a"),)).open == ()


def test_a_partly_watched_account_s_dead_credential_is_told() -> None:
    partly = opened(AlertKind.PARTLY_WATCHED, "a", "a", reason=Reason.PERMISSION)

    assert causes(plan(dead(), is_open=(partly,)).open) == [(DEAD, "credential:a")]


def test_a_window_missed_for_a_reported_credential_is_explained_by_the_report() -> None:
    report = opened(DEAD, "credential:a", "a")
    found = plan(dead(), entries=(FAILED,), is_open=(report,))
    explained = explained_accounts(found, [report])
    outage = entry("a", coverage=Coverage.FAILED, reason=Reason.OUTAGE)

    assert found == AlertPlan()
    assert explained == {"a"}
    assert without_explained([FAILED, outage, replace(FAILED, account="b")], explained, {}) == [
        outage,
        replace(FAILED, account="b"),
    ]


def test_what_failed_before_its_credential_was_found_good_again_is_no_new_alert() -> None:
    later = valid(checked_at=NOW + timedelta(minutes=1))

    assert without_explained([FAILED], (), {"a": later}) == []
    assert without_explained([FAILED], (), {"a": valid(checked_at=NOW - timedelta(hours=1))}) == [FAILED]
    assert without_explained([FAILED], (), {"a": dead(checked_at=NOW + timedelta(minutes=1))}) == [FAILED]
    outage = replace(FAILED, reason=Reason.OUTAGE)
    assert without_explained([outage], (), {"a": later}) == [outage]


def test_a_report_that_is_over_explains_nothing_any_more() -> None:
    report = opened(DEAD, "credential:a", "a")

    assert explained_accounts(plan(valid(), is_open=(report,)), [report]) == set()
    assert explained_accounts(plan(dead()), []) == {"a"}


def test_a_complete_fetch_after_the_check_proves_the_credential_good() -> None:
    after = entry(coverage=Coverage.COMPLETE, last_attempt_at=NOW + timedelta(hours=3))
    before = replace(after, last_attempt_at=NOW - timedelta(hours=3))
    report = opened(DEAD, "credential:a", "a")

    assert causes(plan(dead(), entries=(after,), is_open=(report,)).close) == [(DEAD, "credential:a")]
    assert plan(dead(), entries=(before,), is_open=(report,)) == AlertPlan()


def test_an_account_that_names_another_credential_since_is_not_judged_by_the_old_one() -> None:
    assert plan(dead(credential="old")).open == ()


def test_an_account_that_is_let_go_ends_its_alert_without_a_word() -> None:
    found = plan(dead(), accounts=(B,), is_open=(opened(DEAD, "credential:a", "a"),))

    assert causes(found.absorb) == [(DEAD, "credential:a")]
    assert found.close == ()


def test_a_credential_the_platform_said_nothing_of_is_no_alert() -> None:
    unknown = valid(verdict=CredentialVerdict.UNKNOWN, checked_at=None)

    assert plan(unknown) == AlertPlan()


checks = st.builds(
    lambda key, verdict, days, cause: valid(
        key, verdict=verdict, days=days, cause_key=cause, reason=Reason.UNAUTHORISED
    ),
    st.sampled_from(["a", "b"]),
    st.sampled_from(CredentialVerdict),
    st.none() | st.floats(-20, 20),
    st.none() | st.just("x:app"),
)


@given(st.lists(checks, max_size=2), st.lists(checks, max_size=2))
def test_whatever_is_found_it_is_told_once_and_what_is_closed_is_not_open(
    before: list[CredentialCheck], after: list[CredentialCheck]
) -> None:
    first = plan(*before)
    is_open = tuple(replace(a, id=n) for n, a in enumerate(first.open))
    second = plan(*after, is_open=is_open)

    assert len({(a.kind, a.cause) for a in first.open}) == len(first.open)
    assert not set(causes(second.open)) & set(causes(is_open))
    ended = {a.id for a in (*second.close, *second.absorb)}
    staying = tuple(a for a in is_open if a.id not in ended)
    changed: Mapping[int | None, Alert] = {a.id: a for a in second.update}
    settled = (*(changed.get(a.id, a) for a in staying), *(replace(a, id=50 + n) for n, a in enumerate(second.open)))
    assert plan(*after, is_open=settled) == AlertPlan()


# ---- who is told -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owners", "told"),
    [
        (("anna", "bo"), ["anna", "bo"]),
        (("anna",), ["anna", "chris"]),
        (("chris",), ["chris"]),
        ((), ["chris"]),
        (("anna", "bo", "dana"), ["anna", "bo", "dana"]),
    ],
)
def test_two_people_are_told_of_a_credential_the_manager_when_owners_are_fewer(
    owners: tuple[str, ...], told: list[str]
) -> None:
    people = [Person(key=k, name=k, mail=f"{k}@example.org") for k in ("anna", "bo", "chris", "dana")]
    owned = account("a", owners=tuple(Ownership(person=p) for p in owners))
    register = Register(persons={p.key: p for p in people}, accounts={"a": owned})
    turns = ladder(opened(DEAD, "credential:a", "a"), Staff(register=register, on=date(2026, 11, 23)), AlertPolicy())

    assert sorted(person for person, due in turns.items() if due == {"a": 0}) == told
