"""Whose turn it is, by the kind of alert and by who is at work. Costs nothing to speak of."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from watchdaemon.alerts import Staff, ladder, owners_missing
from watchdaemon.domain.account import Account, OwnerRole, Ownership, Person, Register, Unit
from watchdaemon.domain.alert import Alert, AlertKind, AlertPolicy

ON = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
KEYS = ("anna", "bo", "siv", "chef", "head", "komm")
PERSONS = {key: Person(key=key, name=key.title(), mail=f"{key}@example.org") for key in KEYS}
OWNERS = (Ownership(person="anna"), Ownership(person="bo"), Ownership(person="siv", role=OwnerRole.SUBSTITUTE))


def staff(
    *away: str, unit: tuple[str, ...] = ("komm",), owners: tuple[Ownership, ...] = OWNERS, **more: object
) -> Staff:
    """An account with Anna and Bo, Siv as substitute, the manager Chef, and Head above; these are away."""
    persons = {k: replace(p, away_until=ON) if k in away else p for k, p in PERSONS.items()}
    account = Account(
        key="a", platform="fake", native_id="1", name="A", link="", unit="u", manager="chef", owners=owners
    )
    units = {"u": Unit(key="u", name="U", manager="head")}
    register = Register(units=units, persons=persons, accounts={"a": account})
    return Staff(register=register, on=ON, communications=unit, **more)  # type: ignore[arg-type]  # a test's shorthand


def turns(kind: AlertKind, people: Staff, *, cause: str = "a", accounts: tuple[str, ...] = ("a",)) -> dict[str, float]:
    """Who is told after how many working days."""
    alert = Alert(kind=kind, cause=cause, accounts=accounts, reason=None, detail="", opened_at=NOW)
    found = ladder(alert, people, AlertPolicy())
    return {person: min(due.values()) for person, due in sorted(found.items())}


K = AlertKind


@pytest.mark.parametrize(
    ("kind", "cause", "expected"),
    [
        (K.NOT_WATCHED, "a", {"anna": 0, "bo": 0, "siv": 1, "chef": 2, "komm": 4}),
        (K.PARTLY_WATCHED, "a", {"anna": 0, "bo": 0, "siv": 1, "chef": 2, "komm": 4}),
        (K.CREDENTIAL_DEAD, "a", {"anna": 0, "bo": 0, "siv": 1, "chef": 2, "komm": 4}),
        (K.CREDENTIAL_EXPIRING, "a", {"anna": 0, "bo": 0}),
        (K.SECRET, "a", {"anna": 0, "bo": 0, "siv": 1, "chef": 1, "komm": 2}),
        (K.REMOVAL, "a/grave", {"anna": 0, "bo": 0, "siv": 1, "chef": 2, "komm": 4}),
        (K.REMOVAL, "a", {"siv": 1, "chef": 2, "komm": 4}),
        (K.QUESTION_OVERDUE, "a", {"chef": 0, "komm": 4}),
        (K.STALE, "a", {"anna": 0, "bo": 0}),
        (K.STALE, "a/close", {"anna": 0, "bo": 0, "chef": 0, "komm": 4}),
        (K.TOO_FEW_OWNERS, "a", {"chef": 0, "komm": 4}),
        (K.MAIL_UNDELIVERABLE, "a", {"chef": 0, "komm": 4}),
        (K.QUOTA, "a", {"komm": 0}),
        (K.DAEMON_LATE, "a", {"anna": 0, "bo": 0, "chef": 2, "komm": 0}),
    ],
)
def test_each_kind_has_its_ladder(kind: AlertKind, cause: str, expected: dict[str, float]) -> None:
    assert turns(kind, staff(), cause=cause) == dict(sorted(expected.items()))


def test_a_substitute_steps_in_for_an_absent_owner() -> None:
    assert turns(K.NOT_WATCHED, staff("anna")) == {"bo": 0, "chef": 2, "komm": 4, "siv": 0}


def test_a_substitute_and_the_managers_manager_step_in_for_those_whose_mail_does_not_arrive() -> None:
    assert turns(K.NOT_WATCHED, staff(unreachable={"anna", "chef"})) == {"bo": 0, "head": 2, "komm": 4, "siv": 0}


def test_an_absent_managers_own_manager_steps_in() -> None:
    assert turns(K.QUESTION_OVERDUE, staff("chef")) == {"head": 0, "komm": 4}


def test_when_all_managers_are_away_the_accounts_own_is_told() -> None:
    assert turns(K.QUESTION_OVERDUE, staff("chef", "head")) == {"chef": 0, "komm": 4}


def test_where_nobody_stands_on_the_first_step_the_next_ones_turn_is_at_once() -> None:
    assert turns(K.NOT_WATCHED, staff(owners=())) == {"chef": 0, "komm": 2}


def test_a_quota_is_the_managers_where_there_is_no_communications_unit() -> None:
    assert turns(K.QUOTA, staff(unit=())) == {"chef": 0}


def test_an_alert_without_accounts_is_the_communications_units() -> None:
    assert turns(K.DAEMON_LATE, staff(), accounts=()) == {"komm": 0}
    assert turns(K.DAEMON_LATE, staff(unit=()), accounts=()) == {}


def test_a_communications_unit_that_is_all_away_is_told_all_the_same() -> None:
    assert turns(K.QUOTA, staff("komm")) == {"komm": 0}


def test_an_access_is_told_to_two_people_at_least() -> None:
    assert turns(K.CREDENTIAL_DEAD, staff(owners=OWNERS[:1]))["chef"] == 0


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        (staff(), (2, ())),
        (staff("anna"), (2, ("away:anna",))),
        (staff("anna", "siv"), (1, ("away:anna",))),
        (staff("anna", "bo"), (1, ("away:anna", "away:bo"))),
        (staff("siv"), (2, ())),
        (staff(owners=OWNERS[:1]), (1, ())),
        (staff(owners=(OWNERS[0], OWNERS[2])), (1, ())),
        (staff(owners=OWNERS[:2], unreachable={"bo"}), (1, ("mail:bo",))),
        (staff(unreachable={"bo"}), (2, ("mail:bo",))),
    ],
)
def test_owners_are_counted_by_who_would_read(people: Staff, expected: tuple[int, tuple[str, ...]]) -> None:
    assert owners_missing(people.register.accounts["a"], people) == expected
