"""A round of telling: each person's share of each alert, and never the same again. Costs about three seconds."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from watchdaemon.alerts import Round, Said, Staff, compare, explained_by, notices, tell
from watchdaemon.domain.account import Account, Ownership, Person, Register
from watchdaemon.domain.alert import Alert, AlertKind, AlertPolicy, AlertTelling, Telling

K = AlertKind
START = datetime(2026, 11, 23, 8, tzinfo=UTC)
PERSONS = {k: Person(key=k, name=k, mail=f"{k}@example.org") for k in ("anna", "bo", "chef", "komm")}


def account(key: str, *owners: str) -> Account:
    """An account of Chef's."""
    owned = tuple(Ownership(person=p) for p in owners)
    return Account(key=key, platform="f", native_id=key, name=key, link="", unit="u", manager="chef", owners=owned)


REGISTER = Register(
    persons=PERSONS, accounts={"a": account("a", "anna", "bo"), "b": account("b", "bo"), "c": account("c")}
)


def alert(kind: AlertKind = K.NOT_WATCHED, cause: str = "x", *accounts: str, items: tuple[str, ...] = ()) -> Alert:
    """An open alert with the number that its cause has."""
    return Alert(
        kind=kind,
        cause=cause,
        accounts=accounts,
        reason=None,
        detail="",
        opened_at=START,
        items=items,
        id=1 + 1000 * list(K).index(kind) + sum(cause.encode()),
    )


@dataclass
class Book:
    """Keeps what was told, as the store does."""

    tellings: dict[int, dict[str, AlertTelling]] = field(default_factory=lambda: defaultdict(dict))
    heard: list[Said] = field(default_factory=list)

    def round(
        self, is_open: Sequence[Alert], closed: Sequence[Alert] = (), left: Sequence[Alert] = (), *, days: float = 0.0
    ) -> list[tuple[str, Telling, tuple[str, ...]]]:
        """Tell, `days` working days after the start; returns who is told what of which accounts."""
        now = START + timedelta(days=days)
        facts = Round(
            now=now,
            staff=Staff(register=REGISTER, on=date(2026, 11, 23), communications=("komm",)),
            policy=AlertPolicy(),
            working_days=lambda a, b: max((b - a) / timedelta(days=1), 0.0),
            is_mail_time=True,
            tellings=self.tellings,
        )
        said, _ = tell(is_open, closed, left, facts)
        for one in said:
            self.tellings[one.after.alert][one.person] = one.after
        self.heard += said
        return [(s.person, s.telling, s.alert.accounts) for s in said]


def test_each_is_told_of_their_own_accounts_of_a_shared_alert() -> None:
    assert Book().round([alert(K.NOT_WATCHED, "x", "a", "b", "c")]) == [
        ("anna", Telling.OPENED, ("a",)),
        ("bo", Telling.OPENED, ("a", "b")),
        ("chef", Telling.OPENED, ("c",)),
    ]


def test_an_account_that_comes_under_an_alert_later_is_told_to_those_it_concerns() -> None:
    book = Book()
    book.round([alert(K.NOT_WATCHED, "x", "a")])

    assert book.round([alert(K.NOT_WATCHED, "x", "a", "b")], days=0.1) == [("bo", Telling.MORE, ("b",))]


def test_an_account_that_is_well_again_is_over_for_those_who_heard_of_it() -> None:
    book = Book()
    book.round([alert(K.NOT_WATCHED, "x", "a", "b")])

    left = book.round([alert(K.NOT_WATCHED, "x", "b")], left=[alert(K.NOT_WATCHED, "x", "a")], days=0.1)
    closed = book.round([], [alert(K.NOT_WATCHED, "x", "b")], days=0.2)

    assert left == [("anna", Telling.OVER, ("a",)), ("bo", Telling.OVER, ("a",))]
    assert closed == [("bo", Telling.OVER, ("b",))]


def test_accounts_that_come_and_go_in_one_round_are_told_once() -> None:
    book = Book()
    book.round([alert(K.NOT_WATCHED, "x", "a")])
    now, gone = alert(K.NOT_WATCHED, "x", "b"), alert(K.NOT_WATCHED, "x", "a")

    assert book.round([now], left=[gone], days=0.1) == [
        ("bo", Telling.MORE, ("b",)),
        ("anna", Telling.OVER, ("a",)),
        ("bo", Telling.OVER, ("a",)),
    ]
    assert book.round([now], days=0.1) == []


def test_what_is_kept_of_alerts_that_open_in_one_round_is_each_ones_own() -> None:
    book = Book()
    # Neither has a number yet: the store gives it when the round is kept.
    new = [replace(alert(K.SECRET, key, key, items=(f"item-{key}",)), id=None) for key in ("a", "b")]
    book.round(new)

    kept = {(s.alert.cause, s.after.items) for s in book.heard if s.person == "bo"}
    assert kept == {("a", ("item-a",)), ("b", ("item-b",))}


def test_one_mail_a_person_has_all_of_theirs() -> None:
    book = Book()
    book.round([alert(K.NOT_WATCHED, "x", "a"), alert(K.SECRET, "b", "b", items=("1",))])
    found = notices(book.heard, REGISTER, START, {})

    assert [(n.recipient.key, [a.kind for a in n.opened], [a.key for a in n.accounts]) for n in found] == [
        ("anna", [K.NOT_WATCHED], ["a"]),
        ("bo", [K.NOT_WATCHED, K.SECRET], ["a", "b"]),
    ]


def test_only_what_is_new_of_the_items_is_told() -> None:
    book = Book()
    book.round([alert(K.SECRET, "a", "a", items=("1",))])
    book.round([alert(K.SECRET, "a", "a", items=("1", "2"))], days=0.1)

    assert [(s.person, s.telling, s.alert.items) for s in book.heard[2:]] == [
        ("anna", Telling.MORE, ("2",)),
        ("bo", Telling.MORE, ("2",)),
    ]


def test_an_account_that_is_not_watched_is_not_called_silent() -> None:
    stale = alert(K.STALE, "a", "a")

    assert explained_by(stale, [stale, alert(K.NOT_WATCHED, "x", "a", "b")]) is K.NOT_WATCHED
    assert explained_by(stale, [stale, alert(K.NOT_WATCHED, "x", "b")]) is None
    assert explained_by(stale, [stale, alert(K.PARTLY_WATCHED, "a", "a")]) is None


def test_a_missing_owner_is_explained_only_when_mail_is_all_of_it() -> None:
    mail = alert(K.MAIL_UNDELIVERABLE, "bo", "b")
    few = alert(K.TOO_FEW_OWNERS, "b", "b", items=("mail:bo",))

    assert explained_by(few, [mail, few]) is K.MAIL_UNDELIVERABLE
    assert explained_by(few, [few]) is None
    assert explained_by(replace(few, items=("away:anna", "mail:bo")), [mail]) is None
    assert explained_by(replace(few, items=()), [mail]) is None


def test_closing_recommended_takes_the_place_of_stale_without_a_word() -> None:
    plan = compare(START, [alert(K.STALE, "a/close", "a")], [alert(K.STALE, "a", "a")], ["a"])

    assert ([a.cause for a in plan.open], [a.cause for a in plan.absorb], plan.close) == (["a/close"], ["a"], ())


kinds = st.sampled_from([K.NOT_WATCHED, K.SECRET, K.QUESTION_OVERDUE, K.STALE, K.DAEMON_LATE, K.REMOVAL])
alerts = st.builds(
    lambda kind, accounts, items: alert(kind, "x", *sorted(accounts), items=tuple(sorted(items))),
    kinds,
    st.sets(st.sampled_from("abc"), min_size=1),
    st.sets(st.sampled_from("12")),
)
rounds = st.lists(st.lists(alerts, max_size=3, unique_by=lambda a: a.kind), max_size=6)


@settings(deadline=None, max_examples=60)
@given(history=rounds)
def test_the_same_facts_again_tell_nobody_anything(history: list[list[Alert]]) -> None:
    book = Book()
    for n, is_open in enumerate(history):
        book.round(is_open, days=n / 3)

        assert book.round(is_open, days=n / 3) == []


@settings(deadline=None, max_examples=60)
@given(history=rounds)
def test_nobody_hears_of_an_opening_twice_and_nobody_of_an_end_without_it(history: list[list[Alert]]) -> None:
    book = Book()
    for n, is_open in enumerate(history):
        book.round(is_open, days=n)
    last = history[-1] if history else []
    book.round([], last, days=len(history))
    book.round([], last, days=len(history) + 9)

    openings = Counter((s.person, s.alert.id) for s in book.heard if s.telling is Telling.OPENED)
    endings = Counter((s.person, s.alert.id) for s in book.heard if s.telling is Telling.OVER)
    assert all(n == 1 for n in (*openings.values(), *endings.values()))
    assert set(endings) <= set(openings)
