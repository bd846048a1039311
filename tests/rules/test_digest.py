"""What goes into an owner's digest, and when there is none."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from watchdaemon.domain.account import Account, Person
from watchdaemon.domain.calendar import WatchPolicy
from watchdaemon.domain.delivery import Told
from watchdaemon.domain.digest import AccountWatch, Digest
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.domain.question import Grade, Question, QuestionState, Triage, Verdict
from watchdaemon.domain.watch import WatchEntry, WatchState, Window
from watchdaemon.rules.digest import build_digest, digest_owed
from watchdaemon.rules.due import due_at
from watchdaemon.rules.schedule import windows_on
from watchdaemon.rules.workdays import WorkCalendar

Local = Callable[[str], datetime]
MakeAccount = Callable[..., Account]
Ask = Callable[..., Question]

ANNA = Person(key="anna", name="Anna Alm", mail="anna@exempelkommun.example")
SECRET = Triage(grade=Grade.NO, reason="", is_secret=True, removal_reason="personal number")
MAYBE = Triage(grade=Grade.MAYBE, reason="")
RUDE = Triage(grade=Grade.YES, reason="", is_inappropriate=True, removal_reason="threat")


@pytest.fixture
def morning(calendar: WorkCalendar, policy: WatchPolicy, local: Local) -> Window:
    """Return Tuesday's first window."""
    return windows_on(local("2026-11-24T12:00").date(), calendar, policy)[0]


@pytest.fixture
def afternoon(calendar: WorkCalendar, policy: WatchPolicy, local: Local) -> Window:
    """Return Tuesday's second window."""
    return windows_on(local("2026-11-24T12:00").date(), calendar, policy)[1]


@pytest.fixture
def ask(calendar: WorkCalendar, local: Local) -> Ask:
    """Return a maker of stored open questions, by id and local time of publishing."""

    def make(external_id: str, published: str, **changes: object) -> Question:
        at = local(published)
        item = Item(
            account="bibliotek",
            platform="facebook",
            external_id=external_id,
            thread_id=external_id,
            kind=ItemKind.COMMENT,
            published_at=at,
            text=f"När? {external_id}",
        )
        verdict = Verdict(
            account="bibliotek",
            external_id=external_id,
            triage=Triage(grade=Grade.YES, reason=""),
            state=QuestionState.OPEN,
            reason="",
            due_at=due_at(at, calendar),
        )
        return Question(item=item, verdict=replace(verdict, **changes), first_seen_at=at)  # type: ignore[arg-type]  # checked by running

    return make


Build = Callable[..., tuple[Digest | None, list[Told], str]]


@pytest.fixture
def build(calendar: WorkCalendar, morning: Window, make_account: MakeAccount) -> Build:
    """Return a shorter way to build Anna's digest."""

    def make(
        *questions: Question,
        told: list[Told] | None = None,
        window: Window = morning,
        watch: list[AccountWatch] | None = None,
        now: datetime | None = None,
    ) -> tuple[Digest | None, list[Told], str]:
        accounts = [make_account()]
        at = now or window.opens_at
        return build_digest(ANNA, window, at, accounts, questions, told or [], watch or [], calendar)

    return make


def sections(digest: Digest | None) -> list[tuple[str, str]]:
    assert digest is not None
    return [(e.section.value, e.question.item.external_id) for e in digest.entries]


def test_the_worst_comes_first(build: Build, ask: Ask) -> None:
    digest, _, reason = build(
        ask("new", "2026-11-24T07:30"),
        ask("today", "2026-11-23T10:00"),
        ask("overdue", "2026-11-20T10:00"),
        ask("older", "2026-11-17T10:00"),
        ask("rude", "2026-11-19T10:00", triage=RUDE),
        ask("secret", "2026-11-18T10:00", triage=SECRET, state=None, due_at=None),
    )

    assert sections(digest) == [
        ("overdue", "older"),
        ("overdue", "overdue"),
        ("due_today", "today"),
        ("new", "new"),
        ("remove", "secret"),
        ("remove", "rude"),
    ]
    assert reason == "6 of 6 items are news"


def test_promises_come_after_what_waits_and_what_is_perhaps_a_question_comes_last(
    build: Build, ask: Ask, local: Local
) -> None:
    promised = {"state": QuestionState.ANSWERED, "finish_due_at": local("2026-11-27T17:00")}
    digest, _, _ = build(
        ask("maybe overdue", "2026-11-17T10:00", triage=MAYBE),
        ask("maybe", "2026-11-24T07:30", triage=MAYBE),
        ask("said to be one", "2026-11-20T10:00", triage=MAYBE, moved_by="person:anna"),
        ask("rude", "2026-11-24T07:30", triage=RUDE),
        ask("promised", "2026-11-20T10:00", **promised),
        ask("promised first", "2026-11-20T11:00", **{**promised, "finish_due_at": local("2026-11-24T17:00")}),
        ask("new", "2026-11-24T07:30"),
    )

    assert sections(digest) == [
        ("overdue", "said to be one"),
        ("new", "new"),
        ("to_finish", "promised first"),
        ("to_finish", "promised"),
        ("remove", "rude"),
        ("maybe", "maybe overdue"),
        ("maybe", "maybe"),
    ]


def test_a_promise_past_its_time_is_told_again_each_morning(
    build: Build, ask: Ask, local: Local, afternoon: Window
) -> None:
    late = ask("q", "2026-11-12T10:00", state=QuestionState.ANSWERED, finish_due_at=local("2026-11-20T17:00"))
    _, told, _ = build(late)

    assert build(late, told=told)[0] is not None
    assert build(late, told=told, window=afternoon)[0] is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"triage": RUDE, "removal_word": False, "state": None, "due_at": None}, []),
        ({"triage": SECRET, "removal_word": False, "state": None, "due_at": None}, []),
        ({"removal_word": True, "state": QuestionState.ANSWERED}, [("remove", "q")]),
        ({"removal_word": True, "state": QuestionState.DISMISSED}, [("remove", "q")]),
        ({"removal_word": True, "state": QuestionState.REMOVED}, []),
        ({"triage": RUDE, "removal_word": False}, [("new", "q")]),
    ],
)
def test_a_persons_word_says_what_must_be_removed(
    build: Build, ask: Ask, changes: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    digest, _, _ = build(ask("q", "2026-11-24T07:30", **changes))

    assert (sections(digest) if digest else []) == expected


def test_a_question_is_overdue_from_the_very_minute(build: Build, ask: Ask, local: Local) -> None:
    question = ask("q", "2026-11-23T10:00")

    assert sections(build(question, now=local("2026-11-24T16:59"))[0]) == [("due_today", "q")]
    assert sections(build(question, now=local("2026-11-24T17:00"))[0]) == [("overdue", "q")]


def test_a_secret_item_shows_no_text(build: Build, ask: Ask) -> None:
    digest, _, _ = build(ask("secret", "2026-11-24T07:30", triage=SECRET), ask("rude", "2026-11-24T07:31", triage=RUDE))

    assert digest is not None
    assert [e.shown_text for e in digest.entries] == [None, "När? rude"]


def test_nothing_that_waits_means_no_mail(build: Build) -> None:
    assert build() == (None, [], "nothing waits")


def test_what_was_told_before_is_no_reason_for_a_mail(build: Build, ask: Ask) -> None:
    question = ask("q", "2026-11-24T07:30")
    first, told, _ = build(question)
    again, still, reason = build(question, told=told)

    assert first is not None
    assert again is None
    assert still == told == [Told(person="anna", account="bibliotek", external_id="q", section="new")]
    assert reason == "1 items wait, all told before"


def test_what_only_went_away_is_no_reason_for_a_mail(build: Build, ask: Ask) -> None:
    one, two = ask("one", "2026-11-24T07:30"), ask("two", "2026-11-24T07:31")
    _, told, _ = build(one, two)

    assert build(two, told=told)[0] is None


def test_one_news_brings_the_whole_picture(build: Build, ask: Ask) -> None:
    one, two = ask("one", "2026-11-24T07:30"), ask("two", "2026-11-24T07:31")
    _, told, _ = build(one)
    digest, _, _ = build(one, two, told=told)

    assert digest is not None
    assert [(e.question.item.external_id, e.is_news) for e in digest.entries] == [("one", False), ("two", True)]


def test_a_question_that_moves_to_a_worse_section_is_news(build: Build, ask: Ask, local: Local) -> None:
    question = ask("q", "2026-11-23T10:00")
    _, told, _ = build(question, now=local("2026-11-23T13:00"))

    assert sections(build(question, told=told)[0]) == [("due_today", "q")]


def test_what_stays_overdue_is_told_again_each_morning_and_not_in_the_afternoon(
    build: Build, ask: Ask, afternoon: Window
) -> None:
    question = ask("q", "2026-11-17T10:00")
    _, told, _ = build(question)
    digest, _, reason = build(question, told=told)

    assert digest is not None
    assert not digest.entries[0].is_news
    assert reason == "1 items are still overdue: told again each morning"
    assert build(question, told=told, window=afternoon)[0] is None


@pytest.mark.parametrize(
    ("changes", "visibility", "is_shown"),
    [
        ({"triage": SECRET, "state": QuestionState.REMOVED}, Visibility.PUBLIC, False),
        ({"triage": SECRET, "state": QuestionState.GONE}, Visibility.DELETED, False),
        ({"triage": SECRET, "state": None}, Visibility.DELETED, False),
        ({"triage": RUDE, "state": None}, Visibility.HIDDEN, False),
        ({"triage": RUDE, "state": QuestionState.DISMISSED}, Visibility.PUBLIC, False),
        ({"triage": SECRET, "state": QuestionState.DISMISSED}, Visibility.PUBLIC, True),
        ({"triage": SECRET, "state": QuestionState.ANSWERED}, Visibility.PUBLIC, True),
    ],
)
def test_an_item_waits_for_removal_until_it_is_out_of_sight(
    build: Build, ask: Ask, changes: dict[str, object], visibility: Visibility, is_shown: bool
) -> None:
    question = ask("q", "2026-11-24T07:30", **changes)
    found, _, _ = build(replace(question, item=replace(question.item, visibility=visibility)))

    assert (found is not None) is is_shown


@pytest.mark.parametrize("state", [s for s in QuestionState if s is not QuestionState.OPEN])
def test_only_open_questions_wait(build: Build, ask: Ask, state: QuestionState) -> None:
    assert build(ask("q", "2026-11-24T07:30", state=state))[0] is None


def test_other_peoples_accounts_are_left_out(build: Build, ask: Ask) -> None:
    question = ask("q", "2026-11-24T07:30")

    assert build(replace(question, item=replace(question.item, account="skola")))[0] is None


def test_accounts_that_were_not_watched_stand_first(build: Build, ask: Ask, make_account: MakeAccount) -> None:
    watch = [
        AccountWatch(account=make_account(key), state=state)
        for key, state in [
            ("a", WatchState.WATCHED),
            ("b", WatchState.PENDING),
            ("c", WatchState.NOT_WATCHED),
            ("d", WatchState.PARTLY),
        ]
    ]
    digest, _, _ = build(ask("q", "2026-11-24T07:30"), watch=watch)

    assert digest is not None
    assert [w.account.key for w in digest.watched] == ["c", "d", "b", "a"]


@pytest.mark.parametrize(
    ("minutes", "attempts", "is_owed"),
    [
        (-1, [1, 1], False),
        (0, [1, 1], True),
        (0, [], False),
        (44, [1, 0], False),
        (44, [1, None], False),
        (45, [1, 0], True),
        (45, [None, None], True),
        (239, [None], True),
        (240, [1, 1], False),
    ],
)
def test_a_digest_waits_for_every_account_but_not_for_ever(
    morning: Window, policy: WatchPolicy, minutes: int, attempts: list[int | None], is_owed: bool
) -> None:
    entries = [
        None
        if n is None
        else WatchEntry(account="a", window=morning, attempts=n, coverage=Coverage.FAILED if n else None)
        for n in attempts
    ]
    owed, reason = digest_owed(ANNA, morning, morning.opens_at + timedelta(minutes=minutes), entries, policy)

    assert owed is is_owed
    assert reason
