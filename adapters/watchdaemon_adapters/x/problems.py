"""What X's refusals mean: status, headers and body to our error tree. Pure; no text of an answer gets into a message.

The table follows the service's documented problem types. Their host changes (api.twitter.com, api.x.com), so that
only the last path segment is compared.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from watchdaemon.domain.fetch import Trouble
from watchdaemon.errors import AccountError, AdapterError, RateLimitedError, Reason, RetriableError

PLATFORM = "x"
OUTAGE_CAUSE = "x:outage"
CREDITS_CAUSE = "x:credits"
CLIENT_CAUSE = "x:client"

# a reset that lies further ahead is a broken header, not a limit: the longest documented window is 24 hours
LONGEST_LIMIT = timedelta(days=1)
# asked to slow down without a word for how long: the length of the shortest documented window
USUAL_LIMIT = timedelta(minutes=15)

_SPENT = frozenset({"usage-capped", "credits", "usagecapexceeded", "creditsdepleted"})
_WRONG_KIND = frozenset({"unsupported-authentication", "unsupported authentication"})
_CLIENT = frozenset({"client-forbidden", "client forbidden", "client-not-enrolled"})


def error_from(
    status: int, headers: Mapping[str, str], body: object, *, account: str, now: datetime
) -> AdapterError | None:
    """Return the error an answer stands for, or None when it is one to go on with.

    Args:
        status: The HTTP status.
        headers: The answer's headers, in any case.
        body: The parsed JSON; None when it was none.
        account: The account's key.
        now: Aware UTC, to count the wait from.
    """
    if 200 <= status < 300:
        return None if isinstance(body, dict) else _not_an_answer(status, account)
    kinds = _problem_kinds(body)
    headers = {name.lower(): value for name, value in headers.items()}
    if status == 402 or kinds & _SPENT:
        return RateLimitedError(
            "the app's X credits or usage cap are spent",
            platform=PLATFORM,
            reason=Reason.QUOTA,
            account=account,
            cause_key=CREDITS_CAUSE,
            retry_after=_until_next_day(now),
        )
    if status == 401:
        return AccountError(
            "X does not accept the token (expired or revoked)",
            platform=PLATFORM,
            reason=Reason.UNAUTHORISED,
            account=account,
        )
    if status == 429:
        return RateLimitedError(
            "X's rate limit is reached", platform=PLATFORM, account=account, retry_after=_until_reset(headers, now)
        )
    if status >= 500 or 300 <= status < 400 or not isinstance(body, dict):
        return _outage(f"X answered {status}", account, _seconds(headers.get("retry-after")))
    return _refusal(status, kinds, account)


def _refusal(status: int, kinds: frozenset[str], account: str) -> AdapterError:
    if kinds & _WRONG_KIND:
        message = "the token is an app's, not the account's (unsupported authentication)"
        return AccountError(message, platform=PLATFORM, reason=Reason.UNAUTHORISED, account=account)
    if status == 403:
        is_app = bool(kinds & _CLIENT)
        message = "X refuses the app (not enrolled)" if is_app else "X forbids this call to the account's app or token"
        return AccountError(
            message,
            platform=PLATFORM,
            reason=Reason.PERMISSION,
            account=account,
            cause_key=CLIENT_CAUSE if is_app else None,
        )
    if status in (404, 410):
        return AccountError("X finds no such user or post", platform=PLATFORM, reason=Reason.GONE, account=account)
    return AdapterError(
        f"X refused the request as invalid ({status})", platform=PLATFORM, reason=Reason.INTERNAL, account=account
    )


def refusal_within(body: Mapping[str, object], *, account: str) -> AdapterError | None:
    """Return the error of a 200 answer that holds only ``errors``, or None when it is a true answer.

    An empty list is said by ``meta``; an answer with neither ``data`` nor ``meta`` has not looked.
    """
    if "data" in body or isinstance(body.get("meta"), dict):
        return None
    kinds = frozenset().union(*(_problem_kinds(e) for e in errors_of(body)))
    if "resource-not-found" in kinds:
        return AccountError("X knows no such user or post", platform=PLATFORM, reason=Reason.GONE, account=account)
    if "not-authorized-for-resource" in kinds:
        message = "the token may not see this user or post (protected or suspended)"
        return AccountError(message, platform=PLATFORM, reason=Reason.PERMISSION, account=account)
    message = "X answered 200 with neither data nor a count"
    return RetriableError(message, platform=PLATFORM, reason=Reason.MALFORMED, account=account)


def errors_of(body: Mapping[str, object]) -> list[dict[str, object]]:
    """Return the partial errors beside ``data``, those that are objects."""
    found = body.get("errors")
    return [e for e in found if isinstance(e, dict)] if isinstance(found, list) else []


def problem_kind(problem: Mapping[str, object]) -> str:
    """Return the last path segment of a problem's type: ``resource-not-found``."""
    kind = problem.get("type")
    return kind.rstrip("/").rpartition("/")[2].lower() if isinstance(kind, str) else ""


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


def _problem_kinds(body: object) -> frozenset[str]:
    """Every name a problem gives itself, lower case: type, title and reason."""
    if not isinstance(body, dict):
        return frozenset()
    names = [problem_kind(body), *(v.lower() for v in (body.get("title"), body.get("reason")) if isinstance(v, str))]
    return frozenset(n for n in names if n)


def _not_an_answer(status: int, account: str) -> RetriableError:
    # a portal's or proxy's page with 200 is no answer of X: counting it as "nothing new" would be the worst mistake
    return _outage(f"X answered {status} with something that is not its JSON", account, None)


def _outage(message: str, account: str, wait: timedelta | None) -> RetriableError:
    return RetriableError(message, platform=PLATFORM, account=account, cause_key=OUTAGE_CAUSE, retry_after=wait)


def _until_next_day(now: datetime) -> timedelta:
    """Credits and caps are counted per UTC day at the finest: asking again before is no use."""
    tomorrow = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return tomorrow - now


def _until_reset(headers: Mapping[str, str], now: datetime) -> timedelta:
    reset = _seconds(headers.get("x-rate-limit-reset"))
    if reset is not None:
        wait = timedelta(seconds=reset.total_seconds() - now.timestamp())
        return min(max(wait, timedelta(seconds=1)), LONGEST_LIMIT)
    return min(_seconds(headers.get("retry-after")) or USUAL_LIMIT, LONGEST_LIMIT)


def _seconds(value: str | None) -> timedelta | None:
    value = (value or "").strip()
    return timedelta(seconds=int(value)) if value.isascii() and value.isdigit() and len(value) <= 11 else None
