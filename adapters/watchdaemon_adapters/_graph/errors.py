"""The Graph's error codes, sorted into our error tree. Pure: decided on code and subcode, and on words only where
the same code means two things.

Codes: error-handling guide and rate-limiting page of the Graph (read 2026-11); subcodes: what the guides for Pages say.
"""

import json
from collections.abc import Mapping
from datetime import timedelta

import httpx

from watchdaemon.errors import AccountError, AdapterError, RateLimitedError, Reason, RetriableError
from watchdaemon.http import is_worth_repeating, retry_after
from watchdaemon_adapters._graph.values import Row, child_of, rows_of

SERVICE_CODES = frozenset({1, 2})
APP_LIMIT_CODES = frozenset({4, 341})  # the whole app is throttled, every account with it
LIMIT_CODES = frozenset({17, 32, 613, 80001, 80002, 80006}) | APP_LIMIT_CODES
PERMISSION_CODES = frozenset({3, 10, 368}) | frozenset(range(200, 300))
TOKEN_CODES = frozenset({102, 104, 190})
APP_CODE = 101  # the app itself is unknown or deleted
WRONG_KIND_CODE = 1705  # called as a person, not as the Page
REMOVED_FEATURE_CODE = 12
PARAMETER_CODE = 100
MISSING_OBJECT_SUBCODE = 33
DEFAULT_PAUSE = timedelta(hours=1)  # when throttled and not told for how long: each further call prolongs it

TOKEN_SUBCODES: Mapping[int, str] = {
    458: "the app was removed from the account that connected it",
    459: "the person who connected it must pass a check by the platform",
    460: "the password of the person who connected it was changed",
    463: "the token has expired",
    464: "the person who connected it has not confirmed their account",
    467: "the token is no longer valid",
    492: "the person who connected it has lost their role on the page",
    2069032: "the token is not the page's own",
}

_ENDS_THE_FETCH = frozenset({Reason.UNAUTHORISED, Reason.NO_CREDENTIAL, Reason.QUOTA})


class ReduceAmountError(RetriableError):
    """The same request for fewer rows or fields would be answered."""


class MissingObjectError(AccountError):
    """Code 100, subcode 33: the object is gone, or not visible with this token."""


def graph_error(
    body: Row, *, status: int, headers: Mapping[str, str], platform: str, account: str | None
) -> AdapterError:
    """Turn an answer with an ``error`` object into the error a caller can act on."""
    error = child_of(body, "error")
    code, subcode = _number(error, "code"), _number(error, "error_subcode")
    label = f"code {code}" + (f"/{subcode}" if subcode else "")
    words = str(error.get("message", "")).lower()
    if code in LIMIT_CODES or status == 429:
        return RateLimitedError(
            f"{platform} asks us to slow down ({label})",
            platform=platform,
            account=account,
            cause_key=f"{platform}:app-limit" if code in APP_LIMIT_CODES else None,
            retry_after=pause_of(headers),
        )
    if code == 1 and "reduce the amount" in words:
        return ReduceAmountError(
            f"{platform} finds the request too large ({label})", platform=platform, account=account
        )
    if code in SERVICE_CODES or error.get("is_transient") is True or (code == 0 and status >= 500):
        return RetriableError(
            f"{platform} has trouble of its own (HTTP {status}, {label})",
            platform=platform,
            account=account,
            # code 1 is "unknown": one list's own trouble as often as the platform's
            cause_key=None if code == 1 or error.get("is_transient") is False else outage_key(platform),
        )
    if code == PARAMETER_CODE:
        return _parameter_error(words, label, subcode, platform=platform, account=account)
    return _lasting_error(code, subcode, label, status=status, platform=platform, account=account)


def not_json_error(*, status: int, platform: str, account: str | None) -> RetriableError:
    """Return the error for an answer that is not the Graph's own: a gateway's page, an empty body."""
    return RetriableError(
        f"{platform} gave an answer that is not its own (HTTP {status})",
        platform=platform,
        account=account,
        cause_key=outage_key(platform) if status >= 500 else None,
    )


def incomplete_error(message: str, *, platform: str, account: str | None) -> RetriableError:
    """Return the error for a list that could not be read to its end."""
    return RetriableError(message, platform=platform, account=account, reason=Reason.INCOMPLETE)


def ends_the_fetch(error: AdapterError) -> bool:
    """Tell whether the account's other questions would fare no better (or make it worse, when throttled)."""
    return error.reason in _ENDS_THE_FETCH or isinstance(error, RateLimitedError) or error.cause_key is not None


def outage_key(platform: str) -> str:
    """Name the cause that a platform's outage is, for all its accounts."""
    return f"{platform}:outage"


def should_retry(answer: httpx.Response) -> bool:
    """Tell whether the same request may do better in a moment: service errors, yes; throttling and our faults, no."""
    try:
        body = json.loads(answer.content)
    except ValueError:  # a gateway's page, or an answer cut short
        return answer.status_code == 200 or (is_worth_repeating(answer) and answer.status_code != 429)
    error = child_of(body, "error") if isinstance(body, dict) else {}
    code = _number(error, "code")
    if code in LIMIT_CODES or answer.status_code == 429 or error.get("is_transient") is False:
        return False
    if code == 1 and "reduce the amount" in str(error.get("message", "")).lower():
        return False
    return code in SERVICE_CODES or error.get("is_transient") is True or answer.status_code >= 500


def pause_of(headers: Mapping[str, str]) -> timedelta:
    """Return how long to leave the account alone: the usage header's minutes, else Retry-After, else an hour."""
    minutes = _minutes_to_regain(headers.get("x-business-use-case-usage", ""))
    if minutes > 0:
        return timedelta(minutes=minutes)
    return retry_after(headers) or DEFAULT_PAUSE


def _parameter_error(words: str, label: str, subcode: int, *, platform: str, account: str | None) -> AdapterError:
    if subcode == MISSING_OBJECT_SUBCODE or (subcode == 0 and words.startswith("unsupported get request")):
        return MissingObjectError(
            f"{platform} does not show the object any more ({label})",
            platform=platform,
            account=account,
            reason=Reason.GONE,
        )
    if "after cursor" in words:
        return incomplete_error(f"{platform} does not page further back ({label})", platform=platform, account=account)
    if "permission" in words or "app secret proof" in words or "appsecret_proof" in words:
        return AccountError(
            f"{platform} misses a permission, a review or the app secret ({label})",
            platform=platform,
            account=account,
            reason=Reason.PERMISSION,
        )
    return AdapterError(
        f"{platform} does not understand the request ({label})",
        platform=platform,
        account=account,
        reason=Reason.MALFORMED,
    )


def _lasting_error(
    code: int, subcode: int, label: str, *, status: int, platform: str, account: str | None
) -> AdapterError:
    cause_key = None
    if code in TOKEN_CODES or (code == 0 and status == 401):
        why = TOKEN_SUBCODES.get(subcode, "the token is not accepted")
        message, reason = f"{why} ({label})", Reason.UNAUTHORISED
    elif code == APP_CODE:
        message, reason, cause_key = f"the app is not accepted ({label})", Reason.UNAUTHORISED, f"{platform}:app"
    elif code == WRONG_KIND_CODE:
        message, reason = f"the token is a person's, not the page's ({label})", Reason.UNAUTHORISED
    elif code in PERMISSION_CODES or (code == 0 and status == 403):
        message, reason = f"{platform} refuses this to the token ({label})", Reason.PERMISSION
    elif code == REMOVED_FEATURE_CODE:
        message, reason = f"{platform} has withdrawn the feature ({label})", Reason.UNSUPPORTED
    else:
        return AdapterError(
            f"{platform} refused the request (HTTP {status}, {label})",
            platform=platform,
            account=account,
            reason=Reason.MALFORMED,
        )
    return AccountError(message, platform=platform, account=account, reason=reason, cause_key=cause_key)


def _number(row: Row, key: str) -> int:
    value = row.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _minutes_to_regain(header: str) -> int:
    try:
        usage = json.loads(header)
    except ValueError:
        return 0
    if not isinstance(usage, dict):
        return 0
    entries = [entry for key in usage for entry in rows_of(usage, key) if isinstance(entry, dict)]
    minutes = max((_number(entry, "estimated_time_to_regain_access") for entry in entries), default=0)
    return min(minutes, 7 * 24 * 60)
