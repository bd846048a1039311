"""YouTube by its Data API v3: what is read, and how a channel proves to be itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

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
from watchdaemon.errors import AccountError, AdapterError, ConfigError, MalformedItemError, Reason
from watchdaemon.ports import AdapterContext
from watchdaemon_adapters._probing import Asked, answers
from watchdaemon_adapters.youtube.channel import Channel, Proven, own_channel, proof_of, read_proven
from watchdaemon_adapters.youtube.client import IDS_A_CALL, Library, YouTubeClient
from watchdaemon_adapters.youtube.connect import YouTubeConnector
from watchdaemon_adapters.youtube.fetching import Fetch
from watchdaemon_adapters.youtube.mapping import View, comment_id, map_comment, upload_time
from watchdaemon_adapters.youtube.marks import OVERLAP
from watchdaemon_adapters.youtube.moderation import can_on_youtube, has_reply, holds_on_youtube, order
from watchdaemon_adapters.youtube.problems import PLATFORM, trouble_of
from watchdaemon_adapters.youtube.settings import YouTubeSettings
from watchdaemon_adapters.youtube.tokens import NEEDED_SCOPE, Credential, TokenKeeper, read_credential

_FETCH_PARTS = ("id", "snippet", "contentDetails", "statistics")
_PROFILE_PARTS = ("id", "snippet", "contentDetails", "brandingSettings", "status")

# a recheck this soon after a fetch takes the fetch's word
STILL_FRESH = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class JustSeen:
    """What a complete fetch saw: items, threads whose replies had not moved, and when."""

    ids: frozenset[str]
    unmoved: frozenset[str]
    at: datetime

    def has(self, item: Item) -> bool:
        """Tell whether it is as it was stored."""
        return item.external_id in self.ids or (item.parent_id is not None and item.thread_id in self.unmoved)


class YouTubeAdapter:
    """Reads uploads and every comment thread within the look-back: published, held for review, taken for spam."""

    name = PLATFORM
    batch_size = 1  # each channel has a token of its own: nothing is saved by taking several

    def __init__(self, settings: YouTubeSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._context = context
        self._library = Library(settings)
        self._seen: dict[str, JustSeen] = {}  # by account: what its last fetch saw, for the recheck after it
        self._keeper = TokenKeeper(context.road, settings.token_endpoint, context.clock)

    def kinds(self) -> Sequence[KindCoverage]:
        """Return the coverage matrix."""
        days = self._context.look_back.days
        comments = (
            f"threads begun within the last {days} days, with all replies; older ones as far as they are listed with"
            " them; held ones of any age, as far as YouTube shows them"
        )
        return (
            KindCoverage(kind=ItemKind.POST, cover=Cover.LIMITED, note="videos; the API has no community posts"),
            KindCoverage(kind=ItemKind.COMMENT, cover=Cover.LIMITED, note=comments),
            KindCoverage(kind=ItemKind.VISITOR_POST, cover=Cover.NONE, note="YouTube has none"),
            KindCoverage(kind=ItemKind.MENTION, cover=Cover.NONE, note="the API does not tell of mentions elsewhere"),
            KindCoverage(kind=ItemKind.QUOTE, cover=Cover.NONE, note="YouTube has none"),
            KindCoverage(kind=ItemKind.MESSAGE, cover=Cover.NONE, note="YouTube has no direct messages"),
            KindCoverage(kind=ItemKind.REVIEW, cover=Cover.NONE, note="YouTube has none"),
        )

    def expected_cost(self, account: Account) -> Mapping[Measure, float]:  # noqa: ARG002 - every quiet channel costs the same
        """Return what a quiet window takes (docs/platforms.md)."""
        return {Measure.CALLS: 4.0, Measure.UNITS: 4.0}

    def budget_of(self, account: Account) -> str:
        """Name the Google Cloud project whose units the account's calls use. Raises AccountError."""
        return self._credential(account)[1].project

    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:
        """Yield each account's pieces, the last of them final."""
        for account in accounts:
            yield from self._fetch_one(account, cursors.get(account.key, {}))

    def _fetch_one(self, account: Account, cursors: Cursors) -> Iterator[FetchResult]:
        self._seen.pop(account.key, None)
        client: YouTubeClient | None = None
        try:
            name, credential = self._credential(account)
            client = self._client_of(account, name, credential)
            channel, proven = _identify(account, client, credential, read_proven(cursors.get("channel")))
        except AdapterError as error:
            yield FetchResult(
                account=account.key,
                coverage=Coverage.FAILED,
                troubles=(trouble_of(error, None),),
                calls=client.calls if client else 0,
            )
            return
        now = self._context.clock()
        fetch = Fetch(
            client=client,
            channel=channel,
            view=_view(account),
            cursors=dict(cursors),  # as they were: storing a piece may change the mapping meanwhile
            look_back=self._context.look_back,
            now=now,
            new_cursors={"channel": str(proven)} if proven else {},
        )
        for piece in fetch.run():
            if piece.is_final and piece.coverage is Coverage.COMPLETE:
                posts = frozenset(i.external_id for i in piece.items if i.kind is ItemKind.POST)
                self._seen[account.key] = JustSeen(frozenset(fetch.visibility) | posts, frozenset(fetch.unmoved), now)
            yield piece

    def recheck(self, account: Account, items: Sequence[Item]) -> Iterator[Recheck]:
        """Read comments and videos again by id; held comments, which an id need not show, in their own listings.

        A fetch reads everything within the look-back anyway: what it saw a moment ago is not asked for again.
        """
        seen = self._seen.pop(account.key, None)
        if seen is not None and seen.at > self._context.clock() - STILL_FRESH:
            yield from (
                Recheck(account=account.key, external_id=i.external_id, visibility=i.visibility, item=i)
                for i in items
                if seen.has(i)
            )
            items = [i for i in items if not seen.has(i)]
        if not items:
            return
        try:
            client = self._client(account)
            # a token that sees nothing would make everything look deleted
            channel = own_channel(client.my_channels(("id",)), account)
        except AdapterError as error:
            yield from (_unknown(item, trouble_of(error, None)) for item in items)
            return
        held = [i for i in items if i.visibility is Visibility.HELD and i.kind is not ItemKind.POST]
        yield from self._recheck_held(client, channel, account, held)
        others = [i for i in items if i not in held]
        for is_video in (False, True):
            chosen = [i for i in others if (i.kind is ItemKind.POST) is is_video]
            for start in range(0, len(chosen), IDS_A_CALL):
                yield from _recheck_batch(client, account, chosen[start : start + IDS_A_CALL], is_video=is_video)

    def _recheck_held(
        self, client: YouTubeClient, channel: Channel, account: Account, items: Sequence[Item]
    ) -> Iterator[Recheck]:
        """Whoever is in none of the held listings any more was published, which a fetch sees, or is gone."""
        if not items:
            return
        now = self._context.clock()
        oldest = min(i.published_at for i in items)
        reader = Fetch(
            client=client,
            channel=channel,
            view=_view(account),
            cursors={},
            look_back=max(self._context.look_back, now - oldest) + OVERLAP,
            now=now,
        )
        try:
            found = reader.read_held()
            missing = [i.external_id for i in items if i.external_id not in found]
            batches = [missing[start : start + IDS_A_CALL] for start in range(0, len(missing), IDS_A_CALL)]
            by_id = {comment_id(row) for batch in batches for row in client.comments(batch)}
        except AdapterError as error:
            yield from (_unknown(item, trouble_of(error, None)) for item in items)
            return
        for item in items:
            yield _recheck_of_held(item, found.get(item.external_id), is_there=item.external_id in by_id)

    def profile(self, account: Account) -> Profile:
        """Return the channel's profile; links shown beside it on the page are not in the API."""
        client = self._client(account)
        channel = own_channel(client.my_channels(_PROFILE_PARTS), account)
        first_page = next(self._uploads(client, channel), [])
        times = [t for t in map(upload_time, first_page) if t is not None]
        return Profile(
            account=account.key,
            name=channel.title,
            text=channel.description,
            link=channel.link,
            is_public=channel.is_public,
            last_own_activity_at=max(times, default=None),
        )

    def _uploads(self, client: YouTubeClient, channel: Channel) -> Iterator[list[object]]:
        try:
            yield from client.uploads(channel.uploads_id) if channel.uploads_id else ()
        except AccountError as error:
            if error.reason is not Reason.GONE:
                raise

    def credential(self, account: Account) -> CredentialHealth:
        """Ask whose the token is, and what it may do. Raises AdapterError when there is none to ask about."""
        name, credential = self._credential(account)
        scopes: tuple[str, ...] = ()
        try:
            if credential.token is None:
                scopes = self._keeper.token(name, credential, account=account.key).scopes
            channel = own_channel(self._client(account).my_channels(("id", "snippet")), account)
        except AccountError as error:
            return CredentialHealth(account=account.key, is_valid=False, detail=str(error), scopes=scopes)
        return CredentialHealth(
            account=account.key,
            is_valid=True,
            detail="the token belongs to the channel",
            scopes=scopes,
            missing_scopes=(NEEDED_SCOPE,) if scopes and NEEDED_SCOPE not in scopes else (),
            connected_by=channel.handle or channel.title or None,
        )

    def connector(self) -> YouTubeConnector:
        """Return how channels are connected."""
        return YouTubeConnector(self._settings, self._context.road)

    def probe_plan(self, account: Account) -> ProbePlan:  # noqa: ARG002 - the same for all
        """Return what a probe asks."""
        from watchdaemon_adapters.youtube.probing import PLAN

        return PLAN

    def probe(self, account: Account) -> Iterator[ProbeAnswer]:
        """Ask what YouTube's documentation leaves open."""
        from watchdaemon_adapters.youtube.probing import PLAN, PROBES, ChannelReadings

        client = self._client(account)
        with Asked(self._context.road, account=account.key, most_calls=PLAN.most_calls) as asked:
            yield from answers(PROBES, ChannelReadings(asked, client, account))

    def can(self, item: Item) -> frozenset[Action]:
        """Return what may be done to an item."""
        return can_on_youtube(item)

    def moderate(self, account: Account, item: Item, action: Action, text: str = "") -> Receipt:
        """Send an order, once."""
        return order(self._client(account), account, item, action, text)

    def holds(
        self, account: Account, item: Item, action: Action, *, text: str = "", reply_id: str | None = None
    ) -> bool | None:
        """Read again whether it is so; held comments in their own listings."""
        client = self._client(account)
        if action is Action.REPLY:
            return has_reply(client, account, item, text, reply_id)
        held: Visibility | None = None
        if action is not Action.DELETE:
            channel = own_channel(client.my_channels(("id",)), account)
            (found,) = self._recheck_held(client, channel, account, [replace(item, visibility=Visibility.HELD)])
            held = found.visibility
        return holds_on_youtube(client, item, action, held)

    def _client(self, account: Account) -> YouTubeClient:
        return self._client_of(account, *self._credential(account))

    def _client_of(self, account: Account, name: str, credential: Credential) -> YouTubeClient:
        return YouTubeClient(
            library=self._library,
            road=self._context.road,
            settings=self._settings,
            account=account.key,
            name=name,
            credential=credential,
            keeper=self._keeper,
            clock=self._context.clock,
        )

    def _credential(self, account: Account) -> tuple[str, Credential]:
        if account.credential is None:
            raise _no_credential("the account names no credential", account)
        try:
            fields = self._context.credentials.read(account.credential)
        except ConfigError as error:
            raise _no_credential(f"credential {account.credential!r} cannot be read", account) from error
        return account.credential, read_credential(fields, account.key)


def _recheck_batch(
    client: YouTubeClient, account: Account, items: Sequence[Item], *, is_video: bool
) -> Iterator[Recheck]:
    ids = [i.external_id for i in items]
    try:
        rows = client.videos(ids, "id") if is_video else client.comments(ids)
    except AdapterError as error:
        yield from (_unknown(item, trouble_of(error, None)) for item in items)
        return
    read = {comment_id(row): row for row in rows}
    for item in items:
        if item.external_id not in read:
            yield Recheck(account=item.account, external_id=item.external_id, visibility=Visibility.DELETED)
        elif is_video:
            yield Recheck(account=item.account, external_id=item.external_id, visibility=item.visibility, item=item)
        else:
            yield _read_again(item, read[item.external_id], _view(account))


def _identify(
    account: Account, client: YouTubeClient, credential: Credential, known: Proven | None
) -> tuple[Channel, Proven | None]:
    """Return the account's channel; whose credential it is, is asked only when it is not the one that was proven."""
    proof = proof_of(account.native_id, credential.origin)
    if known is not None and known.proof == proof:
        return Channel(id=account.native_id, uploads_id=known.uploads_id), known
    channel = own_channel(client.my_channels(_FETCH_PARTS), account)
    # kept only when it is what such a list is always called: a wrong one would be an empty list for good
    is_usual = channel.uploads_id is not None and channel.uploads_id.startswith("UU")
    return channel, Proven(proof=proof, uploads_id=channel.uploads_id or "") if is_usual else None


def _view(account: Account) -> View:
    return View(account=account.key, channel_id=account.native_id, own_ids=account.own_author_ids)


def _no_credential(message: str, account: Account) -> AccountError:
    return AccountError(message, platform=PLATFORM, reason=Reason.NO_CREDENTIAL, account=account.key)


def _unknown(item: Item, trouble: Trouble) -> Recheck:
    return Recheck(account=item.account, external_id=item.external_id, visibility=None, trouble=trouble)


def _recheck_of_held(item: Item, found: Item | None, *, is_there: bool) -> Recheck:
    if found is not None:
        return Recheck(account=item.account, external_id=item.external_id, visibility=found.visibility, item=found)
    if is_there or item.parent_id is not None:
        # a reply is listed with its thread, which may have begun before what was read
        detail = "the comment is held no more, and its id does not tell what became of it"
        return _unknown(item, Trouble(reason=Reason.UNSUPPORTED, detail=detail))
    return Recheck(account=item.account, external_id=item.external_id, visibility=Visibility.DELETED)


def _read_again(item: Item, raw: object, view: View) -> Recheck:
    """By id a comment does not say its moderation status, so that what we know of it stays."""
    try:
        read = map_comment(raw, view, default=item.visibility, thread_id=item.thread_id, video_id=item.root_id)
    except MalformedItemError as error:
        return _unknown(item, trouble_of(error, None))
    read = replace(read, author=read.author or item.author, author_id=read.author_id or item.author_id)
    read = replace(read, by_account=read.author_id in view.own_ids)
    return Recheck(account=item.account, external_id=item.external_id, visibility=read.visibility, item=read)
