"""How a Threads profile is connected: its owner consents, and the hour-long token becomes one of sixty days."""

from collections.abc import Mapping

from pydantic import SecretStr

from watchdaemon.domain.account import Account
from watchdaemon.http import Road
from watchdaemon.ports import Ask, Clock, Consent, Way
from watchdaemon_adapters._oauth import Exchange, ask_for_consent, is_at_home
from watchdaemon_adapters.threads.settings import ThreadsSettings
from watchdaemon_adapters.threads.tokens import fields_of

Fields = Mapping[str, SecretStr]

PLATFORM = "threads"
# Threads API, "Retrieve and manage replies", "Permissions" (read 2026-11): GET on replies, those that wait for approval
# among them, needs threads_read_replies; POST needs threads_manage_replies
_READING = ("threads_basic", "threads_read_replies")
_MENTIONS = "threads_manage_mentions"
MODERATION_SCOPES = ("threads_manage_replies",)


def reading_scopes(settings: ThreadsSettings) -> tuple[str, ...]:
    """Return the least that reading needs, as the account's settings have it."""
    return (*_READING, *((_MENTIONS,) if settings.mentions else ()))


class ThreadsConnector:
    """Implements `ports.Connector`."""

    def __init__(self, settings: ThreadsSettings, road: Road, clock: Clock) -> None:
        self._settings = settings
        self._road = road
        self._clock = clock
        self.ways = (
            Way(
                name="login",
                summary="the profile's owner consents in a browser; its sixty days are renewed by themselves",
                guide=(
                    "Threads app id and secret: https://developers.facebook.com/apps, use case Threads API, Settings;",
                    "the redirect URI must stand there, too. They are not the app's own id and secret.",
                    "Until Meta has reviewed the app, the profile must be added as a tester and accept it on Threads.",
                ),
                asks=(
                    Ask(name="app_id", label="Threads app id", is_secret=False),
                    Ask(name="app_secret", label="Threads app secret"),
                ),
                uses_browser=True,
                scopes=reading_scopes(settings),
                moderation_scopes=MODERATION_SCOPES,
            ),
        )

    def begin(self, way: Way, account: Account, given: Fields, redirect_uri: str) -> Consent:  # noqa: ARG002 - the port's signature
        """Return Threads' consent page."""
        base = self._settings.base_url.rstrip("/")
        root = "https://threads.net" if is_at_home(base, "threads.net", "threads.com") else base
        parameters = {
            "client_id": given["app_id"].get_secret_value(),
            "redirect_uri": redirect_uri,
            "scope": ",".join(way.scopes),
        }
        kept = {"redirect_uri": SecretStr(redirect_uri)}
        return ask_for_consent(f"{root}/oauth/authorize", parameters, with_pkce=False, kept=kept)

    def finish(
        self,
        way: Way,  # noqa: ARG002 - the port's signature
        account: Account,
        given: Fields,
        consent: Consent | None,
        code: SecretStr,
    ) -> Fields:
        """Exchange the code, and the short token for a long one."""
        exchange = Exchange(self._road, platform=PLATFORM, account=account.key, timeout=self._settings.timeout_seconds)
        if consent is None:
            raise exchange.refuse("a consent is needed")
        root = self._settings.base_url.rstrip("/")
        secret = given["app_secret"].get_secret_value()
        form = {
            "client_id": given["app_id"].get_secret_value(),
            "client_secret": secret,
            "grant_type": "authorization_code",
            "redirect_uri": consent.kept["redirect_uri"].get_secret_value(),
            "code": code.get_secret_value(),
        }
        short = exchange.text(exchange.post(f"{root}/oauth/access_token", form), "access_token")
        grant = {
            "grant_type": "th_exchange_token",
            "client_secret": secret,
            "access_token": short.get_secret_value(),
        }
        answer = exchange.get(f"{root}/access_token", grant)
        return {
            **fields_of(exchange, answer, self._clock()),
            "app_id": given["app_id"],
            "app_secret": given["app_secret"],
        }
