"""How an account is connected: what its owner gives, where they consent, and what comes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from pydantic import SecretStr

from watchdaemon.domain.account import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Something that whoever connects an account must give: typed in, or kept ready in a credential of the app's."""

    name: str  # the field's name
    label: str  # in words
    is_secret: bool = True
    is_required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to connect an account: by a browser (the platform asks its owner), or by giving what was made there."""

    name: str
    summary: str
    asks: tuple[Ask, ...] = ()
    uses_browser: bool = False
    scopes: tuple[str, ...] = ()  # the least that reading needs
    guide: tuple[str, ...] = ()  # what to do on the platform first, a line a step
    moderation_scopes: tuple[str, ...] = ()  # what changing things there needs besides; () also where reading's do


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A consent that was asked for: where the owner gives it, and what proves that the answer belongs to it."""

    url: str  # may be shown: holds no secret
    state: str
    kept: Mapping[str, SecretStr] = field(default_factory=dict, repr=False)  # for `finish`: a PKCE verifier, an app


class Connector(Protocol):
    """How accounts of one platform are connected. Holds no state between the calls."""

    ways: Sequence[Way]

    def begin(self, way: Way, account: Account, given: Mapping[str, SecretStr], redirect_uri: str) -> Consent:
        """Return where the owner consents (ways that use a browser only). Raises AdapterError, ConfigError."""
        ...

    def finish(
        self, way: Way, account: Account, given: Mapping[str, SecretStr], consent: Consent | None, code: SecretStr
    ) -> Mapping[str, SecretStr]:
        """Return the fields of the account's credential, from the code that came back, or from what was given.

        Whose it is, the caller proves afterwards (`PlatformAdapter.credential`).

        Raises:
            AccountError: The platform refuses the code or the app, or what was given does not reach the account.
            AdapterError: It did not answer.
        """
        ...


@runtime_checkable
class Connects(Protocol):
    """What an adapter may offer besides: connecting its accounts by ``watchdaemon auth``."""

    def connector(self) -> Connector:
        """Return how its accounts are connected."""
        ...
