"""What Bluesky's refusals mean: status, headers and body to our error tree. Pure; no text of an answer gets out.

Every refusal is ``{"error": name, "message": text}``, and it is the name that tells: an expired token comes with status
400, a wrong password with 401 (lexicons of bluesky-social/atproto, commit d6296a1c, and answers of a real PDS, read
2026-11).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from watchdaemon.domain.fetch import Trouble
from watchdaemon.errors import AccountError, AdapterError, RateLimitedError, Reason, RetriableError

PLATFORM = "bluesky"
OUTAGE_CAUSE = "bluesky:outage"
RATE_CAUSE = "bluesky:rate_limit"

# all documented windows but that of a day are five minutes long
USUAL_LIMIT = timedelta(minutes=5)
LONGEST_LIMIT = timedelta(days=1)

TOKEN_REFUSED = frozenset({"ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired"})
_AWAY = frozenset(
    {"AccountTakedown", "AccountSuspended", "AccountDeactivated", "RepoTakendown", "RepoSuspended", "RepoDeactivated"}
)
_NOT_THERE = frozenset({"NotFound", "RecordNotFound", "RepoNotFound"})


class NotThereError(AdapterError):
    """What was asked for by its address is not there (any more): an answer, not a trouble, to those who expect it."""


def error_from(
    status: int, headers: Mapping[str, str], body: object, *, account: str, call: str, now: datetime
) -> AdapterError | None:
    """Return the error an answer stands for, or None when it is one to go on with.

    Args:
        status: The HTTP status.
        headers: The answer's headers, in any case.
        body: The parsed JSON; None when it was none.
        account: The account's key.
        call: The method's name (its NSID).
        now: Aware UTC, to count the wait from.
    """
    if 200 <= status < 300:
        return None if isinstance(body, dict) else _outage(f"{status} and something that is not its JSON", account)
    name = error_name(body)
    if status == 429 or name == "RateLimitExceeded":
        return _rate_limited(headers, account=account, call=call, now=now)
    if name == "MethodNotImplemented":
        message = f"the server does not know {call}"
        return AdapterError(message, platform=PLATFORM, reason=Reason.UNSUPPORTED, account=account)
    if status >= 500 or 300 <= status < 400 or not name:
        return _outage(str(status), account)
    return _refusal(name, body, account=account, call=call)


def error_name(body: object) -> str:
    """Return the name a refusal gives itself, "" when it has none."""
    name = body.get("error") if isinstance(body, dict) else None
    return name if isinstance(name, str) else ""


def is_token_refused(status: int, body: object) -> bool:
    """Tell whether another access token might help. A token without the right has a good signature: none would."""
    return status in (400, 401) and error_name(body) in TOKEN_REFUSED and not _lacks_scope(body)


# who must act, and what to tell them, by the name that a refusal gives itself
_SESSION = (Reason.UNAUTHORISED, "Bluesky does not accept the app password or the session made from it")
_GONE = (Reason.GONE, "the account is deactivated, suspended or taken down")
_ACCOUNT_REFUSALS: Mapping[str, tuple[Reason, str]] = {
    "AuthFactorTokenRequired": (
        Reason.UNAUTHORISED,
        "the account's own password wants a code by mail: use an app password",
    ),
    **dict.fromkeys(TOKEN_REFUSED, _SESSION),
    **dict.fromkeys(_AWAY, _GONE),
}


def _refusal(name: str, body: object, *, account: str, call: str) -> AdapterError:
    if name in _NOT_THERE:
        return NotThereError("it is not there", platform=PLATFORM, reason=Reason.GONE, account=account)
    found = _ACCOUNT_REFUSALS.get(name)
    if _lacks_scope(body):
        found = (Reason.PERMISSION, f"the app password may not call {call}")
    elif name == "InvalidRequest" and "not found" in _message(body).lower():
        found = (Reason.GONE, "Bluesky knows no such account")
    if found is not None:
        reason, message = found
        return AccountError(message, platform=PLATFORM, reason=reason, account=account)
    message = f"Bluesky refused {call}"
    return AdapterError(message, platform=PLATFORM, reason=Reason.INTERNAL, account=account)


def trouble_of(error: AdapterError, stream: str | None) -> Trouble:
    """Write an error down as a trouble of one stream (None: of the account)."""
    cause = error.cause_key
    if cause is None and error.reason is Reason.OUTAGE:
        cause = OUTAGE_CAUSE
    return Trouble(
        reason=error.reason,
        detail=str(error),
        stream=stream,
        retry_after=error.retry_after if isinstance(error, RetriableError) else None,
        needs_person=isinstance(error, AccountError),
        cause_key=cause,
    )


def strikes_the_account(error: AdapterError) -> bool:
    """A dead session, an account that is away, and a limit end a fetch: every further call would say the same.

    Reading has one limit for all calls together.
    """
    is_away = isinstance(error, AccountError) and error.reason in (Reason.UNAUTHORISED, Reason.GONE)
    return is_away or isinstance(error, RateLimitedError)


def _message(body: object) -> str:
    text = body.get("message") if isinstance(body, dict) else None
    return text if isinstance(text, str) else ""


def _lacks_scope(body: object) -> bool:
    # the same name as a broken token's; only the text tells them apart
    return error_name(body) == "InvalidToken" and "scope" in _message(body).lower()


def _outage(what: str, account: str) -> RetriableError:
    # a portal's page with 200 is no answer of Bluesky's: counting it as "nothing new" would be the worst mistake
    return RetriableError(f"Bluesky answered {what}", platform=PLATFORM, account=account, cause_key=OUTAGE_CAUSE)


def _rate_limited(headers: Mapping[str, str], *, account: str, call: str, now: datetime) -> RateLimitedError:
    headers = {name.lower(): value.strip() for name, value in headers.items()}
    # new sessions are counted for each account, everything else for our address as a whole
    is_own = call == "com.atproto.server.createSession"
    return RateLimitedError(
        "Bluesky's limit of new sessions is reached" if is_own else "Bluesky's rate limit is reached",
        platform=PLATFORM,
        account=account,
        cause_key=None if is_own else RATE_CAUSE,
        retry_after=_until_reset(headers, now),
    )


def _until_reset(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Return the wait until ``ratelimit-reset`` (Unix seconds), else ``retry-after``, else the usual window."""
    reset = _whole_number(headers.get("ratelimit-reset"))
    if reset is not None:
        return min(max(timedelta(seconds=reset - now.timestamp()), timedelta(seconds=1)), LONGEST_LIMIT)
    asked = _whole_number(headers.get("retry-after"))
    return min(timedelta(seconds=asked), LONGEST_LIMIT) if asked is not None else USUAL_LIMIT


def _whole_number(value: str | None) -> int | None:
    value = value or ""
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 11 else None
