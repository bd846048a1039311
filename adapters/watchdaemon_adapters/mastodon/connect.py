"""How a Mastodon account is connected: by consent to an app of ours on its instance, or with a token made there."""

from collections.abc import Mapping

from pydantic import SecretStr

from watchdaemon.domain.account import Account
from watchdaemon.errors import Reason
from watchdaemon.http import Road
from watchdaemon.ports import Ask, Consent, Way
from watchdaemon_adapters._oauth import VERIFIER, Exchange, ask_for_consent
from watchdaemon_adapters.mastodon.settings import MastodonSettings, instance_of

Fields = Mapping[str, SecretStr]

PLATFORM = "mastodon"
# mastodon/documentation, api/oauth-scopes: the three that reading needs
SCOPES = ("read:notifications", "read:statuses", "read:accounts")
MODERATION_SCOPES = ("write:statuses",)  # delete own statuses, and answer
_APP = "watchdaemon"


class MastodonConnector:
    """Implements `ports.Connector`."""

    ways = (
        Way(
            name="oauth2",
            summary="the account's owner consents in a browser; the app is registered on the instance by itself",
            uses_browser=True,
            scopes=SCOPES,
            moderation_scopes=MODERATION_SCOPES,
        ),
        Way(
            name="token",
            summary="the access token of an application made under Preferences, Development",
            guide=("On the account's instance: Preferences, Development, New application, with the scopes below.",),
            asks=(Ask(name="token", label="Access token"),),
            scopes=SCOPES,
            moderation_scopes=MODERATION_SCOPES,
        ),
    )

    def __init__(self, settings: MastodonSettings, road: Road) -> None:
        self._settings = settings
        self._road = road

    def begin(self, way: Way, account: Account, given: Fields, redirect_uri: str) -> Consent:
        """Register an app, and return the instance's consent page."""
        exchange = self._exchange(account)
        root = self._root(account, given, exchange)
        scope = " ".join(way.scopes)
        form = {"client_name": _APP, "redirect_uris": redirect_uri, "scopes": scope}
        answer = exchange.post(f"{root}/api/v1/apps", form)
        app = {name: exchange.text(answer, name) for name in ("client_id", "client_secret")}
        parameters = {
            "client_id": app["client_id"].get_secret_value(),
            "redirect_uri": redirect_uri,
            "scope": scope,
        }
        kept = {**app, "redirect_uri": SecretStr(redirect_uri)}
        # instances before 4.3 do not know PKCE, and ignore it
        return ask_for_consent(f"{root}/oauth/authorize", parameters, with_pkce=True, kept=kept)

    def finish(self, way: Way, account: Account, given: Fields, consent: Consent | None, code: SecretStr) -> Fields:
        """Return the token, which does not end until it is revoked."""
        if consent is None:
            return {ask.name: given[ask.name] for ask in way.asks}
        exchange = self._exchange(account)
        kept = {name: value.get_secret_value() for name, value in consent.kept.items()}
        form = {
            "grant_type": "authorization_code",
            "code": code.get_secret_value(),
            "client_id": kept["client_id"],
            "client_secret": kept["client_secret"],
            "redirect_uri": kept["redirect_uri"],
            "scope": " ".join(way.scopes),
            VERIFIER: kept[VERIFIER],
        }
        answer = exchange.post(f"{self._root(account, given, exchange)}/oauth/token", form)
        app = {name: consent.kept[name] for name in ("client_id", "client_secret")}
        return {"token": exchange.text(answer, "access_token"), **app}

    def _exchange(self, account: Account) -> Exchange:
        return Exchange(self._road, platform=PLATFORM, account=account.key, timeout=self._settings.timeout_seconds)

    def _root(self, account: Account, given: Fields, exchange: Exchange) -> str:
        root = instance_of(account, self._settings, given)
        if root is None:
            raise exchange.refuse("nothing says at which instance the account is", Reason.NO_CREDENTIAL)
        return root
