"""How an X account is connected: by its owner's consent (OAuth 2.0 with PKCE), or with the keys of OAuth 1.0a."""

from collections.abc import Mapping

from pydantic import SecretStr

from watchdaemon.domain.account import Account
from watchdaemon.errors import AccountError, Reason
from watchdaemon.http import Road
from watchdaemon.ports import Ask, Clock, Consent, Way
from watchdaemon_adapters._oauth import VERIFIER, ask_for_consent
from watchdaemon_adapters.x.problems import PLATFORM
from watchdaemon_adapters.x.settings import XSettings
from watchdaemon_adapters.x.tokens import request_tokens

Fields = Mapping[str, SecretStr]

# X OAuth 2.0 Authorization Code Flow with PKCE, "Scopes"; offline.access gives the refresh token
_READING = ("tweet.read", "users.read", "offline.access")
_MESSAGES = "dm.read"
MODERATION_SCOPES = ("tweet.moderate.write", "tweet.write")  # hide replies; delete own posts


def reading_scopes(*, messages: bool) -> tuple[str, ...]:
    """Return the least that reading needs."""
    return (*_READING, *((_MESSAGES,) if messages else ()))


_OAUTH1_ASKS = (
    Ask(name="consumer_key", label="API key (consumer key) of the app"),
    Ask(name="consumer_secret", label="API key secret (consumer secret) of the app"),
    Ask(name="access_token", label="Access token of the account"),
    Ask(name="access_token_secret", label="Access token secret of the account"),
)


class XConnector:
    """Implements `ports.Connector`."""

    def __init__(self, settings: XSettings, road: Road, clock: Clock) -> None:
        self._settings = settings
        self._road = road
        self._clock = clock
        self.ways = (
            Way(
                name="oauth2",
                summary="the account's owner consents in a browser; tokens are renewed by themselves",
                guide=(
                    "OAuth 2.0 client id and secret: https://developer.x.com, the app, Keys and tokens.",
                    "Under User authentication settings the redirect URI must be among the callback URIs.",
                ),
                asks=(
                    Ask(name="client_id", label="OAuth 2.0 client id of the app", is_secret=False),
                    Ask(
                        name="client_secret",
                        label="OAuth 2.0 client secret (nothing for a public client)",
                        is_required=False,
                    ),
                ),
                uses_browser=True,
                scopes=reading_scopes(messages=settings.messages),
                moderation_scopes=MODERATION_SCOPES,
            ),
            Way(
                name="oauth1",
                summary="four keys from the developer portal; they do not end until they are revoked",
                guide=(
                    "https://developer.x.com, the app, Keys and tokens: API key and secret, and an access token made",
                    "there for the account itself. The app's permission decides: read; with messages; with writing.",
                ),
                asks=_OAUTH1_ASKS,
            ),
        )

    def begin(self, way: Way, account: Account, given: Fields, redirect_uri: str) -> Consent:  # noqa: ARG002 - the port's signature
        """Return X's consent page."""
        parameters = {
            "client_id": given["client_id"].get_secret_value(),
            "redirect_uri": redirect_uri,
            "scope": " ".join(way.scopes),
        }
        kept = {"redirect_uri": SecretStr(redirect_uri)}
        return ask_for_consent(self._settings.consent_page, parameters, with_pkce=True, kept=kept)

    def finish(self, way: Way, account: Account, given: Fields, consent: Consent | None, code: SecretStr) -> Fields:
        """Return the keys as they are, or exchange the code within its thirty seconds."""
        if consent is None:
            return {ask.name: given[ask.name] for ask in way.asks}
        secret = given.get("client_secret")
        tokens = request_tokens(
            self._road,
            self._settings,
            form={
                "grant_type": "authorization_code",
                "code": code.get_secret_value(),
                "redirect_uri": consent.kept["redirect_uri"].get_secret_value(),
                VERIFIER: consent.kept[VERIFIER].get_secret_value(),
            },
            client_id=given["client_id"],
            client_secret=secret,
            account=account.key,
            now=self._clock(),
        )
        if "refresh_token" not in tokens:
            message = "X gave no refresh token: the app must be allowed offline.access"
            raise AccountError(message, platform=PLATFORM, account=account.key, reason=Reason.PERMISSION)
        return {"client_id": given["client_id"], **({"client_secret": secret} if secret else {}), **tokens}
