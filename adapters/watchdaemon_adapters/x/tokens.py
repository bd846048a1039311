"""OAuth 2.0 access tokens of X: two hours long, renewed with a refresh token that is good for one use."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

from pydantic import SecretStr

from watchdaemon.errors import AccountError, Reason, RetriableError
from watchdaemon.http import Road
from watchdaemon.ports import Clock, CredentialSource
from watchdaemon_adapters._oauth import CODE_NOT_TAKEN
from watchdaemon_adapters._rotating import renewed
from watchdaemon_adapters.x.problems import PLATFORM, error_from
from watchdaemon_adapters.x.settings import XSettings

Fields = Mapping[str, SecretStr]

TOKEN_PATH = "/2/oauth2/token"  # noqa: S105 - an address
EXPIRES_AT = "token_expires_at"  # beside `token`: when it ends, ISO
_USUAL_LIFE = timedelta(hours=2)  # OAuth 2.0 Authorization Code Flow with PKCE, "Refresh tokens"
_BAD_CLIENT = frozenset({"invalid_client", "unauthorized_client"})


class TokenKeeper:
    """Gives usable fields for a credential; renews those that can be renewed. Thread-safe."""

    def __init__(self, road: Road, settings: XSettings, credentials: CredentialSource, clock: Clock) -> None:
        self._road = road
        self._settings = settings
        self._credentials = credentials
        self._clock = clock

    def usable(self, name: str, fields: Fields, *, account: str, instead_of: str | None = None) -> Fields:
        """Return fields whose token should be good. Keys of OAuth 1.0a and bare tokens come back as they are.

        Args:
            name: The credential's name.
            fields: What it holds.
            account: The account's key, for errors.
            instead_of: A token that X just refused.

        Raises:
            AccountError: X refuses to renew it (UNAUTHORISED), or a new token could not be kept (NO_CREDENTIAL).
            RetriableError: X did not answer.
        """
        if "refresh_token" not in fields or self._is_good(fields, instead_of):
            return fields
        return renewed(
            self._credentials,
            name,
            platform=PLATFORM,
            account=account,
            is_good=lambda now: self._is_good(now, instead_of),
            exchange=lambda old: self._exchange(old, account),
        )

    def _is_good(self, fields: Fields, instead_of: str | None) -> bool:
        """Tell whether the token can still be used: X wants it renewed only when it has really ended."""
        token = fields.get("token")
        if token is None or token.get_secret_value() == instead_of:
            return False
        ends_at = _moment(fields.get(EXPIRES_AT))
        return ends_at is None or self._clock() < ends_at

    def _exchange(self, old: Fields, account: str) -> Fields:
        """Use up the refresh token. Never repeated by the road: a second use ends the whole family of tokens."""
        client_id = old.get("client_id")
        if client_id is None:
            message = "the credential has a refresh_token and lacks client_id"
            raise AccountError(message, platform=PLATFORM, reason=Reason.NO_CREDENTIAL, account=account)
        form = {"grant_type": "refresh_token", "refresh_token": old["refresh_token"].get_secret_value()}
        return request_tokens(
            self._road,
            self._settings,
            form=form,
            client_id=client_id,
            client_secret=old.get("client_secret"),
            account=account,
            now=self._clock(),
        )


def request_tokens(
    road: Road,
    settings: XSettings,
    *,
    form: Mapping[str, str],
    client_id: SecretStr,
    client_secret: SecretStr | None,
    account: str,
    now: datetime,
) -> Fields:
    """Post to the token end-point, and return ``token``, its end, its scopes, and the next ``refresh_token``.

    A confidential client proves itself by HTTP Basic, a public one names itself in the form.

    Raises:
        AccountError: UNAUTHORISED: the token or code is refused. PERMISSION: the app is.
        RetriableError: No answer, or none that can be used.
    """
    answer = road.request(
        "POST",
        settings.base_url + TOKEN_PATH,
        platform=PLATFORM,
        account=account,
        data={**form, **({} if client_secret else {"client_id": client_id.get_secret_value()})},
        headers=_basic(client_id, client_secret) if client_secret else None,
        timeout=settings.timeout_seconds,
        idempotent=False,
    )
    try:
        body: object = json.loads(answer.content)
    except (ValueError, RecursionError):
        body = None
    if answer.status_code in (400, 401) and isinstance(body, dict):
        raise _refusal(body, account, is_code="code" in form)
    error = error_from(answer.status_code, answer.headers, body, account=account, now=now)
    if error is not None:
        raise error
    return _tokens(body if isinstance(body, dict) else {}, account, now)


def _refusal(body: Mapping[str, object], account: str, *, is_code: bool) -> AccountError:
    if body.get("error") in _BAD_CLIENT:
        message = "X does not accept the app (client_id, client_secret) of the credential"
        return AccountError(message, platform=PLATFORM, reason=Reason.PERMISSION, account=account)
    message = f"x refuses: {CODE_NOT_TAKEN}" if is_code else "X refuses to renew the token"
    return AccountError(message, platform=PLATFORM, reason=Reason.UNAUTHORISED, account=account)


def _tokens(body: Mapping[str, object], account: str, now: datetime) -> Fields:
    token, successor, scope = body.get("access_token"), body.get("refresh_token"), body.get("scope")
    if not isinstance(token, str) or not token:
        message = "X's token end-point gave no token"
        raise RetriableError(message, platform=PLATFORM, reason=Reason.MALFORMED, account=account)
    seconds = body.get("expires_in")
    is_length = isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds <= 86_400
    life = timedelta(seconds=seconds) if is_length and isinstance(seconds, int) else _USUAL_LIFE
    found = {"token": token, EXPIRES_AT: (now + life).isoformat()}
    found |= {"refresh_token": successor} if isinstance(successor, str) and successor else {}
    found |= {"scope": scope} if isinstance(scope, str) else {}
    return {name: SecretStr(value) for name, value in found.items()}


def _basic(client_id: SecretStr, client_secret: SecretStr) -> Mapping[str, str]:
    pair = f"{quote(client_id.get_secret_value(), safe='')}:{quote(client_secret.get_secret_value(), safe='')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _moment(value: SecretStr | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value.get_secret_value()) if value is not None else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
