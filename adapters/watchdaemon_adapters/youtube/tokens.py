"""Access tokens: renewed from the refresh token by our road, and kept while they are good."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from watchdaemon.errors import AccountError, Reason, RetriableError
from watchdaemon.http import Road
from watchdaemon.ports import Clock
from watchdaemon_adapters.youtube.problems import PLATFORM, token_error_from

# every comment method asks for this one scope
NEEDED_SCOPE = "https://www.googleapis.com/auth/youtube.force-ssl"

# renewed this long before its end, so that it does not run out between two calls
MARGIN = timedelta(minutes=1)

_FIELDS = ("client_id", "client_secret", "refresh_token")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a credential holds: either an access token as it is, or (all three) what it takes to renew one."""

    token: SecretStr | None
    client_id: str
    client_secret: SecretStr
    refresh_token: SecretStr

    @property
    def project(self) -> str:
        """Names whose quota is used. A client id begins with its project's number, which is no secret."""
        number = self.client_id.partition("-")[0]
        return number if number.isascii() and number.isdigit() else "default"

    @property
    def origin(self) -> str:
        """Return the secret that stays the same while access tokens come and go. Never to be shown."""
        return self.token.get_secret_value() if self.token is not None else self.refresh_token.get_secret_value()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token that was renewed, when it ends, and what it may do."""

    value: SecretStr
    expires_at: datetime
    scopes: tuple[str, ...]
    origin: SecretStr  # the refresh token it came from: a new one in the file makes this one void


def read_credential(fields: Mapping[str, SecretStr], account: str) -> Credential:
    """Sort a credential's fields. Raises AccountError naming what is missing."""
    missing = [name for name in _FIELDS if name not in fields]
    if not missing:
        return Credential(
            token=None,
            client_id=fields["client_id"].get_secret_value(),
            client_secret=fields["client_secret"],
            refresh_token=fields["refresh_token"],
        )
    if "token" in fields and len(missing) == len(_FIELDS):
        return Credential(token=fields["token"], client_id="", client_secret=SecretStr(""), refresh_token=SecretStr(""))
    message = f"the credential lacks {', '.join(missing)}" + (" (or token)" if len(missing) == len(_FIELDS) else "")
    raise AccountError(message, platform=PLATFORM, reason=Reason.NO_CREDENTIAL, account=account)


class TokenKeeper:
    """Gives access tokens by credential name. Thread-safe; two threads never renew the same one at the same time."""

    def __init__(self, road: Road, token_uri: str, clock: Clock) -> None:
        self._road = road
        self._token_uri = token_uri
        self._clock = clock
        self._kept: dict[str, AccessToken] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def token(
        self, name: str, credential: Credential, *, account: str, instead_of: SecretStr | None = None
    ) -> AccessToken:
        """Return a token that should be good.

        Args:
            name: The credential's name.
            credential: What it holds.
            account: The account's key, for errors.
            instead_of: A token that was just refused: a kept one equal to it is not given again.

        Raises:
            AccountError: Google refuses to renew it: the account must be connected again.
            RetriableError: Google's token server did not answer.
        """
        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            kept = self._kept.get(name)
            if (
                kept is None
                or kept.origin != credential.refresh_token
                or kept.value == instead_of
                or kept.expires_at <= self._clock() + MARGIN
            ):
                kept = self._kept[name] = self._renew(credential, account)
            return kept

    def _renew(self, credential: Credential, account: str) -> AccessToken:
        answer = self._road.request(
            "POST",
            self._token_uri,
            platform=PLATFORM,
            account=account,
            data={
                "grant_type": "refresh_token",
                "client_id": credential.client_id,
                "client_secret": credential.client_secret.get_secret_value(),
                "refresh_token": credential.refresh_token.get_secret_value(),
            },
            idempotent=True,  # Google's refresh tokens are not used up
        )
        try:
            body: object = answer.json()
        except (ValueError, RecursionError):
            body = None
        if answer.status_code != 200:
            headers = {k.lower(): v for k, v in answer.headers.items()}
            raise token_error_from(answer.status_code, headers, body, account=account, project=credential.project)
        value = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(body, dict) or not isinstance(value, str) or not value:
            message = "Google's token server gave no token"
            raise RetriableError(message, platform=PLATFORM, reason=Reason.MALFORMED, account=account)
        seconds, scope = body.get("expires_in"), body.get("scope")
        # no length given: good for this pass at least, and a refused one is renewed anyway
        length = seconds if isinstance(seconds, int) and 0 < seconds <= 86_400 else 300
        return AccessToken(
            value=SecretStr(value),
            expires_at=self._clock() + timedelta(seconds=length),
            scopes=tuple(scope.split()) if isinstance(scope, str) else (),
            origin=credential.refresh_token,
        )
