"""How a YouTube channel is connected: by its owner's consent for offline use."""

from collections.abc import Mapping

from pydantic import SecretStr

from watchdaemon.domain.account import Account
from watchdaemon.errors import Reason
from watchdaemon.http import Road
from watchdaemon.ports import Ask, Consent, Way
from watchdaemon_adapters._oauth import VERIFIER, Exchange, ask_for_consent
from watchdaemon_adapters.youtube.problems import PLATFORM
from watchdaemon_adapters.youtube.settings import YouTubeSettings
from watchdaemon_adapters.youtube.tokens import NEEDED_SCOPE

Fields = Mapping[str, SecretStr]

# A brand account's channel is chosen on Google's own page, and the token belongs to that channel.
_OFFLINE = {
    "access_type": "offline",
    "prompt": "consent",
}  # without prompt=consent a second time gives no refresh token


class YouTubeConnector:
    """Implements `ports.Connector`."""

    def __init__(self, settings: YouTubeSettings, road: Road) -> None:
        self._settings = settings
        self._road = road
        self.ways = (
            Way(
                name="oauth2",
                summary="the channel's owner consents in a browser, choosing the channel there",
                guide=(
                    "OAuth client: https://console.cloud.google.com, APIs and services, Credentials; YouTube Data API",
                    "v3 must be enabled, and the redirect URI stand with the client.",
                    'While the consent screen is in "Testing", the access ends after seven days: publish it.',
                ),
                asks=(
                    Ask(name="client_id", label="OAuth client id of the Google Cloud project", is_secret=False),
                    Ask(name="client_secret", label="OAuth client secret"),
                ),
                uses_browser=True,
                scopes=(NEEDED_SCOPE,),
            ),
        )

    def begin(self, way: Way, account: Account, given: Fields, redirect_uri: str) -> Consent:  # noqa: ARG002 - the port's signature
        """Return Google's consent page."""
        parameters = {
            "client_id": given["client_id"].get_secret_value(),
            "redirect_uri": redirect_uri,
            "scope": " ".join(way.scopes),
            **_OFFLINE,
        }
        kept = {"redirect_uri": SecretStr(redirect_uri)}
        return ask_for_consent(self._settings.consent_page, parameters, with_pkce=True, kept=kept)

    def finish(
        self,
        way: Way,  # noqa: ARG002 - the port's signature
        account: Account,
        given: Fields,
        consent: Consent | None,
        code: SecretStr,
    ) -> Fields:
        """Exchange the code for a refresh token, which does not end by itself."""
        exchange = Exchange(self._road, platform=PLATFORM, account=account.key, timeout=self._settings.timeout_seconds)
        if consent is None:
            raise exchange.refuse("a consent is needed", Reason.NO_CREDENTIAL)
        form = {
            "grant_type": "authorization_code",
            "code": code.get_secret_value(),
            "client_id": given["client_id"].get_secret_value(),
            "client_secret": given["client_secret"].get_secret_value(),
            "redirect_uri": consent.kept["redirect_uri"].get_secret_value(),
            VERIFIER: consent.kept[VERIFIER].get_secret_value(),
        }
        answer = exchange.post(self._settings.token_endpoint, form)
        token = exchange.text(answer, "refresh_token")
        return {"client_id": given["client_id"], "client_secret": given["client_secret"], "refresh_token": token}
