"""What an instance's refusals mean: status, headers and body to our error tree. Pure; no answer's text is passed on.

Source: docs.joinmastodon.org, entities/Error and the method pages, api/rate-limits (read 2026-07-02, for 4.6/4.7).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from watchdaemon.domain.fetch import Trouble
from watchdaemon.errors import AccountError, AdapterError, RateLimitedError, Reason, RetriableError

PLATFORM = "mastodon"

# The documented window is five minutes; instances may change it. A reset further ahead is a broken header.
USUAL_LIMIT = timedelta(minutes=5)
LONGEST_LIMIT = timedelta(days=1)

# Some versions say 422, others 401, to a call that brings no good token.
_WANTS_LOGIN = "requires an authenticated user"


def error_from(
    status: int, headers: Mapping[str, str], body: object, *, account: str, host: str, now: datetime
) -> AdapterError | None:
    """Return the error an answer stands for, or None when it is one to go on with.

    Args:
        status: The HTTP status.
        headers: The answer's headers, in any case.
        body: The parsed JSON; None when it was none.
        account: The account's key.
        host: The instance's, so that its outage is one cause for all accounts there.
        now: Aware UTC, to count the wait from.
    """
    if 200 <= status < 300:
        # A proxy's or portal's page with 200 has not looked: counting it as "nothing new" would be the worst mistake.
        message = f"the instance answered {status} with something that is not its JSON"
        return None if isinstance(body, (dict, list)) else _outage(message, account, host)
    headers = {name.lower(): value for name, value in headers.items()}
    if status == 429:
        wait = _until_reset(headers, now)
        message = "the instance's rate limit is reached"
        return RateLimitedError(message, platform=PLATFORM, account=account, retry_after=wait)
    if status == 401 or _WANTS_LOGIN in _said(body):
        message = "the instance does not accept the token (revoked, or of another instance)"
        return AccountError(message, platform=PLATFORM, reason=Reason.UNAUTHORISED, account=account)
    if status not in (301, 308) and (status >= 500 or status < 400 or not isinstance(body, dict)):
        return _outage(f"the instance answered {status}", account, host, _seconds(headers.get("retry-after")))
    return _refusal(status, body, account)


def _refusal(status: int, body: object, account: str) -> AdapterError:
    if status == 403:
        lacks_scope = "scope" in _said(body)
        message = "the token lacks a scope for this call" if lacks_scope else "the instance forbids this to the account"
        return AccountError(message, platform=PLATFORM, reason=Reason.PERMISSION, account=account)
    if status in (301, 308, 404, 410):
        message = "the instance knows no such account, status or call"
        if status < 400:
            message = "the instance sends callers elsewhere: it may have moved"
        return AccountError(message, platform=PLATFORM, reason=Reason.GONE, account=account)
    message = f"the instance refused the request as invalid ({status})"
    return AdapterError(message, platform=PLATFORM, reason=Reason.INTERNAL, account=account)


def trouble_of(error: AdapterError, stream: str | None) -> Trouble:
    """Write an error down as a trouble of one stream (None: of the account)."""
    return Trouble(
        reason=error.reason,
        detail=str(error),
        stream=stream,
        retry_after=error.retry_after if isinstance(error, RetriableError) else None,
        needs_person=isinstance(error, AccountError),
        cause_key=error.cause_key,
    )


def outage_cause(host: str) -> str:
    """Name the outage of one instance: the others are up."""
    return f"{PLATFORM}:outage:{host}"


def _said(body: object) -> str:
    said = body.get("error") if isinstance(body, dict) else None
    return said.lower() if isinstance(said, str) else ""


def _outage(message: str, account: str, host: str, wait: timedelta | None = None) -> RetriableError:
    return RetriableError(message, platform=PLATFORM, account=account, cause_key=outage_cause(host), retry_after=wait)


def _until_reset(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Read when the limit ends. Mastodon writes a time stamp; some servers of its API write Unix seconds."""
    reset = headers.get("x-ratelimit-reset", "").strip()
    at = _instant(reset)
    if at is not None:
        return min(max(at - now, timedelta(seconds=1)), LONGEST_LIMIT)
    return min(_seconds(headers.get("retry-after")) or USUAL_LIMIT, LONGEST_LIMIT)


def _instant(text: str) -> datetime | None:
    seconds = _seconds(text)
    try:
        if seconds is not None:
            return datetime.fromtimestamp(seconds.total_seconds(), UTC)
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError, OSError):
        return None


def _seconds(value: str | None) -> timedelta | None:
    value = (value or "").strip()
    return timedelta(seconds=int(value)) if value.isascii() and value.isdigit() and len(value) <= 11 else None
