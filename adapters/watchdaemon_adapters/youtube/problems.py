"""What YouTube's refusals mean: status and body to our error tree. Pure; no text of an answer gets into a message.

Google names a refusal by ``reason``, in one of two places: the older ``errors`` list or the newer ``details``.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from watchdaemon.domain.fetch import Trouble
from watchdaemon.errors import AccountError, AdapterError, RateLimitedError, Reason, RetriableError

PLATFORM = "youtube"
OUTAGE_CAUSE = "youtube:outage"

# no header says how long: the limits below the daily one are counted by the minute
USUAL_LIMIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(days=1)

# the daily budget is counted from midnight there
QUOTA_ZONE = ZoneInfo("America/Los_Angeles")

_SPENT = frozenset({"quotaexceeded", "dailylimitexceeded"})
_TOO_FAST = frozenset({"ratelimitexceeded", "userratelimitexceeded", "rate_limit_exceeded"})
_NOT_ENABLED = frozenset({"accessnotconfigured", "service_disabled"})
_CLOSED = frozenset({"authenticateduseraccountclosed", "authenticateduseraccountsuspended", "channelclosed"})
_BAD_KEY = frozenset({"keyinvalid", "autherror", "api_key_invalid"})


class CommentsDisabledError(AdapterError):
    """Comments are switched off: a fact, not a trouble."""


class PageTokenError(RetriableError):
    """A page token is not good any more: the list has changed, and is read again from its beginning."""


# reasons, the error they make, and its words; the first that fits
_ONE_CALL: tuple[tuple[frozenset[str], type[AdapterError], Reason, str], ...] = (
    (frozenset({"commentsdisabled"}), CommentsDisabledError, Reason.UNSUPPORTED, "comments are switched off"),
    (frozenset({"invalidpagetoken"}), PageTokenError, Reason.INCOMPLETE, "YouTube refused its own page token"),
    (frozenset({"processingfailure"}), RetriableError, Reason.INTERNAL, "YouTube could not process the request"),
)

# reasons or statuses that only a person can mend; the first that fits
_WHOLE_ACCOUNT: tuple[tuple[frozenset[str], frozenset[int], Reason, str], ...] = (
    (
        frozenset({"youtubesignuprequired"}),
        frozenset(),
        Reason.PERMISSION,
        "the credential's user has no YouTube channel",
    ),
    (_BAD_KEY, frozenset({401}), Reason.UNAUTHORISED, "YouTube does not accept the token (expired or revoked)"),
    (_CLOSED, frozenset(), Reason.GONE, "the channel is closed or suspended"),
    (_NOT_ENABLED, frozenset(), Reason.PERMISSION, "the API is not enabled for the project"),
    (frozenset(), frozenset({403}), Reason.PERMISSION, "YouTube forbids this call to the credential"),
    (frozenset(), frozenset({404, 410}), Reason.GONE, "YouTube finds no such channel, video or comment"),
)


def error_from(
    status: int, headers: Mapping[str, str], body: object, *, account: str, project: str, now: datetime
) -> AdapterError | None:
    """Return the error an answer stands for, or None when it is one to go on with.

    Args:
        status: The HTTP status.
        headers: The answer's headers, names in lower case.
        body: The parsed JSON; None when it was none.
        account: The account's key.
        project: Names whose quota is used, for the cause shared by all its accounts.
        now: Aware UTC, to count the wait from.
    """
    if 200 <= status < 300:
        # a portal's or proxy's page with 200 is no answer: counting it as "nothing new" would be the worst mistake
        return None if isinstance(body, dict) else _outage("YouTube answered with something that is not JSON", account)
    reasons = reasons_in(body)
    if reasons & _SPENT or _is_daily(body):
        return RateLimitedError(
            "the project's YouTube quota is spent for today",
            platform=PLATFORM,
            reason=Reason.QUOTA,
            account=account,
            cause_key=f"youtube:quota:{project}",
            retry_after=until_quota_day_ends(now),
        )
    if status == 429 or reasons & _TOO_FAST:
        wait = _retry_after(headers) or USUAL_LIMIT
        return RateLimitedError("YouTube's rate limit is reached", platform=PLATFORM, account=account, retry_after=wait)
    is_strange = not isinstance(body, dict) and status != 401
    if status >= 500 or status == 409 or 300 <= status < 400 or is_strange:
        return _outage(f"YouTube answered {status}", account, _retry_after(headers))
    return _refusal(status, reasons, account, project)


def _refusal(status: int, reasons: frozenset[str], account: str, project: str) -> AdapterError:
    for names, error, reason, message in _ONE_CALL:
        if names & reasons:
            return error(message, platform=PLATFORM, reason=reason, account=account)
    for names, statuses, reason, message in _WHOLE_ACCOUNT:
        if names & reasons or status in statuses:
            cause = f"youtube:project:{project}" if names is _NOT_ENABLED else None
            return _of_account(message, reason, account, cause)
    message = f"YouTube refused the request as invalid ({status})"
    return AdapterError(message, platform=PLATFORM, reason=Reason.INTERNAL, account=account)


def token_error_from(
    status: int, headers: Mapping[str, str], body: object, *, account: str, project: str
) -> AdapterError:
    """Return what a refused renewal of the access token means; there ``error`` is a word, not an object."""
    word = body.get("error") if isinstance(body, dict) else None
    if status == 429:
        wait = _retry_after(headers) or USUAL_LIMIT
        return RateLimitedError("Google's token limit is reached", platform=PLATFORM, account=account, retry_after=wait)
    if status >= 500 or not isinstance(word, str):
        return _outage(f"Google's token server answered {status}", account, _retry_after(headers))
    if word in ("invalid_client", "unauthorized_client", "deleted_client"):
        message = "Google does not accept the app (client id or secret)"
        return _of_account(message, Reason.UNAUTHORISED, account, f"youtube:client:{project}")
    message = "Google does not accept the refresh token (expired or revoked): the account must be connected again"
    return _of_account(message, Reason.UNAUTHORISED, account)


def reasons_in(body: object) -> frozenset[str]:
    """Return every reason an error body names, lower case."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return frozenset()
    rows = [row for part in ("errors", "details") if isinstance(error.get(part), list) for row in error[part]]
    named = (row.get("reason") for row in rows if isinstance(row, dict))
    return frozenset(r.lower() for r in named if isinstance(r, str))


def until_quota_day_ends(now: datetime) -> timedelta:
    """Return how long it is until midnight Pacific Time."""
    local = now.astimezone(QUOTA_ZONE)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    # by way of UTC: on the two days a year when clocks change there, wall-clock arithmetic is an hour out
    return midnight.astimezone(now.tzinfo) - now


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


def _is_daily(body: object) -> bool:
    """The newer body names a spent daily budget and a too fast minute alike; the limit's name tells them apart."""
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else []:
        metadata = detail.get("metadata") if isinstance(detail, dict) else None
        limit = metadata.get("quota_limit") if isinstance(metadata, dict) else None
        if isinstance(limit, str) and "perday" in limit.lower():
            return True
    return False


def _of_account(message: str, reason: Reason, account: str, cause: str | None = None) -> AccountError:
    return AccountError(message, platform=PLATFORM, reason=reason, account=account, cause_key=cause)


def _outage(message: str, account: str, wait: timedelta | None = None) -> RetriableError:
    return RetriableError(message, platform=PLATFORM, account=account, cause_key=OUTAGE_CAUSE, retry_after=wait)


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    value = headers.get("retry-after", "").strip()
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        return None
    return min(timedelta(seconds=int(value)), LONGEST_WAIT)
