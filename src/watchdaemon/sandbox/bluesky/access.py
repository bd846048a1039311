"""Who may ask, and how often: app passwords, the sessions made from them, and the books of the rate limits."""

import base64
import binascii
import hashlib
import hmac
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchdaemon.sandbox.bluesky.spec import Method, Refused
from watchdaemon.sandbox.world import Token, TokenKind, World, WorldAccount

PLATFORM = "bluesky"
ACCESS_LIFE = timedelta(hours=2)
REFRESH_LIFE = timedelta(days=90)
REFRESH_GRACE = timedelta(hours=2)  # for so long a refresh token that was used gives the same pair again
WINDOW = timedelta(minutes=5)

_KEY = b"the sandbox's own signing key"
_REFRESH_SCOPE = "com.atproto.refresh"


def invalid_token(message: str = "Token could not be verified") -> Refused:
    """Return the refusal of a token that is none, or of the wrong kind."""
    return Refused(400, "InvalidToken", message)


def expired_token() -> Refused:
    """Return the refusal of a token whose time is up: 400, not 401."""
    return Refused(400, "ExpiredToken", "Token has expired")


def authentication_required(message: str = "Invalid identifier or password") -> Refused:
    """Return the refusal of a wrong password."""
    return Refused(401, "AuthenticationRequired", message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose session it is."""

    account: WorldAccount
    scope: str


class Sessions:
    """Makes and renews sessions. Tokens say of themselves what they are; only used refresh tokens are remembered."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._used: dict[str, tuple[datetime, int]] = {}  # refresh token -> when it was first used, its pair's number
        self._made = 0
        self._lock = threading.Lock()

    def create(self, body: Mapping[str, object]) -> dict[str, object]:
        """com.atproto.server.createSession.

        Raises:
            Refused: 401 for an unknown account, or a password that is wrong or was revoked.
        """
        account = find_actor(self._world, str(body.get("identifier", "")))
        password = self._world.find_token(str(body.get("password", "")))
        if account is None or not _opens(password, account) or password is None:
            raise authentication_required()
        if password.refusal(self._world.now()) is not None:
            raise authentication_required()
        return self._pair(account, password, self._next_number())

    def refresh(self, authorization: str) -> dict[str, object]:
        """com.atproto.server.refreshSession.

        Raises:
            Refused: 400 when the token is none, is spent or has ended, or when its app password was revoked.
        """
        token = bearer(authorization)
        claims = _read(token)
        if claims.get("scope") != _REFRESH_SCOPE:
            raise invalid_token()
        now = self._world.now()
        account = self._world.find_account(PLATFORM, str(claims.get("sub")))
        password = self._world.find_token(_password_of(account, claims))
        if account is None or password is None or password.refusal(now) is not None or _has_ended(claims, now):
            raise expired_token()
        number = self._next_number()
        with self._lock:
            used_at, number = self._used.setdefault(token, (now, number))
        if now >= used_at + REFRESH_GRACE:
            raise expired_token()
        return self._pair(account, password, number)

    def caller(self, authorization: str) -> Caller:
        """Tell whose access token was sent.

        Raises:
            Refused: 401 without one, 400 when it is none or has ended.
        """
        claims = _read(bearer(authorization))
        if claims.get("scope") == _REFRESH_SCOPE:
            raise invalid_token("Invalid token type")
        account = self._world.find_account(PLATFORM, str(claims.get("sub")))
        if account is None:
            raise invalid_token()
        if _has_ended(claims, self._world.now()):
            raise expired_token()
        return Caller(account=account, scope=str(claims.get("scope")))

    def _next_number(self) -> int:
        with self._lock:
            self._made += 1
            return self._made

    def _pair(self, account: WorldAccount, password: Token, number: int) -> dict[str, object]:
        now, named = self._world.now(), _fingerprint(password.value)
        access = {"scope": scope_of(password), "sub": account.native_id, "jti": f"a{number}"}
        refresh = {"scope": _REFRESH_SCOPE, "sub": account.native_id, "jti": f"r{number}", "password": named}
        return {
            "accessJwt": _sign(access, now + ACCESS_LIFE),
            "refreshJwt": _sign(refresh, now + REFRESH_LIFE),
            **session_of(account),
        }


def session_of(account: WorldAccount) -> dict[str, object]:
    """Show what a session says of its account."""
    return {"did": account.native_id, "handle": account.username, "emailConfirmed": True, "active": True}


def scope_of(password: Token) -> str:
    """Return what a session made from this password says it may do."""
    if "main" in password.scopes:
        return "com.atproto.access"
    return "com.atproto.appPassPrivileged" if "privileged" in password.scopes else "com.atproto.appPass"


def find_actor(world: World, named: str) -> WorldAccount | None:
    """Return an account by DID or handle."""
    accounts = world.accounts(PLATFORM)
    return next((a for a in accounts if named.lower() in (a.native_id.lower(), a.username.lower())), None)


def bearer(authorization: str) -> str:
    """Return the token of an Authorization header. Raises Refused when there is none."""
    scheme, _, token = authorization.partition(" ")
    if scheme != "Bearer" or not token:
        raise Refused(401, "AuthMissing", "Authentication Required")
    return token.strip()


def _opens(password: Token | None, account: WorldAccount) -> bool:
    return password is not None and password.kind is TokenKind.APP_PASSWORD and account.key in password.accounts


def _password_of(account: WorldAccount | None, claims: Mapping[str, object]) -> str:
    tokens = account.tokens if account is not None else ()
    return next((t.value for t in tokens if _fingerprint(t.value) == claims.get("password")), "")


def _fingerprint(password: str) -> str:
    return hmac.new(_KEY, password.encode(), hashlib.sha256).hexdigest()[:16]


def _has_ended(claims: Mapping[str, object], now: datetime) -> bool:
    end = claims.get("exp")
    return not isinstance(end, int) or datetime.fromtimestamp(end, UTC) <= now


def _sign(claims: Mapping[str, object], end: datetime) -> str:
    head, body = (_encoded(part) for part in ({"typ": "JWT", "alg": "HS256"}, {**claims, "exp": int(end.timestamp())}))
    return f"{head}.{body}.{_signature(f'{head}.{body}')}"


def _read(token: str) -> dict[str, object]:
    """Return a token's claims. Raises Refused when it is not one of ours."""
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(_signature(signed).encode(), signature.encode()):
        raise invalid_token()
    try:
        body = signed.partition(".")[2]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (binascii.Error, ValueError):
        raise invalid_token() from None
    return claims if isinstance(claims, dict) else {}


def _encoded(part: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def _signature(text: str) -> str:
    return base64.urlsafe_b64encode(hmac.new(_KEY, text.encode(), hashlib.sha256).digest()).decode().rstrip("=")


class RateBooks:
    """How often a method was called in its present window: sessions by account, everything else together."""

    def __init__(self, *, is_enforced: bool = True) -> None:
        """Make empty books. Books that are not enforced count and tell, but never refuse."""
        self._is_enforced = is_enforced
        self._books: dict[str, tuple[datetime, int]] = {}
        self._lock = threading.Lock()

    def enter(self, method: Method, who: str, now: datetime) -> dict[str, str]:
        """Count one call and return the headers that tell what is left.

        Raises:
            Refused: 429, with the headers, when nothing was left.
        """
        book = f"{method.name}:{who}" if method.limit != 3_000 else "everything"
        with self._lock:
            start, used = self._books.get(book, (now, 0))
            if now >= start + WINDOW:
                start, used = now, 0
            if used >= method.limit and self._is_enforced:
                raise too_many(method, start + WINDOW)
            self._books[book] = (start, used + 1)
        return _headers(method.limit, max(0, method.limit - used - 1), start + WINDOW)


def too_many(method: Method, reset: datetime) -> Refused:
    """Return the 429. It has no ``retry-after``: when it is over stands in ``ratelimit-reset``."""
    return Refused(429, "RateLimitExceeded", "Rate Limit Exceeded", _headers(method.limit, 0, reset))


def _headers(limit: int, remaining: int, reset: datetime) -> dict[str, str]:
    return {
        "ratelimit-limit": str(limit),
        "ratelimit-remaining": str(remaining),
        "ratelimit-reset": str(int(reset.timestamp())),
        "ratelimit-policy": f"{limit};w={int(WINDOW.total_seconds())}",
    }
