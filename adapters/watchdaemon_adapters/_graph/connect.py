"""How a Page, or the Instagram account behind one, is connected: always by the Page's own token.

A person's consent gives a short token, exchanged for a long one (60 days), which names the person's Pages with a token
each; a Page's token has no end of its own. A system user's token names the same Pages (Graph API, "Access tokens", and
Page accounts edge, read 2026-11).
"""

from collections.abc import Callable, Mapping
from typing import Final

from pydantic import SecretStr

from watchdaemon.domain.account import Account
from watchdaemon.errors import Reason
from watchdaemon.http import Road
from watchdaemon.ports import Ask, Consent, Way
from watchdaemon_adapters._graph.settings import GraphSettings
from watchdaemon_adapters._oauth import Exchange, ask_for_consent, is_at_home

Fields = Mapping[str, SecretStr]
Row = Mapping[str, object]
IsIt = Callable[[Row, str], bool]
"""Whether a row of /me/accounts is the Page that opens the account with that native id."""

APP_ASKS: Final = (
    Ask(name="app_id", label="App id of the Meta app", is_secret=False),
    Ask(name="app_secret", label="App secret of the Meta app"),
)
_PAGES = "id,name,access_token,instagram_business_account{id}"
_MOST_PAGES_OF_PAGES = 50


def is_page(row: Row, native_id: str) -> bool:
    """For Facebook: the Page itself."""
    return row.get("id") == native_id


def is_page_of_instagram(row: Row, native_id: str) -> bool:
    """For Instagram: the Page that the professional account is linked to."""
    linked = row.get("instagram_business_account")
    return isinstance(linked, dict) and linked.get("id") == native_id


class PageConnector:
    """Implements `ports.Connector` for Facebook and Instagram."""

    def __init__(
        self,
        settings: GraphSettings,
        road: Road,
        *,
        platform: str,
        scopes: tuple[str, ...],
        is_it: IsIt,
        moderation_scopes: tuple[str, ...] = (),
    ) -> None:
        self._settings = settings
        self._road = road
        self._platform = platform
        self._is_it = is_it
        self.ways = (
            Way(
                name="login",
                summary="somebody with a role on the Page consents in a browser",
                guide=(
                    "App id and secret: https://developers.facebook.com/apps, App settings, Basic.",
                    "The redirect URI must stand in the app under Facebook Login for Business, Settings.",
                    "In the dialog choose the Page; who consents needs the role to moderate it.",
                ),
                asks=APP_ASKS,
                uses_browser=True,
                scopes=("pages_show_list", *scopes),
                moderation_scopes=moderation_scopes,
            ),
            Way(
                name="token",
                summary="a system user's or long-lived user's token, made in Meta's own tools",
                guide=(
                    "https://business.facebook.com, Settings, Users, System users: assign the Page to one, then",
                    "generate its token for the app, without an end and with the scopes below.",
                ),
                asks=(*APP_ASKS, Ask(name="user_token", label="The token")),
                scopes=("pages_show_list", *scopes),
                moderation_scopes=moderation_scopes,
            ),
        )

    def begin(self, way: Way, account: Account, given: Fields, redirect_uri: str) -> Consent:  # noqa: ARG002 - the port's signature
        """Return Facebook's login dialog. It knows no PKCE for this flow; the app's secret proves who asks."""
        base = self._settings.base_url.rstrip("/")
        root = "https://www.facebook.com" if is_at_home(base, "facebook.com") else base
        parameters = {
            "client_id": given["app_id"].get_secret_value(),
            "redirect_uri": redirect_uri,
            "scope": ",".join(way.scopes),
        }
        url = f"{root}/{self._settings.api_version}/dialog/oauth"
        return ask_for_consent(url, parameters, with_pkce=False, kept={"redirect_uri": SecretStr(redirect_uri)})

    def finish(
        self,
        way: Way,  # noqa: ARG002 - the port's signature
        account: Account,
        given: Fields,
        consent: Consent | None,
        code: SecretStr,
    ) -> Fields:
        """Return the Page's token with the app's id and secret, which prove every call."""
        exchange = Exchange(
            self._road, platform=self._platform, account=account.key, timeout=self._settings.timeout_seconds
        )
        user_token = given["user_token"] if consent is None else self._long_token(exchange, given, consent, code)
        return {
            "token": self._page_token(exchange, account, user_token),
            "app_id": given["app_id"],
            "app_secret": given["app_secret"],
        }

    def _url(self, path: str) -> str:
        return f"{self._settings.base_url.rstrip('/')}/{self._settings.api_version}/{path}"

    def _long_token(self, exchange: Exchange, given: Fields, consent: Consent, code: SecretStr) -> SecretStr:
        app = {
            "client_id": given["app_id"].get_secret_value(),
            "client_secret": given["app_secret"].get_secret_value(),
        }
        url = self._url("oauth/access_token")
        redirect = {"redirect_uri": consent.kept["redirect_uri"].get_secret_value(), "code": code.get_secret_value()}
        short = exchange.text(exchange.get(url, app | redirect), "access_token")
        grant = {"grant_type": "fb_exchange_token", "fb_exchange_token": short.get_secret_value()}
        return exchange.text(exchange.get(url, app | grant), "access_token")

    def _page_token(self, exchange: Exchange, account: Account, user_token: SecretStr) -> SecretStr:
        query = {"fields": _PAGES, "limit": "100", "access_token": user_token.get_secret_value()}
        for _ in range(_MOST_PAGES_OF_PAGES):
            answer = exchange.get(self._url("me/accounts"), query)
            rows = answer.get("data")
            for row in rows if isinstance(rows, list) else []:
                if isinstance(row, dict) and self._is_it(row, account.native_id):
                    return exchange.text(row, "access_token")
            after = _next(answer)
            if after is None:
                break
            query["after"] = after
        raise exchange.refuse(
            "whoever consented has no role on this account's Page, or did not choose it in the dialog",
            Reason.PERMISSION,
        )


def _next(answer: Row) -> str | None:
    """Return the cursor of the next page; its whole address (which holds the token) is left alone."""
    paging = answer.get("paging")
    if not isinstance(paging, dict) or "next" not in paging:
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    return after if isinstance(after, str) and after else None
