"""What the plain data promises: who reads what, what an account's voice is, and results that contradict themselves."""

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon.domain.account import Account, AccountStatus, OwnerRole, Ownership, Person, Register
from watchdaemon.domain.delivery import DeliveryKey, MailKind
from watchdaemon.domain.digest import Digest, DigestEntry, Section
from watchdaemon.domain.fetch import Coverage, FetchResult, Trouble
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.domain.question import Grade, Question, QuestionState, Triage, Verdict
from watchdaemon.domain.watch import Window
from watchdaemon.errors import ConfigError, Fault, Reason

MONDAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def person(key: str, away_until: date | None = None) -> Person:
    return Person(key=key, name=key.title(), mail=f"{key}@exempelkommun.example", away_until=away_until)


def account(*owners: Ownership, key: str = "bad", status: AccountStatus = AccountStatus.APPROVED) -> Account:
    return Account(
        key=key,
        platform="facebook",
        native_id="page-1",
        name="Badhuset",
        link="https://social.example/bad",
        unit="fritid",
        manager="chef",
        owners=owners,
        status=status,
        own_ids=("page-1-old",),
    )


def readers(*persons: Person, owners: tuple[Ownership, ...]) -> list[str]:
    register = Register(persons={p.key: p for p in persons})
    return [p.key for p in register.readers(account(*owners), MONDAY)]


# ---- the register

ANNA, BO = Ownership(person="anna"), Ownership(person="bo")
SIV = Ownership(person="siv", role=OwnerRole.SUBSTITUTE)


def test_the_owners_read_an_accounts_digest_and_substitutes_do_not() -> None:
    assert readers(person("anna"), person("bo"), person("siv"), owners=(ANNA, BO, SIV)) == ["anna", "bo"]


def test_when_an_owner_is_away_the_substitute_reads_too() -> None:
    assert readers(person("anna", MONDAY), person("bo"), person("siv"), owners=(ANNA, BO, SIV)) == ["bo", "siv"]


def test_somebody_is_away_through_the_last_day_and_back_the_day_after() -> None:
    assert person("anna", MONDAY).is_away(MONDAY)
    assert not person("anna", MONDAY).is_away(MONDAY + timedelta(days=1))


def test_when_nobody_is_at_work_every_owner_is_written_to() -> None:
    away = [person(key, MONDAY) for key in ("anna", "bo", "siv")]

    assert readers(*away, owners=(ANNA, BO, SIV)) == ["anna", "bo"]


@pytest.mark.parametrize(
    ("from_on", "to_on", "is_valid"),
    [
        (None, None, True),
        (MONDAY, MONDAY, True),
        (MONDAY + timedelta(days=1), None, False),
        (None, MONDAY - timedelta(days=1), False),
    ],
)
def test_an_ownership_holds_on_both_its_dates(from_on: date | None, to_on: date | None, is_valid: bool) -> None:
    ownership = Ownership(person="anna", from_on=from_on, to_on=to_on)

    assert ownership.is_valid(MONDAY) is is_valid
    assert readers(person("anna"), owners=(ownership,)) == (["anna"] if is_valid else [])


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(OwnerRole), st.booleans()), max_size=5),
)
def test_nobody_is_written_to_twice_and_an_owner_is_never_forgotten(rows: list[tuple[str, OwnerRole, bool]]) -> None:
    away = {key: is_away for key, _, is_away in rows}
    persons = {key: person(key, MONDAY if is_away else None) for key, is_away in away.items()}
    owners = tuple(Ownership(person=key, role=role) for key, role, _ in rows)
    found = [p.key for p in Register(persons=persons).readers(account(*dict.fromkeys(owners)), MONDAY)]
    own = {key for key, role, _ in rows if role is OwnerRole.OWNER}

    assert bool(found) >= bool(own)
    assert {key for key in own if not away[key]} <= set(found)


def test_only_approved_and_resting_accounts_are_watched_in_the_order_of_their_keys() -> None:
    accounts = {s.value: account(key=s.value, status=s) for s in AccountStatus}

    assert [a.key for a in Register(accounts=accounts).watched()] == ["approved", "resting"]


def test_an_account_speaks_by_its_native_id_and_its_own_ids() -> None:
    assert account().own_author_ids == {"page-1", "page-1-old"}


# ---- results, questions, keys


@pytest.mark.parametrize(
    ("coverage", "troubles", "malformed"),
    [
        (Coverage.COMPLETE, 1, 0),
        (Coverage.PARTIAL, 0, 0),
        (Coverage.FAILED, 0, 0),
        (Coverage.COMPLETE, 0, 1),
    ],
)
def test_a_result_that_contradicts_itself_is_refused(coverage: Coverage, troubles: int, malformed: int) -> None:
    trouble = Trouble(reason=Reason.OUTAGE, detail="no answer")

    with pytest.raises(ValueError, match="bad: coverage"):
        FetchResult(account="bad", coverage=coverage, troubles=(trouble,) * troubles, malformed=malformed)


def question(state: QuestionState | None, due_at: datetime | None = NOW) -> Question:
    item = Item(
        account="bad",
        platform="facebook",
        external_id="1",
        thread_id="1",
        kind=ItemKind.COMMENT,
        published_at=NOW - timedelta(days=1),
    )
    verdict = Verdict(
        account="bad",
        external_id="1",
        triage=Triage(grade=Grade.YES, reason=""),
        state=state,
        reason="",
        due_at=due_at,
    )
    return Question(item=item, verdict=verdict, first_seen_at=NOW)


@pytest.mark.parametrize(
    ("state", "minutes", "shown"),
    [
        (QuestionState.OPEN, -1, "open"),
        (QuestionState.OPEN, 0, "overdue"),
        (QuestionState.ANSWERED, 1, "answered"),
        (QuestionState.GONE, 1, "gone"),
        (None, 1, "none"),
    ],
)
def test_an_open_question_is_overdue_from_its_due_time_on(
    state: QuestionState | None, minutes: int, shown: str
) -> None:
    assert question(state).shown_state(NOW + timedelta(minutes=minutes)) == shown


def test_what_has_no_due_time_is_never_overdue() -> None:
    assert not question(QuestionState.OPEN, due_at=None).is_overdue(NOW)


def test_a_digest_gives_its_entries_by_section() -> None:
    entries = tuple(
        DigestEntry(section=s, question=question(None), account=account(), shown_text=None, is_news=True)
        for s in (Section.OVERDUE, Section.NEW, Section.NEW)
    )
    window = Window(on=MONDAY, index=1, opens_at=NOW, closes_at=NOW + timedelta(hours=4))
    digest = Digest(recipient=person("anna"), window=window, now=NOW, entries=entries, watched=())

    assert [len(digest.section(s)) for s in Section] == [1, 0, 2, 0, 0, 0]


def test_keys_read_like_paths() -> None:
    window = Window(on=MONDAY, index=2, opens_at=NOW, closes_at=NOW)

    assert window.key == "2026-11-23/2"
    assert str(DeliveryKey(kind=MailKind.DIGEST, recipient="anna", period=window.key)) == "digest/anna/2026-11-23/2"


def test_domain_objects_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        person("anna").name = "Bo"  # type: ignore[misc]  # that is the point


# ---- errors


@pytest.mark.parametrize(
    ("fault", "written"),
    [
        (
            Fault(file="w.toml", line=7, key="mail.port", message="must be a number"),
            "w.toml:7: mail.port: must be a number",
        ),
        (Fault(file="w.toml", key="mail.port", message="is missing"), "w.toml: mail.port: is missing"),
        (Fault(file="w.toml", line=1, key="", message="is no TOML"), "w.toml:1: is no TOML"),
    ],
)
def test_a_fault_names_file_line_and_key(fault: Fault, written: str) -> None:
    assert str(fault) == written


def test_a_configuration_error_lists_every_fault() -> None:
    faults = [Fault(file="w.toml", line=n, key="k", message="is wrong") for n in (1, 2)]

    assert str(ConfigError("two faults", faults)) == "two faults\nw.toml:1: k: is wrong\nw.toml:2: k: is wrong"
