"""Threads profiles: fetch, recheck, profile and the credential's health, by the road without an SDK."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Cover, CredentialHealth, Cursors, FetchResult, KindCoverage, Profile, Recheck
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.domain.moderation import Action, Receipt
from watchdaemon.domain.probe import ProbeAnswer, ProbePlan
from watchdaemon.errors import AccountError, AdapterError, ConfigError, Reason, RetriableError
from watchdaemon.ports import AdapterContext
from watchdaemon_adapters._graph.client import read_secrets
from watchdaemon_adapters._graph.collect import failed_result, internal_error
from watchdaemon_adapters._graph.tokens import health_of, moment_of
from watchdaemon_adapters._graph.values import child_of, optional_id, optional_moment, optional_text, rows_of
from watchdaemon_adapters._probing import Asked, answers
from watchdaemon_adapters._seen import is_so
from watchdaemon_adapters.threads.client import PLATFORM, ThreadsClient
from watchdaemon_adapters.threads.collect import Collector, run_streams
from watchdaemon_adapters.threads.connect import MODERATION_SCOPES, ThreadsConnector, reading_scopes
from watchdaemon_adapters.threads.mapping import Identity
from watchdaemon_adapters.threads.moderation import can_on_threads, order
from watchdaemon_adapters.threads.paging import ListReader
from watchdaemon_adapters.threads.rechecking import recheck_items
from watchdaemon_adapters.threads.settings import ThreadsSettings
from watchdaemon_adapters.threads.streams import AccountReader
from watchdaemon_adapters.threads.tokens import Life, TokenKeeper, life_of

_PROFILE_FIELDS = "id,username,name,threads_biography"


class ThreadsAdapter:
    """Reads profiles, each with its own token (60 days; Threads has no page tokens)."""

    name = PLATFORM
    batch_size = 1  # each account has its own token and budget; several in one call would only wait for each other

    def __init__(self, settings: ThreadsSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._context = context
        self._tokens = TokenKeeper(context.road, settings, context.credentials, context.clock)
        self._tells_next: set[str] = set()  # only ever grows, by single additions: safe between threads

    def kinds(self) -> Sequence[KindCoverage]:
        """Return the coverage matrix."""
        mentions = self._settings.mentions
        held = "those waiting for approval too" if self._settings.approvals else "not those waiting for approval"
        return (
            KindCoverage(kind=ItemKind.POST, cover=Cover.FULL),
            KindCoverage(
                kind=ItemKind.COMMENT,
                cover=Cover.LIMITED,
                note=f"on every level, {held}, below own posts within the look-back; not by private profiles",
            ),
            KindCoverage(kind=ItemKind.VISITOR_POST, cover=Cover.NONE, note="Threads has none"),
            KindCoverage(
                kind=ItemKind.MENTION,
                cover=Cover.LIMITED if mentions else Cover.NONE,
                note="public posts; before Meta's review of the app only those by its testers are shown"
                if mentions
                else "switched off in the settings",
            ),
            KindCoverage(kind=ItemKind.QUOTE, cover=Cover.NONE, note="Threads' API lists no quotes of a post"),
            KindCoverage(kind=ItemKind.MESSAGE, cover=Cover.NONE, note="Threads' API has no direct messages"),
            KindCoverage(kind=ItemKind.REVIEW, cover=Cover.NONE, note="Threads has none"),
        )

    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:
        """Yield one final result per account."""
        for account in accounts:
            try:
                yield self._fetch_one(account, cursors.get(account.key, {}))
            except Exception as error:  # noqa: BLE001 - a fault of ours with one account's data must not cost another
                yield failed_result(account, internal_error(account, error), calls=0)

    def recheck(self, account: Account, items: Sequence[Item]) -> Iterator[Recheck]:
        """Read the items again by their ids, where that can be done; those that were held also in their queue."""

        def reader() -> tuple[ThreadsClient, Identity]:
            client = self._client(account)
            return client, identify(client, account)

        return recheck_items(account, items, reader=reader, lists=self._lists)

    def profile(self, account: Account) -> Profile:
        """Return the account's public face. Raises AdapterError."""
        client = self._client(account)
        user = client.get("me", {"fields": _PROFILE_FIELDS})
        posts = client.get("me/threads", {"fields": "id,timestamp", "limit": "10"})
        moments = [optional_moment(r, "timestamp") for r in rows_of(posts) if isinstance(r, dict)]
        username = optional_text(user, "username")
        return Profile(
            account=account.key,
            name=optional_text(user, "name") or username or account.name,
            text=optional_text(user, "threads_biography") or "",
            link=f"https://www.threads.net/@{username}" if username else None,
            is_public=True,  # a private profile's owner sees it like a public one: nothing tells them apart
            last_own_activity_at=max((m for m in moments if m is not None), default=None),
        )

    def credential(self, account: Account) -> CredentialHealth:
        """Ask whose the token is, what it may do and for how long; and renew it when its end comes near.

        Raises AdapterError when the platform does not answer.
        """
        client = self._client(account)
        try:
            identify(client, account)  # the debugger calls another profile's token just as valid
        except AccountError as error:
            return CredentialHealth(account=account.key, is_valid=False, detail=str(error))
        health, life = self._examined(client, account)
        if not health.is_valid:
            return health
        try:
            new = self._tokens.renewed(account.credential or "", account=account.key, life=life)
        except AdapterError as error:
            # The token is good until its end, which is told like any other (see services.credentials).
            return replace(health, detail=f"{health.detail}; it could not be renewed: {error}")
        return health if new is None else self._examined(self._client(account), account)[0]

    def _examined(self, client: ThreadsClient, account: Account) -> tuple[CredentialHealth, Life]:
        """Ask the token debugger, with the token itself; when it does not say, what was written down counts."""
        secrets = read_secrets(self._context.credentials, account)
        needed = reading_scopes(self._settings)
        written = self._written_life(account)
        detail = "the token opens the account; the platform does not say when it ends"
        silent = CredentialHealth(account=account.key, is_valid=True, detail=detail, expires_at=written.ends_at)
        try:
            answer = client.get("debug_token", {"input_token": secrets.token})
        except RetriableError:
            raise
        except AdapterError:
            return silent, written  # a token that just opened the account is good, whatever keeps the debugger
        health = health_of(
            answer, account, expected_type=None, needed_scopes=needed, moderation_scopes=MODERATION_SCOPES
        )
        made_at = moment_of(child_of(answer, "data"), "issued_at") or written.made_at
        return health, Life(made_at=made_at, ends_at=health.clocks.get("token") or written.ends_at)

    def _written_life(self, account: Account) -> Life:
        try:
            return life_of(self._context.credentials.read(account.credential or ""))
        except ConfigError:
            return Life(made_at=None, ends_at=None)

    def connector(self) -> ThreadsConnector:
        """Return how profiles are connected."""
        return ThreadsConnector(self._settings, self._context.road, self._context.clock)

    def probe_plan(self, account: Account) -> ProbePlan:  # noqa: ARG002 - the same for all
        """Return what a probe asks."""
        from watchdaemon_adapters.threads.probing import PLAN

        return PLAN

    def probe(self, account: Account) -> Iterator[ProbeAnswer]:
        """Ask what Threads's documentation leaves open."""
        from watchdaemon_adapters.threads.probing import PLAN, PROBES, ProfileReadings

        token = read_secrets(self._context.credentials, account).token
        with Asked(self._context.road, account=account.key, most_calls=PLAN.most_calls) as asked:
            yield from answers(PROBES, ProfileReadings(asked, self._client(account), token))

    def can(self, item: Item) -> frozenset[Action]:
        """Return what may be done to an item."""
        return can_on_threads(item)

    def moderate(self, account: Account, item: Item, action: Action, text: str = "") -> Receipt:  # noqa: ARG002 - no replies
        """Send an order, once."""
        order(self._client(account), item, action)
        return Receipt()

    def holds(
        self,
        account: Account,
        item: Item,
        action: Action,
        *,
        text: str = "",  # noqa: ARG002 - no replies
        reply_id: str | None = None,  # noqa: ARG002
    ) -> bool | None:
        """Read again whether it is so; what waited for approval, in its queue first."""
        return is_so(account, self.recheck(account, [item]), action)

    def _fetch_one(self, account: Account, cursors: Cursors) -> FetchResult:
        collector = Collector(account, self._context.clock(), self._context.look_back, cursors)
        client: ThreadsClient | None = None
        try:
            client = self._client(account)
            identity = identify(client, account)
        except AdapterError as error:
            return failed_result(account, error, client.calls if client else 0)
        reader = AccountReader(client, self._lists(client), collector, self._settings, identity)
        run_streams(collector, reader.streams())
        return collector.result(client.calls)

    def _lists(self, client: ThreadsClient) -> ListReader:
        return ListReader(client, self._tells_next)

    def _client(self, account: Account) -> ThreadsClient:
        return ThreadsClient(
            self._context.road,
            base_url=self._settings.base_url,
            api_version=self._settings.api_version,
            # The app's secret stays here: Threads documents no proof of it with a call.
            token=read_secrets(self._context.credentials, account).token,
            account=account.key,
            timeout=self._settings.timeout_seconds,
        )


def identify(client: ThreadsClient, account: Account) -> Identity:
    """Make sure the token is the account's own, and learn the account's present name.

    Raises:
        AccountError: UNAUTHORISED, when the token belongs to another profile.
        AdapterError: As the client does.
    """
    user = client.get("me", {"fields": "id,username"})
    if optional_id(user) not in account.own_author_ids:
        raise AccountError(
            "the token belongs to another profile",
            platform=account.platform,
            account=account.key,
            reason=Reason.UNAUTHORISED,
        )
    return Identity(account=account, username=optional_text(user, "username"))
