"""Mastodon by its client API: what is read, and how an account proves to be itself."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import (
    Cover,
    Coverage,
    CredentialHealth,
    Cursors,
    FetchResult,
    KindCoverage,
    Profile,
    Recheck,
)
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.domain.moderation import Action, Receipt
from watchdaemon.domain.probe import ProbeAnswer, ProbePlan
from watchdaemon.errors import AccountError, AdapterError, ConfigError, MalformedItemError, Reason
from watchdaemon.ports import AdapterContext
from watchdaemon_adapters._probing import Asked, answers
from watchdaemon_adapters._seen import is_so
from watchdaemon_adapters.mastodon.client import LOOK_UP_SIZE, MastodonClient
from watchdaemon_adapters.mastodon.connect import MODERATION_SCOPES, MastodonConnector
from watchdaemon_adapters.mastodon.fetching import Fetch
from watchdaemon_adapters.mastodon.gathered import Gathered, strikes_the_account
from watchdaemon_adapters.mastodon.mapping import View, map_status
from watchdaemon_adapters.mastodon.moderation import can_on_mastodon, has_reply, order
from watchdaemon_adapters.mastodon.problems import PLATFORM, trouble_of
from watchdaemon_adapters.mastodon.profile import newest_time, profile_name, profile_text
from watchdaemon_adapters.mastodon.settings import MastodonSettings, instance_of
from watchdaemon_adapters.mastodon.tree import Place

_KINDS = (
    KindCoverage(kind=ItemKind.POST, cover=Cover.FULL, note="boosts are left out"),
    KindCoverage(
        kind=ItemKind.COMMENT,
        cover=Cover.LIMITED,
        note="all that the instance knows; a reply elsewhere that never reached it cannot be seen",
    ),
    KindCoverage(kind=ItemKind.VISITOR_POST, cover=Cover.NONE, note="Mastodon has none"),
    KindCoverage(
        kind=ItemKind.MENTION,
        cover=Cover.LIMITED,
        note="filtered ones too; one outside own threads is lost if somebody clears its notification before the fetch",
    ),
    KindCoverage(
        kind=ItemKind.QUOTE, cover=Cover.LIMITED, note="from Mastodon 4.5 on; older instances do not tell of quotes"
    ),
    KindCoverage(kind=ItemKind.MESSAGE, cover=Cover.FULL, note="statuses for the people named only"),
    KindCoverage(kind=ItemKind.REVIEW, cover=Cover.NONE, note="Mastodon has none"),
)


class MastodonAdapter:
    """Reads mentions, replies with and without a mention, quotes, direct messages, own posts and answers."""

    name = PLATFORM
    batch_size = 1  # each account has a token of its own: nothing is saved by taking several

    def __init__(self, settings: MastodonSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._context = context

    def kinds(self) -> Sequence[KindCoverage]:
        """Return the coverage matrix."""
        return _KINDS

    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:
        """Yield one final result per account."""
        for account in accounts:
            yield self._fetch_one(account, cursors.get(account.key, {}))

    def _fetch_one(self, account: Account, cursors: Cursors) -> FetchResult:
        client: MastodonClient | None = None
        try:
            client = self._client(account)
            me = client.me()
            _must_be(account, me)
        except AdapterError as error:
            return FetchResult(
                account=account.key,
                coverage=Coverage.FAILED,
                troubles=(trouble_of(error, None),),
                calls=client.calls if client else 0,
            )
        found = Gathered(
            client=client,
            settings=self._settings,
            view=_view(account),
            user_id=account.native_id,
            cursors=cursors,
            look_back=self._context.look_back,
            now=self._context.clock(),
        )
        return Fetch(found, me).run()

    def recheck(self, account: Account, items: Sequence[Item]) -> Iterator[Recheck]:
        """Look statuses up again, many a call; what is missing there is asked for alone before it is called deleted."""
        if not items:
            return
        try:
            client = self._client(account)
            # Says that instance and token are what they were: without that a 404 would not mean that a status is gone.
            _must_be(account, client.me())
        except AdapterError as error:
            yield from _not_read(items, error)
            return
        for start in range(0, len(items), LOOK_UP_SIZE):
            yield from self._recheck_batch(account, client, items[start : start + LOOK_UP_SIZE])

    def _recheck_batch(self, account: Account, client: MastodonClient, items: Sequence[Item]) -> Iterator[Recheck]:
        waiting = {i.external_id: i for i in items}
        try:
            for status_id, raw in client.look_up(list(waiting)):
                yield _recheck(waiting.pop(status_id), raw, _view(account))
        except AdapterError as error:
            yield from _not_read(list(waiting.values()), error)

    def profile(self, account: Account) -> Profile:
        """Return the account's public face."""
        client = self._client(account)
        me = client.me()
        _must_be(account, me)
        link = me.get("url")
        return Profile(
            account=account.key,
            name=profile_name(me),
            text=profile_text(me),
            link=link if isinstance(link, str) and link else None,
            is_public=me.get("suspended") is not True,
            last_own_activity_at=newest_time(client.newest_own_posts(account.native_id)),
        )

    def credential(self, account: Account) -> CredentialHealth:
        """Ask whose the token is and try what it may do. Raises AdapterError when there is none to ask about.

        The instance tells only what the application may ask for, and since 4.3; what the token may do is tried.
        """
        client = self._client(account)
        try:
            me = client.me()
            _must_be(account, me)
        except AccountError as error:
            return CredentialHealth(account=account.key, is_valid=False, detail=str(error))
        missing, scopes = tuple(_missing_scopes(client)), _app_scopes(client)
        moved = "; the account has moved to another instance" if isinstance(me.get("moved"), dict) else ""
        acct = me.get("acct")
        return CredentialHealth(
            account=account.key,
            is_valid=True,
            detail=f"the token belongs to the account{moved}",
            scopes=scopes,
            missing_scopes=missing,
            missing_for_moderation=_not_asked_for(scopes),
            connected_by=f"@{acct}@{urlsplit(client.base_url).netloc}" if isinstance(acct, str) and acct else None,
        )

    def connector(self) -> MastodonConnector:
        """Return how accounts are connected."""
        return MastodonConnector(self._settings, self._context.road)

    def probe_plan(self, account: Account) -> ProbePlan:  # noqa: ARG002 - the same for all
        """Return what a probe asks."""
        from watchdaemon_adapters.mastodon.probing import PLAN

        return PLAN

    def probe(self, account: Account) -> Iterator[ProbeAnswer]:
        """Ask what Mastodon's documentation leaves open."""
        from watchdaemon_adapters.mastodon.probing import PLAN, PROBES, InstanceReadings

        client = self._client(account)
        with Asked(self._context.road, account=account.key, most_calls=PLAN.most_calls) as asked:
            yield from answers(PROBES, InstanceReadings(asked, client, account.native_id))

    def can(self, item: Item) -> frozenset[Action]:
        """Return what may be done to an item."""
        return can_on_mastodon(item)

    def moderate(self, account: Account, item: Item, action: Action, text: str = "") -> Receipt:
        """Send an order, once."""
        return order(self._client(account), account, item, action, text)

    def holds(
        self, account: Account, item: Item, action: Action, *, text: str = "", reply_id: str | None = None
    ) -> bool | None:
        """Read again whether it is so."""
        if action is Action.REPLY:
            return has_reply(self._client(account), account, item, text, reply_id)
        return is_so(account, self.recheck(account, [item]), action)

    def _client(self, account: Account) -> MastodonClient:
        if account.credential is None:
            raise _no_credential("the account names no credential", account)
        try:
            secrets = self._context.credentials.read(account.credential)
        except ConfigError as error:
            raise _no_credential(f"credential {account.credential!r} cannot be read", account) from error
        if "token" not in secrets:
            raise _no_credential("the credential lacks token", account)
        base_url = instance_of(account, self._settings, secrets)
        if base_url is None:
            raise _no_credential("nothing says which instance the account is at (extra.instance)", account)
        return MastodonClient(
            road=self._context.road,
            settings=self._settings,
            account=account.key,
            base_url=base_url,
            token=secrets["token"].get_secret_value(),
            clock=self._context.clock,
        )


def _view(account: Account) -> View:
    return View(account=account.key, own_ids=account.own_author_ids)


def _no_credential(message: str, account: Account) -> AccountError:
    return AccountError(message, platform=PLATFORM, reason=Reason.NO_CREDENTIAL, account=account.key)


def _must_be(account: Account, me: Mapping[str, object]) -> None:
    """Refuse another account's token: public statuses would look right, while messages would be somebody else's."""
    if me.get("id") != account.native_id:
        message = "the token belongs to another account of the instance"
        raise AccountError(message, platform=PLATFORM, reason=Reason.UNAUTHORISED, account=account.key)


def _not_read(items: Sequence[Item], error: AdapterError) -> Iterator[Recheck]:
    trouble = trouble_of(error, None)
    for item in items:
        yield Recheck(account=item.account, external_id=item.external_id, visibility=None, trouble=trouble)


def _recheck(known: Item, raw: Mapping[str, object] | None, view: View) -> Recheck:
    """Say what became of an item. Where it stands was known best when it was fetched."""
    if raw is None:
        return Recheck(account=known.account, external_id=known.external_id, visibility=Visibility.DELETED)
    place = Place(thread_id=known.thread_id, root_id=known.root_id, is_below_own=False)
    try:
        read = map_status(raw, place, view)
    except MalformedItemError as error:
        trouble = trouble_of(error, None)
        return Recheck(account=known.account, external_id=known.external_id, visibility=None, trouble=trouble)
    # A status whose parent was deleted has lost its parent's id.
    item = replace(read, external_id=known.external_id, kind=known.kind, parent_id=read.parent_id or known.parent_id)
    if known.kind is ItemKind.MESSAGE:
        item = replace(item, visibility=Visibility.PRIVATE)
    return Recheck(account=known.account, external_id=known.external_id, visibility=item.visibility, item=item)


def _missing_scopes(client: MastodonClient) -> Iterator[str]:
    needs: tuple[tuple[str, Callable[[], object]], ...] = (
        ("read:notifications", lambda: client.has_notification("0")),
        ("read:statuses", client.has_conversations),
    )
    for scope, ask in needs:
        try:
            ask()
        except AccountError as error:
            if error.reason is not Reason.PERMISSION:
                raise
            yield scope


def _not_asked_for(scopes: Sequence[str]) -> tuple[str, ...]:
    """Return what moderation needs and the application may not ask for: its tokens cannot have it either.

    The scopes with a colon are parts of the one before it (mastodon/documentation, api/oauth-scopes).
    """
    had = {part for scope in scopes for part in (scope, f"{scope}:")}
    return tuple(s for s in MODERATION_SCOPES if scopes and s not in had and f"{s.partition(':')[0]}:" not in had)


def _app_scopes(client: MastodonClient) -> tuple[str, ...]:
    try:
        scopes = client.app().get("scopes")
    except AdapterError as error:
        if strikes_the_account(error) and error.reason is not Reason.UNAUTHORISED:
            raise
        return ()  # not told: what the token may do was tried
    return tuple(sorted(s for s in scopes if isinstance(s, str))) if isinstance(scopes, list) else ()
