"""Which words hold, which labels they leave, and which changes are steps. Milliseconds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watchdaemon.domain.item import BLANKED, Item, ItemKind, Wording
from watchdaemon.domain.question import Decision, DecisionKind, Grade, QuestionState, Triage, Verdict
from watchdaemon.rules.corrections import corrections_in
from watchdaemon.rules.steps import Standing, step_between, step_out
from watchdaemon.rules.voices import OwnVoice
from watchdaemon.rules.word import Word, word_of

NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)
K = DecisionKind


def said(*kinds: DecisionKind) -> list[Decision]:
    """One word a minute about one item."""
    return [
        Decision(account="a", external_id="1", kind=kind, by="anna", at=NOON + timedelta(minutes=n))
        for n, kind in enumerate(kinds, 1)
    ]


def holding(word: Word) -> tuple[DecisionKind | None, bool, bool | None]:
    """What holds: the word about the answer, whether it is a question by a person's word, and about removal."""
    return word.decision.kind if word.decision else None, word.makes_question, word.removal


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([], (None, False, None)),
        ([K.SEEN], (None, False, None)),
        ([K.FORWARDED], (K.FORWARDED, False, None)),
        ([K.FORWARDED, K.SEEN], (K.FORWARDED, False, None)),
        ([K.FORWARDED, K.NOT_A_QUESTION], (K.NOT_A_QUESTION, False, None)),
        ([K.FORWARDED, K.REOPENED], (None, False, None)),
        ([K.FORWARDED, K.REOPENED, K.REOPENED], (None, True, None)),
        ([K.REOPENED], (None, True, None)),
        ([K.REOPENED, K.NOT_A_QUESTION], (K.NOT_A_QUESTION, False, None)),
        ([K.REOPENED, K.NOT_A_QUESTION, K.REOPENED], (None, True, None)),
        ([K.MAY_STAY], (None, False, False)),
        ([K.MUST_BE_REMOVED, K.MAY_STAY], (None, False, False)),
        ([K.MUST_BE_REMOVED, K.REOPENED], (None, False, None)),
        ([K.FORWARDED, K.MUST_BE_REMOVED, K.REOPENED], (K.FORWARDED, False, None)),
        ([K.MUST_BE_REMOVED, K.FORWARDED, K.REOPENED], (None, False, True)),
        ([K.MUST_BE_REMOVED, K.REMOVED], (K.REMOVED, False, True)),
    ],
)
def test_of_several_words_these_hold(
    kinds: list[DecisionKind], expected: tuple[DecisionKind | None, bool, bool | None]
) -> None:
    assert holding(word_of(said(*kinds))) == expected


ITEM = Item(
    account="a",
    platform="x",
    external_id="1",
    thread_id="1",
    kind=ItemKind.COMMENT,
    published_at=NOON,
    text="Lampan är trasig.",
)


@pytest.mark.parametrize(
    ("kinds", "labels"),
    [
        ([K.NOT_A_QUESTION], [("question", 0)]),
        ([K.REOPENED], [("question", 1)]),
        ([K.NOT_A_QUESTION, K.REOPENED], []),
        ([K.REOPENED, K.NOT_A_QUESTION], [("question", 0)]),
        ([K.MAY_STAY], [("abuse", 0)]),
        ([K.MUST_BE_REMOVED], [("abuse", 1)]),
        ([K.MUST_BE_REMOVED, K.REOPENED], []),
        ([K.NOT_A_QUESTION, K.SEEN, K.MUST_BE_REMOVED], [("question", 0), ("abuse", 1)]),
        ([K.NO_REPLY_NEEDED], []),
        ([K.FORWARDED, K.REOPENED], []),
        ([K.SEEN], []),
    ],
)
def test_words_leave_these_labels(kinds: list[DecisionKind], labels: list[tuple[str, int]]) -> None:
    found = list(corrections_in((d, ITEM) for d in said(*kinds)))

    assert [(c.task, c.label) for c in found] == labels
    assert all((c.id, c.text) == ("a/1", ITEM.text) for c in found)


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "", "extra": {BLANKED: "1"}},
        {"text": " "},
        {"edited_at": NOON + timedelta(hours=1)},
        {"earlier": (Wording(text="Förut", until=NOON + timedelta(hours=1)),)},
    ],
)
def test_a_text_that_is_gone_or_was_edited_since_teaches_nothing(changes: dict[str, object]) -> None:
    item = replace(ITEM, **changes)  # type: ignore[arg-type]  # a table's keywords are checked by running

    assert list(corrections_in((d, item) for d in said(K.NOT_A_QUESTION))) == []


OPEN = Verdict(
    account="a",
    external_id="1",
    triage=Triage(grade=Grade.YES, reason="'quoted words'"),
    state=QuestionState.OPEN,
    reason="no answer by the account yet",
    since=NOON,
)
ANSWERED = replace(OPEN, state=QuestionState.ANSWERED, answered_by="r", moved_by="r", since=NOON + timedelta(hours=1))
LATER = NOON + timedelta(hours=5)


def test_the_first_state_is_a_step_from_when_it_was_written() -> None:
    step = step_between(None, OPEN, at=LATER)

    assert step is not None
    assert (step.at, step.state, step.noticed_at, step.by) == (NOON, QuestionState.OPEN, LATER, None)


@pytest.mark.parametrize(
    "after",
    [
        ANSWERED,
        replace(ANSWERED, finish_due_at=LATER),
        replace(OPEN, removal_word=True),
        replace(OPEN, state=None),
    ],
)
def test_what_a_person_would_tell_of_is_a_step(after: Verdict) -> None:
    assert step_between(Standing.of(OPEN), after, at=LATER) is not None
    assert step_between(Standing.of(after), after, at=LATER) is None


def test_another_answer_and_a_kept_promise_are_steps() -> None:
    held = replace(ANSWERED, finish_due_at=LATER)

    assert step_between(Standing.of(held), ANSWERED, at=LATER) is not None
    assert step_between(Standing.of(ANSWERED), replace(ANSWERED, answered_by="r2"), at=LATER) is not None


def test_what_never_asked_leaves_no_step() -> None:
    assert step_between(None, replace(OPEN, state=None), at=LATER) is None


def test_a_step_holds_nothing_of_the_text() -> None:
    step = step_between(Standing.of(OPEN), replace(OPEN, state=None, reason="'quoted words'"), at=LATER)

    assert step is not None
    assert step.reason == "wants no answer"


def test_a_way_back_is_dated_by_when_it_was_noticed() -> None:
    step = step_between(Standing.of(ANSWERED), OPEN, at=LATER)

    assert step is not None
    assert step.at == LATER


def test_an_item_that_turns_out_to_be_our_own_leaves_a_step_when_it_had_one() -> None:
    gone = step_out("a", "1", Standing.of(OPEN), at=LATER)

    assert gone is not None
    assert gone.state is None
    assert step_out("a", "1", Standing.of(replace(OPEN, state=None)), at=LATER) is None


VOICE = OwnVoice.of("Exempelkommun", ["Anna Exempel", "Bo"], ["Anna Exempel"])


@pytest.mark.parametrize(
    ("author", "text", "speaks"),
    [
        ("Eva Ek", "Klockan nio.", False),
        ("Eva Ek", "Exempelkommun borde svara!", False),
        ("Eva Ek", "Hej Eva", False),
        ("Bo", "Klockan nio.", False),  # a single name tells nobody from another
        (None, "Klockan nio.", False),
        ("anna  exempel", "Klockan nio.", True),
        ("Exempelkommun fritid", "Klockan nio.", True),
        ("Exempelkommuns vänner", "Klockan nio.", False),
        ("Eva Ek", "Hej från Exempelkommun! Klockan nio.", True),
        ("Eva Ek", "Klockan nio. Hälsningar Exempelkommun", True),
        ("Eva Ek", "Vi på Exempelkommun har öppet till nio.", True),
        ("Eva Ek", "Klockan nio /Anna", True),
        ("Eva Ek", "Klockan nio. /Anna på Badhuset", True),
        ("Eva Ek", "Klockan nio /Sven", False),
        ("Eva Ek", "On behalf of Exempelkommun: nine.", True),
    ],
)
def test_who_speaks_for_the_organisation(author: str | None, text: str, speaks: bool) -> None:
    assert VOICE.speaks_in(replace(ITEM, author=author, text=text)) is speaks


def test_without_a_name_to_go_by_nobody_speaks_for_it() -> None:
    assert not OwnVoice.of("", []).speaks_in(replace(ITEM, author="Eva Ek", text="Hej från Exempelkommun /Anna"))
