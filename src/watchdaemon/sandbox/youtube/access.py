"""Who may ask YouTube, and how much: access tokens and API keys, their renewal, and the project's daily quota."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.world import Token, TokenKind, World, WorldAccount
from watchdaemon.sandbox.youtube.spec import Method, Refused, refused

PLATFORM = "youtube"
DAILY_QUOTA = 10_000
ACCESS_TOKEN_LIFE = timedelta(hours=1)
_PACIFIC = ZoneInfo("America/Los_Angeles")  # where Google's day begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is asking: a channel's owner, or (account None) nobody in particular with an API key."""

    account: WorldAccount | None
    token: Token

    @property
    def project(self) -> str:
        """The Google Cloud project whose quota is used: `project` in the account's `extra`, one for all without it."""
        return self.account.extra.get("project", "") if self.account is not None else ""

    def owns(self, account_key: str) -> bool:
        """Tell whether the caller is that account."""
        return self.account is not None and self.account.key == account_key


def unauthenticated() -> Refused:
    """Return the 401 of an access token that is unknown, expired or revoked."""
    message = (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
        "authentication credential."
    )
    return refused(
        401,
        "authError",
        message,
        domain="global",
        location="Authorization",
        location_type="header",
        canonical="UNAUTHENTICATED",
    )


def login_required() -> Refused:
    """Return the 401 of an API key where a channel's owner is needed."""
    message = (
        "The request uses a feature that is only available to the channel's owner, but is not properly authorized."
    )
    return refused(401, "authorizationRequired", message, domain="youtube.common", location="Authorization",
                   location_type="header")  # fmt: skip


def insufficient_scope() -> Refused:
    """Return the 403 of a token that was given for something else."""
    message = "Request had insufficient authentication scopes."
    return refused(403, "insufficientPermissions", message, domain="global", canonical="PERMISSION_DENIED")


def quota_exceeded() -> Refused:
    """Return the 403 of a project that has used up its day."""
    link = '<a href="/youtube/v3/getting-started#quota">quota</a>'
    message = f"The request cannot be completed because you have exceeded your {link}."
    return refused(403, "quotaExceeded", message, domain="youtube.quota")


def rate_limited() -> Refused:
    """Return the 403 of somebody who asks too fast."""
    message = "The request cannot be completed because the user has sent too many requests in a short time."
    return refused(403, "rateLimitExceeded", message, domain="usageLimits")


def authenticate(world: World, authorization: str, parameters: Mapping[str, str]) -> Caller:
    """Tell who is asking, from the Authorization header or the standard parameters.

    Raises:
        Refused: 401 for a bad access token, 400 for a bad API key, 403 for neither of them.
    """
    scheme, _, bearer = authorization.partition(" ")
    value = bearer.strip() if scheme == "Bearer" else ""
    value = value or parameters.get("access_token") or parameters.get("oauth_token") or ""
    if value:
        token = _good(world, value, TokenKind.USER)
        accounts = (world.account(key) for key in sorted(token.accounts if token is not None else ()))
        account = next((a for a in accounts if a.platform == PLATFORM), None)
        if token is None or account is None:
            raise unauthenticated()
        return Caller(account=account, token=token)
    if key := parameters.get("key"):
        token = _good(world, key, TokenKind.APP)
        if token is None:
            message = "API key not valid. Please pass a valid API key."
            raise refused(400, "badRequest", message, domain="global", canonical="INVALID_ARGUMENT")
        return Caller(account=None, token=token)
    message = (
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API."
    )
    raise refused(403, "forbidden", message, domain="global", canonical="PERMISSION_DENIED")


def _good(world: World, value: str, kind: TokenKind) -> Token | None:
    token = world.find_token(value)
    return token if token is not None and token.kind is kind and token.refusal(world.now()) is None else None


def check_allowed(method: Method, caller: Caller) -> None:
    """See that this caller may use this method at all.

    Raises:
        Refused: 401 for an API key where an owner is needed, 403 for a token without the scope.
    """
    if caller.account is None:
        if not method.takes_key:
            raise login_required()
    elif caller.token.scopes and not method.scopes & caller.token.scopes:
        raise insufficient_scope()


class QuotaBook:
    """What each project has used today. The day begins at midnight in California. Safe between threads."""

    def __init__(self, units: int | None = DAILY_QUOTA) -> None:
        """Make an empty book; None units are without end."""
        self._units = units
        self._used: Counter[tuple[str, date]] = Counter()
        self._lock = threading.Lock()

    def charge(self, project: str, cost: int, now: datetime) -> None:
        """Write down what a request costs, whether it then succeeds or not.

        Raises:
            Refused: 403 quotaExceeded when that is more than is left; nothing is charged then.
        """
        page = (project, now.astimezone(_PACIFIC).date())
        with self._lock:
            if self._units is not None and self._used[page] + cost > self._units:
                raise quota_exceeded()
            self._used[page] += cost

    def used(self, project: str, now: datetime) -> int:
        """Return the units used today."""
        with self._lock:
            return self._used[(project, now.astimezone(_PACIFIC).date())]


def refresh(world: World, form: Mapping[str, str], *, is_refused: bool = False) -> dict[str, object]:
    """Give a new access token for a refresh token, which stays as it is.

    Args:
        world: Knows the tokens.
        form: What was posted.
        is_refused: A fault says that the consent is gone.

    Raises:
        Refused: In the token end-point's own form, where `error` is a text.
    """
    if form.get("grant_type") != "refresh_token" or not form.get("refresh_token"):
        raise Refused(
            400, {"error": "invalid_request", "error_description": "Missing required parameter: refresh_token"}
        )
    token = world.find_token(form["refresh_token"])
    account = refreshed_account(world, form)
    if account is not None and form.get("client_id") != account.extra.get("client_id", form.get("client_id")):
        raise Refused(401, {"error": "invalid_client", "error_description": "The OAuth client was not found."})
    if token is not None and token.secret and form.get("client_secret") != token.secret:
        raise Refused(401, {"error": "invalid_client", "error_description": "Unauthorized"})
    now = world.now()
    if token is None or account is None or is_refused or token.refusal(now) is not None:
        raise Refused(400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."})
    access = Token(
        value="ya29." + ids.letters(f"{token.value}:{now.isoformat()}", 40),
        kind=TokenKind.USER,
        accounts=token.accounts,
        scopes=token.scopes,
        issued_at=now,
        expires_at=now + ACCESS_TOKEN_LIFE,
    )
    kept = [t for t in account.tokens if t.value != access.value and not _is_spent(t, now)]
    world.put_account(replace(account, tokens=(*kept, access)))
    return {
        "access_token": access.value,
        "expires_in": int(ACCESS_TOKEN_LIFE.total_seconds()) - 1,
        "scope": " ".join(sorted(token.scopes)),
        "token_type": "Bearer",
    }


def refreshed_account(world: World, form: Mapping[str, str]) -> WorldAccount | None:
    """Return the account whose refresh token was posted."""
    token = world.find_token(form.get("refresh_token", ""))
    if token is None or token.kind is not TokenKind.REFRESH:
        return None
    return next((a for a in world.accounts(PLATFORM) if token in a.tokens), None)


def _is_spent(token: Token, now: datetime) -> bool:
    """Tell whether an access token of ours is over: an account would gather one an hour for ever."""
    return token.kind is TokenKind.USER and token.issued_at is not None and token.refusal(now) is not None
