"""What a platform's adapter is made from and must do, and what it may offer besides."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, runtime_checkable

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import CredentialHealth, Cursors, FetchResult, KindCoverage, Profile, Recheck
from watchdaemon.domain.item import Item
from watchdaemon.domain.moderation import Action, Receipt
from watchdaemon.domain.probe import ProbeAnswer, ProbePlan
from watchdaemon.domain.quota import Measure
from watchdaemon.http import Road
from watchdaemon.ports._clock import Clock
from watchdaemon.ports._credentials import CredentialSource


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterContext:
    """What an adapter is made from."""

    road: Road
    credentials: CredentialSource
    clock: Clock
    look_back: timedelta  # comments on own posts younger than this are read again


class PlatformAdapter(Protocol):
    """One platform. Thread-safe: several threads may fetch different accounts at the same time.

    No method ever gives "nothing" for "I could not see": that is a trouble, or an AdapterError.
    """

    name: str
    batch_size: int  # how many accounts one `fetch` should be given

    def kinds(self) -> Sequence[KindCoverage]:
        """Return the coverage matrix: every `ItemKind` once."""
        ...

    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:
        """Yield what is new since `cursors` (by account key), and own posts; at least one final result per account.

        Items may come again (storing is an upsert). A trouble of one stream leaves the others' items and cursors in
        place and makes the coverage partial; a trouble of the account makes it failed. One account's trouble never
        keeps another account of the same call from its result.

        Raises:
            AdapterError: Trouble that strikes every account not yet given a final result.
        """
        ...

    def recheck(self, account: Account, items: Sequence[Item]) -> Iterator[Recheck]:
        """Read the items again: still there, edited, hidden? Yields one `Recheck` an item."""
        ...

    def profile(self, account: Account) -> Profile:
        """Return the account's public profile. Raises AdapterError."""
        ...

    def credential(self, account: Account) -> CredentialHealth:
        """Ask the platform about the account's credential. Raises AdapterError when it does not answer."""
        ...


@runtime_checkable
class SharesBudget(Protocol):
    """What an adapter may offer besides: which accounts draw on one budget. Without it, all of its platform do."""

    def budget_of(self, account: Account) -> str:
        """Name the app or project whose budget the account's calls use; no secret. Raises AdapterError."""
        ...


@runtime_checkable
class CoversByAccount(Protocol):
    """What an adapter may offer besides: a matrix for each account, where accounts have switches of their own."""

    def kinds_of(self, account: Account) -> Sequence[KindCoverage]:
        """Return what the account's own settings (`Account.extra`) leave of the matrix: every `ItemKind` once."""
        ...


@runtime_checkable
class EstimatesCost(Protocol):
    """What an adapter may offer besides: what a fetch costs, for planning before there is any history."""

    def expected_cost(self, account: Account) -> Mapping[Measure, float]:
        """Return what a quiet window's fetch of the account takes, by measure. Raises AdapterError."""
        ...


@runtime_checkable
class Moderator(Protocol):
    """What an adapter may offer besides: changing what stands on the platform. Without it, only a person can."""

    def can(self, item: Item) -> frozenset[Action]:
        """Return what the platform lets the account do to the item; asks nobody."""
        ...

    def moderate(self, account: Account, item: Item, action: Action, text: str = "") -> Receipt:
        """Send an order from `can` to the platform, once: it is never sent again by itself.

        Raises:
            RateLimitedError: The platform did not take it now.
            RetriableError: It was sent, and nobody knows whether it was carried out.
            AdapterError: The platform refuses it.
        """
        ...

    def holds(
        self, account: Account, item: Item, action: Action, *, text: str = "", reply_id: str | None = None
    ) -> bool | None:
        """Read again whether the item is as the order wants it; None where the platform does not let that be seen.

        A reply is looked for by `reply_id`, or else by its text. Raises AdapterError when the platform does not answer.
        """
        ...


@runtime_checkable
class Probes(Protocol):
    """What an adapter may offer besides: asking a live account what the platform's documentation leaves open."""

    def probe_plan(self, account: Account) -> ProbePlan:
        """Return what would be asked, and what that takes at most; asks nobody."""
        ...

    def probe(self, account: Account) -> Iterator[ProbeAnswer]:
        """Ask, and yield one answer for each question of the plan, in its order. Only reads; never beyond the plan.

        A platform that does not answer, or refuses, makes the rest untold. Raises AdapterError when the account has no
        usable credential.
        """
        ...


class AdapterPlugin(Protocol):
    """What an entry point of the group ``watchdaemon.adapters`` names: makes the adapter from its settings block."""

    name: str

    def create(self, settings: Mapping[str, object], context: AdapterContext) -> PlatformAdapter:
        """Validate the ``[platforms.<name>]`` block and make the adapter.

        Raises:
            ConfigError: A key is unknown or wrong; faults name the key below ``platforms.<name>``.
        """
        ...
