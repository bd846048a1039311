"""The book of used links, on every store."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests.storage.make import ACCOUNT, NOW, fetched, item, verdict

from watchdaemon.domain.question import Decision, DecisionKind, Grade, Triage
from watchdaemon.ports import Store

LONG_AGO = NOW - timedelta(days=30)


def test_a_link_is_used_once_and_keeps_the_time_of_it(store: Store) -> None:
    assert store.link_used_at("a") is None
    assert store.use_link("a", at=NOW, forget_before=LONG_AGO) is None
    assert store.use_link("a", at=NOW + timedelta(hours=1), forget_before=LONG_AGO) == NOW
    assert store.link_used_at("a") == NOW
    assert store.link_used_at("b") is None


def test_uses_are_forgotten_when_their_links_are_long_dead(store: Store) -> None:
    store.use_link("old", at=NOW, forget_before=LONG_AGO)
    store.use_link("new", at=NOW + timedelta(days=31), forget_before=NOW + timedelta(days=1))

    assert store.link_used_at("old") is None
    assert store.link_used_at("new") == NOW + timedelta(days=31)


def test_of_several_at_the_same_time_one_gets_it(store: Store) -> None:
    times = [NOW + timedelta(seconds=n) for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda at: store.use_link("a", at=at, forget_before=LONG_AGO), times))

    assert answers.count(None) == 1
    assert {a for a in answers if a is not None} == {store.link_used_at("a")}


def test_a_use_in_a_transaction_that_fails_is_none(store: Store) -> None:
    of_nothing = Decision(account="x", external_id="y", kind=DecisionKind.REMOVED, by="anna", at=NOW)

    def use_and_fail() -> None:
        with store.together():
            store.use_link("a", at=NOW, forget_before=LONG_AGO)
            store.record_decision(of_nothing)

    with pytest.raises(KeyError):
        use_and_fail()

    is_in_memory = type(store).__name__ == "MemoryStore"  # it has no transactions
    assert (store.link_used_at("a") is None) is not is_in_memory


def test_one_question_is_found_by_its_id_also_one_that_wants_nothing(store: Store) -> None:
    quiet = verdict("c2", state=None, due_at=None, triage=Triage(grade=Grade.NO, reason="thanks"))
    store.save_fetch(fetched(item("c1"), item("c2"), item("c3", thread_id="other")), at=NOW)
    [pending] = [p for p in store.pending_threads() if p.thread_id != "other"]
    store.save_judgements([(pending, [verdict("c1"), quiet])], at=NOW)

    found = store.question(ACCOUNT, "c2")

    assert found is not None
    assert (found.item, found.verdict, found.first_seen_at) == (item("c2"), quiet, NOW)
    assert store.question(ACCOUNT, "c1") == store.questions()[0]
    assert store.question(ACCOUNT, "c3") is None  # not judged
    assert store.question("other", "c1") is None
