"""What the moderation service makes of each thing that can happen, with a platform that does as it is told."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Coverage, FetchResult, Recheck, Trouble
from watchdaemon.domain.item import BY_HAND, Item, ItemKind, Visibility
from watchdaemon.domain.moderation import Action, Outcome, Receipt
from watchdaemon.errors import AdapterError, ConfigError, RateLimitedError, Reason, RetriableError
from watchdaemon.services.moderation import ModerationService, Order
from watchdaemon.testing.memory import MemoryStore

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ACCOUNT = Account(
    key="kommunen",
    platform="test",
    native_id="1",
    name="Exempelkommun",
    link="https://social.example.org/exempelkommun",
    unit="info",
    manager="chefen",
    owners=(),
)
ITEM = Item(
    account="kommunen",
    platform="test",
    external_id="c1",
    thread_id="c1",
    kind=ItemKind.COMMENT,
    published_at=NOW,
    text="Grannen heter Bo",
)


@dataclass
class Platform:
    """Raises or answers what the test says, and keeps what it was asked."""

    answers: list[AdapterError | Receipt] = field(default_factory=list)
    held: list[bool | AdapterError | None] = field(default_factory=list)
    rechecked: Recheck | None = None
    orders: list[tuple[Action, str]] = field(default_factory=list)
    on_order: Callable[[], None] = lambda: None

    def can(self, item: Item) -> frozenset[Action]:
        return frozenset(Action) - {Action.APPROVE}

    def moderate(self, account: Account, item: Item, action: Action, text: str = "") -> Receipt:
        self.on_order()
        self.orders.append((action, text))
        answer = self.answers.pop(0)
        if isinstance(answer, AdapterError):
            raise answer
        return answer

    def holds(
        self, account: Account, item: Item, action: Action, *, text: str = "", reply_id: str | None = None
    ) -> bool | None:
        held = self.held.pop(0)
        if isinstance(held, AdapterError):
            raise held
        return held

    def recheck(self, account: Account, items: Sequence[Item]) -> Iterator[Recheck]:
        assert self.rechecked is not None
        yield self.rechecked


@dataclass
class Desk:
    """Where orders are given."""

    platform: Platform
    store: MemoryStore
    service: ModerationService

    def order(self, action: Action = Action.HIDE, **more: Any) -> Any:
        plan = self.service.plan(ACCOUNT, self.written(action, **more))
        return self.service.carry_out(plan)

    @staticmethod
    def written(action: Action = Action.HIDE, **more: Any) -> Order:
        given = {"account": "kommunen", "external_id": "c1", "by": "anna", "why": "names a neighbour", **more}
        return Order(action=action, **given)

    @property
    def item(self) -> Item:
        (found,) = self.store.items()
        return found


@pytest.fixture
def desk() -> Desk:
    platform, store = Platform(), MemoryStore()
    store.save_fetch(FetchResult(account="kommunen", coverage=Coverage.COMPLETE, items=(ITEM,)), at=NOW)
    service = ModerationService(store=store, adapters=lambda _: platform, clock=lambda: NOW)  # type: ignore[arg-type,return-value]  # no fetching here
    return Desk(platform, store, service)


def silence() -> RetriableError:
    return RetriableError("no answer", platform="test")


def test_the_order_is_in_the_book_before_it_is_sent(desk: Desk) -> None:
    seen = []
    desk.platform.on_order = lambda: seen.extend(desk.store.moderations())
    desk.platform.answers, desk.platform.held = [Receipt()], [True]

    desk.order()

    assert [(e.by, e.why, e.outcome, e.is_open) for e in seen] == [("anna", "names a neighbour", None, True)]


def test_a_crash_while_sending_leaves_the_order_open(desk: Desk) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    desk.platform.on_order = die
    with pytest.raises(KeyboardInterrupt):
        desk.order()

    (entry,) = desk.store.moderations()
    assert entry.is_open
    assert desk.service.plan(ACCOUNT, desk.written()).earlier == entry


def test_what_the_platform_calls_done_and_is_not_there_is_not_booked_as_done(desk: Desk) -> None:
    desk.platform.answers, desk.platform.held = [Receipt()], [False]

    assert desk.order().outcome is Outcome.UNKNOWN
    assert desk.item.visibility is Visibility.PUBLIC


@pytest.mark.parametrize("held", [None, silence()])
def test_what_cannot_be_seen_is_done_by_the_platforms_word_alone(desk: Desk, held: AdapterError | None) -> None:
    desk.platform.answers, desk.platform.held = [Receipt()], [held]

    entry = desk.order()

    assert (entry.outcome, entry.is_verified) == (Outcome.DONE, False)
    assert entry.detail


def test_a_limit_is_a_refusal_and_not_an_unknown(desk: Desk) -> None:
    desk.platform.answers = [RateLimitedError("too many", platform="test")]

    assert desk.order().outcome is Outcome.REFUSED
    assert not desk.store.moderations()[0].is_open


def test_a_reply_that_nobody_can_look_for_is_not_sent_twice(desk: Desk) -> None:
    desk.platform.answers, desk.platform.held = [silence()], [None, None]
    first = desk.order(Action.REPLY, text="Hej!")
    second = desk.order(Action.REPLY, text="Hej!")

    assert (first.outcome, second.outcome) == (Outcome.UNKNOWN, Outcome.UNKNOWN)
    assert desk.platform.orders == [(Action.REPLY, "Hej!")]


def test_an_unknown_order_that_took_hold_later_is_booked_without_sending(desk: Desk) -> None:
    desk.platform.answers, desk.platform.held = [silence()], [False, True]
    desk.order()
    second = desk.order()

    assert (second.outcome, second.is_verified) == (Outcome.DONE, True)
    assert len(desk.platform.orders) == 1
    assert desk.item.visibility is Visibility.HIDDEN


def test_before_a_deletion_the_last_words_are_kept(desk: Desk) -> None:
    edited = replace(ITEM, text="Grannen heter Bo Ek", edited_at=NOW)
    desk.platform.rechecked = Recheck(account="kommunen", external_id="c1", visibility=Visibility.PUBLIC, item=edited)
    desk.platform.answers, desk.platform.held = [Receipt()], [True]

    desk.order(Action.DELETE)

    assert (desk.item.visibility, desk.item.text) == (Visibility.DELETED, "Grannen heter Bo Ek")


def test_nothing_is_deleted_whose_last_words_cannot_be_read(desk: Desk) -> None:
    trouble = Trouble(reason=Reason.OUTAGE, detail="no answer")
    desk.platform.rechecked = Recheck(account="kommunen", external_id="c1", visibility=None, trouble=trouble)

    with pytest.raises(AdapterError, match="last words"):
        desk.order(Action.DELETE)

    assert (desk.platform.orders, desk.store.moderations()) == ([], [])


def test_what_is_gone_already_is_not_deleted_again(desk: Desk) -> None:
    desk.platform.rechecked = Recheck(account="kommunen", external_id="c1", visibility=Visibility.DELETED)

    entry = desk.order(Action.DELETE)

    assert (entry.outcome, entry.detail) == (Outcome.DONE, "it was gone already")
    assert desk.platform.orders == []


def test_what_a_person_wrote_down_no_platform_can_change(desk: Desk) -> None:
    by_hand = replace(ITEM, extra={BY_HAND: "anna"})
    desk.store.save_fetch(FetchResult(account="kommunen", coverage=Coverage.COMPLETE, items=(by_hand,)), at=NOW)

    plan = desk.service.plan(ACCOUNT, desk.written())

    assert (plan.is_supported, plan.link) == (False, ACCOUNT.link)


def test_a_text_without_a_reply_is_refused(desk: Desk) -> None:
    with pytest.raises(ConfigError, match="belongs to a reply"):
        desk.service.plan(ACCOUNT, desk.written(text="Hej!"))
