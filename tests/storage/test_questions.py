"""Verdicts and decisions, on every store."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.storage.make import ACCOUNT, NOW, fetched, item, verdict

from watchdaemon.domain.item import BLANKED
from watchdaemon.domain.moderation import Action, ModerationEntry, Outcome
from watchdaemon.domain.question import Decision, DecisionKind, Grade, QuestionState, Span, Triage, Verdict
from watchdaemon.errors import StorageError
from watchdaemon.ports import PendingThread, Store

REMOVE = Triage(
    grade=Grade.NO,
    reason="no question",
    spans=(Span(start=3, end=16, type="personnummer", certainty="certain"),),
    is_secret=True,
    removal_reason="personal number",
)
QUIET = Triage(grade=Grade.NO, reason="thanks")


def judge(store: Store, verdicts: Iterable[Verdict]) -> None:
    """Store one item a verdict, and the verdicts."""
    verdicts = list(verdicts)
    for account in {v.account for v in verdicts}:
        mine = [v for v in verdicts if v.account == account]
        store.save_fetch(fetched(*(item(v.external_id, account=account) for v in mine)), at=NOW)
        [pending] = [p for p in store.pending_threads() if p.account == account]
        assert store.save_judgements([(pending, mine)], at=NOW) == 1


def found(questions: Iterable[object]) -> list[str]:
    """The external ids."""
    return [q.item.external_id for q in questions]  # type: ignore[attr-defined]  # Question, read for its id only


def test_a_verdict_comes_back_equal_with_its_item(store: Store) -> None:
    whole = verdict(triage=REMOVE, state=QuestionState.ANSWERED, answered_at=NOW, answered_by="person:anna")
    judge(store, [whole])

    [question] = store.questions()
    assert question.verdict == whole
    assert question.item == item()
    assert question.first_seen_at == NOW
    assert store.pending_threads() == []


def test_a_thread_that_moved_on_keeps_its_mark_and_gets_no_verdicts(store: Store) -> None:
    store.save_fetch(fetched(item()), at=NOW)
    [pending] = store.pending_threads()
    store.save_fetch(fetched(item("c2")), at=NOW)

    assert store.save_judgements([(pending, [verdict()])], at=NOW) == 0
    assert store.questions() == []
    assert [p.revision for p in store.pending_threads()] == [2]


def test_verdicts_of_a_thread_that_does_not_exist_are_not_stored(store: Store) -> None:
    assert store.save_judgements([(PendingThread(account=ACCOUNT, thread_id="t9", revision=1), [])], at=NOW) == 0


def test_a_verdict_on_an_item_that_does_not_exist_is_a_storage_error(store: Store) -> None:
    store.save_fetch(fetched(item()), at=NOW)
    [pending] = store.pending_threads()

    with pytest.raises(StorageError):
        store.save_judgements([(pending, [verdict("c1"), verdict("c9")])], at=NOW)

    assert store.questions() == []
    assert store.pending_threads() == [pending]


def test_new_verdicts_replace_the_threads_earlier_ones(store: Store) -> None:
    judge(store, [verdict("c1"), verdict("c2")])
    store.save_fetch(fetched(item("other", thread_id="t2")), at=NOW)
    store.save_judgements([(store.pending_threads()[0], [verdict("other")])], at=NOW)
    store.mark_all_pending()

    store.save_judgements([(store.pending_threads()[0], [verdict("c2", state=QuestionState.ANSWERED)])], at=NOW)

    assert {(q.item.external_id, q.verdict.state) for q in store.questions()} == {
        ("c2", QuestionState.ANSWERED),
        ("other", QuestionState.OPEN),
    }


def test_questions_come_oldest_due_first_and_without_due_last(store: Store) -> None:
    judge(
        store,
        [
            verdict("removal", triage=REMOVE, state=None, due_at=None),
            verdict("late", due_at=NOW + timedelta(days=3)),
            verdict("soon", due_at=NOW),
            verdict("quiet", triage=QUIET, state=None, due_at=None),
        ],
    )

    assert found(store.questions()) == ["soon", "late", "removal"]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({}, ["open", "answered", "both", "removal"]),
        ({"states": [QuestionState.OPEN]}, ["open", "both"]),
        ({"states": []}, []),
        ({"needs_removal": True}, ["both", "removal"]),
        ({"needs_removal": False}, ["open", "answered"]),
        ({"states": [QuestionState.ANSWERED], "needs_removal": True}, ["answered", "both", "removal"]),
        ({"accounts": [ACCOUNT]}, ["open", "both", "removal"]),
        ({"accounts": []}, []),
        ({"accounts": [f"a{n}" for n in range(1_200)] + ["ig-badet"]}, ["answered"]),
        ({"published_since": NOW}, []),
        ({"published_since": NOW - timedelta(hours=1)}, ["open", "answered", "both", "removal"]),
    ],
)
def test_questions_are_selected_by(store: Store, selection: dict[str, object], expected: list[str]) -> None:
    judge(
        store,
        [
            verdict("open", due_at=NOW),
            verdict("answered", account="ig-badet", state=QuestionState.ANSWERED, due_at=NOW + timedelta(hours=1)),
            verdict("both", triage=REMOVE, due_at=NOW + timedelta(hours=2)),
            verdict("removal", triage=REMOVE, state=None, due_at=None),
        ],
    )

    assert found(store.questions(**selection)) == expected  # type: ignore[arg-type]  # one table of keyword arguments


def test_a_decision_is_kept_and_marks_the_thread(store: Store) -> None:
    judge(store, [verdict()])
    word = Decision(
        account=ACCOUNT, external_id="c1", kind=DecisionKind.FORWARDED, by="anna", at=NOW, note="till bygglov\x00"
    )

    store.record_decision(word)

    [kept] = store.decisions(ACCOUNT, "t1")
    assert (kept.kind, kept.by, kept.at, kept.note) == (DecisionKind.FORWARDED, "anna", NOW, "till bygglov\ufffd")
    assert [p.thread_id for p in store.pending_threads()] == ["t1"]
    assert store.decisions(ACCOUNT, "t2") == []


def test_decisions_come_oldest_first(store: Store) -> None:
    judge(store, [verdict("c1"), verdict("c2")])
    for external_id, minutes in (("c1", 5), ("c2", 1), ("c1", 9)):
        at = NOW + timedelta(minutes=minutes)
        store.record_decision(
            Decision(account=ACCOUNT, external_id=external_id, kind=DecisionKind.NO_REPLY_NEEDED, by="bo", at=at)
        )

    assert [d.external_id for d in store.decisions(ACCOUNT, "t1")] == ["c2", "c1", "c1"]


def test_a_decision_on_an_unknown_item_is_refused(store: Store) -> None:
    word = Decision(account=ACCOUNT, external_id="c9", kind=DecisionKind.REMOVED, by="anna", at=NOW)

    with pytest.raises(KeyError):
        store.record_decision(word)


# ---- the record of a life


def steps_of(store: Store) -> list[tuple[QuestionState | None, bool, bool]]:
    """State, promise and removal of each step of c1."""
    return [(s.state, s.is_holding, s.needs_removal) for s in store.steps(ACCOUNT, "c1")]


def judge_again(store: Store, *verdicts: Verdict, at: datetime = NOW) -> None:
    """Mark the thread, and store these verdicts."""
    store.mark_all_pending()
    [pending] = store.pending_threads()
    assert store.save_judgements([(pending, verdicts)], at=at) == 1


def test_every_change_of_state_is_a_step_and_judging_again_is_none(store: Store) -> None:
    judge(store, [verdict(since=NOW - timedelta(hours=1))])
    promised = verdict(state=QuestionState.ANSWERED, answered_by="r", moved_by="r", finish_due_at=NOW, since=NOW)
    later = NOW + timedelta(hours=2)

    judge_again(store, verdict(since=NOW - timedelta(hours=1)))
    judge_again(store, promised, at=later)
    judge_again(store, promised, at=later)
    judge_again(store, replace(promised, finish_due_at=None, removal_word=True), at=later)

    assert steps_of(store) == [
        (QuestionState.OPEN, False, False),
        (QuestionState.ANSWERED, True, False),
        (QuestionState.ANSWERED, False, True),
    ]
    first, second, _ = store.steps(ACCOUNT, "c1")
    assert (first.at, first.noticed_at, first.by) == (NOW - timedelta(hours=1), NOW, None)
    assert (second.at, second.noticed_at, second.by) == (NOW, later, "r")


def test_an_item_without_a_verdict_any_more_leaves_a_step(store: Store) -> None:
    judge(store, [verdict("c1"), verdict("c2")])

    judge_again(store, verdict("c2"))

    assert steps_of(store) == [(QuestionState.OPEN, False, False), (None, False, False)]
    assert len(store.steps(ACCOUNT, "c2")) == 1


def test_a_thread_that_moved_on_leaves_no_step(store: Store) -> None:
    store.save_fetch(fetched(item()), at=NOW)
    [pending] = store.pending_threads()
    store.save_fetch(fetched(item("c2")), at=NOW)

    store.save_judgements([(pending, [verdict()])], at=NOW)

    assert store.steps(ACCOUNT, "c1") == []


def test_promises_can_be_asked_for(store: Store) -> None:
    promised = {"state": QuestionState.ANSWERED, "finish_due_at": NOW}
    judge(store, [verdict("open"), verdict("promised", **promised), verdict("done", state=QuestionState.ANSWERED)])

    assert found(store.questions(states=[], to_finish=True)) == ["promised"]
    assert sorted(found(store.questions(states=[QuestionState.OPEN], to_finish=True))) == ["open", "promised"]


@pytest.mark.parametrize(("word", "expected"), [(True, ["c1", "c2"]), (False, []), (None, ["c2"])])
def test_a_persons_word_about_removal_goes_before_triage(store: Store, word: bool | None, expected: list[str]) -> None:
    judge(store, [verdict("c1", removal_word=word), verdict("c2", removal_word=word, triage=REMOVE)])

    assert found(store.questions(needs_removal=True)) == expected


def test_everything_that_was_decided_comes_with_its_item(store: Store) -> None:
    judge(store, [verdict("c1"), verdict("c2")])
    for external_id, minutes in (("c2", 5), ("c1", 1)):
        at = NOW + timedelta(minutes=minutes)
        store.record_decision(
            Decision(account=ACCOUNT, external_id=external_id, kind=DecisionKind.NOT_A_QUESTION, by="bo", at=at)
        )

    assert [(d.external_id, i.external_id, i.text) for d, i in store.decided()] == [
        ("c1", "c1", item().text),
        ("c2", "c2", item().text),
    ]


def test_a_case_has_the_orders_that_were_carried_out_and_the_verdicts_of_texts_that_are_gone(store: Store) -> None:
    judge(store, [verdict("c1"), verdict("c2")])
    order = ModerationEntry(account=ACCOUNT, external_id="c1", action=Action.HIDE, by="anna", why="spam", begun_at=NOW)
    done, refused = store.begin_moderation(order), store.begin_moderation(order)
    store.end_moderation(replace(done, outcome=Outcome.DONE, ended_at=NOW))
    store.end_moderation(replace(refused, outcome=Outcome.REFUSED, ended_at=NOW))
    store.save_fetch(fetched(item("c2", text="", extra={BLANKED: "1"})), at=NOW)

    [pending] = store.pending_threads()
    [case] = store.cases([pending])

    assert [(o.external_id, o.outcome) for o in case.orders] == [("c1", Outcome.DONE)]
    assert case.kept == (verdict("c2"),)
