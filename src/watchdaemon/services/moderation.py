"""What a person has done to an item on its platform: written down before, verified after, and never sent twice blindly.

Nothing here decides; a person does, with a reason. A platform's refusal is never booked as done, and what nobody can
know (a connection that broke after the order was sent) is booked as unknown until it has been read again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Recheck
from watchdaemon.domain.item import Item, Visibility
from watchdaemon.domain.moderation import VISIBILITY_AFTER, Action, ModerationEntry, Outcome
from watchdaemon.errors import AdapterError, ConfigError, RateLimitedError, RetriableError
from watchdaemon.ports import Clock, ItemStore, ModerationBook, Moderator, PlatformAdapter


class ModerationStore(ItemStore, ModerationBook, Protocol):
    """What is needed of the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a person wants done, and why."""

    account: str
    external_id: str
    action: Action
    by: str
    why: str
    text: str = ""  # of a reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an order would do: the dry run."""

    account: Account
    item: Item
    order: Order
    is_supported: bool  # False: the platform lets only a person do it, by hand
    earlier: ModerationEntry | None = None  # the same order, given before, of which nobody knows what came

    @property
    def link(self) -> str:
        """Where a person can do it."""
        return self.item.url or self.account.link


class ModerationService:
    """Plans orders and carries them out."""

    def __init__(self, *, store: ModerationStore, adapters: Callable[[str], PlatformAdapter], clock: Clock) -> None:
        self._store = store
        self._adapters = adapters
        self._clock = clock

    def plan(self, account: Account, order: Order) -> Plan:
        """Return what the order would do; asks no platform.

        Raises:
            ConfigError: There is no such item, no reason, or a text where none belongs (or none where one does).
            AdapterError: There is no adapter for the platform.
        """
        if not order.why.strip():
            raise ConfigError("a reason is wanted: it is kept with the order")
        if (order.action is Action.REPLY) is not bool(order.text.strip()):
            raise ConfigError("a text belongs to a reply, and only there")
        item = next((i for i in self._store.items(account=account.key) if i.external_id == order.external_id), None)
        if item is None:
            raise ConfigError(f"there is no item {order.external_id!r} of {account.key}; see `watchdaemon items`")
        adapter = self._adapters(account.platform)
        is_supported = isinstance(adapter, Moderator) and order.action in _possible(adapter, item)
        return Plan(account=account, item=item, order=order, is_supported=is_supported, earlier=self._earlier(order))

    def carry_out(self, plan: Plan) -> ModerationEntry:
        """Carry a supported plan out, and return what the book says of it now.

        An order whose like was given before with an unknown end is sent only after reading again: what is done already
        is booked as done, and a reply of which nobody can see whether it is there is not written a second time.
        Before a deletion the item is read once more, so that the register holds its last words.

        Raises:
            ConfigError: The plan is not supported.
            AdapterError: The platform does not answer before anything was sent; nothing is booked.
            StorageError: The book cannot be written; before the order was sent, or (then it stays open) after.
        """
        adapter = self._adapters(plan.account.platform)
        if not plan.is_supported or not isinstance(adapter, Moderator):
            raise ConfigError(f"{plan.account.platform} does not let a program {plan.order.action} this")
        known = self._known_before(adapter, plan)
        if plan.order.action is Action.DELETE and known is None:
            known = self._keep_last_words(adapter, plan)
        entry = self._store.begin_moderation(self._entry(plan.order))
        ended = known(entry) if known is not None else self._send(adapter, plan, entry)
        ended = replace(ended, ended_at=self._clock())
        self._store.end_moderation(ended)
        self._show_in_register(ended)
        return ended

    def _earlier(self, order: Order) -> ModerationEntry | None:
        """Return the newest like order of this item, if nobody knows what came of it."""
        like = [
            entry
            for entry in self._store.moderations(account=order.account, external_id=order.external_id)
            if entry.action is order.action and entry.text == order.text
        ]
        return like[-1] if like and like[-1].is_open else None

    def _known_before(self, adapter: Moderator, plan: Plan) -> "_End | None":
        if plan.earlier is None:
            return None
        held = _read_again(adapter, plan, plan.earlier.reply_id)
        if held:
            return _end(Outcome.DONE, "an earlier order, whose end was unknown, had done it", is_verified=True)
        if held is None and plan.order.action is Action.REPLY:
            return _end(Outcome.UNKNOWN, "not sent again: an earlier one may be there, which only a person can see")
        return None

    def _keep_last_words(self, adapter: PlatformAdapter, plan: Plan) -> "_End | None":
        found = list(adapter.recheck(plan.account, [plan.item]))
        self._store.set_visibility([r for r in found if r.visibility is not None], at=self._clock())
        if any(r.visibility is Visibility.DELETED for r in found):
            return _end(Outcome.DONE, "it was gone already", is_verified=True)
        trouble = next((r.trouble for r in found if r.trouble is not None), None)
        if trouble is not None:
            raise AdapterError(
                f"not deleted: its last words could not be read ({trouble.detail})",
                platform=plan.account.platform,
                account=plan.account.key,
                reason=trouble.reason,
            )
        return None

    def _send(self, adapter: Moderator, plan: Plan, entry: ModerationEntry) -> ModerationEntry:
        order = plan.order
        try:
            receipt = adapter.moderate(plan.account, plan.item, order.action, order.text)
        except RateLimitedError as error:
            return replace(entry, outcome=Outcome.REFUSED, detail=str(error))
        except RetriableError as error:
            return self._after_silence(adapter, plan, entry, error)
        except AdapterError as error:
            return replace(entry, outcome=Outcome.REFUSED, detail=str(error))
        entry = replace(entry, reply_id=receipt.reply_id)
        try:
            held = _read_again(adapter, plan, receipt.reply_id)
        except AdapterError as error:
            return replace(entry, outcome=Outcome.DONE, detail=f"the platform says so; not read again: {error}")
        if held is False:
            return replace(entry, outcome=Outcome.UNKNOWN, detail="the platform says done, and reading again it is not")
        detail = "" if held else "the platform says so, and does not let it be seen"
        return replace(entry, outcome=Outcome.DONE, is_verified=bool(held), detail=detail)

    def _after_silence(
        self, adapter: Moderator, plan: Plan, entry: ModerationEntry, error: AdapterError
    ) -> ModerationEntry:
        """Read again after an order that nobody answered. What is not there now may still come: that stays unknown."""
        try:
            held = _read_again(adapter, plan, None)
        except AdapterError:
            held = None
        if held:
            return replace(entry, outcome=Outcome.DONE, is_verified=True, detail=f"seen by reading again: {error}")
        return replace(entry, outcome=Outcome.UNKNOWN, detail=str(error))

    def _entry(self, order: Order) -> ModerationEntry:
        return ModerationEntry(
            account=order.account,
            external_id=order.external_id,
            action=order.action,
            by=order.by,
            why=order.why,
            text=order.text,
            begun_at=self._clock(),
        )

    def _show_in_register(self, entry: ModerationEntry) -> None:
        """The stored item keeps its words, whatever was done to it; only who can see it changes."""
        visibility = VISIBILITY_AFTER.get(entry.action)
        if entry.outcome is Outcome.DONE and visibility is not None:
            seen = Recheck(account=entry.account, external_id=entry.external_id, visibility=visibility)
            self._store.set_visibility([seen], at=self._clock())


_End = Callable[[ModerationEntry], ModerationEntry]


def _end(outcome: Outcome, detail: str, *, is_verified: bool = False) -> _End:
    return lambda entry: replace(entry, outcome=outcome, detail=detail, is_verified=is_verified)


def _possible(adapter: Moderator, item: Item) -> frozenset[Action]:
    """What no platform has, it cannot change."""
    return frozenset() if item.is_by_hand or item.visibility is Visibility.DELETED else adapter.can(item)


def _read_again(adapter: Moderator, plan: Plan, reply_id: str | None) -> bool | None:
    return adapter.holds(plan.account, plan.item, plan.order.action, text=plan.order.text, reply_id=reply_id)
