"""Bluesky by its XRPC calls: what is read, and how an account proves to be itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

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
    Trouble,
)
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.domain.moderation import Action, Receipt
from watchdaemon.domain.probe import ProbeAnswer, ProbePlan
from watchdaemon.errors import AccountError, AdapterError, ConfigError, MalformedItemError, Reason
from watchdaemon.ports import AdapterContext
from watchdaemon_adapters._probing import Asked, answers
from watchdaemon_adapters._seen import is_so
from watchdaemon_adapters.bluesky.client import POSTS_A_CALL, BlueskyClient
from watchdaemon_adapters.bluesky.connect import BlueskyConnector
from watchdaemon_adapters.bluesky.fetching import Fetch
from watchdaemon_adapters.bluesky.kept import sessions_in
from watchdaemon_adapters.bluesky.mapping import (
    View,
    author_in,
    handle_in,
    hidden_in,
    is_blocked,
    is_not_found,
    map_post,
    post_uri,
    published_time,
)
from watchdaemon_adapters.bluesky.moderation import Orders, can_on_bluesky
from watchdaemon_adapters.bluesky.problems import PLATFORM, NotThereError, trouble_of
from watchdaemon_adapters.bluesky.sessions import Session, SessionKeeper, SessionStore, read_credential
from watchdaemon_adapters.bluesky.settings import BlueskySettings

# what a session says that was made from the account's own password instead of an app password
_MAIN_PASSWORD = "com.atproto.access"  # noqa: S105 - a scope's name

# an author puts it on a profile that only people who are logged in shall see
_NOT_PUBLIC = "!no-unauthenticated"


@dataclass(frozen=True, slots=True)
class _Door:
    """A client whose session is the account's, proven."""

    client: BlueskyClient
    session: Session

    def view(self, account: Account, hidden: frozenset[str] = frozenset()) -> View:
        """Return whose eyes to read with: the account's DID, which its handle in the register may stand for."""
        return View(account=account.key, own_ids=account.own_author_ids | {self.session.did}, hidden=hidden)


class BlueskyAdapter:
    """Reads own posts and answers, everything under them, quotes and mentions."""

    name = PLATFORM
    batch_size = 1  # each account has a session of its own: nothing is saved by taking several

    def __init__(
        self, settings: BlueskySettings, context: AdapterContext, sessions: SessionStore | None = None
    ) -> None:
        """Make the adapter. `sessions` keeps sessions elsewhere than in this process's memory."""
        self._settings = settings
        self._context = context
        self._keeper = SessionKeeper(context.clock, sessions or sessions_in(context.credentials))

    def kinds(self) -> Sequence[KindCoverage]:
        """Return the coverage matrix."""
        days = self._context.look_back.days
        comments = (
            f"threads of own posts and answers of the last {days} days, older ones when a notification tells; what is "
            "below a deleted reply, or by people in a block with the account, Bluesky does not show"
        )
        mentions = "as far as notifications and search tell; people the account muted are left out by Bluesky"
        quotes = f"quotes of own posts and answers of the last {days} days"
        return (
            KindCoverage(kind=ItemKind.POST, cover=Cover.FULL, note="reposts are left out"),
            KindCoverage(kind=ItemKind.COMMENT, cover=Cover.LIMITED, note=comments),
            KindCoverage(kind=ItemKind.VISITOR_POST, cover=Cover.NONE, note="Bluesky has none"),
            KindCoverage(kind=ItemKind.MENTION, cover=Cover.LIMITED, note=mentions),
            KindCoverage(kind=ItemKind.QUOTE, cover=Cover.LIMITED, note=quotes),
            KindCoverage(kind=ItemKind.MESSAGE, cover=Cover.NONE, note="direct messages are not read: see the app"),
            KindCoverage(kind=ItemKind.REVIEW, cover=Cover.NONE, note="Bluesky has none"),
        )

    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:
        """Yield one final result per account."""
        for account in accounts:
            yield self._fetch_one(account, cursors.get(account.key, {}))

    def _fetch_one(self, account: Account, cursors: Cursors) -> FetchResult:
        client: BlueskyClient | None = None
        try:
            client = self._client(account)
            door = _opened(client, account)
        except AdapterError as error:
            return FetchResult(
                account=account.key,
                coverage=Coverage.FAILED,
                troubles=(trouble_of(error, None),),
                calls=client.calls if client else 0,
            )
        fetch = Fetch(
            client=client,
            settings=self._settings,
            view=door.view(account),
            did=door.session.did,
            handle=door.session.handle,
            cursors=cursors,
            look_back=self._context.look_back,
            now=self._context.clock(),
        )
        return fetch.run()

    # ---- is it still there? ------------------------------------------------------------------------------------

    def recheck(self, account: Account, items: Sequence[Item]) -> Iterator[Recheck]:
        """Read posts again, with the own posts above them: those say what the account hides."""
        if not items:
            return
        try:
            door = _opened(self._client(account), account)
        except AdapterError as error:
            yield from (_unknown(item, trouble_of(error, None)) for item in items)
            return
        # an item and its root in every call: half of what a call takes
        size = POSTS_A_CALL // 2
        for start in range(0, len(items), size):
            yield from _recheck_batch(door, account, items[start : start + size])

    # ---- the account itself ------------------------------------------------------------------------------------

    def profile(self, account: Account) -> Profile:
        """Return the account's profile."""
        door = _opened(self._client(account), account)
        raw = door.client.profile(door.session.did)
        if raw.get("did") != door.session.did:
            message = "Bluesky gave another account's profile"
            raise AdapterError(message, platform=PLATFORM, reason=Reason.MALFORMED, account=account.key)
        handle, name, text = handle_in(raw), raw.get("displayName"), raw.get("description")
        return Profile(
            account=account.key,
            name=name if isinstance(name, str) and name.strip() else f"@{handle}" if handle else door.session.did,
            text=text if isinstance(text, str) else "",
            link=f"https://bsky.app/profile/{handle or door.session.did}",
            is_public=not _has_label(raw, _NOT_PUBLIC),
            last_own_activity_at=_last_own_post(door),
        )

    def credential(self, account: Account) -> CredentialHealth:
        """Ask whose the session is. Raises AdapterError when there is no credential, or no answer."""
        client = self._client(account)
        try:
            door = _opened(client, account)
            body = client.who_am_i()
        except AccountError as error:
            return CredentialHealth(account=account.key, is_valid=False, detail=str(error))
        is_same, scope = body.get("did") == door.session.did, door.session.scope
        detail = "the app password belongs to the account" if is_same else "Bluesky says it is another account's"
        if scope == _MAIN_PASSWORD:
            detail = "this is the account's own password: an app password is enough, and can be revoked alone"
        return CredentialHealth(
            account=account.key,
            is_valid=is_same,
            detail=detail,
            scopes=(scope,) if scope else (),
            connected_by=f"@{door.session.handle}" if door.session.handle else None,
        )

    def connector(self) -> BlueskyConnector:
        """Return how accounts are connected."""
        return BlueskyConnector()

    def probe_plan(self, account: Account) -> ProbePlan:  # noqa: ARG002 - the same for all
        """Return what a probe asks."""
        from watchdaemon_adapters.bluesky.probing import PLAN

        return PLAN

    def probe(self, account: Account) -> Iterator[ProbeAnswer]:
        """Ask what Bluesky's documentation leaves open."""
        from watchdaemon_adapters.bluesky.probing import PLAN, PROBES, AccountReadings

        client = self._client(account)
        with Asked(self._context.road, account=account.key, most_calls=PLAN.most_calls) as asked:
            yield from answers(PROBES, AccountReadings(asked, client))

    def can(self, item: Item) -> frozenset[Action]:
        """Return what may be done to an item."""
        return can_on_bluesky(item)

    def moderate(self, account: Account, item: Item, action: Action, text: str = "") -> Receipt:
        """Send an order, once."""
        return self._orders(account).give(item, action, text)

    def holds(
        self, account: Account, item: Item, action: Action, *, text: str = "", reply_id: str | None = None
    ) -> bool | None:
        """Read again whether it is so."""
        if action is Action.REPLY:
            return self._orders(account).has_reply(item, text, reply_id)
        return is_so(account, self.recheck(account, [item]), action)

    def _orders(self, account: Account) -> Orders:
        door = _opened(self._client(account), account)
        return Orders(door.client, did=door.session.did, account=account.key, now=self._context.clock())

    def _client(self, account: Account) -> BlueskyClient:
        if account.credential is None:
            raise _no_credential("the account names no credential", account)
        try:
            fields = self._context.credentials.read(account.credential)
        except ConfigError as error:
            raise _no_credential(f"credential {account.credential!r} cannot be read", account) from error
        return BlueskyClient(
            road=self._context.road,
            settings=self._settings,
            account=account.key,
            name=account.credential,
            credential=read_credential(fields, native_id=account.native_id, account=account.key),
            keeper=self._keeper,
            clock=self._context.clock,
        )


def _no_credential(message: str, account: Account) -> AccountError:
    return AccountError(message, platform=PLATFORM, reason=Reason.NO_CREDENTIAL, account=account.key)


def _opened(client: BlueskyClient, account: Account) -> _Door:
    """Log in, and refuse another account's session: its threads would look right, and be somebody else's."""
    session = client.session()
    if session.status:
        message = "the account is deactivated, suspended or taken down"
        raise AccountError(message, platform=PLATFORM, reason=Reason.GONE, account=account.key)
    registered = account.native_id.removeprefix("@").lower()
    if registered not in (session.did.lower(), (session.handle or "").lower()):
        message = "the app password belongs to another Bluesky account"
        raise AccountError(message, platform=PLATFORM, reason=Reason.UNAUTHORISED, account=account.key)
    return _Door(client, session)


def _last_own_post(door: _Door) -> datetime | None:
    """Return when the newest own post on the first page was published; replies and reposts are no own posts."""
    rows = next(door.client.author_feed(door.session.did, replies=False), [])
    posts = [row.get("post") for row in rows if isinstance(row, dict) and row.get("reason") is None]
    own = [p for p in posts if author_in(post_uri(p)) == door.session.did]
    return max((t for t in map(published_time, own) if t is not None), default=None)


def _has_label(raw: Mapping[str, object], name: str) -> bool:
    labels = raw.get("labels")
    return any(
        isinstance(label, dict) and label.get("val") == name and label.get("neg") is not True
        for label in (labels if isinstance(labels, list) else [])
    )


def _recheck_batch(door: _Door, account: Account, items: Sequence[Item]) -> Iterator[Recheck]:
    roots = [i.root_id for i in items if i.root_id is not None]
    try:
        rows = door.client.posts(list(dict.fromkeys([*(i.external_id for i in items), *roots])))
    except AdapterError as error:
        yield from (_unknown(item, trouble_of(error, None)) for item in items)
        return
    read = {uri: row for row in rows if (uri := post_uri(row)) is not None}
    view = door.view(account, frozenset(uri for row in rows for uri in hidden_in(row)))
    for item in items:
        if item.external_id in read:
            is_gate_known = item.root_id is None or item.root_id in read
            yield _read_again(item, read[item.external_id], view, is_gate_known=is_gate_known)
        else:
            yield _missing(door, item)


def _read_again(item: Item, raw: object, view: View, *, is_gate_known: bool) -> Recheck:
    try:
        found = map_post(raw, view)
    except MalformedItemError as error:
        return _unknown(item, trouble_of(error, None))
    if not is_gate_known and item.visibility is Visibility.HIDDEN:
        found = replace(found, visibility=Visibility.HIDDEN)  # the post that hid it did not come along
    return Recheck(account=item.account, external_id=item.external_id, visibility=found.visibility, item=found)


def _missing(door: _Door, item: Item) -> Recheck:
    """Ask by its own address: posts in a block with the account are left out of a list just like deleted ones."""
    try:
        node = door.client.thread(item.external_id, depth=0).get("thread")
    except NotThereError:
        return Recheck(account=item.account, external_id=item.external_id, visibility=Visibility.DELETED)
    except AdapterError as error:
        return _unknown(item, trouble_of(error, None))
    if is_not_found(node):
        return Recheck(account=item.account, external_id=item.external_id, visibility=Visibility.DELETED)
    if is_blocked(node):
        detail = "its author blocks the account or is blocked by it: Bluesky does not tell what became of it"
        return _unknown(item, Trouble(reason=Reason.PERMISSION, detail=detail))
    detail = "Bluesky's lists say that it is gone, and its thread that it is there"
    return _unknown(item, Trouble(reason=Reason.MALFORMED, detail=detail))


def _unknown(item: Item, trouble: Trouble) -> Recheck:
    return Recheck(account=item.account, external_id=item.external_id, visibility=None, trouble=trouble)
