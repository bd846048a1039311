"""To tell or not to tell: the watch log before, the open alerts, and what must come of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon.alerts import AlertPlan, Staff, alerts_for, ladder
from watchdaemon.domain.account import Account, OwnerRole, Ownership, Person, Register
from watchdaemon.domain.alert import Alert, AlertKind, AlertPolicy
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.watch import WatchEntry, Window
from watchdaemon.errors import Reason

OPENS = datetime(2026, 11, 23, 7, tzinfo=UTC)
WINDOW = Window(on=date(2026, 11, 23), index=1, opens_at=OPENS, closes_at=OPENS + timedelta(hours=4))
NEXT = Window(on=date(2026, 11, 23), index=2, opens_at=OPENS + timedelta(hours=5), closes_at=OPENS + timedelta(hours=9))
EARLY, LATE, CLOSED = OPENS + timedelta(minutes=10), OPENS + timedelta(minutes=236), OPENS + timedelta(hours=4)
NOT_WATCHED, PARTLY = AlertKind.NOT_WATCHED, AlertKind.PARTLY_WATCHED


def account(key: str, *owners: Ownership) -> Account:
    return Account(
        key=key,
        platform="facebook",
        native_id=key,
        name=key,
        link=f"https://social.example/{key}",
        unit="kultur",
        manager="chef",
        owners=owners or (Ownership(person="anna"),),
    )


ACCOUNTS = [account(key) for key in ("a", "b", "c")]


def entry(key: str, coverage: Coverage | None, **facts: object) -> WatchEntry:
    made: dict[str, object] = {
        "account": key,
        "window": WINDOW,
        "coverage": coverage,
        "attempts": 1 if coverage else 0,
        "last_attempt_at": OPENS + timedelta(minutes=1) if coverage else None,
        "reason": None if coverage in {None, Coverage.COMPLETE} else Reason.OUTAGE,
        "detail": "no answer",
        **facts,
    }
    return WatchEntry(**made)  # type: ignore[arg-type]  # a test's keywords are checked by running


def failed(key: str, **facts: object) -> WatchEntry:
    return entry(key, Coverage.FAILED, **facts)


def good(key: str, window: Window = WINDOW) -> WatchEntry:
    return entry(key, Coverage.COMPLETE, window=window)


def revoked(key: str, **facts: object) -> WatchEntry:
    return failed(key, needs_person=True, reason=Reason.UNAUTHORISED, **facts)


def gap(key: str) -> WatchEntry:
    return WatchEntry(account=key, window=WINDOW, coverage=Coverage.FAILED, reason=Reason.NOT_RUNNING)


def plan(
    now: datetime, entries: Sequence[WatchEntry], *open_alerts: Alert, gaps: Sequence[WatchEntry] = ()
) -> AlertPlan:
    return alerts_for(now, entries, ACCOUNTS, open_alerts, gaps=gaps)


def opened(now: datetime, *entries: WatchEntry) -> list[tuple[AlertKind, str, tuple[str, ...]]]:
    return [(a.kind, a.cause, a.accounts) for a in plan(now, entries).open]


def stored(found: AlertPlan) -> list[Alert]:
    return [replace(alert, id=n) for n, alert in enumerate(found.open, 1)]


# ---- opening


@pytest.mark.parametrize(
    ("found", "now", "expected", "why"),
    [
        (good("a"), CLOSED, [], "a complete fetch"),
        (failed("a"), EARLY, [], "trouble early in the window is tried again"),
        (failed("a"), LATE, [(NOT_WATCHED, "a", ("a",))], "the last minutes"),
        (failed("a"), CLOSED, [(NOT_WATCHED, "a", ("a",))], "the window is closed"),
        (revoked("a"), EARLY, [(NOT_WATCHED, "a", ("a",))], "a person must act: told at once"),
        (entry("a", Coverage.PARTIAL), EARLY, [], "a partial fetch that is tried again"),
        (entry("a", Coverage.PARTIAL), CLOSED, [(PARTLY, "a", ("a",))], "it stayed partial"),
        (
            entry("a", Coverage.PARTIAL, reason=Reason.PERMISSION),
            EARLY,
            [(PARTLY, "a", ("a",))],
            "a missing permission does not come by itself",
        ),
        (entry("a", None), LATE, [], "nothing known yet; the gap is booked when the window closes"),
        (failed("a", window=NEXT), LATE, [], "the next window has its time before it"),
        (failed("x"), CLOSED, [], "an account that is not watched any more"),
    ],
)
def test_an_alert_opens_when_a_person_can_do_something(
    found: WatchEntry, now: datetime, expected: list[tuple[AlertKind, str, tuple[str, ...]]], why: str
) -> None:
    assert opened(now, found) == expected, why


def test_after_the_final_try_nothing_is_waited_for() -> None:
    now = OPENS + timedelta(minutes=226)

    assert opened(now, failed("a")) == []
    assert opened(now, failed("a", last_attempt_at=now)) != []


def test_one_cause_on_several_accounts_is_one_alert() -> None:
    found = opened(EARLY, revoked("a", cause_key="meta-app"), revoked("b", cause_key="meta-app"), revoked("c"))

    assert found == [(NOT_WATCHED, "meta-app", ("a", "b")), (NOT_WATCHED, "c", ("c",))]


def test_a_cause_key_on_one_account_is_that_accounts_alert() -> None:
    assert opened(EARLY, revoked("a", cause_key="meta-app")) == [(NOT_WATCHED, "a", ("a",))]


def test_a_cause_that_strikes_one_wholly_and_one_partly_is_not_watched() -> None:
    partly = entry("a", Coverage.PARTIAL, cause_key="outage")

    assert opened(CLOSED, partly, failed("b", cause_key="outage")) == [(NOT_WATCHED, "outage", ("a", "b"))]


def test_a_daemon_that_did_not_run_is_one_cause_for_all() -> None:
    assert opened(CLOSED, gap("a"), gap("b")) == [(AlertKind.DAEMON_LATE, "daemon", ("a", "b"))]
    assert opened(CLOSED, gap("a")) == [(AlertKind.DAEMON_LATE, "daemon", ("a",))]


def test_the_newest_window_speaks_for_the_account() -> None:
    assert opened(NEXT.opens_at, failed("a"), good("a", NEXT)) == []


def test_a_gap_just_booked_is_told_even_when_the_account_is_well_again() -> None:
    first = plan(NEXT.opens_at, [good("a", NEXT)], gaps=[gap("a")])
    second = plan(NEXT.opens_at, [good("a", NEXT)], *stored(first))

    assert [(a.cause, a.reason) for a in first.open] == [("daemon", Reason.NOT_RUNNING)]
    assert [a.cause for a in second.close] == ["daemon"]


# ---- keeping, closing


def test_asking_again_changes_nothing() -> None:
    entries = [revoked("a", cause_key="k"), revoked("b", cause_key="k"), failed("c")]
    first = plan(CLOSED, entries)

    assert plan(CLOSED + timedelta(minutes=1), entries, *stored(first)) == AlertPlan()


def test_a_complete_fetch_closes_the_alert() -> None:
    alerts = stored(plan(CLOSED, [failed("a")]))
    found = plan(NEXT.opens_at, [good("a", NEXT)], *alerts)

    assert found == AlertPlan(close=(replace(alerts[0], closed_at=NEXT.opens_at),))


@pytest.mark.parametrize("between", [entry("a", None, window=NEXT), failed("a", window=NEXT)])
def test_an_alert_stays_while_the_next_window_has_not_shown_better(between: WatchEntry) -> None:
    alerts = stored(plan(CLOSED, [failed("a")]))

    assert plan(NEXT.opens_at, [between], *alerts) == AlertPlan()


def test_a_changed_reason_is_written_down() -> None:
    alerts = stored(plan(CLOSED, [failed("a")]))
    found = plan(NEXT.opens_at, [revoked("a", window=NEXT)], *alerts)

    assert [(a.id, a.reason) for a in found.update] == [(1, Reason.UNAUTHORISED)]
    assert not found.joined


def test_an_account_that_joins_an_open_alert_is_told_of_alone() -> None:
    alerts = stored(plan(EARLY, [revoked("a", cause_key="k"), revoked("b", cause_key="k")]))
    found = plan(EARLY, [revoked(key, cause_key="k") for key in "abc"], *alerts)

    assert [a.accounts for a in found.update] == [("a", "b", "c")]
    assert [a.accounts for a in found.joined] == [("c",)]
    assert not found.open


def test_an_account_that_is_well_leaves_an_alert_that_stays_open() -> None:
    alerts = stored(plan(EARLY, [revoked("a", cause_key="k"), revoked("b", cause_key="k")]))
    found = plan(EARLY, [good("a"), revoked("b", cause_key="k")], *alerts)

    assert [a.accounts for a in found.update] == [("b",)]
    assert [(a.accounts, a.closed_at) for a in found.left] == [(("a",), EARLY)]
    assert not found.open
    assert not found.close


def test_an_alert_of_one_account_goes_over_into_that_of_the_shared_cause_without_a_word() -> None:
    alerts = stored(plan(EARLY, [revoked("a", cause_key="k")]))
    found = plan(EARLY, [revoked("a", cause_key="k"), revoked("b", cause_key="k")], *alerts)

    assert [(a.cause, a.accounts) for a in found.open] == [("k", ("a", "b"))]
    assert [a.cause for a in found.absorb] == ["a"]
    assert not found.close


def test_from_not_watched_to_partly_watched_is_another_alert_and_not_the_end() -> None:
    alerts = stored(plan(CLOSED, [failed("a")]))
    found = plan(NEXT.opens_at, [entry("a", Coverage.PARTIAL, window=NEXT, reason=Reason.PERMISSION)], *alerts)

    assert [a.kind for a in found.open] == [PARTLY]
    assert [a.kind for a in found.absorb] == [NOT_WATCHED]
    assert not found.close


def test_an_account_that_is_not_watched_any_more_takes_its_alert_along_without_a_word() -> None:
    alerts = stored(plan(CLOSED, [failed("a")]))
    found = alerts_for(CLOSED, [failed("a")], ACCOUNTS[1:], alerts)

    assert [a.cause for a in found.absorb] == ["a"]


coverages = st.sampled_from([Coverage.COMPLETE, Coverage.PARTIAL, Coverage.FAILED, None])
worlds = st.lists(st.tuples(coverages, st.sampled_from([None, "k", "l"]), st.booleans()), min_size=3, max_size=3)


@given(before=worlds, after=worlds)
def test_every_troubled_account_is_under_exactly_one_alert(
    before: list[tuple[Coverage | None, str | None, bool]], after: list[tuple[Coverage | None, str | None, bool]]
) -> None:
    def entries(world: list[tuple[Coverage | None, str | None, bool]], window: Window) -> list[WatchEntry]:
        return [
            entry(key, coverage, cause_key=cause, needs_person=person, window=window)
            for key, (coverage, cause, person) in zip("abc", world, strict=True)
        ]

    first = stored(plan(CLOSED, entries(before, WINDOW)))
    found = plan(NEXT.closes_at, entries(after, NEXT), *first)
    gone = {a.id for a in [*found.close, *found.absorb]}
    updated = {a.id: a for a in found.update}
    now_open = [*found.open, *(updated.get(a.id, a) for a in first if a.id not in gone)]
    covered = [key for a in now_open for key in a.accounts]
    troubled = [
        key
        for key, (coverage, _, _) in zip("abc", after, strict=True)
        if coverage in {Coverage.PARTIAL, Coverage.FAILED}
    ]

    assert len(covered) == len(set(covered))
    assert set(troubled) <= set(covered)
    assert not {key for key, (c, _, _) in zip("abc", after, strict=True) if c is Coverage.COMPLETE} & set(covered)


# ---- who is told

PERSONS = {
    key: Person(key=key, name=key.title(), mail=f"{key}@exempelkommun.example") for key in ("anna", "bo", "chef", "siv")
}
BOTH = (Ownership(person="anna"), Ownership(person="bo"))
REGISTER = Register(
    persons=PERSONS,
    accounts={"a": account("a", *BOTH), "b": account("b", Ownership(person="bo")), "c": account("c")},
)
ON = date(2026, 11, 23)


def alert(*accounts: str) -> Alert:
    return Alert(kind=NOT_WATCHED, cause="k", accounts=accounts, reason=Reason.OUTAGE, detail="", opened_at=EARLY)


def told(alert: Alert, register: Register = REGISTER) -> dict[str, tuple[str, ...]]:
    """Who is told at once, and of which of its accounts."""
    staff = Staff(register=register, on=ON)
    turns = ladder(alert, staff, AlertPolicy())
    return {
        p: tuple(k for k, after in due.items() if not after) for p, due in sorted(turns.items()) if 0 in due.values()
    }


def test_each_owner_is_told_of_their_own_accounts() -> None:
    assert told(alert("a", "b")) == {"anna": ("a",), "bo": ("a", "b")}


def test_an_absent_owners_substitute_is_told() -> None:
    owners = (Ownership(person="anna"), Ownership(person="siv", role=OwnerRole.SUBSTITUTE))
    persons = PERSONS | {"anna": replace(PERSONS["anna"], away_until=ON)}
    register = Register(persons=persons, accounts={"a": account("a", *owners)})

    assert told(alert("a"), register) == {"siv": ("a",)}


def test_without_any_owner_the_manager_is_told() -> None:
    ended = Ownership(person="anna", to_on=date(2026, 11, 22))
    register = Register(persons=PERSONS, accounts={"a": account("a", ended)})

    assert told(alert("a"), register) == {"chef": ("a",)}


def test_an_account_that_left_the_register_is_told_to_nobody() -> None:
    assert told(alert("x")) == {}


# ---- what only a person can watch


def asked(key: str, **facts: object) -> WatchEntry:
    return failed(key, reason=Reason.NOT_CONFIRMED, **facts)


@pytest.mark.parametrize(
    ("now", "last_attempt_at", "opens"),
    [
        (EARLY, OPENS, False),
        (LATE, OPENS, False),
        (LATE, LATE, False),  # asked for the first time in the last minutes: there is still time to look
        (CLOSED, OPENS, True),
    ],
)
def test_a_look_that_nobody_took_is_told_when_the_window_has_closed(
    now: datetime, last_attempt_at: datetime, opens: bool
) -> None:
    plan = alerts_for(now, [asked("a", last_attempt_at=last_attempt_at)], ACCOUNTS, [])

    assert [(a.kind, a.cause, a.reason) for a in plan.open] == (
        [(NOT_WATCHED, "a", Reason.NOT_CONFIRMED)] if opens else []
    )


def test_a_look_in_time_is_no_trouble_and_ends_the_alert_of_the_last_one() -> None:
    (opened,) = alerts_for(CLOSED, [asked("a")], ACCOUNTS, []).open
    opened = replace(opened, id=1)
    between = alerts_for(NEXT.opens_at, [asked("a", window=NEXT)], ACCOUNTS, [opened])
    looked = asked("a", window=NEXT, seen_at=NEXT.opens_at, seen_by="anna")
    after = alerts_for(NEXT.opens_at, [looked], ACCOUNTS, [opened])

    assert (between.open, between.close) == ((), ())
    assert [a.cause for a in after.close] == ["a"]
    assert alerts_for(NEXT.closes_at, [looked], ACCOUNTS, []).open == ()
