"""X by its API v2: what is read, and how an account proves to be itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from pydantic import SecretStr

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
from watchdaemon.domain.quota import Measure
from watchdaemon.errors import (
    AccountError,
    AdapterError,
    ConfigError,
    MalformedItemError,
    Reason,
    RefusedCredentialError,
)
from watchdaemon.ports import AdapterContext
from watchdaemon_adapters._probing import Asked, answers
from watchdaemon_adapters._rotating import credential_error
from watchdaemon_adapters.x.authors import read_authors
from watchdaemon_adapters.x.client import PROFILE_FIELDS, Body, XClient, rows_of
from watchdaemon_adapters.x.connect import XConnector
from watchdaemon_adapters.x.fetching import Fetch
from watchdaemon_adapters.x.gathering import Gathering
from watchdaemon_adapters.x.health import Told, health_of
from watchdaemon_adapters.x.identity import Identity, must_be, proof_of, read_identity
from watchdaemon_adapters.x.mapping import View, authors_in, is_handle, latest_version, map_post, parse_time
from watchdaemon_adapters.x.moderation import can_on_x, holds_on_x, order
from watchdaemon_adapters.x.problems import PLATFORM, errors_of, problem_kind, trouble_of
from watchdaemon_adapters.x.profile import profile_text
from watchdaemon_adapters.x.settings import XSettings
from watchdaemon_adapters.x.tokens import TokenKeeper

# how many posts one look-up takes
LOOK_UP_SIZE = 100
# a recheck this soon after a fetch takes the fetch's word
STILL_FRESH = timedelta(minutes=10)

_OFF = frozenset({"off", "no", "false", "0"})


@dataclass(frozen=True, slots=True)
class JustRead:
    """The items that a fetch brought, and when."""

    ids: frozenset[str]
    at: datetime


class XAdapter:
    """Reads own posts and answers, mentions, replies without a mention, quotes and direct messages."""

    name = PLATFORM
    batch_size = 1  # each account has a token of its own: nothing is saved by taking several

    def __init__(self, settings: XSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._context = context
        self._read: dict[str, JustRead] = {}  # by account: what its last fetch brought, for the recheck after it
        self._keeper = TokenKeeper(context.road, settings, context.credentials, context.clock)

    def kinds(self) -> Sequence[KindCoverage]:
        """Return the coverage matrix."""
        return self._kinds(has_messages=self._settings.messages)

    def kinds_of(self, account: Account) -> Sequence[KindCoverage]:
        """Return what an account's own switches leave of the matrix."""
        return self._kinds(has_messages=self._has_messages(account))

    def expected_cost(self, account: Account) -> Mapping[Measure, float]:
        """Return what a quiet window takes, first and later polls of a day averaged (docs/platforms.md)."""
        messages = 1.0 if self._has_messages(account) else 0.0
        return {Measure.CALLS: 8.0, Measure.USERS: 0.5, Measure.MESSAGES: messages}

    def _kinds(self, *, has_messages: bool) -> Sequence[KindCoverage]:
        settings, look_back = self._settings, self._context.look_back.days
        messages = KindCoverage(
            kind=ItemKind.MESSAGE,
            cover=Cover.LIMITED if has_messages else Cover.NONE,
            note="unencrypted messages of the last 30 days; encrypted chat cannot be read"
            if has_messages
            else "switched off in the settings",
        )
        quotes = f"quotes of own posts younger than {settings.quotes_days} days, and those that name the account"
        days = min(settings.search_days, look_back)
        search = (
            f"replies without a mention: under own posts of the last {days} days, when found within 7 days"
            if days
            else "replies without a mention are not searched for"
        )
        return (
            KindCoverage(kind=ItemKind.POST, cover=Cover.FULL, note="reposts are left out"),
            KindCoverage(kind=ItemKind.COMMENT, cover=Cover.LIMITED, note=search),
            KindCoverage(kind=ItemKind.VISITOR_POST, cover=Cover.NONE, note="X has none"),
            KindCoverage(kind=ItemKind.MENTION, cover=Cover.FULL, note="the newest 800 between two fetches"),
            KindCoverage(kind=ItemKind.QUOTE, cover=Cover.LIMITED, note=quotes),
            messages,
            KindCoverage(kind=ItemKind.REVIEW, cover=Cover.NONE, note="X has none"),
        )

    def _has_messages(self, account: Account) -> bool:
        """An account whose app lacks the permission says ``messages = "off"``: not covered, instead of never whole."""
        return self._settings.messages and account.extra.get("messages", "").casefold() not in _OFF

    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:
        """Yield each account's pieces, the last of them final."""
        for account in accounts:
            yield from self._fetch_one(account, cursors.get(account.key, {}))

    def _fetch_one(self, account: Account, cursors: Cursors) -> Iterator[FetchResult]:
        self._read.pop(account.key, None)
        client: XClient | None = None
        now = self._context.clock()
        try:
            secrets = self._secrets(account)
            client = self._client_of(account, secrets)
            identity, me = self._identity(account, client, cursors, proof_of(secrets), now)
        except AdapterError as error:
            yield FetchResult(
                account=account.key,
                coverage=Coverage.FAILED,
                troubles=(trouble_of(error, None),),
                calls=client.calls if client else 0,
            )
            return
        gathering = Gathering(
            client=client,
            settings=self._settings,
            account=account.key,
            user_id=account.native_id,
            own_ids=account.own_author_ids,
            cursors=dict(cursors),  # as they were: storing a piece may change the mapping meanwhile
            look_back=self._context.look_back,
            now=now,
            authors=read_authors(cursors.get("authors"), now),
            handle=identity.handle,
            me=me,
            new_cursors={"identity": str(identity)},
        )
        read: set[str] = set()
        for piece in Fetch(gathering=gathering, has_messages=self._has_messages(account)).run():
            read.update(item.external_id for item in piece.items)
            if piece.is_final:
                self._read[account.key] = JustRead(frozenset(read), now)
            yield piece

    def _identity(
        self, account: Account, client: XClient, cursors: Cursors, proof: str, now: datetime
    ) -> tuple[Identity, Mapping[str, object] | None]:
        """Return whose token it is, asked once a UTC day and whenever the credential is another one; and X's words."""
        known, today = read_identity(cursors.get("identity")), now.astimezone(UTC).date()
        if known is not None and (known.on, known.proof) == (today, proof):
            return known, None
        user = client.me()
        must_be(account.native_id, user, account=account.key)
        name = user.get("username")
        handle = name if isinstance(name, str) and is_handle(name) else None
        return Identity(on=today, proof=proof, handle=handle), user

    def recheck(self, account: Account, items: Sequence[Item]) -> Iterator[Recheck]:
        """Look posts up again, a hundred a call. X cannot look up a direct message: those stay as they are.

        Each post read is billed, once a UTC day. What the fetch before brought a moment ago is not read again.
        """
        just_read = self._read.pop(account.key, None)
        if just_read is not None and just_read.at > self._context.clock() - STILL_FRESH:
            yield from (
                Recheck(account=account.key, external_id=i.external_id, visibility=i.visibility, item=i)
                for i in items
                if i.external_id in just_read.ids
            )
            items = [i for i in items if i.external_id not in just_read.ids]
        posts = [i for i in items if i.kind is not ItemKind.MESSAGE]
        for item in items:
            if item.kind is ItemKind.MESSAGE:
                trouble = Trouble(reason=Reason.UNSUPPORTED, detail="X does not tell what became of a message")
                yield Recheck(account=account.key, external_id=item.external_id, visibility=None, trouble=trouble)
        for start in range(0, len(posts), LOOK_UP_SIZE):
            yield from self._recheck_batch(account, posts[start : start + LOOK_UP_SIZE])

    def _recheck_batch(self, account: Account, items: Sequence[Item]) -> Iterator[Recheck]:
        try:
            client = self._client(account)
            asked = {i.extra.get("version_id", i.external_id): i for i in items}
            body = client.look_up(list(asked))
            newer = _newer_versions(body)
            bodies = [body, *([client.look_up(list(newer))] if newer else [])]
        except AdapterError as error:
            trouble = trouble_of(error, None)
            for item in items:
                yield Recheck(account=account.key, external_id=item.external_id, visibility=None, trouble=trouble)
            return
        read = _items_in(bodies, View(account=account.key, own_ids=account.own_author_ids))
        refused = {str(e.get("resource_id", e.get("value"))): problem_kind(e) for e in errors_of(body)}
        for asked_id, item in asked.items():
            yield _recheck(item, read.get(item.external_id), refused.get(asked_id))

    def profile(self, account: Account) -> Profile:
        """Return the account's profile, its t.co links written out."""
        client = self._client(account)
        user = client.me(PROFILE_FIELDS)
        must_be(account.native_id, user, account=account.key)
        times = [_created_at(row) for row in rows_of(client.newest_own_posts(account.native_id))]
        username = user.get("username")
        return Profile(
            account=account.key,
            name=str(user.get("name") or ""),
            text=profile_text(user),
            link=f"https://x.com/{username}" if isinstance(username, str) and username else None,
            is_public=user.get("protected") is not True,
            last_own_activity_at=max((t for t in times if t is not None), default=None),
        )

    def credential(self, account: Account) -> CredentialHealth:
        """Ask whose the token is, and what it may do. Raises AdapterError when there is none to ask about."""
        client = self._client(account)
        try:
            user = client.me()
            must_be(account.native_id, user, account=account.key)
        except AccountError as error:
            return CredentialHealth(account=account.key, is_valid=False, detail=str(error))
        handle = user.get("username")
        told = Told(
            account=account.key,
            handle=handle if isinstance(handle, str) else None,
            level=client.access_level,
            is_oauth1=client.user_auth,
            has_messages=self._has_messages(account),
        )
        return health_of(told, self._secrets(account))

    def connector(self) -> XConnector:
        """Return how accounts are connected."""
        return XConnector(self._settings, self._context.road, self._context.clock)

    def probe_plan(self, account: Account) -> ProbePlan:  # noqa: ARG002 - the same for all
        """Return what a probe asks."""
        from watchdaemon_adapters.x.probing import PLAN

        return PLAN

    def probe(self, account: Account) -> Iterator[ProbeAnswer]:
        """Ask what X's documentation leaves open."""
        from watchdaemon_adapters.x.probing import PLAN, PROBES, Readings

        client, has_messages = self._client(account), self._has_messages(account)
        with Asked(self._context.road, account=account.key, most_calls=PLAN.most_calls) as asked:
            yield from answers(PROBES, Readings(asked, client, account.native_id, has_messages=has_messages))

    def can(self, item: Item) -> frozenset[Action]:
        """Return what may be done to an item."""
        return can_on_x(item)

    def moderate(self, account: Account, item: Item, action: Action, text: str = "") -> Receipt:  # noqa: ARG002 - no replies
        """Send an order, once."""
        order(self._client(account), account.key, item, action)
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
        """Read again whether it is so, where X lets that be seen."""
        return holds_on_x(self._client(account), item, action)

    def _client(self, account: Account) -> XClient:
        return self._client_of(account, self._secrets(account))

    def _client_of(self, account: Account, secrets: Mapping[str, SecretStr]) -> XClient:
        usable = partial(self._keeper.usable, account.credential or "", account=account.key)
        secrets = usable(secrets)
        return XClient(
            self._context.road,
            self._settings,
            account.key,
            secrets,
            self._context.clock,
            renew=lambda refused: usable(secrets, instead_of=refused),
        )

    def _secrets(self, account: Account) -> Mapping[str, SecretStr]:
        if account.credential is None:
            raise _no_credential("the account names no credential", account)
        try:
            return self._context.credentials.read(account.credential)
        except RefusedCredentialError as error:
            raise credential_error(error, platform=PLATFORM, account=account.key) from error
        except ConfigError as error:
            raise _no_credential(f"credential {account.credential!r} cannot be read", account) from error


def _no_credential(message: str, account: Account) -> AccountError:
    return AccountError(message, platform=PLATFORM, reason=Reason.NO_CREDENTIAL, account=account.key)


def _created_at(row: object) -> datetime | None:
    return parse_time(row.get("created_at")) if isinstance(row, dict) else None


def _newer_versions(body: Body) -> list[str]:
    """Return the newest ids of posts that were edited since: an old version's id gives the old text."""
    newest = {latest_version(row): row.get("id") for row in rows_of(body) if isinstance(row, dict)}
    return [i for i, asked in newest.items() if i is not None and i != asked]


def _items_in(bodies: Sequence[Body], view: View) -> dict[str, Item]:
    """Map what was read, by key; later answers hold newer versions."""
    read = {}
    for body in bodies:
        authors = authors_in(body)
        for row in rows_of(body):
            try:
                item = map_post(row, authors, view)
            except MalformedItemError:
                continue
            if item is not None:
                read[item.external_id] = item
    return read


def _recheck(known: Item, read: Item | None, refusal: str | None) -> Recheck:
    """Say what became of an item. X does not tell whether a reply is hidden, so that what we know of it stays."""
    if read is not None:
        visibility = Visibility.HIDDEN if known.visibility is Visibility.HIDDEN else Visibility.PUBLIC
        # where it stands was known best when it was fetched; an author who hid since is still its author
        item = replace(
            read,
            kind=known.kind,
            root_id=known.root_id,
            thread_id=known.thread_id,
            author=read.author or known.author,
            url=read.url if read.author else known.url,
            visibility=visibility,
        )
        return Recheck(account=known.account, external_id=known.external_id, visibility=visibility, item=item)
    if refusal == "resource-not-found":
        return Recheck(account=known.account, external_id=known.external_id, visibility=Visibility.DELETED)
    if refusal == "not-authorized-for-resource":
        trouble = Trouble(reason=Reason.PERMISSION, detail="its author is protected or suspended: it may not be seen")
    else:
        trouble = Trouble(reason=Reason.MALFORMED, detail="X said nothing of a post it was asked for")
    return Recheck(account=known.account, external_id=known.external_id, visibility=None, trouble=trouble)
