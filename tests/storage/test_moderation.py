"""The book of moderation, on every store."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.storage.make import ACCOUNT, NOW, fetched, item

from watchdaemon.domain.item import Visibility
from watchdaemon.domain.moderation import Action, ModerationEntry, Outcome
from watchdaemon.ports import Store


def order(**values: object) -> ModerationEntry:
    given: dict[str, object] = {
        "account": ACCOUNT,
        "external_id": "c1",
        "action": Action.HIDE,
        "by": "anna",
        "why": "names a neighbour",
        "begun_at": NOW,
    }
    return ModerationEntry(**{**given, **values})  # type: ignore[arg-type]  # a dict of mixed values


def test_an_order_stands_in_the_book_before_anything_came_of_it(store: Store) -> None:
    begun = store.begin_moderation(order())

    assert begun.id is not None
    assert begun == replace(order(), id=begun.id)
    assert store.moderations() == [begun]
    assert begun.is_open


def test_its_end_is_written_once_and_changes_nothing_else(store: Store) -> None:
    begun = store.begin_moderation(order(action=Action.REPLY, text="Klockan 9."))
    ended = replace(
        begun,
        outcome=Outcome.DONE,
        ended_at=NOW + timedelta(seconds=2),
        is_verified=True,
        detail="seen",
        reply_id="c2",
    )

    store.end_moderation(replace(ended, by="bo", text="other"))

    assert store.moderations() == [ended]
    assert not ended.is_open
    with pytest.raises(KeyError):
        store.end_moderation(replace(ended, outcome=Outcome.REFUSED))
    with pytest.raises(KeyError):
        store.end_moderation(replace(ended, id=999))
    assert store.moderations() == [ended]


def test_an_order_that_ended_has_its_thread_judged_also_when_nothing_new_is_seen(store: Store) -> None:
    store.save_fetch(fetched(item("c1", visibility=Visibility.HIDDEN)), at=NOW)
    begun = store.begin_moderation(order())
    before = store.pending_threads()

    store.end_moderation(replace(begun, outcome=Outcome.DONE, ended_at=NOW))

    assert [p.revision for p in store.pending_threads()] == [p.revision + 1 for p in before]


def test_orders_are_found_by_account_and_item_oldest_first(store: Store) -> None:
    first = store.begin_moderation(order())
    other = store.begin_moderation(order(account="ig-badet"))
    later = store.begin_moderation(order(external_id="c2"))

    assert store.moderations() == [first, other, later]
    assert store.moderations(account=ACCOUNT) == [first, later]
    assert store.moderations(account=ACCOUNT, external_id="c2") == [later]


def test_neither_the_reason_nor_the_reply_shows_in_a_repr() -> None:
    shown = repr(order(text="Hej Kim"))

    assert "neighbour" not in shown
    assert "Kim" not in shown
