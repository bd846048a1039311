"""What the Graph's token debugger says, as a credential's health."""

from collections.abc import Iterable
from datetime import UTC, datetime

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import CredentialHealth
from watchdaemon_adapters._graph.values import Row, child_of, id_of, optional_id, rows_of

_NEVER = 0
_YEAR_3000 = 32_503_680_000
# two clocks; whichever ends first ends our reading
_END_FIELDS = {"token": "expires_at", "data access": "data_access_expires_at"}


def health_of(
    answer: Row,
    account: Account,
    *,
    expected_type: str | None,
    needed_scopes: Iterable[str],
    moderation_scopes: Iterable[str] = (),
) -> CredentialHealth:
    """Read an answer of ``/debug_token``. Pure; a missing or senseless field is never taken as good news."""
    data = child_of(answer, "data")
    scopes = tuple(s for s in rows_of(data, "scopes") if isinstance(s, str))
    kind = data.get("type")
    clocks = _ends(data)
    is_expected = expected_type is None or kind is None or str(kind).upper() == expected_type
    is_valid = data.get("is_valid") is True and is_expected
    if data.get("is_valid") is not True:
        detail = "the platform calls the token invalid"
    elif not is_expected:
        detail = f"a {str(kind).lower()[:20]} token where a {str(expected_type).lower()} token is needed"
    else:
        detail = "the platform calls the token valid"
    return CredentialHealth(
        account=account.key,
        is_valid=is_valid,
        detail=detail,
        scopes=scopes,
        missing_scopes=tuple(s for s in needed_scopes if s not in scopes),
        missing_for_moderation=tuple(s for s in moderation_scopes if s not in scopes),
        connected_by=optional_id(data, "user_id"),
        expires_at=min(clocks.values(), default=None),
        kind=f"{kind.lower()[:20]} token" if isinstance(kind, str) else "",
        clocks=clocks,
    )


def page_of(answer: Row) -> str | None:
    """Return the Page a Page token speaks for, when the debugger says."""
    data = child_of(answer, "data")
    return id_of(data, "profile_id") if optional_id(data, "profile_id") else None


def _ends(data: Row) -> dict[str, datetime]:
    moments = {name: moment_of(data, field) for name, field in _END_FIELDS.items()}
    return {name: moment for name, moment in moments.items() if moment is not None}


def moment_of(data: Row, field: str) -> datetime | None:
    """Return a field of the debugger's that is seconds since 1970; None for zero ("never") and for nonsense."""
    value = data.get(field)
    if isinstance(value, int) and not isinstance(value, bool) and _NEVER < value < _YEAR_3000:
        return datetime.fromtimestamp(value, UTC)
    return None
