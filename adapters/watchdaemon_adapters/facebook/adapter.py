"""Facebook Pages by the Graph: fetch, recheck, profile and the credential's health."""

from collections.abc import Iterator, Mapping, Sequence

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Cover, CredentialHealth, Cursors, FetchResult, KindCoverage, Profile, Recheck
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.domain.moderation import Action, Receipt
from watchdaemon.domain.probe import ProbeAnswer, ProbePlan
from watchdaemon.errors import AccountError, AdapterError, Reason
from watchdaemon.ports import AdapterContext
from watchdaemon_adapters._graph.client import GraphClient, Secrets, read_secrets
from watchdaemon_adapters._graph.collect import Collector, failed_result, internal_error
from watchdaemon_adapters._graph.connect import PageConnector, is_page
from watchdaemon_adapters._graph.courier import Courier, Spare, SyncGraph
from watchdaemon_adapters._graph.rechecking import recheck_items
from watchdaemon_adapters._graph.rounds import AccountClient, attempt, gather, run_rounds
from watchdaemon_adapters._graph.tokens import health_of, page_of
from watchdaemon_adapters._graph.values import optional_id, optional_link, optional_moment, optional_text, rows_of
from watchdaemon_adapters._probing import Asked, answers
from watchdaemon_adapters.facebook.mapping import fields_of, reread
from watchdaemon_adapters.facebook.moderation import FacebookModeration
from watchdaemon_adapters.facebook.settings import FacebookSettings
from watchdaemon_adapters.facebook.streams import PageReader

PLATFORM = "facebook"
SCOPES = ("pages_read_engagement", "pages_read_user_content")
MESSAGE_SCOPES = ("pages_manage_metadata", "pages_messaging")
MODERATION_SCOPES = ("pages_manage_engagement",)
_PHOTOS = "; under single photos of a post with several once a day, the newest 50"
_NO_PHOTOS = "; not under single photos of a post with several"
QUESTIONS_EACH = 3  # whose the token is, all lists at once, and the conversations
_PROFILE_FIELDS = "id,name,link,about,description,is_published,published_posts.limit(10){created_time}"


class FacebookAdapter:
    """Reads Pages with each Page's own token, as many as there are in as few requests as it takes."""

    name = PLATFORM
    batch_size = 45  # each Page asks three questions, and fifty go into a request; a few are left for doubts

    def __init__(self, settings: FacebookSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._context = context
        self._moderation = FacebookModeration(settings, context, self._graph)

    def kinds(self) -> Sequence[KindCoverage]:
        """Return the coverage matrix."""
        settings = self._settings
        extra = [
            word
            for word, is_on in (
                ("reels", settings.reels),
                ("live videos", settings.live_videos),
                ("advertisements", settings.advertisements),
            )
            if is_on
        ]
        return (
            KindCoverage(kind=ItemKind.POST, cover=Cover.FULL, note=f"published posts{_where_allowed(extra)}"),
            KindCoverage(
                kind=ItemKind.COMMENT,
                cover=Cover.LIMITED,
                note="all levels, under posts within the look-back and older ones as far as they are listed"
                f"{_where_allowed(extra)}{_PHOTOS if settings.photos else _NO_PHOTOS}",
            ),
            _switched(ItemKind.VISITOR_POST, Cover.FULL, "with the comments under them", is_on=settings.visitor_posts),
            _switched(
                ItemKind.MENTION,
                Cover.LIMITED,
                "public posts that tag the page; the author is not told, and what is answered below them is not read",
                is_on=settings.mentions,
            ),
            KindCoverage(kind=ItemKind.QUOTE, cover=Cover.NONE, note="shares on other profiles cannot be read"),
            _switched(
                ItemKind.MESSAGE,
                Cover.FULL,
                'Messenger; needs the platform\'s review of the app (without it: extra.messages = "off")',
                is_on=settings.messages,
            ),
            KindCoverage(kind=ItemKind.REVIEW, cover=Cover.NONE, note="withdrawn by the platform from v22.0 on"),
        )

    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:
        """Yield one final result per account, as soon as each has all of its answers."""
        spare = Spare(len(accounts), QUESTIONS_EACH)
        yield from run_rounds([self._fetch_one(a, cursors.get(a.key, {}), spare) for a in accounts], self._courier())

    def recheck(self, account: Account, items: Sequence[Item]) -> Iterator[Recheck]:
        """Read the items again by their ids."""

        async def check(client: GraphClient) -> None:
            await prove_page_token(client, account, self._token_of(account))

        return recheck_items(
            account,
            items,
            client=lambda: self._client(account),
            delivery=self._courier(),
            check=check,
            fields_of=fields_of,
            reread=reread,
        )

    def profile(self, account: Account) -> Profile:
        """Return the Page's public face. Raises AdapterError."""
        page = self._graph(read_secrets(self._context.credentials, account), account.key).get(
            account.native_id, {"fields": _PROFILE_FIELDS}
        )
        posts = page.get("published_posts")
        rows = [r for r in rows_of(posts) if isinstance(r, dict)] if isinstance(posts, dict) else []
        moments = [m for m in (optional_moment(r, "created_time") for r in rows) if m is not None]
        texts = [optional_text(page, name) for name in ("about", "description")]
        return Profile(
            account=account.key,
            name=optional_text(page, "name") or account.name,
            text="\n\n".join(dict.fromkeys(t for t in texts if t)),
            link=optional_link(page, "link"),
            is_public=page.get("is_published") is True,
            last_own_activity_at=max(moments, default=None),
        )

    def credential(self, account: Account) -> CredentialHealth:
        """Ask the token debugger; without the app's id and secret, ask who the token is. Raises AdapterError."""
        secrets = read_secrets(self._context.credentials, account)
        if secrets.app_token is None:
            return self._health_by_identity(account)
        debugger = self._graph(Secrets(token=secrets.app_token), account.key)
        answer = debugger.get("debug_token", {"input_token": secrets.token})
        scopes = (*SCOPES, *(MESSAGE_SCOPES if self._settings.messages else ()))
        health = health_of(
            answer, account, expected_type="PAGE", needed_scopes=scopes, moderation_scopes=MODERATION_SCOPES
        )
        page = page_of(answer)
        if health.is_valid and page not in (None, account.native_id):
            return CredentialHealth(account=account.key, is_valid=False, detail="the token is another page's")
        return health

    def _health_by_identity(self, account: Account) -> CredentialHealth:
        client = self._client(account)
        (found,) = run_rounds([attempt(prove_page_token(client, account, client.secrets))], self._courier())
        if isinstance(found, AccountError):
            return CredentialHealth(account=account.key, is_valid=False, detail=str(found))
        if isinstance(found, AdapterError):
            raise found
        detail = "the token is the page's own; when it ends is not known without app_id and app_secret"
        if not found:
            detail = "the token opens the page; whether it is the page's own could not be seen"
        return CredentialHealth(account=account.key, is_valid=True, detail=detail)

    def connector(self) -> PageConnector:
        """Return how Pages are connected."""
        scopes = (*SCOPES, *(MESSAGE_SCOPES if self._settings.messages else ()))
        return PageConnector(
            self._settings,
            self._context.road,
            platform=PLATFORM,
            scopes=scopes,
            is_it=is_page,
            moderation_scopes=MODERATION_SCOPES,
        )

    def probe_plan(self, account: Account) -> ProbePlan:  # noqa: ARG002 - the same for all
        """Return what a probe asks."""
        from watchdaemon_adapters.facebook.probing import PLAN

        return PLAN

    def probe(self, account: Account) -> Iterator[ProbeAnswer]:
        """Ask what Meta's documentation leaves open about Pages."""
        from watchdaemon_adapters.facebook.probing import PLAN, PROBES, PageReadings

        graph = self._graph(read_secrets(self._context.credentials, account), account.key)
        with Asked(self._context.road, account=account.key, most_calls=PLAN.most_calls) as asked:
            readings = PageReadings(asked, graph.get, own_ids=account.own_author_ids)
            readings.page_id = account.native_id
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
        except Exception as error:  # noqa: BLE001 - a fault of ours with one Page's data must not cost another Page
            return failed_result(account, internal_error(account, error), client.calls if client else 0)

    async def _read(self, account: Account, client: AccountClient, cursors: Cursors, spare: Spare) -> FetchResult:
        collector = Collector(account, self._context.clock(), self._context.look_back, cursors)
        reader = PageReader(client, collector, self._settings, spare)
        proof, _ = await gather(attempt(prove_page_token(client, account, client.secrets)), reader.ask())
        if isinstance(proof, AdapterError):
            raise proof
        await reader.read(is_proven=proof is True)
        return collector.result(client.calls)

    def _token_of(self, account: Account) -> Secrets:
        return read_secrets(self._context.credentials, account)

    def _client(self, account: Account) -> AccountClient:
        return AccountClient(account.key, self._token_of(account))

    def _courier(self) -> Courier:
        return Courier(self._context.road, PLATFORM, self._graph)

    def _graph(self, secrets: Secrets, account: str | None) -> SyncGraph:
        from watchdaemon_adapters.facebook.sdk import PageGraph  # imports the SDK

        return PageGraph(
            self._context.road,
            base_url=self._settings.base_url,
            api_version=self._settings.api_version,
            secrets=secrets,
            platform=PLATFORM,
            account=account,
            timeout=self._settings.timeout_seconds,
        )


async def prove_page_token(client: GraphClient, account: Account, secrets: Secrets) -> bool:
    """Make sure that the token is the Page's own before any emptiness is believed.

    A person's token is answered with 200 and empty lists where comments are (comments edge reference); whose a token is
    shows in ``/me``, or in whether the Page names the very same token as its own.

    Returns:
        False when the platform lets neither be seen: then silence must not be believed.

    Raises:
        AccountError: UNAUTHORISED, when it is somebody else's.
        AdapterError: As the client does.
    """
    try:
        owner = optional_id(await client.get("me", {"fields": "id"}))
    except AdapterError as error:
        if error.reason not in (Reason.MALFORMED, Reason.GONE, Reason.PERMISSION, Reason.UNSUPPORTED):
            raise
        return await _prove_by_page(client, account, secrets)
    if owner != account.native_id:
        raise _not_its_own(account)
    return True


async def _prove_by_page(client: GraphClient, account: Account, secrets: Secrets) -> bool:
    try:
        page = await client.get(account.native_id, {"fields": "id,access_token"})
    except AdapterError as error:
        if error.reason in (Reason.MALFORMED, Reason.PERMISSION, Reason.UNSUPPORTED):
            return False
        raise
    shown = page.get("access_token")
    if isinstance(shown, str) and shown != secrets.token:
        raise _not_its_own(account)
    return shown == secrets.token


def _not_its_own(account: Account) -> AccountError:
    return AccountError(
        "not a Page token of this page: it would show empty lists where there are comments",
        platform=account.platform,
        account=account.key,
        reason=Reason.UNAUTHORISED,
    )


def _switched(kind: ItemKind, cover: Cover, note: str, *, is_on: bool) -> KindCoverage:
    return KindCoverage(
        kind=kind, cover=cover if is_on else Cover.NONE, note=note if is_on else "switched off in the settings"
    )


def _where_allowed(extra: Sequence[str]) -> str:
    """Name what the platform may or may not let the app read: where it never could, that is no trouble."""
    return f"; {', '.join(extra)} where the app is allowed to read them" if extra else ""
