"""How a Bluesky account is connected: with an app password, made in its settings and revoked alone."""

from collections.abc import Mapping

from pydantic import SecretStr

from watchdaemon.domain.account import Account
from watchdaemon.errors import ConfigError
from watchdaemon.ports import Ask, Consent, Way

Fields = Mapping[str, SecretStr]


class BlueskyConnector:
    """Implements `ports.Connector`."""

    ways = (
        Way(
            name="app-password",
            summary="an app password from Settings, Privacy and security, App passwords (never the account's own)",
            guide=(
                "Log in to Bluesky as the account and open https://bsky.app/settings/app-passwords",
                "(Settings, Privacy and security, App passwords).",
                'Add an app password named "watchdaemon"; access to direct messages is not needed.',
                "Copy it at once: four groups of four letters, shown only then. It can be revoked there, alone.",
            ),
            asks=(
                Ask(
                    name="identifier",
                    label="Handle (nothing: the account's DID in the register)",
                    is_secret=False,
                    is_required=False,
                ),
                Ask(name="password", label="App password"),
            ),
        ),
    )

    def begin(self, way: Way, account: Account, given: Fields, redirect_uri: str) -> Consent:  # noqa: ARG002 - the port's signature
        """There is no consent page for app passwords."""
        raise ConfigError("Bluesky is connected with an app password, without a browser")

    def finish(
        self,
        way: Way,
        account: Account,  # noqa: ARG002 - the port's signature
        given: Fields,
        consent: Consent | None,  # noqa: ARG002 - as above
        code: SecretStr,  # noqa: ARG002 - as above
    ) -> Fields:
        """Return what was given."""
        return {ask.name: given[ask.name] for ask in way.asks if ask.name in given}
