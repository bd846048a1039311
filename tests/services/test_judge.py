"""Judging: what changed is judged once, and one odd thread does not stop the others."""

from dataclasses import replace
from datetime import UTC, datetime
from unittest.mock import patch

from tests.services.conftest import MONDAY_0805, Office, account

from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.domain.item import BLANKED, Thread
from watchdaemon.domain.question import Decision, DecisionKind, QuestionState, Verdict
from watchdaemon.rules.unanswered import judge_thread
from watchdaemon.services import judge

ASKED = datetime(2026, 11, 23, 6, 58, tzinfo=UTC)
ANSWERED = datetime(2026, 11, 23, 7, 4, tzinfo=UTC)


def test_a_question_gets_its_due_time_and_a_native_reply_answers_it(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    office.poll()
    office.judge()
    (before,) = office.store.questions()

    office.platform.account_replies("a", "c2", "Klockan nio.", ANSWERED, thread="c1")
    office.poll()
    office.judge()
    (after,) = office.store.questions()

    assert before.verdict.state is QuestionState.OPEN
    assert before.verdict.due_at == datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    assert (after.verdict.state, after.verdict.answered_by, after.verdict.answered_at) == (
        QuestionState.ANSWERED,
        "c2",
        ANSWERED,
    )


def test_what_was_judged_is_not_judged_again_until_it_changes(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    office.poll()

    first, second = office.judge(), office.judge()
    office.poll()
    third = office.judge()

    assert (first, second, third) == (1, 0, 0)


def test_a_thread_that_cannot_be_judged_is_left_and_the_others_are_judged(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.somebody_writes("a", "odd", "När då?", ASKED)
    office.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    office.poll()

    def stumble(thread: Thread, *args: object, **kwargs: object) -> list[Verdict]:
        if thread.thread_id == "odd":
            raise ValueError("a fault in a rule")
        return judge_thread(thread, *args, **kwargs)  # type: ignore[arg-type]  # passed through as they came

    with patch.object(judge, "judge_thread", stumble):
        judged = office.judge()
    judged_later = office.judge()

    assert (judged, judged_later) == (1, 1)
    assert len(office.store.questions()) == 2


def test_items_of_an_account_that_left_the_register_do_not_stop_the_rest(office: Office) -> None:
    office.enrol(account("a"), account("b"))
    office.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    office.platform.somebody_writes("b", "c1", "När öppnar ni?", ASKED)
    office.poll()
    office.register = type(office.register)(
        units=office.register.units, persons=office.register.persons, accounts={"b": account("b")}
    )

    judged = office.judge()

    assert judged == 1


# ---- the life of a question

NEXT_MORNING = datetime(2026, 11, 24, 8, 15, tzinfo=UTC)


def test_the_first_response_is_measured_in_working_time(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.somebody_writes("a", "c1", "När öppnar ni?", datetime(2026, 11, 20, 15, 30, tzinfo=UTC))
    office.platform.account_replies("a", "r", "Klockan nio.", ANSWERED, thread="c1")
    office.poll()
    office.judge()

    (question,) = office.store.questions()

    assert question.verdict.response_minutes == 30 + 4  # Friday 16:30 to 17:00, and Monday 08:00 to 08:04


def test_a_promise_has_a_due_time_of_its_own_and_the_next_reply_keeps_it(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    office.platform.account_replies("a", "r1", "Vi återkommer.", ANSWERED, thread="c1")
    office.poll()
    office.judge()
    (promised,) = office.store.questions(states=[], to_finish=True)

    office.clock.move_to(NEXT_MORNING)
    office.platform.account_replies("a", "r2", "Klockan nio.", NEXT_MORNING, thread="c1")
    office.poll()
    office.judge()
    (finished,) = office.store.questions()

    assert promised.verdict.finish_due_at == datetime(2026, 11, 30, 16, 0, tzinfo=UTC)  # the fifth working day after
    assert (finished.verdict.is_holding, finished.verdict.answered_by) == (False, "r1")
    assert finished.verdict.response_minutes == promised.verdict.response_minutes == 4
    assert [(s.at, s.noticed_at, s.by, s.is_holding) for s in office.store.steps("a", "c1")] == [
        (ANSWERED, MONDAY_0805, "r1", True),
        (NEXT_MORNING, NEXT_MORNING, "r2", False),
    ]


def test_when_the_texts_are_gone_the_state_the_record_and_the_response_time_stay(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    office.platform.account_replies("a", "r1", "Vi återkommer.", ANSWERED, thread="c1")
    office.poll()
    office.judge()
    (before,) = office.store.questions()
    gone = [replace(i, text="", extra={**i.extra, BLANKED: "1"}) for i in office.store.items()]
    office.store.save_fetch(FetchResult(account="a", coverage=Coverage.COMPLETE, items=tuple(gone)), at=NEXT_MORNING)

    office.judge()

    (after,) = office.store.questions()
    assert after.item.text == ""
    assert after.item.earlier == ()
    assert after.verdict == before.verdict
    assert len(office.store.steps("a", "c1")) == 1


def test_a_person_may_still_say_a_word_about_a_text_that_is_gone(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    office.poll()
    office.judge()
    gone = [replace(i, text="", extra={BLANKED: "1"}) for i in office.store.items()]
    office.store.save_fetch(FetchResult(account="a", coverage=Coverage.COMPLETE, items=tuple(gone)), at=NEXT_MORNING)
    office.store.record_decision(
        Decision(account="a", external_id="c1", kind=DecisionKind.FORWARDED, by="anna", at=NEXT_MORNING)
    )

    office.judge()

    (question,) = office.store.questions()
    assert (question.verdict.state, question.verdict.moved_by) == (QuestionState.FORWARDED, "person:anna")


def test_an_owners_private_profile_is_pointed_out_by_the_names_of_the_register(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    reply = replace(office.platform.account_replies("a", "u", "Klockan nio.", ANSWERED, thread="c1"))
    private = replace(reply, by_account=False, author="Anna Exempel", author_id="anna-private")
    office.poll()
    office.store.save_fetch(FetchResult(account="a", coverage=Coverage.COMPLETE, items=(private,)), at=ANSWERED)

    office.judge()

    (question,) = office.store.questions()
    assert (question.verdict.state, question.verdict.unregistered_reply) == (QuestionState.OPEN, "u")
