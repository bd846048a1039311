"""Who may ask the instance, and how often."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchdaemon.sandbox.mastodon.spec import Call, Refused
from watchdaemon.sandbox.world import Token, TokenKind, World, WorldAccount

PLATFORM = "mastodon"
WINDOW = timedelta(minutes=5)
LIMIT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is asking."""

    account: WorldAccount
    token: Token


def invalid_token() -> Refused:
    """Return the 401 of an unknown or revoked token."""
    return Refused(401, "The access token is invalid")


def outside_scopes() -> Refused:
    """Return the 403 of a token without the scope."""
    return Refused(403, "This action is outside the authorized scopes")


def authenticate(world: World, authorization: str) -> Caller:
    """Tell who is asking from the Authorization header.

    Raises:
        Refused: 401 for no token, and for one that is unknown, revoked or of no account here.
    """
    scheme, _, value = authorization.partition(" ")
    token = world.find_token(value.strip()) if scheme == "Bearer" else None
    if token is None:
        raise invalid_token()
    refusal = token.refusal(world.now())
    if refusal is not None:
        raise Refused(401, f"The access token was {refusal}" if refusal == "revoked" else "The access token expired")
    accounts = [world.account(key) for key in sorted(token.accounts)]
    account = next((a for a in accounts if a.platform == PLATFORM), None)
    if account is None or token.kind is not TokenKind.USER:
        raise invalid_token()
    return Caller(account=account, token=token)


def check_scopes(call: Call, caller: Caller) -> None:
    """See that the token has a scope of the call; ``read`` holds all that begin with it. Raises Refused (403)."""
    had = caller.token.scopes
    if not call.scopes or not had:
        return
    if not any(scope in had or scope.partition(":")[0] in had for scope in call.scopes):
        raise outside_scopes()


class RateBooks:
    """How often each account has asked in its present window. Safe between threads."""

    def __init__(self, *, is_enforced: bool = True) -> None:
        """Make empty books. Books that are not enforced count and tell, but never refuse."""
        self._is_enforced = is_enforced
        self._books: dict[str, tuple[datetime, int]] = {}
        self._lock = threading.Lock()

    def enter(self, caller: Caller, now: datetime) -> Mapping[str, str]:
        """Count one call and return the headers that tell what is left.

        Raises:
            Refused: 429, with the headers, when nothing was left.
        """
        begin = datetime.fromtimestamp(now.timestamp() // WINDOW.total_seconds() * WINDOW.total_seconds(), UTC)
        with self._lock:
            known, used = self._books.get(caller.account.key, (begin, 0))
            used = used if known == begin else 0
            if used >= LIMIT and self._is_enforced:
                raise too_many(begin + WINDOW)
            self._books[caller.account.key] = (begin, used + 1)
        return rate_headers(max(0, LIMIT - used - 1), begin + WINDOW)


def rate_headers(remaining: int, reset: datetime) -> dict[str, str]:
    """Write the headers; the reset is a time stamp, not a number of seconds."""
    return {
        "X-RateLimit-Limit": str(LIMIT),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": reset.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }


def too_many(reset: datetime) -> Refused:
    """Return the 429, with when it is over in its headers."""
    return Refused(429, "Too many requests", rate_headers(0, reset))
