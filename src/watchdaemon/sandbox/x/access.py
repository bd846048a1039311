"""Who may ask X, and how often: tokens of all three kinds, their renewal, and the books of the rate limits."""

import base64
import binascii
import hashlib
import hmac
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote, unquote

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.world import Token, TokenKind, World, WorldAccount
from watchdaemon.sandbox.x.posts import PLATFORM
from watchdaemon.sandbox.x.spec import PROBLEMS, Call, Refused

WINDOW = timedelta(minutes=15)
ACCESS_TOKEN_LIFE = timedelta(hours=2)
# A client signs the address it believes to speak to; one that only our loopback address stands in for signs X's own.
OWN_HOSTS = ("https://api.twitter.com/", "https://api.x.com/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is asking. `account` is None for an app-only bearer token."""

    account: WorldAccount | None
    token: Token

    @property
    def is_app(self) -> bool:
        """Whether no user stands behind it."""
        return self.token.kind is TokenKind.APP


def unauthorized() -> Refused:
    """Return X's plain 401: it does not say what is wrong with the token."""
    return Refused(401, {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"})


def forbidden(detail: str = "Forbidden") -> Refused:
    """Return X's plain 403."""
    return Refused(403, {"title": "Forbidden", "type": "about:blank", "status": 403, "detail": detail})


def _app_only_forbidden() -> Refused:
    detail = (
        "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.  "
        "Supported authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context]."
    )
    body = {
        "title": "Unsupported Authentication",
        "detail": detail,
        "type": PROBLEMS + "unsupported-authentication",
        "status": 403,
    }
    return Refused(403, body)


def authenticate(
    world: World, authorization: str, *, method: str, path: str, url: str, query: Iterable[tuple[str, str]]
) -> Caller:
    """Tell who is asking from the Authorization header.

    Args:
        world: Knows the tokens.
        authorization: The header, "" when there is none.
        method: The request's method.
        path: The path below the platform's prefix.
        url: The whole address without its query, as we were asked.
        query: The query's parameters, decoded.

    Raises:
        Refused: 401 when the token is unknown, revoked, expired, of the wrong scheme or wrongly signed.
    """
    scheme, _, rest = authorization.partition(" ")
    if scheme == "Bearer":
        caller = _caller(world, rest.strip())
        if caller.token.secret:  # an OAuth 1.0a token is no bearer token
            raise unauthorized()
        return caller
    if scheme != "OAuth":
        raise unauthorized()
    oauth = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', rest)}
    caller = _caller(world, oauth.get("oauth_token", ""))
    if caller.account is None or not caller.token.secret or not _is_complete(oauth):
        raise unauthorized()
    addresses = (url, *(host + path for host in OWN_HOSTS))
    parameters = [*query, *((name, oauth[name]) for name in oauth if name not in ("oauth_signature", "realm"))]
    bases = [_signature_base(method, address, parameters) for address in addresses]
    if not _is_signed(caller.account, caller.token, oauth, bases):
        raise unauthorized()
    return caller


def _caller(world: World, value: str) -> Caller:
    token = world.find_token(value)
    if token is None or token.kind not in (TokenKind.USER, TokenKind.APP) or token.refusal(world.now()) is not None:
        raise unauthorized()
    if token.kind is TokenKind.APP:
        return Caller(account=None, token=token)
    accounts = (world.account(key) for key in sorted(token.accounts))
    account = next((a for a in accounts if a.platform == PLATFORM), None)
    if account is None:
        raise unauthorized()
    return Caller(account=account, token=token)


def _is_complete(oauth: Mapping[str, str]) -> bool:
    needed = ("oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_timestamp")
    return all(oauth.get(name) for name in needed) and oauth.get("oauth_signature_method") == "HMAC-SHA1"


def _signature_base(method: str, address: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Return the text that is signed (RFC 5849, section 3.4.1)."""
    pairs = sorted((quote(name, "~"), quote(value, "~")) for name, value in parameters)
    normalized = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join(quote(part, "~") for part in (method.upper(), address, normalized))


def _is_signed(account: WorldAccount, token: Token, oauth: Mapping[str, str], bases: Iterable[str]) -> bool:
    """Tell whether the signature fits one of the texts.

    It can be checked only where the world knows the app's secret (`consumer_secret` in the account's `extra`).
    """
    secret = account.extra.get("consumer_secret")
    if secret is None:
        return True
    if oauth["oauth_consumer_key"] != account.extra.get("consumer_key"):
        return False
    key = f"{quote(secret, '~')}&{quote(token.secret, '~')}".encode()
    digests = (hmac.new(key, base.encode(), hashlib.sha1).digest() for base in bases)
    return any(hmac.compare_digest(base64.b64encode(d).decode(), oauth["oauth_signature"]) for d in digests)


def check_allowed(call: Call, caller: Caller) -> None:
    """See that this caller may make this call at all.

    Raises:
        Refused: 403 for an app-only token where a user is needed, and for an OAuth 2 token without the scopes.
    """
    if caller.is_app and not call.app_only:
        raise _app_only_forbidden()
    is_oauth2_user = not caller.is_app and not caller.token.secret
    if is_oauth2_user and caller.token.scopes and not call.scopes <= caller.token.scopes:
        raise forbidden()


class RateBooks:
    """How often each caller has made each call in its present window. Safe between threads."""

    def __init__(self, *, is_enforced: bool = True) -> None:
        """Make empty books. Books that are not enforced count and tell, but never refuse."""
        self._is_enforced = is_enforced
        self._books: dict[tuple[str, str], tuple[datetime, int]] = {}
        self._lock = threading.Lock()

    def enter(self, call: Call, caller: Caller, now: datetime) -> dict[str, str]:
        """Count one call and return the headers that tell what is left.

        Raises:
            Refused: 429, with the headers, when nothing was left.
        """
        limit = (call.per_app if caller.is_app else call.per_user) or call.per_app or call.per_user or 1
        owner = caller.account.key if caller.account is not None else caller.token.value
        with self._lock:
            start, used = self._books.get((call.name, owner), (now, 0))
            if now >= start + WINDOW:
                start, used = now, 0
            if used >= limit and self._is_enforced:
                raise too_many(limit, start + WINDOW)
            self._books[(call.name, owner)] = (start, used + 1)
        return _headers(limit, max(0, limit - used - 1), start + WINDOW)


def _headers(limit: int, remaining: int, reset: datetime) -> dict[str, str]:
    return {
        "x-rate-limit-limit": str(limit),
        "x-rate-limit-remaining": str(remaining),
        "x-rate-limit-reset": str(int(reset.timestamp())),
    }


def too_many(limit: int, reset: datetime) -> Refused:
    """Return the 429, with when it is over in its headers."""
    body = {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429}
    return Refused(429, body, _headers(limit, 0, reset))


def credits_depleted() -> Refused:
    """Return the 402 of an account whose credits are spent."""
    body = {
        "title": "CreditsDepleted",
        "detail": "Your enrolled account does not have any credits to fulfill this request.",
        "type": PROBLEMS + "credits",
    }
    return Refused(402, body)


def refresh(
    world: World, form: Mapping[str, str], authorization: str, *, is_refused: bool = False
) -> dict[str, object]:
    """Give a new access token and a new refresh token for a refresh token, which is dead from then on.

    A refresh token that is used a second time has leaked, or its successor was lost: X then ends the whole family.

    Args:
        world: Knows the tokens.
        form: What was posted.
        authorization: The header, where a confidential client names itself.
        is_refused: A fault says that the consent is gone.

    Raises:
        Refused: 400 in the token end-point's own form.
    """
    client_id = form.get("client_id") or _basic_user(authorization)
    if form.get("grant_type") != "refresh_token" or not client_id:
        raise _refresh_refused("invalid_request", "Missing required parameter [grant_type, client_id].")
    token = world.find_token(form.get("refresh_token", ""))
    account = refreshed_account(world, form)
    if token is None or account is None or is_refused or account.extra.get("client_id", client_id) != client_id:
        raise _refresh_refused("invalid_request", "Value passed for the token was invalid.")
    now = world.now()
    if token.refusal(now) is not None:
        world.put_account(replace(account, tokens=tuple(_revoked(t, now) for t in account.tokens)))
        raise _refresh_refused("invalid_request", "Value passed for the token was invalid.")
    access = replace(
        token,
        kind=TokenKind.USER,
        value="access-" + ids.letters(f"access:{token.value}", 40),
        issued_at=now,
        expires_at=now + ACCESS_TOKEN_LIFE,
    )
    successor = replace(token, value="refresh-" + ids.letters(f"refresh:{token.value}", 40), issued_at=now)
    rest = tuple(_revoked(t, now) if t.value == token.value else t for t in account.tokens)
    world.put_account(replace(account, tokens=(*rest, access, successor)))
    return {
        "token_type": "bearer",
        "expires_in": int(ACCESS_TOKEN_LIFE.total_seconds()),
        "access_token": access.value,
        "scope": " ".join(sorted(token.scopes)),
        "refresh_token": successor.value,
    }


def refreshed_account(world: World, form: Mapping[str, str]) -> WorldAccount | None:
    """Return the account whose refresh token was posted."""
    token = world.find_token(form.get("refresh_token", ""))
    if token is None or token.kind is not TokenKind.REFRESH:
        return None
    return next((a for a in world.accounts(PLATFORM) if token in a.tokens), None)


def _revoked(token: Token, now: datetime) -> Token:
    """End an OAuth 2 token; one of OAuth 1.0a (it has a secret) is of another family."""
    return token if token.secret or token.revoked_at is not None else replace(token, revoked_at=now)


def _basic_user(authorization: str) -> str:
    scheme, _, rest = authorization.partition(" ")
    if scheme != "Basic":
        return ""
    try:
        return base64.b64decode(rest, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _refresh_refused(error: str, description: str) -> Refused:
    return Refused(400, {"error": error, "error_description": description})
