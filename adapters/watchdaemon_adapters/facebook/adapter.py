"""Facebook Pages by the Graph: fetch, recheck, profile and the credential's health."""

from collections.abc import Iterator, Mapping, Sequence

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Cover, CredentialHealth, Cursors, FetchResult, KindCoverage, Profile, Recheck
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.errors import AccountError, AdapterError, Reason
from watchdaemon.ports import AdapterContext
from watchdaemon_adapters._graph.client import GraphClient, RoadGraph, Secrets, read_secrets
from watchdaemon_adapters._graph.collect import Collector, failed_result, internal_error, run_streams
from watchdaemon_adapters._graph.rechecking import recheck_items
from watchdaemon_adapters._graph.tokens import health_of, page_of
from watchdaemon_adapters._graph.values import optional_id, optional_link, optional_moment, optional_text, rows_of
from watchdaemon_adapters.facebook.mapping import fields_of, reread
from watchdaemon_adapters.facebook.settings import FacebookSettings
from watchdaemon_adapters.facebook.streams import PageReader

PLATFORM = "facebook"
SCOPES = ("pages_read_engagement", "pages_read_user_content")
MESSAGE_SCOPES = ("pages_manage_metadata", "pages_messaging")
_PROFILE_FIELDS = "id,name,link,about,description,is_published,published_posts.limit(10){created_time}"


class FacebookAdapter:
    """Reads Pages with each Page's own token."""

    name = PLATFORM
    batch_size = 1  # each Page has its own token and its own budget; several in one call would only wait for each other

    def __init__(self, settings: FacebookSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._context = context

    def kinds(self) -> Sequence[KindCoverage]:
        """Return the coverage matrix."""
        visitors, mentions, messages = (
            self._settings.visitor_posts,
            self._settings.mentions,
            self._settings.messages,
        )
        return (
            KindCoverage(
                kind=ItemKind.POST, cover=Cover.FULL, note="published posts; not reels, live videos, advertisements"
            ),
            KindCoverage(
                kind=ItemKind.COMMENT,
                cover=Cover.LIMITED,
                note="all levels, under posts within the look-back; not under advertisements, reels or single photos",
            ),
            _switched(ItemKind.VISITOR_POST, Cover.FULL, "with the comments under them", is_on=visitors),
            _switched(
                ItemKind.MENTION,
                Cover.LIMITED,
                "public posts that tag the page; the author is not told",
                is_on=mentions,
            ),
            KindCoverage(kind=ItemKind.QUOTE, cover=Cover.NONE, note="shares on other profiles cannot be read"),
            _switched(
                ItemKind.MESSAGE, Cover.FULL, "Messenger; needs the platform's review of the app", is_on=messages
            ),
            KindCoverage(kind=ItemKind.REVIEW, cover=Cover.NONE, note="withdrawn by the platform from v22.0 on"),
        )

    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:
        """Yield one final result per account."""
        for account in accounts:
            try:
                yield self._fetch_one(account, cursors.get(account.key, {}))
            except Exception as error:  # noqa: BLE001 - a fault of ours with one Page's data must not cost another Page
                yield failed_result(account, internal_error(account, error), calls=0)

    def recheck(self, account: Account, items: Sequence[Item]) -> Iterator[Recheck]:
        """Read the items again by their ids."""

        def reader() -> GraphClient:
            client = self._client(account)
            must_be_page_token(client, account)
            return client

        return recheck_items(account, items, reader=reader, fields_of=fields_of, reread=reread)

    def profile(self, account: Account) -> Profile:
        """Return the Page's public face. Raises AdapterError."""
        page = self._client(account).get(account.native_id, {"fields": _PROFILE_FIELDS})
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
            return self._health_by_identity(account, secrets)
        debugger = self._road_graph(account, Secrets(token=secrets.app_token))
        answer = debugger.get("debug_token", {"input_token": secrets.token})
        scopes = (*SCOPES, *(MESSAGE_SCOPES if self._settings.messages else ()))
        health = health_of(answer, account, expected_type="PAGE", needed_scopes=scopes)
        page = page_of(answer)
        if health.is_valid and page not in (None, account.native_id):
            return CredentialHealth(account=account.key, is_valid=False, detail="the token is another page's")
        return health

    def _health_by_identity(self, account: Account, secrets: Secrets) -> CredentialHealth:
        try:
            must_be_page_token(self._client(account, secrets), account)
        except AccountError as error:
            return CredentialHealth(account=account.key, is_valid=False, detail=str(error))
        detail = "the token is the page's own; when it ends is not known without app_id and app_secret"
        return CredentialHealth(account=account.key, is_valid=True, detail=detail)

    def _fetch_one(self, account: Account, cursors: Cursors) -> FetchResult:
        collector = Collector(account, self._context.clock(), self._context.look_back, cursors)
        client: GraphClient | None = None
        try:
            client = self._client(account)
            must_be_page_token(client, account)
        except AdapterError as error:
            return failed_result(account, error, client.calls if client else 0)
        run_streams(collector, PageReader(client, collector, self._settings).streams())
        return collector.result(client.calls)

    def _client(self, account: Account, secrets: Secrets | None = None) -> GraphClient:
        from watchdaemon_adapters.facebook.sdk import PageGraph  # imports the SDK

        return PageGraph(
            self._context.road,
            base_url=self._settings.base_url,
            api_version=self._settings.api_version,
            secrets=secrets or read_secrets(self._context.credentials, account),
            platform=PLATFORM,
            account=account.key,
            timeout=self._settings.timeout_seconds,
        )

    def _road_graph(self, account: Account, secrets: Secrets) -> RoadGraph:
        return RoadGraph(
            self._context.road,
            base_url=self._settings.base_url,
            api_version=self._settings.api_version,
            secrets=secrets,
            platform=PLATFORM,
            account=account.key,
            timeout=self._settings.timeout_seconds,
        )


def must_be_page_token(client: GraphClient, account: Account) -> None:
    """Make sure that the token is the Page's own before any emptiness is believed.

    A person's token is answered with 200 and empty lists where comments are (comments edge reference); whose a token is
    shows in ``/me``.

    Raises:
        AccountError: UNAUTHORISED, when it is somebody else's.
        AdapterError: As the client does.
    """
    if optional_id(client.get("me", {"fields": "id"})) != account.native_id:
        raise AccountError(
            "not a Page token of this page: it would show empty lists where there are comments",
            platform=account.platform,
            account=account.key,
            reason=Reason.UNAUTHORISED,
        )


def _switched(kind: ItemKind, cover: Cover, note: str, *, is_on: bool) -> KindCoverage:
    return KindCoverage(
        kind=kind, cover=cover if is_on else Cover.NONE, note=note if is_on else "switched off in the settings"
    )
