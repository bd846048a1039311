"""Instagram professional accounts by the Graph: fetch, recheck, profile and the credential's health."""

from collections.abc import Iterator, Mapping, Sequence

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Cover, CredentialHealth, Cursors, FetchResult, KindCoverage, Profile, Recheck
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.domain.moderation import Action, Receipt
from watchdaemon.domain.probe import ProbeAnswer, ProbePlan
from watchdaemon.errors import AccountError, AdapterError, Reason
from watchdaemon.ports import AdapterContext
from watchdaemon_adapters._graph.client import GraphClient, RoadGraph, Secrets, read_secrets
from watchdaemon_adapters._graph.collect import Collector, failed_result, internal_error
from watchdaemon_adapters._graph.connect import PageConnector, is_page_of_instagram
from watchdaemon_adapters._graph.conversations import STREAM as MESSAGES
from watchdaemon_adapters._graph.courier import Courier, Spare, SyncGraph
from watchdaemon_adapters._graph.errors import MissingObjectError
from watchdaemon_adapters._graph.rechecking import recheck_items
from watchdaemon_adapters._graph.rounds import AccountClient, attempt, gather, run_rounds
from watchdaemon_adapters._graph.tokens import health_of
from watchdaemon_adapters._graph.values import Row, optional_id, optional_moment, optional_text, rows_of
from watchdaemon_adapters._probing import Asked, answers
from watchdaemon_adapters.instagram.mapping import Identity, fields_of, reread
from watchdaemon_adapters.instagram.moderation import InstagramModeration
from watchdaemon_adapters.instagram.settings import InstagramSettings
from watchdaemon_adapters.instagram.streams import AccountReader, not_shown

PLATFORM = "instagram"
PAGE_ID = "page_id"  # in the account's `extra`: the linked Facebook Page, by which direct messages are read
SCOPES = ("instagram_basic", "instagram_manage_comments", "pages_read_engagement")
MESSAGE_SCOPES = ("instagram_manage_messages", "pages_manage_metadata")
QUESTIONS_EACH = (2, 3)  # whose the token is, and all lists at once; conversations too, when that is known already
_PROFILE_FIELDS = "id,username,name,biography,website,is_published,media.limit(10){timestamp}"


class InstagramAdapter:
    """Reads professional accounts with the linked Page's token, or that of a person with a role on it."""

    name = PLATFORM
    batch_size = 45  # each account asks three questions, and fifty go into a request; a few are left for doubts

    def __init__(self, settings: InstagramSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._context = context
        self._moderation = InstagramModeration(settings, context, self._graph)

    def kinds(self) -> Sequence[KindCoverage]:
        """Return the coverage matrix."""
        mentions, messages = self._settings.mentions, self._settings.messages
        off = "switched off in the settings"
        return (
            KindCoverage(kind=ItemKind.POST, cover=Cover.FULL, note="media; not stories, live videos, advertisements"),
            KindCoverage(
                kind=ItemKind.COMMENT,
                cover=Cover.LIMITED,
                note="with all replies, under media within the look-back; not by restricted users, not on live videos",
            ),
            KindCoverage(kind=ItemKind.VISITOR_POST, cover=Cover.NONE, note="Instagram has none"),
            KindCoverage(
                kind=ItemKind.MENTION,
                cover=Cover.LIMITED if mentions else Cover.NONE,
                note="media that tag the account; a name in a stranger's comment or story cannot be seen"
                if mentions
                else off,
            ),
            KindCoverage(kind=ItemKind.QUOTE, cover=Cover.NONE, note="Instagram has none"),
            KindCoverage(
                kind=ItemKind.MESSAGE,
                cover=Cover.LIMITED if messages else Cover.NONE,
                note="the newest 20 of a conversation; only for accounts that name their Facebook page (extra.page_id)"
                if messages
                else off,
            ),
            KindCoverage(kind=ItemKind.REVIEW, cover=Cover.NONE, note="Instagram has none"),
        )

    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:
        """Yield one final result per account, as soon as each has all of its answers."""
        spare = Spare(len(accounts), *QUESTIONS_EACH)
        yield from run_rounds([self._fetch_one(a, cursors.get(a.key, {}), spare) for a in accounts], self._courier())

    def recheck(self, account: Account, items: Sequence[Item]) -> Iterator[Recheck]:
        """Read the items again by their ids, where that can be done."""
        identity = Identity(account=account)

        async def check(client: GraphClient) -> None:
            nonlocal identity
            identity = await identify(client, account)

        def reread_one(row: Row, of: Account, item: Item) -> Item:
            return reread(row, of, item, identity)

        return recheck_items(
            account,
            items,
            client=lambda: self._client(account),
            delivery=self._courier(),
            check=check,
            fields_of=fields_of,
            reread=reread_one,
        )

    def profile(self, account: Account) -> Profile:
        """Return the account's public face. Raises AdapterError."""
        graph = self._graph(read_secrets(self._context.credentials, account), account.key)
        user = graph.get(account.native_id, {"fields": _PROFILE_FIELDS})
        media = user.get("media")
        rows = [r for r in rows_of(media) if isinstance(r, dict)] if isinstance(media, dict) else []
        moments = [m for m in (optional_moment(r, "timestamp") for r in rows) if m is not None]
        username = optional_text(user, "username")
        texts = [optional_text(user, name) for name in ("biography", "website")]
        return Profile(
            account=account.key,
            name=optional_text(user, "name") or username or account.name,
            text="\n\n".join(t for t in texts if t),
            link=f"https://www.instagram.com/{username}/" if username else None,
            is_public=user.get("is_published") is not False,
            last_own_activity_at=max(moments, default=None),
        )

    def credential(self, account: Account) -> CredentialHealth:
        """Ask the token debugger; without the app's id and secret, try the account. Raises AdapterError."""
        secrets = read_secrets(self._context.credentials, account)
        if secrets.app_token is not None:
            debugger = self._graph(Secrets(token=secrets.app_token), account.key)
            answer = debugger.get("debug_token", {"input_token": secrets.token})
            needed = (*SCOPES, *(MESSAGE_SCOPES if self._reads_messages(account) else ()))
            return health_of(answer, account, expected_type=None, needed_scopes=needed)
        (found,) = run_rounds([attempt(identify(self._client(account), account))], self._courier())
        if isinstance(found, AccountError):
            return CredentialHealth(account=account.key, is_valid=False, detail=str(found))
        if isinstance(found, AdapterError):
            raise found
        detail = "the token opens the account; when it ends is not known without app_id and app_secret"
        return CredentialHealth(account=account.key, is_valid=True, detail=detail)

    def connector(self) -> PageConnector:
        """Return how accounts are connected: by the Page each is linked to."""
        scopes = (*SCOPES, *(MESSAGE_SCOPES if self._settings.messages else ()))
        return PageConnector(
            self._settings, self._context.road, platform=PLATFORM, scopes=scopes, is_it=is_page_of_instagram
        )  # instagram_manage_comments, which reading needs, lets comments be hidden, deleted and answered, too

    def probe_plan(self, account: Account) -> ProbePlan:  # noqa: ARG002 - the same for all
        """Return what a probe asks."""
        from watchdaemon_adapters.instagram.probing import PLAN

        return PLAN

    def probe(self, account: Account) -> Iterator[ProbeAnswer]:
        """Ask what Meta's documentation leaves open about Instagram."""
        from watchdaemon_adapters.instagram.probing import PLAN, PROBES, AccountReadings

        graph = self._graph(read_secrets(self._context.credentials, account), account.key)
        with Asked(self._context.road, account=account.key, most_calls=PLAN.most_calls) as asked:
            readings = AccountReadings(asked, graph.get, own_ids=account.own_author_ids)
            readings.native_id, readings.page_id = account.native_id, account.extra.get("page_id")
            yield from answers(PROBES, readings)

    def can(self, item: Item) -> frozenset[Action]:
        """Return what may be done to an item."""
        return self._moderation.can(item)

    def moderate(self, account: Account, item: Item, action: Action, text: str = "") -> Receipt:
        """Send an order, once."""
        return self._moderation.moderate(account, item, action, text)

    def holds(
        self, account: Account, item: Item, action: Action, *, text: str = "", reply_id: str | None = None
    ) -> bool | None:
        """Read again whether it is so."""
        return self._moderation.holds(account, item, action, text=text, reply_id=reply_id)

    async def _fetch_one(self, account: Account, cursors: Cursors, spare: Spare) -> FetchResult:
        client: AccountClient | None = None
        try:
            client = self._client(account)
            return await self._read(account, client, cursors, spare)
        except AdapterError as error:
            return failed_result(account, error, client.calls if client else 0)
        except Exception as error:  # noqa: BLE001 - a fault of ours with one account's data must not cost another
            return failed_result(account, internal_error(account, error), client.calls if client else 0)

    async def _read(self, account: Account, client: AccountClient, cursors: Cursors, spare: Spare) -> FetchResult:
        collector = Collector(account, self._context.clock(), self._context.look_back, cursors)
        page_id = account.extra.get(PAGE_ID)
        inbox_of = page_id if self._reads_messages(account) else None
        reader = AccountReader(client, collector, self._settings, spare, page_id=inbox_of)

        async def ask() -> bool:
            await reader.ask()
            return False

        _, is_page_token = await gather(ask(), speaks_for(client, page_id))
        await reader.read(is_page_token=is_page_token)
        return collector.result(client.calls)

    def _reads_messages(self, account: Account) -> bool:
        return self._settings.messages and PAGE_ID in account.extra and account.extra.get(MESSAGES) != "off"

    def _client(self, account: Account) -> AccountClient:
        return AccountClient(account.key, read_secrets(self._context.credentials, account))

    def _courier(self) -> Courier:
        return Courier(self._context.road, PLATFORM, self._graph)

    def _graph(self, secrets: Secrets, account: str | None) -> SyncGraph:
        return RoadGraph(
            self._context.road,
            base_url=self._settings.base_url,
            api_version=self._settings.api_version,
            secrets=secrets,
            platform=PLATFORM,
            account=account,
            timeout=self._settings.timeout_seconds,
        )


async def identify(client: GraphClient, account: Account) -> Identity:
    """Make sure the token opens the account, and learn the account's present name.

    Raises:
        AccountError: GONE, when the platform does not show the account with this token.
        AdapterError: As the client does.
    """
    try:
        user = await client.get(account.native_id, {"fields": "id,username"})
    except MissingObjectError as error:
        raise not_shown(account) from error
    if optional_id(user) != account.native_id:
        raise not_shown(account)
    return Identity(account=account, username=optional_text(user, "username"))


async def speaks_for(client: GraphClient, page_id: str | None) -> bool:
    """Tell whether the token is the Page's own. Raises AdapterError when the platform does not answer."""
    if page_id is None:
        return False
    try:
        return optional_id(await client.get("me", {"fields": "id"})) == page_id
    except AdapterError as error:
        if error.reason in (Reason.MALFORMED, Reason.GONE, Reason.PERMISSION):
            return False  # a token without a "me" is no Page's
        raise
