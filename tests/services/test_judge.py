"""Judging: what changed is judged once, and one odd thread does not stop the others."""

from datetime import UTC, datetime
from unittest.mock import patch

from tests.services.conftest import Office, account

from watchdaemon.domain.item import Thread
from watchdaemon.domain.question import QuestionState, Verdict
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
